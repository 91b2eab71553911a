"""Small graphs and questions drawn at random, the same for the same seed, for comparing two ways to answer."""

import random
from collections.abc import Sequence

EX = "https://example.org/"
PROLOGUE = f"PREFIX ex: <{EX}>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
# Literals in odd and in usual forms. What engines write in another way stands in the data only, not in queries.
LITERALS = (
    '"a"', '"b"', '""', '"a"@en', '"b"@en', '"a"@fr', '"A b"@de', "1", "2", "10", "2.5", "2.0", "-3", "true", "false",
    '"2012"^^xsd:gYear', '"2020"^^xsd:gYear', '"2020-01-02"^^xsd:date', '"x"^^ex:t', '"1"^^ex:t', '"quo\\"te\\\\n"',
    '"line\\nbreak"', '"été"@fr', '"😀"', '"http://x"', '"2026-01-15T00:00:00Z"^^xsd:dateTime',
)  # fmt: skip
ODD = ('"01"^^xsd:integer', '"1.50"^^xsd:decimal', '"abc"^^xsd:integer', "1e3", '"5"^^xsd:int', '"x"@EN')
LABELS = ('"a"@en', '"b"@en', '"c"@fr', '"d"', '"a"@fr', '"z"@de', '"a"')


def graph(rng: random.Random) -> str:
    """Return a graph as TriG: gaps, statements in several graphs, texts in several languages, odd literals."""
    nodes, lines = rng.randint(3, 12), set()
    literals = LITERALS + ODD if rng.random() < 0.5 else LITERALS[:10]
    for _ in range(rng.randint(8, 60)):
        subject, drawn = f"ex:n{rng.randrange(nodes)}", rng.random()
        if drawn < 0.35:
            rest = f"ex:p{rng.randrange(3)} ex:n{rng.randrange(nodes)}"
        elif drawn < 0.6:
            rest = f"ex:q{rng.randrange(2)} {rng.choice(literals)}"
        elif drawn < 0.75:
            rest = f"a ex:C{rng.randrange(2)}"
        elif drawn < 0.85:
            rest = f"ex:num {rng.choice(('1', '2', '3', '10', '2.5', '7'))}"
        elif drawn < 0.95:
            rest = f"ex:label {rng.choice(LABELS)}"
        else:
            rest = f"ex:up {rng.choice((f'ex:n{rng.randrange(nodes)}', '_:blank'))}"
        for _ in range(1 + (rng.random() < 0.15)):
            lines.add((rng.choice(("", "ex:g1", "ex:g2")), f"{subject} {rest} ."))
    return PROLOGUE + "\n".join(f"GRAPH {name} {{ {line} }}" if name else line for name, line in sorted(lines))


