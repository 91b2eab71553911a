"""Stores on disk, their canonical dumps, and files read statement by statement."""

import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatworks.assets import Asset
from whatworks.errors import DamagedRelease, EncodingFault, Error, MissingFile, SyntaxFault, Unwritable
from whatworks.store import (
    EmbeddedStore,
    Source,
    WorkingStore,
    canonical_nquads,
    has_statements,
    open_store,
    write_dump,
    write_store,
)
from whatworks.terms import BlankNode, Iri, Literal, Quad

BASE = "https://base.org/"
A, B, C, G = (Iri(f"https://x.org/{name}") for name in "abcg")

_iris = st.sampled_from([A, B, C])
_nodes = st.sampled_from([A, B, BlankNode("x"), BlankNode("y"), BlankNode("z")])
_texts = st.text(alphabet='ab_: .<>"\\\n\r\t\x85\u2028é', max_size=6)
_values = st.one_of(_nodes, _texts.map(Literal), st.builds(Literal.text, _texts, st.just("en")))
_quads = st.lists(st.builds(Quad, _nodes, _iris, _values, st.sampled_from([None, G])), max_size=12)


def _store(quads: list[Quad]) -> EmbeddedStore:
    store = EmbeddedStore()
    store.add(quads)
    return store


# ---- canonical dumps ----


@given(_quads)
def test_canonical_is_what_the_standard_says(quads: list[Quad]) -> None:
    """Labels given to the statements with blank nodes alone are those that the whole data set would have."""
    store = _store(quads)
    whole = ox.Dataset(store.engine)
    whole.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = (ox.serialize(whole, format=ox.RdfFormat.N_QUADS) or b"").split(b"\n")
    assert sorted(lines) == sorted(canonical_nquads(store).split(b"\n"))


@given(_quads)
def test_names_of_blank_nodes_make_no_difference(quads: list[Quad]) -> None:
    """The same statements with other names of blank nodes, in another order, give the same bytes."""
    other = {"x": "n7", "y": "n1", "z": "b"}

    def renamed(quad: Quad) -> Quad:
        subject, value = (
            BlankNode(other[term.name]) if isinstance(term, BlankNode) else term for term in (quad.subject, quad.object)
        )
        return quad._replace(subject=subject, object=value)  # type: ignore[arg-type]  # a subject stays one

    assert canonical_nquads(_store(quads)) == canonical_nquads(_store([renamed(quad) for quad in reversed(quads)]))


def test_graphs_that_are_blank_nodes_are_labelled() -> None:
    """A graph without a name of its own gets a canonical one."""
    texts = [f'_:{name} {{ <{A}> <{B}> "x _:g ." }}' for name in ("g", "h")]
    dumps = set()
    for text in texts:
        store = EmbeddedStore()
        store.load(text.encode(), "trig", graph=G, base=BASE)
        dumps.add(canonical_nquads(store))
    assert {f'<{A}> <{B}> "x _:g ." _:c14n0 .\n'.encode()} == dumps


@pytest.fixture
def many() -> EmbeddedStore:
    """Some thousand statements, a few of them with blank nodes."""
    quads = [Quad(Iri(f"{A}{i * 7919 % 3001}"), B, Literal(f"text {i}"), G) for i in range(3000)]
    return _store([*quads, Quad(BlankNode("x"), B, BlankNode("y"), G), Quad(BlankNode("y"), B, C, G)])


@pytest.mark.parametrize("run", [1, 1000, 50_000, 1 << 30])
def test_dump_is_the_same_however_much_is_sorted_at_a_time(many: EmbeddedStore, run: int, tmp_path: Path) -> None:
    """Sorted in a few files or in memory, the bytes are the same, they are described, and no part is left over."""
    expected = canonical_nquads(many)
    file = tmp_path / "dump.nq"
    written = write_dump(many, file, run)
    assert (hashlib.sha256(expected).hexdigest(), len(expected), 3002) == written[:3]
    assert [line for line in expected.splitlines(keepends=True) if b"_:" in line] == sorted(written.blank)
    assert expected == file.read_bytes()
    assert expected.splitlines() == sorted(expected.splitlines())
    assert [file] == list(tmp_path.iterdir())


def test_store_is_compared_with_a_dump(many: EmbeddedStore, tmp_path: Path) -> None:
    """A store has the statements of its dump; with one less, one more or another one it has not."""
    file = tmp_path / "dump.nq"
    write_dump(many, file)
    assert has_statements(many, file)
    again = EmbeddedStore()
    again.load(file.read_bytes(), "nquads", graph=G, base=BASE)
    assert has_statements(again, file)
    lines = file.read_bytes().splitlines(keepends=True)
    for other in (lines[1:], [*lines, b"<x:a> <x:b> <x:c> .\n"], [lines[0].replace(b"text", b"Text"), *lines[1:]]):
        file.write_bytes(b"".join(other))
        assert not has_statements(many, file)


def test_statements_in_another_graph_are_others(tmp_path: Path) -> None:
    """The graph of a statement counts."""
    file = tmp_path / "dump.nq"
    write_dump(_store([Quad(A, B, C, G)]), file)
    assert not has_statements(_store([Quad(A, B, C)]), file)


# ---- stores on disk ----


