"""The lock holds what is asked for; the wheel holds what git tracks, is always the same, and works where it is put."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
import venv
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

FOLDERS = ("ontology", "queries", "data", "docs/errors.md")
LOCKS = ("dev.txt", "run.txt")
SBOM = ROOT / "requirements" / "whatworks.cdx.json"
_PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\\n"
    r"(?P<hashes>(?: {4}--hash.*\n)+)",
    re.M,
)
_OFFLINE = ["unshare", "--map-root-user", "--net"]

Run = Callable[..., subprocess.CompletedProcess[str]]


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _lock(name: str) -> dict[tuple[str, str], re.Match[str]]:
    """The pins of a lock file by name and marker."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {(pin["name"], pin["marker"] or ""): pin for pin in _PIN.finditer(text)}


def _tracked(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


def _build(source: Path, output: Path, *options: str, env: dict[str, str] | None = None, umask: int = 0o022) -> None:
    """Build with what is installed, which is what the lock names."""
    command = [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", str(output), str(source)]
    subprocess.run(command, check=True, capture_output=True, env=env, umask=umask)


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_dependency(lock: str) -> None:
    """Every dependency of pyproject.toml stands in the lock, with versions that pyproject.toml allows."""
    pyproject = _pyproject()
    wanted = list(pyproject["project"]["dependencies"])
    if lock == "dev.txt":
        wanted += pyproject["project"]["optional-dependencies"]["dev"] + pyproject["build-system"]["requires"]
    for words in wanted:
        requirement = Requirement(words)
        name = canonicalize_name(requirement.name)
        versions = [pin["version"] for (pinned, _), pin in _lock(lock).items() if pinned == name]
        assert versions, f"{name} is not in requirements/{lock}; run: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{words}; run: make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_is_names_versions_and_hashes(lock: str) -> None:
    """Every pin has hashes, and nothing in the lock says where packages come from."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    lines = [line for line in _PIN.sub("", text).splitlines() if not line.lstrip().startswith("#")]
    assert lines == []
    hashes = [words for pin in _lock(lock).values() for words in pin["hashes"].split() if words != "\\"]
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", words) for words in hashes)
    assert "://" not in text


def test_locks_agree() -> None:
    """What is locked for running is locked in the same way for development."""
    development = _lock("dev.txt")
    for key, pin in _lock("run.txt").items():
        names = [name for name, _ in development if name == key[0]]
        assert names, key
        others = [other for (name, _), other in development.items() if name == key[0]]
        assert any((pin["version"], pin["hashes"]) == (other["version"], other["hashes"]) for other in others), key


@pytest.mark.parametrize("seed", ["1", "2"])
def test_sbom_is_what_the_lock_says(tmp_path: Path, seed: str) -> None:
    """Written anew from the lock and from the licences of what is installed, it is the file that is there."""
    written = tmp_path / "sbom.json"
    script = ROOT / "requirements" / "sbom.py"
    command = [sys.executable, str(script), "--output", str(written)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC-{seed}"})
    assert written.read_bytes() == SBOM.read_bytes(), "run: make sbom"


def test_sbom_names_every_package_with_version_and_licence() -> None:
    """The components are the pins of the lock, each with a licence, and the references lead to components."""
    sbom = json.loads(SBOM.read_text(encoding="utf-8"))
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    pinned = {(name, pin["version"]) for (name, _), pin in _lock("run.txt").items()}
    assert pinned == {(component["name"], component["version"]) for component in sbom["components"]}
    for component in sbom["components"]:
        (choice,) = component["licenses"]
        assert choice.get("expression") or choice["license"]["id"]
    inside = {component["name"] for component in sbom["metadata"]["component"]["components"]}
    assert {"@picocss/pico", "htmx.org", "world-atlas", "@codemirror/view", "@lezer/common"} < inside
    assert len(inside) == len(sbom["metadata"]["component"]["components"])
    references = {component["bom-ref"] for component in sbom["components"]}
    graph = {entry["ref"]: set(entry["dependsOn"]) for entry in sbom["dependencies"]}
    own = sbom["metadata"]["component"]["bom-ref"]
    assert references | {own} == graph.keys()
    assert references == set.union(*graph.values())
    direct = {canonicalize_name(Requirement(words).name) for words in _pyproject()["project"]["dependencies"]}
    assert direct == {re.split("[/@]", reference)[1] for reference in graph[own]}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel built directly, and the wheel built through the sdist."""
    found = {}
    for way, options in (("direct", ["--wheel"]), ("through the sdist", [])):
        folder = tmp_path_factory.mktemp("dist")
        _build(ROOT, folder, *options)
        found[way] = next(folder.glob("*.whl"))
    return found


@pytest.mark.slow
def test_wheel_holds_what_git_tracks(wheels: dict[str, Path]) -> None:
    """Ontology, queries, data and code of the wheel are the files that git tracks, no more and no less."""
    expected = {
        f"whatworks/_assets/{name}" if name.startswith(FOLDERS) else name.removeprefix("src/")
        for name in _tracked(*FOLDERS, "src/whatworks")
    }
    with zipfile.ZipFile(wheels["direct"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        described = {name.split(".dist-info/")[1] for name in wheel.namelist() if ".dist-info/" in name}
    assert expected == names
    files = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE", f"sboms/{SBOM.name}"}
    assert files == described


@pytest.mark.slow
def test_wheel_holds_its_bill_of_materials(wheels: dict[str, Path]) -> None:
    """The bill of materials lies where PEP 770 says, unchanged."""
    with zipfile.ZipFile(wheels["direct"]) as wheel:
        (name,) = [name for name in wheel.namelist() if ".dist-info/sboms/" in name]
        assert wheel.read(name) == SBOM.read_bytes()


@pytest.mark.slow
def test_sdist_holds_what_git_tracks(wheels: dict[str, Path]) -> None:
    """The sdist is what git tracks, without the gate."""
    with tarfile.open(next(wheels["through the sdist"].parent.glob("*.tar.gz"))) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    assert {name for name in _tracked() if not name.startswith(".ci/")} == names - {"PKG-INFO"}


@pytest.mark.slow
def test_both_wheels_are_the_same(wheels: dict[str, Path]) -> None:
    """The wheel built through the sdist is the wheel built directly, byte by byte."""
    assert wheels["direct"].read_bytes() == wheels["through the sdist"].read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("epoch", [None, 1_700_000_000], ids=["no date", "SOURCE_DATE_EPOCH"])
def test_builds_are_reproducible(tmp_path: Path, epoch: int | None) -> None:
    """Wheel and sdist are the same bytes whoever builds them: other folder, file times, umask, time zone, hash seed."""
    files = {name: (ROOT / name).read_bytes() for name in _tracked()}
    built: list[dict[str, bytes]] = []
    for umask, zone, seed, touched in ((0o022, "UTC", "1", 1_500_000_000), (0o077, "Asia/Tokyo", "2", 1_600_000_000)):
        source, output = tmp_path / seed / f"copy-{seed}", tmp_path / f"dist-{seed}"
        for name, content in files.items():
            copy = source / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            copy.chmod(0o666 & ~umask)
            os.utime(copy, (touched, touched))
        env = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        env.pop("SOURCE_DATE_EPOCH", None)
        _build(source, output, env=env | ({"SOURCE_DATE_EPOCH": str(epoch)} if epoch else {}), umask=umask)
        built.append({path.name: path.read_bytes() for path in output.iterdir()})
    assert len(built[0]) == 2
    assert built[0] == built[1]
    with zipfile.ZipFile(next(output.glob("*.whl"))) as wheel:
        dates = {entry.date_time for entry in wheel.infolist()}
    expected = datetime.fromtimestamp(epoch, UTC) if epoch else datetime(2020, 2, 2, tzinfo=UTC)
    assert dates == {expected.timetuple()[:6]}


@pytest.fixture(scope="module")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and the run-time dependencies of the lock, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, system_site_packages=False)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    for name, marker in _lock("run.txt"):
        if not marker or Marker(marker).evaluate():
            package = distribution(name)
            tops = {path.parts[0] for path in package.files or ()} - {"..", "__pycache__"}
            for top in tops:
                (site / top).symlink_to(str(package.locate_file(top)))
    install = ["--isolated", "--python", str(folder), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, "-m", "pip", *install, str(wheels["direct"])], check=True, capture_output=True)
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def run(environment: Path, empty: Path) -> Run:
    """Run a program of the environment in the empty folder: `run("whatworks", "--version", before=[…])`."""

    def run(program: str, *words: str, before: list[str] | None = None) -> subprocess.CompletedProcess[str]:
        command = [*(before or []), str(environment / "bin" / program), *words]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return subprocess.run(command, cwd=empty, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.slow
def test_installed_tool_works_elsewhere(environment: Path, empty: Path, run: Run) -> None:
    """An installed whatworks answers from an empty folder, and refuses to change its own collection."""
    assert str(environment) in run("python", "-c", "import whatworks; print(whatworks.__file__)").stdout
    assert run("python", "-c", "import pytest").returncode == 1
    assert len(run("whatworks", "query", "interventions", "--format", "csv").stdout.splitlines()) == 133
    assert "0 violations" in run("python", "-m", "whatworks", "check", "--profile", "publication").stdout
    record = empty / "records.jsonl"
    record.write_text("{}\n", encoding="utf-8")
    refused = run("whatworks", "import", str(record))
    assert refused.returncode == 3
    assert "[unwritable]" in refused.stderr
    assert [record] == list(empty.iterdir())


@pytest.mark.slow
def test_installed_tool_prepares_a_store(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed whatworks keeps the graph of its own collection once the files are settled, and answers the same."""
    monkeypatch.setenv("WHATWORKS_CACHE", str(tmp_path / "cache"))
    time.sleep(2.1)
    answers = {run("whatworks", "query", "interventions", "--format", "csv").stdout for _ in range(2)}
    assert [133] == [len(answer.splitlines()) for answer in answers]
    assert len(list((tmp_path / "cache/prepared").iterdir())) == 1


@pytest.mark.slow
def test_installed_tool_needs_no_network(empty: Path, run: Run) -> None:
    """Where there is no network, the installed tool starts, answers and exports."""
    if (
        not shutil.which(_OFFLINE[0])
        or subprocess.run([*_OFFLINE, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("unshare may not take the network away here")
    version = re.findall(r'"(.+)"', (ROOT / "src" / "whatworks" / "version.py").read_text(encoding="utf-8"))[-1]
    assert run("whatworks", "--version", before=_OFFLINE).stdout == f"whatworks, version {version}\n"
    answered = run("whatworks", "query", "interventions", "--format", "csv", before=_OFFLINE)
    assert answered.returncode == 0, answered.stderr
    assert len(answered.stdout.splitlines()) == 133
    exported = run("whatworks", "export", "expairs-project", "--format", "jsonld", before=_OFFLINE)
    assert exported.returncode == 0, exported.stderr
    assert [] == list(empty.iterdir())


# ---- a version is handed out ----


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """The program that makes what is handed out."""
    spec = importlib.util.spec_from_file_location("release", ROOT / "requirements" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=whatworks", "-c", "user.email=", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the files that name the version, committed, ready for a release."""
    for name in ("src/whatworks/version.py", "CHANGELOG.md", "CITATION.cff", "requirements/whatworks.cdx.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "-m", "All")
    return tmp_path


def test_what_agrees_can_be_released(release: ModuleType, checkout: Path) -> None:
    """Nothing stands against it, and nothing either where the tag is that of this commit."""
    assert list(release.problems(checkout)) == []
    _git(checkout, "tag", f"v{release.version_of(checkout)}")
    assert list(release.problems(checkout)) == []


@pytest.mark.parametrize(
    ("name", "pattern", "instead", "said"),
    [
        ("src/whatworks/version.py", r'"[\d.]+"', '"9.9.9"', ["CHANGELOG.md", "CITATION.cff", "make sbom", "Not comm"]),
        ("src/whatworks/version.py", r'"[\d.]+"', '"next"', ["no version", "CHANGELOG.md", "CITATION.cff"]),
        ("CHANGELOG.md", r"(?m)^## (\S+) - .*$", r"## \1 - soon", ["no day", "date-released", "Not committed"]),
        ("CHANGELOG.md", r"(?m)^## .*$", "## Unreleased", ["the newest section is 'Unreleased'"]),
        ("CITATION.cff", r"(?m)^date-released: .*$", "", ["date-released is None"]),
    ],
)
def test_what_does_not_agree_is_named(
    release: ModuleType, checkout: Path, name: str, pattern: str, instead: str, said: list[str]
) -> None:
    """Everything that is wrong is told at once."""
    text = (checkout / name).read_text(encoding="utf-8")
    (checkout / name).write_text(re.sub(pattern, instead, text, count=1), encoding="utf-8")
    found = list(release.problems(checkout))
    for each in said:
        assert any(each in line for line in found), (each, found)


def test_a_version_is_handed_out_once(release: ModuleType, checkout: Path) -> None:
    """Where the tag is that of another commit, another version is needed."""
    _git(checkout, "tag", f"v{release.version_of(checkout)}")
    _git(checkout, "commit", "--quiet", "--allow-empty", "-m", "More")
    (said,) = release.problems(checkout)
    assert "is the tag of another commit" in said


def test_what_is_handed_out_has_its_checksums(release: ModuleType, tmp_path: Path) -> None:
    """What an earlier release left goes, what is somebody else's stays."""
    (tmp_path / "made").mkdir()
    (tmp_path / "dist").mkdir()
    wheel = tmp_path / "made" / "whatworks-9.9.9-py3-none-any.whl"
    wheel.write_bytes(b"x")
    for name in ("whatworks-0.0.1-py3-none-any.whl", "whatworks-0.0.1.tar.gz", "notes.txt", "whatworks-mine.txt"):
        (tmp_path / "dist" / name).touch()
    release.hand_out([wheel], tmp_path / "dist")
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == [
        "SHA256SUMS",
        "notes.txt",
        wheel.name,
        "whatworks-mine.txt",
    ]
    sums = (tmp_path / "dist" / "SHA256SUMS").read_text(encoding="ascii")
    assert sums == f"{hashlib.sha256(b'x').hexdigest()}  {wheel.name}\n"
