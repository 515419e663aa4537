"""Best-of-n and DPO in rounds: sample, rank, fine-tune; then again with the new policy.

No gradient goes through the sampling, so each round is three plain steps, and leaves a file of judgements that a person
can read (`round-1.jsonl`): the reward model's verdict on what the policy wrote.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from plaudit.alignment.checkpoints import checkpoint_folder, finish_checkpoint
from plaudit.alignment.draws import Draw
from plaudit.alignment.journal import load_weights, save_weights
from plaudit.alignment.policy import Sample
from plaudit.alignment.progress import Progress
from plaudit.alignment.sampling import draw_samples
from plaudit.alignment.settings import BEST_OF, AlignmentSettings
from plaudit.alignment.setup import Alignment
from plaudit.alignment.trl_trainers import Pair, fit_dpo
from plaudit.data import write_groups
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking, Rating
from plaudit.model import CHECKPOINTS
from plaudit.text import counted
from plaudit.training import FineTuningSettings, open_decoder, sft

logger = logging.getLogger(__name__)

REWARD = "reward"
"""The attribute by which a round's answers are rated: the shaped reward."""

_POLICY, _WEIGHTS = "policy", "policy.safetensors"


class Ranked(NamedTuple):
    """The different answers to one prompt, best first.

    Attributes:
        samples: each text once.
        rewards: of each, falling.
    """

    samples: Sequence[Sample]
    rewards: Sequence[float]

    def group(self, *rankings: Ranking) -> Group:
        """The prompt with these answers, rated, and with rankings of them."""
        asked = self.samples[0].prompt.group
        return Group(
            asked.id,
            asked.prompt,
            tuple(sample.text for sample in self.samples),
            rankings,
            tuple(Rating(place, round(value, 6), REWARD) for place, value in enumerate(self.rewards)),
            subset=asked.subset,
            tools=asked.tools,
        )


def run_rounds(alignment: Alignment, progress: Progress) -> None:
    """All rounds, or as many as it takes to see that the run should stop."""
    settings, watch = alignment.settings, alignment.watch
    _restore(alignment)
    for number in range(alignment.done + 1, settings.rounds + 1):
        progress.line(f"round {number}/{settings.rounds}: sampling and ranking")
        ranked, terms = _sample_and_rank(alignment, number)
        folder = checkpoint_folder(alignment.run.output, number)
        file = alignment.run.output / CHECKPOINTS / f"round-{number}.jsonl"
        if settings.method == BEST_OF:
            _imitate(alignment, ranked, folder, file)
        else:
            _prefer(alignment, ranked, file, number)
            save_weights(alignment.policy, folder / _WEIGHTS)
        watch.journal.add({"kind": "step", "step": number, "rewards": terms, "figures": {}, "seconds": {}})
        alignment.run.steps = number
        alarm = watch.evaluate(alignment.policy, number)
        progress.evaluation(watch.evaluations[-1])
        finish_checkpoint(folder, number)
        watch.forget_others()
        if alarm is not None:
            return


def _restore(alignment: Alignment) -> None:
    """The policy of the last whole round of a run that was killed."""
    checkpoint = alignment.run.checkpoint
    if checkpoint is None:
        return
    if alignment.settings.method == BEST_OF:
        _take_weights(alignment, checkpoint / _POLICY)
    else:
        load_weights(alignment.policy, checkpoint / _WEIGHTS)


def _sample_and_rank(alignment: Alignment, number: int) -> tuple[list[Ranked], dict[str, float]]:
    settings = alignment.settings
    samples = draw_samples(
        alignment.policy,
        alignment.prompts,
        settings.samples_a_prompt,
        max_new_tokens=settings.max_new_tokens,
        seed=[settings.seed, Draw.STEP, number],
    )
    rewards, _ = alignment.rewarder.reward(samples)
    return list(rank_samples(samples, rewards.total, settings.samples_a_prompt)), rewards.means()


def rank_samples(samples: Sequence[Sample], rewards: Float[np.ndarray, " samples"], count: int) -> Iterator[Ranked]:
    """Of each prompt's `count` answers the different texts, best first."""
    for start in range(0, len(samples), count):
        order = sorted(range(start, start + count), key=lambda place: -rewards[place])
        first = {samples[place].text: place for place in reversed(order)}
        places = [place for place in order if first[samples[place].text] == place]
        yield Ranked([samples[place] for place in places], [float(rewards[place]) for place in places])


