"""Checks a graph against the shapes and says, for people, what is wrong and how to mend it.

pyshacl does the validation, over what files assert (never over what rules inferred). It is handed parts of the graph:
what the shapes read is derived from the shapes (`reads`), and that is cut out of the store for some nodes after others
(`store.ground`). So a check needs little memory, and a check of one file takes as long as the file is long. What no
shape looks at, such as a misspelt property, is found beside it (`strays`). Both are told by record, field and place
for people, and as SHACL has them for machines; where a value is of the wrong kind, the bounds that it then cannot keep
either are not told as well. The shapes themselves are linted first: a misspelt SHACL term or target would pass in
silence as well.

Profiles: `core` reports violations, `curation` also warnings and notes, `publication` adds the shapes of
`shapes/publication.ttl`, which keep personal contact data out of what is published.
"""

import gc
import os
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from whatworks.assets import Asset, Assets
from whatworks.checks.changes import History, difference
from whatworks.checks.checker import Checker, Progress, node_of_name
from whatworks.checks.findings import SEVERITIES, Earlier, Finding
from whatworks.checks.given import Given, with_parts
from whatworks.checks.lint import lint_shapes
from whatworks.checks.opened import Opened
from whatworks.checks.phrases import LANGUAGES
from whatworks.checks.places import Places, lines_of
from whatworks.checks.profile import PROFILES, Profile
from whatworks.checks.report import FORMATS, Report
from whatworks.checks.validation import quiet
from whatworks.collection import PREFIX_FILE, Collection
from whatworks.errors import GitFault, UnknownThing
from whatworks.formats import by_file
from whatworks.prepared import Prepared
from whatworks.scratch import Scratch
from whatworks.settings import Settings
from whatworks.store import parse
from whatworks.terms import BlankNode, Quad

# Files of more bytes are kept on disk while they are checked: in memory they take about as much again.
_IN_MEMORY = 1 << 30

__all__ = [
    "FORMATS",
    "LANGUAGES",
    "PROFILES",
    "SEVERITIES",
    "Checks",
    "Earlier",
    "Finding",
    "Report",
    "lines_of",
    "lint_shapes",
]


