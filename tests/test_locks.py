"""Locks on files."""

import os
import subprocess
import sys
from pathlib import Path

from whatworks.locks import is_taken


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    """A locked file is taken for everyone else, in this process and another, until its holder closes it or ends."""
    path = tmp_path / "lock"
    path.touch()
    first, second = (os.open(path, os.O_RDWR) for _ in range(2))
    assert not is_taken(first)
    assert is_taken(second)
    os.close(first)
    assert not is_taken(second)
    os.close(second)
    code = "import os, sys; from whatworks.locks import is_taken; "
    code += "print(is_taken(os.open(sys.argv[1], os.O_RDWR)), flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert "False\n" == other.stdout.readline()
        third = os.open(path, os.O_RDWR)
        assert is_taken(third)
        other.kill()
        other.wait()
        assert not is_taken(third)
        os.close(third)
