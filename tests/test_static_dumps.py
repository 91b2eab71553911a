"""The files of releases in a site: packed where they hold everything, and what names them tells the truth."""

import gzip
from hashlib import sha256
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.test_publish import DATA
from tests.test_static import HOME, published
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.namespaces import DCAT
from whatworks.publish.statements import SPDX
from whatworks.store import parse

# The files of a release that lie packed in a site of files.
WHOLE = ("data.nq", "data.ttl", "data.jsonld")
GZIP = "https://www.iana.org/assignments/media-types/application/gzip"


def _quads(path: Path) -> list[Any]:
    return list(parse(path.read_bytes(), "ntriples", name=path.name, base=HOME))


def test_dumps_lie_packed_and_all_that_names_them_is_true(tmp_path: Path) -> None:
    """What holds everything is packed; catalogue, VoID and sums name what lies there, with its size and checksum."""
    folder, other = tmp_path / "project", tmp_path / "site"
    (folder / "data").mkdir(parents=True)
    (folder / "whatworks.toml").touch()
    (folder / "data" / "all.ttl").write_text(DATA.replace("VERSION", "1.0"), encoding="utf-8")
    KnowledgeGraph.open(folder).build(checked=False)
    assert CliRunner().invoke(main, ["--project", str(folder), "dumps"]).exit_code == 0
    published(folder, other)
    release = KnowledgeGraph.open(folder).release
    assert release is not None
    here = other / "dumps" / release.name
    for name in WHOLE:
        plain = release.folder / ("dump.nq" if name == "data.nq" else f"dumps/{name}")
        assert gzip.decompress((here / f"{name}.gz").read_bytes()) == plain.read_bytes()
        assert not (here / name).exists()
    assert (here / "intervention.csv").exists()
    lines = (here / "SHA256SUMS").read_text().splitlines()
    for mark, name in (line.split("  ") for line in lines):
        assert sha256((here / name).read_bytes()).hexdigest() == mark
    said = {(str(each.subject), each.predicate): each.object for each in _quads(other / "catalog.nt")}
    files = [(subject, str(at)) for (subject, prop), at in said.items() if prop == f"{DCAT}downloadURL"]
    assert len(files) > len(WHOLE)
    for subject, address in files:
        file = other / address.removeprefix(HOME)
        size, mark = said[subject, DCAT + "byteSize"], said[f"{subject}-sha256", SPDX + "checksumValue"]
        assert (size.value, mark.value) == (str(file.stat().st_size), sha256(file.read_bytes()).hexdigest())
        assert (said.get((subject, DCAT + "compressFormat")) == GZIP) == (file.suffix == ".gz")
    assert f"<{HOME}dumps/{release.name}/data.nq.gz>".encode() in (other / ".well-known/void.nt").read_bytes()
    times = {path: path.stat().st_mtime_ns for path in here.iterdir()}
    published(folder, other)
    assert {path: path.stat().st_mtime_ns for path in here.iterdir()} == times
