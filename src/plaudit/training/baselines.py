"""Baselines without being asked: plain models fitted to what a reward model was trained on, saved beside it."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plaudit.data import judgements_of
from plaudit.groups import Group
from plaudit.model import BASELINES_FOLDER, RewardModel, baseline_folder, save_linear_probe
from plaudit.storage import RECORD_FILE, data_hash
from plaudit.training.card import linear_card
from plaudit.training.linear import fit_linear
from plaudit.training.settings import TrainingSettings

logger = logging.getLogger(__name__)

# Enough that a linear model of words gains little from more, few enough that a baseline costs seconds.
MOST_RESPONSES = 20_000


def fit_baselines(groups: Sequence[Group], output: Path, settings: TrainingSettings) -> None:
    """Fit each baseline that `settings.baselines` names and save it under `output`, in place of an earlier run's.

    A training run never fails for a baseline: one that cannot be fitted is a warning.

    Args:
        groups: what the model was trained on; of many, a seeded sample of at most 20,000 responses.
        output: the model's folder.
    """
    for record in (output / BASELINES_FOLDER).glob(f"*/{RECORD_FILE}"):
        shutil.rmtree(record.parent, ignore_errors=True)
    sample = sampled(groups, MOST_RESPONSES, settings.seed)
    for name in settings.baseline_names:
        started = time.monotonic()
        try:
            baseline = fit_linear(sample, name, settings)
            baseline.record |= {
                "data": data_hash(sample),
                "sampled": {"groups": len(sample), "of": len(groups)},
                "settings": settings.to_dict(),
                "seconds": round(time.monotonic() - started, 1),
            }
            folder = baseline_folder(output, name)
            if isinstance(baseline, RewardModel):
                save_linear_probe(baseline, folder)
            else:
                baseline.save(folder, card=linear_card(baseline.record))
        except Exception as error:
            # Whatever a baseline dies of, the model it stands beside is trained and saved.
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            logger.warning("the baseline %s could not be fitted (%s)", name, reason)


def sampled(groups: Sequence[Group], most: int, seed: int) -> list[Group]:
    """Whole groups of at most `most` responses in all, chosen by the seed, in their order; at least one group."""
    order = np.random.default_rng(seed).permutation(len(groups)).tolist()
    judged, total = judgements_of(groups), 0
    chosen: list[int] = []
    for index in order:
        total += len(judged[index].responses)
        if chosen and total > most:
            break
        chosen.append(index)
    return [groups[index] for index in sorted(chosen)]
