"""`queries`, `query`, `sparql`: ask the graph."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whatworks.cli.completion import completes, completes_format, completes_text, completes_value
from whatworks.cli.output import emit, emit_answer, output_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whatworks.catalogue import Parameter, Query
    from whatworks.kg import KnowledgeGraph

_FORMATS = "table, csv, tsv, json, xml, md, xlsx, parquet; for graphs turtle, trig, ntriples, nquads, rdfxml, jsonld"
format_option = click.option(
    "--format",
    "-f",
    "format_",
    metavar="FORMAT",
    shell_complete=completes_format(),
    help=f"One of: {_FORMATS}.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(min=0), help="At most so many rows; it is said when rows were cut."
)
timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop the query after so many seconds.",
)
memory_option = click.option(
    "--memory",
    metavar="MEGABYTES",
    type=click.IntRange(min=64),
    help="Stop the query when it takes more memory than that (not on Windows).",
)


@click.command()
@click.option("--tag", shell_complete=completes(lambda known: known.tags()), help="Only queries with this tag.")
@click.option("--json", "as_json", is_flag=True, help="The whole catalogue, for machines.")
@click.pass_obj
def queries(opener: Any, tag: str | None, as_json: bool) -> None:
    """List the stored queries and their parameters.

    \b
    Example:
      whatworks queries --tag evidence
    """
    found = [query for query in opener.kg.catalogue.all() if tag is None or tag in query.tags]
    if as_json:
        import json  # noqa: PLC0415 - lazy on purpose

        known = [query.for_machines() for query in found]
        emit((json.dumps(known, ensure_ascii=False, indent=2) + "\n").encode(), None)
        return
    if not found:
        tags = sorted({tag for query in opener.kg.catalogue.all() for tag in query.tags})
        click.echo(f"No query has the tag {tag!r}. There are: {', '.join(tags)}.", err=True)
        raise click.exceptions.Exit(1)
    for query in found:
        click.echo(f"{query.name}\n    {query.summary}")
        if query.parameters:
            click.echo(f"    {' '.join(_usage(parameter) for parameter in query.parameters)}")
    click.echo(
        "\nAsk one with: whatworks query NAME [--PARAMETER VALUE]…   Its parameters: whatworks query NAME --help"
    )


class StoredQueries(click.Group):
    """One command for each stored query, made from its header."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the stored queries."""
        names: list[str] = ctx.obj.kg.catalogue.names()
        return names

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a stored query."""
        from whatworks.errors import Error  # noqa: PLC0415 - lazy on purpose

        try:
            return _command(ctx.obj.kg.catalogue.get(cmd_name))
        except Error:
            if ctx.resilient_parsing:  # a shell completes; one broken file must not hide the other queries
                return None
            raise


@click.group(cls=StoredQueries, subcommand_metavar="NAME [--PARAMETER VALUE]...")
def query() -> None:
    """Answer a stored query.

    \b
    Examples:
      whatworks query interventions --country Belgium --stage mainstreamed
      whatworks query success-factors --intervention expairs-project --format csv
      whatworks query gap-map --rows approach --columns country --output gaps.csv
    """


class StoredQuery(click.Command):
    """The command of one stored query."""

    def __init__(self, stored: "Query", **options: Any) -> None:
        super().__init__(stored.name, help=_help(stored), short_help=stored.summary, **options)
        self._stored = stored
        self.form = stored.form

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the parameters; an unknown one is an error that lists those that the query has."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            self._stored.parameter(error.option_name.lstrip("-"))
            raise


def _command(stored: "Query") -> click.Command:
    def run(
        format_: str | None,
        output: Path | None,
        limit: int | None,
        timeout: float | None,
        memory: int | None,
        show: bool,
        **given: Any,
    ) -> None:
        kg = _limited(click.get_current_context().obj.kg, timeout, memory, limit)
        values = given_values(stored.parameters, given)
        if show:
            emit(kg.sparql_of(stored, values).encode(), output)
            return
        emit_answer(kg, kg.ask(stored, values), format_, output, limit, _why_nothing(stored.parameters, values))

    options = [option_of(parameter) for parameter in stored.parameters]
    command = StoredQuery(stored, callback=run, params=[*options])
    for decorate in (
        click.option("--show", is_flag=True, help="Print the SPARQL text with the values bound, and do not run it."),
        memory_option,
        timeout_option,
        limit_option,
        output_option,
        format_option,
    ):
        decorate(command)
    command.params = [*options, *(param for param in command.params if param not in options)]
    return command


def given_values(parameters: "Iterable[Parameter]", given: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the values of the parameters that were given, as they were typed."""
    values = {parameter.name: given[python_name(parameter.name)] for parameter in parameters}
    return {
        name: value if isinstance(value, tuple) else (value,)
        for name, value in values.items()
        if value not in (None, ())
    }


