"""Reads the files of a batch: each by its kind, then all together."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from whatworks.collection import Collection, owner_of
from whatworks.errors import MissingFile, Place, UnknownFileType
from whatworks.formats import READABLE_ENDINGS
from whatworks.ingest.batch import Batch, content_of
from whatworks.ingest.build import Builder, Built, Mention
from whatworks.ingest.files import DESCRIBED, Files
from whatworks.ingest.lines import read_lines, read_list
from whatworks.ingest.mapping import FOLDERS, RecordMapping, read_mapping
from whatworks.ingest.names import Register
from whatworks.ingest.rdf import SHARED, read_rdf
from whatworks.ingest.rejected import without_rejected
from whatworks.ingest.tabled import read_table
from whatworks.ingest.values import text_of
from whatworks.lookup import Lookup
from whatworks.namespaces import (
    ATTRIBUTED_TO,
    DCTERMS,
    DERIVED_FROM,
    GENERATED_AT,
    IDENTIFIER,
    IN_GRAPH,
    LINK_FROM,
    LINK_TO,
    NAME,
    TITLE,
    TOPIC,
    WW,
    is_key,
    key_of,
)
from whatworks.sheets import Reading
from whatworks.tally import Problem
from whatworks.terms import RDF_TYPE, XSD_DATETIME, Iri, Literal, Quad, Term
from whatworks.trig import Order

_LINES = (".jsonl", ".yaml", ".yml")
_TABLES = (".xlsx", ".xlsm", ".csv", ".tsv", ".txt")
_SOURCE = Iri(DCTERMS + "source")

# Files are named after keys, and most systems take names of up to 255 bytes.
_LONGEST_KEY = 120


def read_batch(
    paths: Sequence[Path],
    collection: Collection,
    lookup: Lookup,
    *,
    mapping: Path | None = None,
    contexts: Mapping[str, Any] | None = None,
    encoding: str = "",
) -> Batch:
    """Read files of records: workbooks, tables, lines of JSON with a mapping, or RDF.

    Args:
        paths: The files; those that add to records (`adds: true`) may come in any order.
        collection: The collection that they are brought into.
        lookup: Finds its concepts, agents and interventions.
        mapping: The mapping for all of them; without it, `x.jsonl` is read with `x.mapping.yaml` beside it.
        contexts: The JSON-LD contexts that files may name, by IRI.
        encoding: How tables as text are encoded, where it is not seen rightly.

    Raises:
        InputError: A file cannot be read at all. What is wrong with single values is in the batch's tally.
    """
    batch = Batch()
    reader = _Reader(collection, lookup, batch)
    for path in paths:
        data = content_of(path)
        suffix = path.suffix.lower()
        beside = mapping or path.with_name(path.name.removesuffix(path.suffix) + ".mapping.yaml")
        if suffix in _LINES or (suffix in _TABLES and (mapping is not None or beside.is_file())):
            if mapping is None and not beside.is_file():
                raise MissingFile(
                    f"{path.name} has no mapping: there is no {beside.name} beside it.",
                    hint="Write one (docs/how-to/import.md), or name another with --mapping FILE.",
                )
            declared = read_mapping(content_of(beside), beside.name, collection.prefixes, lookup)
            if suffix in _LINES:
                reader.records(data, path.name, declared)
            else:
                reader.table(data, path.name, declared, encoding)
        elif suffix in (".xlsx", ".xlsm"):
            reader.sheets.workbook(data, path.name)
        elif suffix in _TABLES:
            reader.sheets.csv(data, path.name, encoding)
        elif suffix in READABLE_ENDINGS:
            reader.rdf(data, path.name, contexts or {})
        else:
            raise UnknownFileType(
                f"{path.name}: files of this kind cannot be imported.",
                hint=f"Give .xlsx, .csv, .jsonl or .yaml with a mapping, or RDF: {', '.join(READABLE_ENDINGS)}.",
            )
    reader.finish()
    return batch


class _Reader:
    def __init__(self, collection: Collection, lookup: Lookup, batch: Batch) -> None:
        self.collection = collection
        self.space = collection.space
        self.lookup = lookup
        self.batch = batch
        self.built: list[Built] = []
        self.described: dict[str, set[Quad]] = {kind: set() for kind in DESCRIBED}
        self.added: dict[tuple[str, str], Built] = {}  # of the rows of a file that add to one record, the first
        self.first: dict[Iri, tuple[Built, str]] = {}
        self.agents = Register.of_agents(collection)
        self.collections = Register.of_collections(collection)
        self.links = self.space.graph("links/curated")
        self.new_links, self.old_links = set[Quad](), set[Quad]()
        self.sheets = Reading(collection, lookup, batch.tally)
        self.refused: set[Iri] = set()  # things of which it is not known what would be written

    # ---- records in lines of JSON ----

    def records(self, data: bytes, name: str, mapping: RecordMapping) -> None:
        numbers: dict[str, Counter[str]] = defaultdict(Counter)
        read = read_lines if name.lower().endswith(".jsonl") else read_list
        for record, where in read(data, name, self.batch.tally):
            self.record(record, mapping, where, numbers)

    def table(self, data: bytes, name: str, mapping: RecordMapping, encoding: str) -> None:
        """Build the records of a table; what is wrong with a field stands at its cell."""
        numbers: dict[str, Counter[str]] = defaultdict(Counter)
        problems = self.batch.tally.problems
        for row in read_table(data, name, mapping, self.batch.tally, encoding, self.batch.notes):
            before = len(problems)
            self.record(row.record, mapping, row.where, numbers)
            for at in range(before, len(problems)):
                problems[at] = replace(problems[at], where=row.cells.get(problems[at].field, row.where))

    def record(
        self, record: dict[str, Any], mapping: RecordMapping, where: Place, numbers: dict[str, Counter[str]]
    ) -> None:
        """Build one record; rows that stand for the same thing number their parts together."""
        self.batch.records += 1
        for name, field in mapping.fields.items():
            if field.default and record.get(name) in (None, ""):
                record[name] = field.default
        row = text_of(record.get(mapping.row_field))
        row = mapping.same_as.get(row, row)
        instead = mapping.instead.get(row)
        value = text_of(record.get(mapping.key_field))
        key = instead.key if instead else key_of(value) if mapping.key_from_title else value
        if not is_key(key) or len(key) > _LONGEST_KEY:
            hint = f"A key is made of lower-case letters, digits and hyphens, such as {key_of(value) or 'my-record'!r}."
            problem = Problem(where, value or "the record", mapping.key_field, value, "is no key.", hint)
            self.batch.tally.read[where.file, mapping.key_field] += 1
            self.batch.tally.problems.append(problem)
            return
        thing = self.space.thing(instead.thing if instead else mapping.thing, key)
        graph = self.space.graph(f"record/{mapping.source}/{key}")
        builder = Builder(mapping, self.lookup, self.space, self.batch.tally, where)
        builder.numbers = numbers[row] if row else Counter()
        built = builder.build(
            record, thing, graph, only=instead.only if instead else (), why=instead.reason if instead else ""
        )
        if mapping.adds and row and (first := self.added.setdefault((where.file, row), built)) is not built:
            first.parts |= built.parts
            first.quads += built.quads
            first.mentions += built.mentions
            return
        if not mapping.adds:
            self.claim(built, f"{where.file} {row}" if row else "", Problem(where, key, mapping.key_field, value, ""))
            self.introduce(builder, built, record, mapping, row)
        self.built.append(built)

    def claim(self, built: Built, row: str, problem: Problem) -> None:
        """Refuse a record whose key another one has, unless both are rows for the same thing, or both are RDF."""
        first, first_row = self.first.setdefault(built.thing, (built, row))
        if first is not built and (not row or row != first_row):
            message, hint = f"has the key of the record at {first.where}.", "Give each record a key of its own."
            self.batch.tally.take_back(replace(problem, message=message, hint=hint))
            self.refused.add(built.thing)

    def introduce(
        self, builder: Builder, built: Built, record: dict[str, Any], mapping: RecordMapping, row: str
    ) -> None:
        """Say what the thing is, and who compiled its record and when."""
        builder.add(built.thing, IDENTIFIER, Literal(built.thing.code))
        if (instead := mapping.instead.get(row)) is not None:
            builder.add(built.thing, RDF_TYPE, instead.of_class)
            builder.add(built.thing, TITLE, Literal.text(instead.title, "en"))
            for prop, (scheme, code) in instead.concepts.items():
                builder.add(built.thing, prop, self.lookup.concept(scheme, code))
        else:
            word = text_of(record.get(mapping.class_field))
            builder.add(built.thing, RDF_TYPE, mapping.class_values.get(word, mapping.class_default))
        self.describe_record(builder, built, mapping)

    def describe_record(self, builder: Builder, built: Built, mapping: RecordMapping) -> None:
        """Note who compiled the record and when, apart from what it says."""
        record = self.space.thing("record", built.thing.code)
        provenance = self.space.graph("provenance")
        builder.add(record, RDF_TYPE, Iri(WW + "Record"), provenance)
        builder.add(record, TOPIC, built.thing, provenance)
        builder.add(record, IN_GRAPH, built.graph, provenance)
        builder.add(record, Iri(WW + "reviewStatus"), self.lookup.concept("review-status", "proposed"), provenance)
        for page in mapping.pages:
            builder.add(record, DERIVED_FROM, Iri(page), provenance)
            builder.add(record, _SOURCE, Iri(page), provenance)
        if mapping.compiled:
            when = Literal(f"{mapping.compiled}T00:00:00Z", "", XSD_DATETIME)
            builder.add(record, GENERATED_AT, when, provenance)
        if mapping.compiled_by:
            problem = Problem(built.where, built.thing.code, "compiled-by", mapping.compiled_by, "is no agent.")
            builder.mention("agent", mapping.compiled_by, record, (ATTRIBUTED_TO,), provenance, problem)

    # ---- RDF ----

    def rdf(self, data: bytes, name: str, contexts: Mapping[str, Any]) -> None:
        found = read_rdf(data, name, self.collection, contexts, self.batch.tally)
        for built in found.records:
            self.built.append(built)
            if not built.adds:
                self.batch.records += 1
                self.claim(built, "RDF", Problem(built.where, built.thing.code, "key", built.thing.code, ""))
        self.agents.take(found.shared["agent"])
        self.collections.take(found.shared["collection"])
        self.new_links.update(found.shared["link"])
        for kind in DESCRIBED:
            self.described[kind].update(found.shared[kind])

    # ---- all together ----

    def finish(self) -> None:
        """Find or make what records name, and lay the statements out in files."""
        contents: dict[Iri, set[Quad]] = {}
        made: dict[tuple[Iri, str], Place] = {}
        for built in sorted(self.built, key=lambda built: built.adds):
            if built.adds:
                self.make_room(built, contents, made)
            contents.setdefault(built.thing, set()).update(built.quads)
            made.update({(built.thing, name): built.where for name in built.parts})
        self.merge_sheets(contents)
        links = (self.kept_links() - self.old_links) | self.new_links
        mentions = [(built, mention) for built in self.built for mention in built.mentions]
        for built, mention in sorted(mentions, key=lambda pair: _rank(pair[1])):
            self.resolve(built, mention, contents, links)
        self.batch.notes += without_rejected(contents, self.collection)
        self.batch.tally.sort()
        self.batch.tracer = self.sheets.tracer()
        self.__dict__.pop("held", None)  # as large as what is laid out
        self.lay_out(contents, links)

    def merge_sheets(self, contents: dict[Iri, set[Quad]]) -> None:
        """Take over what filled-in sheets say, merged with what is there."""
        if self.sheets.is_empty:
            return
        merged = self.sheets.merged(chain.from_iterable(self.held.values()))
        self.batch.notes += self.sheets.notes
        self.batch.records += len(merged)
        shared: dict[str, dict[Iri, set[Quad]]] = {"agent": {}, "collection": {}}
        for thing, (where, quads) in merged.items():
            kind = thing.split("/")[-2]
            self.check_file(thing, kind, where, quads)
            if kind in FOLDERS:
                if thing in self.first or thing in contents:
                    message = f"has the key of the record at {self.first[thing][0].where}."
                    self.batch.tally.problems.append(Problem(where, thing.code, "Key", thing.code, message))
                    self.refused.add(thing)
                contents[thing] = quads
            elif kind in shared:
                shared[kind][thing] = quads
            elif kind == "link":
                self.old_links |= set(self.held.get(thing, ()))
                self.new_links |= quads
        self.agents.replace(shared["agent"])
        self.collections.replace(shared["collection"])

    def check_file(self, thing: Iri, kind: str, where: Place, quads: set[Quad]) -> None:
        """Refuse to change what another file says than the one that would be written: both would count."""
        name = f"{FOLDERS[kind]}/{thing.code}.trig" if kind in FOLDERS else f"{SHARED[kind]}.ttl"
        if not quads.issuperset(self.held.get(thing, ())) and f"data/{name}" not in self.files:
            message = f"is described in another file than data/{name}, which an import cannot change."
            hint = f"Move it to data/{name}: whatworks export {thing.code} --format trig."
            self.batch.tally.problems.append(Problem(where, thing.code, "Key", thing.code, message, hint, "file"))
            self.refused.add(thing)

    @cached_property
    def files(self) -> set[str]:
        """The names of the data files."""
        return {asset.name for asset in self.collection.assets.data()}

    def make_room(self, built: Built, contents: dict[Iri, set[Quad]], made: dict[tuple[Iri, str], Place]) -> None:
        """Fetch the record that another one adds to, without the parts that are given anew."""
        if built.thing not in contents:
            contents[built.thing] = self.present(built)
        for name in sorted(built.parts):
            if (where := made.get((built.thing, name))) is not None:
                message = f"gives parts that {where} gives as well."
                self.batch.tally.problems.append(Problem(built.where, built.thing.code, "line", name, message))
                self.refused.add(built.thing)
        old = {quad for quad in contents[built.thing] if _is_part(quad.subject, built) or _is_part(quad.object, built)}
        contents[built.thing] -= old

    @cached_property
    def held(self) -> dict[Iri, list[Quad]]:
        """What the collection holds, by the thing that it is about."""
        found: dict[Iri, list[Quad]] = defaultdict(list)
        for quad in self.collection.asserted():
            if (owner := owner_of(quad.subject)) is not None:
                found[owner].append(quad)
        return found

    def present(self, built: Built) -> set[Quad]:
        """Return what the collection holds of a thing, to add to."""
        key = built.thing.code
        own = {*self.held.get(built.thing, ()), *self.held.get(self.space.thing("record", key), ())}
        if not own:
            self.batch.tally.problems.append(
                Problem(built.where, key, "line", key, "adds to a record that is not there.")
            )
            self.refused.add(built.thing)
        return own

    def kept_links(self) -> set[Quad]:
        """Return the links that there are, without those from records that are given anew."""
        links = set(self.collection.store.match(graph=self.links))
        replaced = {built.thing for built in self.built if not built.adds}
        stale = {quad.subject for quad in links if quad.predicate == LINK_FROM and quad.object in replaced}
        return {quad for quad in links if quad.subject not in stale}

    def lay_out(self, contents: dict[Iri, set[Quad]], links: set[Quad]) -> None:
        """Lay the statements out in files; those of a thing that is given twice, or not as a whole, are left out."""
        files = Files(self.collection, Order([str(NAME), *self.lookup.field_order()]))
        for thing in list(contents):
            quads = contents.pop(thing)  # what is written takes less room
            if thing not in self.refused:
                files.record(thing, quads)
        for name, graph, quads in (
            ("agents", self.agents.graph, self.agents.quads),
            ("collections", self.collections.graph, self.collections.quads),
            ("links/curated", self.links, links),
        ):
            files.shared(name, graph, quads)
        for kind, given in self.described.items():
            files.described(kind, given)
        self.batch.laid_out = files.contents

    def resolve(self, built: Built, mention: Mention, contents: dict[Iri, set[Quad]], links: set[Quad]) -> None:
        """Turn the name of a thing into a statement about it."""
        if mention.kind in ("agent", "collection"):
            register = self.agents if mention.kind == "agent" else self.collections
            found = register.get(mention.name, mention.country)
        else:
            store = self.collection.store
            things = [self.space.thing(kind, mention.name) for kind in FOLDERS] if is_key(mention.name) else []
            here = [thing for thing in things if thing in contents or next(store.match(thing), None) is not None]
            if not here:
                self.batch.tally.take_back(mention.problem)
                return
            found = here[0]
        if mention.kind == "link":
            links.update(self.link(built.thing, found, mention.explanation, contents))
        for prop in mention.properties:
            contents[built.thing].add(Quad(mention.subject, prop, found, mention.graph))

    def link(self, start: Iri, end: Iri, explanation: str, contents: dict[Iri, set[Quad]]) -> Iterable[Quad]:
        iri = self.space.thing("link", f"{start.code}--{end.code}")
        text = explanation.replace("{from}", self.title(start, contents)).replace("{to}", self.title(end, contents))
        yield Quad(iri, RDF_TYPE, Iri(WW + "Link"), self.links)
        yield Quad(iri, LINK_FROM, start, self.links)
        yield Quad(iri, LINK_TO, end, self.links)
        yield Quad(iri, Iri(WW + "linkType"), self.lookup.concept("link-type", "stated"), self.links)
        yield Quad(iri, Iri(WW + "reviewStatus"), self.lookup.concept("review-status", "accepted"), self.links)
        yield Quad(iri, Iri(WW + "explanation"), Literal.text(text, "en"), self.links)

    def title(self, thing: Iri, contents: dict[Iri, set[Quad]]) -> str:
        quads = contents.get(thing) or set(self.collection.store.match(thing, TITLE))
        titles = [quad.object for quad in quads if quad.subject == thing and quad.predicate == TITLE]
        literals = sorted(title for title in titles if isinstance(title, Literal))
        english = [title for title in literals if title.language == "en"]
        return (english or literals or [Literal(thing.code)])[0].value


def _rank(mention: Mention) -> tuple[bool, str, str, str]:
    """Order what is named, whatever the order of the files.

    Who is named with a country comes first, so that the same name without one finds it.
    """
    return (mention.country is None, mention.kind, mention.name, mention.country or "")


def _is_part(node: Term, built: Built) -> bool:
    """Say whether a node is a part of the sorts that a record gives."""
    name = node.removeprefix(f"{built.thing}#") if isinstance(node, Iri) else ""
    base, _, number = name.rpartition("-")
    return name in built.parts or (number.isdigit() and base in built.parts)
