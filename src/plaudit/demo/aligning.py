"""The demo's whole loop: a policy writes, annotators judge, a reward model learns, and the policy improves by it.

Nothing plays gold: the truth scores any text (`plaudit.demo.truth`). What is reported is of questions that nothing was
optimised on, the third of each topic.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit._arguments import checked
from plaudit.data import write_groups
from plaudit.demo.policy import policy_topics, pretrain_policy
from plaudit.demo.samples import SampleFigures, judge_samples, policy_prompts, sample_figures
from plaudit.demo.truth import topic_of, true_qualities, true_quality
from plaudit.errors import NotFoundError
from plaudit.groups import Group
from plaudit.statistics import Measurement, mean
from plaudit.storage import check_folder

if TYPE_CHECKING:
    from plaudit.alignment import PromptSets

SAMPLES, ORDERS = 40, 48
"""Answers to each question that are judged, and orders of four that they are judged in."""

FEW = 6
"""Rankings that the poor reward model learns from."""

_EVERY_FOURTH = 4

COMMON = MappingProxyType({"max_new_tokens": 80, "evaluation_samples": 12})

_RATE = {"learning_rate": 5e-4}

RUNS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "best-of": {
            "method": "best-of",
            "rounds": 2,
            "samples": 64,
            "keep": 8,
            "epochs": 3,
            # A bag of words adds up over an answer, and likes long ones.
            "length_penalty": 0.02,
            "free_length": 40,
            **_RATE,
        },
        "dpo": {"method": "dpo", "rounds": 2, "samples": 32, "pairs": 8, "epochs": 4, "learning_rate": 1.2e-4},
        "ppo": {"method": "ppo", "kl": 0.1, "steps": 60, "samples": 4, **_RATE},
        "poor reward": {
            "method": "ppo",
            "kl": 0.0,
            "steps": 60,
            "samples": 4,
            "learning_rate": 1e-3,
            "evaluate_every": 5,
        },
    }
)
"""Name -> settings. The last has a reward model of a few rankings and nothing that holds it back."""

POOR = "poor reward"


@dataclass(frozen=True, slots=True)
class AlignedPolicy:
    """What became of the policy in one run, on the questions for reporting.

    Attributes:
        folder: of the policy, with `align.html`.
        record: of the run, as in plaudit.json.
        worth: of a sentence, before and after.
        example: question, answer before, and answer after.

    Example:
        >>> one = Measurement(0.5, 0.4, 0.6, 12)
        >>> AlignedPolicy(Path("ppo"), {"kept_step": 60}, (one, one), ("Why?", "No idea.", "Because.")).kept_step
        60
    """

    folder: Path
    record: Mapping[str, Any]
    worth: tuple[Measurement, Measurement]
    example: tuple[str, str, str]

    @property
    def kept_step(self) -> int:
        return int(self.record["kept_step"])

    def figure(self, name: str, side: str = "after") -> Measurement:
        """A figure of the test questions `before`, `after`, or its `gain`."""
        return Measurement.from_json(self.record["test"][side][name])


@dataclass(frozen=True, slots=True)
class AlignmentDemo:
    """The result of the loop.

    Attributes:
        folder: that holds everything.
        samples: what the untrained policy writes to the questions that are learned from.
        runs: by name.

    Example:
        >>> demo = run_alignment_demo("align-demo", runs=["ppo"], tiny=True)
        >>> demo.runs["ppo"].record["method"]
        'ppo'
    """

    folder: Path
    samples: SampleFigures
    runs: Mapping[str, AlignedPolicy]


@checked
def run_alignment_demo(
    output_dir: str | Path,
    *,
    runs: Sequence[str] = tuple(RUNS),
    seed: int = 0,
    overwrite: bool = False,
    tiny: bool = False,
    log: Callable[[str], None] = lambda line: None,
) -> AlignmentDemo:
    """Pretrain a small policy, let annotators judge what it writes, train a reward model, and align the policy by it.

    Three and a half minutes of one core.

    Args:
        output_dir: gets `policy`, `judged.jsonl`, `reward`, `poor-reward` and a folder for each run.
        runs: names out of `RUNS`.
        seed: of everything that is drawn.
        overwrite: replace an earlier demo there.
        tiny: a policy that has learned next to nothing and runs of a step or two, to see that all of it works.
        log: called with a line about each step.

    Raises:
        PlauditError: if the folder is taken, an extra is missing, or a run has another name.

    Example:
        >>> list(run_alignment_demo("demo", runs=[], tiny=True).runs)
        []
    """
    if unknown := [name for name in runs if name not in RUNS]:
        raise NotFoundError(f"there is no run {unknown[0]!r}", remedy=f"there are {', '.join(RUNS)}")
    folder = Path(output_dir)
    check_folder(folder, overwrite=overwrite)
    with _one_thread():
        return _loop(folder, runs, seed=seed, overwrite=overwrite, tiny=tiny, log=log)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Matrices as small as these are computed in half the time by one thread than by two that wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _loop(
    folder: Path, runs: Sequence[str], *, seed: int, overwrite: bool, tiny: bool, log: Callable[[str], None]
) -> AlignmentDemo:
    log("pretraining a small policy on composed answers, good and bad")
    small: dict[str, Any] = {"layers": 1, "hidden": 16, "heads": 2, "vocabulary": 400, "epochs": 1} if tiny else {}
    pretrain_policy(folder, per_question=2 if tiny else 100, seed=seed, overwrite=overwrite, **small)
    questions = policy_prompts(policy_topics())
    log("its answers are judged, and a reward model learns from that")
    samples = _samples(folder / "policy", questions, seed, tiny)
    _train_rewards(folder, samples, seed, overwrite)
    aligned = {}
    for name in runs:
        log(f"aligning: {name}")
        aligned[name] = _run(folder, name, questions, seed=seed, overwrite=overwrite, tiny=tiny)
    return AlignmentDemo(folder, sample_figures(samples), aligned)


def _samples(policy: Path, questions: Sequence[Group], seed: int, tiny: bool) -> list[Group]:
    from plaudit.alignment import sample_responses

    count = 4 if tiny else SAMPLES
    return sample_responses(policy, questions, count, max_new_tokens=COMMON["max_new_tokens"], seed=seed)


def _train_rewards(folder: Path, samples: Sequence[Group], seed: int, overwrite: bool) -> None:
    from plaudit.training import train

    judged = judge_samples(samples, ORDERS, seed=seed)
    write_groups(judged, folder / "judged.jsonl", overwrite=overwrite)
    train(judged, folder / "reward", backbone="bow", seed=seed, overwrite=overwrite)
    few = judge_samples(samples[:FEW], 1, seed=seed)
    train(few, folder / "poor-reward", backbone="bow", seed=seed, overwrite=overwrite)


def _run(
    folder: Path, name: str, questions: Sequence[Group], *, seed: int, overwrite: bool, tiny: bool
) -> AlignedPolicy:
    from plaudit.alignment import align

    settings = {**COMMON, **RUNS[name]}
    if tiny:
        settings |= {"max_new_tokens": 24, "evaluation_samples": 2, "best_of_samples": 2, "samples": 4, "keep": None}
        settings |= {key: value for key, value in (("steps", 1), ("rounds", 1), ("epochs", 1)) if key in settings}
        settings = {key: value for key, value in settings.items() if value is not None}
    output = folder / name.replace(" ", "-").replace("poor-reward", "ppo-poor-reward")
    record = align(
        folder / "policy",
        _prompt_sets(questions),
        folder / ("poor-reward" if name == POOR else "reward"),
        output,
        gold=true_qualities,
        seed=seed,
        overwrite=overwrite,
        **settings,
    )
    rows = [json.loads(line) for line in (output / "samples.jsonl").read_text("utf-8").splitlines()]
    return AlignedPolicy(output, record, (_worth(rows, "before"), _worth(rows, "after")), _example(rows))


def _prompt_sets(questions: Sequence[Group]) -> PromptSets:
    """Of the first two questions of each topic every fourth is for choosing; the third ones are for reporting."""
    from plaudit.alignment import PromptSets

    validation = questions[::_EVERY_FOURTH]
    train = [question for place, question in enumerate(questions) if place % _EVERY_FOURTH]
    return PromptSets(train, validation, policy_prompts(policy_topics(), [2]))


def _worth(rows: Sequence[Mapping[str, Any]], side: str) -> Measurement:
    """What a sentence is worth: a mean over questions, each of whose sentences count alike."""
    totals: dict[str, list[float]] = {}
    for row in rows:
        truth = true_quality(topic_of(row["prompt"]), row[side]["text"])
        quality, sentences = totals.setdefault(row["id"], [0.0, 0.0])
        totals[row["id"]] = [quality + truth.quality, sentences + max(1, truth.sentences)]
    by_question = np.array([quality / sentences for quality, sentences in totals.values()])
    return mean(by_question, np.ones(len(by_question)), np.arange(len(by_question)))


def _example(rows: Sequence[Mapping[str, Any]]) -> tuple[str, str, str]:
    """The answers whose gain is the median one: neither the best nor the worst that can be shown."""
    ordered = sorted(rows, key=lambda row: row["after"]["gold"] - row["before"]["gold"])
    row = ordered[len(ordered) // 2]
    return row["prompt"], row["before"]["text"], row["after"]["text"]
