"""What a site of files holds, and how each file is made: documents in all forms, pages, answers, and lists of them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import unquote

from whatworks.catalogue import Query
from whatworks.errors import NotRemote
from whatworks.kg import KnowledgeGraph
from whatworks.namespaces import IN_SCHEME, MODEL, OWL, VOC
from whatworks.pages import Pages, View
from whatworks.pages.brand import brand_of
from whatworks.pages.documents import Document, contents, find, gone
from whatworks.pages.known import successors
from whatworks.pages.listing import SIZE, State, read
from whatworks.publish import citations, examples, feed, sitemap, void
from whatworks.publish.dumps import SUMS, sums
from whatworks.publish.edition import Edition
from whatworks.publish.history import History
from whatworks.publish.offers import CITATION, filed, offers
from whatworks.reads import Question, Watched
from whatworks.results import Boolean, Table
from whatworks.static import hosts
from whatworks.static.folder import Placed
from whatworks.static.memory import Trace
from whatworks.static.names import check, check_address
from whatworks.terms import Iri

# In which forms answers lie as files.
_ROWS, _ASK, _GRAPHS = ("csv", "xlsx"), ("json",), ("turtle", "jsonld")
# Pages that need somebody who answers; each says so, and what there is instead.
_NEED_A_SERVER = ("api", "network", "sparql")
_VERSION = Iri(OWL + "versionIRI")
# Pages offer what needs a server, as they are those of the server; here they do not show it.
_HIDDEN = ".live{forms} {{ display: none !important; }}\n"


class Job(NamedTuple):
    """Some files that are made together: of what kind, and of what."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Files = Iterator[tuple[str, bytes]]


