"""The family of errors: each has a code, an exit status and an HTTP status, and says where and how to mend it."""

import inspect
import re

import pytest

from whatworks import errors
from whatworks.errors import Error, InputError, Place, UnknownThing, UsageError

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, Error)]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_error_class_is_complete(error: type[Error]) -> None:
    """Every class has a kebab-case code, a status of the command line and of HTTP, and a docstring."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert error.exit_status in (1, 2, 3)
    assert 400 <= error.http_status < 600
    assert error.__doc__


def test_wrong_usage_and_faults_of_input_have_their_status() -> None:
    """Wrong usage ends with 2, a fault of input with 3, in every subclass."""
    assert {2} == {found.exit_status for found in CLASSES if issubclass(found, UsageError)}
    assert {3} == {found.exit_status for found in CLASSES if issubclass(found, InputError)}


def test_error_says_place_message_and_hint() -> None:
    """The text of an error is place, message and, on a line of its own, the hint."""
    error = UnknownThing("Nothing is there.", hint="Look elsewhere.", where=Place("a.ttl", 3, 7))
    assert "a.ttl:3:7: Nothing is there.\nLook elsewhere." == str(error)
    assert "Nothing is there." == str(UnknownThing("Nothing is there."))


@pytest.mark.parametrize(
    ("place", "text"),
    [(Place("a.ttl"), "a.ttl"), (Place("a.ttl", 3), "a.ttl:3"), (Place("a.ttl", 3, 7), "a.ttl:3:7")],
)
def test_place_leaves_out_what_is_not_known(place: Place, text: str) -> None:
    """A place without line or column is written without them."""
    assert text == str(place)


def test_docstring_names_every_error() -> None:
    """The picture of the family names every class."""
    for found in CLASSES:
        assert found.__name__ in (errors.__doc__ or "")
