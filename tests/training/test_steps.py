"""What a step trains on, and that its loss is the definition's, however it is cut into forward passes."""

import math

import numpy as np
import pytest
import torch
from toys import toy_backbone
from transformers import AutoModelForSequenceClassification, TrainingArguments

from plaudit.groups import Group, Ranking
from plaudit.model import RewardModel
from plaudit.training import TrainingSettings
from plaudit.training.reader import target_reader
from plaudit.training.reward_model import _as_it_began
from plaudit.training.steps import Steps, _groups_per_step
from plaudit.training.trainer import RewardTrainer

# A pair with a strength, a weighted ranking with a tie in it, a tie alone, two annotators who disagree, and a group
# that compares nothing.
GROUPS = [
    Group("a", "w1 w2 w3", ("good w4", "bad w5 w6"), (Ranking(((0,), (1,)), strength=2.0),)),
    Group(
        "b", "w7", ("w1", "w2 w3", "good", "w4 w5 w6 w7"), (Ranking(((2,), (0, 1), (3,)), weight=3.0, strength=1.0),)
    ),
    Group("c", "w8 w9", ("w1 w2", "w3 w3 w3"), (Ranking(((0, 1),)),)),
    Group("d", "w8 w1", ("w1 w2 bad", "w3", "w5"), (Ranking(((0,), (1,)), weight=0.5), Ranking(((1,), (0,), (2,))))),
    Group("e", "w2", ("w5", "w6"), ()),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("model"), head=True)


@pytest.fixture(scope="module")
def model(folder):
    return RewardModel.from_pretrained(folder)


def steps_of(model, groups=GROUPS, **changes):
    shares = changes.pop("shares", 1)
    settings = TrainingSettings(**{"epochs": 1, "groups_per_step": 5, "batch_tokens": 4096, **changes})
    reader = target_reader(groups, settings)
    items = list(model.renderer.render(groups))
    return Steps(items, [reader(item.group) for item in items], model.network, settings, shares=shares)


def many(sizes):
    """Groups of random text, each with a full order."""
    numbers = np.random.default_rng(0)
    return [
        Group(
            f"g{number}",
            f"w{number % 24} w1",
            tuple(" ".join(f"w{i}" for i in numbers.integers(0, 24, numbers.integers(1, 7))) for _ in range(size)),
            (Ranking(tuple((i,) for i in range(size))),),
        )
        for number, size in enumerate(sizes)
    ]


def content(step):
    """Everything in a step, as plain values."""
    return [
        (
            [[*map(tuple, tree.sequences)] for tree in batch.trees],
            batch.targets.comparisons.better.tolist(),
            batch.targets.comparisons.worse.tolist(),
            batch.targets.comparisons.weight.tolist(),
        )
        for batch in step.micro_batches
    ], step.weight


def compared(step):
    """A step's comparisons as (better tokens, worse tokens, weight), sorted."""
    found = []
    for batch in step.micro_batches:
        sequences = [tuple(sequence) for tree in batch.trees for sequence in tree.sequences]
        found += [
            (sequences[b], sequences[w], round(v, 6))
            for targets in [batch.targets.comparisons]
            for b, w, v in zip(targets.better.tolist(), targets.worse.tolist(), targets.weight.tolist(), strict=True)
        ]
    return sorted(found)


def test_a_step_depends_on_the_seed_and_its_number_alone(model):
    groups = many([2] * 9 + [40, 3, 5])
    options = {"epochs": 3, "hand": 8, "groups_per_step": 4, "seed": 5}
    first, second = steps_of(model, groups, **options), steps_of(model, groups, **options)
    assert len(first) == 3 * math.ceil((11 + 5) / 4)
    forwards = [content(first[i]) for i in range(len(first))]
    backwards = [content(second[i]) for i in reversed(range(len(second)))]
    assert forwards == backwards[::-1]
    assert content(steps_of(model, groups, **{**options, "seed": 6})[0]) != forwards[0]
    # Each pass has an order of its own, and deals the 40 anew.
    assert forwards[:4] != forwards[4:8] != forwards[8:]


