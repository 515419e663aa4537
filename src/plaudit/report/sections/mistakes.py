"""The worst mistakes, side by side, with what the model saw in either response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.groups import Text, plain_text
from plaudit.report.blocks import Dots, Entry, Label, Note, Section, dots
from plaudit.report.explained import Explained, explained
from plaudit.report.format import ParsedFigure, count, figure, number, percent, percent_tick, signed
from plaudit.report.i18n import Said, say
from plaudit.report.inputs import ReportInputs
from plaudit.report.labels import known
from plaudit.report.mistakes import Mistake
from plaudit.text import page_excerpt, page_name

PROMPT, RESPONSE = 1_200, 2_000
"""Characters of a prompt and of a response that the page holds."""

LONG, LINES = 480, 9
"""Characters, and lines, above which a text is folded until it is asked for."""

KINDS = ("longer", "sure", "disputed")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to be read: what is shown of it, how much is left out, and whether it is folded."""

    shown: str
    left_out: Said | None
    long: bool


@dataclass(frozen=True, slots=True)
class ResponseView:
    """One of the two responses.

    Attributes:
        heading: whose choice it is.
        tone: "people" or "model".
        score: the model's.
        length: in characters.
        passage: its text.
        explained: what the model saw in it, where it was asked.
    """

    heading: Said
    tone: str
    score: str
    length: Said
    passage: Passage
    explained: Explained | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """One mistake."""

    number: int
    confidence: str
    group: Label
    subset: Label
    votes: Said
    prompt: Passage
    sides: tuple[ResponseView, ResponseView]


@dataclass(frozen=True, slots=True)
class Mistakes:
    """All mistakes that are shown, and whether any of them is explained."""

    kind: ClassVar[str] = "mistakes"
    caption: Said
    wrong: tuple[Wrong, ...]
    legend: bool


def section(material: ReportInputs) -> Section | None:
    """Kinds of mistakes, and the worst ones. None where there are no comparisons to be wrong about."""
    blocks: list[Any] = [
        block
        for block in (_kinds(material.kinds, figure(material.metrics.get("length_accuracy"))),)
        if block is not None
    ]
    if not material.texts:
        blocks.append(Note(say("wrong.withheld")))
    elif material.mistakes:
        blocks.append(_mistakes(material.mistakes, material.explanations))
    elif figure(material.metrics.get("accuracy")).value is not None:
        blocks.append(Note(say("wrong.none")))
    return Section("wrong", (), tuple(blocks)) if blocks else None


def _kinds(kinds: Mapping[str, Any], length: ParsedFigure) -> Dots | None:
    """Shares of the mistakes by kind, each beside what it is to be compared with, where that is known."""
    lines = {"longer": None if length.value is None else 1 - length.value}
    entries = [
        _kind(name, found, lines.get(name))
        for name in KINDS
        for found in [figure(kinds.get(name))]
        if found.value is not None
    ]
    if not entries:
        return None
    marked = any(entry.beside for entry in entries)
    head, caption = say("wrong.by_kind"), say("wrong.kinds_beside" if marked else "wrong.kinds")
    return dots(entries, percent, head, caption, ticks=percent_tick, bounds=(0.0, 1.0))


def _kind(name: str, found: ParsedFigure, blind: float | None) -> Entry:
    """One kind. A model blind to length is wrong as often where the longer response is the worse one as elsewhere, so
    among its mistakes the longer one is picked as often as it is the worse among all comparisons: `blind`."""
    if blind is None:
        return Entry(known("wrong", name), found)
    note = say("row.blind_at", value=percent(blind))
    return Entry(known("wrong", name), found, beside=[("blind", blind)], note=note)


def _mistakes(mistakes: Sequence[Mistake], explanations: Sequence[Mapping[str, Any]]) -> Mistakes:
    by_response = {(str(row.get("group")), number(row.get("response"))): row for row in explanations}
    wrong = tuple(_wrong(place, mistake, by_response) for place, mistake in enumerate(mistakes, 1))
    legend = any(side.explained is not None for one in wrong for side in one.sides)
    return Mistakes(say("wrong.caption", n=count(len(wrong))), wrong, legend)


def _wrong(place: int, mistake: Mistake, explanations: Mapping[tuple[str, Any], Mapping[str, Any]]) -> Wrong:
    rows = [explanations.get((mistake.group, index), {}) for index in (mistake.better, mistake.worse)]
    better, worse = (
        _side(*side)
        for side in zip(("people", "model"), mistake.scores, mistake.responses, explained(rows, RESPONSE), strict=True)
    )
    return Wrong(
        place,
        f"{mistake.confidence:.1%}",
        page_name(mistake.group, 60),
        None if mistake.subset is None else page_name(mistake.subset, 60),
        _votes(mistake),
        _passage(mistake.prompt, PROMPT),
        (better, worse),
    )


def _side(tone: str, score: float, response: Text, seen: Explained | None) -> ResponseView:
    text = plain_text(response)
    return ResponseView(
        say(f"wrong.{tone}"),
        tone,
        signed(score),
        say("wrong.length", n=count(len(text))),
        _passage(response, RESPONSE),
        seen,
    )


def _votes(mistake: Mistake) -> Said:
    votes, against = (f"{weight:g}" for weight in mistake.votes)
    if not mistake.annotators:
        return say("wrong.votes", votes=votes, against=against)
    names = page_name(", ".join(mistake.annotators), 80)
    return say("wrong.votes_by", votes=votes, against=against, names=names)


def _passage(text: Text, most: int) -> Passage:
    """A prompt of several messages is shown with their roles."""
    whole = text if isinstance(text, str) or len(text) == 1 else _with_roles(text)
    shown, left_out = page_excerpt(whole if isinstance(whole, str) else plain_text(whole), most)
    said = say("wrong.left_out", n=count(left_out)) if left_out else None
    return Passage(shown, said, len(shown) > LONG or shown.count("\n") >= LINES)


def _with_roles(messages: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)
