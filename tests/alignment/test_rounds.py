"""Ranking and pairing of samples."""

import numpy as np
import pytest

from plaudit.alignment.policy import Sample
from plaudit.alignment.prompts import Prompt
from plaudit.alignment.rounds import make_pairs, rank_samples
from plaudit.groups import Group

PROMPT = Prompt(Group("q", "Why?", ("",)), np.array([1]), "Why?", "")


def samples(*texts):
    return [Sample(PROMPT, np.array([7]), np.zeros(1), not text.endswith("…"), text) for text in texts]


def ranked(texts, rewards):
    return list(rank_samples(samples(*texts), np.array(rewards), len(texts)))


def test_the_best_come_first_and_each_text_once():
    (one,) = ranked(["a", "b", "a", "c"], [1.0, 3.0, 1.0, 2.0])
    assert [sample.text for sample in one.samples] == ["b", "c", "a"]
    assert one.rewards == [3.0, 2.0, 1.0]
    group = one.group()
    assert [(group.responses[r.response], r.value) for r in group.ratings] == [("b", 3.0), ("c", 2.0), ("a", 1.0)]


@pytest.mark.parametrize(
    ("texts", "rewards", "count", "margin", "expected", "ties", "unfinished"),
    [
        (["a", "b", "c", "d"], [4, 3, 2, 1], 2, 0.0, [("a", "d"), ("b", "c")], 0, 0),
        (["a", "b", "c", "d"], [4, 3, 2, 1], 9, 0.0, [("a", "d"), ("b", "c")], 0, 0),
        (["a", "b", "c", "d"], [4, 3, 2, 1], 2, 1.0, [("a", "d")], 1, 0),
        (["a", "b"], [2, 2], 1, 0.0, [], 1, 0),
        (["a…", "b"], [2, 1], 1, 0.0, [], 0, 1),
        (["a", "b…"], [2, 1], 1, 0.0, [("a", "b…")], 0, 0),
        (["a"], [2], 1, 0.0, [], 0, 0),
    ],
    ids=["two", "no answer stands twice", "margin", "tie", "the better is cut", "the worse is cut", "alone"],
)
def test_pairs(texts, rewards, count, margin, expected, ties, unfinished):
    pairs, tied, cut = make_pairs(ranked(texts, [float(reward) for reward in rewards]), count, margin)
    assert [(pair.chosen.text, pair.rejected.text) for pair in pairs] == expected
    assert (tied, cut) == (ties, unfinished)
