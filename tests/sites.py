"""Reads a site of files as a host and a browser do: which file an address leads to, and what pages link."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urljoin, urlsplit

# Elements that have no end.
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_LINKS = {"href", "src", "action"}


class Reader(HTMLParser):
    """Reads one page: its links, its ids, and whether each element ends where it should."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.faults: list[str] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, its links, and whether a server only shows it, or a site that has a form of documents."""
        said = dict(attrs)
        if len(said) != len(attrs):
            self.faults.append(f"{tag} has an attribute twice")
        classes = (said.get("class") or "").split()
        hidden = self._open[-1][1] if self._open else ""
        if "live" in classes:
            hidden = PurePosixPath(said.get("href") or "").suffix or "live"
        self.links += [(value, hidden) for name, value in attrs if name in _LINKS and value is not None]
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in _VOID:
            self._open.append((tag, hidden))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that ends at once."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        if not self._open or self._open[-1][0] != tag:
            self.faults.append(f"</{tag}> ends {self._open[-1:]}")
        else:
            self._open.pop()

    def read(self, text: str) -> "Reader":
        """Read a whole page."""
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> does not end" for tag, _ in self._open]
        self.faults += [f"two elements have the id {name}" for name in {*self.ids} if self.ids.count(name) > 1]
        if not re.match(r"<!doctype html>\n<html lang=\"[a-z]+\">", text):
            self.faults.append("it begins otherwise")
        return self


def file_of(site: Path, path: str) -> Path | None:
    """Return the file that hosts send for a path of an address; None where there is none."""
    name = unquote(path).lstrip("/")
    tried = [f"{name}index.html"] if not name or name.endswith("/") else [name, f"{name}.html"]
    return next((site / each for each in tried if (site / each).is_file()), None)


def dead_links(site: Path, home: str, pages: list[Path]) -> Iterator[str]:
    """Yield the links of pages that lead to no file of the site, and faults of their text."""
    known: dict[str, bool] = {}
    style = site / "style.css"
    shown = style.read_text(encoding="utf-8").rpartition(".live")[2] if style.exists() else ""
    for page in pages:
        found = Reader().read(page.read_text(encoding="utf-8"))
        yield from (f"{page.relative_to(site)}: {fault}" for fault in found.faults)
        path = page.relative_to(site)
        here = home + quote((path.parent if page.name == "index.html" else path.with_suffix("")).as_posix())
        here = f"{here.removesuffix('.').rstrip('/')}/" if page.name == "index.html" else here
        for link, hidden in found.links:
            if hidden.startswith(".") and f'"{hidden}"' not in shown:
                continue
            to = urljoin(here, link)
            if not to.startswith(home):
                if urlsplit(to).netloc == urlsplit(home).netloc:
                    yield f"{page.relative_to(site)}: {link} leaves the site"
                continue
            parts = urlsplit(to.removeprefix(home))
            # The list is narrowed down by a script; without it, it has all.
            by_script = parts.path == "interventions"
            if parts.query and not parts.query.startswith("v=") and not hidden and not by_script:
                yield f"{page.relative_to(site)}: {link} asks, and nobody answers"
            if parts.path not in known:
                known[parts.path] = file_of(site, parts.path) is not None
            if not known[parts.path]:
                yield f"{page.relative_to(site)}: {link} is not there"
            if parts.fragment and to.partition("#")[0] == here and parts.fragment not in found.ids:
                yield f"{page.relative_to(site)}: {link} is no part of it"
