"""What every method works on: the policy, the prompts by their use, the rewards, and whoever watches."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from plaudit.alignment.best_of_n import measure_best_of_n
from plaudit.alignment.checkpoints import step_of
from plaudit.alignment.draws import Draw
from plaudit.alignment.evaluating import Evaluator, Gold, PolicyEvaluation
from plaudit.alignment.policy import Policy
from plaudit.alignment.prompts import Prompt, read_prompts
from plaudit.alignment.rewarding import Rewarder
from plaudit.alignment.sampling import draw_samples
from plaudit.alignment.settings import AlignmentSettings
from plaudit.alignment.watching import Watch
from plaudit.data import hold_out, prompt_clusters
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model import Scorer, settle_template
from plaudit.text import counted
from plaudit.training import ResumableRun

logger = logging.getLogger(__name__)

# Samples of the untrained policy that say what a standard deviation of the reward is.
_SCALE_PROMPTS, _SCALE_SAMPLES = 64, 4


@dataclass(frozen=True, slots=True)
class PromptSets:
    """Groups by their use.

    Attributes:
        train: whose answers are learned from.
        validation: which choose the policy that is kept, and say when to stop.
        test: which the result is reported on, and nothing else.

    Example:
        >>> [one, two, three] = [Group(f"q{number}", f"What is {number}?", ("A number.",)) for number in range(3)]
        >>> sets = PromptSets([one], [two], [three])
        >>> sets.filled() is sets
        True
    """

    train: Sequence[Group]
    validation: Sequence[Group]
    test: Sequence[Group]

    @classmethod
    def split(
        cls,
        groups: Sequence[Group],
        settings: AlignmentSettings,
        *,
        validation: Sequence[Group] | None = None,
        test: Sequence[Group] | None = None,
    ) -> PromptSets:
        """Groups split by prompt, those that are nearly the same together. Where there are too few to hold any out, the
        same stand in all three, with a warning.

        Args:
            groups: to split.
            settings: have the shares.
            validation: in place of a share of the groups.
            test: in place of a share of the groups.

        Example:
            >>> from plaudit.data import load_groups
            >>> sets = PromptSets.split(load_groups("train.jsonl"), AlignmentSettings())
            >>> len(sets.train) > len(sets.test) > 0
            True
        """
        train: Sequence[Group] = groups
        if test is None:
            train, test = _dealt(train, settings.test_share, [settings.seed, Draw.SPLIT, 0])
        if validation is None:
            share = settings.validation_share * len(groups) / max(1, len(train))
            train, validation = _dealt(train, min(share, 0.9), [settings.seed, Draw.SPLIT, 1])
        return cls(train, validation, test).filled()

    def filled(self) -> PromptSets:
        """With something in every set, and a warning where a set stands in another's place.

        Raises:
            InvalidInputError: if there is no prompt to learn from.
        """
        if not self.train:
            raise InvalidInputError("there is no prompt to learn from", remedy="give groups")
        if self.validation and self.test:
            return self
        if self.validation:
            logger.warning(
                "no prompt is held out to report on: the result is that of %s that choose the policy",
                counted(len(self.validation), "prompts"),
            )
            return replace(self, test=self.validation)
        logger.warning(
            "no prompt is held out: the run is watched%s, on %s that it learns from",
            "" if self.test else ", and its result reported",
            counted(len(self.train), "prompts"),
        )
        return replace(self, validation=self.train, test=self.test or self.train)

    def learned_from(self) -> dict[str, int]:
        """How many different validation and test prompts are learned from, too, or are nearly the same as one that
        is, with a warning unless the whole set stands in another's place.

        Example:
            >>> one, two = (Group(text, text, ("So.",)) for text in ("Why is the sky blue?", "Name a tree."))
            >>> PromptSets([one], [one], [two]).learned_from()
            {'validation': 1, 'test': 0}
        """
        counts = {}
        for part, groups in (("validation", self.validation), ("test", self.test)):
            clusters = prompt_clusters([*self.train, *groups])
            known, others = set(clusters[: len(self.train)]), clusters[len(self.train) :]
            shared = [group.prompt for group, cluster in zip(groups, others, strict=True) if cluster in known]
            counts[part] = len({repr(prompt) for prompt in shared})
            if shared and groups is not self.train:
                logger.warning(
                    "learned from, too, or nearly the same as what is, so that their figures flatter: %s",
                    counted(counts[part], f"{part} prompts"),
                )
        return counts


def _dealt(groups: Sequence[Group], share: float, seed: Sequence[int]) -> tuple[Sequence[Group], Sequence[Group]]:
    """Groups to keep, and a share to hold out by count; prompts that are nearly the same stay on one side."""
    if not share:
        return groups, ()
    order = np.random.default_rng(seed).permutation
    return hold_out(groups, prompt_clusters(groups), share, lambda count: order(count).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A run that is set up.

    Attributes:
        run: its folder.
        policy: that learns.
        prompts: whose answers are learned from.
        rewarder: what they are paid.
        watch: evaluations on the validation prompts.
        test: the evaluator of the test prompts.
        test_before: the untrained policy on those.
    """

    run: ResumableRun[AlignmentSettings]
    policy: Policy
    prompts: Sequence[Prompt]
    rewarder: Rewarder
    watch: Watch
    test: Evaluator
    test_before: PolicyEvaluation

    @property
    def settings(self) -> AlignmentSettings:
        return self.run.settings

    @property
    def done(self) -> int:
        """Steps or rounds that a resumed run has behind it."""
        return 0 if self.run.checkpoint is None else step_of(self.run.checkpoint)