class Contents:
    """The files of the site of one collection.

    Args:
        kg: The collection.
        home: The address where the site will be, with a slash at its end.
        search: Whether there will be an index for a search in the browser.
        forms: The names of further RDF formats of each document.

    Raises:
        NotRemote: The collection is at an endpoint, which may change meanwhile.
    """

    def __init__(self, kg: KnowledgeGraph, home: str, *, search: bool = False, forms: Collection[str] = ()) -> None:
        if kg.remote is not None:
            raise NotRemote(
                "A site is written of a release or of files, not of an endpoint.",
                hint="Leave out --store, or name the folder of a release.",
            )
        self.kg, self.home, self._search, self._forms = _watched(kg, home), home, search, forms
        self.edition = Edition(self.kg, Edition.of(kg).name)
        assert isinstance(self.kg.collection.store, Watched)  # noqa: S101 - made so above
        self._store = self.kg.collection.store
        self._pages, self._history = Pages(), History(self.edition)

    @property
    def _served(self) -> View:
        """What a document needs, which is that of the server; a new one for each, as it keeps what it has read."""
        return View(self.edition, self.home)

    @property
    def _view(self) -> View:
        """What other pages need, which offer nothing that needs a server."""
        return View(self.edition, self.home, answers=False)

    # ---- which ----

    def jobs(self) -> list[Job]:
        """Return everything that is to be made, what takes longest first."""
        queries = self.kg.catalogue.all()
        lists = -(-max(1, len(self._pages.listed(self._view, State()))) // SIZE)
        pages = [
            "start",
            "works",
            "gaps",
            "queries",
            "dumps",
            "history",
            "search",
            "compare",
            "carried",
            "lost",
            *_NEED_A_SERVER,
        ]
        return [
            Job("site"),
            *(Job("query", query.name) for query in queries),
            *(Job("page", name) for name in pages),
            *(Job("list", str(number)) for number in range(1, lists + 1)),
            *(Job("release", release.name) for release in self.edition.releases()),
            *(Job("document", path) for path in self.documents()),
        ]

    def documents(self) -> list[str]:
        """Return the paths of all documents, without endings, as `find` knows them."""
        made = [f"id/query/{name}" for name in self.kg.catalogue.names()]
        made += [f"id/release/{each.name}" for each in self.edition.releases()]
        found = {"catalog", examples.PATH, *made, *self._taken_up()}
        things = self.kg.catalogue.rows(self.kg.collection.store, "publish/things")
        versions = self.kg.collection.store.match(predicate=_VERSION)
        named = [*(quad.object for quad in versions), *(row[0] for row in things), *self.kg.collection.store.graphs()]
        for base in (self.edition.base, MODEL):
            found.update(iri[len(base) :] for iri in named if isinstance(iri, Iri) and iri.startswith(base))
        return sorted(found - {""})

    def _taken_up(self) -> Iterator[str]:
        """Yield the paths of concepts of other publishers that stand in our schemes."""
        for quad in self.kg.collection.store.match(predicate=IN_SCHEME):
            iri, scheme = quad.subject, str(quad.object)
            if isinstance(iri, Iri) and scheme.startswith(VOC) and not iri.startswith((MODEL, self.edition.base)):
                yield f"voc/{scheme[len(VOC) :]}/{iri.code}"

    @cached_property
    def answered(self) -> list[Query]:
        """The stored queries that can be asked without a value."""
        return [each for each in self.kg.catalogue.all() if not any(given.required for given in each.parameters)]

    @property
    def _hidden(self) -> bytes:
        """The rule by which pages do not show what is not there."""
        shown = ", ".join(f'[href$="{offer.ending}"]' for offer in offers(*sorted(self._forms)))
        return _HIDDEN.format(forms=f":not({shown})" if shown else "").encode()

    # ---- made ----

    def follows(self, job: Job) -> bool:
        """Say whether the files of a job follow from what is read of the store; others name releases as well."""
        if job.kind == "document":
            is_made = job.name == "catalog" or job.name.startswith((".well-known/", "id/query/", "id/release/"))
            return not is_made and self.edition.base + job.name != self.edition.dataset
        return job.kind in ("list", "query")

    def traced(self, job: Job, take: Callable[[str, bytes], Placed]) -> tuple[list[Placed], Trace]:
        """Make the files of a job and hand each on; return what became of them, and what was read for them."""
        reads = self._store.reads
        before = reads.begin()
        placed = [take(path, content) for path, content in self.made(job)]
        keys, asked = reads.end(before)
        questions = [(each, reads.answers[each]) for each in sorted(asked)]
        return placed, Trace(str(job), [each.path for each in placed], sorted(keys), questions)

    def made(self, job: Job) -> Files:
        """Yield the files of a job.

        Raises:
            UnusableName: An address cannot be the name of a file.
        """
        make = {"document": self._document, "query": self._query, "page": self._page, "list": self._list}
        if job.kind in make:
            files = make[job.kind](job.name)
        else:
            files = self._release(job.name) if job.kind == "release" else self._site()
        for path, written in files:
            check(path)
            yield path, written

    def _document(self, path: str) -> Files:
        check_address(path)
        document, cut = find(self.edition, path, self.home, answers=False)
        if cut or document.path != path:  # such an address leads elsewhere on the server as well
            return
        where = unquote(document.where)[1:]
        instead = successors(self.edition, document.iri)
        if instead is not None:
            yield f"{where}.html", self._problem(HTTPStatus.GONE, gone(document.iri), document.iri, instead)
            return
        # What is made here names no services; what is in the store is the same on the server.
        view = self._view if document.made is not None else self._served
        for form, written in contents(self._pages, view, document, (*filed(path, self._forms), *CITATION)):
            yield where + form.ending, written
        if path.startswith("id/") and (column := self._pages.column(self._view, document.iri)) is not None:
            yield f"compare/{document.iri.code}.json", column
        yield from self._led(document, path)

    def _led(self, document: Document, path: str) -> Files:
        """Yield a page that leads from a thing to its document, where the site itself answers for the IRIs."""
        if path.startswith("id/") and self.edition.base == self.home:
            yield f"{path}.html", hosts.leading(self._view.root + document.where)

    def _query(self, name: str) -> Files:
        query = self.kg.catalogue.get(name)
        formats = _formats(query)
        answer = self.kg.ask(query, {}) if query in self.answered else None
        if isinstance(answer, Table):
            self._store.reads.answered(Question(self.kg.sparql_of(query, {})), answer.kept())
        page = self._pages.form(self._view, query, formats, answer if isinstance(answer, Table) else None)
        yield f"queries/{name}.html", page
        if answer is None:
            return
        for offer in offers(*formats):
            if isinstance(answer, Table | Boolean):
                written = answer.write(offer.name)
            else:
                written = self.kg.exporter.triples(answer, offer.name)
            yield f"api/queries/{name}{offer.ending}", written

    def _page(self, name: str) -> Files:
        pages, view = self._pages, self._view
        if name in _NEED_A_SERVER:
            endings = [offer.ending for offer in filed("doc/", self._forms) if offer.name != "html"]
            answered = [(query.name, _formats(query)) for query in self.answered]
            yield f"{name}.html", pages.absent(view, name, answered, endings)
            return
        make = {
            "start": pages.start,
            "works": pages.works,
            "gaps": pages.gaps,
            "queries": pages.queries,
            "compare": pages.compared,
        }
        if name == "carried":
            yield "interventions.json", pages.carried(view)
            return
        at = {
            "start": "index",
            "works": "what-works",
            "gaps": "gap-map",
            "dumps": "dumps/index",
            "history": "changes/index",
            "lost": "404",
        }
        if name == "lost":
            written = self._problem(HTTPStatus.NOT_FOUND, "Nothing is at this address.")
        elif name == "history":
            written = pages.history(view, self._history)
        elif name == "search":
            written = pages.search(view, "", None, browser=self._search)
        else:
            written = pages.dumps(view) if name == "dumps" else make[name](view)
        yield f"{at.get(name, name)}.html", written

    def _problem(self, status: HTTPStatus, detail: str, about: Iri | None = None, instead: Iterable[str] = ()) -> bytes:
        said = {"status": int(status), "title": status.phrase, "detail": detail, "code": "", "instead": [*instead]}
        return self._pages.problem(self._served, said, about)

    def _list(self, number: str) -> Files:
        view = View(self.edition, self.home, fields=[("page", number)] if number != "1" else [], answers=False)
        written = self._pages.interventions(view, read(view, view.fields))
        yield "interventions.html" if number == "1" else f"interventions/page-{number}.html", written

    def _release(self, name: str) -> Files:
        release = next(each for each in self.edition.releases() if each.name == name)
        yield f"dumps/{name}/index.html", self._pages.release(self._view, release, f"/doc/release/{name}")
        yield f"dumps/{name}/{SUMS}", sums(self.edition, release)
        step = self._history.step(name)
        if step is not None:
            yield f"changes/{name}/index.html", self._pages.changes(self._view, step)

    def _site(self) -> Files:
        edition, home = self.edition, self.home
        found = sitemap.pages(edition, answers=False)
        listed = {"sitemap.xml": sitemap.sitemap(found, home)}
        number = 1
        while listed["sitemap.xml"] and b"<sitemapindex" in (listed["sitemap.xml"] or b""):
            written = sitemap.sitemap(found, home, number)
            if written is None:
                break
            listed[f"sitemap-{number}.xml"], number = written, number + 1
        yield from ((path, written) for path, written in listed.items() if written is not None)
        yield "robots.txt", sitemap.robots(home)
        yield "opensearch.xml", sitemap.opensearch(edition, home, answers=False)
        described = void.void(edition, home, answers=False)
        for offer in filed(".well-known/void", self._forms):
            if offer.name == "html":
                continue
            yield f".well-known/void{offer.ending}", void.written(edition, described, offer.name)
        yield ".well-known/void", void.written(edition, described, "turtle")
        if (citation := citations.cff(edition)) is not None:
            yield "CITATION.cff", citation
        for asset in self.kg.assets.ontology():
            if asset.name == "ontology/context.jsonld":
                yield "context/v1.jsonld", asset.read()
        for name, written in self._pages.files():
            yield ("style.css", written + self._hidden) if name == "style.css" else (f"static/{name}", written)
        for name, (written, _) in brand_of(self.kg.assets, self.kg.settings).files.items():
            yield f"static/own/{name}", written
        yield feed.PATH, feed.feed(self._history, home)
        yield from hosts.files(home)


def _watched(kg: KnowledgeGraph, home: str) -> KnowledgeGraph:
    """Return the same collection, with a store that notes what is read; its workbooks name the site as their source."""
    near = KnowledgeGraph(kg.assets, kg.settings)
    near.catalogue, near.release, near.releases = kg.catalogue, kg.release, kg.releases
    near.collection = replace(kg.collection, store=Watched(kg.collection.local))
    near.origin = home
    return near


def _formats(query: Query) -> tuple[str, ...]:
    """Return the formats in which the answer to a query lies as files."""
    return _ROWS if query.form == "SELECT" else _ASK if query.form == "ASK" else _GRAPHS
