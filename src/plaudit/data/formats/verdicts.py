"""What a verdict between two responses says: its words, and its numbers in either numbering."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plaudit.data.formats import ONE_BASED, ZERO_BASED, FileReading
from plaudit.data.formats.fields import is_absent, number_of
from plaudit.groups import GroupError, Ranking

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)

Naming = Literal["letters", "from 0", "from 1"]
"""What the columns of two responses are called by: A and B, 0 and 1, or 1 and 2."""

_BLANK = {"", "nan", "n/a", "na", "null"}
_TIES = {
    "tie", "tied", "ties", "equal", "draw", "same", "the same", "about the same", "similar", "both", "neither",
    "both bad", "bothbad", "both good", "bothgood", "equally good", "equally bad", "tie bothbad", "tie both bad",
    "about equal", "both are bad", "both are good",
    "tie bothgood", "tie both good", "tie inconsistent", "no preference", "no difference", "=",
}  # fmt: skip
_SIDES = {"a": 0, "b": 1, "left": 0, "right": 1, "first": 0, "second": 1}
_ADVERBS = {
    "negligibly": 0,
    "slightly": 1, "marginally": 1, "somewhat": 1,
    "clearly": 2, "moderately": 2,
    "much": 3, "significantly": 3, "far": 3, "strongly": 3,
}  # fmt: skip
"""How much better, where words say it: 0 is a tie. Better, without one of these, is 2."""
_PREFIX = re.compile(
    r"(the )?(model|response|answer|output|completion|conversation|candidate|summary|assistant|text) ?"
)
_COMPARED = re.compile(r"(.+?) ?(>+|<+|=+) ?(.+)")
_BETTER = re.compile(rf"(.+?) (?:is |was )?(?:({'|'.join(_ADVERBS)}) )?(?:better|preferred)(?: or unsure| unsure)?")
_STRENGTH = re.compile(rf"(?:({'|'.join(_ADVERBS)})(?: better)?|better)(?: or unsure| unsure)?")
_WINS = re.compile(r"(.+?) (?:wins|won|is best)")
_NUMBERINGS: Mapping[str, Mapping[float, float]] = {
    ZERO_BASED: {0: 1.0, 1: 0.0, 2: 0.5},
    ONE_BASED: {1: 1.0, 2: 0.0, 0: 0.5},
}
_MEANINGS = {1.0: "the first response is better", 0.0: "the second is better", 0.5: "a tie"}


@dataclass(frozen=True, slots=True)
class Preference:
    """What was said of two responses.

    Attributes:
        first: how probable it is that the first is the better one: 1, 0, between them a soft label, and 0.5 a tie.
        strength: how much better, where that was said; >= 0.

    Example:
        >>> [(ranking.tiers, ranking.weight) for ranking in Preference(0.75).rankings(None)]
        [(((0,), (1,)), 0.75), (((1,), (0,)), 0.25)]
    """

    first: float
    strength: float | None = None

    def rankings(self, annotator: str | None) -> tuple[Ranking, ...]:
        """One ranking; of a soft label two, which share the weight of one."""
        if self.first == 0.5:
            return (Ranking(TIE, self.strength, annotator),)
        return soft_rankings(self.first, annotator, self.strength)


def soft_rankings(first: float, annotator: str | None, strength: float | None = None) -> tuple[Ranking, ...]:
    """Both orders of two responses, each with the weight of its probability; one that is impossible is left out.

    Args:
        first: the probability that the first is better, 0 to 1.
        annotator: who judged.
        strength: how much better.

    Raises:
        GroupError: for what is no probability.

    Example:
        >>> soft_rankings(1, "ann")
        (Ranking(tiers=((0,), (1,)), strength=None, annotator='ann', weight=1.0),)
    """
    if not 0 <= first <= 1:
        raise GroupError(f"the probability is {first:g}", remedy="it must be from 0 to 1")
    sides = ((FIRST, float(first)), (SECOND, 1.0 - first))
    return tuple(Ranking(tiers, strength, annotator, weight) for tiers, weight in sides if weight > 0)


def verdict_tiers(value: Any, lettered: bool) -> tuple[tuple[int, ...], ...]:
    """Tiers from the word of a verdict: `a`/`model_a`, `b`, `1`, `2`, `a1`, `a2`, `tie` and their kind.

    A bare number speaks only of numbered columns (1, 2, and 0 for a tie); for a/b columns it could be an index or a
    position, and is refused.

    Raises:
        GroupError: for any other word, and where there is none.

    Example:
        >>> verdict_tiers("model_b", lettered=True), verdict_tiers(0, lettered=False)
        (((1,), (0,)), ((0, 1),))
    """
    file = FileReading(labels=None if lettered else ONE_BASED)
    verdict = verdict_of(value, "verdict", "letters" if lettered else "from 1", file)
    if verdict is None:
        raise GroupError("there is no verdict")
    return verdict.rankings(None)[0].tiers


def verdict_of(value: Any, column: str, naming: Naming, file: FileReading) -> Preference | None:
    """What one cell says; None if it says nothing.

    Args:
        value: a word (`A`, `model_b`, `left`, `[[A>>B]]`, `tie`, `A is slightly better`) or a number.
        column: the cell's column, for messages.
        naming: what the two responses' columns are called by. Names from 0 are numbered from 0. On names from 1 a
            number is taken to count from 1, with 0 a tie; if the whole file could count from 0 as well, the file is
            refused in the end. On letters a number means nothing, unless the user said what.
        file: the file, which keeps the numbers it had and what the user said of them.

    Raises:
        GroupError: for what is no verdict, and for a number that can be read in two ways.

    Example:
        >>> verdict_of("[[A>>B]]", "winner", "letters", FileReading())
        Preference(first=1.0, strength=2)
    """
    if isinstance(value, str) and value.strip().casefold() in _BLANK:
        return None
    number = _number(value)
    if number is not None:
        return _of_number(number, column, naming, file)
    word = re.sub(r"[\s_\-()/,:]+", " ", str(value).casefold().strip(" \t\n[]*.\"'")).strip()
    verdict = _of_word(word, naming) if isinstance(value, str) else None
    if verdict is None:
        sides = {"letters": "a, b", "from 0": "0, 1", "from 1": "1, 2"}[naming]
        raise GroupError(f"{_the(column)} is {value!r:.40}", remedy=f"it must be one of {sides}, tie")
    return verdict


def is_word(value: Any) -> bool:
    """Whether a cell holds text that is no number.

    Example:
        >>> is_word("tie"), is_word("2.0"), is_word(2)
        (True, False, False)
    """
    return isinstance(value, str) and _number(value) is None


def strength_of(row: dict[str, Any], what: str, file: FileReading, *names: str) -> float | None:
    """How much better, in the first of these columns that says it: a number, or words such as "slightly better".

    Other words are left in the row, and the file notes it: the judgement is there without them.

    Args:
        row: the row; the column is taken out of it.
        what: what the strength is, for messages: "the margin".
        file: the file.
        names: columns.

    Raises:
        GroupError: for what is neither a number nor words.

    Example:
        >>> strength_of({"margin": "Significantly better"}, "the margin", FileReading(), "margin")
        3
    """
    for name in names:
        value = row.get(name)
        if value is None or is_absent(value):
            row.pop(name, None)
            continue
        if not is_word(value):
            return number_of(row.pop(name), what)
        match = _STRENGTH.fullmatch(" ".join(re.split(r"[\s_\-/]+", value.casefold().strip())))
        if match:
            del row[name]
            return _ADVERBS[match[1]] if match[1] else 2
        file.note(f"{what} is no number but words that are no known scale; it is left out, and the judgement kept")
    return None


def _the(column: str) -> str:
    return "the verdict" if column == "verdict" else f"the verdict ({column!r})"


def _number(value: Any) -> float | None:
    """A number, or text that says one; true and false are none."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _of_word(word: str, naming: Naming) -> Preference | None:
    if word in _TIES:
        return Preference(0.5)
    side = _side(word, naming)
    if side is not None:
        return Preference(1.0 - side)
    if match := _COMPARED.fullmatch(word):
        left, sign, right = match.groups()
        sides = _side(left.strip(), naming), _side(right.strip(), naming)
        if set(sides) != {0, 1}:
            return None
        better = sides[0] if sign[0] == ">" else sides[1]
        return Preference(0.5) if sign[0] == "=" or better is None else Preference(1.0 - better, len(sign))
    if match := _BETTER.fullmatch(word):
        side, strength = _side(match[1], naming), _ADVERBS[match[2]] if match[2] else 2
        if strength == 0 and (side is not None or match[1] in ("", "both")):
            return Preference(0.5)
        return None if side is None else Preference(1.0 - side, strength)
    if (match := _WINS.fullmatch(word)) and (side := _side(match[1], naming)) is not None:
        return Preference(1.0 - side)
    return None


