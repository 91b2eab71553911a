"""Judged pairs and planted families are what they say, measures are right, and links are better than less would be."""

import itertools
import math
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.linking import families, judged, quality
from benchmarks.linking.measures import gain, interval, kappa, precision, recall
from benchmarks.linking.methods import OURS, everything

from whatworks import KnowledgeGraph

GRADES = {"a": 3, "b": 2, "c": 1, "d": 0, "e": 2}


def test_measures() -> None:
    """Of a ranking worked out by hand."""
    assert precision(["a", "c", "b", "d", "x"], GRADES) == 2 / 5
    assert recall(["a", "c", "b", "d", "x"], GRADES) == 2 / 3
    assert recall(["x"] * 10 + ["a"], GRADES) == 0
    assert gain(["a", "b", "e", "c"], GRADES) == 1
    assert gain(["c", "a"], {"a": 2, "c": 1}) == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))


def test_more_than_ten_relevant_ones_cannot_all_be_among_ten() -> None:
    """Ten right ones are all that a list of ten can have."""
    assert recall([str(number) for number in range(10)], {str(number): 3 for number in range(20)}) == 1


def test_interval_holds_the_mean() -> None:
    """Of figures that differ it has a width, of equal ones none."""
    found = interval([0.0, 1.0] * 20)
    assert found.low < 0.5 == found.mean < found.high
    assert interval([0.25] * 5) == interval([0.25] * 5)
    assert str(interval([0.25] * 5)) == "0.25 (0.25–0.25)"


def test_kappa() -> None:
    """The same grades agree wholly, turned ones are worse than chance, and one worked out by hand."""
    assert kappa([0, 1, 2, 3], [0, 1, 2, 3]) == 1
    assert kappa([0, 1, 2, 3], [3, 2, 1, 0]) == pytest.approx(-1)
    assert kappa([0, 0, 3, 3], [0, 3, 3, 3]) == pytest.approx(0.5)


