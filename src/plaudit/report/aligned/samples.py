"""Answers to the same prompts before and after: those that gained most, those that lost most, and some by chance."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.report.aligned.run import AlignmentRun
from plaudit.report.blocks import Note, Section
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.sections.mistakes import PROMPT, RESPONSE, Passage, passage
from plaudit.statistics import signed
from plaudit.text import page_name

EACH = 4
"""Samples of each kind."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One of two answers.

    Attributes:
        heading: before or after.
        tone: `before` or `after`.
        figures: its gold, its reward, its length.
        cut: whether it never ended.
        passage: its text.
    """

    heading: Sentence
    tone: str
    figures: tuple[Sentence, ...]
    cut: bool
    passage: Passage


@dataclass(frozen=True, slots=True)
class SampleView:
    """A prompt and its two answers."""

    number: int
    gain: Sentence
    group: Wording
    prompt: Passage
    sides: tuple[AnswerView, AnswerView]


@dataclass(frozen=True, slots=True)
class SamplesBlock:
    """Samples of one kind."""

    kind: ClassVar[str] = "samples"
    head: Sentence
    samples: tuple[SampleView, ...]


def samples_section(run: AlignmentRun) -> Section:
    """Samples of the test prompts, in three kinds, none of them twice."""
    judged = "gold" if run.samples and all("gold" in row["after"] for row in run.samples) else "reward"
    blocks: list[Any] = []
    number = 0
    for kind, rows in chosen(run.samples, judged):
        views = tuple(_view(number + place, row, judged) for place, row in enumerate(rows, 1))
        number += len(views)
        if views:
            blocks.append(SamplesBlock(say(f"aligned.samples_{kind}"), views))
    if not blocks:
        return Section("aligned_samples", (), (Note(say("aligned.no_samples")),))
    lead = say(f"aligned.samples_by_{judged}", n=count(number), of=count(len(run.samples)))
    same = () if run.kept else (say("aligned.samples_untrained"),)
    return Section("aligned_samples", (lead, *same), tuple(blocks))


def chosen(rows: Sequence[Mapping[str, Any]], judged: str) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The largest gains, the largest losses, and some of the rest drawn by chance, the same every time.

    Args:
        rows: of `samples.jsonl`.
        judged: by what: `gold` or `reward`.
    """
    gains = [float(row["after"][judged]) - float(row["before"][judged]) for row in rows]
    order = sorted(range(len(rows)), key=lambda place: (-gains[place], place))
    best = [place for place in order if gains[place] > 0][:EACH]
    worst = [place for place in reversed(order) if gains[place] < 0][:EACH]
    rest = [place for place in range(len(rows)) if place not in {*best, *worst}]
    drawn = sorted(random.Random(0).sample(rest, min(EACH, len(rest))))
    return [
        (kind, [rows[place] for place in places])
        for kind, places in (("best", best), ("worst", worst), ("drawn", drawn))
    ]


def _view(number: int, row: Mapping[str, Any], judged: str) -> SampleView:
    gain = float(row["after"][judged]) - float(row["before"][judged])
    before, after = (_side(name, row[name]) for name in ("before", "after"))
    return SampleView(
        number,
        say(f"aligned.gained_{judged}", gain=signed(gain)),
        page_name(str(row.get("id", "")), 60),
        passage(row["prompt"], PROMPT),
        (before, after),
    )


def _side(name: str, answer: Mapping[str, Any]) -> AnswerView:
    return AnswerView(
        say(f"aligned.answer_{name}"),
        name,
        tuple(_figures(answer)),
        not answer.get("ended", True),
        passage(str(answer["text"]), RESPONSE),
    )


def _figures(answer: Mapping[str, Any]) -> Iterator[Sentence]:
    for name in ("gold", "reward"):
        if name in answer:
            yield say(f"aligned.answer_{name}", value=signed(float(answer[name])))
    if "tokens" in answer:
        yield say("aligned.answer_tokens", n=count(answer["tokens"]))
