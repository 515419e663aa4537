"""The words themselves: what a group refuses, what it says, and its JSON."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.groups import Group, GroupError, Ranking, Rating, as_messages, plain_text

THREE = ("a", "b", "c")


def test_comparisons_of_every_kind():
    assert list(Ranking(((0,), (1,))).comparisons()) == [(0, 1, False)]
    assert list(Ranking(((0, 1),)).comparisons()) == [(0, 1, True)]
    # Best-worst of four: 3 above all, 2 below all, 0 and 1 level.
    assert set(Ranking(((3,), (0, 1), (2,))).comparisons()) == {
        (3, 0, False), (3, 1, False), (3, 2, False), (0, 1, True), (0, 2, False), (1, 2, False),
    }  # fmt: skip


@given(st.permutations(range(6)), st.sets(st.integers(1, 5)), st.permutations(range(6)), st.integers(2, 6))
def test_among_keeps_the_comparisons_among_those_kept(order, cuts, keep, count):
    bounds = [0, *sorted(cuts), 6]
    ranking = Ranking(tuple(tuple(order[a:b]) for a, b in pairwise(bounds)))
    group = Group("q", "P", tuple("abcdef"), (ranking,), tuple(Rating(i, i) for i in range(6)))
    kept = list(keep[:count])
    part = group.among(kept)
    assert part.responses == tuple(group.responses[i] for i in kept)

    def texts(of):
        return {
            (frozenset((of.responses[a], of.responses[b])) if tied else (of.responses[a], of.responses[b]))
            for r in of.rankings
            for a, b, tied in r.comparisons()
        }

    assert texts(part) == {pair for pair in texts(group) if set(pair) <= set(part.responses)}
    assert {part.responses[r.response]: r.value for r in part.ratings} == {group.responses[i]: i for i in kept}


def test_among_leaves_out_what_compares_nothing():
    assert Ranking(((0,), (1,))).among({1: 0}) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"responses": ()}, "at least one response"),
        ({"prompt": 7}, "the prompt is an int; it must be text or a list of messages"),
        ({"prompt": ()}, "an empty list of messages"),
        ({"responses": ("a", ({"role": "user"},))}, 'response 1 has a message without "role" and "content"'),
        ({"rankings": (Ranking(((7,), (0,))),)}, "names response 7; the group has responses 0 to 2"),
        ({"rankings": (Ranking(((-1,), (0,))),)}, "names response -1"),
        ({"rankings": (Ranking(((True,), (0,))),)}, "names response True"),
        ({"rankings": (Ranking(((0,), ())),)}, "an empty tier"),
        ({"rankings": (Ranking(()),)}, "an empty tier"),
        ({"rankings": (Ranking(((0,), (1, 0))),)}, "names response 0 twice"),
        ({"rankings": (Ranking(((0,), (1,)), strength=-1),)}, "strength is -1; it must be a number >= 0"),
        ({"rankings": (Ranking(((0,), (1,)), weight=0),)}, "a ranking has weight 0"),
        ({"ratings": (Rating(3, 1),)}, "a rating names response 3"),
        ({"ratings": (Rating(0, float("nan")),)}, "the overall rating of response 0 is nan, not a number"),
        ({"ratings": (Rating(0, float("inf"), "tone"),)}, "the tone rating of response 0 is inf"),
        ({"ratings": (Rating(0, 6, scale=(0, 5)),)}, r"is 6, outside its scale \[0, 5\]"),
        ({"ratings": (Rating(0, 1, scale=(5, 0)),)}, "the lowest value comes first"),
        ({"ratings": (Rating(0, 1, weight=float("nan")),)}, "a rating has weight nan"),
    ],
)
def test_a_group_that_contradicts_itself_is_refused(fields, message):
    with pytest.raises(GroupError, match=message):
        Group(**{"id": "q", "prompt": "P", "responses": THREE, **fields})


def test_lists_are_taken_for_tuples():
    talk = [{"role": "user", "content": "P"}]
    group = Group("q", talk, ["a", [{"role": "assistant", "content": "b"}]], [Ranking([[0], [1]])], [Rating(0, 1)])
    assert group == Group(
        "q", tuple(talk), ("a", ({"role": "assistant", "content": "b"},)), (Ranking(((0,), (1,))),), (Rating(0, 1),)
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Group("q", "P", "text"), "responses must be several in a tuple or a list, not one str"),
        (lambda: Group("q", "P", {"role": "user", "content": "x"}), "responses must be several .* not one dict"),
        (lambda: Group("q", "P", ("a", "b"), Ranking(((0,), (1,)))), "rankings must be several .* not one Ranking"),
        (lambda: Group("q", "P", ("a", "b"), ratings=Rating(0, 1)), "ratings must be several .* not one Rating"),
        (lambda: Ranking((0, 1)), r"tiers are lists of response indices, best first, such as .* not \(0, 1\)"),
        (lambda: Ranking("01"), "tiers are lists of response indices"),
    ],
)
def test_one_where_several_belong_is_a_type_error(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_a_group_is_shown_by_what_it_holds():
    assert repr(Group("q", "P", ("a",))) == "Group('q': 1 response)"
    full = Group("q", "P", THREE, (Ranking(((0,), (1,))),) * 2, (Rating(0, 1),))
    assert repr(full) == "Group('q': 3 responses, 2 rankings, 1 rating)"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"responses": ["a"]}, "'prompt' is missing"),
        ({"prompt": "P"}, "'responses' is missing"),
        ({"prompt": "P", "responses": "a"}, '"responses" must be a list'),
        ({"prompt": "P", "responses": ["a"], "topic": 1}, "unknown field 'topic'"),
        ({"prompt": "P", "responses": ["a"], "rankings": {}}, '"rankings" must be a list'),
        ({"prompt": "P", "responses": ["a"], "rankings": [[0]]}, 'needs "tiers"'),
        ({"prompt": "P", "responses": ["a"], "rankings": [{"tiers": [0]}]}, 'needs "tiers"'),
        ({"prompt": "P", "responses": ["a"], "rankings": [{"tiers": [[0]], "by": 1}]}, "unknown field 'by'"),
        ({"prompt": "P", "responses": ["a"], "ratings": [{"value": 1}]}, 'needs "response"'),
        ({"prompt": "P", "responses": ["a"], "ratings": [{"response": 0, "value": 1, "scale": [1]}]}, "must be two"),
    ],
)
def test_json_that_is_not_a_group_is_refused(row, message):
    with pytest.raises(GroupError, match=message):
        Group.from_dict(row)


def test_json_leaves_defaults_out_and_comes_back():
    talk = ({"role": "user", "content": "P"},)
    full = Group(
        "q", talk, (*THREE, ({"role": "assistant", "content": "d", "name": "x"},)),
        (Ranking(((0, 1), (2,)), 2.5, "x", 0.5), Ranking(((3,), (0,)))),
        (Rating(1, 3, "tone", "y", 2.0, (0, 5)), Rating(0, 1)),
        "s", {"k": [1]},
    )  # fmt: skip
    assert Group.from_dict(full.to_dict()) == full
    assert full.to_dict()["rankings"][1] == {"tiers": [[3], [0]]}
    assert full.to_dict()["ratings"][1] == {"response": 0, "value": 1}
    assert Group("q", "P", ("a",)).to_dict() == {"id": "q", "prompt": "P", "responses": ["a"]}


def test_text_and_messages():
    talk = ({"role": "system", "content": "S"}, {"role": "user", "content": "P"})
    assert plain_text(talk) == "S\n\nP"
    assert plain_text("P") == "P"
    assert as_messages("P", "user") == [{"role": "user", "content": "P"}]
    assert as_messages(talk, "user") == list(talk)
    assert as_messages(talk, "user")[0] is not talk[0]


@pytest.mark.parametrize(
    ("tools", "error"), [(["weather"], GroupError), ("weather", TypeError), ({"name": "w"}, TypeError)]
)
def test_tools_are_a_list_of_objects(tools, error):
    with pytest.raises(error, match="tool"):
        Group("q", "P", THREE, tools=tools)


def test_other_responses_to_the_same_prompt_keep_what_belongs_to_the_prompt():
    group = Group("q", "P", THREE, (Ranking(((0,), (1,))),), (Rating(0, 1),), "s", {"k": 1}, ({"name": "w"},))
    assert group.with_responses(["d"]) == Group("q", "P", ("d",), subset="s", tools=({"name": "w"},), meta={"k": 1})
