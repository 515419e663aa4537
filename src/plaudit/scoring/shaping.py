"""What a policy is paid for a sample: the reward model's score, standardised, bounded, and less for what is doubtful.

The steps, in their order, of which each is a function of arrays and each term is kept apart:

    standardised    z = (score - mean) / sd, of samples of the untrained policy         `ReferenceScale`
    shaped          z; or its sigmoid against the prompt's reference samples; or z clipped
    - spread        lambda times the variance over members or heads; or down to the worst member
    - length        a price for each token above a free length
    - unfinished    a sample without an end is replaced by a value that never pays

Nothing is a factor: where rewards are below zero, as Bradley-Terry rewards often are, a factor below 1 pays.

Left out: running means (the same answer would be paid otherwise every step), and whitening by batch, which is the
advantage's affair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.scoring.reference_scale import ReferenceScale, check_finite
from plaudit.settings import NON_NEGATIVE, Rule, Settings, at_least, documented, setting

WORST = "worst"
"""The spread penalty that pays what the worst member gives."""


def _is_shape(value: str) -> bool:
    return value in ("none", "sigmoid") or _bound(value) is not None


def _is_penalty(value: float | str) -> bool:
    return value == WORST if isinstance(value, str) else 0 <= value < math.inf


def _bound(shape: str) -> float | None:
    """C of `clip:C`, if the shape is that."""
    name, _, number = shape.partition(":")
    try:
        bound = float(number)
    except ValueError:
        return None
    return bound if name == "clip" and 0 < bound < math.inf else None


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ShapingSettings(Settings):
    """How a score becomes a reward. Units are standard deviations of the untrained policy's scores.

    Example:
        >>> ShapingSettings(shape="clip:3", length_penalty=0.01, free_length=128).shape
        'clip:3'
        >>> ShapingSettings(shape="clip")
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: shape is 'clip'; it must be none, sigmoid or clip:C with C above 0
    """

    shape: str = setting(
        "none",
        "`none`; `sigmoid`: bounded, the mean probability of beating the prompt's reference samples (PAR); `clip:C`: "
        "no more than C above or below the mean",
        Rule(_is_shape, "none, sigmoid or clip:C with C above 0"),
    )
    spread_penalty: float | str = setting(
        0.0,
        "λ: what one unit of the variance over members or heads costs (0.5 in `plaudit best-of`); `worst`: pay what "
        "the worst member of an ensemble gives",
        Rule(_is_penalty, "at least 0 and finite, or worst"),
    )
    length_penalty: float = setting(0.0, "price of each token above `free_length`", NON_NEGATIVE)
    free_length: int = setting(0, "tokens of a response that cost nothing", at_least(0))
    unfinished_margin: float = setting(
        1.0,
        "how far a sample without an end lies below its own reward and below the worst finished one of its batch",
        NON_NEGATIVE,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ShapedRewards:
    """Rewards of a batch of samples, and the terms they are made of:

        total = shaped - spread - length - unfinished

    where each of the three is 0 or more. Units are standard deviations of the untrained policy's scores, but of `raw`.

    Attributes:
        raw: the reward model's scores.
        standardised: z.
        shaped: z, its sigmoid against the reference, or z clipped.
        spread: what members' or heads' disagreement costs.
        length: what tokens above the free length cost.
        unfinished: what was taken off a sample that has no end; 0 for finished ones.
        total: the rewards.

    Example:
        >>> rewards = shape_rewards(
        ...     np.array([3.0, 1.0]), spread=None, ended=np.array([True, False]), tokens=np.array([9, 9]),
        ...     scale=ReferenceScale(1.0, 2.0, 64), settings=ShapingSettings(),
        ... )
        >>> rewards.means()["standardised"], rewards.total.tolist()
        (0.5, [1.0, -1.0])
    """

    raw: Float[np.ndarray, " samples"]
    standardised: Float[np.ndarray, " samples"]
    shaped: Float[np.ndarray, " samples"]
    spread: Float[np.ndarray, " samples"]
    length: Float[np.ndarray, " samples"]
    unfinished: Float[np.ndarray, " samples"]
    total: Float[np.ndarray, " samples"]

    def means(self) -> dict[str, float]:
        """Term -> its mean over the batch, for a log.

        Example:
            >>> ShapedRewards(*[np.array([1.0, 3.0])] * 7).means()["total"]
            2.0
        """
        return {one.name: float(getattr(self, one.name).mean()) for one in fields(self)}


@checked
def shape_rewards(
    scores: Float[np.ndarray, " samples"],
    *,
    spread: Float[np.ndarray, " samples"] | None,
    ended: Bool[np.ndarray, " samples"],
    tokens: Int[np.ndarray, " samples"],
    scale: ReferenceScale,
    settings: ShapingSettings,
    reference: Float[np.ndarray, "samples references"] | None = None,
    members: Float[np.ndarray, "samples members"] | None = None,
) -> ShapedRewards:
    """The rewards of a batch of samples. The order of samples does not matter, and scores may have any unit and zero:
    z is the same for a·score + b with a above 0.

    Args:
        scores: the reward model's, raw.
        spread: `Score.spread`, in the scores' unit; None where the model has one head.
        ended: whether each sample ended by itself.
        tokens: of each response, its end included.
        scale: of the untrained policy's samples.
        settings: which terms there are.
        reference: for the sigmoid: scores of the reference samples of each sample's prompt, raw; NaN where there is
            none (`ReferenceScale.reference_scores`).
        members: `Score.members`, raw. Where they are there, the variance is theirs.

    Raises:
        InvalidInputError: if a score is not a number, or a term needs what is missing.

    Example:
        >>> rewards = shape_rewards(
        ...     np.array([3.0, 1.0]), spread=np.array([2.0, 0.0]), ended=np.array([True, True]),
        ...     tokens=np.array([12, 9]), scale=ReferenceScale(1.0, 2.0, 64),
        ...     settings=ShapingSettings(spread_penalty=0.5, length_penalty=0.1, free_length=10),
        ... )
        >>> rewards.spread.tolist(), rewards.length.tolist(), rewards.total.round(6).tolist()
        ([0.5, 0.0], [0.2, 0.0], [0.3, 0.0])
    """
    check_finite(scores, "the score of sample")
    z = (scores - scale.mean) / scale.sd
    targets = _reference(reference, scale, settings)
    shaped = shape(z, settings.shape, targets)
    disagreement = _spread_term(shaped, spread, members, targets, scale, settings)
    length = settings.length_penalty * np.maximum(tokens - settings.free_length, 0).astype(np.float64)
    earned = shaped - disagreement - length
    total = replace_unfinished(earned, ended, settings.unfinished_margin)
    return ShapedRewards(scores, z, shaped, disagreement, length, earned - total, total)


def shape(
    z: Float[np.ndarray, " samples"],
    name: str,
    reference: Float[np.ndarray, "samples references"] | None = None,
) -> Float[np.ndarray, " samples"]:
    """A standardised reward bounded, or as it is.

    `sigmoid` is preference as reward (PAR): the mean over the R reference samples of the same prompt of
    σ(z - zᵣ) = 1 / (1 + exp(-(z - zᵣ))), which lies between 0 and 1, rises fastest where the policy is as good as it
    was, and pays ever less for what is far above it. J. Fu, X. Zhao, C. Yao, H. Wang, Q. Han, Y. Xiao, "Reward Shaping
    to Mitigate Reward Hacking in RLHF", 2025 (arXiv 2502.18770); differences are taken in standard deviations, so that
    a reward model's unit does not bend the curve. `clip:C` is min(max(z, -C), C).

    Args:
        z: standardised rewards.
        name: none, sigmoid or clip:C.
        reference: of the sigmoid: zᵣ, NaN where there is none.

    Raises:
        InvalidInputError: if the sigmoid has no reference.

    Example:
        >>> shape(np.array([0.0, 9.0]), "clip:3").tolist()
        [0.0, 3.0]
        >>> shape(np.array([0.0]), "sigmoid", np.array([[-1.0, 1.0]])).tolist()
        [0.5]
    """
    if name == "none":
        return z
    bound = _bound(name)
    if bound is not None:
        return np.asarray(np.clip(z, -bound, bound))
    if reference is None or np.isnan(reference).all(axis=1).any():
        raise InvalidInputError(
            "a sigmoid is taken against samples of the untrained policy, and a prompt has none",
            remedy="give reference=scale.reference_scores(groups)",
        )
    from scipy.special import expit

    return np.asarray(np.nanmean(expit(z[:, None] - reference), axis=1))


def replace_unfinished(
    rewards: Float[np.ndarray, " samples"], ended: Bool[np.ndarray, " samples"], margin: float
) -> Float[np.ndarray, " samples"]:
    """Rewards in which a sample without an end is worth

        min(its own reward, the worst finished one of the batch) - margin

    and, where none of the batch is finished, the least of them all less the margin: nothing is learnt from such a batch
    but the KL. So to be cut never pays, whatever the sign of rewards. It replaces the score (the EOS trick of S. Huang
    et al., "The N+ Implementation Details of RLHF with PPO", 2024, arXiv 2403.17031, with a value that follows the
    batch), and is never a factor of it.

    Example:
        >>> replace_unfinished(np.array([-2.0, -1.0, 5.0]), np.array([True, True, False]), 1.0).tolist()
        [-2.0, -1.0, -3.0]
        >>> replace_unfinished(np.array([-2.0, 5.0]), np.array([False, False]), 1.0).tolist()
        [-3.0, -3.0]
    """
    if ended.all():
        return rewards
    worst = rewards[ended].min() if ended.any() else rewards.min()
    return np.where(ended, rewards, np.minimum(rewards, worst) - margin)


def _reference(
    reference: Float[np.ndarray, "samples references"] | None, scale: ReferenceScale, settings: ShapingSettings
) -> Float[np.ndarray, "samples references"] | None:
    """The reference samples' scores in standard deviations, where the shape needs them."""
    if reference is None or settings.shape != "sigmoid":
        return None
    if np.isinf(reference).any():
        raise InvalidInputError("a reference sample's score is infinite")
    return (reference - scale.mean) / scale.sd


