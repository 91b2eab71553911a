"""Makes the columns of a graph from its N-Quads."""

import json
import mmap
import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatworks.columns.dataset import Dataset, Texts
from whatworks.errors import DamagedRelease, Place
from whatworks.terms import LANG_STRING, RDF_TYPE, XSD_STRING

FORMAT = 2
_MAGIC = b"whatworks columns\n"
_ESCAPE = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_SHORT = {b"t": b"\t", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"f": b"\f", b'"': b'"', b"'": b"'", b"\\": b"\\"}
_BLANK, _IRI, _LITERAL = 0, 1, 2
_PORTION = 80  # so many lines are taken apart at a time: with more, their parts no longer stay in the cache
_NOWHERE = np.iinfo(np.int32).max


Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Content:
    """What a file of columns holds: what is said about it, the arrays, and all texts one behind the other."""

    header: dict[str, Any]
    arrays: Arrays
    text: bytes


def write(content: Content, facets: Mapping[str, Arrays], path: Path) -> None:
    """Write columns and their indexes of facets, by name, into a file."""
    arrays = dict(content.arrays)
    for place, parts in enumerate(facets.values()):
        arrays.update({f"{place} {name}": part for name, part in parts.items()})
    places, end = {}, 0
    for name, part in arrays.items():
        places[name] = [end, len(part), part.dtype.str]
        end += -(-part.nbytes // 64) * 64
    said = {**content.header, "format": FORMAT, "facets": list(facets), "arrays": places}
    head = json.dumps({**said, "text": [end, len(content.text)]}).encode()
    begin = len(_MAGIC) + 8 + len(head)
    with path.open("wb") as file:
        file.write(_MAGIC + len(head).to_bytes(8, "little") + head)
        file.write(bytes(-begin % 64))
        for part in arrays.values():
            file.write(part.data)
            file.write(bytes(-part.nbytes % 64))
        file.write(content.text)


def read(path: Path) -> tuple[Dataset, dict[str, Arrays]]:
    """Return the columns in a file, and its indexes of facets by name; what a query does not touch is not read.

    Raises:
        DamagedRelease: The file is not whole, or of another version.
    """
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if content[: len(_MAGIC)] != _MAGIC:
            raise ValueError("it does not begin as columns do")
        begin = len(_MAGIC) + 8
        size = int.from_bytes(content[len(_MAGIC) : begin], "little")
        header = json.loads(content[begin : begin + size])
        if header["format"] != FORMAT:
            raise ValueError(f"it has format {header['format']}")
        base = -(-(begin + size) // 64) * 64
        arrays = {
            name: np.frombuffer(content, kind, count, base + start)
            for name, (start, count, kind) in header["arrays"].items()
        }
        start, count = header["text"]
        if len(content) != base + start + count:
            raise ValueError("it is cut off")
        facets: dict[str, Arrays] = {}
        for place, name in enumerate(header["facets"]):
            begins = f"{place} "
            facets[name] = {key.removeprefix(begins): arrays[key] for key in arrays if key.startswith(begins)}
        return Dataset(header, arrays, Texts(content, base + start)), facets
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedRelease(
            f"The columns cannot be read: {error}.",
            hint="See what is damaged with: whatworks verify. Build anew with: whatworks build.",
            where=Place(path.name),
        ) from error


def made(nquads: Iterable[bytes]) -> Content:
    """Number the terms and sort the statements of a graph.

    Args:
        nquads: The lines of N-Quads as the engine writes them.
    """
    tokens, statements = _numbered(nquads)
    kinds, tags, texts, tag_table = _parsed(tokens)
    distinct = sorted(dict.fromkeys(texts))
    rank_of = {text: rank for rank, text in enumerate(distinct)}
    ranks = np.fromiter((rank_of[text] for text in texts), np.int32, len(texts))
    del rank_of, texts
    subjects, predicates, objects = statements
    type_number = tokens.get(f"<{RDF_TYPE}>".encode(), -1)
    order = np.lexsort((tags, ranks, _clusters(ranks, kinds, statements, type_number), kinds))
    number = np.empty(len(order), np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    kinds, tags, ranks = kinds[order], tags[order], ranks[order]
    subjects, predicates, objects = number[subjects], number[predicates], number[objects]
    forward = _order(predicates, subjects, objects, len(kinds))
    backward = _order(predicates, objects, subjects, len(kinds))
    sorted_predicates = predicates[forward]
    starts = np.flatnonzero(np.diff(sorted_predicates, prepend=-1)).tolist()
    ends = [*starts[1:], len(sorted_predicates)] if starts else []
    header: dict[str, Any] = {
        "terms": len(kinds),
        "blanks": int(np.count_nonzero(kinds == _BLANK)),
        "iris": int(np.count_nonzero(kinds != _LITERAL)),
        "statements": len(subjects),
        "kinds": tag_table,
        "predicates": [[int(sorted_predicates[start]), start, end] for start, end in zip(starts, ends, strict=True)],
    }
    lengths = np.fromiter((len(text) for text in distinct), np.int64, len(distinct))
    arrays: dict[str, NDArray[Any]] = {
        "starts": np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths))),
        "ranks": ranks,
        "tags": tags,
        "by_rank": np.argsort(ranks, kind="stable").astype(np.int32),
        "subjects": subjects[forward],
        "objects": objects[forward],
        "objects_sorted": objects[backward],
        "subjects_of": subjects[backward],
    }
    return Content(header, arrays, b"".join(distinct))


