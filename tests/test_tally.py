"""The account of an import says where a problem is and what to do."""

from whatworks.errors import Place
from whatworks.tally import Problem, problem_rows, problems_csv


def test_a_problem_says_what_it_expects() -> None:
    """Where nothing is suggested, what is expected is told."""
    place = Place("a.xlsx", 5, 3, "C5", "Agent")
    assert str(Problem(place, "a", "Name", "x", "is no number.", expected="a number")).endswith("Expected is a number.")
    assert str(place) == "a.xlsx, Agent!C5"


def test_problems_are_rows_for_programs() -> None:
    """Each problem is a row whose names are those of the table's columns."""
    problem = Problem(Place("a.csv", 2, 3, "C2"), "a", "Name", "x", "is no number.", "Write 1.", "number", "a number")
    (row,) = problem_rows([problem])
    header, line, _ = problems_csv([problem]).decode().split("\r\n")
    assert header.split(",") == list(row)
    assert line == "a.csv,,C2,2,a,Name,number,x,a number,is no number.,Write 1."
