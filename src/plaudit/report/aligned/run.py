"""A run as its files tell it, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.report.i18n import Sentence, count, say
from plaudit.statistics import Form, Measurement, Measurements, percent, points, signed, two
from plaudit.text import page_name

FIGURES: Mapping[str, tuple[Form, Form]] = {
    "gold": (signed, signed),
    "reward": (signed, signed),
    "shaped": (signed, signed),
    "kl": (two, signed),
    "kl3": (two, signed),
    "ended": (percent, points),
    "length": (two, signed),
    "distinct": (percent, points),
    "distinct_within": (percent, points),
    "repeated": (percent, points),
    "entropy": (two, signed),
    "spread": (two, signed),
}
"""Figures of an evaluation in the order in which they are read, how each is written, and how a difference of it is."""

IN_ROUNDS = ("best-of", "dpo")
"""Methods whose steps are rounds."""


@dataclass(frozen=True, slots=True)
class EvaluatedStep:
    """An evaluation of `curves.jsonl`.

    Attributes:
        step: after which; 0 is the untrained policy.
        figures: name -> mean over prompts.
        by_prompt: name -> one value a prompt.
        phrases: that rose most: `text`, `before`, `after`, `z`.
        probes: name -> what the change does to the reward.
    """

    step: int
    figures: Measurements
    by_prompt: Mapping[str, Sequence[float]]
    phrases: Sequence[Mapping[str, Any]]
    probes: Measurements

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> EvaluatedStep:
        """From a line of the kind `evaluation`."""
        return cls(
            int(row["step"]),
            _measurements(row.get("figures")),
            row.get("by_prompt") or {},
            row.get("phrases") or [],
            _measurements(row.get("probes")),
        )


@dataclass(frozen=True, slots=True)
class AlignmentRun:
    """All that the page is made of.

    Attributes:
        record: the policy's record.
        steps: lines of the kind `step`.
        validation: evaluations on the prompts that choose, the untrained policy's first.
        test: the same on the prompts that are reported on: untrained, kept.
        samples: answers before and after.
        before: figures on the test prompts.
        after: the same of the kept policy.
        gain: differences paired by prompt.
    """

    record: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    validation: Sequence[EvaluatedStep]
    test: Sequence[EvaluatedStep]
    samples: Sequence[Mapping[str, Any]]
    before: Measurements
    after: Measurements
    gain: Measurements

    @classmethod
    def read(
        cls, record: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], samples: Sequence[Mapping[str, Any]]
    ) -> AlignmentRun:
        """From the contents of plaudit.json, `curves.jsonl` and `samples.jsonl`."""
        evaluations = [row for row in rows if row.get("kind") == "evaluation"]
        test = record.get("test") or {}
        return cls(
            record,
            [row for row in rows if row.get("kind") == "step"],
            [EvaluatedStep.from_json(row) for row in evaluations if row.get("set") == "validation"],
            [EvaluatedStep.from_json(row) for row in evaluations if row.get("set") == "test"],
            samples,
            *(_measurements(test.get(part)) for part in ("before", "after", "gain")),
        )

    @property
    def has_gold(self) -> bool:
        """Whether somebody knew how good answers are."""
        return "gold" in self.gain

    @property
    def kept(self) -> int:
        """The step whose policy is kept."""
        return int(self.record.get("kept_step") or 0)

    @property
    def alarm(self) -> Mapping[str, Any] | None:
        """Why it stopped: `step`, `reason`, `says`, `needs_gold`; None where it went on to the end."""
        return self.record.get("stopped")

    @property
    def last(self) -> int:
        """The last step that there is a line of."""
        return max([one.step for one in self.validation] + [int(row["step"]) for row in self.steps], default=0)

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.record.get("settings") or {}

    def prompts(self, part: str) -> int:
        """How many prompts a set has: `train`, `validation` or `test`."""
        return int((self.record.get("prompts") or {}).get(part, 0))

    def learned_from(self, part: str) -> int:
        """How many prompts of a set are learned from, too."""
        return int((self.record.get("learned_from") or {}).get(part, 0))

    def after_step(self, step: int) -> Sentence:
        """When, in the method's own steps."""
        kind = "round" if self.record.get("method") in IN_ROUNDS else "step"
        return say(f"aligned.at_{kind}", n=count(step))

    @property
    def step_word(self) -> Sentence:
        """What goes along."""
        return say("aligned.round" if self.record.get("method") in IN_ROUNDS else "aligned.step")

    @property
    def mark_words(self) -> list[tuple[str, Sentence]]:
        """What is marked in plots, and its words."""
        kept = ("kept", say("aligned.kept_mark"))
        return [kept] if self.alarm is None else [kept, ("alarm", say("aligned.alarm_mark"))]

    @property
    def test_is_new(self) -> bool:
        """Whether the test prompts are others than those that chose the policy: the same would have been answered
        alike."""
        pairs = zip(self.validation[:1], self.test[:1], strict=False)
        return all(one.by_prompt.get("reward") != other.by_prompt.get("reward") for one, other in pairs)

    @property
    def counted(self) -> Sentence:
        """How much of what was used."""
        parts = {name: count(self.prompts(name)) for name in ("train", "validation", "test")}
        method = page_name(str(self.record.get("method", "–")), 40)
        return say("aligned.counted", method=method, n=parts["train"], k=parts["validation"], of=parts["test"])


def _measurements(row: Any) -> Measurements:
    return {str(name): Measurement.from_json(figure) for name, figure in (row or {}).items()}
