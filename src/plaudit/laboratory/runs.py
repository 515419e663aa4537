"""One run: a loss (or a baseline) learns from a division's groups and scores its test groups."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from plaudit.evaluation import fit_temperature
from plaudit.groups import Group
from plaudit.judgements import scored_comparisons
from plaudit.laboratory.candidates import Candidate
from plaudit.laboratory.splits import Split
from plaudit.model import Outputs, RewardModel, Scorer, cached_features
from plaudit.scoring import ScoredGroups
from plaudit.training import TrainingSettings, fit_linear, train

HEAD_ONLY = {"pooling": "mean", "learning_rate": 3e-3, "epochs": 8, "evaluate_every": 2.0}
"""What a run is told that trains nothing but a head. A backbone that nobody fine-tunes has no place where it gathers
what it read, so the mean of its tokens is read; and a head cannot harm what it stands on, so it may learn fast."""

PerGroup = list[list[float]]
"""One list a group, one number a response."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a trained model says of a division's test groups.

    Attributes:
        scores: rewards.
        values: rated attribute -> ratings in people's units, of models that learned them.
        temperature: what a score gap is to be divided by to be a probability's logit; None: nothing to fit one on.
        seconds: of training, without the features of a frozen backbone.
    """

    scores: PerGroup
    values: dict[str, PerGroup]
    temperature: float | None
    seconds: float


def default_settings(trainable: str = "head") -> TrainingSettings:
    """A run's settings, where no others are given."""
    own = HEAD_ONLY if trainable == "head" else {}
    return TrainingSettings().with_changes({"trainable": trainable, **own}, "losses")


def run_candidate(candidate: Candidate, division: Split, backbone: str, settings: TrainingSettings) -> Run:
    """Train with a loss on what it can learn from; the model itself is not kept.

    Args:
        candidate: the loss.
        division: what to learn from, to watch and to test on.
        backbone: as in `train`.
        settings: the candidate's, with the seed of this run.
    """
    learn, watch = candidate.part(division.learn), candidate.part(division.watch)
    # The progress of one training run would drown the laboratory's.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        model = train(learn, folder, backbone, validation_groups=watch or None, settings=settings)
    frozen = is_frozen(settings)
    if candidate.likelihood:
        divisor: float | None = 1.0
    else:
        scores, _ = _read(model, division.watch, settings, frozen)
        divisor = fit_temperature(*scored_comparisons(division.watch, scores))
    return Run(*_read(model, division.test, settings, frozen), divisor, model.record["seconds"])


def run_baseline(name: str, division: Split, settings: TrainingSettings) -> Run:
    """Fit a baseline on all that is not tested: it watches nothing, its penalty is chosen by cross-validation. Where
    there are rankings it learns its reward from them by Bradley-Terry, which needs no temperature."""
    groups = [*division.learn, *division.watch]
    started = time.monotonic()
    model = fit_linear(groups, name, settings)
    seconds = time.monotonic() - started
    ranked = any(group.rankings for group in groups)
    return Run(*_read(model, division.test, settings, frozen=True), 1.0 if ranked else None, seconds)


def is_frozen(settings: TrainingSettings) -> bool:
    """Whether the backbone says the same of a response in every run."""
    return settings.trainable == "head" and not settings.dropout


def prime_features(groups: Sequence[Group], backbone: str, settings: TrainingSettings) -> None:
    """Read every response with the frozen backbone once, for all runs inside `shared_features`."""
    model = RewardModel.from_backbone(
        backbone,
        max_length=settings.max_length,
        chat_template=settings.chat_template,
        trust_remote_code=settings.trust_remote_code,
        outputs=Outputs(pooling="mean" if settings.pooling == "mean" else "own"),
    )
    items = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
    cached_features(model, items, settings.batch_tokens)


@torch.no_grad()
def _read(
    model: Scorer, groups: Sequence[Group], settings: TrainingSettings, frozen: bool
) -> tuple[PerGroup, dict[str, PerGroup]]:
    """Rewards and values. Those of a frozen backbone come from its features, which are known."""
    if not groups:
        return [], {}
    if not isinstance(model, RewardModel):
        scored = ScoredGroups.of(model.score(groups))
        return scored.per_group(), {name: scored.per_group(name) for name in scored.attributes}
    items = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
    network = model.network
    if frozen:
        features = cached_features(model, items, settings.batch_tokens).copy()
        raw = network(features=torch.from_numpy(features).to(network.device))
    else:
        raw = model.outputs_of(items, settings.batch_tokens)
    values = network.outputs.values(raw, network.cut_points)
    return (
        _per_group(network.outputs.rewards(raw).mean(1), groups),
        {name: _per_group(column, groups) for name, column in values.items()},
    )


def _per_group(column: torch.Tensor, groups: Sequence[Group]) -> PerGroup:
    parts = column.split([len(group.responses) for group in groups])
    return [part.tolist() for part in parts]
