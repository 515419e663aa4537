"""Train, validation and test sets."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import toy_groups

from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking
from plaudit.laboratory.splits import cross_validation_splits, single_split, subsample_responses


def debates(count, of):
    return [Group(f"g{i}", f"prompt {i}", ("a", "b"), meta={"debate": i % of}) for i in range(count)]


@given(st.integers(3, 9), st.integers(2, 9), st.integers(0, 99))
def test_every_group_is_tested_once_and_no_debate_is_on_two_sides(of, count, seed):
    groups = debates(27, of)
    parts = cross_validation_splits(groups, min(count, of), seed, "debate")
    assert Counter(group.id for part in parts for group in part.test) == Counter(group.id for group in groups)
    for part in parts:
        sides = [{group.meta["debate"] for group in side} for side in (part.train, part.validation, part.test)]
        assert sum(map(len, sides)) == len(set.union(*sides)) == of
        assert all(sides) or of == 3


def test_another_seed_deals_anew():
    tested = lambda seed: [group.id for group in cross_validation_splits(debates(12, 12), 3, seed, "debate")[0].test]  # noqa: E731
    assert tested(0) == tested(0)
    assert tested(0) != tested(1)


def test_nearly_the_same_prompts_stay_together():
    prompt = "which of these two long arguments about plastic water bottles is the more convincing one"
    groups = [*toy_groups(8), Group("near", prompt, ("a",)), Group("nearer", prompt + "!", ("a",))]
    for part in cross_validation_splits(groups, 4, 0, "prompt"):
        assert len({"near", "nearer"} & {group.id for group in part.test}) in (0, 2)


def test_too_few_values_are_an_error():
    with pytest.raises(PlauditError, match="2 different values of debate; folds is 3"):
        cross_validation_splits(debates(9, 2), 3, 0, "debate")


def test_the_error_of_folds_says_that_near_duplicates_count_as_one():
    prompt = "which of these two long arguments about plastic water bottles is the more convincing one"
    groups = [*debates(3, 3), Group("near", prompt, ("a",)), Group("nearer", prompt + "!", ("a",))]
    with pytest.raises(PlauditError, match=r"there are 4 different prompts in 5 groups \(near-dup.* can be 2 to 4"):
        cross_validation_splits(groups, 40, 0, "prompt")


def test_a_single_split_is_that_of_data_split():
    from plaudit.data import split_groups

    groups = debates(60, 60)
    split = single_split(groups, 0.3, 5, "debate")
    assert split.test == split_groups(groups, 0.3, seed=5, by="debate")["test"]
    assert split.validation


def test_subsampled_groups_keep_the_judgements_among_what_is_left():
    large = Group("g", "p", tuple("abcdef"), (Ranking(((0,), (1,), (2,), (3,), (4,), (5,))),))
    (small,) = subsample_responses([large], 3, 0)
    assert len(small.responses) == 3
    # Letters were ranked in their order, and are still.
    assert [small.responses[i] for (i,) in small.rankings[0].tiers] == sorted(small.responses)
    assert subsample_responses([large], 6, 0) == [large]