class Checks:
    """The checks of a project; what they read is read once, until a file changes.

    Args:
        assets: Where model and data are.
        settings: The project's settings.
        contexts: JSON-LD contexts that files may name.
        prepared: The prepared store of the files, which is read instead of them where only some things are checked.
    """

    def __init__(
        self, assets: Assets, settings: Settings, contexts: Mapping[str, Any], prepared: Prepared | None = None
    ) -> None:
        self._assets = assets
        self._settings = settings
        self._contexts = contexts
        self._prepared = prepared
        self._stamp: object = None
        self._opened: Opened
        self._checkers: dict[str, Checker] = {}

    def check(
        self,
        files: Sequence[Path] = (),
        profile: str = "curation",
        *,
        since: str | None = None,
        beside: bool = True,
        processes: int | None = None,
        progress: Progress = lambda _, __: None,
    ) -> Report:
        """Check everything, or files, or what has changed.

        Args:
            files: RDF files, as if they were part of the data: what they say of a thing stands instead of what the
                data says. Their things are reported, and of other things what the files break.
            profile: One of `PROFILES`.
            beside: Whether to look, of files, at what they break in other things, and for the lines of what is found;
                both take longer than the check of thousands of files.
            since: A revision of git, such as HEAD: what has changed since is checked, and what that concerns;
                everything where the ontology or the shapes have changed.
            processes: How many processes may take part where everything is checked, and that pays; None for as many
                as there are processors, up to eight, as more would wait for this one.
            progress: Is told, but not of what has changed, how many nodes of how many are done.

        Raises:
            UnknownThing: There is no such profile.
            GitFault: What has changed cannot be told.
            InputError: A file cannot be read.
            ShapeFault: The shapes are broken.
        """
        if profile not in PROFILES:
            raise UnknownThing(f"There is no profile {profile!r}.", hint=f"Choose one of: {', '.join(PROFILES)}.")
        history = self._history(since) if since is not None else None
        with quiet():
            self._open(is_partial=bool(files) or since is not None)
            checker = self._checker(profile)
            if files:
                return self._files(checker, files, progress, beside=beside)
            report = self._changes(checker, history) if history is not None else ""
            if isinstance(report, Report):
                return report
            with _without_old_objects():
                whole = checker.all(self._places(), processes or _processors(), progress)
            return replace(whole, notes=[*whole.notes, *filter(None, (report, self._opened.circle))])

    @contextmanager
    def reading(self, collection: Collection) -> Iterator[None]:
        """Check what has been read already, without inferences, for as long as this lasts."""
        self._opened, self._stamp = Opened(collection), self._assets.stamp()
        self._checkers.clear()
        try:
            yield
        finally:
            self._stamp = None  # it may be older than the files
            self._checkers.clear()

    def _open(self, *, is_partial: bool = False) -> None:
        stamp = self._assets.stamp()
        if stamp != self._stamp:
            prepared = self._prepared.open() if is_partial and self._prepared is not None else None
            self._opened = Opened(prepared or self._read())
            self._checkers.clear()
            self._stamp = stamp

    def _read(self) -> Collection:
        scratch = None
        if sum(asset.size for asset in self._assets.sources()) > _IN_MEMORY:
            scratch = Scratch()
            weakref.finalize(self, scratch.close)
        folder = scratch.folder if scratch is not None else None
        return Collection.open(self._assets, self._settings, folder, infer=False, in_memory=_IN_MEMORY)

    def earlier(
        self, collection: Collection, name: str, profile: str, progress: Progress = lambda _, __: None
    ) -> Earlier:
        """Count what the shapes of now find in a release.

        Args:
            collection: The release's statements.
            name: The name of the release.
            profile: One of `PROFILES`.
            progress: Is told how many nodes of how many are done.

        Raises:
            ShapeFault: The shapes are broken.
        """
        with quiet():
            shapes = Profile(profile, self._assets, self._settings, collection.prefixes)
            checker = Checker(Opened(collection), shapes, self._settings.base)
            nowhere = Places(list, self._settings.base)
            found = checker.all(nowhere, _processors(), progress).findings
        severities = Counter(finding.severity for finding in found)
        return Earlier(name, severities, Counter(finding.rule for finding in found))

    def _checker(self, profile: str) -> Checker:
        if profile not in self._checkers:
            shapes = Profile(profile, self._assets, self._settings, self._opened.prefixes)
            self._checkers[profile] = Checker(self._opened, shapes, self._settings.base)
        return self._checkers[profile]

    def _files(self, checker: Checker, files: Sequence[Path], progress: Progress, *, beside: bool) -> Report:
        given, ground = Given(with_texts=beside), self._opened.ground
        for path in files:
            given.read(path, ground, self._settings.base, self._contexts)
        before, ground = ground, ground.instead(given.statements, given.owners)
        if not beside:
            nowhere = Places(list, self._settings.base, {}, {}, self._opened.home_of)
            return checker.some(given.nodes(ground), (), ground, nowhere, progress)
        return checker.some(given.nodes(ground), given.changed(before), ground, self._places(given), progress)

    def _history(self, since: str) -> History:
        folder = self._assets.data_folder()
        if folder is None:
            raise GitFault("The collection that came with the package has no history.", hint="Name a project.")
        return History(folder.parent, since)

    def _changes(self, checker: Checker, history: History) -> Report | str:
        """Check what has changed; return why everything is to be checked where that is so."""
        ground, names = self._opened.ground, history.changed()
        if model := next((name for name in names if _concerns_all(name)), ""):
            return f"{model} has changed, so everything was checked."
        assets = {asset.name: asset for asset in (*self._assets.ontology(), *self._assets.data())}
        held = [name for name in names if self._opened.holds(name)]
        now = {name: assets[name].read() if name in assets else None for name in held}
        changed = difference(((name, history.before(name), now[name]) for name in held), self._parsed)
        nodes = dict.fromkeys(triple.subject for triple in changed)
        if any(isinstance(node, BlankNode) for node in nodes):
            nodes |= dict.fromkeys(map(node_of_name, ground.subjects(blank=True)[0]))
        return checker.some(with_parts(nodes, ground), changed, ground, self._places())

    def _parsed(self, name: str, data: bytes) -> list[Quad]:
        return parse(data, by_file(name).name, name=name, base=self._settings.base)

    def _places(self, given: Given | None = None) -> Places:
        opened, of = self._opened, self._assets  # not all of this, which would then live as long as the places

        def assets() -> list[Asset]:
            every = (*of.ontology(), *of.data())
            return [asset for asset in every if opened.holds(asset.name)]

        files, texts = (given.files, given.texts) if given is not None else (None, None)
        return Places(assets, self._settings.base, files, texts, opened.home_of)


@contextmanager
def _without_old_objects() -> Iterator[None]:
    """Keep the search for circles to objects that are new: through the model and the shapes it takes a quarter more."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _processors() -> int:
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(found, 8)


def _concerns_all(name: str) -> bool:
    """Say whether a change of a file of the model concerns every description."""
    parts = name.split("/")
    return parts[0] == "ontology" and name.endswith(".ttl") and name != PREFIX_FILE and parts[1] != "vocabularies"
