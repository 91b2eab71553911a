"""Make what is handed out of a version: sdist, wheel, bill of materials and checksums, in dist/ (`make release`).

First it looks whether version, changelog, citation and bill of materials agree and nothing is uncommitted; what is
wrong is named all at once, and nothing is written. Then it builds what git holds, in a folder of its own, in two ways
that must give the same wheel, and asks the wheel a question.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
SBOM = "requirements/whatworks.cdx.json"
SUMS = "SHA256SUMS"
# What an earlier release left in dist/; nothing else there is touched.
_MADE = re.compile(r"whatworks-[0-9][\w.]*(?:-py3-none-any\.whl|\.tar\.gz|\.cdx\.json)|SHA256SUMS")
_ASK = """
import sys
sys.path.insert(0, sys.argv[1])
import whatworks
assert whatworks.__file__.startswith(sys.argv[1]), whatworks.__file__
from whatworks.cli import main
main(["--cache", "", "query", "interventions", "--country", "Belgium", "--limit", "1"])
"""


def _git(root: Path, *words: str) -> bytes:
    command = ["git", *words]
    return subprocess.run(command, cwd=root, check=True, capture_output=True).stdout  # noqa: S603 - git, as it is named


def version_of(root: Path) -> str:
    """Return the version that the package says it has."""
    text = (root / "src/whatworks/version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    return found[1] if found else ""


def problems(root: Path) -> Iterator[str]:
    """Yield what stands against a release, a sentence each."""
    version = version_of(root)
    if not re.fullmatch(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?", version):
        yield f"src/whatworks/version.py: {version!r} is no version such as 1.2.3."
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    newest, _, day = headings[0].partition(" - ") if headings else ("", "", "")
    if newest != version:
        yield f"CHANGELOG.md: the newest section is {newest!r}, not {version!r}."
    if not _is_day(day):
        yield f"CHANGELOG.md: {day!r} is no day; write: ## {version} - {date.today().isoformat()}"
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    for key, wanted in (("version", version), ("date-released", day)):
        found = re.search(rf"^{key}: [\"']?([^\"'\n]*)[\"']?$", citation, re.MULTILINE)
        if found is None or found[1] != wanted:
            yield f"CITATION.cff: {key} is {found[1] if found else None!r}, not {wanted!r}."
    if f'"version": "{version}"' not in (root / SBOM).read_text(encoding="utf-8"):
        yield f"{SBOM}: does not name version {version}; run: make sbom"
    changed = _git(root, "status", "--porcelain").decode().splitlines()
    if changed:
        yield f"Not committed: {', '.join(line[3:] for line in changed[:5])}{' …' if changed[5:] else ''}"
    tagged = _git(root, "tag", "--list", f"v{version}").strip()
    if tagged and _git(root, "rev-parse", f"v{version}^{{commit}}") != _git(root, "rev-parse", "HEAD"):
        yield f"v{version} is the tag of another commit; a version is handed out once."


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def build(root: Path, output: Path) -> list[Path]:
    """Build what git holds, and return sdist, wheel and bill of materials in a folder.

    Raises:
        SystemExit: The wheel of the sdist is another one than that of the files, or does not answer.
    """
    # Dates inside are those of the build system and not of this day; who rebuilds need not know it.
    env = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    with TemporaryDirectory() as scratch:
        source, again = Path(scratch, "source"), Path(scratch, "again")
        with tarfile.open(fileobj=BytesIO(_git(root, "archive", "HEAD"))) as archive:
            archive.extractall(source, filter="data")
        # The build system asks git what to leave out.
        _git(source, "init", "--quiet")
        for options, folder in (([], output), (["--wheel"], again)):
            command = [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", str(folder), str(source)]
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ours
            if done.returncode:
                sys.exit(f"The build failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        (wheel,), (other,) = output.glob("*.whl"), again.glob("*.whl")
        if wheel.read_bytes() != other.read_bytes():
            sys.exit("The wheel of the sdist is another one than that of the files.")
        command = [sys.executable, "-c", _ASK, str(wheel)]
        asked = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if asked.returncode or "intervention" not in asked.stdout:
            sys.exit(f"The wheel does not answer:\n{asked.stdout}{asked.stderr}")
    (sdist,) = output.glob("*.tar.gz")
    materials = output / f"{sdist.name.removesuffix('.tar.gz')}.cdx.json"
    materials.write_bytes((root / SBOM).read_bytes())
    return [sdist, wheel, materials]


def hand_out(files: list[Path], folder: Path) -> None:
    """Put files into a folder, with their checksums, in place of those of an earlier release."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if _MADE.fullmatch(path.name):
            path.unlink()
    lines = []
    for file in sorted(files):
        content = file.read_bytes()
        (folder / file.name).write_bytes(content)
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {file.name}\n")
    (folder / SUMS).write_text("".join(lines), encoding="ascii", newline="\n")


def main() -> None:
    """Look, build, and hand out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="look only, and build nothing")
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    given = parser.parse_args()
    if wrong := list(problems(ROOT)):
        sys.exit("No release was made:\n" + "\n".join(f"  {each}" for each in wrong))
    version = version_of(ROOT)
    if given.check:
        sys.stdout.write(f"Version {version} can be released.\n")
        return
    with TemporaryDirectory() as scratch:
        hand_out(build(ROOT, Path(scratch)), given.output)
    sys.stdout.write((given.output / SUMS).read_text(encoding="ascii"))
    sys.stdout.write(f"Version {version} is in {given.output.name}/. Then: git tag v{version}\n")


if __name__ == "__main__":
    main()
