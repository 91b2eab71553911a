"""What differs between two states of a graph, in words: per thing and field, what was there and what is there now.

`lines` finds the lines that two sorted dumps do not share, `fields` says statements in words, `answer` is what is told
of it as text and for programs, `compare` puts them together. An import tells with `fields` what it would change.
"""

from whatworks.differences.answer import Changed, Differences, Named
from whatworks.differences.compare import OTHER, Side, compare
from whatworks.differences.fields import Comparer, Difference, State, by_field

__all__ = [
    "OTHER",
    "Changed",
    "Comparer",
    "Difference",
    "Differences",
    "Named",
    "Side",
    "State",
    "by_field",
    "compare",
]
