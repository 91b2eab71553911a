"""Notebooks of the handbook: every cell runs, and shows what stands below it.

With WHATWORKS_UPDATE_DOCS=1 what the cells show is written anew instead of compared.
"""

import ast
import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def _shown(code: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a cell as a notebook does, and return its outputs: what was printed, and the value of the last line."""
    body = ast.parse(code).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "cell", "exec"), names)  # noqa: S102 - our own notebook
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307 - the same
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append(
            {"name": "stdout", "output_type": "stream", "text": printed.getvalue().splitlines(keepends=True)}
        )
    if value is not None:
        data = {"text/plain": repr(value).splitlines(keepends=True)}
        if hasattr(value, "_repr_html_"):
            html = str(value._repr_html_())
            data = {"text/html": html.splitlines(keepends=True), "text/plain": [f"<{type(value).__name__}>"]}
        outputs.append({"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"})
    return outputs


def test_there_are_notebooks() -> None:
    """At least one notebook is shipped."""
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_shows_what_its_cells_say(path: Path) -> None:
    """The cells run in their order and have the outputs that are saved with them."""
    saved = path.read_text(encoding="utf-8")
    notebook = json.loads(saved)
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = _shown("".join(cell["source"]), names)
    now = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("WHATWORKS_UPDATE_DOCS"):
        path.write_text(now, encoding="utf-8")
    assert now == saved
