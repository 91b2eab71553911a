"""The gate before the query engine: refuses what would stop it, reach outside, or change data.

An embedded engine cannot be interrupted, and a text of a few kilobytes can overflow its stack, so a query is looked at
before the engine sees it. The text is cut into tokens as the SPARQL 1.1 grammar does (section 19.8), so nothing in a
string, an IRI or a comment counts. The engine cuts more freely: it takes `trueSERVICE` for two words, and `<` for a
sign where an IRI would do. Where the two could differ, the gate counts both readings or says that it is no SPARQL.
"""

import re
from bisect import bisect_right
from collections.abc import Container
from contextlib import suppress
from functools import cache
from itertools import accumulate
from operator import gt
from typing import NamedTuple

from whatworks.errors import Place, QueryRefused, QuerySyntax, UpdateRefused

# The letters of names: PN_CHARS_BASE and PN_CHARS (without the hyphen) of the grammar.
_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHAR = _BASE + "0-9_\u00b7\u0300-\u036f\u203f\u2040"
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]"
_UCHAR = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"


@cache
def patterns(ascii: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of a token and that of a part of a run of letters.

    To make them for all letters takes longer than an answer from a small graph, so a text in ASCII gets its own.
    """
    base, char = ("A-Za-z", "A-Za-z0-9_") if ascii else (_BASE, _CHAR)
    run = rf"[{base}][{char}-]*+(?:\.++[{char}-]++)*+"
    # Nothing here is tried twice, so that the time is linear in the text; an unclosed quote or a lone backslash ends
    # the reading, because what follows could be cut in too many ways.
    token = rf"""\s*+(?:
      (?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|{_UCHAR})*+>)
    | (?P<string>'''(?:'{{0,2}}+(?:[^'\\]|\\.))*+''' | \"""(?:"{{0,2}}+(?:[^"\\]|\\.))*+\"""
               | '(?:[^'\\\n\r]|\\[^\n\r])*+' | "(?:[^"\\\n\r]|\\[^\n\r])*+")
    | (?P<comment>\#[^\n\r]*+)
    | (?P<variable>[?$][{char}]++)
    | (?P<name>(?:{run}|_)?+:(?:(?:[{char}:]|{_PLX})(?:[{char}:-]|{_PLX}|\.++(?=[{char}:-]|{_PLX}))*+)?+)
    | (?P<tag>@[A-Za-z]++(?:-{{1,2}}[A-Za-z0-9]++)*+)
    | (?P<run>{run})
    | (?P<number>[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+)
    | (?P<bad>['"\\].*+)
    | (?P<operator>\|\||&&|\^\^|<=|>=|!=|.)
    | (?P<end>\Z))
    """
    part = rf"(?P<word>[A-Za-z][{char}]*+)|(?P<number>[0-9]++)|(?P<operator>.)"
    return re.compile(token, re.VERBOSE | re.DOTALL), re.compile(part)


_UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_ESCAPE = re.compile(rf"\\[tbnrf\"'\\]|{_UCHAR}|(?P<bad>\\)")
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
# What usually stands before the form of a query.
_HEAD = r"\s|\#[^\n\r]*+[\n\r]|PREFIX\s++[A-Za-z0-9-]*+:\s*+<[^<>\s]*+>"
_USUAL = re.compile(rf"(?:{_HEAD})*+({'|'.join(_FORMS)})\b", re.IGNORECASE)
_UPDATES = ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
_WORDS = frozenset(
    """
    A ADJUST AS ASC ASK AVG ABS BASE BIND BNODE BOUND BY CEIL COALESCE CONCAT CONSTRUCT CONTAINS COUNT DATATYPE DAY
    DESC DESCRIBE DISTINCT ENCODE_FOR_URI EXISTS FALSE FILTER FLOOR FROM GRAPH GROUP GROUP_CONCAT HASLANG
    HASLANGDIR HAVING HOURS IF IN IRI ISBLANK ISIRI ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES LATERAL
    LCASE LIMIT MAX MD5 MIN MINUS MINUTES MONTH NAMED NOT NOW OBJECT OFFSET OPTIONAL ORDER PREDICATE PREFIX RAND
    REDUCED REGEX REPLACE ROUND SAMETERM SAMPLE SECONDS SELECT SEPARATOR SHA1 SHA256 SHA384 SHA512 STR STRAFTER
    STRBEFORE STRDT STRENDS STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID SUBJECT SUBSTR SUM TIMEZONE TRIPLE TRUE TZ UCASE
    UNDEF UNION URI UUID VALUES VERSION WHERE YEAR
    """.split()  # noqa: SIM905 - a list of a hundred literals would not be easier to read
)
_COUNTED = ("AS", "BIND", "FILTER", "HAVING", "VALUES")
_TERMS = ("iri", "string", "variable", "name", "number")
_OPEN, _CLOSE = "({[", ")}]"
_CHAIN = ("||", "&&", "!", "+", "-", "*", "/", "|", "^", "<", ">", "=", "<=", ">=", "!=")
# So many signs may be in an IRI before they are counted as the operators they would be if `<` meant "less than".
_SIGNS_OF_AN_IRI = 20
_SEVERAL = "Ask in several queries; put lists of values into VALUES."
_TOO_MUCH = {
    "nesting": ("is nested more than {} deep", "Write it flatter."),
    "selects": ("has SELECT within SELECT more than {} deep", "Write it flatter."),
    "repeats": ("repeats groups of a path more than {} deep", "Write the path flatter."),
    "items": ("groups or sorts by more than {} items", "Take fewer."),
    "patterns": ("has more than {} patterns", _SEVERAL),
    "operators": ("has more than {} operators", _SEVERAL),
    "tokens": ("has more than {} words, terms and signs", _SEVERAL),
}
_BRACKETS, _SIGNS = re.compile(r"[()\[\]]"), re.compile(r"[!+\-*/=&,]")


class Limits(NamedTuple):
    """What a query text may be. Each limit was measured on a text that overflowed the engine's stack or never ended.

    They bound reading and planning, for texts of the kinds that tests/test_gate.py lists; no limit of a text bounds how
    long its answer takes, as a few patterns without a common variable have more answers than anyone can wait for.

    Attributes:
        characters: Length of the text.
        nesting: Depth of groups, brackets and parentheses.
        patterns: Number of triple patterns, groups, filters and list members outside VALUES blocks.
        operators: Number of operators, path steps and arguments outside VALUES blocks.
        tokens: Number of words, terms and signs outside VALUES blocks.
        items: Number of items of one GROUP BY or ORDER BY.
        selects: Depth of SELECT within SELECT.
        repeats: Depth of groups of a path with * or + within each other.
    """

    characters: int = 256 * 1024
    nesting: int = 100
    patterns: int = 100
    operators: int = 400
    tokens: int = 2000
    items: int = 50
    selects: int = 10
    repeats: int = 10


class Token(NamedTuple):
    """A piece of a query: its kind, its text and where it starts."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """The keyword in upper case; empty if the token is none."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(query: str) -> list[Token]:
    """Cut a query into tokens; comments and white space are left out.

    The last token is of the kind `bad`, and holds the rest, where a quote is not closed or a backslash stands alone.
    """
    found = []
    token, part_of_run = patterns(query.isascii())
    for match in token.finditer(query):
        kind, group = match.lastgroup or "", match.lastindex or 0
        if kind == "run":
            start = match.start(group)
            parts = part_of_run.finditer(match.group(group))
            found += [Token(part.lastgroup or "", part.group(), start + part.start()) for part in parts]
        elif kind not in ("comment", "end"):
            found.append(Token(kind, match.group(group), match.start(group)))
    return found


def head(query: str) -> tuple[str, int]:
    """Return the form of a query and the place behind it, without looking at the rest; nothing if it has none."""
    if (usual := _USUAL.match(query)) is not None:
        return usual[1].upper(), usual.end()
    for match in patterns(query.isascii())[0].finditer(query):
        if match.lastgroup == "run" and (word := match.group("run").upper()) in _FORMS:
            return word, match.end()
    return "", 0


def check(query: str, *, graphs: Container[str] = (), limits: Limits | None = None) -> str:
    """Return the query's form (SELECT, ASK, CONSTRUCT or DESCRIBE) if the engine may see it.

    Args:
        query: The SPARQL text.
        graphs: IRIs of the graphs that FROM may name.
        limits: Other limits than the usual ones.

    Raises:
        QueryRefused: The text is too long, too deep or too large, is no query, or names something outside.
        QuerySyntax: The text cannot be cut into words of SPARQL.
    """
    limits = limits or Limits()
    if len(query) > limits.characters:
        raise QueryRefused(
            f"The query has {len(query)} characters; at most {limits.characters} are allowed.",
            hint="Put long lists of values into the data, or ask in several queries.",
            where=place_of(query, limits.characters),
        )
    # SPARQL replaces \uXXXX before it reads tokens, other engines after it, so the gate reads the text in both ways.
    if _UNICODE_ESCAPE.search(query):
        with suppress(QuerySyntax):  # an engine that reads the text in this way refuses it, too
            _check_tokens(_tokens_after_escapes(query), query, graphs, limits)
    return _check_tokens(tokens(query), query, graphs, limits)


def _tokens_after_escapes(query: str) -> list[Token]:
    """Replace \\uXXXX, then cut into tokens; their places are those in the text as it was written."""
    starts, shifts = [0], [0]
    for match in _UNICODE_ESCAPE.finditer(query):
        starts.append(match.start() - shifts[-1] + 1)
        shifts.append(shifts[-1] + len(match.group()) - 1)
    found = tokens(_UNICODE_ESCAPE.sub(_character, query))
    return [token._replace(start=token.start + shifts[bisect_right(starts, token.start) - 1]) for token in found]


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _check_tokens(found: list[Token], query: str, graphs: Container[str], limits: Limits) -> str:
    form = ""
    for index, token in enumerate(found):
        if token.kind not in ("word", "name", "string", "bad"):
            continue
        word = token.word
        following = found[index + 1].text if index + 1 < len(found) else ""
        if reached := _reaching(token, following, found[index - 1].word if index else ""):
            refused = UpdateRefused if reached == "LOAD" else QueryRefused
            said, hint = f"{reached} would reach another machine.", "Ask only what is in the store."
            raise refused(said, hint=hint, where=place_of(query, token.start))
        if word in _UPDATES:
            raise UpdateRefused(
                f"{word} would change data; only queries are answered.",
                hint="Use SELECT, ASK, CONSTRUCT or DESCRIBE.",
                where=place_of(query, token.start),
            )
        if not form and word in _FORMS:
            form = word
        if word == "FROM":
            _check_from(found, index, query, graphs)
        if form or token.kind == "bad":
            _check_spelling(token, query)
    if not form:
        raise QueryRefused(
            "The text holds no query.",
            hint="Start with SELECT, ASK, CONSTRUCT or DESCRIBE.",
            where=place_of(query, found[0].start if found else 0),
        )
    _check_size(found, query, limits, form)
    return form


def _reaching(token: Token, following: str, before: str) -> str:
    """Return the keyword by which a token reaches outside; it may be written together with its neighbours."""
    if token.kind == "word":
        return next((word for word in ("SERVICE", "LOAD") if word in token.word), "")
    if token.kind == "name" and following == "{" and before not in ("GRAPH", "DESCRIBE"):
        return "SERVICE" if "SERVICE" in token.text.split(":")[0].upper() else ""
    return ""


def _check_spelling(token: Token, query: str) -> None:
    """Refuse what no reading of SPARQL takes for one token, and what an engine might take for two."""
    said, start = "", token.start
    if token.kind == "bad":
        said = "A backslash stands alone" if token.text[0] == "\\" else "A quote is not closed"
    elif token.word and token.word not in _WORDS:
        said = f"{token.text!r} is no word of SPARQL"
    elif token.kind == "string":
        for match in _ESCAPE.finditer(token.text):
            code = int(match.group()[2:] or "0", 16) if match.group()[1:2] in ("u", "U") else 0
            if match["bad"] or code > 0x10FFFF or 0xD800 <= code < 0xE000:
                said, start = "The backslash begins no escape", token.start + match.start()
                break
    if said:
        raise QuerySyntax(
            f"The query is not valid SPARQL. {said}.",
            hint="Check the spelling, the quotes and the spaces between words.",
            where=place_of(query, start),
        )


def _check_from(found: list[Token], index: int, query: str, graphs: Container[str]) -> None:
    following = [token for token in found[index + 1 : index + 3] if token.word != "NAMED"]
    if following and following[0].kind == "iri" and following[0].text[1:-1] in graphs:
        return
    raise _refused(
        query,
        found[index],
        "FROM names something that is no graph of the store.",
        "Leave FROM out, or give the full IRI of a graph that `whatworks stats --graphs` lists.",
    )


def _check_size(found: list[Token], query: str, limits: Limits, form: str) -> None:
    size, before = _Size(form), Token("", "", 0)
    most = [getattr(limits, name) for name in _TOO_MUCH]
    for token in found:
        size.add(token, before)
        if size.unknown:
            raise _refused(query, token, f"{size.unknown}.", "Ask with SPARQL 1.1; put spaces around < and >.")
        before = token
        if any(map(gt, size.numbers, most)):
            for number, limit, (said, hint) in zip(size.numbers, most, _TOO_MUCH.values(), strict=True):
                if number > limit:
                    raise _refused(query, token, f"The query {said.format(limit)}.", hint)


class _Size:
    """Counts what makes a query deep or long to plan. Inside the data of VALUES nothing counts but depth."""

    def __init__(self, form: str) -> None:
        self.patterns = self.operators = self.tokens = self.items = self.repeats = 0
        self.unknown = ""
        self._form = form
        self._brackets: list[str] = []
        self._selects: list[bool] = [False]  # for each open bracket, and outside, whether a SELECT stands in it
        self._repeats: list[int] = [0]  # how deep repeated groups lie in it
        self._closed = 0  # how deep they lie in the group just closed
        self._selecting = False
        self._in_iris = self._peak = 0
        self._values_announced = False
        self._values_depth: int | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """What is counted, in the order of `_TOO_MUCH`; brackets count that would be open if no `<` began an IRI."""
        depth = len(self._brackets) + max(0, self._in_iris) + self._peak
        return depth, sum(self._selects), self.repeats, self.items, self.patterns, self.operators, self.tokens

    def add(self, token: Token, before: Token) -> None:
        """Count a token, given the one before."""
        self._peak = 0
        inside = self._brackets[-1] if self._brackets else ""
        self._check_known(token, before)
        if token.kind == "iri" and _BRACKETS.search(token.text):
            levels = list(accumulate((char in "([") - (char in ")]") for char in token.text))
            if min(levels) < 0 and self._values_depth is None and (inside == "(" or self._in_iris > 0):
                self.unknown = "What may be an IRI or a comparison closes a bracket"
            self._peak, self._in_iris = max(levels), self._in_iris + levels[-1]
        if self._values_depth is None:
            self._count(token, before, inside)
            self._count_items(token, inside)
        if token.kind != "operator":
            if token.word == "VALUES":
                self._values_announced = True
        elif token.text in _OPEN:
            self._brackets.append(token.text)
            self._selects.append(False)
            self._repeats.append(0)
            if self._values_announced and token.text == "{":
                self._values_depth, self._values_announced = len(self._brackets), False
        elif token.text in _CLOSE and self._brackets:
            if self._values_depth == len(self._brackets):
                self._values_depth = None
            self._brackets.pop()
            self._selects.pop()
            self._closed = self._repeats.pop()
            self._repeats[-1] = max(self._repeats[-1], self._closed)
        elif token.text in "*+?" and before.text == ")":
            self._repeats[-1] = max(self._repeats[-1], self._closed + 1)
            self.repeats = max(self.repeats, self._closed + 1)

    def _check_known(self, token: Token, before: Token) -> None:
        """Note what is no SPARQL 1.1: its quoted triples and reifiers, which the engine reads without a bound."""
        follows = before.start + len(before.text) == token.start
        if token.text == "~":
            self.unknown = "~ is no sign of SPARQL 1.1"
        elif before.text == "<" and follows and (token.kind == "iri" or token.text == "<"):
            self.unknown = "<< is no sign of SPARQL 1.1"
        elif before.text == "{" and follows and token.text in ("|", "||"):
            self.unknown = "{| is no sign of SPARQL 1.1"

    def _count_items(self, token: Token, inside: str) -> None:
        """Count what stands in a row outside parentheses, as only items of GROUP BY and ORDER BY do without end."""
        self.tokens += 1
        if token.word == "SELECT":
            self._selecting = self._selects[-1] = True
        elif token.text == "{":
            self._selecting = False
        if inside in ("", "{"):
            if token.kind == "variable" or token.text == "(":
                self.items += not self._selecting
            elif (token.kind == "operator" and token.text != ")") or token.word in _COUNTED:
                self.items = 0

    def _count(self, token: Token, before: Token, inside: str) -> None:
        in_parentheses = inside == "("
        if token.kind == "iri":
            self.operators += max(0, len(_SIGNS.findall(token.text)) - _SIGNS_OF_AN_IRI)
        elif token.kind == "word":
            self.patterns += token.word in _COUNTED
        elif token.kind == "operator":
            self.patterns += token.text in (".;{[+-" if in_parentheses else ".;{[,")
            self.operators += token.text in _CHAIN or (in_parentheses and token.text == ",")
        if (in_parentheses or token.text == "(") and _begins_term(token) and _ends_term(before):
            self.patterns += 2  # a member of a list, which stands for two triples, or one more condition
        if self._form == "DESCRIBE" and not inside and token.kind in ("iri", "name", "variable"):
            self.patterns += 1


def _begins_term(token: Token) -> bool:
    return token.kind in _TERMS or token.word in ("TRUE", "FALSE") or token.text in ("(", "[")


def _ends_term(token: Token) -> bool:
    return token.kind in (*_TERMS, "tag") or token.word in ("TRUE", "FALSE") or token.text in (")", "]")


def place_of(query: str, start: int) -> Place:
    """Return the line and column of a place in a query."""
    return Place("query", query.count("\n", 0, start) + 1, start - query.rfind("\n", 0, start))


def _refused(query: str, token: Token, message: str, hint: str) -> QueryRefused:
    return QueryRefused(message, hint=hint, where=place_of(query, token.start))
