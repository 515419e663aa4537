"""Merging: same prompt one group, same text one response, nothing lost, in bounded memory with the same result."""

import math
from collections import Counter

import pytest
from group_strategies import groups, words
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.data.external_merge import PARTITIONS
from plaudit.data.merge import deduplicate_responses, merge_fragments
from plaudit.errors import DataError
from plaudit.groups import Group, GroupError, Ranking, Rating, stable_id

few = groups(prompts=st.sampled_from(["P", "Q"]), responses=st.sampled_from(["a", "b", "c", "d"]))


def said(group):
    """Everything judged in a group, without regard to the order of responses and judgements."""
    rankings = Counter(
        (tuple(frozenset(group.responses[i] for i in t) for t in r.tiers), r.strength, r.annotator, r.weight)
        for r in group.rankings
    )
    ratings = Counter(
        (group.responses[r.response], r.value, r.attribute, r.annotator, r.weight, r.scale) for r in group.ratings
    )
    return frozenset(group.responses), rankings, ratings


@given(st.lists(few, max_size=6), st.randoms())
def test_order_changes_nothing_but_the_order(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    one = {(g.prompt, g.subset): said(g) for g in merge_fragments(some)}
    other = {(g.prompt, g.subset): said(g) for g in merge_fragments(shuffled)}
    assert one == other


@given(st.lists(few, max_size=6))
def test_nothing_is_lost(some):
    together = list(merge_fragments(some))
    assert [(g.prompt, g.subset) for g in together] == list(dict.fromkeys((g.prompt, g.subset) for g in some))
    for group in together:
        parts = [said(g) for g in some if (g.prompt, g.subset) == (group.prompt, group.subset)]
        assert said(group)[1] == sum((rankings for _, rankings, _ in parts), Counter())
        assert said(group)[2] == sum((ratings for _, _, ratings in parts), Counter())
        assert said(group)[0] == frozenset().union(*(responses for responses, *_ in parts))


@settings(deadline=None, max_examples=25)
@given(st.lists(few, max_size=8) | st.lists(groups(prompts=words), max_size=8), st.sampled_from([0, 1500]))
def test_spilling_to_disc_changes_nothing(some, limit):
    assert list(merge_fragments(some, limit=limit)) == list(merge_fragments(some))


@pytest.mark.parametrize("limit", [0, 1500, math.inf])
def test_what_disagrees_does_not_depend_on_when_it_was_spilled(limit):
    rows = [
        Group("0", "P", ("a",)),
        Group("1", "Q", ("a", "b"), meta={"topic": None}),
        Group("0", "Q", ("a", "b")),
        Group("0", "Q", ("a",), meta={"topic": ""}),
    ]
    _, merged = merge_fragments(rows, limit=limit)
    assert (merged.id, merged.responses) == ("1", ("a", "b"))
    assert merged.meta == {"topic": None, "merged": [{"id": "0"}, {"id": "0", "meta": {"topic": ""}}]}


def test_more_prompts_than_partitions_spill_in_order():
    some = [Group(str(i % 500), f"prompt {i % 500}", (f"response {i}",)) for i in range(1500)]
    spilled = list(merge_fragments(some, limit=20_000))
    assert len(spilled) == 500 > PARTITIONS
    assert spilled == list(merge_fragments(some))
    assert spilled[7].responses == ("response 7", "response 507", "response 1007")


def test_a_full_disc_while_spilling_is_one_line(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("plaudit.data.external_merge.pickle.dump", full)
    with pytest.raises(DataError, match="No space left on device; set TMPDIR"):
        list(merge_fragments([Group("q", "P", ("a",))], limit=0))


def test_prompts_with_other_tools_are_other_groups():
    pair = (Ranking(((0,), (1,))),)
    tools = [({"name": "weather"},), (), ({"name": "weather"},)]
    merged = list(merge_fragments(Group("", "P", ("a", "b"), pair, tools=tool) for tool in tools))
    assert [(group.tools, len(group.rankings)) for group in merged] == [(({"name": "weather"},), 2), ((), 1)]


def test_judgements_are_renumbered():
    one = Group("q", "P", ("a", "b"), (Ranking(((0,), (1,))),))
    two = Group("", "P", ("c", "b"), (Ranking(((0,), (1,))),), (Rating(1, 3),))
    [group] = merge_fragments([one, two])
    assert group.responses == ("a", "b", "c")
    assert [r.tiers for r in group.rankings] == [((0,), (1,)), ((2,), (1,))]
    assert group.ratings == (Rating(1, 3),)


@pytest.mark.parametrize("limit", [0, 1 << 20])
def test_ids_subsets_and_meta_lose_nothing(limit):
    def row(id, meta, subset=None):
        return Group(id, "P", ("a",), subset=subset, meta=meta)

    rows = [
        row("", {"topic": "t"}),
        row("q1", {"topic": "t", "year": 1}),
        row("q2", {"topic": "u", "year": 1}),
        row("q1", {"topic": "u"}),
        row("q3", {}, subset="s"),
    ]
    first, second = merge_fragments(rows, limit=limit)
    assert (first.id, first.subset) == ("q1", None)
    assert first.meta == {
        "topic": "t",
        "year": 1,
        "merged": [{"id": "q2", "meta": {"topic": "u"}}, {"meta": {"topic": "u"}}],
    }
    assert (second.id, second.subset, second.meta) == ("q3", "s", {})
    # An `id` within meta is not the group's.
    [mine] = merge_fragments([row("q1", {"id": 5}), row("", {"id": 6})], limit=limit)
    assert (mine.id, mine.meta) == ("q1", {"id": 5, "merged": [{"meta": {"id": 6}}]})
    # Merging what is merged adds nothing.
    assert list(merge_fragments([first, second])) == [first, second]


def test_messages_are_the_same_text_whatever_the_order_of_their_keys():
    one = Group("", ({"role": "user", "content": "P"},), ("a",))
    two = Group("", ({"content": "P", "role": "user"},), ("b",))
    [group] = merge_fragments([one, two])
    assert group.responses == ("a", "b")
    # Text and one message of that text are not the same prompt.
    assert len(list(merge_fragments([one, Group("", "P", ("a",))]))) == 2


def test_the_same_text_twice_folds_unless_it_is_compared():
    group = deduplicate_responses(Group("q", "P", ("a", "b", "a"), (Ranking(((0, 2), (1,))),), (Rating(2, 1),)))
    assert group.responses == ("a", "b")
    assert group.rankings[0].tiers == ((0,), (1,))
    assert group.ratings == (Rating(0, 1),)
    for tiers in (((0,), (1,), (2,)), ((0, 2),)):
        with pytest.raises(GroupError, match="responses 0 and 2 are the same text"):
            deduplicate_responses(Group("q", "P", ("a", "b", "a"), (Ranking(tiers),)))


def test_stable_ids_depend_on_prompt_tools_and_subset_alone():
    ids = [
        stable_id(Group("", "P", ("x",))),
        stable_id(Group("", "P", ("x",), subset="s")),
        stable_id(Group("", "Q", ("x",))),
        stable_id(Group("", ({"role": "user", "content": "P"},), ("x",))),
        stable_id(Group("", "P", ("x",), tools=({"name": "weather"},))),
    ]
    assert len(set(ids)) == 5
    assert ids[0] == stable_id(Group("other", "P", ("y",)))


def test_a_ranking_of_one_of_two_equal_responses_stays():
    group = Group("q", "P", ("a", "a"), (Ranking(((1,),)),))
    assert deduplicate_responses(group).rankings == (Ranking(((0,),)),)
