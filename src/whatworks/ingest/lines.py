"""Lines of JSON, or a list in YAML, into records; a line that is none is a problem and does not stop the others."""

import json
from collections.abc import Iterator
from decimal import Decimal, DecimalException
from typing import Any

from whatworks.errors import Place
from whatworks.store import decoded
from whatworks.tally import Problem, Tally
from whatworks.yamltext import YamlFault, read_yaml_list

_MAXIMUM_DEPTH = 50
_MAXIMUM_DIGITS = 18


def read_lines(data: bytes, name: str, tally: Tally) -> Iterator[tuple[dict[str, Any], Place]]:
    """Yield the records of a file with their places; empty lines are skipped.

    Raises:
        EncodingFault: The file is not UTF-8.
    """
    for number, line in enumerate(decoded(data, name).split("\n"), 1):
        if line.strip():
            where = Place(name, number)
            try:
                yield _record(line), where
            except json.JSONDecodeError as error:
                _fault(tally, Place(name, number, error.colno), line, f"The line is not JSON: {error.msg}.")
            except (ValueError, DecimalException, RecursionError) as error:
                told = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
                _fault(tally, where, line, f"The line cannot be read: {told}.")


def read_list(data: bytes, name: str, tally: Tally) -> Iterator[tuple[dict[str, Any], Place]]:
    """Yield the records of a YAML file, which is a list of tables, with their places.

    Raises:
        EncodingFault: The file is not UTF-8.
    """
    try:
        items = read_yaml_list(decoded(data, name))
    except YamlFault as error:
        hint = "Write a list of records: each begins with - and has lines such as title: Morning club."
        problem = Problem(
            Place(name, error.line), "the file", "line", "", f"The file cannot be read: {error.problem}.", hint
        )
        tally.problems.append(problem)
        return
    for item, line in items:
        if isinstance(item, dict):
            yield {str(key): value for key, value in item.items()}, Place(name, line)
        else:
            _fault(tally, Place(name, line), str(item), "The item cannot be read: it is no table of fields.")


def _fault(tally: Tally, where: Place, line: str, message: str) -> None:
    tally.problems.append(Problem(where, "the line", "line", line[:60], message))


def _record(line: str) -> dict[str, Any]:
    record = json.loads(
        line, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_without_twins
    )
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    level: list[Any] = [record]
    for _ in range(_MAXIMUM_DEPTH):
        inner = [list(value.values()) if isinstance(value, dict) else value for value in level]
        level = [item for items in inner for item in items if isinstance(item, dict | list)]
        if not level:
            return record
    raise RecursionError


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:
        raise ValueError(f"the number {text[:60]} is out of range") from None


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAXIMUM_DIGITS else Decimal(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no value of JSON")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the field {key!r} stands twice")
        found[key] = value
    return found
