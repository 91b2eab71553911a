"""The settings of a project."""

from pathlib import Path

import pytest

from whatworks.errors import MissingFile, SettingsFault
from whatworks.settings import DEFAULT_BASE, Settings, preference
from whatworks.terms import Literal


def test_load_without_a_file_gives_the_defaults() -> None:
    """Where there is no project, the defaults hold."""
    assert Settings.load(None) == Settings(base=DEFAULT_BASE, languages=("en", "fr", "de"))


def test_load_reads_every_setting(tmp_path: Path) -> None:
    """Both settings are read, also from a file with a byte order mark."""
    file = tmp_path / "whatworks.toml"
    file.write_text('base = "https://example.org/kg/"\nlanguages = ["nl", "en"]\n', encoding="utf-8-sig")
    assert Settings.load(file) == Settings("https://example.org/kg/", ("nl", "en"))


def test_load_reads_an_empty_file(tmp_path: Path) -> None:
    """An empty file changes nothing."""
    (tmp_path / "whatworks.toml").touch()
    assert Settings.load(tmp_path / "whatworks.toml") == Settings()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'bass = "https://example.org/"', "There is no setting 'bass'"),
        (b'base = "https://example.org"', "ends with a slash"),
        (b'base = "example/"', "ends with a slash"),
        (b"base = 7", "ends with a slash"),
        (b'languages = "en"', "no list of language tags"),
        (b"languages = []", "no list of language tags"),
        (b"languages = [1]", "no list of language tags"),
        (b'languages = ["not a tag"]', "no list of language tags"),
        (b'languages = ["en", ""]', "no list of language tags"),
        (b"base = ", "at end of document"),
        (b'base = "\xff"', "not valid TOML"),
        (b"base = " + b"[" * 5000, "not valid TOML"),
    ],
)
def test_load_refuses(tmp_path: Path, content: bytes, said: str) -> None:
    """Unknown keys, wrong values and broken files are told with the name of the file."""
    file = tmp_path / "whatworks.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsFault) as caught:
        Settings.load(file)
    assert said in str(caught.value)
    assert str(caught.value).startswith("whatworks.toml: ")


def test_load_says_that_a_file_is_missing(tmp_path: Path) -> None:
    """A file that cannot be read is told as such."""
    with pytest.raises(MissingFile, match="No such file"):
        Settings.load(tmp_path / "whatworks.toml")


def test_preference_of_names() -> None:
    """Preferred languages come first, then English, then no language, then the others by tag."""
    tags = ["cs", "", "en", "fr", "de", "nl"]
    names = [Literal.text("x", tag) if tag else Literal("x") for tag in tags]
    ranked = sorted(names, key=lambda name: preference(name, ("nl", "de")))
    assert ["nl", "de", "en", "", "cs", "fr"] == [name.language for name in ranked]