def test_a_pass_meets_every_small_group_once(model):
    steps = steps_of(model, many([2] * 10 + [3]), groups_per_step=4)
    sizes = [sum(len(batch.trees) for batch in steps[i].micro_batches) for i in range(len(steps))]
    assert sizes == [4, 4, 3]
    met = [tuple(tree.sequences[0]) for i in range(3) for batch in steps[i].micro_batches for tree in batch.trees]
    assert len(met) == len(set(met)) == 11


@pytest.mark.parametrize(("shares", "budget"), [(2, 4096), (3, 40), (7, 1)])
def test_the_shares_of_a_step_are_the_step(model, shares, budget):
    groups = many([2] * 5 + [20, 4])
    options = {"hand": 8, "groups_per_step": 4, "epochs": 2, "batch_tokens": budget}
    whole, shared = steps_of(model, groups, **options), steps_of(model, groups, **options, shares=shares)
    assert len(shared) == shares * len(whole)
    for number in range(len(whole)):
        parts = [shared[number * shares + share] for share in range(shares)]
        assert {part.weight for part in parts} == {whole[number].weight}
        together = sorted(row for part in parts for row in compared(part) if row[2])
        assert together == compared(whole[number])
        # Every process computes as many forests as the others, or they would wait for it for ever.
        assert len({len(part.micro_batches) for part in parts}) == 1
        assert parts[0].micro_batches


def test_weights_of_a_step_are_its_judgements(model):
    # a: 1, b: 3, c: 1, d: 0.5 + 1, e: nothing.
    step = steps_of(model)[0]
    assert step.weight == pytest.approx(6.5)
    assert sum(float(batch.targets.comparisons.weight.sum()) for batch in step.micro_batches) == pytest.approx(6.5)
    assert steps_of(model, ties="ignore")[0].weight == pytest.approx(5.5)


@pytest.mark.parametrize("budget", [1, 12, 25, 60, 10_000])
def test_no_forward_pass_exceeds_the_budget_but_a_single_tree(model, budget):
    steps = steps_of(model, many([2, 3, 4, 9, 30, 2, 2, 5]), hand=6, groups_per_step=6, batch_tokens=budget)
    for number in range(len(steps)):
        for batch in steps[number].micro_batches:
            assert sum(map(len, batch.trees)) <= budget or len(batch.trees) == 1


# (hands, responses in all) -> groups of a step. A hundred steps a pass, of 8 to 64 responses: 200 responses would be 2
# a step and are 8, four pairs; 3,200 are 32; 20,000 would be 200 and are 64: 32 pairs, 16 groups of 4, 4 hands of 16.
@pytest.mark.parametrize(
    ("hands", "responses", "groups"),
    [(100, 200, 4), (1600, 3200, 16), (10_000, 20_000, 32), (5000, 20_000, 16), (1250, 20_000, 4), (1, 16, 1)],
)
def test_how_many_groups_make_a_step(model, hands, responses, groups):
    assert _groups_per_step(hands, responses) == groups
    assert steps_of(model, many([2] * 100), groups_per_step=None).steps_per_epoch == 25


