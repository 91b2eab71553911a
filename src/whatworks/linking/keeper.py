"""Keeps the links of a collection: works them out anew, writes them down, and notes what people decide."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from whatworks.assets import Assets, write_files
from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.errors import InvalidValue, Place
from whatworks.linking import loaded
from whatworks.linking.decisions import Decision, Pair, reviewed
from whatworks.linking.link import OPENING, Link, Options, Tell, untold
from whatworks.namespaces import LINK_FROM, LINK_TO, SCORE
from whatworks.prepared import cache_folder
from whatworks.settings import Settings
from whatworks.store import parse
from whatworks.terms import Iri

if TYPE_CHECKING:
    from whatworks.linking.linker import Links
    from whatworks.linking.run import Run

COMPUTED_FILE, REVIEWED_FILE = "links/computed.ttl", "links/reviewed.ttl"


class Text(Protocol):
    """A file of links."""

    def __call__(self, tell: Tell = untold) -> Iterator[bytes]:
        """Yield it piece by piece, and tell how many links are written."""


@dataclass(frozen=True, slots=True)
class Computed:
    """The links of a collection as its files are now.

    Attributes:
        run: The links, and what a person should know.
        text: Makes the file that holds them, piece by piece.
        added, gone: How many pairs were not linked before, and how many no longer are.
    """

    run: "Run"
    text: Text
    added: int
    gone: int

    @property
    def content(self) -> bytes:
        """The file that holds the links."""
        return b"".join(self.text())

    def close(self) -> None:
        """Forget what was compared, which is kept until then: the same run would go on from there."""
        self.run.begun.close()

    def waiting(self) -> "Links":
        """Return the links that nobody decided about, the strongest first."""
        return self.run.links.strongest(self.run.decisions.accepted)


class Linking:
    """Works out and keeps the links of the collection that some files make.

    Args:
        assets: The files.
        settings: The project's settings.
        catalogue: The stored queries.
    """

    def __init__(self, assets: Assets, settings: Settings, catalogue: Catalogue) -> None:
        self._assets = assets
        self._settings = settings
        self._catalogue = catalogue

    def compute(self, options: Options | None = None, tell: Tell = untold) -> Computed:
        """Work out the links of the files as they are now; nothing is written.

        Of a run that takes long, what was compared is kept until the links are written or `Computed.close` is called.

        Args:
            options: How many links, how strong.
            tell: Is told now and then how far it is.

        Raises:
            MissingExtra: numpy is not installed.
            InputError: A file cannot be read.
        """
        options = options or Options()
        make, contents = loaded("run").make, loaded("writing").contents
        tell(OPENING, 0, 1)
        collection = self._opened()
        run: Run = make(collection, self._catalogue, options, tell, self._unfinished())
        now = datetime.now(UTC)
        before = _computed(collection)
        kept = sum(pair in before for pair in run.links.pairs())

        def text(tell: Tell = untold) -> Iterator[bytes]:
            pieces: Iterator[bytes] = contents(run, collection, options, now, tell)
            return pieces

        return Computed(run, text, len(run.links) - kept, len(before) - kept)

    def between(self, pairs: Sequence[Pair]) -> list[Link]:
        """Return the links between pairs of interventions, however strong, whatever was decided about them.

        Raises:
            MissingExtra: numpy is not installed.
            InvalidValue: Two are one.
        """
        for one, other in pairs:
            if one == other:
                raise InvalidValue(f"{one.code} cannot be linked with itself.", hint="Name two interventions.")
        found: list[Link] = loaded("run").between(self._opened(), self._catalogue, pairs)
        return found

    def _opened(self) -> Collection:
        return Collection.open(self._assets, self._settings)

    def write(self, computed: Computed, tell: Tell = untold) -> Path:
        """Write links down as a data file, tell how many are written, and return it.

        Raises:
            Unwritable: The collection came with the package, or the file cannot be written.
        """
        file = self._assets.data_folder_to_change() / COMPUTED_FILE
        write_files({file: lambda out: out.writelines(computed.text(tell))})
        computed.close()
        return file

    def decide(self, link: Link, status: str, *, by: str, note: str = "", on: date | None = None) -> Path:
        """Note that a person accepted or rejected a link, whatever was decided about the two before.

        Args:
            link: The link; `between` gives that of any two interventions.
            status: `accepted` or `rejected`.
            by: Who decided, in the form in which they want to be named.
            note: Why.
            on: The day; today where none is given.

        Raises:
            InvalidValue: There is no such status, or nobody is named.
            Unwritable: The collection came with the package, or the file cannot be written.
        """
        return self.decide_all([Decision(link, status, by.strip(), on or date.today(), note.strip())])

    def decide_all(self, decisions: Sequence[Decision]) -> Path:
        """Note what a person decided about several links, all or none.

        Raises:
            InvalidValue, Unwritable: As `decide` does.
        """
        for decision in decisions:
            if decision.status not in ("accepted", "rejected"):
                raise InvalidValue(f"{decision.status!r} is no decision.", hint="A link is accepted or rejected.")
            if not decision.by:
                raise InvalidValue("A decision needs the name of who decides.", hint="Give a name or initials.")
        file = self._assets.data_folder_to_change() / REVIEWED_FILE
        collection = Collection.described(self._assets, self._settings)
        name = Place(f"data/{REVIEWED_FILE}").file
        content = file.read_bytes() if file.is_file() else b""
        for decision in decisions:
            held = parse(content, "turtle", name=name, base=self._settings.base)
            content = reviewed(collection, held, decision)
        if decisions:
            write_files({file: content})
        return file

    def is_begun(self) -> bool:
        """Say whether a run was stopped and can be continued."""
        folder = self._unfinished()
        return folder is not None and folder.exists()

    def _unfinished(self) -> Path | None:
        """Return where the finished part of a run of this project is kept until it is done."""
        cache, project = cache_folder(), self._assets.project
        name = sha256(str(project).encode()).hexdigest()[:16]
        return cache / "links" / name if cache is not None else None


def _pair(one: Iri, other: Iri) -> Pair:
    return (min(one, other), max(one, other))


def _computed(collection: Collection) -> set[Pair]:
    """Return the pairs that a computed link joins now."""
    match, graph = collection.store.match, collection.computed
    starts = {quad.subject: quad.object for quad in match(predicate=LINK_FROM, graph=graph)}
    ends = {quad.subject: quad.object for quad in match(predicate=LINK_TO, graph=graph)}
    pairs = [(starts.get(quad.subject), ends.get(quad.subject)) for quad in match(predicate=SCORE, graph=graph)]
    return {_pair(one, other) for one, other in pairs if isinstance(one, Iri) and isinstance(other, Iri)}
