"""The worst mistakes, side by side, with what the model saw in either response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.groups import Text, plain_text
from plaudit.report.blocks import Dots, Entry, Note, Section, dots
from plaudit.report.explained import Explained, explained
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.inputs import ReportInputs
from plaudit.report.labels import known_label
from plaudit.report.mistakes import Mistake
from plaudit.statistics import Measurement, Measurements, measurement_of, percent, signed
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
    left_out: Sentence | None
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

    heading: Sentence
    tone: str
    score: str
    length: Sentence
    passage: Passage
    explained: Explained | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """One mistake."""

    number: int
    confidence: str
    group: Wording
    subset: Wording | None
    votes: Sentence
    prompt: Passage
    sides: tuple[ResponseView, ResponseView]


@dataclass(frozen=True, slots=True)
class Mistakes:
    """All mistakes that are shown, and whether any of them is explained."""

    kind: ClassVar[str] = "mistakes"
    caption: Sentence
    wrong: tuple[Wrong, ...]
    legend: bool


def section(inputs: ReportInputs) -> Section | None:
    """Kinds of mistakes, and the worst ones. None where there are no comparisons to be wrong about."""
    overall = inputs.evaluation.overall
    kinds = _kinds(inputs.kinds, measurement_of(overall, "length_accuracy").value)
    blocks: list[Any] = [] if kinds is None else [kinds]
    if not inputs.texts:
        blocks.append(Note(say("wrong.withheld")))
    elif inputs.mistakes:
        blocks.append(_mistakes(inputs.mistakes, inputs.explanations))
    elif measurement_of(overall, "accuracy").value is not None:
        blocks.append(Note(say("wrong.none")))
    return Section("wrong", (), tuple(blocks)) if blocks else None


def _kinds(kinds: Measurements, length_accuracy: float | None) -> Dots | None:
    """Shares of the mistakes by kind, each beside what it is to be compared with, where that is known."""
    lines = {"longer": None if length_accuracy is None else 1 - length_accuracy}
    entries = [
        _kind(name, share, lines.get(name))
        for name in KINDS
        for share in [measurement_of(kinds, name)]
        if share.value is not None
    ]
    if not entries:
        return None
    marked = any(entry.marks for entry in entries)
    head, caption = say("wrong.by_kind"), say("wrong.kinds_beside" if marked else "wrong.kinds")
    return dots(entries, percent, head, caption, bounds=(0.0, 1.0))


def _kind(name: str, share: Measurement, blind: float | None) -> Entry:
    """One kind. A model blind to length is wrong as often where the longer response is the worse one as elsewhere, so
    among its mistakes the longer one is picked as often as it is the worse among all comparisons: `blind`."""
    if blind is None:
        return Entry(known_label("wrong", name), share)
    note = say("row.blind_at", value=percent(blind))
    return Entry(known_label("wrong", name), share, marks=[("blind", blind)], note=note)


def _mistakes(mistakes: Sequence[Mistake], explanations: Sequence[Mapping[str, Any]]) -> Mistakes:
    by_response = {(str(row.get("group")), str(row.get("response"))): row for row in explanations}
    wrong = tuple(_wrong(place, mistake, by_response) for place, mistake in enumerate(mistakes, 1))
    legend = any(side.explained is not None for one in wrong for side in one.sides)
    return Mistakes(say("wrong.caption", n=count(len(wrong))), wrong, legend)


def _wrong(place: int, mistake: Mistake, explanations: Mapping[tuple[str, str], Mapping[str, Any]]) -> Wrong:
    rows = [explanations.get((mistake.group, str(index)), {}) for index in (mistake.better, mistake.worse)]
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
        passage(mistake.prompt, PROMPT),
        (better, worse),
    )


def _side(tone: str, score: float, response: Text, seen: Explained | None) -> ResponseView:
    text = plain_text(response)
    return ResponseView(
        say(f"wrong.{tone}"),
        tone,
        signed(score),
        say("wrong.length", n=count(len(text))),
        passage(response, RESPONSE),
        seen,
    )


def _votes(mistake: Mistake) -> Sentence:
    votes, against = (f"{weight:g}" for weight in mistake.votes)
    if not mistake.annotators:
        return say("wrong.votes", votes=votes, against=against)
    names = page_name(", ".join(mistake.annotators), 80)
    return say("wrong.votes_by", votes=votes, against=against, names=names)


def passage(text: Text, most: int) -> Passage:
    """A prompt of several messages is shown with their roles."""
    whole = text if isinstance(text, str) or len(text) == 1 else _with_roles(text)
    shown, left_out = page_excerpt(whole if isinstance(whole, str) else plain_text(whole), most)
    omitted = say("wrong.left_out", n=count(left_out)) if left_out else None
    return Passage(shown, omitted, len(shown) > LONG or shown.count("\n") >= LINES)


def _with_roles(messages: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)
