"""`completion`, and what the shell can complete: names of queries, keys, classes, releases, values of parameters.

A word is offered as it must be typed, with its label beside it where the shell shows one (zsh, fish). What has a label
of one word, such as a country, is also offered by that label; other labels would need quotes, which differ by shell.
There the word is offered when the label was begun, or, where nothing else fits, a word in it; capitals make no
difference. fish leaves out what does not hold what was typed.

In the text of a query the name that is being typed is completed: a prefix, then a term, concept or thing of it. To a
shell a text in quotes is one word, so that what is offered is the text so far with that name.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

    from whatworks.catalogue import Parameter
    from whatworks.collection import Collection
    from whatworks.kg import KnowledgeGraph
    from whatworks.lookup import Index
    from whatworks.release import Releases
    from whatworks.terms import Term

VARIABLE = "_WHATWORKS_COMPLETE"
Offers: TypeAlias = Iterable[tuple[str, str]]
Complete: TypeAlias = Callable[[click.Context, click.Parameter, str], "list[CompletionItem[str]]"]

_PLAIN = r"[\w-]+"
# What every shell takes for a word as it stands: bash puts what is offered into the line without quotes.
_WORD = r"[\w./][\w%+=:,./#@-]*"
# A prefix or a name at the end of a text, which is no variable, IRI, language tag or part of a quoted text.
_NAME = r"(?<![\w?$<@:\"'.#%-])([A-Za-z][\w-]*)(:[\w.-]*)?\Z"
_WITHIN = r'<[^<>\s]*\Z|\A[^"]*"(?:[^"]*"[^"]*")*[^"]*\Z'  # an IRI or a quoted text
_DECLARED = r"(?i)\bPREFIX\s+([A-Za-z][\w-]*):\s*<([^<>\s]*)>"
_LOCAL = r"[\w-][\w.-]*"
_ENDINGS = (".rq", ".sparql")


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


def completes(
    offers: Callable[["Known"], Offers],
    *,
    by_label: bool = False,
    otherwise: Callable[["Known"], Offers] = lambda _: (),
) -> Complete:
    """Complete from what the collection knows.

    Args:
        offers: The words.
        by_label: Whether labels of one word are offered as well.
        otherwise: Other words for the same, offered where none of the first fits.
    """

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
        known = Known(ctx.find_root().obj.kg)
        found = fitting(offers(known), incomplete, by_label=by_label)
        return found or fitting(otherwise(known), incomplete)

    return complete


def completes_value(parameter: "Parameter") -> Complete:
    """Complete a value of a stored query's parameter."""
    return completes(
        lambda known: known.values(parameter), by_label=True, otherwise=lambda known: known.other_values(parameter)
    )


