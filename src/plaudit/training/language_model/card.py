"""The card of a language model: what it is, how it was made, its figures, and its use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.model import card
from plaudit.training.language_model.perplexity import validation_sentence


def stage_card(title: str, made: str, record: Mapping[str, Any]) -> str:
    """README.md of a backbone.

    Args:
        title: its heading.
        made: how it was made, in a sentence or two.
        record: the run record.
    """
    return card(
        "backbone",
        tags=["plaudit"],
        title=title,
        description=made,
        figures=validation_sentence(record["validation"]),
        settings=record["settings"],
    )