class Questions:
    """Draws questions about such graphs."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def chance(self, share: float) -> bool:
        """Say yes in this share of cases."""
        return self.rng.random() < share

    def one(self, choices: Sequence[str]) -> str:
        """Draw one."""
        return self.rng.choice(choices)

    def node(self, other: str = "") -> str:
        """Draw a variable for a node, another than the given one."""
        return self.one([f"?{name}" for name in "aaabbc" if f"?{name}" != other])

    def variable(self) -> str:
        """Draw any variable."""
        return self.one((self.node(), self.node(), "?l", "?l", "?m", "?p"))

    def triple(self) -> str:
        """Draw a triple pattern."""
        drawn, subject = self.rng.random(), self.node() if self.chance(0.93) else f"ex:n{self.rng.randrange(4)}"
        other = self.node(subject)
        if drawn < 0.35:
            target = f"ex:n{self.rng.randrange(4)}" if self.chance(0.08) else other
            return f"{subject} {self.one(('ex:p0', 'ex:p1', 'ex:p2', 'ex:up'))} {target} ."
        if drawn < 0.75:
            target = self.one(("?l", "?l", "?l", "?m")) if self.chance(0.9) else self.one(LITERALS)
            return f"{subject} {self.one(('ex:q0', 'ex:q1', 'ex:num', 'ex:label', 'ex:label'))} {target} ."
        if drawn < 0.82:
            return f"{subject} a {self.one(('?t', 'ex:C0', 'ex:C1'))} ."
        if drawn < 0.88:
            return f"{subject} ?p {self.one((other, '?l', 'ex:n1'))} ."
        if drawn < 0.94:
            path = self.one(("ex:p0|ex:p1", "ex:q0|ex:q1|ex:label", "ex:p0/ex:p1", "^ex:p0"))
            return f"{subject} {path} {self.one((other, '?l'))} ."
        path = self.one(("ex:up*", "ex:up+", "(ex:p0|ex:up)*", "ex:p1/ex:up*"))
        return f"{subject} {path} {self.one(('ex:n1', other))} ."

    def expression(self, depth: int = 0) -> str:
        """Draw an expression."""
        drawn = self.rng.random()
        if depth > 2 or drawn < 0.3:
            return self.variable()
        if drawn < 0.4:
            return self.one(('"a"', '"b"', "1", "2", "2.5", "true", '"en"', '""', "ex:n1", '"a"@en', "10"))
        if drawn < 0.63:
            return f"{self.one((*('STR', 'LANG', 'LCASE') * 4, 'ROUND', 'xsd:decimal'))}({self.expression(depth + 1)})"
        if drawn < 0.86:
            name = self.one(("COALESCE", "CONCAT"))
            return f"{name}({self.expression(depth + 1)}, {self.expression(depth + 1)})"
        if drawn < 0.93:
            return f"IF({self.condition(depth + 1)}, {self.expression(depth + 1)}, {self.expression(depth + 1)})"
        return f"({self.expression(depth + 1)} {self.one('+-*/')} {self.expression(depth + 1)})"

    def condition(self, depth: int = 0) -> str:
        """Draw a condition."""
        drawn = self.rng.random()
        if drawn < 0.45:
            sign = self.one(("=", "!=", "<", ">", "<=", ">="))
            return f"{self.expression(depth + 1)} {sign} {self.expression(depth + 1)}"
        if drawn < 0.58:
            return f"BOUND({self.variable()})" if drawn < 0.52 else f"ISIRI({self.expression(depth + 1)})"
        if drawn < 0.7:
            name = self.one(("CONTAINS", "STRSTARTS"))
            return f"{name}({self.expression(depth + 1)}, {self.expression(depth + 1)})"
        if drawn < 0.77:
            return f"{self.variable()} {self.one(('IN', 'NOT IN'))} ({self.expression(2)}, {self.expression(2)})"
        if drawn < 0.91 and depth < 2:
            return f"({self.condition(depth + 1)} {self.one(('&&', '||'))} {self.condition(depth + 1)})"
        return f"!({self.condition(depth + 1)})" if depth < 2 else self.expression(depth + 1)

    def group(self, depth: int = 0) -> str:
        """Draw a group."""
        parts = [f"VALUES {self.variable()} {{ {self.one(('ex:n1 ex:n2', 'ex:p0', '1 2', 'ex:nowhere', ''))} }}"]
        parts = parts if self.chance(0.15) else []
        parts += [self.triple() for _ in range(self.rng.choice((1, 1, 2, 2, 3)))]
        for _ in range(self.rng.randint(0, 3) if depth < 2 else 0):
            drawn = self.rng.random()
            if drawn < 0.3:
                parts.append(f"OPTIONAL {{ {self.group(depth + 1)} }}")
            elif drawn < 0.4:
                parts.append(f"{{ {self.group(depth + 1)} }} UNION {{ {self.group(depth + 1)} }}")
            elif drawn < 0.5:
                parts.append(f"MINUS {{ {self.group(depth + 1)} }}")
            elif drawn < 0.7:
                parts.append(f"FILTER ({self.condition()})")
            elif drawn < 0.82:
                inner = f"FILTER ({self.condition()})" if self.chance(0.4) else ""
                parts.append(f"FILTER {self.one(('', 'NOT '))}EXISTS {{ {self.triple()} {inner} }}")
            elif drawn < 0.92:
                parts.append(f"BIND ({self.expression()} AS {self.one(('?x', '?y'))})")
            else:
                parts.append(f"{{ {self.select(depth + 1)} }}")
        return " ".join(parts)

    def select(self, depth: int = 0) -> str:
        """Draw a SELECT; the outer one often sorts by all its columns."""
        columns = list(dict.fromkeys(self.rng.sample("aaabbclllmxp", self.rng.randint(1, 4))))
        if self.chance(0.1) and depth < 2:
            inner = f"SELECT DISTINCT ?a ?l WHERE {{ {self.group(2)} ?a ex:label ?l }} ORDER BY ?a STR(?l)"
            head, columns = '?a (GROUP_CONCAT(?l; separator="; ") AS ?n)', ["a", "n"]
            body = f"{{ {{ {inner} }} }} GROUP BY ?a"
        elif self.chance(0.25):
            keys = columns[: self.rng.randint(0, 2)]
            counted = (
                "COUNT(*)",
                "COUNT(?a)",
                "COUNT(DISTINCT ?b)",
                "COUNT(DISTINCT ?l)",
                "MIN(?l)",
                "MAX(?l)",
                "MIN(?a)",
                "SUM(IF(BOUND(?b), 1, 0))",
                "SUM(?m + 1)",
            )
            names = " ".join(f"?{key}" for key in keys)
            head, columns = f"{names} ({self.one(counted)} AS ?n)", [*keys, "n"]
            having = "HAVING (COUNT(*) > 1)" if self.chance(0.3) else ""
            body = f"{{ {self.group(depth + 1)} }} {f'GROUP BY {names}' if keys else ''} {having}"
        else:
            head = f"{'DISTINCT ' if self.chance(0.5) else ''}{' '.join(f'?{column}' for column in columns)}"
            if self.chance(0.2):
                head, columns = f"{head} ({self.expression()} AS ?n)", [*columns, "n"]
            body = f"{{ {self.group(depth + 1)} }}"
        if depth or self.chance(0.5):
            return f"SELECT {head} WHERE {body}"
        order = " ".join(self.one((f"?{column}", f"DESC(?{column})")) for column in columns)
        limit = f"LIMIT {self.rng.randint(0, 5)}" if self.chance(0.2) else ""
        return f"SELECT {head} WHERE {body} ORDER BY {order} {limit}"

    def counted(self) -> str:
        """Draw a SELECT that counts picked things by group, as for facets."""
        keys = self.one(("l", "b", "b l", "p l", "p")).split()
        view = {
            "l": self.one(("?a ex:label ?l .", "{ ?a ex:q0 ?l } UNION { ?a ex:p0 ?c . ?c ex:q1 ?l }")),
            "b": self.one(("?a ex:p0 ?b .", "{ ?a ex:p0 ?b } UNION { ?a ex:p0 ?c . ?c ex:up+ ?b }", "?b ex:p1 ?a .")),
            "b l": "?a ex:p0 ?b . ?b ex:label ?l .",
            "p l": "VALUES ?p { ex:q0 ex:label ex:num } ?a ?p ?l .",
            "p": "{ SELECT DISTINCT ?p WHERE { ?c ?p ?d FILTER (?p != ex:up) } } ?a ?p ?l .",
        }[" ".join(keys)]
        picked = f"{{ SELECT DISTINCT ?a WHERE {{ {self.group(1)} ?a ex:q0 ?m }} }}"
        head = " ".join(f"?{key}" for key in keys)
        inner = f"SELECT {head} (COUNT(DISTINCT ?a) AS ?n) WHERE {{ {picked} {view} }} GROUP BY {head}"
        return f"SELECT {head} ?n WHERE {{ {{ {inner} }} }} ORDER BY {head} ?n" if self.chance(0.5) else inner
