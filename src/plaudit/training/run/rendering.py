"""Groups rendered for a run, and what is warned of: texts that were cut, or that the backbone cannot read."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from plaudit.groups import Group
from plaudit.model import Rendered, RewardModel
from plaudit.training.settings import TrainingSettings

logger = logging.getLogger(__name__)

# A text of which more than this share cannot be read is not what people judged.
_MOST_UNKNOWN = 0.1


def render_groups(model: RewardModel, groups: Sequence[Group], settings: TrainingSettings) -> list[Rendered]:
    """Render groups as the model reads them, with a warning if much of them is cut or unknown.

    Raises:
        PlauditError: if a response does not fit and may not be cut.
    """
    items = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
    for what, cut in (("prompt", "prompt_cut"), ("response", "response_cut")):
        if count := sum(sum(getattr(item, cut)) for item in items):
            logger.warning("%d responses have their %s cut to fit %d tokens", count, what, model.renderer.max_length)
    if (unknown := _share_unknown(items, model.tokenizer.unk_token_id)) > _MOST_UNKNOWN:
        logger.warning(
            "%.0f%% of the tokens are words that this backbone does not know, and all look alike to it: "
            "take a backbone that reads this language",
            100 * unknown,
        )
    return items


def _share_unknown(items: Sequence[Rendered], token: int | None) -> float:
    """The share of unknown tokens; 0 for a tokenizer that knows everything."""
    tokens = sum(len(sequence) for item in items for sequence in item.sequences)
    if token is None or not tokens:
        return 0.0
    return sum(int((sequence == token).sum()) for item in items for sequence in item.sequences) / tokens
