"""Writes data files in one canonical form, so that a change of one fact is a change of one line.

Statements are sorted (graph, subject, predicate, value), each value has its own line, only prefixes that are used are
declared. Sorting is natural: `factor-2` comes before `factor-10`, and a thing comes before its parts.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from whatworks.namespaces import Prefixes
from whatworks.terms import RDF_TYPE, XSD_BOOLEAN, XSD_INTEGER, Iri, Literal, Quad, Term, write_term

_INDENT = "    "
_NUMBER = re.compile(r"([0-9]+)")


@lru_cache(4096)  # graphs and subjects come again and again
def natural(text: str) -> list[tuple[int, str]]:
    """Return a sort key by which `x-2` comes before `x-10`."""
    parts = _NUMBER.split(text)
    # A number is compared by its length, then by its digits; letters come after all numbers.
    return [
        (len(part.lstrip("0")), part.lstrip("0")) if index % 2 else (sys.maxsize, part)
        for index, part in enumerate(parts)
        if part
    ]


class Order:
    """The order of predicates: those listed first, the others by IRI; `a` before all."""

    def __init__(self, predicates: Sequence[str] = ()) -> None:
        self._rank = {predicate: index for index, predicate in enumerate(predicates)}

    def key(self, predicate: Iri) -> tuple[int, str]:
        """Return the sort key of a predicate."""
        if predicate == RDF_TYPE:
            return (-1, "")
        return (self._rank.get(predicate, len(self._rank)), predicate)


def write_trig(quads: Iterable[Quad], prefixes: Prefixes, *, order: Order | None = None, comment: str = "") -> str:
    """Return the statements as TriG; statements of the default graph come first and stand bare (plain Turtle).

    Args:
        quads: The statements; repeated ones are written once.
        prefixes: The table to shorten IRIs with.
        order: The order of predicates within a subject.
        comment: A remark for the head of the file.
    """
    order = order or Order()
    used: set[str] = set()

    def short(term: Term) -> str:
        if isinstance(term, Iri) and (curie := prefixes.shorten(term)):
            used.add(curie.split(":", 1)[0])
            return curie
        if isinstance(term, Literal) and term.datatype == XSD_INTEGER and re.fullmatch(r"-?[0-9]+", term.value):
            return term.value
        if isinstance(term, Literal) and term.datatype == XSD_BOOLEAN and term.value in ("true", "false"):
            return term.value
        if isinstance(term, Literal) and not term.language and (curie := prefixes.shorten(term.datatype)):
            if term.datatype.endswith("#string"):
                return write_term(term)
            used.add(curie.split(":", 1)[0])
            return f"{write_term(Literal(term.value))}^^{curie}"
        return write_term(term)

    def sort_key(quad: Quad) -> tuple[object, ...]:
        value = quad.object
        kind = value.language if isinstance(value, Literal) else ""
        text = value.value if isinstance(value, Literal) else str(value)
        subject = str(quad.subject)
        return (
            natural(quad.graph or ""),
            quad.graph or "",
            natural(subject),
            subject,
            order.key(quad.predicate),
            kind,
            natural(text),
            str(quad.object),
        )

    body: list[str] = []
    ordered = sorted(set(quads), key=sort_key)
    for graph, of_graph in groupby(ordered, key=lambda quad: quad.graph):
        pad = _INDENT if graph else ""
        blocks = [
            _subject_block(list(of_subject), short, pad)
            for _, of_subject in groupby(of_graph, key=lambda quad: quad.subject)
        ]
        text = "\n".join(blocks)
        body.append(f"{short(graph)} {{\n{text}}}\n" if graph else text)
    head = [f"# {line}\n" for line in comment.splitlines()]
    head += [f"@prefix {prefix}: <{prefixes.table[prefix]}> .\n" for prefix in sorted(used)]
    return "".join(head) + "\n" + "\n".join(body)


def _subject_block(quads: list[Quad], short: Callable[[Term], str], pad: str) -> str:
    lines = []
    for predicate, of_predicate in groupby(quads, key=lambda quad: quad.predicate):
        verb = "a" if predicate == RDF_TYPE else short(predicate)
        values = [short(quad.object) for quad in of_predicate]
        if len(values) == 1 or predicate == RDF_TYPE:
            lines.append(f"{verb} {' , '.join(values)}")
        else:
            joined = f" ,\n{pad}{_INDENT * 2}".join(values)
            lines.append(f"{verb}\n{pad}{_INDENT * 2}{joined}")
    return f"{pad}{short(quads[0].subject)} " + f" ;\n{pad}{_INDENT}".join(lines) + " .\n"