# On GPUs, where 1,000 responses fill a forest each: 20,000 / 20 are as many; 8,000 / 20 are 400, and 20 steps an epoch
# matter more; of 320,000, 1,000 fill the GPUs, and more would not help. By hands of two.
@pytest.mark.parametrize(
    ("responses", "groups"),
    [(20_000, 500), (8_000, 200), (320_000, 500), (200, 5)],
    ids=["full", "few", "many", "tiny"],
)
def test_a_step_fills_every_gpu(responses, groups):
    assert _groups_per_step(responses // 2, responses, fill=1000) == groups


def test_how_many_responses_fill_every_gpu(model, monkeypatch):
    groups = many([2] * 40)
    steps = steps_of(model, groups, batch_tokens=300, shares=4)
    assert steps._responses_that_fill() == 0
    tokens = sum(len(model.network.grow(item.sequences)) for item in steps.items)
    monkeypatch.setattr("plaudit.model.RewardNetwork.device", torch.device("cuda"))
    steps = steps_of(model, groups, batch_tokens=300, shares=4)
    assert steps._responses_that_fill() == pytest.approx(4 * 300 / (tokens / 80), abs=1)


def test_a_resumed_run_takes_the_steps_it_began_with():
    assert _as_it_began(TrainingSettings(), {"groups_per_step": 7}).groups_per_step == 7
    assert _as_it_began(TrainingSettings(groups_per_step=4), {"groups_per_step": 7}).groups_per_step == 4
    assert _as_it_began(TrainingSettings(), {}).groups_per_step is None


# --- the loss and its gradients ---------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [False, True])
def test_a_step_without_a_judgement_computes_nothing(model, frozen):
    # Twelve responses, two of them compared: dealt two at a time, most hands hold no judgement.
    group = Group("g", "p0", tuple(f"w{i}" for i in range(12)), (Ranking(((0,), (1,))),))
    settings = TrainingSettings(hand=2, groups_per_step=1, epochs=2)
    reader = target_reader([group], settings)
    items = list(model.renderer.render([group]))
    features = np.zeros((12, 16), dtype=np.float32) if frozen else None
    steps = Steps(items, [reader(group, 0)], model.network, settings, features=features)
    empty = [steps[i] for i in range(len(steps)) if not steps[i].weight]
    assert len(empty) >= len(steps) - 4
    assert all(step.micro_batches == [] for step in empty)


def settings_of(**changes):
    return TrainingSettings(precision="fp32", report_to="none").with_changes(changes, "test")


def step_loss(folder, settings, groups=GROUPS, shares=1, out="unused"):
    """The loss of one step by the trainer, and the gradients it leaves."""
    model = RewardModel.from_pretrained(folder)
    steps = steps_of(model, groups, batch_tokens=settings.batch_tokens, ties=settings.ties, shares=shares)
    arguments = TrainingArguments(out, use_cpu=True, report_to=[], max_steps=1)
    trainer = RewardTrainer(model, settings, target_reader(GROUPS, settings), [], args=arguments, train_dataset=steps)
    model.network.train()
    loss = sum(float(trainer.training_step(model.network, {"step": steps[share]})) for share in range(shares))
    return loss, {name.removeprefix("model."): parameter.grad for name, parameter in model.network.named_parameters()}


def plain_scores(folder, groups):
    """Every response alone through plain transformers: `{(group, response): score}`, with gradients."""
    rendered = RewardModel.from_pretrained(folder).renderer.render(groups)
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    scores = {
        (item.group.id, index): network(torch.from_numpy(sequence)[None]).logits[0, 0]
        for item in rendered
        for index, sequence in enumerate(item.sequences)
    }
    return network, scores


def definition(scores, groups, *, ties="half", margin=0.0, smoothing=0.0, centering=0.0):
    """The mean over judgements of the mean over each ranking's comparisons, written out from the papers' formulas."""
    eta = math.log(2)

    def sigmoid(x):
        return 1 / (1 + torch.exp(-x))

    total, weights = 0.0, 0.0
    for group in groups:
        for ranking in group.rankings:
            losses = []
            for a, b, tie in ranking.comparisons():
                gap = scores[group.id, a] - scores[group.id, b]
                if tie and ties == "ignore":
                    continue
                if tie and ties == "half":
                    loss = -(torch.log(sigmoid(gap)) + torch.log(sigmoid(-gap))) / 2
                elif tie:
                    loss = -torch.log(1 - sigmoid(gap - eta) - sigmoid(-gap - eta))
                else:
                    shift = margin * (ranking.strength or 0) + (eta if ties == "rao-kupper" else 0)
                    loss = -(1 - smoothing) * torch.log(sigmoid(gap - shift)) - smoothing * torch.log(
                        sigmoid(-gap - shift)
                    )
                losses.append(loss + centering * (scores[group.id, a] + scores[group.id, b]) ** 2)
            if losses:
                total = total + ranking.weight * sum(losses) / len(losses)
                weights += ranking.weight
    return total / weights


CASES = {
    "plain": {"centering": 0.0},
    "everything": {"margin": 0.7, "label_smoothing": 0.1, "centering": 0.05},
    "rao-kupper": {"ties": "rao-kupper", "centering": 0.0},
    "ignore": {"ties": "ignore"},
}


@pytest.mark.parametrize("case", CASES)
def test_the_loss_of_a_step_is_the_definition(folder, case, tmp_path):
    settings = settings_of(**CASES[case])
    network, scores = plain_scores(folder, GROUPS)
    expected = definition(
        scores,
        GROUPS,
        ties=settings.ties,
        margin=settings.margin,
        smoothing=settings.label_smoothing,
        centering=settings.centering,
    )
    expected.backward()
    for budget in (1, 20, 10_000):
        loss, gradients = step_loss(folder, settings.with_changes({"batch_tokens": budget}, "test"), out=str(tmp_path))
        assert loss == pytest.approx(expected.item(), rel=1e-5)
        check_gradients(gradients, network)


def check_gradients(gradients, network, tolerance=1e-5):
    largest = max(float(p.grad.abs().max()) for p in network.parameters())
    for name, parameter in network.named_parameters():
        assert float((gradients[name] - parameter.grad).abs().max()) < tolerance * largest, name


def test_two_shares_add_up_to_the_step(folder, tmp_path):
    # Each process's loss is its share times the number of processes; one process with two shares sums without it.
    settings = settings_of()
    whole, gradients = step_loss(folder, settings, out=str(tmp_path))
    loss, shared = step_loss(folder, settings, shares=2, out=str(tmp_path))
    assert loss == pytest.approx(whole, rel=1e-6)
    for name, gradient in gradients.items():
        assert torch.allclose(gradient, shared[name], atol=1e-6), name


def test_gradient_checkpointing_changes_no_gradient(folder, tmp_path):
    loss, gradients = step_loss(folder, settings_of(), out=str(tmp_path))
    model = RewardModel.from_pretrained(folder)
    model.network.model.activation_checkpointing_enable({"use_reentrant": False})
    steps = steps_of(model)
    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to=[], max_steps=1)
    settings = settings_of(gradient_checkpointing=True)
    trainer = RewardTrainer(model, settings, target_reader(GROUPS, settings), [], args=arguments, train_dataset=steps)
    calls = []
    layer = model.network.model.model.layers[0]
    layer.self_attn.register_forward_hook(lambda *_: calls.append(1))
    assert float(trainer.training_step(model.network, {"step": steps[0]})) == pytest.approx(loss, rel=1e-6)
    assert len(calls) == 2, "the layer was not recomputed in the backward pass"
    for name, parameter in model.network.named_parameters():
        assert torch.allclose(parameter.grad, gradients[name.removeprefix("model.")], atol=1e-6), name


@pytest.mark.parametrize("dropout", [False, True])
def test_dropout_is_on_only_when_asked_for(tmp_path, dropout):
    folder = toy_backbone(tmp_path / "model", dropout=0.5, head=True)
    model = RewardModel.from_pretrained(folder)
    steps = steps_of(model)
    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to=[], max_steps=1)
    settings = settings_of(dropout=dropout)
    trainer = RewardTrainer(model, settings, target_reader(GROUPS, settings), [], args=arguments, train_dataset=steps)
    model.network.train()
    first, second = (float(trainer.training_step(model.network, {"step": steps[0]})) for _ in range(2))
    assert (first == second) is not dropout