def _order(first: NDArray[Any], second: NDArray[Any], third: NDArray[Any], size: int) -> NDArray[np.int64]:
    """Return the order by three columns of numbers below a size; rows that are equal may change places."""
    found, codes = np.unique(first, return_inverse=True)
    if len(found) * size * size >= 2**63:
        return np.lexsort((third, second, first))
    return np.argsort((codes * size + second) * size + third)


Statements = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


class _Numbers(dict[bytes, int]):
    """Gives each token a number as it comes."""

    def __missing__(self, token: bytes) -> int:
        self[token] = found = len(self)
        return found


def _numbered(nquads: Iterable[bytes]) -> tuple[dict[bytes, int], Statements]:
    """Give each token a number, and return the statements as numbers."""
    tokens = _Numbers()
    number, lines = tokens.__getitem__, iter(nquads)
    columns = array("i"), array("i"), array("i")
    while portion := list(islice(lines, _PORTION)):
        for column, found in zip(columns, _cut(portion), strict=True):
            column.extend(map(number, found))
    subjects, predicates, objects = (
        np.frombuffer(each, np.int32) if each else np.zeros(0, np.int32) for each in columns
    )
    return tokens, (subjects, predicates, objects)


def _cut(lines: list[bytes]) -> tuple[Iterable[bytes], Iterable[bytes], Iterable[bytes]]:
    """Return the subjects, predicates and objects of lines."""
    heads, graphs, _ = zip(*[line.rsplit(b" ", 2) for line in lines], strict=True)
    parts = [head.split(b" ", 2) for head in heads]
    # The last word before the dot is a graph, unless it ends what a line says in the default graph.
    if b'"' in b"".join(graphs) or min(map(len, parts)) < 3:
        parts = [line.split(b" ", 2) for line in lines]
        for each in parts:
            each[2] = _object(each[2])
    subjects, predicates, objects = zip(*parts, strict=True)
    return subjects, predicates, objects


def _object(rest: bytes) -> bytes:
    """Return the object of what a line says after the predicate."""
    parts = rest.rsplit(b" ", 2)
    # The last word before the dot is a graph, unless it ends a literal of the default graph.
    return parts[0] if len(parts) == 3 and b'"' not in parts[1] else rest[: rest.rindex(b" ")]


def _parsed(tokens: Iterable[bytes]) -> tuple[NDArray[np.int32], NDArray[np.int32], list[bytes], list[list[str]]]:
    """Return of each token its kind, its tag and its text, and what the tags stand for."""
    kinds, tags, texts = array("i"), array("i"), []
    found: dict[bytes, int] = {}
    for token in tokens:
        first, tag = token[:1], b""
        if first == b"<":
            kind, text = _IRI, token[1:-1]
        elif first == b"_":
            kind, text = _BLANK, token[2:]
        else:
            end = token.rindex(b'"')
            kind, text, tag = _LITERAL, token[1:end], token[end + 1 :]
        if b"\\" in text:
            text = _ESCAPE.sub(_character, text)
        kinds.append(kind)
        tags.append(found.setdefault(tag, len(found)))
        texts.append(text)
    named = [_tag(tag) for tag in found]
    order = sorted(range(len(named)), key=named.__getitem__)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    numbers = np.frombuffer(tags, np.int32) if len(tags) else np.zeros(0, np.int32)
    kept = np.frombuffer(kinds, np.int32) if len(kinds) else np.zeros(0, np.int32)
    return kept, place[numbers], texts, [list(named[each]) for each in order]


def _tag(tag: bytes) -> tuple[str, str]:
    """Return the datatype and the language of what stands behind a literal."""
    if tag.startswith(b"@"):
        return str(LANG_STRING), tag[1:].decode()
    return (tag[3:-1].decode() if tag else str(XSD_STRING)), ""


def _character(match: re.Match[bytes]) -> bytes:
    if match[3] is not None:
        return _SHORT[match[3]]
    return chr(int(match[1] or match[2], 16)).encode()


def _clusters(
    ranks: NDArray[np.int32], kinds: NDArray[np.int32], statements: Statements, type_number: int
) -> NDArray[np.int32]:
    """Return what lies together: IRIs by their class, literals by the property that they are values of."""
    subjects, predicates, objects = statements
    clusters = np.full(len(ranks), _NOWHERE, np.int32)
    typed = predicates == type_number
    np.minimum.at(clusters, subjects[typed], ranks[objects[typed]])
    clusters[kinds == _LITERAL] = _NOWHERE
    values = kinds[objects] == _LITERAL
    np.minimum.at(clusters, objects[values], ranks[predicates[values]])
    return clusters
