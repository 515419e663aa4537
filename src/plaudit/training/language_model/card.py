"""The card of a language model: what it is, how it was made, its figures, and its use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.model import card
from plaudit.training.language_model.perplexity import validation_sentence


def stage_card(title: str, made: str, record: Mapping[str, Any], figures: str | None = None) -> str:
    """README.md of a backbone.

    Args:
        title: its heading.
        made: how it was made, in a sentence or two.
        record: the run record.
        figures: its figures in a sentence; None: the perplexities of the record's `validation`.

    Example:
        >>> print(stage_card("A policy", "Made by hand.", {"settings": {}}, "Nothing was measured.").splitlines()[8])
        Made by hand.
    """
    return card(
        "backbone",
        tags=["plaudit"],
        title=title,
        description=made,
        figures=validation_sentence(record["validation"]) if figures is None else figures,
        settings=record["settings"],
    )
