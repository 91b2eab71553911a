"""Links worked out on Apache Spark, in local mode, are those of one machine; skipped where Spark is not there."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from whatworks import KnowledgeGraph, linking
from whatworks.errors import MissingExtra

SPARK = ROOT / "build" / "spark"
# In a process of its own: a session starts Java, and what its libraries warn of is theirs.
PROGRAM = """
import json, sys
import numpy as np
from pyspark.sql import SparkSession
from whatworks import KnowledgeGraph, linking
from whatworks.linking.nearest import in_order, joined, nearest
from whatworks.linking.spark import nearest as on_spark
from whatworks.linking.vectors import Vectors

session = (
    SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    .config("spark.log.level", "ERROR").getOrCreate()
)
kg = KnowledgeGraph.open()
same = linking.links(kg, top=4) == linking.links(kg, top=4, spark=session)

rng = np.random.default_rng(3)
def equal(count, copies):
    rows = [np.sort(rng.choice(60, rng.integers(0, 7), replace=False)) for _ in range(count)]
    rows += [rows[number % max(count, 1)] for number in range(copies)]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    cols = np.concatenate([*rows, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    values = ((cols * 7919) % 13 + 1) / 40  # many ties
    vectors = Vectors(starts, cols, values, np.ones(len(cols)), 60)
    here = in_order(joined([block.pairs for block in nearest(vectors, 5, 0.0, lambda _: None)]))
    there = on_spark(vectors, 5, 0.0, session)
    return all(np.array_equal(one, other) for one, other in zip(here, there, strict=True))

found = {"shipped": same, "ties": equal(300, 0), "copies": equal(40, 200), "one": equal(1, 0), "none": equal(0, 0)}
session.stop()
print(json.dumps(found))
"""


def _reason() -> str:
    """Return why Spark cannot run here, or nothing."""
    if importlib.util.find_spec("pyspark") is None and not (SPARK / "pyspark").is_dir():
        return "pyspark is not installed: make spark"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "there is no Java, which Spark needs"
    return ""


@pytest.mark.slow
def test_links_are_the_same_on_spark(tmp_path: Path) -> None:
    """Of the shipped collection with type and sentence, and to the last bit of many ties, copies, one row and none."""
    if reason := _reason():
        pytest.skip(reason)
    paths = os.pathsep.join(filter(None, (str(SPARK), os.environ.get("PYTHONPATH"))))
    environment = {
        **os.environ,
        "PYTHONPATH": paths,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == dict.fromkeys(("shipped", "ties", "copies", "one", "none"), True)


def test_without_spark_it_is_said_what_to_install(kg: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.delitem(sys.modules, "whatworks.linking.spark", raising=False)
    with pytest.raises(MissingExtra, match="pyspark") as caught:
        linking.links(kg, top=1, spark=object())
    assert "whatworks[spark]" in str(caught.value.hint)