def _why_nothing(parameters: "Iterable[Parameter]", values: "Mapping[str, Sequence[str]]") -> str:
    """Return why an answer may be empty: a first year after the last one, as in --started-from and --started-to."""
    for name in (each.name for each in parameters if each.type == "year" and each.name.endswith("-from")):
        other = f"{name.removesuffix('from')}to"
        if name in values and other in values and int(values[name][0]) > int(values[other][0]):
            return f"no year fits both --{name} {values[name][0]} and --{other} {values[other][0]}"
    return "nothing fits"


def option_of(parameter: "Parameter") -> click.Option:
    """Return the option by which a parameter is given."""
    notes = [parameter.summary]
    if parameter.choices:
        notes.append(f"One of: {', '.join(parameter.choices)}.")
    if parameter.required:
        notes.append("Required.")
    if parameter.many:
        notes.append("May be given several times.")
    if parameter.default is not None:
        notes.append(f"Default: {parameter.default}.")
    notes.append(f"Example: {parameter.example}.")
    metavar = parameter.scheme.upper() or parameter.type.upper()
    name = python_name(parameter.name)
    return click.Option(
        [f"--{parameter.name}", name],
        help=" ".join(notes),
        metavar=metavar,
        multiple=parameter.many,
        shell_complete=completes_value(parameter),
    )


def python_name(name: str) -> str:
    """Return the name under which a command gets a parameter's value."""
    return "param_" + name.replace("-", "_")


def _help(stored: "Query") -> str:
    from whatworks.catalogue import quoted  # noqa: PLC0415 - lazy on purpose

    paragraphs = [stored.summary]
    if stored.description:
        paragraphs.append(stored.description)
    if stored.returns:
        columns = "\n".join(f"  {column}: {meaning}" for column, meaning in stored.returns.items())
        paragraphs.append(f"\b\nColumns:\n{columns}")
    examples = " ".join(
        f"--{parameter.name} {quoted(parameter.example)}" for parameter in stored.parameters if parameter.required
    )
    first = next((parameter for parameter in stored.parameters if not parameter.required), None)
    if first is not None and not examples:
        examples = f"--{first.name} {quoted(first.example)}"
    paragraphs.append(f"\b\nExample:\n  whatworks query {stored.name} {examples}".rstrip())
    return "\n\n".join(paragraphs)


def _usage(parameter: "Parameter") -> str:
    text = f"--{parameter.name} {(parameter.scheme or parameter.type).upper()}"
    return text if parameter.required else f"[{text}]"


@click.command()
@click.argument("text", shell_complete=completes_text)
@format_option
@output_option
@limit_option
@timeout_option
@memory_option
@click.pass_obj
def sparql(
    opener: Any,
    text: str,
    format_: str | None,
    output: Path | None,
    limit: int | None,
    timeout: float | None,
    memory: int | None,
) -> None:
    """Answer an own SPARQL query (read-only).

    TEXT is the query, a file that ends in .rq or .sparql, or - for standard input. Prefixes of the model, such as ww:
    and stage:, need not be declared.

    \b
    Example:
      whatworks sparql "SELECT ?title { ?i ww:stage stage:mainstreamed ; dcterms:title ?title } LIMIT 3"
    """
    kg = _limited(opener.kg, timeout, memory, limit)
    emit_answer(kg, kg.sparql(_text(text)), format_, output, limit)


def _limited(kg: "KnowledgeGraph", timeout: float | None, memory: int | None, limit: int | None) -> "KnowledgeGraph":
    """Have queries answered in a process apart where a person limits their time or memory."""
    if timeout is not None or memory is not None:
        from whatworks.store import Limits  # noqa: PLC0415 - lazy on purpose

        kg.limits = Limits(timeout, limit, memory)
    return kg


def _text(text: str) -> str:
    from whatworks.errors import MissingFile, Place  # noqa: PLC0415 - lazy on purpose
    from whatworks.store import decoded  # noqa: PLC0415 - lazy on purpose

    if text == "-":
        if sys.stdin is None:
            raise MissingFile("Standard input is closed.", hint="Give the query as text or as a file.")
        return decoded(sys.stdin.buffer.read(), "standard input")
    if text.endswith((".rq", ".sparql")):
        try:
            return decoded(Path(text).read_bytes(), text)
        except OSError as error:
            raise MissingFile(f"The query cannot be read: {error.strerror}.", where=Place(text)) from error
    return text