def completes_property(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Complete a property of the thing that the argument `subject` names: its name, or its CURIE if that is begun."""
    known, subject = Known(ctx.find_root().obj.kg), ctx.params["subject"]
    found = fitting(known.properties(subject), incomplete, by_label=True)
    return found or fitting(known.properties(subject, curies=True), incomplete)


def completes_text(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Complete a query: the name of its file, or the prefix or name that its text ends with."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - lazy on purpose

    if not re.search(r"[\s{(]", incomplete):
        folder = Path(incomplete).parent if not incomplete.endswith("/") else Path(incomplete)
        with suppress(OSError):  # there is no such folder
            files = sorted(str(path) for path in folder.iterdir() if path.suffix in _ENDINGS)
            found = [CompletionItem(each) for each in files if each.startswith(incomplete.removeprefix("./"))]
            return [CompletionItem(incomplete, type="dir"), *found]
    match = re.search(_NAME, incomplete)
    if match is None or "\n" in incomplete or re.search(_WITHIN, incomplete[: match.start()]):
        return []
    known = Known(ctx.find_root().obj.kg)
    prefixes = {**known.prefixes, **dict(re.findall(_DECLARED, incomplete))}
    before, name = incomplete[: match.start()], match[1]
    if match[2] is None:
        begun = {prefix for prefix in prefixes if prefix.startswith(name)}
        if len(begun) != 1:
            return [CompletionItem(f"{before}{prefix}:", help=prefixes[prefix]) for prefix in sorted(begun)]
        name = begun.pop()  # to go on with its names saves a step
    typed = (match[2] or ":")[1:].casefold()
    offers = known.names_in(prefixes[name]) if name in prefixes else ()
    fit = ((code, label) for code, label in offers if code.casefold().startswith(typed))
    return [CompletionItem(f"{before}{name}:{code}", help=_beside(label)) for code, label in fit]


def completes_release(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Complete the name of a release, in the folder that an option before it names, or the project's."""
    from whatworks.release import Releases  # noqa: PLC0415 - lazy on purpose

    folder = ctx.params.get("folder")
    found = Releases(folder) if folder is not None else ctx.find_root().obj.kg.releases
    return fitting(_releases(found), incomplete) if found is not None else []


def completes_state(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Complete what can be compared: a release, a word for one, or a file."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - lazy on purpose

    words = [CompletionItem(word) for word in ("files", "latest", "previous") if word.startswith(incomplete)]
    return [*words, *completes_release(ctx, param, incomplete)] or [CompletionItem(incomplete, type="file")]


def completes_store(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Complete the folder of a release of the project; other folders are left to the shell."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - lazy on purpose

    found = ctx.obj.kg.releases
    folder = found.folder if found is not None else Path()
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    offers = ((str(shown / name), label) for name, label in (_releases(found) if found is not None else ()))
    # The shell's own folders come first: its script begins anew with them.
    return [CompletionItem(incomplete, type="dir"), *fitting(offers, incomplete)]


def _releases(found: "Releases") -> Offers:
    """Return the releases, those that are damaged among them."""
    used = found.used()
    names = [*(release.name for release in found.all()), *found.unreadable()]
    return [(name, "in use" if name == used else "") for name in names]


def completes_format(form: str = "") -> Complete:
    """Complete a format that can carry the answer of a query of this form; without one, of the command's."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
        from whatworks.formats import GRAPH_FORMATS, ROW_FORMATS  # noqa: PLC0415 - lazy on purpose

        asked = form or getattr(ctx.command, "form", "")
        names = () if asked in ("CONSTRUCT", "DESCRIBE") else ROW_FORMATS
        names += () if asked in ("SELECT", "ASK") else GRAPH_FORMATS
        return fitting(((name, "") for name in names), incomplete)

    return complete


def fitting(offers: Offers, incomplete: str, *, by_label: bool = False) -> "list[CompletionItem[str]]":
    """Return the words that fit what was typed; with `by_label` also those whose labels do.

    What a shell would take for more than a word, such as a key with `$(…)` in it, is not offered.
    """
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - lazy on purpose

    found: dict[str, CompletionItem[str]] = {}
    inside: dict[str, CompletionItem[str]] = {}
    typed = incomplete.casefold()
    for word, label in offers:
        if not re.fullmatch(_WORD, word):
            continue
        item = CompletionItem(word, help=_beside(label))
        named = label.casefold() if by_label else ""
        if word.casefold().startswith(typed):
            found.setdefault(word, item)
        elif named.startswith(typed) and re.fullmatch(_PLAIN, label):
            found.setdefault(label, CompletionItem(label, help=word))
        elif named.startswith(typed):
            found.setdefault(word, item)
        elif f" {typed}" in named:
            inside.setdefault(word, item)
    return list((found or inside).values())


def _beside(label: str) -> str | None:
    """Return a label as it stands beside a word: one line that steers no terminal."""
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    return safe(" ".join(label.split())) or None


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

    def measures(self) -> Offers:
        """Return the measures of quality."""
        return ((query.name, query.summary) for query in self._kg.measures)

    def classes(self) -> Offers:
        """Return the classes that have members: of the data, of the ontology, and concepts."""
        from whatworks.namespaces import SKOS, SUBCLASS  # noqa: PLC0415 - lazy on purpose
        from whatworks.terms import RDF_TYPE, Iri  # noqa: PLC0415 - lazy on purpose

        store, is_model = self._collection.store, self._collection.is_model
        found: set[Term] = {quad.object for quad in store.match(predicate=RDF_TYPE) if not is_model(quad.graph)}
        above = [(quad.subject, quad.object) for quad in store.match(predicate=SUBCLASS)]
        for each in {Iri(SKOS + "Concept"), *(term for pair in above for term in pair)}:
            if any(isinstance(quad.subject, Iri) for quad in store.match(predicate=RDF_TYPE, value=each)):
                found.add(each)
        while more := {higher for lower, higher in above if lower in found} - found:
            found |= more
        return ((name, "") for name in sorted({iri.code for iri in found if isinstance(iri, Iri)}))

    def properties(self, name: str, *, curies: bool = False) -> Offers:
        """Return the properties of a thing and its parts, by their names where those are theirs alone, else by CURIE.

        Raises:
            UnknownThing: There is no such thing.
        """
        from whatworks.describe import Describer  # noqa: PLC0415 - lazy on purpose
        from whatworks.lookup import Lookup  # noqa: PLC0415 - lazy on purpose
        from whatworks.why import properties  # noqa: PLC0415 - lazy on purpose

        if self._kg.remote is not None:  # no endpoint is asked while somebody types
            return
        thing = Lookup(self._collection, self._kg.catalogue, lambda: self._kg.search).thing(name)
        said = properties(self._collection, thing)
        describer = Describer(self._collection, self._kg.catalogue)
        number = Counter(prop.code.casefold() for prop in said)
        for prop, (curie, *_) in said.items():
            word = curie if curies or number[prop.code.casefold()] > 1 else prop.code
            yield word, describer.label(prop, self._kg.settings.languages)[0]

    @property
    def prefixes(self) -> "Mapping[str, str]":
        """The prefixes that a query need not declare."""
        return self._kg.prefixes.table

    def names_in(self, namespace: str) -> Offers:
        """Return what has an IRI in a namespace, by its last part: terms, concepts, what shapes name, and things."""
        from whatworks.describe import Describer  # noqa: PLC0415 - lazy on purpose
        from whatworks.namespaces import SH  # noqa: PLC0415 - lazy on purpose
        from whatworks.terms import Iri  # noqa: PLC0415 - lazy on purpose

        store, rows = self._collection.store, self._kg.catalogue.rows
        describer = Describer(self._collection, self._kg.catalogue)
        if namespace.startswith(self._collection.space.base + "id/"):
            if self._kg.remote is not None:  # no endpoint is asked while somebody types
                return
            found = {*describer.members(None), *(row[0] for row in rows(store, "system/agents-by-name"))}
        else:
            found = {row[0] for row in rows(store, "system/terms")}
            for part in ("path", "targetClass", "class"):
                found |= {quad.object for quad in store.match(predicate=Iri(SH + part)) if isinstance(quad.object, Iri)}
        for iri in sorted(each for each in found if isinstance(each, Iri) and each.startswith(namespace)):
            if re.fullmatch(_LOCAL, code := iri.removeprefix(namespace)):
                yield code, describer.label(iri, self._kg.settings.languages)[0]

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

    def other_values(self, parameter: "Parameter") -> Offers:
        """Return further codes of values: a country has one of three letters as well as that of two."""
        return self._codes("place", rest=True) if parameter.type == "place" else ()

    def _concepts(self, scheme: str) -> Iterator[tuple[str, str]]:
        return self._codes(scheme, rest=False)

    def _codes(self, scheme: str, *, rest: bool) -> Iterator[tuple[str, str]]:
        """Yield the shortest code of each concept with its label, or the rest of its codes."""
        from whatworks.lookup import Lookup  # noqa: PLC0415 - lazy on purpose
        from whatworks.namespaces import NOTATION  # noqa: PLC0415 - lazy on purpose
        from whatworks.terms import Literal  # noqa: PLC0415 - lazy on purpose

        index: Index = Lookup(self._collection, self._kg.catalogue).concepts(scheme)
        for iri in sorted(index.known):
            words = [iri.code]
            if scheme == "place":
                values = [quad.object for quad in self._collection.store.match(iri, NOTATION)]
                words += [value.value for value in values if isinstance(value, Literal)]
            own = sorted({word for word in words if index.find(word) == {iri}}, key=len) or [str(iri)]
            for word in own[1:] if rest else own[:1]:
                yield word, index.labels[iri].value if iri in index.labels else ""

    def _named(self, query: str) -> Offers:
        from whatworks.lookup import Index  # noqa: PLC0415 - lazy on purpose
        from whatworks.terms import Iri, Literal  # noqa: PLC0415 - lazy on purpose

        index = Index(self._kg.settings.languages)
        for iri, name, tier in self._kg.catalogue.rows(self._collection.store, query):
            if isinstance(iri, Iri) and isinstance(name, Literal) and isinstance(tier, Literal):
                index.add(iri, name, tier.value)
        return ((iri.code, index.labels[iri].value if iri in index.labels else "") for iri in sorted(index.known))
