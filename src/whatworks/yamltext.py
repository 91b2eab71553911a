"""YAML, read safely; PyYAML is known here only.

The fast loader overflows the stack of the process where a text is nested deep, an alias can stand for millions of
values, and of a key that stands twice the last one would win in silence. So the shape of a text is looked at before a
value is built.
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
        YamlFault: The text is not YAML, is nested too deep, uses aliases, or says something twice.
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


def read_yaml_list(text: str) -> list[tuple[Any, int]]:
    """Return the items of a list in YAML, with the lines where they begin.

    Raises:
        YamlFault: As `read_yaml` does; or the text is no list.
    """
    if not isinstance(read_yaml(text), list):
        raise YamlFault("it is no list", 1)
    node: Any = yaml.compose(text, Loader=_Loader)
    loader = _Loader("")
    return [(loader.construct_object(item, deep=True), item.start_mark.line + 1) for item in node.value]


class _Table:
    """A table while it is read: the keys so far, with their lines, and whether a key comes next."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.is_key_next = True


def _check_shape(text: str) -> None:
    open_: list[_Table | None] = []  # tables, and None for lists
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise YamlFault(f"it uses the alias *{event.anchor}; write the value out", line)
        if isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.NodeEvent):
            if open_ and (table := open_[-1]) is not None:
                _enter(table, event, line)
            if isinstance(event, yaml.CollectionStartEvent):
                open_.append(_Table() if isinstance(event, yaml.MappingStartEvent) else None)
        if len(open_) > _MAXIMUM_DEPTH:
            raise YamlFault(f"it is nested more than {_MAXIMUM_DEPTH} deep", line)


def _enter(table: _Table, event: yaml.NodeEvent, line: int) -> None:
    if table.is_key_next and isinstance(event, yaml.ScalarEvent):
        if event.value in table.lines:
            first = table.lines[event.value]
            raise YamlFault(f"the key {event.value!r} stands twice in one table, first in line {first}", line)
        table.lines[event.value] = line
    table.is_key_next = not table.is_key_next
