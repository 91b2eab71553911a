"""`completion`, and what the shell can complete: names of queries, keys, classes and the values of parameters.

A word is offered as it must be typed, with its label beside it where the shell shows one (zsh, fish). What has a label
of one word, such as a country, is also offered by that label; other labels would need quotes, which differ by shell.
There the word is offered when the label was begun, or, where nothing else fits, a word in it; capitals make no
difference. fish leaves out what does not hold what was typed.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from whatworks.catalogue import Parameter
    from whatworks.collection import Collection
    from whatworks.kg import KnowledgeGraph
    from whatworks.lookup import Index
    from whatworks.terms import Term

VARIABLE = "_WHATWORKS_COMPLETE"
Offers: TypeAlias = Iterable[tuple[str, str]]
Complete: TypeAlias = Callable[[click.Context, click.Parameter, str], "list[CompletionItem[str]]"]

_PLAIN = re.compile(r"[\w-]+")


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script by which a shell completes commands, queries, parameters and their values.

    Install it with the line of your shell, then open a new one; `whatworks` must be on the PATH:

    \b
      whatworks completion bash >> ~/.bashrc
      whatworks completion zsh >> ~/.zshrc        (below compinit)
      whatworks completion fish > ~/.config/fish/completions/whatworks.fish

    \b
    Example:
      whatworks completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - lazy on purpose

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click knows these three
    script = found(ctx.find_root().command, {}, "whatworks", VARIABLE).source()
    # In fish, click would cut a label at its first comma.
    click.echo(script.replace('string split "," $completion', 'string split --max 1 "," $completion'), nl=False)


def completes(offers: Callable[["Known"], Offers], *, by_label: bool = False) -> Complete:
    """Complete from what the collection knows; `by_label` also offers labels of one word."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
        return _fitting(offers(Known(ctx.find_root().obj.kg)), incomplete, by_label=by_label)

    return complete


def completes_value(parameter: "Parameter") -> Complete:
    """Complete a value of a stored query's parameter."""
    return completes(lambda known: known.values(parameter), by_label=True)


def completes_format(form: str = "") -> Complete:
    """Complete a format that can carry the answer of a query of this form; without one, of the command's."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
        from whatworks.formats import GRAPH_FORMATS, ROW_FORMATS  # noqa: PLC0415 - lazy on purpose

        asked = form or getattr(ctx.command, "form", "")
        names = () if asked in ("CONSTRUCT", "DESCRIBE") else ROW_FORMATS
        names += () if asked in ("SELECT", "ASK") else GRAPH_FORMATS
        return _fitting(((name, "") for name in names), incomplete)

    return complete


def _fitting(offers: Offers, incomplete: str, *, by_label: bool = False) -> "list[CompletionItem[str]]":
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - lazy on purpose

    found: dict[str, CompletionItem[str]] = {}
    inside: dict[str, CompletionItem[str]] = {}
    typed = incomplete.casefold()
    for word, label in offers:
        item = CompletionItem(word, help=" ".join(label.split()) or None)
        named = label.casefold() if by_label else ""
        if word.casefold().startswith(typed):
            found.setdefault(word, item)
        elif named.startswith(typed) and _PLAIN.fullmatch(label):
            found.setdefault(label, CompletionItem(label, help=word))
        elif named.startswith(typed):
            found.setdefault(word, item)
        elif f" {typed}" in named:
            inside.setdefault(word, item)
    return list((found or inside).values())


class Known:
    """What the collection knows by name, as words to type and their labels."""

    def __init__(self, kg: "KnowledgeGraph") -> None:
        self._kg = kg

    @cached_property
    def _collection(self) -> "Collection":
        """The collection without what rules infer, if it is read from files: rules name nothing and take time."""
        from whatworks.collection import Collection  # noqa: PLC0415 - lazy on purpose

        if self._kg.release is not None:
            return self._kg.collection
        if self._kg.prepared is not None and (found := self._kg.prepared.open()) is not None:
            return found
        return Collection.open(self._kg.assets, self._kg.settings, infer=False)

    def tags(self) -> Offers:
        """Return the tags of the stored queries."""
        return ((tag, "") for tag in sorted({tag for query in self._kg.catalogue.all() for tag in query.tags}))

    def classes(self) -> Offers:
        """Return the classes that have members in the data, and those right above them."""
        from whatworks.namespaces import SUBCLASS  # noqa: PLC0415 - lazy on purpose
        from whatworks.terms import RDF_TYPE, Iri  # noqa: PLC0415 - lazy on purpose

        store, is_model = self._collection.store, self._collection.is_model
        used = {quad.object for quad in store.match(predicate=RDF_TYPE) if not is_model(quad.graph)}
        above = {quad.object for quad in store.match(predicate=SUBCLASS) if quad.subject in used}
        return ((name, "") for name in sorted({iri.code for iri in used | above if isinstance(iri, Iri)}))

    def things(self) -> Offers:
        """Return the keys of what has a record, and of agents."""
        from whatworks.describe import Describer  # noqa: PLC0415 - lazy on purpose

        if self._kg.remote is not None:  # no endpoint is asked while somebody types
            return
        describer = Describer(self._collection, self._kg.catalogue)
        for thing in describer.members(None):
            yield thing.code, describer.label(thing, self._kg.settings.languages)[0]
        yield from self._named("system/agents-by-name")

    def values(self, parameter: "Parameter") -> Offers:
        """Return the values of a parameter; none if they cannot be counted up."""
        match parameter.type:
            case "concept" | "place" | "language":
                return self._concepts(parameter.scheme or parameter.type)
            case "intervention" | "agent" if self._kg.remote is None:
                return self._named(f"system/{parameter.type}s-by-name")
            case "choice":
                return ((word, "") for word in parameter.choices)
            case "boolean":
                return (("true", ""), ("false", ""))
            case "date":
                return (("today", ""),)
        return ()

    def _concepts(self, scheme: str) -> Iterator[tuple[str, str]]:
        from whatworks.lookup import Lookup  # noqa: PLC0415 - lazy on purpose
        from whatworks.namespaces import NOTATION  # noqa: PLC0415 - lazy on purpose
        from whatworks.terms import Literal  # noqa: PLC0415 - lazy on purpose

        index: Index = Lookup(self._collection, self._kg.catalogue).concepts(scheme)
        for iri in sorted(index.known):
            words = [iri.code]
            if scheme == "place":  # a country has its code of three letters as well as that of two
                values = [quad.object for quad in self._collection.store.match(iri, NOTATION)]
                words += [value.value for value in values if isinstance(value, Literal)]
            word = min((word for word in words if index.find(word) == {iri}), key=len, default=str(iri))
            yield word, index.labels[iri].value if iri in index.labels else ""

    def _named(self, query: str) -> Offers:
        from whatworks.lookup import Index  # noqa: PLC0415 - lazy on purpose
        from whatworks.terms import Iri, Literal  # noqa: PLC0415 - lazy on purpose

        index = Index(self._kg.settings.languages)
        for iri, name, tier in self._rows(query):
            if isinstance(iri, Iri) and isinstance(name, Literal) and isinstance(tier, Literal):
                index.add(iri, name, tier.value)
        return ((iri.code, index.labels[iri].value if iri in index.labels else "") for iri in sorted(index.known))

    def _rows(self, query: str) -> "Iterable[tuple[Term | None, ...]]":
        from whatworks.results import Table  # noqa: PLC0415 - lazy on purpose

        answer = self._collection.store.query(self._kg.catalogue.get(query).bind({}))
        return answer if isinstance(answer, Table) else ()
