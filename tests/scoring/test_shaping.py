"""From scores to rewards: expected values by hand; a sample that was cut never pays, whatever the sign of rewards."""

import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plaudit.data import Score
from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.groups import Group, prompt_key
from plaudit.scoring import ReferenceScale, ShapingSettings, replace_unfinished, shape, shape_rewards

UNIT = ReferenceScale(0.0, 1.0, 64)
TERMS = ("raw", "standardised", "shaped", "spread", "length", "unfinished", "total")


def shaped(scores, *, spread=None, ended=None, tokens=None, scale=UNIT, reference=None, members=None, **settings):
    scores = np.asarray(scores, np.float64)
    return shape_rewards(
        scores,
        spread=None if spread is None else np.asarray(spread, np.float64),
        ended=np.ones(len(scores), bool) if ended is None else np.asarray(ended),
        tokens=np.full(len(scores), 10) if tokens is None else np.asarray(tokens),
        scale=scale,
        settings=ShapingSettings(**settings),
        reference=None if reference is None else np.asarray(reference, np.float64),
        members=None if members is None else np.asarray(members, np.float64),
    )


def scored(values, members=None):
    rows = members or [None] * len(values)
    return [
        Score("q", n, value, 5, False, members=row) for n, (value, row) in enumerate(zip(values, rows, strict=True))
    ]


# ---- the scale


def test_the_scale_is_that_of_finished_samples():
    groups = [Group("a", "p", ("x", "y", "z")), Group("b", "q", ("x", "y"))]
    scale = ReferenceScale.of(
        groups, [scored([1.0, 3.0, 99.0]), scored([5.0, 7.0])], ended=[[True, True, False], [True, True]]
    )
    # 1, 3, 5, 7: mean 4, variance (9 + 1 + 1 + 9) / 3.
    assert (scale.mean, scale.samples) == (4.0, 4)
    assert scale.sd == pytest.approx((20 / 3) ** 0.5)
    assert scale.reference_scores([groups[1], groups[0]]).tolist() == [[5.0, 7.0]] * 2 + [[1.0, 3.0]] * 3
    assert ReferenceScale.from_dict(json.loads(json.dumps(scale.to_dict()))) == scale


def test_prompts_of_one_text_share_their_reference_and_others_are_filled_with_nan():
    groups = [Group("a", "p", ("x",)), Group("b", "q", ("x",)), Group("c", "p", ("y",))]
    scale = ReferenceScale.of(groups, [scored([1.0]), scored([2.0]), scored([3.0])])
    np.testing.assert_equal(scale.reference_scores(groups[:2]), [[1.0, 3.0], [2.0, np.nan]])
    with pytest.raises(InvalidInputError, match="the prompt of group 'd' has no finished sample"):
        scale.reference_scores([Group("d", "r", ("x",))])


def test_members_have_means_of_their_own():
    scale = ReferenceScale.of([Group("a", "p", ("x", "y"))], [scored([1.0, 2.0], [(0.0, 2.0), (1.0, 3.0)])])
    assert scale.member_means == (0.5, 2.5)
    assert ReferenceScale.of([Group("a", "p", ("x", "y"))], [scored([1.0, 2.0])]).member_means is None


@pytest.mark.parametrize(
    ("scores", "ended", "message"),
    [
        ([0.5, 0.5, 0.5], None, "all 3 samples of the untrained policy score 0.5"),
        ([1e9, 1e9 + 1e-7], None, "all 2 samples"),
        ([0.5], None, "1 of 1 sample of the untrained policy ended"),
        ([0.5, 1.0], [False, False], "0 of 2 samples of the untrained policy ended.*longer responses"),
        ([0.5, float("nan"), 1.0], None, "the score of reference sample 1 is nan, and 1 such of 3"),
        ([float("inf"), 1.0], None, "the score of reference sample 0 is inf"),
    ],
)
def test_a_reference_that_is_no_unit_is_refused(scores, ended, message):
    group = Group("a", "p", tuple(map(str, scores)))
    with pytest.raises(InvalidInputError, match=message):
        ReferenceScale.of([group], [scored(scores)], None if ended is None else [ended])


# ---- the terms


def test_every_term_is_kept_apart():
    rewards = shaped(
        [5.0, 1.0, 3.0],
        spread=[2.0, 4.0, 0.0],
        ended=[True, False, True],
        tokens=[10, 12, 14],
        scale=ReferenceScale(1.0, 2.0, 64),
        spread_penalty=0.5,
        length_penalty=0.25,
        free_length=12,
        unfinished_margin=1.0,
    )
    np.testing.assert_allclose(rewards.standardised, [2.0, 0.0, 1.0])
    # Half the variance in squared standard deviations: 0.5 * (2/2)^2, 0.5 * (4/2)^2, 0.
    np.testing.assert_allclose(rewards.spread, [0.5, 2.0, 0.0])
    np.testing.assert_allclose(rewards.length, [0.0, 0.0, 0.5])
    # The worst finished one has 1 - 0.5 = 0.5; the cut one has 0 - 2 = -2, and less the margin -3.
    np.testing.assert_allclose(rewards.total, [1.5, -3.0, 0.5])
    np.testing.assert_allclose(rewards.unfinished, [0.0, 1.0, 0.0])
    assert list(rewards.means()) == list(TERMS)
    assert rewards.means()["total"] == pytest.approx(-1 / 3)


