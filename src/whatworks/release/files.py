"""Checksums of files, and files that are safe on the disk."""

import hashlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

_BLOCK = 1 << 20
_SEAL = "checksum"


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_of(file: BinaryIO) -> tuple[str, int]:
    """Return the SHA-256 and the number of bytes of an open file, read in blocks."""
    found, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        found.update(block)
        size += len(block)
    return found.hexdigest(), size


def described(path: Path) -> dict[str, Any]:
    """Return checksum and size of a file as manifests hold them."""
    with path.open("rb") as file:
        found, size = digest_of(file)
    return {"sha256": found, "bytes": size}


def differences(path: Path, name: str, said: Any) -> list[str]:
    """Return how a file differs from what a manifest says of it: nothing or one sentence."""
    try:
        found = described(path)
    except OSError as error:
        return [f"{name}: {error.strerror}"]
    if found["bytes"] != said["bytes"]:
        return [f"{name}: has {found['bytes']} bytes instead of {said['bytes']}"]
    return [] if found == said else [f"{name}: its content was changed"]


def sealed(content: dict[str, Any], *, packed: bool = False) -> bytes:
    """Return a manifest as JSON, with its own checksum in it; packed, it is of one line and has no blanks."""
    whole = {**content, _SEAL: digest(_json(content))}
    return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode() + b"\n" if packed else _json(whole)


def unsealed(data: bytes) -> dict[str, Any]:
    """Return what a manifest says.

    Raises:
        ValueError: It is no JSON, has no checksum, or was changed since it was written.
    """
    try:
        found = json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(found, dict) or found.pop(_SEAL, None) != digest(_json(found)):
        raise ValueError("its checksum is not that of its content")
    return found


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def stated(seconds: float) -> str:
    """Return a time as it is stated, in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sync(folder: Path) -> None:
    """Ask the system to write the files below a folder, and their names, to the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            # Windows does so with a file that is open for writing only.
            _sync(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    sync_names(folder)


def sync_names(folder: Path) -> None:
    """Ask the system to write the names in a folder to the disk; Windows opens no folders, and does so by itself."""
    if sys.platform != "win32":
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
