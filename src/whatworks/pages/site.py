"""The pages of a site, one method for each kind of page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from whatworks.catalogue import Query
from whatworks.describe import Description
from whatworks.pages import (
    carried,
    compare,
    differences,
    editor,
    entrance,
    forms,
    listing,
    matrix,
    network,
    offered,
    profile,
    subjects,
    things,
)
from whatworks.pages.brand import brand_of
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import View
from whatworks.pages.wording import LANGUAGES
from whatworks.pages.writer import Writer
from whatworks.publish import citations, dcat, examples, schemaorg
from whatworks.publish.dumps import shown_of
from whatworks.publish.edition import Edition
from whatworks.publish.history import History, Step
from whatworks.publish.offers import CITATION, DOCUMENT, filed
from whatworks.publish.signposts import links
from whatworks.release import Release
from whatworks.results import Answer, safe
from whatworks.search.hits import Found
from whatworks.terms import Iri


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


class Pages:
    """Writes pages."""

    def __init__(self) -> None:
        self._writer = Writer()
        self._writers: WeakKeyDictionary[Edition, Writer] = WeakKeyDictionary()
        self._shelves: WeakKeyDictionary[Edition, Shelf] = WeakKeyDictionary()

    def shelf(self, edition: Edition) -> Shelf:
        """Return what is known of an edition already."""
        if edition not in self._shelves:
            self._shelves[edition] = Shelf(edition)
        return self._shelves[edition]

    def _named(self, view: View) -> Shelf:
        """Return what is known of the edition of a page, which is told what fields are called in its language."""
        shelf = self.shelf(view.edition)
        view.field_names = shelf.field_names(view.language)
        return shelf

    def file(self, name: str) -> tuple[bytes, str]:
        """Return a file that pages need, and its media type.

        Raises:
            KeyError: There is none of this name.
        """
        return self._writer.file(name)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield all files that pages need, by their names."""
        return self._writer.files()

    # ---- to find something ----

    def prepare(self, edition: Edition) -> None:
        """Do while nobody waits what would be long for the first who asks.

        Columns are loaded, all interventions are listed, and it is read what fields are called in each language.

        Of a collection at an endpoint nothing is kept.
        """
        if edition.kg.remote is None:
            self.shelf(edition).prepare()
            for language in LANGUAGES:
                self.shelf(edition).field_names(language)
            listing.values(view := View(edition), self._named(view), listing.State())

    def start(self, view: View) -> bytes:
        """Return the page that one begins with: what there is, and the ways in."""
        return self._written("start.html", view, entrance.values(view, self._named(view)))

    def interventions(self, view: View, state: listing.State) -> bytes:
        """Return the list of interventions with its facets."""
        values = listing.values(view, self._named(view), state)
        return self._written("interventions.html", view, {**values, "here": "interventions"})

    def listed(self, view: View, state: listing.State) -> list[Iri]:
        """Return the interventions of a list, on all its pages."""
        rows = listing.found(view, self.shelf(view.edition), state)
        return [row[0] for row in rows if isinstance(row[0], Iri)]

    def search(self, view: View, text: str, found: Found | None, *, browser: bool = False) -> bytes:
        """Return what was found, or the page on which one begins to search, by a script where the browser does it."""
        return self._written(
            "search.html", view, {**entrance.search(view, self.shelf(view.edition), text, found), "browser": browser}
        )

    def carried(self, view: View) -> bytes:
        """Return all interventions as a browser chooses among them where no server does, as JSON."""
        return _json(carried.interventions(view, self.shelf(view.edition)))

    def column(self, view: View, iri: Iri) -> bytes | None:
        """Return an intervention as a browser compares it with others, as JSON; None for what is none."""
        return _json(carried.column(view, iri)) if self.shelf(view.edition).is_intervention(iri) else None

    def compared(self, view: View) -> bytes:
        """Return interventions side by side."""
        return self._written("compare.html", view, compare.values(view, self._named(view)))

    def offered(self, view: View, kind: str, text: str) -> bytes:
        """Return what completes a field of a page, as options of a list.

        Raises:
            KeyError: There is no such kind of thing.
            InvalidValue: The text is too long.
        """
        return self._written("offered.html", view, {"offered": offered.fitting(view, kind, text)})

    def gaps(self, view: View) -> bytes:
        """Return the map of where there are interventions and where there are none."""
        return self._written("gap-map.html", view, matrix.gaps(view, self._named(view)))

    def works(self, view: View) -> bytes:
        """Return what works for whom."""
        return self._written("what-works.html", view, matrix.works(view, self._named(view)))

    def network(self, view: View) -> bytes:
        """Return what stands around one thing."""
        return self._written("network.html", view, network.values(view, self._named(view)))

    # ---- about something ----

    def page(self, view: View, iri: Iri, graph: Iri | None, where: str) -> bytes:
        """Return the page about a thing, or about a graph and what it holds.

        Args:
            view: What the page needs.
            iri: The thing.
            graph: The graph whose things are listed.
            where: The path of the document, for the links to its other forms.
        """
        edition = view.edition
        self._named(view)
        described = edition.kg.near([iri]).describer.describe(iri, view.language)
        citation = citations.cited(edition, iri)
        template, about = self._about(view, described, graph)
        values: dict[str, Any] = {
            **about,
            "tags": citations.tags(citation) if citation is not None else [],
            "citation": safe(citations.sentence(citation)) if citation is not None else "",
            "block": schemaorg.block(schemaorg.dataset(edition, view.home)) if iri == edition.dataset else "",
        }
        return self._written(template, view, values, iri, where)

    def _about(self, view: View, described: Description, graph: Iri | None) -> tuple[str, dict[str, Any]]:
        """Return the template that fits what is described, and what it shows."""
        shelf = self.shelf(view.edition)
        if graph is not None:
            store = view.edition.kg.collection.store
            defined = shelf.once(("definitions",), lambda: things.definitions(store))
            found = shelf.once(("within", graph), lambda: things.within(store, graph, defined))
            held = shelf.once(
                ("held", graph, described.iri, view.language), lambda: things.held(view, found, described.iri)
            )
            return "graph.html", {**things.values(view, described), **held}
        if shelf.is_intervention(described.iri):
            return "intervention.html", {**profile.values(view, shelf, described), "here": "interventions"}
        if subjects.is_concept(described):
            return "concept.html", subjects.values(view, shelf, described)
        if subjects.is_agent(described):
            return "actor.html", subjects.actor(view, shelf, described)
        if subjects.is_link(described):
            return "link.html", {**things.values(view, described), **subjects.link(view, described)}
        return "thing.html", things.values(view, described)

    # ---- about the data ----

    def query(self, view: View, formats: Sequence[str]) -> bytes:
        """Return the page on which an own query is written."""
        values = {"formats": formats, **editor.values(view, self.shelf(view.edition))}
        return self._written("sparql.html", view, values)

    def catalogue(self, view: View, where: str) -> bytes:
        """Return the page of the catalogue."""
        edition = view.edition
        values = {
            "facts": edition.facts,
            "lead": view.stated("dcterms:description"),
            "dataset": view.href(edition.dataset),
            "releases": edition.releases(),
            "citation": safe(citations.sentence(citations.of_dataset(edition))),
            "block": schemaorg.block(schemaorg.dataset(edition, view.home)),
            "here": "catalog",
        }
        return self._written("catalog.html", view, values, Iri(f"{edition.base}catalog"), where)

    def dumps(self, view: View) -> bytes:
        """Return the list of the releases, the newest first, and their files."""
        found = [(release, shown_of(view.edition, release)) for release in reversed(view.edition.releases())]
        return self._written("dumps.html", view, {"releases": found, "here": "catalog"})

    def release(self, view: View, release: Release, where: str) -> bytes:
        """Return the page of a release and its files."""
        iri = dcat.iri_of(view.edition, release.name)
        values = {"one": release, "files": shown_of(view.edition, release), "iri": iri, "here": "catalog"}
        return self._written("release.html", view, values, iri, where)

    def history(self, view: View, history: History) -> bytes:
        """Return the list of what each release changed, the newest first."""
        steps = [
            (step, differences.summary(step.changes, view.words) if step.changes is not None else safe(step.fault))
            for step in history.steps()
        ]
        return self._written("history.html", view, {"steps": steps, "here": "catalog"})

    def changes(self, view: View, step: Step) -> bytes:
        """Return the page of what a release changed."""
        return self._written("changes.html", view, {**differences.values(view, step), "here": "catalog"})

    def stored(self, view: View, query: Query, where: str) -> bytes:
        """Return the page of a stored query as a document: what it answers, with what, and its text."""
        iri = examples.iri_of(view.edition, query)
        return self._written(
            "query.html", view, {"query": query, "iri": iri, "here": "queries", "body": forms.body(query)}, iri, where
        )

    def queries(self, view: View) -> bytes:
        """Return the list of the stored queries."""
        return self._written("queries.html", view, {"topics": forms.listed(view), "here": "queries"})

    def form(self, view: View, query: Query, formats: Sequence[str], answer: Answer | None = None) -> bytes:
        """Return the page on which a stored query is asked, with the answer, which may be known already.

        Raises:
            UsageError: A value does not fit.
        """
        values = forms.values(view, self.shelf(view.edition), query, formats, answer)
        return self._written("form.html", view, {**values, "here": "queries"})

    def refused(self, view: View, query: Query, reason: str) -> bytes:
        """Return the page on which a stored query is asked again, with what did not fit."""
        values = {**forms.form(view, self.shelf(view.edition), query, {}), "notice": safe(reason), "formats": ()}
        return self._written("form.html", view, {**values, "here": "queries"})

    def api(self, view: View, description: Mapping[str, Any]) -> bytes:
        """Return the page that explains what programs can ask, from its description in OpenAPI."""
        return self._written("api.html", view, {"api": description})

    def absent(
        self, view: View, name: str, answered: Sequence[tuple[str, Sequence[str]]], endings: Sequence[str]
    ) -> bytes:
        """Return the page that stands, in a site of files, where a server would answer.

        Args:
            view: What the page needs.
            name: What would be there: api, network or sparql.
            answered: The stored queries whose answers lie as files, and in which formats.
            endings: How the files end that lie beside pages of things.
        """
        values = {"name": name, "answered": answered, "endings": endings, "title": forms.absent(view, name)}
        return self._written("absent.html", view, values)

    def problem(self, view: View, said: Mapping[str, Any], about: Iri | None = None) -> bytes:
        """Return the page that says what is the matter, with what, if it is known, and where to go on."""
        name = view.name(about)._replace(href="") if about is not None else None  # it would lead here again
        instead = [view.name(Iri(each)) for each in said.get("instead", ())]
        hint, where = said.get("hint", ""), said.get("where", {})
        values = {**said, "hint": hint, "where": where, "name": name, "instead": instead}
        return self._written("problem.html", view, {**values, "detail": safe(said["detail"])})

    def preview(self, view: View, values: Mapping[str, Any]) -> bytes:
        """Return a small page about a thing, to be shown within another one."""
        return self._written("preview.html", view, dict(values))

    def _written(
        self, template: str, view: View, values: dict[str, Any], iri: Iri | None = None, where: str = ""
    ) -> bytes:
        """Return a page; one that is about something names that and its other forms."""
        html = next(offer for offer in DOCUMENT if offer.name == "html")
        cited, everywhere = CITATION if values.get("tags") else (), filed(where)
        twins = [offer for offer in DOCUMENT if offer != html] if where else []
        common = {
            "links": links(view.edition, iri, where, html, (*everywhere, *cited)) if iri is not None else [],
            "twins": [(offer.name, where + offer.ending, offer in everywhere) for offer in twins],
            "citable": [(offer.name, where + offer.ending) for offer in cited],
        }
        return self._writer_of(view.edition).write(template, view, {**common, **values})

    def _writer_of(self, edition: Edition) -> Writer:
        """Return what writes the pages of an edition: one for all, or one of a project that brings something."""
        if edition not in self._writers:
            brand = brand_of(edition.kg.assets, edition.kg.settings)
            self._writers[edition] = Writer(brand) if brand.mark else self._writer
        return self._writers[edition]
