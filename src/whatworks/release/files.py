"""Checksums of files, and files that are safe on the disk."""

import hashlib
import os
from pathlib import Path
from typing import Any, BinaryIO

_BLOCK = 1 << 20


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


def sync(folder: Path) -> None:
    """Ask the system to write a folder's files and names to the disk."""
    for path in (*(path for path in folder.rglob("*") if path.is_file()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
