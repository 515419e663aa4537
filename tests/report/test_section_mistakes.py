"""What mistakes have in common, beside what a model blind to length would show."""

import pytest
from report_samples import evaluation, found, measured, voted

from plaudit.evaluation import evaluate
from plaudit.report import ReportInputs, kinds_of_mistakes
from plaudit.report.sections.mistakes import section


def kinds(metrics):
    shares = {"longer": measured(found(0.6)), "sure": measured(found(0.2))}
    (block, _) = section(ReportInputs(evaluation=evaluation(metrics), kinds=shares)).blocks
    return block


def test_picking_the_longer_stands_beside_how_often_the_longer_is_the_worse():
    """Length is right in 70% of comparisons, so the longer response is the worse one in 30%."""
    block = kinds({"accuracy": found(0.8), "length_accuracy": found(0.7)})
    longer, sure = block.rows
    assert [(kind, text) for kind, _, text in longer.marks] == [("blind", "30.0%")]
    assert sure.marks == ()
    assert longer.note.plain("en") == "blind to length: 30.0%"
    assert longer.note.plain("zh") == "不看长度：30.0%"
    assert block.caption.key == "wrong.kinds_beside"


def test_without_a_figure_of_length_there_is_no_mark():
    block = kinds({"accuracy": found(0.8)})
    assert [row.marks for row in block.rows] == [(), ()]
    assert block.caption.key == "wrong.kinds"


def test_a_model_blind_to_length_lies_on_its_mark():
    """Four pairs, the better longer in three. The model is right on one copy of each and wrong on the other, so a
    quarter of its mistakes pick the longer response: as many as the longer one is the worse."""
    pairs = [("long long", "short")] * 3 + [("short", "long long")]
    groups = [voted(f"{i}{copy}", [(0, 1, "a")], pair, f"{i}{copy}") for i, pair in enumerate(pairs) for copy in "ab"]
    scores = [[1.0, 0.0], [0.0, 1.0]] * 4
    longer = kinds_of_mistakes(groups, scores)["longer"].value
    assert longer == pytest.approx(1 / 4)
    assert longer == pytest.approx(1 - evaluate(groups, scores).overall["length_accuracy"].value)
