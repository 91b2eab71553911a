"""Which file, on which line, says what a finding is about.

Files are read again for it, one after the other. A file that is named after a thing and speaks of it is taken;
otherwise the first that speaks of it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from whatworks import errors
from whatworks.assets import Asset
from whatworks.checks.findings import Finding
from whatworks.checks.lines import Lines
from whatworks.formats import by_file
from whatworks.store import decoded
from whatworks.terms import RDF_TYPE

# A node, and as much of a statement about it as is known.
Asked: TypeAlias = tuple[str, ...]
Place: TypeAlias = tuple[str, int | None]

_WORD = re.compile(rb"[A-Za-z0-9_-]+")


class Places:
    """Finds places in files.

    Args:
        assets: Returns the files of model and data; is asked when something is to be found.
        base: The IRI that relative IRIs are resolved against.
        files: The given files that describe a thing, by its IRI; no others are looked into for it.
        texts: The texts of given files, by their names.
        home_of: Returns the file of a node without an IRI, by its name, as far as that can be told.
    """

    def __init__(
        self,
        assets: Callable[[], Sequence[Asset]],
        base: str,
        files: Mapping[str, Sequence[str]] | None = None,
        texts: Mapping[str, str] | None = None,
        home_of: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._assets = assets
        self._base = base
        self._home_of = home_of
        self._files = files or {}
        self._texts = texts or {}

    def find(self, asked: Iterable[Asked]) -> dict[Asked, Place]:
        """Return the file and the line of each statement, or of its predicate, or of the node; "" if there is none."""
        open_: dict[str, set[Asked]] = defaultdict(set)
        for each in asked:
            open_[_thing(each[0])].add(each)
        if not open_:
            return {}
        found: dict[Asked, Place] = {}
        for name, text in self._texts.items():
            self._look(
                name, text, {thing: open_[thing] for thing in open_ if name in self._files.get(thing, ())}, found
            )
        for thing in [thing for thing in open_ if thing in self._files]:
            found = dict.fromkeys(open_.pop(thing), (self._files[thing][0], None)) | found
        for node in [node for node in open_ if ":" not in node]:
            found |= dict.fromkeys(open_.pop(node), (self._home_of(node), None))
        named: dict[str, list[Asset]] = defaultdict(list)
        assets = self._assets()
        for asset in assets:
            named[PurePosixPath(asset.name).stem].append(asset)
        for thing in list(open_):
            self._look_through(named.get(_code(thing), ()), {thing: open_[thing]}, found)
        self._look_through(assets, open_, found)
        return {each: ("", None) for asked_of in open_.values() for each in asked_of} | found

    def _look_through(
        self, assets: Iterable[Asset], open_: Mapping[str, Collection[Asked]], found: dict[Asked, Place]
    ) -> None:
        """Look into files for what is not found yet."""
        left = {thing: asked for thing, asked in open_.items() if any(each not in found for each in asked)}
        for asset in assets:
            if not left:
                break
            data = asset.read()
            if mentioned := _mentioned(left, data):
                self._look(asset.name, decoded(data, asset.name), {thing: left[thing] for thing in mentioned}, found)
                for thing in mentioned:
                    if all(each in found for each in left[thing]):
                        del left[thing]

    def _look(self, name: str, text: str, open_: Mapping[str, Collection[Asked]], found: dict[Asked, Place]) -> None:
        subjects = {each[0] for asked in open_.values() for each in asked} | set(open_)
        lines = Lines(text, by_file(name).name, self._base, subjects)
        for thing, asked in open_.items():
            for each in asked:
                if each not in found and (place := _place(lines, name, thing, each)) is not None:
                    found[each] = place


def lines_of(findings: Iterable[Finding], files: Sequence[Path], base: str) -> dict[Finding, errors.Place]:
    """Return the file, and the line of the thing or its part, of findings about what files that were read say.

    Args:
        findings: What was found.
        files: RDF files.
        base: The IRI that relative IRIs are resolved against.
    """
    texts = {str(file): decoded(file.read_bytes(), str(file)) for file in files}
    places: dict[Finding, errors.Place] = {}
    for finding in findings if texts else ():
        part = finding.part.partition(" › ")[0]
        node = f"{finding.record}#{part}" if part and part != "record" else finding.record
        naming = [name for name, text in texts.items() if finding.record.rsplit("/", 1)[-1] in text]
        asked = (node,)
        found = Places(list, base, {finding.record: naming}, texts).find([asked])[asked] if naming else ("", None)
        if found[0]:
            places[finding] = errors.Place(PurePosixPath(found[0]).name, found[1])
    return places


def _mentioned(things: Iterable[str], data: bytes) -> list[str]:
    """Return the things whose last part a file has in it."""
    words: set[bytes] = set(_WORD.findall(data))
    codes = ((thing, _code(thing).encode()) for thing in things)
    return [thing for thing, code in codes if (code in words if _WORD.fullmatch(code) else code in data)]


def _place(lines: Lines, name: str, thing: str, asked: Asked) -> Place | None:
    node = asked[0]
    for statement in (asked, asked[:2], (node, str(RDF_TYPE)), (node,)):
        if (line := lines.find(*statement)) is not None:
            return name, line
    return (name, None) if lines.find(thing) is not None else None


def _thing(node: str) -> str:
    return node.partition("#")[0]


def _code(thing: str) -> str:
    return thing.rstrip("/").rsplit("/", 1)[-1]