def set_up(
    run: ResumableRun[AlignmentSettings], policy_name: str | Path, sets: PromptSets, scorer: Scorer, gold: Gold | None
) -> Alignment:
    """Open the policy, measure the unit of rewards, evaluate the untrained policy, prove that learning starts there.

    Raises:
        PlauditError: if the policy is none, no prompt fits it, or the reward tells nothing apart.
    """
    settings = run.settings
    policy = Policy.open(
        policy_name,
        temperature=settings.temperature,
        # Rounds of best-of fine-tune in a folder of their own, where adapters are merged.
        lora=0 if settings.method == "best-of" else settings.lora,
        autocast=_in_half_precision(settings),
        trust_remote_code=settings.trust_remote_code,
    )
    settle_template(policy.renderer.tokenizer, [*sets.train, *sets.validation, *sets.test])
    prompts, validation, test = _read_sets(sets, policy, settings)
    rewarder = Rewarder(scorer, settings)
    _measure_scale(rewarder, policy, [prompts, validation, test], settings)
    tester = Evaluator("test", test, rewarder, gold, settings)
    watch = Watch(run.output, Evaluator("validation", validation, rewarder, gold, settings), settings)
    run.begin()
    test_before = tester.evaluate(policy, 0)
    watch.start(policy, None if run.checkpoint is None else step_of(run.checkpoint))
    _warn_of_gold(test_before, watch.evaluations[0])
    if run.checkpoint is None and settings.best_of_samples:
        watch.journal.add(measure_best_of_n(policy, watch.validation))
    _warn_of_unfinished(test_before, settings)
    return Alignment(run, policy, prompts, rewarder, watch, tester, test_before)


def _in_half_precision(settings: AlignmentSettings) -> bool:
    """On a processor the log-probabilities' exactness is worth more than the speed, unless asked."""
    if settings.precision == "auto":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return settings.precision == "bf16"


def _read_sets(
    sets: PromptSets, policy: Policy, settings: AlignmentSettings
) -> tuple[Sequence[Prompt], Sequence[Prompt], Sequence[Prompt]]:
    """The prompts of each set. One that stands in another's place is read, and warned of, once."""
    read: dict[int, Sequence[Prompt]] = {}
    for part, groups in (("train", sets.train), ("validation", sets.validation), ("test", sets.test)):
        if id(groups) not in read:
            read[id(groups)] = read_prompts(groups, policy.renderer, max_new_tokens=settings.max_new_tokens, part=part)
    return read[id(sets.train)], read[id(sets.validation)], read[id(sets.test)]


def _measure_scale(
    rewarder: Rewarder, policy: Policy, sets: Sequence[Sequence[Prompt]], settings: AlignmentSettings
) -> None:
    """The unit of rewards, of samples to prompts that are learned from; a sigmoid needs some of every prompt."""
    prompts = [prompt for some in sets for prompt in some] if settings.shape == "sigmoid" else list(sets[0])
    if settings.shape != "sigmoid" and len(prompts) > _SCALE_PROMPTS:
        order = np.random.default_rng([settings.seed, Draw.SCALE]).permutation(len(prompts))
        prompts = [prompts[place] for place in order[:_SCALE_PROMPTS]]
    rewarder.measure_scale(
        draw_samples(
            policy,
            prompts,
            _SCALE_SAMPLES,
            max_new_tokens=settings.max_new_tokens,
            seed=[settings.seed, Draw.SCALE],
        )
    )


def _warn_of_unfinished(untrained: PolicyEvaluation, settings: AlignmentSettings) -> None:
    """Most answers cut is the commonest mistake, and teaches brevity before anything else."""
    ended = untrained.value("ended")
    if ended is not None and ended < 0.5:
        logger.warning(
            "only %.0f%% of the untrained policy's answers end within %d tokens; the others are worth less than any "
            "that ends. Set max_new_tokens higher",
            100 * ended,
            settings.max_new_tokens,
        )


def _warn_of_gold(*untrained: PolicyEvaluation) -> None:
    """Gold that tells no answers apart chooses nothing, though it says that it does."""
    values = [evaluation.gold for evaluation in untrained if evaluation.gold is not None]
    if values and np.ptp(np.concatenate(values)) == 0:
        logger.warning(
            "gold gives each of the untrained policy's answers %g: as long as it tells none apart, it chooses nothing",
            values[0][0],
        )
