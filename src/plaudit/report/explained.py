"""An explanation made fit to be looked at: shaded tokens, a line for the reward along the text, bars for sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.report.figures import number, rows, signed
from plaudit.report.texts import clipped, visible
from plaudit.report.words import Said, say

SHADES = 4
"""Degrees of colour on either side of nothing."""

SENTENCES = 6
"""Sentences shown, those of the greatest effect."""

WIDTH, HEIGHT = 300.0, 56.0
"""Of the line of rewards, in its own pixels."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens of one shade: `shade` is "" or plus1 to plus4 (raised the score) or minus1 to minus4 (lowered it)."""

    text: str
    shade: str
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
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
        zero: where a reward of 0 lies on it, if it does.
        bars: sentences.
        unexplained: what the attributions leave unexplained of the score, if they were made.
    """

    pieces: tuple[Piece, ...]
    left_out: Said | None
    what: Said
    line: str | None
    first: str
    last: str
    zero: float | None
    bars: tuple[Bar, ...]
    unexplained: Said | None
    width: float = WIDTH
    height: float = HEIGHT


def explained(explanation: Mapping[str, Any], most: int) -> Explained | None:
    """An explanation in JSON (`Explanation.to_json`); None if it holds neither tokens nor sentences.

    Tokens are shaded by attribution where there is one, else by what the reward gained over the token before.
    """
    tokens = rows(explanation.get("tokens"))
    attributions = [number(token.get("attribution")) for token in tokens]
    rewards = [number(token.get("reward")) for token in tokens]
    bars = _bars(rows(explanation.get("sentences")))
    attributed = any(value is not None for value in attributions)
    values = attributions if attributed else _gains(rewards, number(explanation.get("opening")))
    shaded = any(value is not None for value in values)
    if not shaded and not bars:
        return None
    pieces, left_out = _pieces(tokens, values, most) if shaded else ((), 0)
    line, zero = _line(rewards)
    read = [reward for reward in rewards if reward is not None]
    missing = number(explanation.get("completeness"))
    return Explained(
        pieces,
        say("wrong.left_out", n=f"{left_out:,}") if left_out else None,
        say("explained.attribution" if attributed else "explained.gain"),
        line,
        signed(read[0]) if read else "",
        signed(read[-1]) if read else "",
        zero,
        bars,
        None if missing is None or not attributed else say("explained.unexplained", value=signed(missing)),
    )


def _gains(rewards: Sequence[float | None], opening: float | None) -> list[float | None]:
    """By how much the reward read at each token differs from the one read before it."""
    before, gains = opening, []
    for reward in rewards:
        gains.append(None if reward is None or before is None else reward - before)
        before = before if reward is None else reward
    return gains


def _pieces(
    tokens: Sequence[Mapping[str, Any]], values: Sequence[float | None], most: int
) -> tuple[tuple[Piece, ...], int]:
    """Neighbours without a shade are one piece: a page of thousands of tokens stays small."""
    strongest = max((abs(value) for value in values if value is not None), default=0.0)
    pieces: list[Piece] = []
    length = 0
    for token, value in zip(tokens, values, strict=True):
        whole = str(token.get("text") or "")
        text = whole[: max(0, most - length)]
        length += len(whole)
        shade = _shade(value, strongest)
        # The space before a word has no shade: shaded words would look joined.
        word = text.lstrip() if shade else ""
        for part, degree in ((text[: len(text) - len(word)], ""), (word, shade)):
            if part and not degree and pieces and not pieces[-1].shade:
                pieces[-1] = Piece(pieces[-1].text + visible(part), "", "")
            elif part:
                pieces.append(Piece(visible(part), degree, signed(value or 0.0) if degree else ""))
    return tuple(pieces), max(0, length - most)


def _shade(value: float | None, strongest: float) -> str:
    if value is None or strongest == 0:
        return ""
    degree = round(SHADES * abs(value) / strongest)
    return f"{'plus' if value > 0 else 'minus'}{degree}" if degree else ""


def _line(rewards: Sequence[float | None]) -> tuple[str | None, float | None]:
    read = [(i, reward) for i, reward in enumerate(rewards) if reward is not None]
    if len(read) < 3:
        return None, None
    low, high = min(r for _, r in read), max(r for _, r in read)
    if high - low < 1e-9:
        return None, None
    last = read[-1][0] or 1

    def y(reward: float) -> float:
        return round(4 + (HEIGHT - 8) * (high - reward) / (high - low), 1)

    points = " ".join(f"{round(WIDTH * i / last, 1)},{y(reward)}" for i, reward in read)
    return points, y(0.0) if low < 0 < high else None


def _bars(sentences: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    effects = [
        (effect, str(row.get("text") or "")) for row in sentences if (effect := number(row.get("effect"))) is not None
    ]
    if not effects:
        return ()
    strongest = max(abs(effect) for effect, _ in effects) or 1.0
    shown = sorted(range(len(effects)), key=lambda i: -abs(effects[i][0]))[:SENTENCES]
    return tuple(
        Bar(_short(text), signed(effect), "plus" if effect > 0 else "minus", round(100 * abs(effect) / strongest, 1))
        for effect, text in (effects[i] for i in sorted(shown))
    )


def _short(text: str) -> str:
    shown, left_out = clipped(" ".join(text.split()), 110)
    return shown + ("…" if left_out else "")
