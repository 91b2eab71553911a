"""Measurements: a generator of graphs of any size, and the tasks that are timed on them."""
