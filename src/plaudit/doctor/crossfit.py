"""Out-of-fold scores: cross-fitting several cheap models, so that none scores what it was trained on.

Confident learning (Northcutt, Jiang & Chuang, JAIR 70, 2021) asks for out-of-sample predictions of every label; here a
label is a judgement, and a fold holds out whole prompts (`plaudit.doctor.folds`).
"""

from __future__ import annotations

import io
import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, redirect_stderr
from dataclasses import dataclass
from itertools import compress, count
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from plaudit.doctor.folds import PerGroup
from plaudit.errors import PlauditError
from plaudit.groups import Group, plain_text
from plaudit.judgements import pairs_of
from plaudit.logs import muted
from plaudit.model import FEATURES, PROBE_PREFIX, Matrix, is_baseline
from plaudit.scoring import Tell
from plaudit.text import counted
from plaudit.training import TrainingSettings, frozen_features, learn

PerResponse = Float[np.ndarray, " R"]
GroupMask = Bool[np.ndarray, " groups"]
Step = Callable[[], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutOfFoldScores:
    """Predictions of one kind of model for R responses, each by the model that was trained without its fold.

    Attributes:
        reward: [R], all groups' responses in order; NaN where no model could be trained for the fold.
        ratings: attribute -> [R], predicted ratings in the attribute's own units, likewise.
    """

    reward: PerResponse
    ratings: dict[str, PerResponse]

    @classmethod
    def empty(cls, groups: Sequence[Group]) -> OutOfFoldScores:
        return cls(np.full(sum(len(group.responses) for group in groups), np.nan), {})

    def ratings_of(self, attribute: str) -> PerResponse:
        """[R], to be filled in; NaN at first."""
        return self.ratings.setdefault(attribute, np.full(len(self.reward), np.nan))


def crossfit(
    groups: Sequence[Group],
    backbone: str,
    fold_assignments: Sequence[PerGroup],
    settings: TrainingSettings,
    features: Matrix | None = None,
    tell: Tell | None = None,
) -> list[OutOfFoldScores]:
    """Out-of-fold scores under each assignment of the groups to folds.

    Args:
        groups: with R responses in all.
        backbone: as for `plaudit train`: `length`, `bow`, `frozen:NAME` (fitted in seconds) or anything that is
            fine-tuned (minutes a fold).
        fold_assignments: each [G], the fold of every group.
        settings: of the fits. `folds_by` says what a fit's own cross-validation keeps whole.
        features: `read_features` of these groups, for a baseline whose features were read before.
        tell: called with what is done, how many fits of it are done, and of how many.
    """
    done, total = count(), sum(len(np.unique(fold)) for fold in fold_assignments)
    step = None if tell is None else lambda: tell(f"Cross-fitting {backbone}", next(done), total)
    if not is_baseline(backbone):
        return [_fine_tuned(groups, backbone, fold, settings, step) for fold in fold_assignments]
    rows = features if features is not None else read_features(groups, backbone, settings)
    return [_linear(groups, backbone, rows, fold, settings, step) for fold in fold_assignments]


def read_features(groups: Sequence[Group], backbone: str, settings: TrainingSettings) -> Matrix:
    """`[R, F]` of a baseline. They depend on no judgement, so all responses may be read at once."""
    if backbone.startswith(PROBE_PREFIX):
        features, _, _ = frozen_features(groups, backbone.removeprefix(PROBE_PREFIX), settings)
        spread = features.std(0)
        return (features - features.mean(0)) / np.where(spread > 0, spread, 1.0)
    texts = [plain_text(response) for group in groups for response in group.responses]
    return FEATURES[backbone].of(texts)[1]


def count_judgements(groups: Sequence[Group], ties: str) -> PerGroup:
    """[G], how many judgements of each group a model can learn from: ratings, and rankings of two responses or more.

    Where `ties` are ignored, a ranking that is one tie does not count.
    """
    counts = []
    for group in groups:
        pairs = pairs_of(group.rankings)
        usable = ~pairs.tie if ties == "ignore" else np.ones(len(pairs.tie), dtype=bool)
        counts.append(len(np.unique(pairs.ranking[usable])) + len(group.ratings))
    return np.array(counts, dtype=np.int64)


def _linear(
    groups: Sequence[Group],
    backbone: str,
    features: Matrix,
    fold: PerGroup,
    settings: TrainingSettings,
    step: Step | None,
) -> OutOfFoldScores:
    scores = OutOfFoldScores.empty(groups)
    failures: Counter[str] = Counter()
    sizes = [len(group.responses) for group in groups]
    for train, validation in _splits(groups, fold, settings):
        if step:
            step()
        inside, outside = np.repeat(train, sizes), np.repeat(validation, sizes)
        try:
            # The doctor reports once for the whole set what training would warn of in every fold.
            with muted("plaudit.training"):
                fit = learn(features[inside], list(compress(groups, train)), settings)
        except PlauditError as error:
            failures[str(error)] += 1
            continue
        scores.reward[outside] = features[outside] @ fit.reward
        for output, weights in fit.rated:
            unit = output.centre + output.spread * (features[outside] @ weights)
            scores.ratings_of(output.name)[outside] = output.low + (output.high - output.low) * unit
    for reason, number in failures.items():
        folds = counted(len(np.unique(fold)), "folds")
        logger.warning("%s has no model for %d of %s: %s", backbone, number, folds, reason)
    return scores


def _fine_tuned(
    groups: Sequence[Group], backbone: str, fold: PerGroup, settings: TrainingSettings, step: Step | None
) -> OutOfFoldScores:
    from plaudit.training import train as train_model

    scores = OutOfFoldScores.empty(groups)
    sizes = [len(group.responses) for group in groups]
    quiet = settings.as_implied(validation_share=0.0, baselines="none", report_to="none")
    for number, (train, validation) in enumerate(_splits(groups, fold, settings)):
        if step:
            step()
        # One bar has the terminal: that of all folds, and not that of each.
        hidden = redirect_stderr(io.StringIO()) if step else nullcontext()
        with tempfile.TemporaryDirectory() as folder, hidden, muted("plaudit.training", when=number > 0):
            model = train_model(list(compress(groups, train)), Path(folder) / "model", backbone, settings=quiet)
            predicted = [score for row in model.score(compress(groups, validation)) for score in row]
        outside = np.repeat(validation, sizes)
        scores.reward[outside] = [score.score for score in predicted]
        for name in {name for score in predicted for name in score.scores or ()}:
            scores.ratings_of(name)[outside] = [(score.scores or {}).get(name, np.nan) for score in predicted]
    return scores


def _splits(
    groups: Sequence[Group], fold: PerGroup, settings: TrainingSettings
) -> Iterator[tuple[GroupMask, GroupMask]]:
    """For each fold the groups that are trained on, and those that are scored."""
    judged = count_judgements(groups, settings.ties) > 0
    for number in np.unique(fold):
        train = judged & (fold != number)
        if train.any():
            yield train, fold == number
        else:
            logger.warning("one fold has no model of its own: all judgements are in it")
