"""A policy measured: what it writes to fixed prompts with fixed draws, by the reward, by gold, and by itself.

Every figure is a mean over prompts with an interval by prompt, so that a prompt with odd answers counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float

from plaudit.alignment.divergence import k1, k3, per_response
from plaudit.alignment.draws import Draw
from plaudit.alignment.experience import describe
from plaudit.alignment.phrases import RisenPhrase, risen_phrases
from plaudit.alignment.policy import Policy, Sample
from plaudit.alignment.prompts import Prompt
from plaudit.alignment.rewarding import Rewarder, grouped
from plaudit.alignment.sampling import draw_samples
from plaudit.alignment.settings import AlignmentSettings
from plaudit.errors import InvalidInputError
from plaudit.evaluation import probe
from plaudit.groups import Group
from plaudit.model import Scorer
from plaudit.statistics import Measurement, mean
from plaudit.text import counted

Truth: TypeAlias = Callable[[Sequence[Group]], Sequence[Sequence[float]]]
"""Says what each response of each group is really worth."""

Gold: TypeAlias = Scorer | Truth
"""What is not optimised: a second model, trained on other people's judgements, or a truth that is known."""

PROBES = ("padding", "all again", "bullets", "certain", "praise", "request", "echo")
"""Cheap probes of the reward on the policy's answers: what it is about to learn, if it has not yet."""

_NGRAM = 4

_SHARES = frozenset({"ended", "distinct", "distinct_within", "repeated"})


