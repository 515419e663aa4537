"""What stands in the README.md of a trained model: what it is, how it was trained, its figures, how to use it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from plaudit.losses import ranking_loss
from plaudit.model import HEADS_FILE, PROBE_PREFIX, Outputs, card


def model_card(record: Mapping[str, Any], outputs: Outputs) -> str:
    """The card of a reward model, from its run record."""
    return card(
        "reward_model",
        library="transformers" if outputs.linear else "plaudit",
        task="text-classification" if outputs.linear else None,
        outputs=outputs,
        heads_file=HEADS_FILE,
        loss_of_equal_scores=_loss_of_equal_scores(record),
        **{name: record[name] for name in ("backbone", "groups", "steps", "validation", "settings")},
    )


def linear_card(record: Mapping[str, Any]) -> str:
    """The card of a baseline, from its run record."""
    backbone: str = record["backbone"]
    return card(
        "baseline",
        library="plaudit",
        features=_FEATURES.get(backbone, "the features of a frozen backbone"),
        ordinary=backbone.startswith(PROBE_PREFIX) and record["settings"]["pooling"] in ("last", "cls"),
        **{name: record[name] for name in ("backbone", "groups", "fits", "settings")},
    )


_FEATURES = {"length": "the logarithm of its length", "bow": "the TF-IDF of its words and pairs of words"}


def _loss_of_equal_scores(record: Mapping[str, Any]) -> float | None:
    """The log loss of a model that gives all responses one score: log 2, or log 3 where a tie is a third outcome. None
    where the loss is no log loss alone."""
    settings = record["settings"]
    loss = ranking_loss(settings["loss"])
    if loss is None or not loss[0].has_win_probability or "ratings_loss" in record["validation"]:
        return None
    return math.log(3 if settings["ties"] == "rao-kupper" else 2)