def _side(word: str, naming: Naming) -> int | None:
    """Which response a word names; a number in it must be that of a column."""
    bare = _PREFIX.sub("", word, count=1) if _PREFIX.match(word) else word
    if bare in _SIDES:
        return _SIDES[bare]
    names = {"from 0": ("0", "1"), "from 1": ("1", "2"), "letters": ()}[naming]
    bare = bare.removeprefix("a") if naming == "from 1" and bare in ("a1", "a2") else bare
    return names.index(bare) if bare in names else None


def _of_number(number: float, column: str, naming: Naming, file: FileReading) -> Preference:
    if number < 0:
        raise GroupError(
            f"{_the(column)} is {number:g}, and whether the first response is better below 0 or above is not said",
            remedy=f"if it is below 0: --column preference_strength={column}",
        )
    if 0 < number < 1:
        raise GroupError(
            f"{_the(column)} is {number:g}, which can be read in two ways: as the probability that the first response "
            "is better, or that the second is",
            remedy=f"say which: --column prob_first={column} or --column prob_second={column}",
        )
    numbering = file.labels or {"from 0": ZERO_BASED, "from 1": ONE_BASED, "letters": None}[naming]
    if numbering is None:
        raise _two_ways(number, column)
    if numbering == ONE_BASED and 1 < number < 2:  # AlpacaEval's 1 + the probability that the second is better
        first: float | None = 2 - number
    else:
        # Who counts names from 0 has no number for a tie, unless they say so.
        tie = number == 2 and naming == "from 0" and file.labels is None
        first = None if tie else _NUMBERINGS[numbering].get(number)
    file.tally["verdicts in numbers"] += 1
    if first is None and number > 2:
        file.tally["verdicts beyond two"] += 1
    if first is None:
        known = "0, 1" if naming == "from 0" and not file.labels else "0, 1, 2"
        raise GroupError(f"{_the(column)} is {number:g}", remedy=f"a number must be one of {known}")
    if naming == "from 1" and file.labels is None:
        file.numbers.add(number)
    return Preference(first)


def _two_ways(number: float, column: str) -> GroupError:
    readings = {name: _NUMBERINGS[name].get(number) for name in (ZERO_BASED, ONE_BASED)}
    if None in readings.values():
        return GroupError(f"{_the(column)} is {number:g}", remedy="it must be one of a, b, tie")
    ways = " or ".join(f"{_MEANINGS[first]} ({name})" for name, first in readings.items() if first is not None)
    return GroupError(
        f"{_the(column)} is {number:g} on columns that have letters, which can be read in two ways: {ways}",
        remedy=f"say which with --labels {ZERO_BASED} or --labels {ONE_BASED}",
    )