def _spread_term(
    shaped: Float[np.ndarray, " samples"],
    spread: Float[np.ndarray, " samples"] | None,
    members: Float[np.ndarray, "samples members"] | None,
    reference: Float[np.ndarray, "samples references"] | None,
    scale: ReferenceScale,
    settings: ShapingSettings,
) -> Float[np.ndarray, " samples"]:
    """What disagreement costs: λ times the variance, or all down to the worst member (T. Coste, U. Anwar, R. Kirk,
    D. Krueger, "Reward Model Ensembles Help Mitigate Overoptimization", 2023, section 3).

    Members are taken about their own means, zₘ = (rₘ - meanₘ) / sd, in the unit of the ensemble's mean, and their
    variance is the population's, as in `plaudit best-of`. Without members the variance is spread² / sd².
    """
    penalty = settings.spread_penalty
    if penalty == 0:
        return np.zeros_like(shaped)
    centred = None
    if members is not None and scale.member_means is not None:
        check_finite(members.min(axis=1), "a member's score of sample")
        centred = (members - np.array(scale.member_means)) / scale.sd
    if isinstance(penalty, str):
        if centred is None:
            raise InvalidInputError(
                "the worst member is asked for, and this reward has no members",
                remedy="make an ensemble with `plaudit combine --ensemble`, or give spread_penalty a number",
            )
        return np.asarray(np.maximum(shaped - shape(centred.min(axis=1), settings.shape, reference), 0.0))
    if centred is not None:
        return np.asarray(penalty * centred.var(axis=1))
    if spread is None:
        raise InvalidInputError(
            "a spread penalty is asked for, and this reward model has no spread",
            remedy="train it with `--set heads=4`, make an ensemble with `plaudit combine`, or leave the penalty out",
        )
    check_finite(spread, "the spread of sample")
    return penalty * (spread / scale.sd) ** 2