@pytest.mark.parametrize("as_file", [False, True])
def test_store_is_written_and_opened(many: EmbeddedStore, as_file: bool, tmp_path: Path) -> None:
    """What is written from bytes or from a file is read back, and cannot be changed."""
    file = tmp_path / "dump.nq"
    write_dump(many, file)
    write_store(tmp_path / "store", file if as_file else file.read_bytes())
    opened = open_store(tmp_path / "store", {})
    assert has_statements(opened, file)
    with pytest.raises(RuntimeError, match="read-write"):
        opened.add([Quad(A, B, C)])


def test_store_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Where a store cannot be, that is said."""
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable, match=r"The store in .*file cannot be written"):
        write_store(tmp_path / "file" / "inner", b"")
    with pytest.raises(Unwritable, match=r"The store in .*file cannot be written"):
        WorkingStore(tmp_path / "file" / "inner", {})


def test_folder_that_is_no_store_is_told(tmp_path: Path) -> None:
    """An empty folder is no store."""
    with pytest.raises(DamagedRelease, match="cannot be read"):
        open_store(tmp_path, {})


# ---- files ----

TURTLE = f"<{A}> <{B}> 1 , 01.50 , [ <{B}> <rel> ] ."


def _source(folder: Path, name: str, content: bytes, format: str) -> Source:
    (folder / name).write_bytes(content)
    return Source(Asset(name, folder / name), format, G)


@pytest.fixture(params=[EmbeddedStore, WorkingStore])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> EmbeddedStore:
    """A store in memory, and one on disk."""
    return EmbeddedStore() if request.param is EmbeddedStore else WorkingStore(tmp_path / "working", {})


@pytest.mark.parametrize(
    ("name", "format", "text"),
    [
        ("a.ttl", "turtle", TURTLE),
        ("a.ttl", "turtle", "\ufeff" + TURTLE),
        ("a.ttl", "turtle", TURTLE + " # << ~ is only a comment"),
        ("a.trig", "trig", f"{TURTLE} <h> {{ {TURTLE} }}"),
        ("a.nt", "ntriples", f'<{A}> <{B}> "x"@EN .'),
        ("a.nq", "nquads", f"<{A}> <{B}> _:x .\n<{A}> <{B}> _:x <{C}> ."),
    ],
)
def test_both_ways_of_reading_give_the_same(
    name: str, format: str, text: str, empty: EmbeddedStore, tmp_path: Path
) -> None:
    """A file gives the same statements in the same graphs whether it is read whole or statement by statement."""
    plain = EmbeddedStore()
    plain.load(text.removeprefix("\ufeff").encode(), format, graph=G, base=BASE)
    empty.read([_source(tmp_path, name, text.encode(), format)], BASE)
    assert canonical_nquads(plain) == canonical_nquads(empty)
    assert len(plain) == len(empty) > 0


def test_names_of_blank_nodes_count_within_a_file(empty: EmbeddedStore, tmp_path: Path) -> None:
    """The same name in two files means two nodes."""
    sources = [_source(tmp_path, f"{i}.nt", f'_:x <{B}> "{i}" .'.encode(), "ntriples") for i in range(3)]
    empty.read(sources, BASE)
    assert 3 == len({quad.subject for quad in empty.match()})


@pytest.mark.parametrize(
    ("content", "error", "place"),
    [
        (f"{TURTLE}\n<{A}> ; .".encode(), SyntaxFault, "a.ttl:2:"),
        (b'<a> <b> "caf\xe9" .', EncodingFault, "a.ttl:1:13"),
        (b"<a> <b> << <a> <b> <c> >> .", SyntaxFault, "a.ttl"),
        (b"<a> <b> <c> ~ <d> .", SyntaxFault, "a.ttl"),
        (b"<a> <b> <c> {| <d> <e> |} .", SyntaxFault, "a.ttl"),
        (b'<a> <b> "c"@ar--rtl .', SyntaxFault, "a.ttl"),
        (None, MissingFile, "a.ttl"),
    ],
    ids=["syntax", "encoding", "statement about a statement", "reifier", "annotation", "direction", "missing"],
)
def test_fault_of_a_file_is_placed(
    content: bytes | None, error: type[Error], place: str, empty: EmbeddedStore, tmp_path: Path
) -> None:
    """A file that cannot be read is named with the place, in memory and on disk alike."""
    source = _source(tmp_path, "a.ttl", content or b"", "turtle")
    if content is None:
        (tmp_path / "a.ttl").unlink()
    with pytest.raises(error) as caught:
        empty.read([source], BASE)
    assert str(caught.value.where).startswith(place)
    assert 0 == len(empty)


@pytest.mark.parametrize("value", ["<<( <x:a> <x:b> <x:c> )>>", '"c"@ar--rtl'])
@pytest.mark.parametrize("format", ["ntriples", "nquads"])
def test_lines_of_rdf_12_are_refused(format: str, value: str, empty: EmbeddedStore, tmp_path: Path) -> None:
    """In formats of one statement a line, statements about statements and directions of texts are told as well."""
    source = _source(tmp_path, "a.nt", f"<{A}> <{B}> {value} .".encode(), format)
    with pytest.raises(SyntaxFault) as caught:
        empty.read([source], BASE)
    assert "a.nt" == str(caught.value.where)
    assert 0 == len(empty)
