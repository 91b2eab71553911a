"""Drafts and what is there, merged: what a row has cells for is replaced, everything else stays as it is."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from whatworks.collection import owner_of
from whatworks.errors import Place
from whatworks.lookup import Lookup
from whatworks.namespaces import ASSIGNED_FACET, IDENTIFIER, IN_GRAPH, SUBPROPERTY, TOPIC, WW, assigned_graph
from whatworks.sheets.draft import Draft
from whatworks.sheets.drafts import problem_of
from whatworks.sheets.filled import Filler
from whatworks.sheets.headings import KEY, Heading, slot
from whatworks.sheets.known import Misfit
from whatworks.sheets.layout import WITH_PARTS, Layout
from whatworks.sheets.tables import Tables
from whatworks.tally import Tally
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, Term

# The graphs of things that share a file.
_SHARED = {"agent": "agents", "collection": "collections", "link": "links/curated"}


class Merger:
    """Merges drafts into what is there.

    Args:
        layout: The sheets.
        filler: Knows what is there, without its graphs.
        quads: What is there.
        lookup: Finds concepts.
        tally: Takes the account.
        source: Names the graph of what new records state.
    """

    def __init__(
        self, layout: Layout, filler: Filler, quads: Iterable[Quad], lookup: Lookup, tally: Tally, source: str
    ) -> None:
        self._filler = filler
        self._lookup = lookup
        self._tally = tally
        self._source = source
        self._space = layout.collection.space
        self._drafts: Mapping[Iri, Draft] = {}
        self._languages = layout.languages
        self._held: dict[Iri, set[Quad]] = defaultdict(set)
        for quad in quads:
            if (owner := owner_of(quad.subject)) is not None:
                self._held[owner].add(quad)
        assigned = layout.collection.store.match(predicate=SUBPROPERTY, value=ASSIGNED_FACET)
        self._assigned = {quad.subject: self._space.graph(assigned_graph(str(quad.subject))) for quad in assigned}

    def merge(self, drafts: Mapping[Iri, Draft], tables: Iterable[Tables]) -> dict[Iri, tuple[Draft, set[Quad]]]:
        """Return all statements of each thing that a row is about, those of its record included.

        The parts that a workbook was filled with, and whose rows are gone, are taken away.
        """
        given = list(tables)
        self._drafts = drafts
        of_home: dict[Iri, list[Draft]] = defaultdict(list)
        for draft in drafts.values():
            of_home[self._home(draft, drafts)].append(draft)
        gone: dict[Iri, set[Iri]] = defaultdict(set)
        for node in self._deleted(given, drafts):
            gone[owner_of(node) or node].add(node)
        merged = {}
        for home, rows in of_home.items():
            before = self._held[home] | self._held[self._record(home)]
            after = self._merged(home, rows, before, gone[home])
            self._check_parts(rows, after)
            if after != before:
                self._check_newer(home, rows[0], given)
            merged[home] = (rows[0], after)
        return merged

    def _home(self, draft: Draft, drafts: Mapping[Iri, Draft]) -> Iri:
        """Return the thing whose file a draft belongs to: a record belongs to what it is about."""
        if draft.sheet.kind != "record":
            return draft.thing
        topics = [term for term in self._filler.said[draft.node].get(TOPIC, ()) if isinstance(term, Iri)]
        things = [self._space.thing(kind, draft.node.code) for kind in WITH_PARTS]
        found = next((thing for thing in (*topics, *things) if thing in drafts or thing in self._filler.said), None)
        if found is not None:
            return found
        where = draft.table.place(draft.row, draft.table.column_of(KEY) or 0)
        misfit = Misfit("is the key of no thing that is there.", hint="Add the thing to its sheet.", rule="reference")
        self._tally.problems.append(problem_of(where, draft.label, KEY, draft.node.code, misfit))
        return draft.node

    def _record(self, home: Iri) -> Iri:
        starts = tuple(self._space.thing(kind, "") for kind in WITH_PARTS)
        return self._space.thing("record", home.code) if home.startswith(starts) else home

    def _deleted(self, given: list[Tables], drafts: Mapping[Iri, Draft]) -> Iterator[Iri]:
        """Yield the parts whose rows are gone, of things whose rows are there."""
        for each in given:
            names = {table.sheet.name for table in each.tables}
            for name in each.parts:
                node = Iri(f"{self._space.base}id/{name}")
                sheet = self._filler.sheet_of(node) if node in self._filler.said else None
                if sheet is not None and sheet.name in names and node not in drafts and owner_of(node) in drafts:
                    yield node

    def _merged(self, home: Iri, rows: list[Draft], before: set[Quad], gone: set[Iri]) -> set[Quad]:
        kept = {quad for quad in before if quad.subject not in gone and quad.object not in gone}
        covered = {draft.node: draft for draft in rows}
        said: set[tuple[Iri, Iri, Term]] = set()
        for draft in rows:
            said |= set(self._said(draft))
        kept = {quad for quad in kept if not self._is_covered(quad, covered)}
        known: dict[tuple[Term, Iri, Term], list[Quad]] = defaultdict(list)
        for quad in before:
            known[quad.triple].append(quad)
        own = self._own_graph(home, before, said)
        for triple in said:
            if triple in known:
                kept.update(known[triple])
            else:
                kept.add(Quad(*triple, self._graph(triple, home, own)))
        if self._record(home) != home and not any(quad.subject == self._record(home) for quad in kept):
            kept |= set(self._new_record(home, own))
        return self._moved(kept, home, own)

    # ---- what rows say, and what they stand instead of ----

    def _said(self, draft: Draft) -> Iterator[tuple[Iri, Iri, Term]]:
        node = draft.node
        for (path, _), terms in draft.values.items():
            for term in terms:
                yield node, path, term
        types = draft.types or [each for each in self._filler.said[node].get(RDF_TYPE, ()) if isinstance(each, Iri)]
        for each in types:
            yield node, RDF_TYPE, each
        if draft.is_new and draft.sheet.keyed:
            yield node, IDENTIFIER, Literal(node.code)
        if draft.sheet.kind == "record":
            if draft.is_new:
                yield from ((node, TOPIC, thing) for thing in self._topics(node))
        elif "#" in node and (way := self._filler.way(draft.sheet, draft.thing, types)) is not None:
            starts = draft.hangs if draft.sheet.inner else [draft.thing]
            for start in starts or ():
                yield start, way, node

    def _topics(self, record: Iri) -> list[Iri]:
        things = [self._space.thing(kind, record.code) for kind in WITH_PARTS]
        return [thing for thing in things if thing in self._drafts or thing in self._filler.said][:1]

    def _is_covered(self, quad: Quad, covered: Mapping[Iri, Draft]) -> bool:
        """Say whether a row stands instead of a statement."""
        part = covered.get(quad.object) if isinstance(quad.object, Iri) else None
        if part is not None and "#" in part.node and quad.predicate in {path for _, path, _ in part.sheet.ways}:
            is_led = part.hangs is not None if part.sheet.inner else part.types is not None
            if is_led and quad.subject != part.node:
                return True
        draft = covered.get(quad.subject) if isinstance(quad.subject, Iri) else None
        if draft is None:
            return False
        if quad.predicate == RDF_TYPE:
            return draft.types is not None
        column = draft.table.columns.get(quad.predicate)
        if column is None or not draft.says((column.path, slot(column, quad.object, self._languages))):
            return False
        return not self._filler.is_implied(draft.node, quad.predicate, quad.object)

    # ---- graphs ----

    def _graph(self, triple: tuple[Iri, Iri, Term], home: Iri, own: Iri) -> Iri:
        """Return the graph of a new statement."""
        kind = home.removeprefix(f"{self._space.base}id/").partition("/")[0]
        if kind in _SHARED:
            return self._space.graph(_SHARED[kind])
        if owner_of(triple[0]) != home:
            return self._space.graph("provenance")
        return self._assigned.get(triple[1], own)

    def _own_graph(self, home: Iri, before: set[Quad], said: set[tuple[Iri, Iri, Term]]) -> Iri:
        """Return the graph of what a record states."""
        named = [value for _, path, value in said if path == IN_GRAPH and isinstance(value, Iri)]
        named += [quad.object for quad in before if quad.predicate == IN_GRAPH and isinstance(quad.object, Iri)]
        if named:
            return named[0]
        special = {*self._assigned.values(), self._space.graph("provenance")}
        used = Counter(quad.graph for quad in before if quad.graph is not None and quad.graph not in special)
        return used.most_common(1)[0][0] if used else self._space.graph(f"record/{self._source}/{home.code}")

    def _moved(self, quads: set[Quad], home: Iri, own: Iri) -> set[Quad]:
        """Let what a record states stand in the graph that the record names."""
        record = self._record(home)
        if record == home:
            return quads
        old = {quad.object for quad in self._held[record] if quad.predicate == IN_GRAPH}
        return {quad._replace(graph=own) if quad.graph in old and quad.graph != own else quad for quad in quads}

    def _new_record(self, home: Iri, own: Iri) -> Iterator[Quad]:
        """Yield what is noted of a thing that no record describes yet."""
        record, graph = self._record(home), self._space.graph("provenance")
        status = self._lookup.concept("review-status", "proposed")
        yield Quad(record, RDF_TYPE, Iri(WW + "Record"), graph)
        yield Quad(record, TOPIC, home, graph)
        yield Quad(record, IN_GRAPH, own, graph)
        yield Quad(record, Iri(WW + "reviewStatus"), status, graph)

    # ---- what cannot be merged ----

    def _check_parts(self, rows: list[Draft], after: set[Quad]) -> None:
        """Note cells that name parts which are not there."""
        there = {quad.subject for quad in after}
        for draft in rows:
            for at, heading, _ in draft.table.naming_parts:
                column = heading.column
                for term in draft.values.get((column.path, heading.language), ()) if column is not None else ():
                    if isinstance(term, Iri) and term not in there:
                        self._missing(draft, heading, term, draft.table.place(draft.row, at))

    def _missing(self, draft: Draft, heading: Heading, term: Iri, where: Place) -> None:
        misfit = Misfit("is no part that is there.", hint="Add its row, or mend the name.", rule="reference")
        name = term.partition("#")[2]
        self._tally.problems.append(problem_of(where, draft.label, heading.text, name, misfit))

    def _check_newer(self, home: Iri, draft: Draft, given: list[Tables]) -> None:
        """Refuse to write over what somebody else has changed since the workbook was made."""
        if home not in self._filler.said:
            return
        name = home.removeprefix(f"{self._space.base}id/")
        for each in given:
            digest = each.digests.get(name)
            if digest is None or digest == self._filler.digest(home):
                continue
            misfit = Misfit(
                "has been changed in the data since the workbook was made.",
                hint="Make a new workbook with --with-data, and change it there.",
                rule="newer data",
            )
            where = draft.table.place(draft.row, 0)
            self._tally.problems.append(problem_of(where, draft.label, KEY, home.code, misfit))
