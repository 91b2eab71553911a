"""Rules by which Apache, nginx and w3id.org lead from the IRIs of a collection to where it is published.

Where a server of ours answers, each IRI leads to the same path there, and that server negotiates. Where files lie that
nobody negotiates about, the rules do: they are made of the table that our server negotiates with (`offers`), with
quality values to one digit, so that both send a client to the same document. Only forms that are there count; who
accepts none of them is told so (406), as our server does.
"""

import re
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from whatworks.errors import InvalidValue
from whatworks.publish.offers import DOCUMENT, OTHER_NAMES, Offer, filed
from whatworks.terms import is_iri

# What stands at its own path in several forms; things (id/…) have their documents at doc/….
PATHS = ("ont", "shapes", "catalog", "voc/", "graph/", "dataset/", "doc/")
_USUAL = DOCUMENT[0].ending
# A header that names types, and leaves none open; where nothing of it is there, nothing can be sent.
_NAMES = "^[^*]*/[^*]*$"
_NOT_THERE = "?406"  # stands where an ending would, and no path has it
_HEAD = "Made by: whatworks redirects. From {base} to {target}"


def rules(kind: str, base: str, target: str, *, negotiated: bool, forms: Collection[str] = ()) -> str:
    """Return the rules.

    Args:
        kind: apache, nginx or w3id.
        base: The base of the IRIs.
        target: The address where the collection is published.
        negotiated: Whether the rules choose the format, as the target cannot.
        forms: The names of the RDF formats that were wished for there, beside those that a site of files has anyway.

    Raises:
        InvalidValue: The target is no address of the web, or no folder.
    """
    parts = urlsplit(target)
    plain = is_iri(target) and parts.scheme in ("http", "https") and not re.search(r"""[$%"'\\{}();?#]""", target)
    if not plain or not parts.netloc or not target.endswith("/"):
        raise InvalidValue(
            f"{target[:200]!r} is no address to lead to.",
            hint="Write it with http:// or https:// and a slash at its end.",
        )
    kinds = _kinds(forms) if negotiated else []
    if kind == "nginx":
        return _nginx(base, target, kinds)
    return _apache(base, target, kinds, in_folder=kind == "w3id")


def _kinds(forms: Collection[str]) -> list[tuple[str, Sequence[Offer]]]:
    """Return the kinds of documents that have other forms than the rest, each with a pattern of their paths."""
    graphs, others = filed("graph/", forms), filed("", forms)
    every = f"(?:id/.+|{_documents()})"
    return [(every, others)] if graphs == others else [("graph/.+", graphs), (every, others)]


def _levels(forms: Sequence[Offer]) -> list[tuple[Offer, str]]:
    """Return each format with a pattern of headers that want it, the ones first that are wanted most."""
    return [(offer, _pattern(offer, level)) for level in range(10, -1, -1) for offer in forms]


def _pattern(offer: Offer, tenths: int) -> str:
    names = "|".join(re.escape(name).replace("/", "/") for name in (offer.media_type, *OTHER_NAMES.get(offer.name, ())))
    other = r"(?:;(?!\s*q\s*=)[^,;]*)*"
    end = r"\s*(?:[,;]|$)"
    if tenths == 10:
        wanted = rf"(?:;\s*q\s*=\s*1(?:\.0*)?{end}|\s*(?:,|$))"
    else:
        digits = rf"{tenths}\d*" if tenths else r"0\d*[1-9]\d*"
        wanted = rf";\s*q\s*=\s*0?\.{digits}{end}"
    return rf"(?:^|,)\s*(?:{names})\s*{other}{wanted}"


def _endings() -> str:
    return "|".join(re.escape(offer.ending[1:]) for offer in DOCUMENT)


def _documents() -> str:
    """Return a pattern of the paths that have several forms."""
    return "|".join(f"{path}[^?]+" if path.endswith("/") else path for path in PATHS)


