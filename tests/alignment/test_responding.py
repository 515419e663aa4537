"""Answers as groups: as many as asked, reproducible, and what is known of each beside it."""

import pytest
import torch

from plaudit.alignment import sample_responses
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking

QUESTIONS = [
    Group("a", "Colours for the door?", ("old", "older"), (Ranking(((0,), (1,))),), meta={"room": "hall"}),
    Group("b", "Colours for the wall?", ("",)),
]


def test_groups_with_answers_in_place_of_their_responses(painter):
    state = torch.random.get_rng_state()
    groups = sample_responses(painter, QUESTIONS, 30, max_new_tokens=6, seed=1)
    assert torch.equal(state, torch.random.get_rng_state())
    assert [(group.id, group.prompt) for group in groups] == [(group.id, group.prompt) for group in QUESTIONS]
    assert groups[0].meta["room"] == "hall"
    for group in groups:
        assert (len(group.responses), group.rankings, group.ratings) == (30, (), ())
        assert {True, False} == set(group.meta["ended"])
        for tokens, ended in zip(group.meta["tokens"], group.meta["ended"], strict=True):
            assert 1 <= tokens <= 6
            assert ended or tokens == 6


def test_the_seed_decides(painter):
    one, same, another = (sample_responses(painter, QUESTIONS, 5, max_new_tokens=6, seed=seed) for seed in (1, 1, 2))
    assert one == same != another


def test_a_low_temperature_says_the_likeliest(painter):
    [group, _] = sample_responses(painter, QUESTIONS, 9, max_new_tokens=6, temperature=0.01)
    assert len(set(group.responses)) == 1


def test_a_prompt_that_stands_twice_is_answered_once(painter):
    [group] = sample_responses(painter, [QUESTIONS[0], Group("c", QUESTIONS[0].prompt, ("",))], 2, max_new_tokens=6)
    assert group.id == "a"


def test_what_leaves_no_room_is_refused(painter):
    with pytest.raises(InvalidInputError, match="no prompt leaves room"):
        sample_responses(painter, QUESTIONS, 2, max_new_tokens=10**6)
