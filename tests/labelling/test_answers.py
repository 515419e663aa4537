"""What may be answered in each mode, and what it says of a group."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import InvalidInputError
from plaudit.groups import Ranking, Rating
from plaudit.labelling.answers import as_shown, gold_result, judgements_of, read_answer
from plaudit.labelling.settings import LabellingSettings

HELPFUL = ("helpful=0:4",)
PAIR = LabellingSettings()
STRONG = LabellingSettings(strength=3)
RANK = LabellingSettings(mode="rank", both_bad=True)
BEST = LabellingSettings(mode="best-worst", both_bad=True)
RATE = LabellingSettings(mode="rate", attributes=HELPFUL)
BOTH = LabellingSettings(attributes=HELPFUL, both_bad=True)
STRICT = LabellingSettings(ties=False)


def rating(place, value, name="helpful"):
    return {"response": place, "attribute": name, "value": value}


@pytest.mark.parametrize(
    ("settings", "shown", "body", "answer"),
    [
        (PAIR, [1, 0], {"tiers": [[0], [1]]}, {"tiers": [[1], [0]]}),
        (PAIR, [1, 0], {"tiers": [[0, 1]]}, {"tiers": [[0, 1]]}),
        (PAIR, [1, 0], {"skip": "too long"}, {"skip": "too long"}),
        (STRONG, [4, 2], {"tiers": [[1], [0]], "strength": 2}, {"tiers": [[2], [4]], "strength": 2}),
        (STRONG, [4, 2], {"tiers": [[1, 0]]}, {"tiers": [[2, 4]]}),
        (RANK, [3, 1, 0], {"tiers": [[2], [0, 1]]}, {"tiers": [[0], [1, 3]]}),
        (RANK, [3, 1, 0], {"tiers": [[2], [0]]}, {"tiers": [[0], [3]]}),
        (RANK, [3, 1, 0], {"all_bad": True}, {"all_bad": True}),
        (BEST, [3, 1, 0], {"best": 0, "worst": 2}, {"best": 3, "worst": 0}),
        (RATE, [1, 0], {"ratings": [rating(0, 4), rating(1, 0)]}, {"ratings": [rating(0, 0), rating(1, 4)]}),
        (BOTH, [1, 0], {"all_bad": True, "ratings": [rating(0, 1)]}, {"all_bad": True, "ratings": [rating(1, 1)]}),
        (BOTH, [1, 0], {"tiers": [[0], [1]], "ratings": []}, {"tiers": [[1], [0]]}),
    ],
)
def test_answers(settings, shown, body, answer):
    assert read_answer(body, settings, shown) == answer
    assert read_answer(as_shown(answer, shown), settings, shown) == answer


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        (PAIR, {}),
        (PAIR, {"tiers": [[0]]}),
        (PAIR, {"tiers": [[0], [0]]}),
        (PAIR, {"tiers": [[0], [2]]}),
        (PAIR, {"tiers": [[0], [-1]]}),
        (PAIR, {"tiers": [[0], [True]]}),
        (PAIR, {"tiers": [[0], [1.0]]}),
        (PAIR, {"tiers": [[0], [], [1]]}),
        (PAIR, {"tiers": "01"}),
        (PAIR, {"tiers": None}),
        (PAIR, {"tiers": [[0], [1]], "strength": 1}),
        (PAIR, {"tiers": [[0], [1]], "skip": "x"}),
        (PAIR, {"tiers": [[0], [1]], "worst": 1}),
        (PAIR, {"tiers": [[0], [1]], "ratings": [rating(0, 1)]}),
        (PAIR, {"all_bad": True}),
        (PAIR, {"best": 0, "worst": 1}),
        (PAIR, {"skip": 7}),
        (PAIR, {"skip": "x" * 501}),
        (PAIR, {"winner": 0}),
        (STRICT, {"tiers": [[0, 1]]}),
        (STRONG, {"tiers": [[0], [1]]}),
        (STRONG, {"tiers": [[0], [1]], "strength": 4}),
        (STRONG, {"tiers": [[0, 1]], "strength": 1}),
        (RANK, {"tiers": [[0]]}),
        (RANK, {"all_bad": False}),
        (BEST, {"best": 0, "worst": 0}),
        (BEST, {"best": 0}),
        (BEST, {"tiers": [[0], [1]]}),
        (RATE, {"ratings": []}),
        (RATE, {"ratings": [rating(0, 5)]}),
        (RATE, {"ratings": [rating(0, 1), rating(0, 2)]}),
        (RATE, {"ratings": [rating(0, 1, "kind")]}),
        (RATE, {"ratings": [rating(0, 1, ["helpful"])]}),
        (RATE, {"ratings": [7]}),
        (RATE, {"ratings": {"0": 1}}),
        (RATE, {"tiers": [[0], [1]]}),
    ],
)
def test_no_answers(settings, body):
    with pytest.raises(InvalidInputError):
        read_answer(body, settings, [1, 0])


names = st.sampled_from(["tiers", "best", "worst", "all_bad", "skip", "strength", "ratings"])
places = st.integers(-1, 4)
values = st.one_of(
    places,
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.lists(st.lists(places, max_size=3), max_size=4),
    st.lists(
        st.fixed_dictionaries({"response": places, "attribute": st.sampled_from(["helpful", "x"]), "value": places})
    ),
)
chosen = st.sampled_from([PAIR, STRONG, RANK, BEST, RATE, BOTH, STRICT])


@st.composite
def orders(draw):
    """Tiers of some of four places."""
    some = draw(st.permutations(range(4)))[: draw(st.integers(2, 4))]
    cuts = sorted(draw(st.sets(st.integers(1, len(some) - 1))))
    return [some[a:b] for a, b in zip([0, *cuts], [*cuts, len(some)], strict=True)]


bodies = st.one_of(
    st.dictionaries(names, values, max_size=3),
    st.fixed_dictionaries({"tiers": orders()}, optional={"strength": st.integers(1, 3)}),
    st.fixed_dictionaries({"best": places, "worst": places}),
)


@given(bodies, chosen, st.permutations(range(9)))
def test_what_is_accepted_can_be_shown_and_sent_again(body, settings, order):
    """Whatever comes: it is refused in a sentence, or it comes back the same."""
    shown = order[:2] if settings.mode == "pair" else order[:4]
    try:
        answer = read_answer(body, settings, shown)
    except InvalidInputError:
        return
    assert read_answer(as_shown(answer, shown), settings, shown) == answer
    rankings, ratings = judgements_of(answer, settings, "ann", shown)
    spoken = {one for ranking in rankings for tier in ranking.tiers for one in tier} | {one.response for one in ratings}
    assert spoken <= {*shown}


@given(st.permutations(range(7)), st.integers(3, 7))
def test_best_and_worst_of_k_are_2k_minus_3_pairs(order, count):
    shown = order[:count]
    answer = {"best": shown[0], "worst": shown[1]}
    rankings, _ = judgements_of(answer, BEST, "ann", shown)
    assert len(rankings) == 2 * count - 3
    assert sum(ranking.weight for ranking in rankings) == pytest.approx(1)
    assert all(ranking.tiers[0] == (shown[0],) or ranking.tiers[1] == (shown[1],) for ranking in rankings)
    assert len({ranking.tiers for ranking in rankings}) == len(rankings)
    (tiers,), _ = judgements_of(answer, BEST, "ann", shown, best_worst="tiers")
    assert tiers.tiers == ((shown[0],), tuple(sorted(shown[2:])), (shown[1],))


def test_what_answers_say_of_a_group():
    assert judgements_of({"tiers": [[2], [0]], "strength": 2}, STRONG, "ann") == (
        [Ranking(((2,), (0,)), 2.0, "ann")],
        [],
    )
    assert judgements_of({"all_bad": True}, BOTH, "ann", [1, 0]) == ([Ranking(((0, 1),), None, "ann")], [])
    assert judgements_of({"all_bad": True}, BOTH, "ann", [1, 0], both_bad="drop") == ([], [])
    assert judgements_of({"skip": ""}, PAIR, "ann", [1, 0]) == ([], [])
    assert judgements_of({"ratings": [rating(1, 3)]}, RATE, "ann") == (
        [],
        [Rating(1, 3, "helpful", "ann", scale=(0, 4))],
    )


ORDER = {"tiers": [[2], [0], [1]], "of": [0, 1, 2]}


@pytest.mark.parametrize(
    ("answer", "gold", "result"),
    [
        ({"tiers": [[2], [0], [1]]}, ORDER, "passed"),
        ({"tiers": [[2], [1]]}, ORDER, "passed"),
        ({"tiers": [[2], [0, 1]]}, ORDER, "failed"),
        ({"tiers": [[0], [2]]}, ORDER, "failed"),
        ({"best": 2, "worst": 1}, ORDER, "passed"),
        ({"best": 1, "worst": 2}, ORDER, "failed"),
        ({"tiers": [[1], [2], [0]]}, {"tiers": [[2], [0]]}, "passed"),
        ({"skip": ""}, ORDER, "not comparable"),
        ({"tiers": [[0], [1]]}, {"tiers": [[0, 1]]}, "not comparable"),
        ({"ratings": [rating(0, 3)]}, {"ratings": [rating(0, 4)]}, "passed"),
        ({"ratings": [rating(0, 2)]}, {"ratings": [rating(0, 4)]}, "failed"),
        ({"ratings": [rating(1, 2)]}, {"ratings": [rating(0, 4)]}, "not comparable"),
    ],
)
def test_against_what_is_known(answer, gold, result):
    assert gold_result(answer, gold, [0, 1, 2]) == result
