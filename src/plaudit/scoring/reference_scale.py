"""The unit of a policy's rewards: what the reward model gives samples of the policy before it was trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from plaudit.data import Score
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, prompt_key
from plaudit.text import counted

# Below this share of the mean, a standard deviation is rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ReferenceScale:
    """The unit of rewards: scores of samples of the untrained policy, measured once.

    Attributes:
        mean: of the scores.
        sd: their standard deviation (n - 1 below), over all prompts.
        samples: how many they are.
        by_prompt: `prompt_key` of a prompt -> the scores of its samples.
        member_means: the mean of each member of an ensemble: a Bradley-Terry reward has no zero of its own, so that
            members are compared about their means.

    Example:
        >>> group = Group("q", "2 + 2?", ("4", "5", "No."))
        >>> scores = [[Score("q", index, score, 3, False) for index, score in enumerate((2.0, 1.0, 0.0))]]
        >>> scale = ReferenceScale.of([group], scores)
        >>> scale.mean, scale.sd, scale.samples
        (1.0, 1.0, 3)
        >>> ReferenceScale.from_dict(scale.to_dict()) == scale
        True
    """

    mean: float
    sd: float
    samples: int
    by_prompt: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    member_means: tuple[float, ...] | None = None

    @classmethod
    def of(
        cls,
        groups: Sequence[Group],
        scores: Sequence[Sequence[Score]],
        ended: Sequence[Sequence[bool]] | None = None,
    ) -> Self:
        """Measure the scale.

        Args:
            groups: prompts with samples of the untrained policy as their responses.
            scores: one list a group, one score a response, as `RewardFunction.score` gives them.
            ended: of the same shape, whether each sample ended by itself. Only those that did count: the score of a
                sample that was cut is that of another text.

        Raises:
            InvalidInputError: if fewer than two samples count, a score is not a number, or all are alike, which no
                policy can learn from.

        Example:
            >>> group = Group("q", "2 + 2?", ("4", "5"))
            >>> ReferenceScale.of([group], [[Score("q", index, 0.5, 3, False) for index in (0, 1)]])
            Traceback (most recent call last):
            ...
            plaudit.errors.InvalidInputError: all 2 samples of the untrained policy score 0.5; ...
        """
        by_prompt: dict[str, tuple[float, ...]] = {}
        kept: list[Score] = []
        for number, (group, row) in enumerate(zip(groups, scores, strict=True)):
            flags = [True] * len(row) if ended is None else ended[number]
            finished = [score for score, whole in zip(row, flags, strict=True) if whole]
            kept += finished
            key = prompt_key(group)
            by_prompt[key] = (*by_prompt.get(key, ()), *(score.score for score in finished))
        values = np.array([score.score for score in kept], dtype=np.float64)
        _check_reference(values, sum(map(len, scores)))
        members = [score.members for score in kept if score.members is not None]
        return cls(
            mean=float(values.mean()),
            sd=float(values.std(ddof=1)),
            samples=len(values),
            by_prompt=by_prompt,
            member_means=tuple(np.mean(members, axis=0).tolist()) if len(members) == len(kept) else None,
        )

    def reference_scores(self, groups: Iterable[Group]) -> Float[np.ndarray, "samples references"]:
        """The reference samples' scores of each response's prompt, as `shape_rewards` takes them: one row a response,
        group after group; NaN where a prompt has fewer than others.

        Raises:
            InvalidInputError: if a prompt has none.

        Example:
            >>> scale = ReferenceScale(0.0, 1.0, 2, {prompt_key(Group("q", "2 + 2?", ("4",))): (-1.0, 1.0)})
            >>> scale.reference_scores([Group("q", "2 + 2?", ("4", "5"))]).tolist()
            [[-1.0, 1.0], [-1.0, 1.0]]
        """
        rows: list[tuple[float, ...]] = []
        for group in groups:
            scores = self.by_prompt.get(prompt_key(group), ())
            if not scores:
                raise InvalidInputError(
                    f"the prompt of group {group.id!r} has no finished sample of the untrained policy",
                    remedy="sample it before training, or choose another shape than sigmoid",
                )
            rows += [scores] * len(group.responses)
        table = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
        for place, scores in enumerate(rows):
            table[place, : len(scores)] = scores
        return table

    def to_dict(self) -> dict[str, Any]:
        """For a run record.

        Example:
            >>> ReferenceScale(0.5, 2.0, 64).to_dict()["sd"]
            2.0
        """
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote, be it by way of JSON.

        Example:
            >>> ReferenceScale.from_dict({"mean": 0.5, "sd": 2.0, "samples": 64}).mean
            0.5
        """
        members = record.get("member_means")
        by_prompt = {key: tuple(scores) for key, scores in record.get("by_prompt", {}).items()}
        means = None if members is None else tuple(members)
        return cls(record["mean"], record["sd"], record["samples"], by_prompt, means)


def _check_reference(values: Float[np.ndarray, " samples"], samples: int) -> None:
    if len(values) < 2:
        raise InvalidInputError(
            f"{len(values)} of {counted(samples, 'samples')} of the untrained policy ended, and a standard deviation "
            "takes two",
            remedy="allow longer responses, or take more samples",
        )
    check_finite(values, "the score of reference sample")
    if values.std() <= _ROUNDING * max(1.0, abs(float(values.mean()))):
        raise InvalidInputError(
            f"all {len(values)} samples of the untrained policy score {values[0]:g}",
            remedy="a reward that tells none of them apart cannot be optimised: check the model and the prompts",
        )


def check_finite(values: Float[np.ndarray, " samples"], what: str) -> None:
    """Raise if a value is NaN or infinite.

    Raises:
        InvalidInputError: if one is; `what` and its place say which.
    """
    broken = np.flatnonzero(~np.isfinite(values))
    if len(broken):
        raise InvalidInputError(
            f"{what} {broken[0]} is {values[broken[0]]}, and {counted(len(broken), 'such')} of {len(values)}",
            remedy="half precision overflows: --precision fp32 may help; else the weights hold NaN",
        )
