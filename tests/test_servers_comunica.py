"""Comunica answers as the embedded store does; see alike.py."""

from tests.alike import Alike


class TestComunica(Alike):
    """Comunica 4."""

    ENGINES = ("comunica",)
