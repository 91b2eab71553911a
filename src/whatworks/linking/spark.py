"""Finds the nearest on Apache Spark (extra `spark`): row blocks against a broadcast matrix.

Every task gets all rows, makes them ready to be compared once, and finds the best of the blocks that it is given, with
the very code that one machine runs; so pairs, scores and ties are the same to the last bit. Features are never joined
with themselves: that would write out every product.
"""

from collections.abc import Iterator

import numpy as np
from pyspark.sql import SparkSession

from whatworks.linking.nearest import Index, Near, alike, in_order, joined, part, spread
from whatworks.linking.vectors import Vectors

_BLOCKS_EACH = 4  # so many blocks for each task that runs at a time, so that none waits long for the last


def nearest(vectors: Vectors, top: int, minimum: float, session: SparkSession) -> Near:
    """Return the best pairs of all rows, in the order of rows, as `nearest.nearest` gives them block by block.

    Args:
        vectors: The rows.
        top: So many for each row.
        minimum: Only products of at least this, and above 0.
        session: Where to work; the workers need this package and numpy.
    """
    same = alike(vectors)
    firsts, lone = same.firsts, same.sizes == 1
    single = len(firsts) == len(vectors)
    wanted = top if single else top + 1
    context = session.sparkContext
    shared = context.broadcast((vectors if single else part(vectors, firsts), lone))
    tasks = max(context.defaultParallelism, 1)
    size = max(1, -(-len(firsts) // (tasks * _BLOCKS_EACH)))

    def best(starts: Iterator[int]) -> Iterator[Near]:
        rows, alone = shared.value
        index = Index(rows)
        for start in starts:
            end = min(start + size, len(rows))
            for first in range(start, end, index.block):
                yield index.best(np.arange(first, min(first + index.block, end)), wanted, minimum, alone)

    try:
        found = context.parallelize(range(0, len(firsts), size), tasks).mapPartitions(best).collect()
    finally:
        shared.destroy()
    pairs = in_order(joined(found))
    return in_order(pairs if single else spread(pairs, same, top))
