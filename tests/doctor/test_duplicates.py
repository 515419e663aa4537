"""Opposite labels, responses that are the same, and empty ones that won."""

import pytest

from plaudit.doctor.duplicates import empty_responses, identical_responses, opposite_labels
from plaudit.groups import Group, Ranking

UP, DOWN, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)
PROMPT = "how should one store fresh tomatoes so that they keep for more than a week in the summer"


def group(*votes, prompt=PROMPT, responses=("yes", "no"), id="q"):
    return Group(id, prompt, responses, tuple(Ranking(tiers, annotator=name) for tiers, name in votes))


def test_one_annotator_both_ways():
    (item,) = opposite_labels([group((UP, "ann"), (DOWN, "ann"), (UP, "bob"))])
    assert (
        item.what == "responses 1 and 0 were judged both ways by ann: weight 1 against 2" or "2 against 1" in item.what
    )
    assert item.keep
    assert item.evidence["weights"] == [2, 1]
    assert item.target.ranking == 1


def test_rows_without_a_name_both_ways():
    (item,) = opposite_labels([group((UP, None), (DOWN, None))])
    assert "both ways by rows that name nobody" in item.what


@pytest.mark.parametrize(
    "votes",
    [
        [(UP, "ann"), (DOWN, "bob")],  # people differ
        [(UP, None), (UP, None), (DOWN, None)],  # votes without names, and a majority
        [(UP, "ann"), (TIE, "ann")],  # a tie is not the opposite
        [(UP, "ann"), (UP, "ann")],
    ],
)
def test_what_is_no_item(votes):
    assert list(opposite_labels([group(*votes)])) == []


def test_the_opposite_under_a_prompt_that_is_nearly_the_same():
    groups = [
        group((UP, "ann"), id="one"),
        group((UP, "bob"), responses=("No", "yes"), prompt=PROMPT + "?", id="two"),
        group((DOWN, "bob"), prompt="name a tree", id="three"),
    ]
    (item,) = opposite_labels(groups)
    assert "one way under one prompt and the other way under another" in item.what
    assert item.evidence["groups"] == ["one", "two"]


def test_blank_prompts_are_not_nearly_the_same():
    groups = [group((UP, "ann"), prompt=""), group((DOWN, "ann"), prompt=" ")]
    assert list(opposite_labels(groups)) == []


def test_a_ranking_of_the_same_words():
    (item,) = identical_responses([group((UP, "ann"), (TIE, "bob"), responses=("Yes, you  may.", "yes, you may."))])
    assert (item.kind, item.keep, item.target.ranking, item.action) == ("identical-responses", True, 0, "look")


def test_an_empty_response_that_won_and_one_that_lost():
    (item,) = empty_responses([group((UP, "ann"), (DOWN, "bob"), (TIE, "cy"), responses=(" \n", "words"))])
    assert (item.target.ranking, item.keep, item.action) == (0, False, "remove the ranking")


def test_nothing_of_nothing():
    assert not [*opposite_labels([]), *identical_responses([]), *empty_responses([])]
