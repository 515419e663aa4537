"""Ratings and ranks of several responses: which columns are judgements, on which scale, and what is refused."""

import json

import pytest

from plaudit.data import ReadReport, load_groups
from plaudit.errors import DataError
from plaudit.groups import Ranking, Rating


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


@pytest.fixture
def read(tmp_path):
    def read(*rows, **wishes):
        path = tmp_path / "file.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        report = ReadReport()
        return load_groups(path, report=report, **wishes), report

    return read


def one(attribute, *values, scale=None):
    return tuple(Rating(0, value, attribute, scale=scale) for value in values)


# Columns beside prompt and response -> the ratings they are.
RATED = {
    "a column of a known name": ({"Clarity": 4}, one("Clarity", 4)),
    "known names, text, and a missing one": ({"clarity": "3", "tone": "N/A", "style": None}, one("clarity", 3)),
    "a known name that holds words": ({"clarity": 4, "style": "plain"}, one("clarity", 4)),
    "true and false": ({"correct": True}, one("correct", 1, scale=(0, 1))),
    "an annotator each": ({"helpfulness": [4, 3, None]}, one("helpfulness", 4, 3)),
    "HelpSteer's five have its scale": (
        {"helpfulness": 4, "correctness": 3, "coherence": 4, "complexity": 1, "verbosity": 0},
        tuple(
            Rating(0, value, name, scale=(0, 4))
            for name, value in zip(
                ("helpfulness", "correctness", "coherence", "complexity", "verbosity"), (4, 3, 4, 1, 0), strict=True
            )
        ),
    ),
    "an object of attributes": ({"scores": {"fit": 0.5, "overall": 4}}, one("fit", 0.5) + one("overall", 4)),
    "what programs compute is no rating": ({"scores": {"bleu": 0.1, "rouge-L": 0.2, "fit": 3}}, one("fit", 3)),
    "a declared scale": ({"mine": 3, "scale": [0, 5]}, one("mine", 3, scale=(0, 5))),
    "an attribute and its value": ({"attribute": "mine", "value": 3, "clarity": 9}, one("mine", 3)),
    "a score and attributes": ({"score": 3, "clarity": 2}, one("overall", 3) + one("clarity", 2)),
    "a score beside overall": ({"score": 4, "overall": 2}, one("score", 4) + one("overall", 2)),
    "KTO": ({"kto_tag": False}, one("overall", 0, scale=(0, 1))),
    "a reward": ({"reward": -1.5}, one("overall", -1.5)),
    "higher is worse": ({"toxicity": 0.9, "harm": 0}, one("toxicity", -0.9) + one("harm", 0)),
    "higher is worse, on a scale": (
        {"attribute": "severity", "value": 2, "scale": [0, 3]},
        one("severity", -2, scale=(-3, 0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RATED)
def test_which_columns_are_ratings(case, read):
    columns, ratings = RATED[case]
    [group], _ = read({"prompt": "P", "response": "a", **columns})
    assert (group.prompt, group.responses, group.ratings) == ("P", ("a",), ratings)


def test_a_number_of_no_known_name_is_no_rating(read):
    [group], report = read({"prompt": "P", "response": "a", "clarity": 4, "year": 2020, "tokens": 17})
    assert group.ratings == (Rating(0, 4, "clarity"),)
    assert group.meta == {"year": 2020, "tokens": 17}
    assert report.kept == {"year": 1, "tokens": 1}


def test_without_a_known_name_nothing_is_rated(read):
    [group], report = read({"prompt": "P", "output": "a", "critique_tokens": 17, "price_per_example": 0.5})
    assert group.ratings == ()
    assert report.formats == {"candidates": 1}


def test_the_user_declares_a_column_of_ratings(read):
    [group], _ = read(
        {"prompt": "P", "response": "a", "zest": 3, "toxicity": 2},
        columns={"ratings.zest": "zest", "ratings.mild": "toxicity"},
    )
    assert group.ratings == (Rating(0, 3, "zest"), Rating(0, 2, "mild"))


def test_that_higher_is_worse_is_said(read):
    _, report = read({"prompt": "P", "response": "a", "severity": 3})
    assert list(report.notes) == [
        "higher is worse in 'severity': it is read as minus its value, so that higher is better"
    ]


def test_a_conversation_ends_with_the_rated_response(read):
    [group], _ = read({"messages": [user("P"), assistant("a"), user("Q"), assistant("b")], "label": True})
    assert group.prompt == (user("P"), assistant("a"), user("Q"))
    assert (group.responses, group.ratings) == (("b",), one("overall", 1, scale=(0, 1)))


def test_rated_text_has_source_context_and_scores(read):
    row = {"source": "Hi\nHello", "context": "It rained.", "system_output": "Wet!", "system_id": "m", "doc_id": 0}
    [group], _ = read({**row, "reference": "Yes.", "scores": {"naturalness": 2.5, "overall": 4.0}})
    assert (group.prompt, group.responses) == ("It rained.\n\nHi\nHello", ("Wet!",))
    assert group.ratings == one("naturalness", 2.5) + one("overall", 4)
    assert group.meta == {"system_id": "m", "doc_id": 0, "reference": "Yes."}


@pytest.mark.parametrize(
    ("columns", "prompt"),
    [
        ({"question": "Who won?", "context": "Bern won."}, "Bern won.\n\nWho won?"),
        ({"instruction": "Sum up.", "document": "It rained."}, "It rained.\n\nSum up."),
        ({"prompt": "It rained.\nSum up.", "document": "It rained."}, "It rained.\nSum up."),
        ({"prompt": "And?", "context": [user("P"), assistant("a")]}, (user("P"), assistant("a"), user("And?"))),
        ({"prompt": [user("Who?")], "context": "Bern won."}, (user("Bern won.\n\nWho?"),)),
        ({"context": "P"}, "P"),
    ],
)
def test_what_a_prompt_is_about_belongs_to_it(columns, prompt, read):
    [group], _ = read({**columns, "chosen": "a", "rejected": "b"})
    assert group.prompt == prompt


# Rows of K responses -> their rankings and ratings.
RANKED = {
    "ultrafeedback with holes": (
        {
            "instruction": "P",
            "completions": [
                {
                    "response": "a",
                    "overall_score": 8,
                    "fine-grained_score": float("nan"),
                    "annotations": {"honesty": {"Rating": "4", "Rationale": "-"}, "truthfulness": {"Rating": "N/A"}},
                },
                {"response": "b", "overall_score": 2.5, "annotations": {"honesty": {"Rating": "1"}}},
            ],
        },
        (),
        (
            Rating(0, 8, scale=(1, 10)),
            Rating(0, 4, "honesty", scale=(1, 5)),
            Rating(1, 2.5, scale=(1, 10)),
            Rating(1, 1, "honesty", scale=(1, 5)),
        ),
    ),
    "annotations by the model's name": (
        {
            "instruction": "P",
            "preference": "readability",
            "responses": [{"model": "m", "response": "a"}, {"model": "n", "response": "b"}],
            "annotations": [{"model": "n", "rating": "2"}, {"model": "m", "rating": "N/A"}],
        },
        (),
        (Rating(1, 2, "readability", scale=(1, 5)),),
    ),
    "stack exchange: equal scores compare nothing": (
        {"question": "P", "answers": [{"text": t, "pm_score": s} for t, s in (("a", 1), ("b", 3), ("c", 1))]},
        (Ranking(((1,), (0,)), weight=0.5), Ranking(((1,), (2,)), weight=0.5)),
        (),
    ),
    "nemo-rl": (
        {
            "context": [user("P")],
            "completions": [
                {"rank": 1, "completion": [assistant("a")], "reward": 0},
                {"rank": 0, "completion": [assistant("b")], "reward": 2},
            ],
        },
        (Ranking(((1,), (0,))),),
        (Rating(0, 0, "reward"), Rating(1, 2, "reward")),
    ),
    "generations and a list called rating": (
        {"instruction": "P", "generations": ["a", "b"], "rating": [5.0, None]},
        (),
        (Rating(0, 5),),
    ),
    "scores with holes": (
        {"prompt": "P", "responses": ["a", "b", "c"], "scores": ["nan", 2, "N/A"]},
        (),
        (Rating(1, 2),),
    ),
}


@pytest.mark.parametrize("case", RANKED)
def test_k_responses(case, read):
    row, rankings, ratings = RANKED[case]
    [group], report = read(row)
    assert report.formats == {"ranked": 1}
    assert (group.rankings, group.ratings) == (rankings, ratings)


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"ranks": [1, 2, 3], "scores": [1, 5, 0]}, "the scores contradict the ranks"),
        ({"ranking": [1, 2, 0]}, '"ranking" is read as indices from 0, best first'),
    ],
)
def test_two_orders_that_differ_are_said(columns, note, read):
    [group], report = read({"prompt": "P", "responses": ["a", "b", "c"], **columns})
    assert len(group.rankings) == 1
    assert [count for text, count in report.notes.items() if text.startswith(note)] == [1]