def test_judged_pairs_are_those_of_the_pool(kg: KnowledgeGraph) -> None:
    """Each pair of the pool has a grade, and both ends are interventions; 120 pairs of 30 interventions have three."""
    found = judged.read()
    keys = {thing.code for thing in kg.things(of_class="Intervention")}
    pool = (judged.FOLDER / "pool.csv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [f"{one},{other}" for one, of in found.grades.items() for other in of]
    assert sorted(pairs) == sorted(pool)
    first, second, third = found.passes.values()
    assert first.keys() == second.keys() < third.keys()
    assert len(first) >= 120
    assert len(found.grades) >= 30
    assert {key for pair in pairs for key in pair.split(",")} <= keys
    assert {grade for each in found.passes.values() for grade in each.values()} == {0, 1, 2, 3}
    parts = [set(found.part(name)) for name in (judged.TUNING, judged.HELD_OUT)]
    assert not parts[0] & parts[1] and parts[0] | parts[1] == set(found.grades)  # noqa: PT018 - one law


def _passes(folder: Path, *passes: str) -> judged.Judged:
    for number, lines in enumerate(passes, 1):
        (folder / f"pass-{number}.csv").write_text(f"intervention,other,grade\n{lines}")
    return judged.read(folder)


def test_the_middle_grade_counts(tmp_path: Path) -> None:
    """Of three passes the middle one, of a pair that came later what the last pass says; a pass can stand alone."""
    found = _passes(tmp_path, "a,b,1\na,c,0\n", "a,b,3\na,c,0\n", "a,b,2\na,c,3\na,d,1\n")
    assert {"a": {"b": 2, "c": 0, "d": 1}} == found.grades
    assert {"a": {"b": 2, "c": 3, "d": 1}} == found.alone("pass-3").grades
    assert ([3, 0], [2, 3]) == found.together("pass-2", "pass-3")
    assert ([False, False], [True, False]) == quality.agreements([3, 0], [2, 3])


def test_a_pass_that_lacks_pairs_is_told(tmp_path: Path) -> None:
    """What an earlier pass has judged every later one judges too."""
    with pytest.raises(ValueError, match="pass-2 has not judged all pairs"):
        _passes(tmp_path, "a,b,1\n", "a,c,1\n", "a,b,1\na,c,1\n")


@pytest.fixture(scope="module")
def shipped(kg: KnowledgeGraph) -> families.Shipped:
    """What shipped records look like."""
    return families.Shipped(kg)


def test_planted_families_are_the_same_for_a_seed(shipped: families.Shipped) -> None:
    """Another seed plants others; each member stands in one family."""
    one, again, other = (families.Maker(shipped, 1.0, seed, 0.3).plant(8, 4, 10) for seed in (1, 1, 2))
    assert one == again != other
    assert len(one.records) == 8 * 4 + 10
    assert len({key for family in one.families for key in family}) == 8 * 4
    assert set(Counter(one.languages.values())) == {"en", "xa", "xb"}


def test_without_noise_members_are_copies(shipped: families.Shipped) -> None:
    """They have the same features and words; with noise they differ."""
    still = families.Maker(shipped, 0.0, 3).plant(4, 3, 0)
    for family in still.families:
        assert still.records[family[0]] == still.records[family[1]] == still.records[family[2]]
    noisy = families.Maker(shipped, 1.0, 3).plant(4, 3, 0)
    assert all(noisy.records[one] != noisy.records[other] for one, other, _ in noisy.families)


@pytest.mark.slow
def test_members_agree_as_much_as_related_shipped_pairs(kg: KnowledgeGraph) -> None:
    """Of every sort of feature that several related pairs have on both sides, and of words."""
    found = families.Shipped(kg)
    families.calibrated(found)
    planted = families.Maker(found, 1.0, 77).plant(*families.SIZES)
    pairs = [pair for family in planted.families for pair in itertools.combinations(family, 2)]
    related, members = found.agreement(found.related, found.records), found.agreement(pairs, planted.records)
    compared = [name for name, of in related.items() if len(of) >= 8]
    assert len(compared) > 6
    for name in compared:
        assert families.mean(members[name]) == pytest.approx(families.mean(related[name]), abs=0.13), name


@pytest.mark.slow
def test_links_are_better_than_each_feature_and_plain_words(kg: KnowledgeGraph) -> None:
    """On both parts of the judged pairs, in all three figures."""
    things, methods = everything(kg)
    found = judged.read()
    for part in (judged.TUNING, judged.HELD_OUT):
        grades = {key: found.grades[key] for key in found.part(part)}
        means = {
            name: [of.mean for of in intervals]
            for name, intervals in quality.intervals(quality.figures(things, methods, grades, 1)).items()
        }
        for name, figures in means.items():
            assert name == OURS or all(own > its for own, its in zip(means[OURS], figures, strict=True)), (part, name)


@pytest.mark.long
@pytest.mark.slow
def test_links_find_planted_relatives(kg: KnowledgeGraph) -> None:
    """Better than each feature and than plain words, at the noise of shipped records."""
    means = {
        name: [of.mean for of in intervals]
        for name, intervals in quality.intervals(quality.on_planted(kg, 1.0, 0.0, (11,))).items()
    }
    assert means[OURS][1] >= 0.9
    for name, figures in means.items():
        assert name == OURS or all(own > its for own, its in zip(means[OURS], figures, strict=True)), name


def test_report_has_a_line_for_each_method() -> None:
    """The best method first, each with how far the tool is ahead of it."""
    figures = {OURS: [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5)], "TF-IDF": [(0.5, 0.5, 0.5), (0.25, 0.25, 0.25)]}
    lines = list(quality.table("Title", figures))
    assert [line.split(" | ")[0] for line in lines[-2:]] == ["| whatworks", "| TF-IDF"]
    assert lines[-1].count("+0.38 (+0.25 to +0.50)") == 3
