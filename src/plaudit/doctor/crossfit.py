"""Scores by models that did not train on what they score: cross-fitting over folds, for several cheap models.

Confident learning (Northcutt, Jiang & Chuang, JAIR 70, 2021) asks for out-of-sample predictions of every label; here
the label is a judgement, and a fold holds out whole prompts (`plaudit.doctor.folds`).
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plaudit.doctor.folds import Ints
from plaudit.errors import PlauditError
from plaudit.groups import Group, plain_text
from plaudit.logs import muted
from plaudit.model import FEATURES, PROBE_PREFIX, Matrix, is_baseline
from plaudit.training import ComparisonTargets, TrainingSettings, frozen_features, learn

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """What one model says of responses that it did not train on.

    Attributes:
        reward: [R], all groups' responses in order; NaN where nothing could be learned for the fold.
        values: attribute -> [R], predicted ratings in the attribute's own units, likewise.
    """

    reward: Floats
    values: dict[str, Floats]

    def values_of(self, attribute: str) -> Floats:
        """[R], to be filled in; NaN at first."""
        return self.values.setdefault(attribute, np.full(len(self.reward), np.nan))


def crossfit(
    groups: Sequence[Group],
    backbone: str,
    deals: Sequence[Ints],
    settings: TrainingSettings,
    features: Matrix | None = None,
) -> list[Held]:
    """One `Held` a deal of the groups into folds.

    Args:
        groups: with R responses in all.
        backbone: as for `plaudit train`: `length`, `bow`, `frozen:NAME` (fitted in seconds) or anything that is
            fine-tuned (minutes a fold).
        deals: each [G], the fold of every group.
        settings: of the fits. `folds_by` says what a fit's own cross-validation keeps whole.
        features: `read_features` of these groups, for a plain backbone that was read before.
    """
    if not is_baseline(backbone):
        return [_tuned(groups, backbone, fold, settings) for fold in deals]
    rows = features if features is not None else read_features(groups, backbone, settings)
    return [_linear(groups, backbone, rows, fold, settings) for fold in deals]


def read_features(groups: Sequence[Group], backbone: str, settings: TrainingSettings) -> Matrix:
    """`[R, F]` of a plain backbone. No judgement is looked at, so all responses may be read at once."""
    if backbone.startswith(PROBE_PREFIX):
        features, _, _ = frozen_features(groups, backbone.removeprefix(PROBE_PREFIX), settings)
        spread = features.std(0)
        return (features - features.mean(0)) / np.where(spread > 0, spread, 1.0)
    texts = [plain_text(response) for group in groups for response in group.responses]
    return FEATURES[backbone].of(texts)[1]


def _linear(groups: Sequence[Group], backbone: str, features: Matrix, fold: Ints, settings: TrainingSettings) -> Held:
    held = _nothing(groups)
    failed: Counter[str] = Counter()
    sizes = [len(group.responses) for group in groups]
    for learners, others in _parts(groups, fold, settings):
        inside, outside = np.repeat(learners, sizes), np.repeat(others, sizes)
        try:
            # What a fold lacks, the doctor says of the whole, and once.
            with muted("plaudit.training"):
                learned = learn(features[inside], list(compress(groups, learners)), settings)
        except PlauditError as error:
            failed[str(error)] += 1
            continue
        held.reward[outside] = features[outside] @ learned.reward
        for said, weights in learned.rated:
            unit = said.centre + said.spread * (features[outside] @ weights)
            held.values_of(said.name)[outside] = said.low + (said.high - said.low) * unit
    for why, count in failed.items():
        logger.warning("%s has no model for %d of %d folds: %s", backbone, count, len(np.unique(fold)), why)
    return held


def _tuned(groups: Sequence[Group], backbone: str, fold: Ints, settings: TrainingSettings) -> Held:
    from plaudit.training import train

    held = _nothing(groups)
    sizes = [len(group.responses) for group in groups]
    quiet = replace(settings, holdout=0.0, baselines="none", report_to="none")
    for number, (learners, others) in enumerate(_parts(groups, fold, settings)):
        with tempfile.TemporaryDirectory() as folder, muted("plaudit.training", when=number > 0):
            model = train(list(compress(groups, learners)), Path(folder) / "model", backbone, settings=quiet)
            inside = [score for row in model.score(compress(groups, others)) for score in row]
        outside = np.repeat(others, sizes)
        held.reward[outside] = [score.score for score in inside]
        for name in {name for score in inside for name in score.scores or ()}:
            held.values_of(name)[outside] = [(score.scores or {}).get(name, np.nan) for score in inside]
    return held


def _parts(groups: Sequence[Group], fold: Ints, settings: TrainingSettings) -> Iterator[tuple[Bools, Bools]]:
    """For each fold the groups [G] that are learned from, and those that are judged."""
    judged = judgements(groups, settings.ties) > 0
    for number in np.unique(fold):
        learners = judged & (fold != number)
        if learners.any():
            yield learners, fold == number
        else:
            logger.warning("one fold has no model of its own: all judgements are in it")


def judgements(groups: Sequence[Group], ties: str) -> Ints:
    """[G], how many judgements each group has that a model can learn from: ratings, and rankings of two or more (that
    are not one tie, where `ties` are ignored)."""
    ranked = [len(np.unique(ComparisonTargets.of(group, ties).ranking)) for group in groups]
    return np.array([count + len(group.ratings) for count, group in zip(ranked, groups, strict=True)], dtype=np.int64)


def _nothing(groups: Sequence[Group]) -> Held:
    return Held(np.full(sum(len(group.responses) for group in groups), np.nan), {})


def starts(groups: Sequence[Group]) -> list[int]:
    """[G], the number of each group's first response."""
    return [0, *accumulate(len(group.responses) for group in groups)][:-1]
