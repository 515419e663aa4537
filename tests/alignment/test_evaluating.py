"""What a function that knows the truth may say, and a gold that knows nothing of its own."""

import pytest
from painting import PROMPTS, reds
from ruled import by_text

from plaudit.alignment import PromptSets, align
from plaudit.errors import InvalidInputError

FEW = {"method": "ppo", "steps": 1, "max_new_tokens": 16, "best_of_samples": 0, "evaluation_samples": 2}
SETS = PromptSets(PROMPTS[:6], PROMPTS[6:9], PROMPTS[9:])


@pytest.mark.parametrize(
    ("gold", "words"),
    [
        (lambda groups: [[1.0] for _ in groups], "it gave 3 numbers for 6 answers"),
        (lambda groups: [1.0 for _ in groups], "it gave \\[1.0"),
        (lambda groups: None, "it gave None"),
        (lambda groups: [["good"] * len(group.responses) for group in groups], "it gave \\[\\['good'"),
        (lambda groups: [[float("nan")] * len(group.responses) for group in groups], "it gave nan"),
    ],
    ids=["one a group", "no lists", "nothing", "words", "NaN"],
)
def test_gold_gives_every_answer_a_number(painter, tmp_path, likes_red, gold, words):
    with pytest.raises(InvalidInputError, match=f"gold must give every answer one finite number, and {words}"):
        align(painter, SETS, likes_red, tmp_path / "run", gold=gold, **FEW)


def test_gold_that_is_the_reward_is_refused(painter, tmp_path, likes_red):
    with pytest.raises(InvalidInputError, match="is the reward itself"):
        align(painter, SETS, likes_red, tmp_path / "run", gold=likes_red, **FEW)


def test_gold_that_tells_nothing_apart_is_said(painter, tmp_path, caplog):
    indifferent = lambda groups: [[1] * len(group.responses) for group in groups]  # noqa: E731
    align(painter, SETS, by_text(reds), tmp_path / "run", gold=indifferent, **FEW)
    assert "gold gives each of the untrained policy's answers 1" in caplog.text
