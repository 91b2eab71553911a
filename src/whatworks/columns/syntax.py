"""Reads the text of a SELECT query into what it says.

This is the part of SPARQL 1.1 that the columns answer. Everything else (other forms of query, blank nodes, GRAPH,
functions that are not listed, literals that an engine would write in another way) raises `NotCovered`, which means that
the engine is asked. Tokens are those of the gate, which has looked at the text before.
"""

from collections.abc import Callable, Mapping

from whatworks.columns.algebra import (
    Aggregate,
    Bind,
    Call,
    Column,
    Exists,
    Expression,
    Filter,
    Group,
    Minus,
    NotCovered,
    Optional,
    Order,
    Part,
    Path,
    Pattern,
    Select,
    Step,
    Union,
    Var,
)
from whatworks.columns.words import GIVEN, Words, cut, given, unquoted
from whatworks.terms import RDF_TYPE, XSD_BOOLEAN, XSD_DECIMAL, Iri, Literal, Term

# Functions with the numbers of arguments that they take.
FUNCTIONS = {
    **dict.fromkeys(("BOUND", "IRI", "ISIRI", "ISLITERAL", "LANG", "LCASE", "ROUND", "STR"), (1, 1)),
    "COALESCE": (1, 99), "CONCAT": (0, 99), "CONTAINS": (2, 2), "IF": (3, 3), "STRSTARTS": (2, 2),
}  # fmt: skip
AGGREGATES = ("COUNT", "SUM", "MIN", "MAX", "GROUP_CONCAT")
_PARTS = ("OPTIONAL", "MINUS", "FILTER", "BIND", "VALUES")
_COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")


def read(text: str, prefixes: Mapping[str, str] | None = None) -> Select:
    """Read a query.

    Args:
        text: The query.
        prefixes: Prefixes that it need not declare.

    Raises:
        NotCovered: It is not of the kind that the columns answer.
    """
    reader = _Reader(text)
    reader.prologue(prefixes or {})
    if reader.word != "SELECT":
        raise NotCovered("only SELECT")
    select = reader.select()
    if not reader.at_end:
        raise NotCovered(f"{reader.token.text} after the query")
    return select


