"""Folders for what does not fit into memory."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from whatworks import KnowledgeGraph, checks
from whatworks.scratch import abandon, scratch_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for what is temporary."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_go(temporary: Path) -> None:
    """What this process made goes when it says so; what is old goes by itself; the rest stays."""
    old, other = temporary / "whatworks-1-a", temporary / "whatworks-1-b"
    for folder in (old, other, temporary / "mine"):
        folder.mkdir()
        (folder / "file").touch()
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    made = scratch_folder()
    assert {path.name for path in temporary.iterdir()} == {made.name, "whatworks-1-b", "mine"}
    abandon()
    assert {path.name for path in temporary.iterdir()} == {"whatworks-1-b", "mine"}


def test_a_check_leaves_nothing(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of large files keeps them on disk, and they go with the knowledge graph."""
    monkeypatch.setattr(checks, "_IN_MEMORY", 1000)
    kg = KnowledgeGraph.open(ROOT)
    assert not kg.check(profile="core").fails("violation")
    assert len(list(temporary.iterdir())) == 1
    del kg
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_an_interrupted_check_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C ends a check with status 130 and in a sentence, and its folder goes."""
    code = "from whatworks import checks; checks._IN_MEMORY = 1000; from whatworks.cli import main; main()"
    command = [sys.executable, "-c", code, "--project", str(ROOT), "check"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    while not list(tmp_path.glob("whatworks-*/*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert (130, b"Stopped; nothing half-written is left.\n") == (process.returncode, said.split(b"\n", 1)[1])
    assert list(tmp_path.iterdir()) == []