def _imitate(alignment: Alignment, ranked: Sequence[Ranked], folder: Path, file: Path) -> None:
    """Fine-tune on the best answers that ended. The file has all of them, rated."""
    settings = alignment.settings
    write_groups([one.group() for one in ranked], file, overwrite=True)
    keep = settings.keep or max(1, round(settings.samples_a_prompt / 10))
    best = [kept for one in ranked if (kept := _best_finished(one, keep)) is not None]
    if len(best) < len(ranked):
        logger.warning("left out, because no answer ended: %s", counted(len(ranked) - len(best), "prompts"))
    if not best:
        raise InvalidInputError(
            f"no answer to any prompt ends within {settings.max_new_tokens} tokens", remedy="set max_new_tokens higher"
        )
    number = int(folder.name.rpartition("-")[2])
    before = folder.parent / f"checkpoint-{number - 1}" / _POLICY
    sft(
        best,
        folder / _POLICY,
        before if number > 1 else alignment.run.origin["backbone"],
        settings=_fine_tuning(settings, number),
    )
    _take_weights(alignment, folder / _POLICY)


def _best_finished(ranked: Ranked, keep: int) -> Group | None:
    texts = [sample.text for sample in ranked.samples if sample.ended and sample.text][:keep]
    asked = ranked.samples[0].prompt.group
    return Group(asked.id, asked.prompt, tuple(texts), tools=asked.tools) if texts else None


def _fine_tuning(settings: AlignmentSettings, number: int) -> FineTuningSettings:
    return FineTuningSettings(
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lora=settings.lora,
        validation_share=0.0,
        report_to="none",
        seed=(settings.seed + number) % (1 << 31),
        trust_remote_code=settings.trust_remote_code,
        precision=settings.precision,
    )


def _take_weights(alignment: Alignment, folder: Path) -> None:
    """The policy becomes what was fine-tuned in a folder."""
    model, _ = open_decoder(folder, trust_remote_code=alignment.settings.trust_remote_code)
    alignment.policy.model.load_state_dict(model.state_dict())


def _prefer(alignment: Alignment, ranked: Sequence[Ranked], file: Path, number: int) -> None:
    """Learn from pairs of good and bad answers. The file has the pairs."""
    settings = alignment.settings
    pairs, ties, unfinished = make_pairs(ranked, settings.pairs, settings.margin)
    for count, why in ((ties, "their rewards are tied"), (unfinished, "not even the better answer ended")):
        if count:
            logger.warning("left out, because %s: %s", why, counted(count, "pairs"))
    if not pairs:
        raise InvalidInputError(
            "there is no pair of a better and a worse answer to learn from",
            remedy="take more samples, or a smaller margin",
        )
    rows = [Ranked([pair.chosen, pair.rejected], pair.rewards).group(Ranking(((0,), (1,)))) for pair in pairs]
    write_groups(rows, file, overwrite=True)
    fit_dpo(alignment.policy, pairs, settings, folder=file.parent / "dpo", seed=settings.seed + number)


def make_pairs(ranked: Sequence[Ranked], count: int, margin: float) -> tuple[list[Pair], int, int]:
    """Pairs of the best answer with the worst, the second best with the second worst, and so on.

    Args:
        ranked: answers of each prompt, best first.
        count: pairs a prompt, at most; no answer stands in two.
        margin: pairs whose rewards are no further apart are ties.

    Returns:
        The pairs; how many were ties; in how many not even the better answer had ended.
    """
    pairs: list[Pair] = []
    ties = unfinished = 0
    for one in ranked:
        for place in range(min(count, len(one.samples) // 2)):
            other = len(one.samples) - 1 - place
            rewards = (one.rewards[place], one.rewards[other])
            if not rewards[0] - rewards[1] > margin:
                ties += 1
            elif not one.samples[place].ended:
                unfinished += 1
            else:
                pairs.append(Pair(one.samples[place], one.samples[other], rewards))
    return pairs, ties, unfinished