@dataclass(frozen=True, slots=True, eq=False)
class PolicyEvaluation:
    """A policy at one step, on one set of prompts.

    Attributes:
        step: of the run; 0 is the untrained policy.
        part: `validation` or `test`.
        figures: name -> mean over prompts, with its interval. `reward` is standardised, unshaped, and of answers that
            ended or not alike; `shaped` is what is optimised; `gold` is there where somebody knows; `kl` and `kl3` are
            nats an answer; `entropy` nats a token; `length` tokens; `ended`, `distinct`, `distinct_within` and
            `repeated` shares; `spread` in standard deviations of the reward.
        by_prompt: name -> one value a prompt, for paired comparisons.
        phrases: that rose most.
        probes: name -> what the change did to the reward, in its standard deviations.
        samples: the answers.
        rewards: of each answer, standardised.
        gold: of each answer; None where nobody knows.
    """

    step: int
    part: str
    figures: Mapping[str, Measurement]
    by_prompt: Mapping[str, Float[np.ndarray, " prompts"]]
    phrases: Sequence[RisenPhrase]
    probes: Mapping[str, Measurement]
    samples: Sequence[Sample]
    rewards: Float[np.ndarray, " samples"]
    gold: Float[np.ndarray, " samples"] | None

    def value(self, name: str) -> float | None:
        """A figure's value; None where it is undefined or was not measured."""
        return self.figures[name].value if name in self.figures else None

    def to_json(self) -> dict[str, Any]:
        """A line of `curves.jsonl`."""
        return {
            "kind": "evaluation",
            "set": self.part,
            "step": self.step,
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            "by_prompt": {
                name: [round(value, 6) for value in values.tolist()] for name, values in self.by_prompt.items()
            },
            "probes": {name: effect.to_json() for name, effect in self.probes.items()},
            "phrases": [phrase.to_json() for phrase in self.phrases],
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> PolicyEvaluation:
        """What `to_json` wrote, without the answers, which it does not hold."""
        return cls(
            step=row["step"],
            part=row["set"],
            figures={name: Measurement.from_json(figure) for name, figure in row["figures"].items()},
            by_prompt={name: np.array(values) for name, values in row["by_prompt"].items()},
            phrases=[RisenPhrase(**phrase) for phrase in row["phrases"]],
            probes={name: Measurement.from_json(effect) for name, effect in row["probes"].items()},
            samples=[],
            rewards=np.zeros(0),
            gold=None,
        )


class Evaluator:
    """Measures a policy on a fixed set of prompts, always with the same draws.

    Args:
        part: the set's name.
        prompts: of the set.
        rewarder: what is optimised.
        gold: what is not.
        settings: of the run.
    """

    def __init__(
        self, part: str, prompts: Sequence[Prompt], rewarder: Rewarder, gold: Gold | None, settings: AlignmentSettings
    ) -> None:
        self.part, self.prompts, self.rewarder, self.gold, self.settings = part, prompts, rewarder, gold, settings
        self.untrained: PolicyEvaluation | None = None

    def evaluate(self, policy: Policy, step: int) -> PolicyEvaluation:
        """Measure the policy. The first one measured is what later ones are compared with: it must be untrained."""
        settings = self.settings
        samples = draw_samples(
            policy,
            self.prompts,
            settings.evaluation_samples,
            max_new_tokens=settings.max_new_tokens,
            # The same draws at every step, so that two steps differ by their policies alone.
            seed=[settings.seed, Draw.EVALUATION, len(self.prompts)],
        )
        rewards, spread = self.rewarder.reward(samples)
        by_sample = _by_sample(policy, samples, settings.batch_tokens)
        by_sample |= {"reward": rewards.standardised, "shaped": rewards.total}
        gold = None if self.gold is None else gold_values(self.gold, samples)
        if gold is not None:
            by_sample["gold"] = gold
        if spread is not None:
            by_sample["spread"] = spread
        by_prompt = {name: values.reshape(len(self.prompts), -1).mean(axis=1) for name, values in by_sample.items()}
        before = samples if self.untrained is None else self.untrained.samples
        evaluation = PolicyEvaluation(
            step=step,
            part=self.part,
            figures={name: mean_over_prompts(values, share=name in _SHARES) for name, values in by_prompt.items()},
            by_prompt=by_prompt,
            phrases=risen_phrases([sample.text for sample in before], [sample.text for sample in samples]),
            probes=self._probes(samples),
            samples=samples,
            rewards=rewards.standardised,
            gold=gold,
        )
        self.untrained = self.untrained or evaluation
        return evaluation

    def _probes(self, samples: Sequence[Sample]) -> dict[str, Measurement]:
        """What a few changes of one answer to each prompt do to the reward."""
        firsts = samples[:: self.settings.evaluation_samples]
        groups = [group for group in grouped(firsts) if any(group.responses)]
        if not groups:
            return {}
        probed = probe(self.rewarder.scorer, groups, only=PROBES, count=len(groups), answers=1).probed
        return {result.probe.name: result.effect for result in probed}


def mean_over_prompts(values: Float[np.ndarray, " prompts"], *, share: bool = False) -> Measurement:
    """The mean of one value a prompt, with its interval; that of a `share` lies between 0 and 1."""
    bounds = (0.0, 1.0) if share else (-np.inf, np.inf)
    return mean(values, np.ones(len(values)), np.arange(len(values)), bounds)


def gold_values(gold: Gold, samples: Sequence[Sample]) -> Float[np.ndarray, " samples"]:
    """What gold says each sample is worth.

    Raises:
        InvalidInputError: if it does not give each one number.
    """
    groups = grouped(samples)
    if isinstance(gold, Scorer):
        rows: Sequence[Sequence[float]] = [
            [score.score for score in row] for row in gold.score(groups, truncate_responses=True)
        ]
    else:
        rows = gold(groups)
    try:
        counts = [len(row) for row in rows]
        values = np.array([value for row in rows for value in row], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _no_numbers(f"it gave {rows!r:.80}") from error
    # Fewer or more would be taken for those of other answers.
    if counts != [len(group.responses) for group in groups] or values.ndim != 1:
        raise _no_numbers(f"it gave {counted(values.size, 'numbers')} for {counted(len(samples), 'answers')}")
    if not np.isfinite(values).all():
        raise _no_numbers(f"it gave {values[~np.isfinite(values)][0]}")
    return values


def _no_numbers(what: str) -> InvalidInputError:
    return InvalidInputError(
        f"gold must give every answer one finite number, and {what}",
        remedy="a function of groups gives a list a group, with a number for each of its responses",
    )


def _by_sample(
    policy: Policy, samples: Sequence[Sample], batch_tokens: int
) -> dict[str, Float[np.ndarray, " samples"]]:
    """What the answers and the policy say of themselves."""
    known = describe(policy, samples, batch_tokens=batch_tokens)
    lengths = torch.tensor([max(1, len(sample.tokens)) for sample in samples])
    texts = Counter(sample.text for sample in samples)
    within = Counter((id(sample.prompt), sample.text) for sample in samples)
    figures = {
        "kl": per_response(k1(known.log_probs, known.reference_log_probs, known.mask)),
        "kl3": per_response(k3(known.log_probs, known.reference_log_probs, known.mask)),
        "entropy": known.entropies.sum(1) / lengths,
        "length": lengths,
        "ended": [sample.ended for sample in samples],
        # The mean of one over the number of times a text occurs is the number of different texts over that of all.
        "distinct": [1 / texts[sample.text] for sample in samples],
        "distinct_within": [1 / within[id(sample.prompt), sample.text] for sample in samples],
        "repeated": [_repeated(sample) for sample in samples],
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in figures.items()}


def _repeated(sample: Sample) -> float:
    """The share of an answer's token 4-grams that occurred in it before."""
    tokens = sample.tokens.tolist()
    ngrams = [tuple(tokens[start : start + _NGRAM]) for start in range(len(tokens) - _NGRAM + 1)]
    return 1 - len(set(ngrams)) / len(ngrams) if ngrams else 0.0
