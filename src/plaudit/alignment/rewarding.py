"""What the policy is paid for its samples: a scorer, the unit of its scores, and their shaping."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from plaudit.alignment.policy import Sample
from plaudit.data import Score
from plaudit.groups import Group
from plaudit.model import Scorer, TokenCheck
from plaudit.scoring import ReferenceScale, ShapedRewards, ShapingSettings, shape_rewards

logger = logging.getLogger(__name__)


class Rewarded(NamedTuple):
    """What samples are worth.

    Attributes:
        rewards: term by term.
        spread: how far members or heads disagree, in the scale's unit; None where there is one only.
    """

    rewards: ShapedRewards
    spread: Float[np.ndarray, " samples"] | None


class Rewarder:
    """Scores answers in the reward model's own template and tokenizer, and shapes the scores.

    Args:
        scorer: a reward model, an ensemble or a server.
        settings: of the shaping.

    Attributes:
        scale: the unit of rewards, once it is measured.
        check: what answers have lost on the way to the reward model's tokens, over the whole run. Of the untrained
            policy's it is a warning.
    """

    def __init__(self, scorer: Scorer, settings: ShapingSettings) -> None:
        self.scorer = scorer
        self.settings = settings
        self.scale: ReferenceScale | None = None
        self.check = TokenCheck("the policy's answers")

    def measure_scale(self, samples: Sequence[Sample]) -> ReferenceScale:
        """Take the unit of rewards from samples of the untrained policy. They alone decide it, for the whole run.

        Raises:
            PlauditError: if the scores are no numbers, or all alike.
        """
        groups = grouped(samples)
        ended = iter(sample.ended for sample in samples)
        flags = [[next(ended) for _ in group.responses] for group in groups]
        self.scale = ReferenceScale.of(groups, self._rows(groups), flags)
        self.check.finish()
        return self.scale

    def reward(self, samples: Sequence[Sample]) -> Rewarded:
        """The rewards of samples.

        Raises:
            PlauditError: if a sample has no score, or the scale was not measured.
        """
        assert self.scale is not None, "the scale is measured first"
        groups = grouped(samples)
        scores = [score for row in self._rows(groups) for score in row]
        spread = _all_or_none([score.spread for score in scores])
        rewards = shape_rewards(
            np.array([score.score for score in scores], dtype=np.float64),
            spread=spread,
            ended=np.array([sample.ended for sample in samples]),
            tokens=np.array([len(sample.tokens) for sample in samples]),
            scale=self.scale,
            settings=self.settings,
            reference=self.scale.reference_scores(groups) if self.settings.shape == "sigmoid" else None,
            members=_all_or_none([score.members for score in scores]),
        )
        return Rewarded(rewards, None if spread is None else spread / self.scale.sd)

    def _rows(self, groups: Sequence[Group]) -> list[list[Score]]:
        # The policy's context may be longer than the reward model's: what is cut is counted, not a reason to stop.
        return list(self.scorer.stream(groups, truncate_responses=True, check=self.check))


def grouped(samples: Sequence[Sample]) -> list[Group]:
    """Samples as groups, those of one prompt that stand side by side in one, so that its tokens are computed once.

    Example:
        >>> grouped([])
        []
    """
    groups: list[Group] = []
    start = 0
    for end in range(1, len(samples) + 1):
        if end == len(samples) or samples[end].prompt is not samples[start].prompt:
            asked = samples[start].prompt.group
            texts = tuple(sample.text for sample in samples[start:end])
            groups.append(Group(asked.id, asked.prompt, texts, subset=asked.subset, meta=asked.meta, tools=asked.tools))
            start = end
    return groups


def _all_or_none(values: Sequence[Any]) -> Any:
    return None if not values or any(value is None for value in values) else np.array(values, dtype=np.float64)
