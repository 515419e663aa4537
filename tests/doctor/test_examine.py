"""The whole examination: what is planted is found, what is clean is left alone, what is hard gives a sentence."""

from dataclasses import replace

import numpy as np
import pytest
from toys import WORDS, toy_groups

from plaudit.doctor import diagnose
from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking, Rating

UP, DOWN, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def crowded(prompts=40, seed=0, turned=0):
    """Prompts with four responses in a true order, each pair of them judged by somebody, rightly but for those `turned`
    (who put the last above the first, in the first prompts)."""
    numbers = np.random.default_rng(seed)
    groups = []
    for i in range(prompts):
        words = [" ".join(numbers.choice(WORDS, 5)) for _ in range(4)]
        pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)] * 2
        rankings = [Ranking(((a,), (b,))) for a, b in pairs]
        if i < turned:
            rankings[2] = Ranking(((3,), (0,)))
        groups.append(Group(f"q{i}", f"{i} " + " ".join(numbers.choice(WORDS, 8)), tuple(words), tuple(rankings)))
    return groups


def test_turned_judgements_are_found_by_other_judgements():
    groups = crowded(turned=10)
    diagnosis = diagnose(groups)
    gone = {(item.group, item.target.ranking) for item in diagnosis.items if not item.keep}
    assert gone == {(f"q{i}", 2) for i in range(10)}
    assert diagnosis.figures["flipped"].value == pytest.approx(10 / 480, abs=0.02)
    assert diagnosis.cleaned(groups).removed == {"rankings": 10}


def test_turned_judgements_are_found_by_models_alone_and_only_listed():
    """The response with `good` wins, but in five pairs of 150."""
    groups = toy_groups(150, seed=3)
    turned = [replace(g, rankings=(Ranking(g.rankings[0].tiers[::-1]),)) if i < 5 else g for i, g in enumerate(groups)]
    diagnosis = diagnose(turned, backbones=["bow"])
    assert {item.group for item in diagnosis.items} == {f"q{i}" for i in range(5)}
    assert all(item.keep and item.action == "look" for item in diagnosis.items)
    asked = diagnose(turned, backbones=["bow"], threshold_alone=0.5)
    assert asked.cleaned(turned).removed == {"rankings": 5}
    assert "flipped" not in asked.figures


@pytest.mark.parametrize("groups", [crowded(), toy_groups(150, seed=3), toy_groups(60, responses=4)])
def test_a_clean_set_gives_an_empty_list(groups):
    diagnosis = diagnose(groups)
    assert diagnosis.items == []
    assert diagnosis.cleaned(groups).groups == groups


def test_the_list_begins_with_the_most_suspicious():
    groups = [
        *crowded(turned=5),
        Group("empty", "an empty answer", ("", "words"), (Ranking(UP),)),
        Group("both", "one pair both ways", ("x", "y"), (Ranking(UP, annotator="a"), Ranking(DOWN, annotator="a"))),
    ]
    test = [Group("t", groups[7].prompt, ("something else",))]
    items = diagnose(groups, test).items
    assert {item.kind for item in items} == {
        "contaminated-prompt", "suspicious-ranking", "empty-response", "opposite-labels",
    }  # fmt: skip
    assert [item.suspicion for item in items] == sorted((item.suspicion for item in items), reverse=True)
    assert items[0].group == "q7"


def only(*rankings, ratings=(), prompt="p"):
    return Group(prompt, prompt, ("x", "longer y"), rankings, ratings)


@pytest.mark.parametrize(
    ("groups", "about", "reason"),
    [
        ([only(Ranking(UP))], "models", "the judgements are of 1 prompt"),
        ([only(Ranking(UP), Ranking(UP), Ranking(DOWN))], "models", "only other judgements count"),
        ([only()], "rankings", "no ranking puts one response above another"),
        ([only(Ranking(TIE), prompt=f"{i} is it") for i in range(9)], "rankings", "so none can be contradicted"),
        ([only(Ranking(((0,),)), prompt=f"{i} is it") for i in range(2)], "models", "the judgements are of 0 prompt"),
        (
            [only(ratings=(Rating(0, 3.0),), prompt=f"{i} is it") for i in range(5)],
            "ratings",
            "scale",
        ),
        (
            [only(ratings=(Rating(0, 3.0, "helpful", scale=(0, 4)),), prompt=f"{i} is it") for i in range(5)],
            "ratings of helpful",
            "every one is 3",
        ),
    ],
)
def test_hard_input_gives_a_sentence(groups, about, reason):
    diagnosis = diagnose(groups)
    assert diagnosis.items == []
    assert reason in diagnosis.unmeasured[about]
    assert diagnosis.cleaned(groups).groups == groups


def test_others_who_only_tie_beside_people_who_decide_alone():
    ties = [only(Ranking(TIE), Ranking(TIE), prompt=f"{i} is it a tie") for i in range(4)]
    alone = [only(Ranking(UP), prompt=f"what is so good about the number {i}") for i in range(4)]
    diagnosis = diagnose([*ties, *alone])
    assert diagnosis.items == []
    assert "flipped" not in diagnosis.figures


def test_two_groups_are_enough_to_try():
    diagnosis = diagnose(
        [only(Ranking(UP), prompt="name a tree"), only(Ranking(DOWN), prompt="what is a prime number")]
    )
    assert diagnosis.items == []
    assert "models" not in diagnosis.unmeasured


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folds": 1}, "folds is 1; it must be at least 2"),
        ({"threshold": 1.5}, "it must be above 0 and at most 1"),
        ({"by": "debate"}, "has no 'debate' to hold out by"),
        ({"backbones": ["frozen:nowhere-to-be-found"]}, "nowhere-to-be-found"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, message):
    with pytest.raises(PlauditError, match=message):
        diagnose(crowded(4), **changes)


def test_nothing_is_no_data():
    with pytest.raises(PlauditError, match="there are no groups to diagnose"):
        diagnose([])
