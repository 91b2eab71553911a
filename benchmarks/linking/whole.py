"""Links all of some records in a process of its own, so that the most memory it had can be told.

    python benchmarks/linking/whole.py FILE [TOP]

FILE holds pickled records and the names of features; without TOP they are only read. The most memory is printed, in
kilobytes, as Linux tells it of the process itself: what its parent had does not count.
"""

import pickle
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from whatworks import KnowledgeGraph  # noqa: E402 - found from the root only
from whatworks.assets import Assets  # noqa: E402
from whatworks.linking.decisions import Decisions  # noqa: E402
from whatworks.linking.link import Options  # noqa: E402
from whatworks.linking.linker import Linker  # noqa: E402
from whatworks.linking.run import Run  # noqa: E402
from whatworks.linking.writing import contents  # noqa: E402
from whatworks.settings import Settings  # noqa: E402


def main(file: str, top: str = "") -> None:
    """Read the records; with a number, make so many links for each and write them into nothing."""
    collection = KnowledgeGraph(Assets.find(), Settings()).collection
    records, names = pickle.loads(Path(file).read_bytes())  # noqa: S301 - written by the benchmark just before
    if top:
        linker = Linker.of(records)
        links = linker.links(linker.best(int(top), 0.0), lambda features: {each: names[each] for each in features})
        for _ in contents(Run(links, [], Decisions(), len(records.things), []), collection, Options(int(top), 0.0)):
            pass
    (peak,) = [line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if "VmHWM" in line]
    print(peak.split()[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