def test_a_ranking_that_reads_alike_both_ways_is_not_worth_a_word(read):
    _, report = read({"prompt": "P", "responses": ["a", "b", "c"], "ranking": [2, 1, 0]})
    assert not report.notes


REFUSED = {
    "the labels of steps, TRL": {"prompt": "P", "completions": ["One.", "Two."], "labels": [True, False]},
    "the labels of steps, PRM800K": {"question": {"problem": "P"}, "label": {"steps": [{"completions": []}]}},
    "the labels of steps, Math-Shepherd": {"input": "P Step 1: a ки", "label": "P Step 1: a +"},
    "the labels of steps, ProcessBench": {"problem": "P", "steps": ["a"], "final_answer_correct": True, "label": 0},
    "an attack": {"transcript": "\n\nHuman: P\n\nAssistant: a", "rating": 3, "red_team_member_id": 1},
    "both responses stand in one message": {
        "messages": [user("[CONTEXT] P [RESPONSE A] a [RESPONSE B] b"), assistant("A")]
    },
    "match a behaviour": {"question": "P", "answer_matching_behavior": " (A)", "answer_not_matching_behavior": " (B)"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_judges_no_response_is_refused_with_the_reason(case, read):
    reason = "judge the steps of one solution" if case.startswith("the labels") else case
    with pytest.raises(DataError, match=reason):
        read(REFUSED[case])


def test_labels_of_whole_responses_are_declared(read):
    [group], _ = read({"prompt": "P", "completions": ["a", "b"], "labels": [True, False]}, columns={"scores": "labels"})
    assert group.ratings == (Rating(0, 1, scale=(0, 1)), Rating(1, 0, scale=(0, 1)))


def test_attributes_may_have_scales_of_their_own(read):
    row = {"prompt": "P", "response": "a", "scores": {"clarity": 2, "overall": 4, "depth": 1}}
    [group], _ = read({**row, "scale": {"clarity": [1, 3], "overall": [1, 5]}})
    assert group.ratings == (
        Rating(0, 2, "clarity", scale=(1, 3)),
        Rating(0, 4, scale=(1, 5)),
        Rating(0, 1, "depth"),
    )
    [group], report = read({"prompt": "P", "response": "a", "sweet": 2, "scale": {"sweet": [1, 3], "sour": [1, 3]}})
    assert group.ratings == (Rating(0, 2, "sweet", scale=(1, 3)),)
    assert report.notes == {"a scale is declared for 'sour', which the row does not rate": 1}
    with pytest.raises(DataError, match=r'"scale" is 3; it must be .lowest, highest.'):
        read({**row, "scale": {"clarity": 3}})
