"""Rows into drafts: what each row is about, and what its cells say."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from whatworks.errors import Place
from whatworks.namespaces import LABELS, POSITION, is_key, key_of
from whatworks.native import Native
from whatworks.sheets.cells import KEEP, SEPARATOR, Cells, clean, number_text, spaced
from whatworks.sheets.draft import Draft
from whatworks.sheets.filled import Filler
from whatworks.sheets.headings import INNER, KEY, OWNER, PART, TYPE, Heading
from whatworks.sheets.known import Misfit
from whatworks.sheets.layout import THINGS, WITH_PARTS, Layout, Sheet
from whatworks.sheets.tables import Table
from whatworks.tally import Problem, Tally
from whatworks.terms import Iri, Literal, Quad, is_part_name
from whatworks.workbook import Odd

_LONGEST_KEY = 120  # files are named after keys
# What others name is known first.
_FIRST = ("agent", "collection", "intervention", "resource", "record", "link")


class Drafter:
    """Reads the rows of tables.

    Args:
        layout: The sheets.
        cells: Reads cells.
        filler: Knows what is there.
        tally: Takes the account.
    """

    def __init__(self, layout: Layout, cells: Cells, filler: Filler, tally: Tally) -> None:
        self._layout = layout
        self._cells = cells
        self._known = cells.known
        self._filler = filler
        self._tally = tally
        self._space = layout.collection.space
        self.drafts: dict[Iri, Draft] = {}
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        self._numbers: dict[Iri, Counter[str]] = {}
        self._beside: dict[Iri, list[Iri]] = defaultdict(list)  # the parts that rows are about, by their thing

    def read(self, tables: Iterable[Table]) -> dict[Iri, Draft]:
        """Return the drafts of all rows, by what they are about."""
        every = list(tables)
        order = {kind: number for number, kind in enumerate(_FIRST)}
        things = sorted((table for table in every if table.sheet.kind), key=lambda table: order[table.sheet.kind])
        parts = [table for table in every if not table.sheet.kind]
        for table in things:
            for draft in self._identified(table):
                self._take(draft)
        for table in parts:
            for draft in self._identified(table):
                self._take(draft)
        for draft in self.drafts.values():
            self._fill(draft)
        for draft in self.drafts.values():
            self._place(draft)
        return self.drafts

    # ---- what rows are about ----

    def _identified(self, table: Table) -> Iterator[Draft]:
        first = table.column_of(KEY if table.sheet.kind else OWNER)
        for number, row in table.rows:
            if all(value is None or (isinstance(value, str) and not clean(value)) for value in row):
                continue
            value = row[first] if first is not None and first < len(row) else None
            if isinstance(value, str) and clean(value).startswith("#"):
                continue
            where = table.place(number, first or 0)
            text = self._plain(value, where, KEY if table.sheet.kind else OWNER)
            if text is None:
                continue
            node = self._thing(table, row, text, where) if table.sheet.kind else self._part(table, row, text, number)
            if node is not None:
                is_new = node not in self._filler.said
                at = None if table.sheet.kind else table.column_of(PART)
                is_numbered = not table.sheet.kind and (at is None or at >= len(row) or row[at] in (None, ""))
                yield Draft(node, table, number, row, is_new=is_new, is_numbered=is_numbered)

    def _plain(self, value: Native | Odd, where: Place, name: str) -> str | None:
        """Return a cell that identifies a row as a text, or None after a problem was noted."""
        if isinstance(value, Odd):
            self._problem(where, "the row", name, value.text, _odd(value))
            return None
        if value is None or isinstance(value, str):
            return spaced(clean(value or ""))
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._problem(where, "the row", name, str(value), Misfit("is no key.", rule="key"))
            return None
        return number_text(value)

    def _take(self, draft: Draft) -> None:
        before = self.drafts.get(draft.node)
        if before is not None:
            where = draft.table.place(draft.row, draft.table.column_of(KEY if draft.sheet.kind else PART) or 0)
            first = before.table.place(before.row, 0)
            misfit = Misfit(f"stands twice, first at {first}.", hint="Take one of the two rows out.", rule="unique")
            self._problem(where, draft.label, "row", draft.label, misfit)
            return
        self.drafts[draft.node] = draft
        if not draft.sheet.kind:
            self._beside[draft.thing].append(draft.node)
        else:
            self._known.add(draft.node)
            for heading, value in self._labels(draft.table, draft.cells):
                language = heading.language
                text = Literal.text(value, language) if language else Literal(value)
                column = heading.column
                if column is not None:
                    self._known.take([Quad(draft.node, column.path, text)])

    @staticmethod
    def _labels(table: Table, row: Sequence[Native | Odd]) -> Iterator[tuple[Heading, str]]:
        """Yield what a row calls its thing."""
        for at, heading in table.matched.headings.items():
            value = row[at] if at < len(row) else None
            if heading.column is not None and heading.column.path in LABELS and isinstance(value, str) and clean(value):
                yield heading, clean(value)

    def _thing(self, table: Table, row: Sequence[Native | Odd], text: str, where: Place) -> Iri | None:
        kind = table.sheet.kind
        key = text
        if not key:
            key = self._made_key(table, row)
            thing = self._space.thing(kind, key)
            if not key:
                hint = "Write a key of lower-case letters, digits and hyphens."
                self._problem(where, "the row", KEY, "", Misfit("There is no key.", hint=hint, rule="key"))
                return None
            if self._known.has(thing):
                message = f"There is no key, and the one made of the name, {key}, is taken."
                hint = f"Write {key} if you mean that thing, else a key of your own."
                self._problem(where, key, KEY, "", Misfit(message, hint=hint, rule="key"))
                return None
            return thing
        thing = self._space.thing(kind, key)
        if self._known.has(thing):
            return thing
        if not is_key(key.replace("--", "-") if kind == "link" else key) or len(key) > _LONGEST_KEY:
            near = key_of(key)[:_LONGEST_KEY]
            hint = f"Write lower-case letters, digits and hyphens, such as {near or 'my-record'}."
            self._problem(where, key, KEY, text, Misfit("is no key.", hint=hint, expected="a key", rule="key"))
            return None
        return thing

    def _made_key(self, table: Table, row: Sequence[Native | Odd]) -> str:
        """Return a key made of what the row calls its thing; that of a link is made of its ends."""
        if table.sheet.kind == "link":
            ends = []
            for at, heading in table.matched.headings.items():
                value = row[at] if at < len(row) else None
                column = heading.column
                if column is not None and column.kind == "thing" and column.required and isinstance(value, str):
                    terms, _ = self._cells.read(column, value, "", Iri(""))
                    ends += [(column.name, term.code) for term in terms if isinstance(term, Iri)]
            return "--".join(code for _, code in sorted(ends)) if len(ends) == 2 else ""
        names = [value for _, value in self._labels(table, row)]
        return key_of(names[0])[:100].rstrip("-") if names else ""

    def _part(self, table: Table, row: Sequence[Native | Odd], text: str, number: int) -> Iri | None:
        where = table.place(number, table.column_of(OWNER) or 0)
        thing = self._known.owner(text) if text else None
        if thing is None:
            self._no_owner(table, text, where)
            return None
        at = table.column_of(PART)
        given = row[at] if at is not None and at < len(row) else None
        name = self._plain(given, table.place(number, at or 0), PART)
        if name is None:
            return None
        if name and not is_part_name(name):
            hint = "Write a name such as factor-1, or leave the cell empty."
            misfit = Misfit("is no name of a part.", hint=hint, expected="a name such as factor-1", rule="part")
            self._problem(table.place(number, at or 0), text, PART, name, misfit)
            return None
        return Iri(f"{thing}#{name or self._numbered(table.sheet, thing)}")

    def _no_owner(self, table: Table, text: str, where: Place) -> None:
        kinds = [cls for cls, kind in THINGS.items() if kind in WITH_PARTS]
        misfit = Misfit("The row says not what it is a part of.", hint="Write the key of its thing.", rule="reference")
        try:
            if text:
                found = self._known.thing(kinds, text)
                misfit = Misfit("is no key.", hint=f"Write {self._known.key_of(found, WITH_PARTS)}.", rule="reference")
        except Misfit as other:
            misfit = other
        self._problem(where, text or "the row", OWNER, text, misfit)

    def _numbered(self, sheet: Sheet, thing: Iri) -> str:
        """Return the name of a new part: as most parts of its sort are called, with the next number."""
        if not self._names[sheet.name]:
            for node in self._filler.said:
                if "#" in node and (found := self._filler.sheet_of(node)) is not None:
                    self._names[found.name][_base(node.partition("#")[2])] += 1
            self._names[sheet.name][key_of(sheet.name.partition(" or ")[0])] += 1
        base = self._names[sheet.name].most_common(1)[0][0]
        if thing not in self._numbers:
            nodes = {*self._filler.parts.get(thing, ()), *self._beside[thing]}
            self._numbers[thing] = Counter()
            for node in nodes:
                name = node.partition("#")[2]
                last = name.rpartition("-")[2]
                number = int(last) if last.isdigit() and _base(name) != name else 1
                self._numbers[thing][_base(name)] = max(self._numbers[thing][_base(name)], number)
        self._numbers[thing][base] += 1
        return f"{base}-{self._numbers[thing][base]}"

    # ---- what cells say ----

    def _fill(self, draft: Draft) -> None:
        table = draft.table
        for at, heading, name in table.fields:
            value = draft.cells[at] if at < len(draft.cells) else None
            if value is None or (isinstance(value, str) and not clean(value)):
                continue
            self._tally.read[table.file, name] += 1
            problems = len(self._tally.problems)
            if heading.column is None:
                self._identify(draft, heading, value, at)
            else:
                self._value(draft, heading, value, at)
            if problems == len(self._tally.problems):
                self._tally.mapped[table.file, name] += 1
        for at in range(table.width, len(draft.cells)):
            value = draft.cells[at]
            if value is not None and value != "":
                hint = "Give the column a heading, or empty the cell."
                misfit = Misfit("stands below no heading.", hint=hint, rule="heading")
                self._problem(table.place(draft.row, at), draft.label, "no heading", _shown(value), misfit)
                break  # one of a row is enough

    def _value(self, draft: Draft, heading: Heading, value: Native | Odd, at: int) -> None:
        column = heading.column
        if column is None:
            return
        if value == KEEP or isinstance(value, Odd):
            draft.kept = (*draft.kept, (column.path, heading.language))
        if value == KEEP:
            return
        if isinstance(value, Odd):
            self._problem(draft.table.place(draft.row, at), draft.label, heading.text, value.text, _odd(value))
            return
        terms, misfits = self._cells.read(column, value, heading.language, draft.thing)
        for misfit in misfits:
            self._problem(draft.table.place(draft.row, at), draft.label, heading.text, _shown(value), misfit)
        draft.values[column.path, heading.language] = list(dict.fromkeys(terms))

    def _identify(self, draft: Draft, heading: Heading, value: Native | Odd, at: int) -> None:
        """Read what a row says of its class, and of what it hangs on."""
        if heading.name not in (TYPE, INNER):
            return
        where = draft.table.place(draft.row, at)
        if isinstance(value, Odd):
            self._problem(where, draft.label, heading.text, value.text, _odd(value))
            return
        texts = [clean(piece) for piece in _text(value).split(SEPARATOR) if clean(piece)]
        if heading.name == INNER:
            for text in texts:
                if not is_part_name(text):
                    misfit = Misfit("is no name of a part.", expected="a name such as study-1", rule="part")
                    self._problem(where, draft.label, heading.text, text, misfit)
            draft.hangs = [Iri(f"{draft.thing}#{text}") for text in texts if is_part_name(text)]
            return
        classes = [self._class(draft, text, where) for text in texts]
        draft.types = [each for each in classes if each is not None] or None

    def _class(self, draft: Draft, text: str, where: Place) -> Iri | None:
        sheet = draft.sheet
        inner = text.rpartition("(")[2].removesuffix(")") if text.endswith(")") else text
        expand = self._layout.collection.prefixes.expand
        named = Iri(inner[1:-1]) if inner.startswith("<") and inner.endswith(">") else expand(inner)
        if named is not None and (named in sheet.classes or inner.startswith("<")):
            return named
        names = {name.casefold(): cls for cls, label in sheet.classes.items() for name in (cls.code, label)}
        if (found := names.get(text.casefold())) is not None:
            return found
        leaves = self._filler.leaves(sheet)
        hint = f"Choose one of: {', '.join(leaves.values())}."
        misfit = Misfit("is no class of this sheet.", hint=hint, expected="a class of the list", rule="class")
        self._problem(where, draft.label, TYPE, text, misfit)
        return None

    # ---- what follows from all rows ----

    def _place(self, draft: Draft) -> None:
        """Say what a new row leaves open: its class, where there is but one, and its place among others."""
        sheet = draft.sheet
        if draft.types is None and draft.is_new:
            leaves = list(self._filler.leaves(sheet))
            if len(leaves) == 1:
                draft.types = [sheet.target] if sheet.target in leaves else leaves
            else:
                at = draft.table.column_of(TYPE)
                labels = ", ".join(self._filler.leaves(sheet).values())
                where = draft.table.place(draft.row, at if at is not None else 0)
                hint = f"Choose one of: {labels}."
                misfit = Misfit("There is no type.", hint=hint, expected="a class of the list", rule="class")
                if not any(problem.where == where for problem in self._tally.problems):
                    self._problem(where, draft.label, TYPE, "", misfit)
        for part in draft.hangs or ():
            if part not in self.drafts and part not in self._filler.said:
                at = draft.table.column_of(INNER) or 0
                misfit = Misfit("is no part that is there.", hint="Add its row, or mend the name.", rule="reference")
                self._problem(draft.table.place(draft.row, at), draft.label, INNER, part.partition("#")[2], misfit)
        position = next((column for column in sheet.columns if column.path == POSITION), None)
        if draft.is_numbered and position and not draft.values.get((POSITION, "")):
            draft.values[POSITION, ""] = [Literal.integer(self._next(draft))]

    def _next(self, draft: Draft) -> int:
        """Return the place after all others of the sheet and thing."""
        highest = 0
        for node in {*self._filler.parts.get(draft.thing, ()), *self._beside[draft.thing]}:
            other = self.drafts.get(node)
            if (other.sheet if other is not None else self._filler.sheet_of(node)) is not draft.sheet:
                continue
            terms = self._filler.said[node].get(POSITION, [])
            if other is not None and other.says((POSITION, "")):
                terms = other.values.get((POSITION, ""), [])
            numbers = [int(term.value) for term in terms if isinstance(term, Literal) and term.value.isdigit()]
            highest = max([highest, *numbers])
        return highest + 1

    def _problem(self, where: Place, record: str, name: str, found: str, misfit: Misfit) -> None:
        self._tally.problems.append(problem_of(where, record, name, found, misfit))


def problem_of(where: Place, record: str, name: str, found: str, misfit: Misfit) -> Problem:
    """Return a misfit with its place."""
    said = (misfit.message, misfit.hint, misfit.rule, misfit.expected)
    return Problem(where, record, name.removesuffix(" *"), found[:120], *said)


def _odd(odd: Odd) -> Misfit:
    if odd.kind == "formula":
        hint = "Copy the cell, and paste its value alone."
        return Misfit("is a formula, and formulas are not worked out.", hint=hint, expected="a value", rule="formula")
    hint = "Write the value that is meant."
    return Misfit("is the error of a formula.", hint=hint, expected="a value", rule="formula error")


def _text(value: Native) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _shown(value: Native | Odd) -> str:
    if isinstance(value, Odd):
        return value.text
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number_text(value) if is_number and isinstance(value, int | float) else _text(value)


def _base(name: str) -> str:
    """Return the name of a part without its number."""
    base, _, number = name.rpartition("-")
    return base if base and number.isdigit() else name
