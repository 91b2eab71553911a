"""Files by which hosts know what our server does by itself: types, addresses without an ending, what moved.

GitHub, GitLab, Netlify and Cloudflare send `x.html` for `/x` without being told.
"""

from collections.abc import Iterator
from html import escape
from urllib.parse import urlsplit

from whatworks.publish.dumps import PACKED
from whatworks.publish.offers import CITATION, DOCUMENT, Offer, offers

_TYPES = (
    *(offer for offer in DOCUMENT if offer.name != "html"),
    *CITATION,
    *offers("csv", "xlsx"),
    Offer("gzip", "application/gzip", PACKED),
)
_BINARY = ("xlsx", "gzip")
# The files of a release that lie packed here; the server has them as they are, and such addresses lead on.
_WHOLE = ("nq", "ttl", "jsonld")


def leading(address: str) -> bytes:
    """Return a page that leads to another one."""
    shown = escape(address)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{shown}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={shown}"><meta name="robots" content="noindex">\n'
        f'</head><body><p><a href="{shown}">{shown}</a></p></body></html>\n'
    ).encode()


def files(home: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files, which hosts that do not know them ignore.

    Args:
        home: The address where the site will be, with a slash at its end.
    """
    root = urlsplit(home).path.rstrip("/")
    yield ".nojekyll", b""  # else GitHub leaves out /.well-known/
    yield "_headers", _headers(root).encode()
    moved = [f"{root}/dumps/:release/data.{end} {root}/dumps/:release/data.{end}{PACKED} 302" for end in _WHOLE]
    yield "_redirects", "\n".join([f"{root}/id/* {root}/doc/:splat 303", *moved, ""]).encode()
    yield ".htaccess", _apache(root).encode()


def _media_type(offer: Offer) -> str:
    return offer.media_type if offer.name in _BINARY else f"{offer.media_type}; charset=utf-8"


def _headers(root: str) -> str:
    """Return what Netlify and Cloudflare read."""
    lines = [f"{root}/*", "  Access-Control-Allow-Origin: *", "  X-Content-Type-Options: nosniff"]
    for offer in _TYPES:
        lines += [f"{root}/*{offer.ending}", f"  Content-Type: {_media_type(offer)}"]
    lines += [f"{root}/.well-known/void", "  Content-Type: text/turtle; charset=utf-8", ""]
    return "\n".join(lines)


def _apache(root: str) -> str:
    """Return what Apache reads, where it may at all (AllowOverride FileInfo)."""
    lines = [
        "# Addresses without an ending, types, and what leads from a thing to its document.",
        f"ErrorDocument 404 {root}/404.html",
        "AddDefaultCharset utf-8",
        "<IfModule mod_mime.c>",
        *(f'    AddType "{_media_type(offer)}" {offer.ending}' for offer in _TYPES),
        f"    RemoveEncoding {PACKED}",  # else it is unpacked on the way, under the name of what is packed
        "</IfModule>",
        '<FilesMatch "^void$">',
        '    ForceType "text/turtle; charset=utf-8"',
        "</FilesMatch>",
        "<IfModule mod_headers.c>",
        '    Header always set Access-Control-Allow-Origin "*"',
        '    Header always set X-Content-Type-Options "nosniff"',
        "</IfModule>",
        "<IfModule mod_rewrite.c>",
        "    RewriteEngine on",
        "    RewriteCond %{REQUEST_FILENAME}.html -f",
        "    RewriteRule [^/]$ %{REQUEST_URI}.html [L]",
        f"    RewriteRule ^id/(.+)$ {root}/doc/$1 [R=303,L]",
        f"    RewriteRule ^(dumps/[^/]+/data\\.({'|'.join(_WHOLE)}))$ {root}/$1{PACKED} [R=302,L]",
        "</IfModule>",
        "",
    ]
    return "\n".join(lines)
