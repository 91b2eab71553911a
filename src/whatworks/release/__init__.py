"""Immutable releases: a folder named by its content that holds the store, its canonical dump and what describes them.

A release is written beside, synced, and renamed into place; `current` names the one in use. So a build that is killed
at any moment leaves the release before it in use, and a reader is not disturbed by a new one.

    releases/
      current            the name of the release in use
      .lock              held by the one who writes
      <name>/
        manifest.json    counts, versions, licences, checksums; the same for the same sources
        dump.nq          all statements, asserted and inferred, canonical (RDFC-1.0)
        void.ttl         the description of the data set
        store/           the store that is read
        search.db        the index of the search
        columns-2.bin    the same statements as columns of numbers, if numpy is installed
        dumps/           the same in other formats, if they were written: whatworks dumps
        local.json       checksums of store, index and columns, the state of the sources; differs from build to build
"""

from whatworks.release.files import digest_of, sealed, unsealed
from whatworks.release.given import open_given
from whatworks.release.one import Release
from whatworks.release.releases import Releases
from whatworks.release.sources import Sources, source_stamp, source_state

__all__ = [
    "Release",
    "Releases",
    "Sources",
    "digest_of",
    "open_given",
    "sealed",
    "source_stamp",
    "source_state",
    "unsealed",
]
