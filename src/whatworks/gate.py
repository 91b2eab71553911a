"""The gate before the query engine: refuses what would stop it, reach outside, or change data.

An embedded engine cannot be interrupted, and a text of a few kilobytes can overflow its stack, so a query is looked at
before the engine sees it. The text is cut into tokens as the SPARQL 1.1 grammar does (section 19.8), so nothing in a
string, an IRI or a comment counts.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from whatworks.errors import Place, QueryRefused

_TOKEN = re.compile(
    r"""
      (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>'''(?:'{0,2}(?:[^'\\]|\\.))*''' | \"""(?:"{0,2}(?:[^"\\]|\\.))*\"""
               | '(?:[^'\\\n\r]|\\.)*' | "(?:[^"\\\n\r]|\\.)*")
    | (?P<comment>\#[^\n\r]*)
    | (?P<space>\s+)
    | (?P<variable>[?$]\w+)
    | (?P<name>(?:[^\W\d_](?:[\w.-]*[\w-])?)?:(?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-])
               (?:(?:[\w.:-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-])*(?:[\w:-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]))?)?)
    | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<operator>\|\||&&|\^\^|<=|>=|!=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATES = ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
_OPEN, _CLOSE = "({[", ")}]"
_CHAIN = ("||", "&&", "!", "+", "-", "*", "/", "|", "^", "<", ">", "=", "<=", ">=", "!=")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query text may be.

    Attributes:
        characters: Length of the text.
        nesting: Depth of groups, brackets and parentheses.
        patterns: Number of triple patterns and graph patterns outside VALUES blocks.
        operators: Number of operators and path steps outside VALUES blocks.
    """

    characters: int = 256 * 1024
    nesting: int = 100
    patterns: int = 500
    operators: int = 400


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query: its kind, its text and where it starts."""

    kind: str
    text: str
    start: int


def tokens(query: str) -> list[Token]:
    """Cut a query into tokens; comments and white space are left out."""
    found = []
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup or ""
        if kind not in ("space", "comment"):
            found.append(Token(kind, match.group(), match.start()))
    return found


def check(query: str, *, graphs: Collection[str] = (), limits: Limits | None = None) -> str:
    """Return the query's form (SELECT, ASK, CONSTRUCT or DESCRIBE) if the engine may see it.

    Args:
        query: The SPARQL text.
        graphs: IRIs of the graphs that FROM may name.
        limits: Other limits than the usual ones.

    Raises:
        QueryRefused: The text is too long, too deep or too large, is no query, or names something outside.
    """
    limits = limits or Limits()
    if len(query) > limits.characters:
        raise QueryRefused(
            f"The query has {len(query)} characters; at most {limits.characters} are allowed.",
            hint="Put long lists of values into the data, or ask in several queries.",
        )
    # SPARQL replaces \uXXXX before it reads tokens, so the gate must see the text the engine may see.
    if _UNICODE_ESCAPE.search(query):
        _check_tokens(tokens(_UNICODE_ESCAPE.sub(_character, query)), query, graphs, limits)
    return _check_tokens(tokens(query), query, graphs, limits)


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _check_tokens(found: list[Token], query: str, graphs: Collection[str], limits: Limits) -> str:
    form = ""
    for index, token in enumerate(found):
        word = token.text.upper() if token.kind == "word" else ""
        if word in ("SERVICE", "LOAD"):
            raise _refused(query, token, f"{word} would reach another machine.", "Ask only what is in the store.")
        if not form and (word in _FORMS or word in _UPDATES):
            if word in _UPDATES:
                raise _refused(
                    query,
                    token,
                    f"{word} would change data; only queries are answered.",
                    "Use SELECT, ASK, CONSTRUCT or DESCRIBE.",
                )
            form = word
        if word == "FROM":
            _check_from(found, index, query, graphs)
    if not form:
        raise QueryRefused("The text holds no query.", hint="Start with SELECT, ASK, CONSTRUCT or DESCRIBE.")
    _check_size(found, query, limits)
    return form


def _check_from(found: list[Token], index: int, query: str, graphs: Collection[str]) -> None:
    following = [token for token in found[index + 1 : index + 3] if token.text.upper() != "NAMED"]
    if following and following[0].kind == "iri" and following[0].text[1:-1] in graphs:
        return
    raise _refused(
        query,
        found[index],
        "FROM names something that is no graph of the store.",
        "Leave FROM out, or give the full IRI of a graph that `whatworks stats --graphs` lists.",
    )


def _check_size(found: list[Token], query: str, limits: Limits) -> None:
    depth = patterns = operators = 0
    values_depth: int | None = None
    after_values = False
    for token in found:
        if token.kind == "word":
            after_values |= token.text.upper() == "VALUES"
            patterns += token.text.upper() in ("UNION", "OPTIONAL", "MINUS", "EXISTS", "FILTER", "BIND")
        if token.kind != "operator":
            continue
        if token.text in _OPEN:
            depth += 1
            if after_values and token.text == "{":
                values_depth, after_values = depth, False
            if depth > limits.nesting:
                raise _refused(
                    query, token, f"The query is nested more than {limits.nesting} deep.", "Write it flatter."
                )
        elif token.text in _CLOSE:
            if values_depth == depth:
                values_depth = None
            depth -= 1
        elif values_depth is None:
            patterns += token.text in ".;,"
            operators += token.text in _CHAIN
        if patterns > limits.patterns:
            raise _refused(
                query,
                token,
                f"The query has more than {limits.patterns} patterns.",
                "Ask in several queries.",
            )
        if operators > limits.operators:
            raise _refused(
                query,
                token,
                f"The query has more than {limits.operators} operators.",
                "Ask in several queries.",
            )


def _refused(query: str, token: Token, message: str, hint: str) -> QueryRefused:
    line = query.count("\n", 0, token.start) + 1
    column = token.start - query.rfind("\n", 0, token.start)
    return QueryRefused(message, hint=hint, where=Place("query", line, column))
