"""What in an own query is probably a slip: a graph, a term or a thing that is not there.

SPARQL answers such a query in silence, with less than was meant. It is answered here as well, and the slip is told.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from whatworks import gate
from whatworks.catalogue import Catalogue, Values, iri_rows
from whatworks.collection import Collection
from whatworks.results import safe
from whatworks.terms import Iri, is_iri

_ESCAPED = re.compile(r"\\(.)")


def slips(query: str, collection: Collection, catalogue: Catalogue) -> list[str]:
    """Return a sentence, with its place, for each name in a query that the collection does not know.

    Told are graphs that are not there, and terms, concepts and things of namespaces that are the collection's own;
    what other vocabularies define is not for us to say.
    """
    names: dict[Iri, gate.Token] = {}
    found: list[tuple[int, str]] = []
    for token, iri, is_graph in _named(query, collection.prefixes.table):
        if not is_graph:
            names.setdefault(iri, token)
        elif next(collection.store.match(graph=iri), None) is None:
            said = f"no graph is named {token.text}. List the graphs with: whatworks stats --graphs"
            found.append((token.start, said))
    missing = _rows(collection, catalogue, "system/nowhere", {"iri": iri_rows(names)}) if names else []
    if missing:
        terms = _rows(collection, catalogue, "system/terms", {})
        own = {term.namespace for term in terms}
        for iri in missing:
            token = names[iri]
            if iri.namespace in own:
                near = _nearest(iri, terms)
                meant = f"; did you mean {collection.prefixes.shorten(near) or f'<{near}>'}?" if near else "."
                found.append((token.start, f"the model has no {token.text}{meant}"))
            elif iri.startswith(collection.space.base + "id/"):
                found.append((token.start, f"nothing is known of {token.text}."))
    return [f"Warning: {gate.place_of(query, start)}: {safe(said)}" for start, said in sorted(found)]


def _named(query: str, prefixes: Mapping[str, str]) -> Iterator[tuple[gate.Token, Iri, bool]]:
    """Yield what a query names by a whole IRI or a CURIE, and whether it names a graph.

    The names of prefixes, the base, and the graphs of FROM, which the gate has looked at, are left out, and so are
    whole namespaces, as in `STRSTARTS(STR(?term), STR(ww:))`.
    """
    nothing = gate.Token("", "", 0)
    found = [nothing, nothing, *gate.tokens(query)]
    known = dict(prefixes)
    for second, first, token in zip(found, found[1:], found[2:], strict=False):
        if second.word == "PREFIX" and token.kind == "iri":
            known[first.text[:-1]] = token.text[1:-1]
        if "PREFIX" in (second.word, first.word) or first.word in ("BASE", "FROM") or second.word == "FROM":
            continue
        iri = _iri_of(token, known)
        if iri is not None and is_iri(iri) and iri != iri.namespace:
            yield token, iri, first.word == "GRAPH"


def _iri_of(token: gate.Token, prefixes: Mapping[str, str]) -> Iri | None:
    if token.kind == "iri":
        return Iri(token.text[1:-1])
    prefix, _, local = token.text.partition(":")
    if token.kind != "name" or prefix not in prefixes:
        return None
    return Iri(prefixes[prefix] + _ESCAPED.sub(r"\1", local))


def _nearest(iri: Iri, terms: list[Iri]) -> Iri | None:
    """Return the term that is spelled most alike: in its namespace but for capitals, anywhere, in its namespace."""
    code = iri.code.casefold()
    beside = {term.code.casefold(): term for term in terms if term.namespace == iri.namespace}
    same = beside.get(code) or next((term for term in terms if term.code.casefold() == code), None)
    close = get_close_matches(code[:200], beside, n=1)
    return same or (beside[close[0]] if close else None)


def _rows(collection: Collection, catalogue: Catalogue, name: str, values: Values) -> list[Iri]:
    return [row[0] for row in catalogue.rows(collection.store, name, values) if isinstance(row[0], Iri)]
