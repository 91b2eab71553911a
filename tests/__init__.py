"""The tests of whatworks: one file for each module."""
