"""YAML, read safely; PyYAML is known here only.

The fast loader overflows the stack of the process where a text is nested deep, and an alias can stand for millions of
values, so the shape of a text is looked at before a value is built.
"""

from typing import Any

import yaml

_MAXIMUM_DEPTH = 100
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlFault(ValueError):
    """The text is not YAML; `line` counts from one."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


def read_yaml(text: str) -> Any:
    """Return the one document of a YAML text: tables, lists, texts, numbers and truth values.

    Raises:
        YamlFault: The text is not YAML, is nested too deep, or uses aliases.
    """
    try:
        _check_shape(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - both are safe loaders
    except YamlFault:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlFault(str(error.problem), line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlFault(str(error), 1) from error


def _check_shape(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if depth > _MAXIMUM_DEPTH:
            raise YamlFault(f"it is nested more than {_MAXIMUM_DEPTH} deep", line)
        if isinstance(event, yaml.AliasEvent):
            raise YamlFault(f"it uses the alias *{event.anchor}; write the value out", line)
