"""The files of a release for taking home: made once and put into the release, so that a server only passes them on.

`data.nq` is the release's own dump, as it is. `write_dumps` makes the others: the same statements as one graph in
Turtle, the things of the data as trees in JSON-LD, and a table with a codebook for each class. A site of files
has those that hold everything packed (gzip), a tenth of their size; an edition knows which.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whatworks.circles import without_circles
from whatworks.errors import UnknownThing
from whatworks.kg import KnowledgeGraph
from whatworks.namespaces import SUBCLASS
from whatworks.publish.edition import Edition
from whatworks.publish.offers import offers
from whatworks.publish.partitions import partitions
from whatworks.release import Release, digest_of, sealed
from whatworks.release.counted import dataset_of
from whatworks.store import write_triples
from whatworks.terms import RDF_TYPE, Iri
from whatworks.trig import write_trig
from whatworks.version import __version__

SUMS, PARTITIONS = "SHA256SUMS", "partitions.ttl"
PACKED = ".gz"  # at the end of the name of a file that is offered packed
_CODEBOOK = ".csv-metadata.json"
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
# What the European list of file types calls a format.
_FILE_TYPES = {"nquads": "RDF_N_QUADS", "turtle": "RDF_TURTLE", "jsonld": "JSON_LD", "csv": "CSV"}
_TITLES = {
    "data.nq": "All statements, asserted and inferred, in their graphs",
    "data.ttl": "All statements, asserted and inferred, as one graph",
    "data.jsonld": "The things that the data holds, each as one tree",
    PARTITIONS: "The properties of the things of each class, counted (VoID)",
}
_FORMATS = {offer.ending: offer for offer in offers("nquads", "turtle", "jsonld", "csv")}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a release.

    Attributes:
        name: Its name below the release.
        sha256: Its checksum.
        bytes: Its size.
        of_class: For a table, the IRI of the class whose members are its rows.
    """

    name: str
    sha256: str
    bytes: int
    of_class: str = ""

    @property
    def plain(self) -> str:
        """Its name before it was packed, which is the same for what is not."""
        return self.name.removesuffix(PACKED)

    @property
    def is_packed(self) -> bool:
        """Whether it is packed with gzip."""
        return self.name.endswith(PACKED)

    @property
    def holds_all(self) -> bool:
        """Whether all statements or things are in it."""
        return not self.of_class and self.plain.startswith("data.")

    @property
    def _offer(self) -> Any:
        return _FORMATS.get(Path(self.plain).suffix)

    @property
    def media_type(self) -> str:
        """The media type."""
        return "application/gzip" if self.is_packed else self.inner_type

    @property
    def inner_type(self) -> str:
        """The media type of what is in it, which is its own where it is not packed."""
        return "application/csvm+json" if self.name.endswith(_CODEBOOK) else self._offer.media_type

    @property
    def file_type(self) -> str:
        """The code of its format in the European list of file types; empty where that has none."""
        return _FILE_TYPES.get(self._offer.name, "") if self._offer is not None else ""

    @property
    def title(self) -> str:
        """What it holds."""
        if self.name.endswith(_CODEBOOK):
            return f"What the columns of {self.name.removesuffix(_CODEBOOK)}.csv mean (CSV on the Web)"
        return _TITLES.get(self.plain) or f"All things of the class {Iri(self.of_class).code}, one a row"

    @property
    def codebook(self) -> str:
        """The name of the file that says what its columns mean; empty for what is no table."""
        return f"{Path(self.name).stem}{_CODEBOOK}" if self.of_class else ""

    def path(self, release: Release) -> Path:
        """Return where it lies."""
        return release.folder / ("dump.nq" if self.name == "data.nq" else f"dumps/{self.name}")


def all_files_of(release: Release) -> list[File]:
    """Return the files of a release as they lie in it, the codebooks of its tables among them.

    Raises:
        DamagedRelease: Its list of dumps cannot be read.
    """
    dump = release.manifest["files"]["dump.nq"]
    found = [File("data.nq", dump["sha256"], dump["bytes"])]
    for name, said in release.dumps().items():
        found.append(File(name, said["sha256"], said["bytes"], said.get("class", "")))
    # What holds all comes first, then the tables.
    return sorted(found, key=lambda file: (_TITLES.get(file.name) is None, file.name))


