"""Settings of the handbook: `python -m sphinx -W -n --keep-going docs build/docs`.

The site asks no other machine for anything: no fonts, no scripts, no pictures from outside.
"""

# Pygments ships no types; it is used here only.
from pygments.lexers.rdf import SparqlLexer  # type: ignore[import-untyped]
from pygments.lexers.shell import BashSessionLexer  # type: ignore[import-untyped]
from pygments.token import Operator  # type: ignore[import-untyped]
from sphinx.application import Sphinx

from whatworks import __version__

project = "whatworks"
author = "whatworks contributors"
project_copyright = "whatworks contributors"
version = release = __version__

extensions = ["myst_parser"]
# README.md is the front page on a code host; index.md takes it in.
exclude_patterns = ["README.md", "editor"]
myst_heading_anchors = 3
# Text stays as it is written: two hyphens are an option, not a dash.
smartquotes = False
nitpicky = True

html_theme = "furo"
html_title = f"whatworks {__version__}"
html_static_path = ["_static"]
html_css_files = ["handbook.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"footer_icons": [], "navigation_with_keys": True}

# The list of decisions is also read on a code host, where a tree of pages would show as code.
_TREES = {"decisions/README": "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"}


class PathSparqlLexer(SparqlLexer):  # type: ignore[misc] # see above
    """SPARQL with paths of several properties, `a|b`, which the lexer of Pygments does not know."""

    tokens = {**SparqlLexer.tokens, "root": [(r"\|(?!\|)", Operator), *SparqlLexer.tokens["root"]]}  # noqa: RUF012


def _with_tree(_: Sphinx, name: str, source: list[str]) -> None:
    source[0] += _TREES.get(name, "")


def setup(app: Sphinx) -> None:
    """Add what the pages need: the trees above, and blocks of commands that a test runs in a folder of their own."""
    app.connect("source-read", _with_tree)
    app.add_lexer("console-project", BashSessionLexer)
    app.add_lexer("sparql", PathSparqlLexer)
