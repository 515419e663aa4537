"""One run: train with a loss (or fit a baseline) on a split, and score its test groups."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float

from plaudit.evaluation import fit_temperature
from plaudit.groups import Group
from plaudit.judgements import scored_comparisons
from plaudit.laboratory.candidates import Candidate
from plaudit.laboratory.splits import Split
from plaudit.model import Outputs, RewardModel, Scorer, cached_features
from plaudit.scoring import ScoredGroups
from plaudit.training import TrainingSettings, fit_linear, train

HEAD_ONLY = {"pooling": "mean", "learning_rate": 3e-3, "epochs": 8, "evaluate_every": 2.0}
"""Settings of a run that trains only a head. A backbone that is not fine-tuned has no token that summarises a text, so
the mean of all is pooled; and a head cannot damage the backbone, so its learning rate may be high."""

PerGroup = list[list[float]]
"""One list a group, one number a response."""


@dataclass(frozen=True, slots=True)
class Run:
    """Predictions of a trained model for the test groups of a split.

    Attributes:
        scores: rewards.
        values: rated attribute -> ratings in people's units, of models that learned them.
        temperature: divisor of score gaps that makes them logits of a probability; None: nothing to fit one on.
        seconds: of training, without the features of a frozen backbone.
    """

    scores: PerGroup
    values: dict[str, PerGroup]
    temperature: float | None
    seconds: float


def default_settings(trainable: str = "head") -> TrainingSettings:
    """Training settings of a run, by what is trained.

    Example:
        >>> default_settings().pooling, default_settings("all").trainable
        ('mean', 'all')
    """
    changes = HEAD_ONLY if trainable == "head" else {}
    return TrainingSettings().with_changes({"trainable": trainable, **changes}, "losses").as_implied()


def run_candidate(candidate: Candidate, split: Split, backbone: str, settings: TrainingSettings) -> Run:
    """Train with a loss on what it can learn from; the model itself is not kept.

    Args:
        candidate: the loss.
        split: train, validation and test groups.
        backbone: as in `train`.
        settings: the candidate's, with the seed of this run.
    """
    training, validation = candidate.restrict(split.train), candidate.restrict(split.validation)
    # The progress of one training run would drown the laboratory's.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        model = train(training, folder, backbone, validation_groups=validation or None, settings=settings.as_implied())
    frozen = is_frozen(settings)
    if candidate.likelihood:
        temperature: float | None = 1.0
    else:
        scores, _ = _predict(model, split.validation, settings, frozen)
        temperature = fit_temperature(*scored_comparisons(split.validation, scores))
    scores, values = _predict(model, split.test, settings, frozen)
    return Run(scores=scores, values=values, temperature=temperature, seconds=model.record["seconds"])


def run_baseline(name: str, split: Split, settings: TrainingSettings) -> Run:
    """Fit a baseline on the train and validation groups: its penalty is chosen by cross-validation.

    Where there are rankings it learns its reward from them by Bradley-Terry, which needs no temperature.
    """
    groups = [*split.train, *split.validation]
    started = time.monotonic()
    model = fit_linear(groups, name, settings)
    seconds = time.monotonic() - started
    ranked = any(group.rankings for group in groups)
    scores, values = _predict(model, split.test, settings, frozen=True)
    return Run(scores=scores, values=values, temperature=1.0 if ranked else None, seconds=seconds)


def is_frozen(settings: TrainingSettings) -> bool:
    """Whether the backbone's features of a response are the same in every run."""
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
    cached_features(model, items, settings.forward_tokens)


@torch.no_grad()
def _predict(
    model: Scorer, groups: Sequence[Group], settings: TrainingSettings, frozen: bool
) -> tuple[PerGroup, dict[str, PerGroup]]:
    """Rewards and values; with a frozen backbone, from its cached features."""
    if not groups:
        return [], {}
    if not isinstance(model, RewardModel):
        scored = ScoredGroups.of(model.score(groups))
        return scored.per_group(), {name: scored.per_group(name) for name in scored.attributes}
    items = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
    network = model.network
    if frozen:
        features = cached_features(model, items, settings.forward_tokens).copy()
        raw = network(features=torch.from_numpy(features).to(network.device))
    else:
        raw = model.outputs_of(items, settings.forward_tokens)
    values = network.outputs.values(raw, network.cut_points)
    return (
        _per_group(network.outputs.rewards(raw).mean(1), groups),
        {name: _per_group(column, groups) for name, column in values.items()},
    )


def _per_group(column: Float[torch.Tensor, " responses"], groups: Sequence[Group]) -> PerGroup:
    parts = torch.split(column, [len(group.responses) for group in groups])
    return [part.tolist() for part in parts]