def _apache(base: str, target: str, kinds: Sequence[tuple[str, Sequence[Offer]]], *, in_folder: bool) -> str:
    before = "^" if in_folder else f"^/?{re.escape(urlsplit(base).path[1:])}"
    lines = [
        f"# {_HEAD.format(base=base, target=target)}",
        "RewriteEngine on",
        "<IfModule mod_headers.c>",
        'Header always set Access-Control-Allow-Origin "*"',
        *(["Header always merge Vary Accept"] if kinds else []),
        "</IfModule>",
    ]
    if kinds:
        ends = rf"\.(?:{_endings()})"
        lines += [
            f'RewriteRule "{before}id/(.+{ends})$" "{target}doc/$1" [R=303,L]',
            f'RewriteRule "{before}((?:{_documents()}){ends})$" "{target}$1" [R=303,L]',
        ]
        for paths, forms in kinds:
            for offer, pattern in _levels(forms):
                lines += [
                    "RewriteCond %{ENV:WHATWORKS} ^$",
                    f'RewriteCond %{{HTTP_ACCEPT}} "{pattern}" [NC]',
                    f'RewriteRule "{before}{paths}$" - [E=WHATWORKS:{offer.ending}]',
                ]
            lines += [
                "RewriteCond %{ENV:WHATWORKS} ^$",
                f'RewriteCond %{{HTTP_ACCEPT}} "{_NAMES}"',
                f'RewriteRule "{before}{paths}$" - [R=406,L]',
                "RewriteCond %{ENV:WHATWORKS} ^$",
                f'RewriteRule "{before}{paths}$" - [E=WHATWORKS:{_USUAL}]',
            ]
        lines += [
            f'RewriteRule "{before}id/(.+)$" "{target}doc/$1%{{ENV:WHATWORKS}}" [R=303,L]',
            f'RewriteRule "{before}({_documents()})$" "{target}$1%{{ENV:WHATWORKS}}" [R=303,L]',
        ]
    lines.append(f'RewriteRule "{before}(.*)$" "{target}$1" [R=303,L]')
    return "\n".join([*lines, ""])


def _nginx(base: str, target: str, kinds: Sequence[tuple[str, Sequence[Offer]]]) -> str:
    parts = urlsplit(base)
    path = re.escape(parts.path)
    lines = [f"# {_HEAD.format(base=base, target=target)}", "# For the context http."]
    to = [f'"~^{path}(?<whatworks_rest>[^?]*)" "$whatworks_rest";']
    if kinds:
        end = r"(?:\\?|$)"
        found = [
            f'"~^{path}id/(?<whatworks_a>[^?]+\\.(?:{_endings()})){end}" "doc/$whatworks_a";',
            f'"~^{path}(?<whatworks_b>(?:{_documents()})\\.(?:{_endings()})){end}" "$whatworks_b";',
        ]
        for number, (paths, forms) in enumerate(kinds):
            lines += [f"map $http_accept $whatworks_ending{number} {{", f'    default "{_USUAL}";']
            lines += [f'    "~*{_nginx_text(pattern)}" "{offer.ending}";' for offer, pattern in _levels(forms)]
            lines += [f'    "~{_NAMES}" "{_NOT_THERE}";', "}"]
            of_kind = paths.replace("(?:id/.+|", "(?:").replace(".+", "[^?]+")
            found.append(
                f'"~^{path}(?<whatworks_c{number}>{of_kind}){end}" "$whatworks_c{number}$whatworks_ending{number}";'
            )
        last = len(kinds) - 1
        found.append(f'"~^{path}id/(?<whatworks_d>[^?]+)" "doc/$whatworks_d$whatworks_ending{last}";')
        to = [*found, *to]
    lines += ["map $request_uri $whatworks_path {", '    default "";', *(f"    {each}" for each in to), "}"]
    vary = ["        add_header Vary Accept always;"] if kinds else []
    refused = [rf"        if ($whatworks_path ~ \{_NOT_THERE}$) {{ return 406; }}"] if kinds else []
    lines += [
        "server {",
        "    listen 80; # and what TLS needs",
        f"    server_name {parts.hostname};",
        f"    location {parts.path} {{",
        '        add_header Access-Control-Allow-Origin "*";',
        *vary,
        *refused,
        f"        return 303 {target}$whatworks_path$is_args$args;",
        "    }",
        "}",
        "",
    ]
    return "\n".join(lines)


def _nginx_text(pattern: str) -> str:
    """Return a pattern as it stands within quotes in a configuration of nginx."""
    return pattern.replace("\\", "\\\\").replace('"', '\\"')
