"""What annotation tools export: people's answers, each by whoever gave it; never a model's."""

import json

import pytest

from plaudit.data import ReadReport, load_groups
from plaudit.errors import DataError
from plaudit.groups import Ranking

PAIR = {"prompt": "P", "response_1": "a", "response_2": "b"}


def submitted(value, user="u"):
    return [{"user_id": user, "value": value, "status": "submitted"}]


def load(tmp_path, row, **wishes):
    path, report = tmp_path / "export.jsonl", ReadReport()
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return load_groups(path, report=report, **wishes), report


def test_questions_that_contradict_each_other_are_subsets(tmp_path):
    row = {"id": 7, **PAIR, "helpful": submitted("response-1"), "harmless": submitted("response-2")}
    groups, _ = load(tmp_path, row)
    assert [(group.id, group.subset, group.rankings) for group in groups] == [
        ("7/helpful", "helpful", (Ranking(((0,), (1,)), annotator="u"),)),
        ("7/harmless", "harmless", (Ranking(((1,), (0,)), annotator="u"),)),
    ]


def test_the_best_of_several_beats_each_other_one(tmp_path):
    [group], _ = load(tmp_path, {**PAIR, "response_3": "c", "best": submitted("response_2")})
    assert [ranking.tiers for ranking in group.rankings] == [((1,), (0,)), ((1,), (2,))]


@pytest.mark.parametrize("row", [
    {"prompt": "P", "response": "a", "prompt_quality": submitted(2)},
    {**PAIR, "quality": submitted(2)},
    {**PAIR, "comment": submitted("Both are short.")},
])  # fmt: skip
def test_what_judges_no_response_is_left_behind_and_said(row, tmp_path):
    [group], report = load(tmp_path, row)
    assert group.rankings == group.ratings == ()
    question = list(row)[-1]
    assert report.left_behind == {question: 1}
    assert any(f"the answers to {question!r} judge no response" in note for note in report.notes)


def test_a_question_may_be_declared_a_rating(tmp_path):
    row = {"prompt": "P", "response": "a", "how_nice": submitted(2)}
    [group], _ = load(tmp_path, row, columns={"ratings.nice": "how_nice"})
    assert [(rating.attribute, rating.value) for rating in group.ratings] == [("nice", 2)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**PAIR, "best": submitted([{"rank": 1, "value": "response-3"}])}, "the ranking names 'response-3'"),
        ({**PAIR, "preference": submitted("response-3")}, "is 'response-3'; it must be one of 1, 2, tie"),
        ({"prompt": "P", "best": submitted("x")}, "the record shows no response"),
        ({"response": "a", "quality": submitted(1)}, "the record shows no prompt"),
        (
            {
                "data": {"prompt": "P", "items": ["a", "b"]},
                "annotations": [{"result": [{"value": {"ranker": {"good": ["response-1"], "bad": []}}}]}],
            },
            "buckets good, bad, whose order nobody says",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(row, message, tmp_path):
    with pytest.raises(DataError, match=message):
        load(tmp_path, row)
