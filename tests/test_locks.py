"""Locks on files."""

import os
import subprocess
import sys
from pathlib import Path

from whatworks.locks import lock


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    """A locked file is taken for everyone else, in this process and another, until its holder closes it or ends."""
    path = tmp_path / "lock"
    path.touch()
    first, second = (os.open(path, os.O_RDWR) for _ in range(2))
    assert lock(first)
    assert not lock(second)
    os.close(first)
    assert lock(second)
    os.close(second)
    code = "import os, sys; from whatworks.locks import lock; "
    code += "print(lock(os.open(sys.argv[1], os.O_RDWR)), flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert "True\n" == other.stdout.readline()
        third = os.open(path, os.O_RDWR)
        assert not lock(third)
        other.kill()
        other.wait()
        assert lock(third)
        os.close(third)
