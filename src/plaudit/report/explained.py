"""Explanations made fit to be looked at: shaded tokens, a line for the reward along the text, bars for sentences.

The two responses of a pair have one scale: what is darker, higher or longer in one of them is more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.report.i18n import Sentence, count, say
from plaudit.statistics import signed
from plaudit.text import page_excerpt, page_text

SHADES = 4
"""Degrees of colour on either side of nothing."""

SENTENCES = 6
"""Sentences shown, those of the greatest effect."""

UNITS = ("sentence", "line", "word")
"""What may be left out of a response to see what it is worth."""

LEAST_READ = 3
"""Rewards read along a text that make a line."""

LARGEST = 1e100
"""A number from here on is taken for none: a difference of two might not be finite."""

WIDTH, HEIGHT = 300.0, 56.0
"""Of the line of rewards, in its own pixels."""


@dataclass(frozen=True, slots=True)
class ShadedText:
    """Tokens of one shade: `shade` is "" or plus1 to plus4 (raised the score) or minus1 to minus4 (lowered it)."""

    text: str
    shade: str
    title: str


@dataclass(frozen=True, slots=True)
class SentenceBar:
    """A sentence, its effect as text, and the bar: whether it raised the score, and its length in percent."""

    text: str
    effect: str
    tone: str
    width: float


@dataclass(frozen=True, slots=True)
class Explained:
    """What the model saw in a response.

    Attributes:
        pieces: the text, in shades.
        left_out: what was cut of it.
        what: what the shades are of.
        line: points of the reward read along the text, "x,y x,y …"; None where it was not read.
        first, last: the reward where that line starts and ends.
        zero: where a reward of 0 lies beside it, if it does.
        bars: its parts.
        parts: what they are.
        unexplained: what the attributions leave unexplained of the score, if that is worth a word.
    """

    pieces: tuple[ShadedText, ...]
    left_out: Sentence | None
    what: Sentence
    line: str | None
    first: str
    last: str
    zero: float | None
    bars: tuple[SentenceBar, ...]
    parts: Sentence
    unexplained: Sentence | None
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class _Read:
    """An explanation's numbers.

    Attributes:
        texts: of its tokens.
        values: what each is shaded by: its attribution, or what the reward gained there; None where neither is known.
        attributed: which of the two.
        line: (place, reward) wherever the reward was read, the opening at place 0.
        sentences: (effect, text).
        unit: what those are, one of `UNITS`.
        unexplained: of the score, by its attributions; None where they explain it to their tolerance.
    """

    texts: list[str]
    values: list[float | None]
    attributed: bool
    line: list[tuple[int, float]]
    sentences: list[tuple[float, str]]
    unit: str
    unexplained: float | None


def explained(explanations: Sequence[Mapping[str, Any]], most: int) -> list[Explained | None]:
    """Explanations in JSON (`Explanation.to_json`) on one scale; None for one that holds neither tokens nor sentences.

    Args:
        explanations: of responses that are looked at side by side.
        most: characters of each that are shown.
    """
    read = [_read(row) for row in explanations]
    strongest = max((abs(value) for one in read for value in one.values if value is not None), default=0.0)
    weightiest = max((abs(effect) for one in read for effect, _ in one.sentences), default=0.0)
    rewards = [reward for one in read for _, reward in one.line]
    return [_explained(one, most, strongest, weightiest, rewards) for one in read]


def _number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
        return None
    return float(value)


def _rows(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; empty where there is none."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def _read(explanation: Mapping[str, Any]) -> _Read:
    tokens = _rows(explanation.get("tokens"))
    attributions = [_number(token.get("attribution")) for token in tokens]
    rewards = [_number(explanation.get("opening")), *(_number(token.get("reward")) for token in tokens)]
    attributed = any(value is not None for value in attributions)
    missing = _number(explanation.get("completeness"))
    return _Read(
        [str(token.get("text") or "") for token in tokens],
        attributions if attributed else _gains(rewards),
        attributed,
        [(place, reward) for place, reward in enumerate(rewards) if reward is not None],
        [
            (effect, str(row.get("text") or ""))
            for row in _rows(explanation.get("sentences"))
            if (effect := _number(row.get("effect"))) is not None
        ],
        unit if (unit := str(explanation.get("unit"))) in UNITS else UNITS[0],
        missing if attributed and not explanation.get("complete") else None,
    )


def _gains(rewards: Sequence[float | None]) -> list[float | None]:
    """By how much the reward read at each token differs from the one read before it; the first is the opening."""
    before, gains = rewards[0], []
    for reward in rewards[1:]:
        gains.append(None if reward is None or before is None else reward - before)
        before = before if reward is None else reward
    return gains


def _explained(
    read: _Read, most: int, strongest: float, weightiest: float, rewards: Sequence[float]
) -> Explained | None:
    shaded = any(value is not None for value in read.values)
    if not shaded and not read.sentences:
        return None
    pieces, left_out = _pieces(read, most, strongest) if shaded else ((), 0)
    line, zero = _line(read.line, min(rewards, default=0.0), max(rewards, default=0.0))
    return Explained(
        pieces,
        say("wrong.left_out", n=count(left_out)) if left_out else None,
        say("explained.attribution" if read.attributed else "explained.gain"),
        line,
        signed(read.line[0][1]) if read.line else "",
        signed(read.line[-1][1]) if read.line else "",
        zero,
        _bars(read.sentences, weightiest),
        say(f"explained.{read.unit}"),
        None if read.unexplained is None else say("explained.unexplained", value=signed(read.unexplained)),
    )


def _pieces(read: _Read, most: int, strongest: float) -> tuple[tuple[ShadedText, ...], int]:
    """Neighbours without a shade are one piece: a page of thousands of tokens stays small."""
    pieces: list[ShadedText] = []
    length = 0
    for whole, value in zip(read.texts, read.values, strict=True):
        text = whole[: max(0, most - length)]
        length += len(whole)
        shade = _shade(value, strongest)
        # The space before a word has no shade: shaded words would look joined.
        word = text.lstrip() if shade else ""
        for part, degree in ((text[: len(text) - len(word)], ""), (word, shade)):
            if part and not degree and pieces and not pieces[-1].shade:
                pieces[-1] = ShadedText(pieces[-1].text + page_text(part), "", "")
            elif part:
                pieces.append(ShadedText(page_text(part), degree, signed(value or 0.0) if degree else ""))
    return tuple(pieces), max(0, length - most)


def _shade(value: float | None, strongest: float) -> str:
    if value is None or strongest == 0:
        return ""
    degree = round(SHADES * abs(value) / strongest)
    return f"{'plus' if value > 0 else 'minus'}{degree}" if degree else ""


def _line(read: Sequence[tuple[int, float]], low: float, high: float) -> tuple[str | None, float | None]:
    if len(read) < LEAST_READ or high - low < 1e-9:
        return None, None
    last = read[-1][0]

    def y(reward: float) -> float:
        return round(4 + (HEIGHT - 8) * (high - reward) / (high - low), 1)

    points = " ".join(f"{round(WIDTH * place / last, 1)},{y(reward)}" for place, reward in read)
    return points, y(0.0) if low < 0 < high else None


def _bars(sentences: Sequence[tuple[float, str]], weightiest: float) -> tuple[SentenceBar, ...]:
    kept = sorted(sorted(range(len(sentences)), key=lambda i: -abs(sentences[i][0]))[:SENTENCES])
    return tuple(
        SentenceBar(
            _short(text),
            signed(effect),
            "plus" if effect > 0 else "minus",
            round(100 * abs(effect) / (weightiest or 1.0), 1),
        )
        for effect, text in (sentences[i] for i in kept)
    )


def _short(text: str) -> str:
    shown, left_out = page_excerpt(" ".join(text.split()), 110)
    return shown + ("…" if left_out else "")
