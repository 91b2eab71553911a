"""Looking for values that hold each other is left out for a while, and taken up again."""

import gc

import pytest

from whatworks.circles import without_circles


def test_it_is_left_out_within_only() -> None:
    """What was on is on again, and what was off stays off."""
    assert gc.isenabled()
    with without_circles():
        assert not gc.isenabled()
        with without_circles():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_where_something_went_wrong() -> None:
    """An error ends it."""

    @without_circles()
    def wrong() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        wrong()
    assert gc.isenabled()
