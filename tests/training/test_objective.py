"""Which loss reads which judgement, and in what proportion: steps of the trainer against losses written out by hand."""

import math

import numpy as np
import pytest
import torch
from toys import toy_backbone
from transformers import TrainingArguments

from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking, Rating
from plaudit.model import RewardModel
from plaudit.training import TrainingSettings, loss_settings
from plaudit.training.reader import target_reader
from plaudit.training.steps import Steps
from plaudit.training.trainer import RewardTrainer

# Two full rankings, one with a tie; ratings of two attributes, of which half the responses lack one; both in one group.
GROUPS = [
    Group("a", "w1 w2", ("good w4", "bad w5 w6", "w3"), (Ranking(((0,), (2,), (1,)), weight=2.0),)),
    Group("b", "w7", ("w1", "w2 w3"), ratings=(Rating(0, 1.0, "helpful", scale=(1, 5)), Rating(1, 4.0, "helpful"))),
    Group(
        "c",
        "w8 w9",
        ("w1 w2", "w3 w3 w3", "w5"),
        (Ranking(((1,), (0, 2))),),
        (Rating(0, 2.0, "helpful", weight=3.0), Rating(2, 10.0, "long"), Rating(1, 20.0, "long")),
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("model"))


def settings_of(**changes):
    return TrainingSettings(precision="fp32", report_to="none", centering=0.0).with_changes(changes, "test")


def one_step(folder, out, groups, **changes):
    """The loss of one step over all groups by the trainer, the raw outputs `[R, K, W]` of the model it started from,
    and the reader."""
    settings = settings_of(**changes)
    reader = target_reader(groups, settings)
    model = RewardModel.from_backbone(folder, outputs=reader.outputs, seed=3)
    with torch.no_grad():
        for parameter in model.network.head_parameters:
            parameter.mul_(8)  # scores far enough from 0 to tell losses apart
    items = list(model.renderer.render(groups))
    raw = model.outputs_of(items)
    cuts = {name: cut.detach() for name, cut in model.network.cut_points.items()}
    steps = Steps(
        items,
        [reader(item.group, n) for n, item in enumerate(items)],
        model.network,
        settings.with_changes({"epochs": 1, "groups_per_step": len(groups)}, "one step"),
    )
    arguments = TrainingArguments(str(out), use_cpu=True, report_to=[], max_steps=1)
    trainer = RewardTrainer(model, settings, reader, [], args=arguments, train_dataset=steps)
    loss = float(trainer.training_step(model.network, {"step": steps[0]}))
    gradients = [parameter.grad for parameter in model.network.parameters() if parameter.grad is not None]
    assert any(float(gradient.abs().max()) > 0 for gradient in gradients)
    return loss, raw, reader, cuts


def log_sigmoid(x):
    return -math.log1p(math.exp(-x))


RANKED = [GROUPS[0], Group("c", "w8 w9", ("w1 w2", "w3 w3 w3", "w5"), (Ranking(((1,), (0, 2))),))]


def by_hand(name, s):
    """The losses of RANKED's two rankings, 0 > 2 > 1 and 4 > 3 = 5, from scores `s`, written out pair by pair."""
    first, second = [(0, 2), (0, 1), (2, 1)], [(4, 3), (4, 5)]
    if name in ("bradley-terry", "ranknet"):
        one = [-log_sigmoid(s[a] - s[b]) for a, b in first]
        two = [-log_sigmoid(s[a] - s[b]) for a, b in second]
        two += [-(log_sigmoid(s[3] - s[5]) + log_sigmoid(s[5] - s[3])) / 2]
        if name == "ranknet":  # every pair an example: 3 of weight 2, 3 of weight 1
            return (2 * sum(one) + sum(two)) / 9
        return (2 * np.mean(one) + np.mean(two)) / 3
    if name == "hinge":
        one = [max(0, 1 - s[a] + s[b]) for a, b in first]
        two = [max(0, 1 - s[a] + s[b]) for a, b in second]
        two += [(max(0, 1 - s[3] + s[5]) + max(0, 1 - s[5] + s[3])) / 2]
        return (2 * np.mean(one) + np.mean(two)) / 3
    e = np.exp(s)
    top = -math.log(e[0] / (e[0] + e[1] + e[2])), -math.log(e[4] / (e[3] + e[4] + e[5]))
    if name in ("infonce", "plackett-luce:1"):
        return (2 * top[0] + top[1]) / 3
    if name == "plackett-luce":
        tied = math.log(e[3] + e[5]) - s[3] + math.log((e[3] + e[5]) / 2) - s[5]
        return (2 * (top[0] - math.log(e[2] / (e[2] + e[1]))) / 2 + (top[1] + tied) / 3) / 3
    assert name == "best-worst"
    pairs = lambda members: sum(e[a] / e[b] for a in members for b in members if a != b)  # noqa: E731
    one = -math.log(e[0] / e[1] / pairs([0, 1, 2]))
    two = [-math.log(e[4] / e[worst] / pairs([3, 4, 5])) for worst in (3, 5)]
    return (2 * one + np.mean(two)) / 3


@pytest.mark.parametrize("budget", [1, 4096])
@pytest.mark.parametrize(
    "name",
    ["bradley-terry", "ranknet", "hinge", "plackett-luce", "plackett-luce:1", "infonce", "best-worst"],
)
def test_every_loss_of_rankings(folder, tmp_path, name, budget):
    loss, raw, _, _ = one_step(folder, tmp_path, RANKED, loss=name, batch_tokens=budget)
    assert loss == pytest.approx(by_hand(name, raw[:, 0, 0].double().numpy()), rel=1e-5)


@pytest.mark.parametrize("name", ["bradley-terry", "plackett-luce"])
def test_centring_pulls_the_mean_score_to_zero(folder, tmp_path, name):
    pair = [Group("a", "w1", ("w2", "w3"), (Ranking(((0,), (1,))),))]
    loss, raw, _, _ = one_step(folder, tmp_path, pair, loss=name, centering=0.5)
    a, b = raw[:, 0, 0].tolist()
    assert loss == pytest.approx(-log_sigmoid(a - b) + 0.5 * (a + b) ** 2, rel=1e-5)


def test_rankings_and_ratings_share_a_step(folder, tmp_path):
    loss, raw, reader, _ = one_step(folder, tmp_path, GROUPS, rating_weight=0.5)
    helpful, long, overall = range(3)
    assert [a.name for a in reader.outputs.attributes] == ["helpful", "long", "overall"]
    assert [a.weight for a in reader.outputs.attributes] == [0, 0, 1]
    s = raw[:, 0].double().numpy()
    # Units of helpful on [1, 5]: 0 and 3/4, and 1/4 thrice: mean 0.3, variance (0.09 + 0.2025 + 3 * 0.0025) / 5.
    assert (reader.outputs.attributes[0].centre, reader.outputs.attributes[0].spread) == pytest.approx((0.3, 0.06**0.5))
    z = lambda unit: (unit - 0.3) / 0.06**0.5  # noqa: E731
    rated = [(s[3, helpful] - z(0)) ** 2, (s[4, helpful] - z(0.75)) ** 2, 3 * (s[5, helpful] - z(0.25)) ** 2]
    # long has no declared scale: 10 and 20 are its ends, one standard deviation from their mean.
    rated += [(s[7, long] + 1) ** 2, (s[6, long] - 1) ** 2]
    r = s[:, overall]
    ranked = [np.mean([-log_sigmoid(r[a] - r[b]) for a, b in [(0, 2), (0, 1), (2, 1)]]) * 2]
    tie = -(log_sigmoid(r[5] - r[7]) + log_sigmoid(r[7] - r[5])) / 2
    ranked += [np.mean([-log_sigmoid(r[6] - r[5]), -log_sigmoid(r[6] - r[7]), tie])]
    # Weights: rankings 2 + 1; ratings half of 1 + 1 + 3 + 1 + 1.
    assert loss == pytest.approx((sum(ranked) + 0.5 * sum(rated)) / (3 + 3.5), rel=1e-5)


@pytest.mark.parametrize("name", ["mae", "huber", "ordinal", "classes"])
def test_every_loss_of_ratings(folder, tmp_path, name):
    groups = [
        Group("a", "w1", ("w2", "w3 w4"), ratings=(Rating(0, 1, scale=(1, 3)), Rating(1, 3, scale=(1, 3)))),
        Group("b", "w5", ("w6", "w7"), ratings=(Rating(0, 2, weight=2.0, scale=(1, 3)), Rating(1, 3, scale=(1, 3)))),
    ]
    loss, raw, reader, cuts = one_step(folder, tmp_path, groups, rating_loss=name)
    # Units 0, 1, 1/2 (twice), 1: mean 3/5, variance (0.36 + 0.16 + 2 * 0.01 + 0.16) / 5.
    targets = (np.array([0, 1, 0.5, 1]) - 0.6) / 0.14**0.5
    weights, levels = np.array([1, 1, 2, 1]), [0, 2, 1, 2]
    assert reader.outputs.attributes[0].width == (3 if name == "classes" else 1)
    if name == "classes":
        e = np.exp(raw[:, 0].double().numpy())
        losses = [-math.log(row[level] / row.sum()) for row, level in zip(e, levels, strict=True)]
    elif name == "ordinal":
        below = [0.0, *(1 / (1 + np.exp(raw[:, 0, 0].double().numpy() - float(cut))) for cut in cuts["overall"]), 1.0]
        inside = [below[level + 1] - below[level] for level in range(3)]
        losses = [-math.log(np.broadcast_to(inside[level], 4)[row]) for row, level in enumerate(levels)]
    else:
        gap = np.abs(raw[:, 0, 0].double().numpy() - targets)
        losses = gap if name == "mae" else np.where(gap < 1, gap**2 / 2, gap - 0.5)
    assert loss == pytest.approx(np.average(losses, weights=weights), rel=1e-5)


def test_heads_learn_from_samples_of_their_own(folder, tmp_path):
    loss, raw, reader, _ = one_step(folder, tmp_path, RANKED, heads=3)
    counts = np.concatenate([reader(group, n).comparisons.bootstrap_counts for n, group in enumerate(RANKED)])
    assert counts.shape == (6, 3)
    # Comparisons of one ranking come together: a ranking is drawn, not a comparison.
    assert (counts[:3] == counts[0]).all() and (counts[3:] == counts[3]).all()
    s = raw[..., 0].double().numpy()
    total = 0.0
    for head in range(3):
        one = [-log_sigmoid(s[a, head] - s[b, head]) for a, b in [(0, 2), (0, 1), (2, 1)]]
        two = [-log_sigmoid(s[4, head] - s[b, head]) for b in (3, 5)]
        two += [-(log_sigmoid(s[3, head] - s[5, head]) + log_sigmoid(s[5, head] - s[3, head])) / 2]
        total += 2 * np.mean(one) * counts[0, head] + np.mean(two) * counts[3, head]
    # Divided by what was drawn, or small steps would be loud and quiet by chance.
    assert loss == pytest.approx(total / (2 * counts[0].sum() + counts[3].sum()), rel=1e-5)


def test_the_samples_of_many_judgements_are_bootstrap_like():
    groups = [Group("a", "p", ("x", "y"), (Ranking(((0,), (1,))),) * 4000)]
    reader = target_reader(groups, settings_of(heads=5))
    counts = reader(groups[0], 0).comparisons.bootstrap_counts
    assert counts.mean(0) == pytest.approx(np.ones(5), abs=5 / 4000**0.5)
    assert counts.var(0) == pytest.approx(np.ones(5), abs=0.15)
    assert np.corrcoef(counts.T)[np.triu_indices(5, 1)] == pytest.approx(np.zeros(10), abs=5 / 4000**0.5)
    assert (reader(groups[0], 0).comparisons.bootstrap_counts == counts).all()
    assert (reader(groups[0], 1).comparisons.bootstrap_counts != counts).any()
    # Held-out judgements are not drawn.
    assert (reader(groups[0]).comparisons.bootstrap_counts == 1).all()


RATED = [
    Group("a", "p", ("x", "y"), ratings=(Rating(0, 1, "kind", scale=(0, 4)), Rating(1, 3, "kind", scale=(0, 4)))),
    Group("b", "p", ("x",), ratings=(Rating(0, 2.5, "long"), Rating(0, 7.25, "long"))),
]


@pytest.mark.parametrize(
    ("groups", "changes", "weights"),
    [
        (RATED, {}, {"kind": 0.5, "long": 0.5}),
        (RATED, {"mix": "kind=0.7, long=-0.3"}, {"kind": 0.7, "long": -0.3}),
        (RATED, {"mix": "kind=1"}, {"kind": 1.0, "long": 0.0}),
        (RATED + RANKED, {}, {"kind": 0.0, "long": 0.0, "overall": 1.0}),
        (RATED + RANKED, {"mix": "kind=1"}, {"kind": 1.0, "long": 0.0}),
        (RATED + RANKED, {"mix": "kind=0.2,overall=0.8"}, {"kind": 0.2, "long": 0.0, "overall": 0.8}),
        (RANKED, {}, {"overall": 1.0}),
    ],
)
def test_what_the_reward_is_made_of(groups, changes, weights):
    outputs = target_reader(groups, settings_of(**changes)).outputs
    assert {attribute.name: attribute.weight for attribute in outputs.attributes} == weights


@pytest.mark.parametrize(
    ("groups", "changes", "says"),
    [
        (RATED, {"mix": "funny=1"}, "mix names 'funny', which nobody judged; attributes: kind, long"),
        (RATED, {"mix": "overall=1"}, "mix names 'overall', which nobody judged"),
        (RANKED, {"mix": "kind=1"}, "attributes: overall"),
        (RATED, {"mix": "kind=0,long=0"}, "gives every response the reward 0"),
        (RATED, {"loss": "hinge"}, "the loss hinge learns from rankings, and the data have none"),
        (RANKED, {"rating_loss": "huber"}, "the loss huber learns from ratings, and the data have none"),
        ([Group("a", "p", ("x",), ratings=(Rating(0, 2, scale=(1, 3)),))], {"rating_loss": "ordinal"}, "two levels"),
        (
            [Group("a", "p", ("x",), ratings=tuple(Rating(0, v / 7) for v in range(12)))],
            {"rating_loss": "classes"},
            "too many values to be levels",
        ),
        (RANKED, {"annotators": True}, "no ranking names its annotator"),
    ],
)
def test_what_it_refuses(groups, changes, says):
    with pytest.raises(PlauditError, match=says):
        target_reader(groups, settings_of(**changes))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"loss": "hinge", "label_smoothing": 0.1}, "the loss hinge has no label_smoothing"),
        ({"loss": "plackett-luce", "ties": "ignore"}, "the loss plackett-luce has no ties"),
        ({"loss": "infonce", "margin": 1.0}, "the loss infonce has no margin"),
        ({"loss": "hinge", "ties": "rao-kupper"}, "it can be half or ignore"),
        ({"loss": "hinge", "annotators": True}, "no probabilities"),
        ({"loss": "plackett-luce:0"}, "plackett-luce:K"),
        ({"mix": "kind"}, "NAME=WEIGHT"),
        ({"mix": "kind=much"}, "NAME=WEIGHT"),
        ({"scales": "kind=1"}, "NAME=LOW:HIGH"),
        ({"rating_weight": 0.0}, "above 0"),
    ],
)
def test_settings_that_make_no_sense_together(changes, says):
    with pytest.raises(PlauditError, match=says):
        settings_of(**changes)


def test_a_loss_says_by_its_name_which_judgements_it_is_for():
    assert loss_settings("huber") == {"rating_loss": "huber"}
    assert loss_settings("plackett-luce:3, ordinal") == {"loss": "plackett-luce:3", "rating_loss": "ordinal"}
    with pytest.raises(PlauditError, match="two losses for the same judgements: mse and mae"):
        loss_settings("mse,mae")
