"""Look-ups: queries whose work is small whatever the engine does, so that no process stands apart to be stopped.

What is taken for one is read by a grammar of its own (`reading`): no filter, function, path, order or group, and each
pattern has its subject or its object named, or listed by VALUES. All else is none.

Two things bound it. Where one pattern is asked for, each step of the engine gives a row, and the writing ends with the
first byte too many. Where there are several, no order of joining them has more partial answers than the product of how
many statements each one matches, so these are counted first, up to that bound.
"""

import io
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import pyoxigraph as ox

from whatworks.errors import Error
from whatworks.results import Boolean
from whatworks.store.answering import formatted
from whatworks.store.convert import RESULT_FORMATS
from whatworks.store.embedded import EmbeddedStore, told
from whatworks.store.protocol import Limits
from whatworks.store.reading import Other, Pattern, Reading, pieces

_CHARACTERS, _PIECES = 4096, 120
_STEPS = 2000  # so many at most where there are several patterns: one for each partial answer of each pattern
_BYTES = 1 << 16  # a longer answer to one pattern is given up, and left to a process apart
_KNOWN = 10_000  # so many numbers of statements are kept
_AT_ONCE = ("json", "xml", "tsv")  # the engine's own writing of rows is what is sent
# Limits that are lower than this could cut a look-up, which is then said by the process that cuts.
_LEAST_ROWS, _LEAST_BYTES = _BYTES // 8, _BYTES * 16

# How many statements have a subject, a predicate and an object: asked again and again of what is often looked up.
Counts: TypeAlias = dict[tuple["ox.NamedNode | None", "ox.NamedNode | None", "ox.NamedNode | None"], int]


class _Enough(Exception):
    """The answer is too long."""


class LookUp(NamedTuple):
    """A query that is a look-up.

    Attributes:
        text: The query.
        form: SELECT, ASK, CONSTRUCT or DESCRIBE.
        is_counted: Whether it is known how many rows it can have; else what is written has to be watched.
        standalone: Whether it declares all its prefixes.
    """

    text: str
    form: str
    is_counted: bool
    standalone: bool


def look_up(store: EmbeddedStore, text: str, counts: Counts | None = None) -> LookUp | None:
    """Return a query as a look-up; None if it is none.

    Args:
        store: What it is asked of.
        text: The query. It need not have passed the gate: a look-up would pass.
        counts: Numbers of statements that are known, of a store that does not change; new ones are added.
    """
    if len(text) > _CHARACTERS or "(" in text or "\\" in text:
        return None
    found = pieces(text)
    if len(found) > _PIECES:
        return None
    reading = Reading(found, store.prefixes or {})
    try:
        form = reading.query()
        counted = not reading.is_simple
        if counted and _steps(reading, store.engine, {} if counts is None else counts) > _STEPS:
            return None
        return LookUp(text, form, is_counted=counted, standalone=reading.standalone)
    except (Other, ValueError):  # the engine says of some names that they are none
        return None


def answered(store: EmbeddedStore, asked: LookUp, format: str, limits: Limits) -> bytes | None:
    """Return the answer to a look-up, the same bytes as a process apart gives; None where one is to be asked.

    Args:
        store: The store.
        asked: The look-up.
        format: For rows json, xml, csv or tsv; for statements turtle, ntriples, rdfxml, trig or jsonld.
        limits: What a query may cost.
    """
    if (limits.rows or _LEAST_ROWS) < _LEAST_ROWS or (limits.bytes or _LEAST_BYTES) < _LEAST_BYTES:
        return None
    short = None if asked.is_counted else _Short()
    try:
        found = store.raw(asked.text, standalone=asked.standalone, is_look_up=True)
        if isinstance(found, ox.QueryBoolean):
            return Boolean(bool(found)).write(format)
        rows = isinstance(found, ox.QuerySolutions)
        with told:
            if isinstance(found, ox.QuerySolutions):
                syntax = RESULT_FORMATS[format if format in _AT_ONCE else "tsv"]
                content = found.serialize(short, format=syntax)
            else:
                content = found.serialize(short, format=ox.RdfFormat.N_TRIPLES)
    except (_Enough, Error):  # a process apart says what is wrong
        return None
    content = (content or b"") if short is None else short.getvalue()
    return content if format in _AT_ONCE else formatted(content, format, store.prefixes, rows=rows)


class _Short(io.BytesIO):
    """Takes an answer that is not long."""

    def write(self, content: Any) -> int:
        """Take some bytes."""
        if self.tell() + len(content) > _BYTES:
            raise _Enough
        return super().write(content)


def _steps(reading: Reading, engine: ox.Store, counts: Counts) -> int:
    """Return how many steps the engine takes at most; once there are too many, it is not counted on."""
    partial = 1
    for names in reading.values.values():
        partial *= max(1, len(names))
    for pattern in reading.patterns:
        if (steps := partial * len(reading.patterns)) > _STEPS:
            return steps
        partial *= max(1, _statements(reading, pattern, engine, counts))
    return partial * len(reading.patterns)


def _statements(reading: Reading, pattern: Pattern, engine: ox.Store, counts: Counts) -> int:
    """Return how many statements a pattern matches, of each value that its subject or object may have."""
    predicate = pattern.predicate if isinstance(pattern.predicate, ox.NamedNode) else None
    subjects, found = reading.named(pattern.subject), 0
    objects = reading.named(pattern.object) if not subjects else ()
    if not subjects and not objects:
        raise Other
    for key in [(each, predicate, None) for each in subjects] + [(None, predicate, each) for each in objects]:
        number = counts.get(key)
        if number is None:
            if len(counts) >= _KNOWN:
                counts.clear()
            subject, _, value = key
            quads = engine.quads_for_pattern(subject, predicate, value, None)
            number = counts[key] = len(list(islice(quads, _STEPS + 1)))
        if (found := found + number) > _STEPS:
            break
    return found
