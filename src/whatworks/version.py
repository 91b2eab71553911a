"""The version of whatworks."""

__version__ = "0.1.0"
