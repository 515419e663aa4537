"""Real architectures: scores and gradients in a forest equal those of plain transformers, one sequence at a time.

The reference is `AutoModelForSequenceClassification` with its own attention on each sequence alone; where a response
stands in several comparisons, it is computed anew for each. float32. Scores agree to 1e-5 of their root mean square. A
parameter's gradient agrees to 1e-5 of its norm plus 1e-7 of the norm of the whole gradient: softmax ignores a bias of
keys, so its gradient is zero but for rounding, and has no size of its own.
"""

import copy
from dataclasses import dataclass, field
from itertools import combinations

import pytest
import torch
import torch.nn.functional as F
from tiny import BIDIRECTIONAL, DECODERS, ENCODERS, PADDED, random_sequences, tiny_classifier

from plaudit.model import PaddedLayout, RewardNetwork
from plaudit.model.self_check import choose_layout


@dataclass(frozen=True)
class Case:
    """Groups of sequences; each comparison is (group, better, worse)."""

    groups: list
    comparisons: list = field(default_factory=list)


def all_pairs(groups):
    return [(g, i, j) for g, rows in enumerate(groups) for i, j in combinations(range(len(rows)), 2)]


def make(*groups, comparisons=None):
    return Case(list(groups), all_pairs(groups) if comparisons is None else comparisons)


whole = random_sequences([14], shared=12, seed=3)[0]
# Windows are of 8 and 16 tokens: trunks, branches and their sum stand on both sides of them.
CASES = {
    "pairs": make(random_sequences([9, 25], shared=13), random_sequences([3, 6], shared=2, seed=1)),
    "K-way": make(random_sequences([7, 21, 3, 12, 1], shared=20)),
    "a single response": make(random_sequences([30])),
    "shared across twenty comparisons": make(
        random_sequences([5, *range(1, 21)], shared=11), comparisons=[(0, 0, j) for j in range(1, 21)]
    ),
    "an empty trunk": make(random_sequences([12, 19])),
    "a prefix of another": make([whole, whole[:-5]]),
}


def network(model, family):
    built = RewardNetwork(model, causal=family not in BIDIRECTIONAL).eval()
    return built, choose_layout(built)


def losses(score, case):
    """The sum of Bradley-Terry losses, or of the scores where nothing is compared. `score(group, response)`."""
    if not case.comparisons:
        return sum(score(g, i) for g, rows in enumerate(case.groups) for i in range(len(rows)))
    return sum(-F.logsigmoid(score(g, i) - score(g, j)) for g, i, j in case.comparisons)


def one_by_one(model, case):
    return lambda g, i: model(input_ids=torch.tensor(case.groups[g][i])[None]).logits[0, 0]


def in_forest(built, case):
    scores = built([built.grow(rows) for rows in case.groups]).flatten()
    starts = [sum(map(len, case.groups[:g])) for g in range(len(case.groups))]
    return lambda g, i: scores[starts[g] + i]


def assert_same_scores(built, plain, case):
    with torch.no_grad():
        where = [(g, i) for g, rows in enumerate(case.groups) for i in range(len(rows))]
        found, expected = (
            torch.stack([f(g, i) for g, i in where]) for f in (in_forest(built, case), one_by_one(plain, case))
        )
    assert (found - expected).abs().max() <= 1e-5 * expected.square().mean().sqrt()


def assert_same_gradients(built, plain, case):
    for model in (built, plain):
        model.zero_grad(set_to_none=True)
    losses(in_forest(built, case), case).backward()
    losses(one_by_one(plain, case), case).backward()
    expected = {name: p.grad for name, p in plain.named_parameters() if p.grad is not None}
    total = torch.cat([grad.flatten() for grad in expected.values()]).norm()
    assert total > 0
    for name, parameter in built.model.named_parameters():
        if name not in expected:
            assert parameter.grad is None or not parameter.grad.any(), name
            continue
        gap = (parameter.grad - expected[name]).norm()
        assert gap <= 1e-5 * expected[name].norm() + 1e-7 * total, f"{name}: {gap / expected[name].norm():.1e}"


