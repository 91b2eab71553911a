"""Locks on files, which end with the process that holds them, however that ends."""

import sys


def lock(handle: int) -> bool:
    """Lock an open file for this process, and say whether it has it: another, or another handle, may hold it."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - is there on Windows only

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - is not there on Windows

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
