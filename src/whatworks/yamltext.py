"""YAML, read safely; PyYAML is known here only."""

from typing import Any

import yaml


class YamlFault(ValueError):
    """The text is not YAML; `line` counts from one."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


def read_yaml(text: str) -> Any:
    """Return the one document of a YAML text: tables, lists, texts, numbers and truth values.

    Raises:
        YamlFault: The text is not YAML.
    """
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlFault(str(error.problem), line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlFault(str(error), 1) from error
