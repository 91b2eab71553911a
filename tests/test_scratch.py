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
from whatworks.scratch import Scratch, abandon


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for what is temporary."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_go(temporary: Path) -> None:
    """What this process made goes when it says so, and what a process left behind that is gone; the rest stays."""
    code = "from whatworks.scratch import Scratch; print(Scratch().folder, flush=True); import os, sys; {}"
    environment = {**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary)}
    killed = [sys.executable, "-c", code.format("os.abort()")]
    subprocess.run(killed, env=environment, stdout=subprocess.DEVNULL, check=False)
    (temporary / "whatworks-mine").mkdir()
    (left,) = temporary.glob("whatworks-*-*")
    at_work = [sys.executable, "-c", code.format("sys.stdin.read()")]
    with subprocess.Popen(at_work, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        used = Path(other.stdout.readline().strip())
        assert not left.exists()
        made, second = Scratch(), Scratch()
        assert {path.name for path in temporary.iterdir()} == {
            made.folder.name,
            second.folder.name,
            used.name,
            "whatworks-mine",
        }
        made.close()
        assert not made.folder.exists()
        abandon()
        assert {path.name for path in temporary.iterdir()} == {used.name, "whatworks-mine"}
        other.kill()
    Scratch().close()
    assert {path.name for path in temporary.iterdir()} == {"whatworks-mine"}


@pytest.mark.slow
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
    code = (
        "import time; from whatworks import checks; checks._IN_MEMORY = 1000\n"
        "checks.Opened = lambda _: time.sleep(60)  # it is not at its end before it is interrupted\n"
        "from whatworks.cli import main; main()"
    )
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
