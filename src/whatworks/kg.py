"""The public door: one `KnowledgeGraph` opens a collection once and answers everything about it.

>>> from whatworks import KnowledgeGraph
>>> kg = KnowledgeGraph.open()
>>> table = kg.query("interventions", country="Belgium")
"""

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatworks import gate
from whatworks.asking import Asking
from whatworks.assets import SETTINGS_FILE, Assets, current_folder, find_project
from whatworks.catalogue import Catalogue, Query
from whatworks.checking import Checking
from whatworks.collection import Collection, read_prefixes
from whatworks.differing import Differing
from whatworks.engines import Engines
from whatworks.errors import CheckFailed, QueryRefused, QuerySyntax, Unwritable
from whatworks.importing import Importing
from whatworks.linking.door import Door
from whatworks.lookup import typed
from whatworks.namespaces import Prefixes
from whatworks.prepared import Prepared
from whatworks.results import Answer, Table
from whatworks.settings import Settings
from whatworks.store import Limits, pointed
from whatworks.terms import Iri, Quad

if TYPE_CHECKING:
    import rdflib

    from whatworks.describe import Describer, Description
    from whatworks.export import Exporter
    from whatworks.jsonld import Documents
    from whatworks.release import Release, Releases
    from whatworks.remote import Remote
    from whatworks.search import Search
    from whatworks.store.worker import Worker
    from whatworks.tabular import Tabular
    from whatworks.why import Origin