def offered(edition: Edition, release: Release) -> list[File]:
    """Return the files of a release as an edition offers them, some packed."""
    seals = ((file, edition.packed.get(f"{release.name}/{file.name}")) for file in all_files_of(release))
    return [
        file if seal is None else replace(file, name=file.name + PACKED, sha256=seal[0], bytes=seal[1])
        for file, seal in seals
    ]


def files_of(edition: Edition, release: Release) -> list[File]:
    """Return the files of a release that hold its data."""
    return [file for file in offered(edition, release) if not file.name.endswith((_CODEBOOK, PARTITIONS))]


def shown_of(edition: Edition, release: Release) -> list[File]:
    """Return the files of a release as they are listed for people, each codebook with its table."""
    return [file for file in offered(edition, release) if not file.name.endswith(_CODEBOOK)]


def sums(edition: Edition, release: Release) -> bytes:
    """Return the checksums of the files of a release, as `sha256sum --check` reads them."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in offered(edition, release)).encode()


def write_dumps(kg: KnowledgeGraph, folder: Path, tell: Callable[[str], None]) -> None:
    """Write the files of a release into a folder, and last the list of them.

    Args:
        kg: The collection, opened as that release.
        folder: An empty folder.
        tell: Is told each step.

    Raises:
        UnknownThing: The collection is no release.
    """
    if kg.release is None:
        raise UnknownThing("There is no release whose files could be written.", hint="Make one with: whatworks build")
    tell("Writing Turtle")
    write_triples(kg.release.folder / "dump.nq", folder / "data.ttl", kg.prefixes.table)
    tell("Counting the properties of each class")
    said = write_trig(partitions(kg, dataset_of(kg.collection)), kg.prefixes)
    (folder / PARTITIONS).write_bytes(said.encode())  # the same bytes on every system
    tell("Writing JSON-LD")
    with (folder / "data.jsonld").open("wb") as target, without_circles():
        target.writelines(kg.documents.pieces(kg.exporter.trees(None)))
    tables = _named(kg, classes(kg))
    for name, of_class in tables.items():
        tell(f"Writing {name}.csv")
        table = kg.table(of_class=str(of_class))
        table.kept()
        (folder / f"{name}.csv").write_bytes(table.write("csv"))
        (folder / f"{name}{_CODEBOOK}").write_bytes(table.codebook().csvw(f"{name}.csv"))
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            sha256, size = digest_of(file)
        of_rows = {"class": str(tables[path.stem])} if path.suffix == ".csv" else {}
        files[path.name] = {"sha256": sha256, "bytes": size, **of_rows}
    listed = {"release": kg.release.name, "made-by": f"whatworks {__version__}", "files": files}
    (folder / "manifest.json").write_bytes(sealed(listed))


def classes(kg: KnowledgeGraph) -> list[Iri]:
    """Return the classes of what the collection mints, the widest of the model for each, sorted."""
    store, start = kg.collection.store, kg.collection.space.thing("", "")[:-1]
    found = set()
    for quad in store.match(predicate=RDF_TYPE):
        if str(quad.subject).startswith(start) and isinstance(quad.object, Iri):
            found.add(quad.object)
    return sorted({_widest(kg, each) for each in found})


def _widest(kg: KnowledgeGraph, of_class: Iri) -> Iri:
    above = [
        quad.object
        for quad in kg.collection.store.match(of_class, SUBCLASS)
        if isinstance(quad.object, Iri) and quad.object.namespace == of_class.namespace and quad.object != of_class
    ]
    return _widest(kg, min(above)) if above else of_class


def _named(kg: KnowledgeGraph, found: Iterable[Iri]) -> dict[str, Iri]:
    """Return the names of the tables of classes; of two classes of one name, both have their prefixes."""
    listed = list(found)
    count = Counter(_kebab(each.code) for each in listed)
    names = {}
    for each in listed:
        name = _kebab(each.code)
        if count[name] > 1:
            name = _kebab(kg.prefixes.shorten(each) or str(each))
        names[name] = each
    return names


def _kebab(name: str) -> str:
    return "-".join(part.lower() for part in _WORDS.split(name) if part)
