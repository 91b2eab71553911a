"""Puts Virtuoso and Comunica into build/servers: `python -m tests.endpoints`."""

import shutil
import subprocess
from pathlib import Path

from tests.endpoints import COMUNICA, HERE, VIRTUOSO, Unavailable, comunica_entry, virtuoso_program

_PACKAGE = "virtuoso-opensource-7-bin"  # the server itself; virtuoso-opensource leads to it


def install_comunica() -> None:
    """Install Comunica as its lock file says."""
    lock = (HERE / "package-lock.json").read_bytes()
    if comunica_entry(COMUNICA) is not None and (COMUNICA / "package-lock.json").read_bytes() == lock:
        return
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Unavailable("Node and npm are not there")
    COMUNICA.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, COMUNICA)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], COMUNICA)


def install_virtuoso() -> None:
    """Unpack Virtuoso's Debian package, and libraries that the system has not, unless the system has it."""
    if virtuoso_program() is not None:
        return
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable("no system of Debian, and virtuoso-t is not there")
    VIRTUOSO.mkdir(parents=True, exist_ok=True)
    try:
        _unpack(_PACKAGE)
    except Unavailable:
        _run(["apt-get", "update"], VIRTUOSO)  # a machine that has no lists yet; others may not renew them
        _unpack(_PACKAGE)
    if virtuoso_program() is None:  # libraries are missing: those that the package names are unpacked beside it
        (package,) = VIRTUOSO.glob(f"{_PACKAGE}_*.deb")
        needed = _run(["dpkg-deb", "--field", package.name, "Depends"], VIRTUOSO).split(",")
        names = [each.split("|")[0].split("(")[0].strip() for each in needed]
        _unpack(*(name for name in names if name != "libc6"))  # the system's own, or nothing runs
    if virtuoso_program() is None:
        raise Unavailable(f"{_PACKAGE} needs libraries that are not there")


def _unpack(*names: str) -> None:
    _run(["apt-get", "download", *names], VIRTUOSO)
    for name in names:
        for package in VIRTUOSO.glob(f"{name}_*.deb"):
            _run(["dpkg-deb", "-x", package.name, "."], VIRTUOSO)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:2])}: {' '.join(done.stderr.split())[-300:]}")
    return done.stdout


def main() -> None:
    """Put in place what can be, and say what cannot."""
    for name, install in (("Virtuoso", install_virtuoso), ("Comunica", install_comunica)):
        try:
            install()
        except Unavailable as reason:
            print(f"{name} is left out: {reason}.")  # noqa: T201 - this is a command
        else:
            print(f"{name} is there.")  # noqa: T201 - this is a command


main()
