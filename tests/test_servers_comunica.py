"""Comunica answers as the embedded store does; see alike.py."""

import pytest

from tests.alike import Alike

pytestmark = [pytest.mark.slow, pytest.mark.long]


class TestComunica(Alike):
    """Comunica 4."""

    ENGINES = ("comunica",)