class _Reader(Words):
    """Reads a query, group by group."""

    def __init__(self, text: str) -> None:
        super().__init__(cut(text))
        self._fresh = 0
        self._aggregating = False

    def select(self) -> Select:
        self.expect("SELECT")
        distinct = self.takes("DISTINCT")
        columns: list[Column] = []
        while self.token.kind == "variable" or self.token.text == "(":
            columns.append(self.column())
        if not columns:
            raise NotCovered(f"{self.token.text!r} after SELECT")
        self.takes("WHERE")
        where = self.group()
        group_by = self.grouping()
        having: list[Expression] = []
        if self.takes("HAVING"):
            while self.token.text == "(":
                having.append(self.aggregated())
        order_by = self.ordering()
        limit, offset = None, 0
        while self.word in ("LIMIT", "OFFSET"):
            word, number = self.next().word, self.next()
            if number.kind != "number" or not number.text.isdecimal():
                raise NotCovered(word)
            limit, offset = (int(number.text), offset) if word == "LIMIT" else (limit, int(number.text))
        return Select(tuple(columns), where, distinct, group_by, tuple(having), order_by, limit, offset)

    def column(self) -> Column:
        if self.token.kind == "variable":
            return Column(self.variable())
        self.expect("(")
        self._aggregating = True
        expression = self.expression()
        self._aggregating = False
        self.expect("AS")
        column = Column(self.variable(), expression)
        self.expect(")")
        return column

    def grouping(self) -> tuple[Var, ...]:
        found = []
        if self.takes("GROUP"):
            self.expect("BY")
            while self.token.kind == "variable":
                found.append(self.variable())
            if not found:
                raise NotCovered("GROUP BY an expression")
        return tuple(found)

    def ordering(self) -> tuple[Order, ...]:
        found: list[Order] = []
        if self.takes("ORDER"):
            self.expect("BY")
            while True:
                if self.word in ("ASC", "DESC"):
                    descending = self.next().word == "DESC"
                    found.append(Order(self.bracketed(), descending))
                elif self.token.kind == "variable":
                    found.append(Order(self.variable()))
                elif self.token.text == "(":
                    found.append(Order(self.bracketed()))
                elif self.word in FUNCTIONS:
                    found.append(Order(self.call()))
                else:
                    break
            if not found:
                raise NotCovered("ORDER BY")
        return tuple(found)

    # ---- groups ----

    def group(self) -> Group:
        self.expect("{")
        if self.word == "SELECT":
            select = self.select()
            self.expect("}")
            return Group((select,))
        parts: list[Part] = []
        while not self.takes("}"):
            begun = self.part()
            parts += begun
            if not self.takes(".") and isinstance(begun[0], Pattern) and self.begins_triples():
                raise NotCovered("statements without a dot between them")
        return Group(tuple(parts))

    def begins_triples(self) -> bool:
        return self.token.text not in ("{", "}") and self.word not in _PARTS

    def part(self) -> list[Part]:  # noqa: PLR0911 - one for each kind
        if self.token.text == "{":
            return [self.union()]
        if self.takes("OPTIONAL"):
            return [Optional(self.group())]
        if self.takes("MINUS"):
            return [Minus(self.group())]
        if self.takes("FILTER"):
            return [Filter(self.condition())]
        if self.takes("BIND"):
            self.expect("(")
            expression = self.expression()
            self.expect("AS")
            bind = Bind(expression, self.variable())
            self.expect(")")
            return [bind]
        if self.token.kind == GIVEN:
            return [given(self.next().text)]
        if self.takes("VALUES"):
            return [self.values()]
        return list(self.triples())

    def union(self) -> Part:
        branches = [self.group()]
        while self.takes("UNION"):
            branches.append(self.group())
        if len(branches) > 1:
            return Union(tuple(branches))
        only = branches[0]
        return only.parts[0] if len(only.parts) == 1 and isinstance(only.parts[0], Select) else only

    def triples(self) -> list[Pattern]:
        found: list[Pattern] = []
        subject = self.end()
        while True:
            predicate = self.predicate()
            while True:
                self.add(found, subject, predicate, self.end())
                if not self.takes(","):
                    break
            if not self.takes(";"):
                break
            if self.token.text in (".", "}"):
                break
        return found

    def add(self, found: list[Pattern], subject: Var | Term, predicate: Var | Step, value: Var | Term) -> None:
        """Add a pattern; a sequence becomes several patterns with variables of their own."""
        if isinstance(predicate, Path) and predicate.kind == "sequence":
            for step in predicate.steps[:-1]:
                self._fresh += 1
                between = Var(f" {self._fresh}")
                self.add(found, subject, step, between)
                subject = between
            predicate = predicate.steps[-1]
        if isinstance(predicate, Path) and predicate.kind == "inverse":
            self.add(found, value, predicate.steps[0], subject)
        else:
            found.append(Pattern(subject, predicate, value))

    def end(self) -> Var | Term:
        if self.token.kind == "variable":
            return self.variable()
        return self.term()

    def predicate(self) -> Var | Step:
        if self.token.kind == "variable":
            return self.variable()
        return self.path()

    def path(self) -> Step:
        steps = [self.sequence()]
        while self.takes("|"):
            steps.append(self.sequence())
        if len(steps) == 1:
            return steps[0]
        if not all(isinstance(step, Iri) for step in steps):
            raise NotCovered("an alternative of paths")
        return Path("alternative", tuple(steps))

    def sequence(self) -> Step:
        steps = [self.step()]
        while self.takes("/"):
            steps.append(self.step())
        return steps[0] if len(steps) == 1 else Path("sequence", tuple(steps))

    def step(self) -> Step:
        inverse = self.takes("^")
        found: Step
        if self.takes("("):
            found = self.path()
            self.expect(")")
            if isinstance(found, Path) and found.kind != "alternative":
                raise NotCovered("a path within a path")
        else:
            found = RDF_TYPE if self.token.text == "a" and self.next() else self.iri()
        for sign, kind in (("*", "any"), ("+", "many")):
            if self.takes(sign):
                found = Path(kind, (found,))
        if self.token.text == "?":
            raise NotCovered("a path that may be absent")
        return Path("inverse", (found,)) if inverse else found

    # ---- expressions ----

    def condition(self) -> Expression:
        if self.token.text == "(":
            return self.bracketed()
        if self.word in ("NOT", "EXISTS"):
            return self.exists()
        return self.call()

    def bracketed(self) -> Expression:
        self.expect("(")
        expression = self.expression()
        self.expect(")")
        return expression

    def aggregated(self) -> Expression:
        self._aggregating = True
        expression = self.bracketed()
        self._aggregating = False
        return expression

    def expression(self) -> Expression:
        found = self.conjunction()
        while self.takes("||"):
            found = Call("||", (found, self.conjunction()))
        return found

    def conjunction(self) -> Expression:
        found = self.relation()
        while self.takes("&&"):
            found = Call("&&", (found, self.relation()))
        return found

    def relation(self) -> Expression:
        found = self.sum()
        for sign in _COMPARISONS:
            if self.takes(sign):
                return Call(sign, (found, self.sum()))
        negated = self.word == "NOT"
        if negated:
            self.next()
            if self.word != "IN":
                raise NotCovered("NOT")
        if not self.takes("IN"):
            return found
        self.expect("(")
        listed: list[Expression] = [] if self.token.text == ")" else [self.expression()]
        while self.takes(","):
            listed.append(self.expression())
        self.expect(")")
        inside: Expression = Literal("false", "", XSD_BOOLEAN)
        for place, each in enumerate(listed):
            equal = Call("=", (found, each))
            inside = Call("||", (inside, equal)) if place else equal
        return Call("!", (inside,)) if negated else inside

    def sum(self) -> Expression:
        return self.calculation(("+", "-"), self.product)

    def product(self) -> Expression:
        return self.calculation(("*", "/"), self.signed)

    def calculation(self, signs: tuple[str, ...], each: Callable[[], Expression]) -> Expression:
        found = each()
        while self.token.text in signs:
            found = Call(self.next().text, (found, each()))
        return found

    def signed(self) -> Expression:
        if self.takes("!"):
            return Call("!", (self.signed(),))
        return self.term() if self.token.text == "-" else self.primary()

    def primary(self) -> Expression:
        token = self.token
        if token.text == "(":
            return self.bracketed()
        if token.kind == "variable":
            return self.variable()
        if token.word in ("NOT", "EXISTS"):
            return self.exists()
        if token.word in FUNCTIONS or token.word in AGGREGATES:
            return self.call()
        found = self.term()
        if self.token.text == "(":
            if found != XSD_DECIMAL:
                raise NotCovered("a function by its IRI")
            return Call("DECIMAL", (self.bracketed(),))
        return found

    def exists(self) -> Expression:
        negated = self.takes("NOT")
        self.expect("EXISTS")
        found = Exists(self.group())
        return Call("!", (found,)) if negated else found

    def call(self) -> Expression:
        name = self.next().word
        if name in AGGREGATES:
            return self.aggregate(name)
        if name not in FUNCTIONS:
            raise NotCovered(f"the function {name}")
        self.expect("(")
        arguments: list[Expression] = []
        if not self.takes(")"):
            arguments.append(self.expression())
            while self.takes(","):
                arguments.append(self.expression())
            self.expect(")")
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most or (name == "BOUND" and not isinstance(arguments[0], Var)):
            raise NotCovered(f"arguments of {name}")
        return Call(name, tuple(arguments))

    def aggregate(self, name: str) -> Aggregate:
        if not self._aggregating:
            raise NotCovered("an aggregate outside of SELECT and HAVING")
        self.expect("(")
        self._aggregating = False
        distinct = self.takes("DISTINCT")
        argument = None if name == "COUNT" and self.takes("*") else self.expression()
        separator = " "
        if self.takes(";"):
            self.expect("SEPARATOR")
            self.expect("=")
            separator = unquoted(self.next())
        self.expect(")")
        self._aggregating = True
        return Aggregate(name, argument, distinct, separator)