class KnowledgeGraph(Checking, Importing, Differing, Door):
    """A collection of interventions, opened."""

    def __init__(
        self,
        assets: Assets,
        settings: Settings,
        *,
        store: Path | str | None = None,
        cache: Path | None = None,
        notify: Callable[[str], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.assets = assets
        self.settings = settings
        self.limits = limits
        self._store, self._cache = store, cache
        self.prepared = Prepared(cache, assets, settings) if cache is not None else None
        self._notify = notify or (lambda _: None)

    @classmethod
    def open(
        cls,
        project: Path | str | None = None,
        *,
        store: Path | str | None = None,
        cache: Path | None = None,
        notify: Callable[[str], None] | None = None,
        limits: Limits | None = None,
    ) -> "KnowledgeGraph":
        """Open a project, or the shipped collection where there is none.

        Args:
            project: A folder; without it the nearest above with `whatworks.toml`, else the shipped collection.
            store: The folder of a release, or the address of a SPARQL endpoint, to read instead of the files.
            cache: A folder for prepared stores, which are read instead of the files and written by `prepared.write`.
            notify: Is told what a person should know, such as that the files are newer than the release.
            limits: What a query may cost in time, rows and memory; with it queries are answered in a process apart.

        Raises:
            MissingFile, SettingsFault: There is no such folder, or the current one is gone; its settings are broken.
        """
        folder = Path(project) if project is not None else find_project(current_folder())
        assets = Assets.find(folder)
        file = folder / SETTINGS_FILE if folder is not None and (folder / SETTINGS_FILE).is_file() else None
        return cls(assets, Settings.load(file), store=store, cache=cache, notify=notify, limits=limits)

    @cached_property
    def prefixes(self) -> Prefixes:
        """The prefixes of the model and the project."""
        return read_prefixes(self.assets)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The stored queries."""
        return Catalogue(self.assets.queries(), self.prefixes, self._cache)

    @cached_property
    def remote(self) -> "Remote | None":
        """The collection at a SPARQL endpoint, if one is read and not files or a release."""
        if self._store is None:
            return None
        from whatworks.store import is_address  # noqa: PLC0415 - where a store was named

        if not is_address(str(self._store)):
            return None
        from whatworks.remote import Remote  # noqa: PLC0415 - for remote stores only

        return Remote(str(self._store), self.assets, self.settings, self.catalogue, self.limits or Limits())

    def near(self, things: Iterable[Iri] | None, *, named: bool = False) -> "KnowledgeGraph":
        """Return what is quick at looking at things, or at naming them only: of a remote store that is read ahead."""
        if self.remote is None or things is None:
            return self
        near = KnowledgeGraph(self.assets, self.settings, store=self._store, notify=self._notify)
        near.catalogue, near.collection = self.catalogue, self.remote.near(things, named=named)
        return near

    @cached_property
    def collection(self) -> Collection:
        """The graph: of the store that was asked for, of the release in use, or of the files."""
        if self.remote is not None:
            return self.remote.collection
        if self.release is None:
            return self.sources if self.prepared is None else self.prepared.collection()
        return self.release.collection(Collection.described(self.assets, self.settings))

    @cached_property
    def sources(self) -> Collection:
        """The graph that the files make, whether there is a release or not."""
        return Collection.open(self.assets, self.settings)

    @cached_property
    def releases(self) -> "Releases | None":
        """The releases of the project; None for the collection of an installed package, which has none."""
        from whatworks.release import Releases  # noqa: PLC0415 - not every command needs it

        folder = self.assets.releases_folder()
        return Releases(folder) if folder is not None else None

    @cached_property
    def release(self) -> "Release | None":
        """The release that is read, if one is; if it cannot be, DamagedRelease or NewerRelease is raised."""
        folder = self.assets.releases_folder()
        if self.remote is not None or (self._store is None and (folder is None or not folder.exists())):
            return None  # what releases are need not be loaded
        if self._store is not None:
            from whatworks.release import open_given  # noqa: PLC0415 - not every command needs it

            return open_given(Path(self._store))
        return self.releases.read(self.assets, self._notify) if self.releases is not None else None

    def keep(self) -> None:
        """Keep in the cache folder what was read of files, so that who opens them next need not read them.

        Raises:
            Unwritable: The folder cannot be written, or the disk is full.
        """
        if self.prepared is not None:
            self.prepared.write()
        if "catalogue" in vars(self):  # who asked nothing does not look for queries
            self.catalogue.write()

    def build(
        self,
        folder: Path | None = None,
        *,
        checked: bool = True,
        tell: Callable[[str], None] | None = None,
        progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> "Release":
        """Make a release of the files and put it to use.

        Args:
            folder: The folder of releases, instead of the project's.
            checked: Whether to check with the core profile first.
            tell: Is told each step after the check.
            progress: Is told how many nodes of how many are checked.

        Raises:
            CheckFailed: The data has violations.
            Locked, SourcesChanged, Unwritable: As they say; the release before stays in use.
        """
        from whatworks.release import Releases, Sources  # noqa: PLC0415 - not every command needs it

        releases = Releases(folder) if folder is not None else self.releases
        if releases is None:
            raise Unwritable("An installed package has no place for releases.", hint="Say where: --output DIR.")
        sources = Sources(self.assets)
        if checked and (report := self.check(profile="core", progress=progress)).fails("violation"):
            raise CheckFailed(
                f"The data has {report.counted('violation')}; no release was made.",
                hint="See them with: whatworks check --profile core",
            )
        return releases.build(partial(Collection.open, self.assets, self.settings), self.catalogue, sources, tell)

    @cached_property
    def lookup(self) -> Asking:
        """Finds things by name."""
        return Asking(self.collection, self.catalogue, lambda: self.search)

    def query(self, name: str, **values: Any) -> Answer:
        """Answer a stored query; `started_from=2010` is `--started-from 2010`, and a list stands for several values.

        Raises:
            UnknownQuery, UnknownParameter, MissingParameter, UnknownValue, InvalidValue: As they say.
        """
        given = {key.replace("_", "-"): typed(value) for key, value in values.items() if value is not None}
        return self.ask(self.catalogue.get(name), given)

    def ask(self, query: Query, values: Mapping[str, Sequence[str]]) -> Answer:
        """Answer a stored query with values as people type them; from columns where they are quicker."""
        text, note = self.lookup.asked(query, values)
        found = self.engines.answer(query, values, text) if self.engines is not None else None
        answer = self._asked(text, standalone=True) if found is None else found
        if isinstance(answer, Table):
            if note:
                answer.note = f"{note} {answer.note}".strip()
            answer.about = lambda: self._tabular.of_query(query, values)
        return answer

    def _asked(self, text: str, *, standalone: bool = False) -> Answer:
        if self.limits is None or self.remote is not None:
            answer = self.collection.store.query(text, standalone=standalone)
            return answer.cut(self.limits.rows) if self.limits and isinstance(answer, Table) else answer
        return self._worker.query(text, standalone=standalone)

    @cached_property
    def engines(self) -> Engines | None:
        """The columns beside the store; None where another process answers."""
        is_here = self.limits is None and self.remote is None
        return Engines.of(self.collection.local, self.release) if is_here else None

    @cached_property
    def _worker(self) -> "Worker":
        from whatworks.store.worker import Worker  # noqa: PLC0415 - only with limits

        worker = Worker(self.collection.local, self.limits or Limits())
        weakref.finalize(self, worker.close)
        return worker

    @cached_property
    def _tabular(self) -> "Tabular":
        from whatworks.tabular import Tabular  # noqa: PLC0415 - for files and data frames only

        return Tabular(
            self.collection, self.catalogue, lambda named: self.near(named, named=True).describer, self.origin
        )

    @cached_property
    def origin(self) -> str:
        """What answers, as files of answers name their source."""
        if self.remote is not None:
            return self.remote.name
        return f"release {self.release.name}" if self.release is not None else "the files, not a release"

    def sparql_of(self, query: Query, values: Mapping[str, Sequence[str]]) -> str:
        """Return the SPARQL text of a stored query with the values bound."""
        return self.lookup.asked(query, values).text

    def sparql(self, text: str) -> Answer:
        """Answer an own query; the prefixes of the model need not be declared, and probable slips are told.

        Raises:
            QueryRefused: The text would change data, reach outside, or stop the engine.
            QuerySyntax: It is not SPARQL.
        """
        try:
            gate.check(text, graphs=self.collection.store.graph_names)
        except (QueryRefused, QuerySyntax) as error:
            if error.where is not None:
                error.message += pointed(text, error.where.line or 1, error.where.column or 1)
            raise
        from whatworks.slips import slips  # noqa: PLC0415 - needed by one command only

        answer = self._asked(text)
        for slip in slips(text, self.collection, self.catalogue):
            self._notify(slip)
        return answer

    @cached_property
    def search(self) -> "Search":
        """Finds what fits plain words best: `kg.search("early warning", country="Belgium")`."""
        from whatworks.search import Index, Search, build  # noqa: PLC0415 - not every command needs it

        own = self.releases.current() if self.remote is not None and self.releases is not None else self.release
        index = (own and own.index()) or Index(build(self.collection.store, self.catalogue))
        return Search(index, self.settings.languages, lambda facets: self.query("interventions", **facets))

    def show(self, name: str, language: str | None = None) -> "Description":
        """Describe one thing, given by key, IRI, CURIE or title.

        Raises:
            UnknownThing: There is none.
        """
        thing = self.lookup.thing(name)
        return self.near([thing]).describer.describe(thing, language)

    @cached_property
    def describer(self) -> "Describer":
        """Describes things."""
        from whatworks.describe import Describer  # noqa: PLC0415 - not every command needs it

        return Describer(self.collection, self.catalogue)

    def table(self, names: Sequence[str] = (), of_class: str | None = None) -> Table:
        """Return things as rows: IRI, key, label, then every field that one has; those named, or all of a class.

        Raises:
            UnknownThing: There is no such thing or class.
        """
        things = self.things(names, of_class)
        found, meanings = self.near(things).describer.table(things)
        title = f"All things of the class {of_class}" if of_class else "Things that were named"
        found.about = lambda: self._tabular.of_things(title, meanings)
        return found

    def why(self, name: str, predicate: str | None = None) -> "list[Origin]":
        """Say where the statements about a thing come from: a record and its pages, a method, or a rule.

        Its parts are included. With a predicate (IRI, CURIE, name or label), only statements with it count.

        Raises:
            UnknownThing: There is no such thing or property.
        """
        from whatworks.why import asked  # noqa: PLC0415 - needed by one command only

        thing = self.lookup.thing(name)
        return asked(self.near([thing]).collection, thing, name, predicate)

    @cached_property
    def documents(self) -> "Documents":
        """Writes JSON-LD."""
        from whatworks.jsonld import Documents  # noqa: PLC0415 - not every command needs it

        return Documents(self.assets)

    def things(self, names: Sequence[str] = (), of_class: str | None = None) -> list[Iri]:
        """Return the things named (keys, IRIs, CURIEs or titles), or all of a class, or all that have records."""
        if names:
            return list(dict.fromkeys(self.lookup.thing(name) for name in names))
        return self.describer.members(of_class)

    def statements(self, things: Sequence[Iri]) -> list[Quad]:
        """Return what the collection asserts of things: they, their parts, records, and the labels they need."""
        return self.near(things).describer.statements(things)

    def export(self, format: str, names: Sequence[str] = (), of_class: str | None = None) -> bytes:
        """Write things in an RDF format: those named, all of a class, or else everything that the data files hold.

        The format is turtle, trig, ntriples, nquads, rdfxml or jsonld.

        Raises:
            UnknownThing: There is no such thing or class.
            UnknownFormat: There is no such format.
        """
        exporter, things = self.part(names, of_class)
        return exporter.things(format, things, single=len(names) == 1)

    def graph(self, names: Sequence[str] = (), of_class: str | None = None) -> "rdflib.Graph":
        """Return what `export` writes as one rdflib graph."""
        from whatworks.nodes import graph_of  # noqa: PLC0415 - rdflib is slow to import

        exporter, things = self.part(names, of_class)
        return graph_of(exporter.quads(things), self.prefixes.table)

    def dataset(self, names: Sequence[str] = (), of_class: str | None = None) -> "rdflib.Dataset":
        """Return what `export` writes as an rdflib data set, each statement in its named graph."""
        from whatworks.nodes import dataset_of  # noqa: PLC0415 - rdflib is slow to import

        exporter, things = self.part(names, of_class)
        return dataset_of(exporter.quads(things), self.prefixes.table)

    def part(self, names: Sequence[str], of_class: str | None) -> "tuple[Exporter, list[Iri] | None]":
        """Return what writes the things that `export` writes, and those things; None for everything."""
        things = self.things(names, of_class) if names or of_class else None
        return self.near(things).exporter, things

    @cached_property
    def exporter(self) -> "Exporter":
        """Writes things in RDF formats."""
        from whatworks.export import Exporter  # noqa: PLC0415 - not every command needs it

        dump = self.release.folder / "dump.nq" if self.release is not None else None
        return Exporter(self.collection, self.describer, self.documents, dump)

    def statistics(self, *, graphs: bool = False) -> Table:
        """Count the things of each class, or the statements of each named graph."""
        answer = self.catalogue.rows(self.collection.store, "system/graphs" if graphs else "system/statistics")
        if self.remote is not None and not graphs:
            self.remote.check_model(answer, self._notify)
        return answer