def test_the_shapes():
    z = np.array([-5.0, 0.0, 2.0])
    assert shape(z, "none") is z
    assert shape(z, "clip:2.5").tolist() == [-2.5, 0.0, 2.0]
    reference = np.array([[0.0, np.nan], [-1.0, 1.0], [2.0, 0.0]])
    # 1 / (1 + e^5); 1/2 by symmetry; the mean of 1/2 and 1 / (1 + e^-2).
    expected = [1 / (1 + np.e**5), 0.5, (0.5 + 1 / (1 + np.e**-2)) / 2]
    np.testing.assert_allclose(shape(z, "sigmoid", reference), expected)


def test_the_sigmoid_is_taken_of_standard_deviations():
    rewards = shaped([13.0], scale=ReferenceScale(10.0, 3.0, 9), reference=[[10.0]], shape="sigmoid")
    assert rewards.shaped[0] == pytest.approx(1 / (1 + np.exp(-1)))


def test_the_variance_is_that_of_members_about_their_own_means():
    scale = ReferenceScale(1.0, 2.0, 64, member_means=(0.0, 2.0))
    # About their means: 2 and 0, so 1 and 0 in standard deviations; population variance 1/4. The spread is not read.
    rewards = shaped([2.0], spread=[99.0], members=[[2.0, 2.0]], scale=scale, spread_penalty=1.0)
    np.testing.assert_allclose([rewards.standardised[0], rewards.spread[0]], [0.5, 0.25])


def test_the_worst_member_is_what_is_paid():
    scale = ReferenceScale(1.0, 2.0, 64, member_means=(0.0, 2.0))
    rewards = shaped([2.0, 1.0], members=[[2.0, 2.0], [-4.0, 6.0]], scale=scale, spread_penalty="worst")
    # z of the members: (1, 0) and (-2, 2).
    np.testing.assert_allclose(rewards.total, [0.0, -2.0])
    bounded = shaped([1.0], members=[[-4.0, 6.0]], scale=scale, spread_penalty="worst", shape="clip:1")
    np.testing.assert_allclose([bounded.shaped[0], bounded.spread[0], bounded.total[0]], [0.0, 1.0, -1.0])


def test_a_batch_in_which_nothing_is_finished_pays_nobody():
    assert replace_unfinished(np.array([3.0, -1.0, 0.0]), np.zeros(3, bool), 0.5).tolist() == [-1.5] * 3


def test_one_sample_and_none_have_rewards():
    assert shaped([2.0]).total.tolist() == [2.0]
    assert shaped([2.0], ended=[False]).total.tolist() == [1.0]
    assert shaped([]).total.tolist() == []


# ---- what cannot be


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"scores": [1.0, float("nan"), float("nan")]}, "the score of sample 1 is nan, and 2 such of 3"),
        ({"scores": [1.0, float("-inf")]}, "the score of sample 1 is -inf"),
        ({"scores": [1.0], "spread_penalty": 0.5}, "this reward model has no spread"),
        ({"scores": [1.0], "spread": [float("nan")], "spread_penalty": 0.5}, "the spread of sample 0 is nan"),
        ({"scores": [1.0], "spread": [1.0], "spread_penalty": "worst"}, "this reward has no members"),
        ({"scores": [1.0], "shape": "sigmoid"}, "a prompt has none; give reference"),
        ({"scores": [1.0], "shape": "sigmoid", "reference": [[float("nan")]]}, "a prompt has none"),
        ({"scores": [1.0], "shape": "sigmoid", "reference": [[float("inf")]]}, "reference sample's score is infinite"),
    ],
)
def test_what_is_no_number_or_is_missing_is_an_error(more, message):
    with pytest.raises(InvalidInputError, match=message):
        shaped(more.pop("scores"), **more)


@pytest.mark.parametrize("name", ["clip", "clip:0", "clip:-1", "clip:inf", "clip:nan", "clip:x", "tanh", "none:1"])
def test_a_shape_that_is_none_is_refused(name):
    with pytest.raises(InvalidInputError, match="it must be none, sigmoid or clip:C"):
        ShapingSettings(shape=name)


@pytest.mark.parametrize("penalty", [-1, float("nan"), float("inf"), "best", ""])
def test_a_penalty_that_is_none_is_refused(penalty):
    with pytest.raises(InvalidInputError, match="it must be at least 0 and finite, or worst"):
        ShapingSettings(spread_penalty=penalty)


