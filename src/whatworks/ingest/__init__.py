"""Brings records into a collection: reads them, maps them as declared, and writes one file per record.

`read_batch` makes a `Batch` out of files; a batch says what it read, mapped and left out, field by field, and what is
wrong; `Batch.files` are the data files it would write.
"""

from whatworks.ingest.batch import Batch, Change
from whatworks.ingest.reader import read_batch
from whatworks.tally import Problem, Tally

__all__ = ["Batch", "Change", "Problem", "Tally", "read_batch"]