@pytest.mark.parametrize("family", [*DECODERS, *ENCODERS])
def test_scores_and_gradients(family):
    model = tiny_classifier(family)
    plain = copy.deepcopy(model)
    built, reason = network(model, family)
    assert reason is None
    assert built.layout.packed
    for case in CASES.values():
        assert_same_scores(built, plain, case)
        assert_same_gradients(built, plain, case)


@pytest.mark.parametrize("family", ["gpt2", "opt", "bert", "roberta", "electra", "modernbert"])
def test_float64_stays_float64(family):
    model = tiny_classifier(family).double()
    plain = copy.deepcopy(model)
    built, reason = network(model, family)
    assert reason is None
    case = CASES["K-way"]
    with torch.no_grad():
        for i in range(len(case.groups[0])):
            torch.testing.assert_close(in_forest(built, case)(0, i), one_by_one(plain, case)(0, i), rtol=1e-10, atol=0)


@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated")
@pytest.mark.parametrize("family", [*DECODERS, *ENCODERS])
def test_gradient_checkpointing(family):
    model = tiny_classifier(family)
    plain = copy.deepcopy(model)
    built, _ = network(model, family)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    # Layers are recomputed in training mode only; every dropout is 0, so nothing else changes.
    built.train()
    runs = []
    layer = next(m for m in model.modules() if type(m).__name__.endswith(("Layer", "Block")))
    inner = next(m for m in layer.modules() if isinstance(m, torch.nn.Linear) or type(m).__name__ == "Conv1D")
    inner.register_forward_hook(lambda *_: runs.append(1))
    assert_same_gradients(built, plain, CASES["K-way"])
    assert len(runs) == 2  # forward, and once more in the backward


@pytest.mark.parametrize(
    ("family", "without"),
    [
        ("mistral", {"sliding_window": None}),
        ("gemma2", {"attn_logit_softcapping": None}),
        ("gemma2", {"sliding_window": 4096}),
        ("gemma3", {"sliding_window": 4096}),
        ("gpt-oss", {"sliding_window": 4096}),
        ("modernbert", {"local_attention": 4096}),
    ],
)
def test_these_settings_matter(family, without):
    # The agreement above would say little if ignoring a window or a cap moved no score.
    case = CASES["K-way"]
    with torch.no_grad():
        score, other = (one_by_one(tiny_classifier(family, **s), case)(0, 1) for s in ({}, without))
    assert abs(score - other) > 1e-3 * abs(score)


def test_sinks_matter():
    model = tiny_classifier("gpt-oss")
    score = one_by_one(model, CASES["K-way"])
    with torch.no_grad():
        before = score(0, 1)
        for layer in model.model.layers:
            layer.self_attn.sinks.fill_(-1e4)
        assert abs(score(0, 1) - before) > 1e-3 * abs(before)


@pytest.mark.parametrize("family", PADDED)
def test_others_fall_back_to_padding(family):
    model = tiny_classifier(family)
    plain = copy.deepcopy(model)
    before = model.config._attn_implementation
    built, reason = network(model, family)
    assert reason
    assert not built.layout.packed
    assert model.config._attn_implementation == before
    for case in CASES.values():
        assert_same_scores(built, plain, case)
    # In batches of any size, padded by more or less.
    trees = [built.grow(rows) for case in CASES.values() for rows in case.groups]
    scores = []
    for budget in (1, 100, 100_000):
        built.layout = PaddedLayout(before, budget)
        with torch.no_grad():
            scores.append(built(trees).flatten())
    torch.testing.assert_close(scores[0], scores[1], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(scores[0], scores[2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("family", PADDED)
def test_gradients_through_padding(family):
    model = tiny_classifier(family)
    plain = copy.deepcopy(model)
    built, _ = network(model, family)
    assert_same_gradients(built, plain, CASES["K-way"])


def test_the_self_check_sees_a_broken_attention(monkeypatch):
    """An architecture whose scores do not survive the layout is found out:
    here, one that counts positions along the row, whatever it is told."""
    model = tiny_classifier("llama")
    forward = model.model.rotary_emb.forward
    in_the_row = lambda x, position_ids: forward(x, torch.arange(position_ids.shape[-1])[None])  # noqa: E731
    monkeypatch.setattr(model.model.rotary_emb, "forward", in_the_row)
    built, reason = network(model, "llama")
    assert "differs from what it reads alone" in reason
    assert not built.layout.packed