def test_the_settings_are_read_from_text_and_files():
    settings = ShapingSettings().with_changes({"spread_penalty": "0.5", "shape": "clip:4"}, "--set")
    assert (settings.spread_penalty, settings.shape) == (0.5, "clip:4")
    assert settings.with_changes({"spread_penalty": "worst"}, "--set").spread_penalty == "worst"
    assert settings.with_changes({"spread_penalty": 1}, "run.toml").spread_penalty == 1.0
    with pytest.raises(TypeError, match="spread_penalty as a number or text, not True"):
        settings.with_changes({"spread_penalty": True}, "run.toml")
    with pytest.raises(NotFoundError, match="there is no setting 'clip'"):
        settings.with_changes({"clip": 3}, "--set")


# ---- properties

finite = st.floats(-1e3, 1e3).map(lambda value: round(value, 6))
penalties = st.sampled_from([0.0, 0.5, "worst"])
shapes = st.sampled_from(["none", "sigmoid", "clip:2"])


@st.composite
def batches(draw):
    count = draw(st.integers(1, 8))
    column = lambda values: draw(st.lists(values, min_size=count, max_size=count))  # noqa: E731
    members = np.array(column(st.tuples(finite, finite, finite)))
    return {
        "scores": members.mean(axis=1),
        "members": members,
        "spread": members.std(axis=1, ddof=1),
        "ended": np.array(column(st.booleans())),
        "tokens": np.array(column(st.integers(0, 400))),
        "reference": np.array(column(st.tuples(finite, finite))),
        "scale": ReferenceScale(
            draw(finite), draw(st.floats(0.01, 100)), 9, member_means=tuple(draw(st.tuples(finite, finite, finite)))
        ),
        "shape": draw(shapes),
        "spread_penalty": draw(penalties),
        "length_penalty": draw(st.sampled_from([0.0, 0.01])),
        "free_length": draw(st.sampled_from([0, 100])),
    }


def coherent(batch):
    """The ensemble's mean is the mean of its members', as for real ones."""
    scale = batch["scale"]
    mean = float(np.mean(scale.member_means))
    return {**batch, "scale": ReferenceScale(mean, scale.sd, 9, member_means=scale.member_means)}


@given(batches().map(coherent), st.sampled_from([0.0, 1.0]))
def test_to_be_cut_never_pays(batch, margin):
    rewards = shaped(**batch, unfinished_margin=margin)
    total, ended = rewards.total, batch["ended"]
    earned = rewards.shaped - rewards.spread - rewards.length
    assert (total[~ended] <= earned[~ended] - margin + 1e-9).all()
    if ended.any():
        assert (total[~ended] <= earned[ended].min() - margin + 1e-9).all()
    np.testing.assert_array_equal(total[ended], earned[ended])
    finished = shaped(**{**batch, "ended": np.ones(len(ended), bool)})
    assert (total <= finished.total + 1e-9).all()


@given(batches().map(coherent))
def test_terms_sum_up_and_only_take_off(batch):
    rewards = shaped(**batch)
    for name in ("spread", "length", "unfinished"):
        assert (getattr(rewards, name) >= 0).all(), name
    total = rewards.shaped - rewards.spread - rewards.length - rewards.unfinished
    np.testing.assert_allclose(rewards.total, total, atol=1e-9)


@given(batches().map(coherent), st.randoms())
def test_the_order_of_samples_does_not_matter(batch, random):
    order = list(range(len(batch["scores"])))
    random.shuffle(order)
    columns = ("scores", "members", "spread", "ended", "tokens", "reference")
    there, here = shaped(**{**batch, **{name: batch[name][order] for name in columns}}), shaped(**batch)
    for name in TERMS:
        np.testing.assert_allclose(getattr(there, name), getattr(here, name)[order], atol=1e-9)


@given(st.lists(finite, min_size=3, max_size=12), st.floats(0.01, 100), st.floats(-100, 100), shapes, st.booleans())
def test_the_unit_and_zero_of_a_reward_model_do_not_matter(values, unit, zero, name, last_ended):
    assume(np.std(values) > 1e-3)
    group = Group("q", "p", tuple(map(str, range(len(values)))))

    def rewards(transformed):
        scale = ReferenceScale.of([group], [scored(transformed)])
        ended = [True] * (len(values) - 1) + [last_ended]
        return shaped(transformed, ended=ended, scale=scale, reference=scale.reference_scores([group]), shape=name)

    plain, other = rewards(values), rewards([unit * value + zero for value in values])
    np.testing.assert_allclose(other.standardised, plain.standardised, atol=1e-5)
    np.testing.assert_allclose(other.total, plain.total, atol=1e-5)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_sigmoid_is_bounded_and_rises(one, other):
    reference = np.zeros((2, 1))
    low, high = shape(np.array(sorted([one, other])), "sigmoid", reference)
    assert 0 <= low <= high <= 1


def test_the_key_of_a_prompt_is_that_of_groups():
    messages = ({"role": "user", "content": "p"},)
    group = Group("a", messages, ("x", "y"))
    assert list(ReferenceScale.of([group], [scored([0.0, 1.0])]).by_prompt) == [prompt_key(group)]
