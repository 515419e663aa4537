"""What an evaluation looks like when it is printed."""

from plaudit.evaluation import evaluate
from plaudit.groups import Group, Ranking, Rating

GROUPS = [
    Group(f"g{i}", f"prompt {i}", ("longer", "short"), (Ranking(((0,), (1,))),), (Rating(0, 2), Rating(1, 1)))
    for i in range(4)
]


def test_headlines_stand_beside_what_they_are_read_against():
    evaluation = evaluate(GROUPS, [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    lines = str(evaluation).splitlines()
    # Three of four comparisons are right; the longer response wins in all four.
    assert lines[0].split()[:2] == ["accuracy", "75.0%"]
    assert lines[1].split() == ["chance", "50.0%"]
    assert "100.0%" in lines[2]
    assert any(line.startswith("overall: Spearman") for line in lines)
    assert repr(evaluation) == "Evaluation(4 groups, 4 comparisons, 8 ratings)"


def test_nothing_to_measure_is_said():
    assert str(evaluate([Group("g", "p", ("a", "b"))], [[1.0, 0.0]])) == "nothing was measured"


def test_a_measurement_is_a_value_and_its_interval():
    accuracy = evaluate(GROUPS, [[1.0, 0.0]] * 3 + [[0.0, 1.0]]).overall["accuracy"]
    assert str(accuracy) == f"0.750 [{accuracy.low:.3f}, {accuracy.high:.3f}] (n = 4)"
