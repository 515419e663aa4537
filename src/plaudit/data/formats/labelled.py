"""The general format of two responses and a verdict: words, numbers, signed and soft preferences, one-hot columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.data.formats import ZERO_BASED, FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, is_absent, name_of, optional_number
from plaudit.data.formats.scored_sides import score_columns
from plaudit.data.formats.sides import SIDES, Sides, canonical, make_canonical, refuse_a_third, sides_of, texts_of
from plaudit.data.formats.verdicts import Preference, is_word, soft_rankings, strength_of, verdict_of
from plaudit.groups import Group, GroupError, Ranking

VERDICTS = (
    "winner", "preference", "preferred", "label", "choice", "verdict", "judgement", "judgment", "comparison",
    "human_preference", "better_response", "preferred_response", "selected",
)  # fmt: skip
SIGNED = ("preference_strength", "overall_preference")
_PROBABILITIES = (("prob_first", "prob_a", "p_a"), ("prob_second", "prob_b", "p_b"))
_ONE_HOT = (("winner_model_a", "winner_model_b", "winner_tie"), ("winner_a", "winner_b", "winner_tie"))
_FLIPPED = frozenset(
    {"flipped", "is_flipped", "swapped", "is_swapped", "swap", "order_swapped", "switched", "reversed"}
)
_MODELS = (("model_a", "model_b"), ("model_1", "model_2"), ("generator_1", "generator_2"))
_JUDGED = frozenset({*VERDICTS, *SIGNED, *_PROBABILITIES[0], *_PROBABILITIES[1], *_ONE_HOT[0], *_ONE_HOT[1][:2]})
_CANONICAL = frozenset(
    {*_JUDGED, *PROMPTS, *ANNOTATORS, "system", "strength", "margin", "turn"}
    | {name for sides in SIDES for name in (sides.first, sides.second)}
)


def knows(row: Mapping[str, Any]) -> bool:
    if sides_of(row) is None:
        return False
    # A verdict is a plain value: lists and objects under these names are other tools' records.
    return any(canonical(name) in _JUDGED and not isinstance(row[name], (list, Mapping)) for name in row)


def read(row: dict[str, Any], file: FileReading) -> Group:
    """Two responses, and what the verdicts of the row say; without one they are kept unjudged, and counted.

    Example:
        >>> row = {"question": "2 + 2?", "response_A": "5", "response_B": "4", "label": "B>A"}
        >>> group = read(row, FileReading())
        >>> group.responses, group.rankings[0].tiers, group.rankings[0].strength
        (('5', '4'), ((1,), (0,)), 1)
    """
    file = _numbered(row, file)
    make_canonical(row, _CANONICAL)
    sides = sides_of(row) or SIDES[0]
    refuse_a_third(row, sides)
    identity, subset, annotator = name_of(row, *IDS), name_of(row, "subset"), name_of(row, *ANNOTATORS)
    cells = row.get(sides.first), row.get(sides.second)
    prompt, first, second = texts_of(row, sides, file)
    rankings = _rankings(row, sides, cells, annotator, file)
    if row and rankings:
        _note_contradictions(row, sides, rankings, file)
    return Group(
        id=identity or "",
        prompt=prompt,
        responses=(first, second),
        rankings=rankings,
        subset=subset,
    )


def _note_contradictions(row: Mapping[str, Any], sides: Sides, rankings: Sequence[Ranking], file: FileReading) -> None:
    """Note what else a row says of its two responses that may turn its verdict round."""
    for name, value in row.items():
        if canonical(name) in _FLIPPED and str(value).strip().casefold() in ("1", "true", "yes"):
            file.note(f"{name!r} is set; the verdict is read of the columns as they stand")
    names = {canonical(name): name for name in row}
    for first, second in score_columns(sides):
        cells = [row.get(names.get(name, "")) for name in (first, second)]
        points = [
            float(cell) if isinstance(cell, str) else cell
            for cell in cells
            if isinstance(cell, (int, float, str)) and not is_absent(cell) and not is_word(cell)
        ]
        if len(points) < 2 or len(rankings) > 1 or len(rankings[0].tiers) < 2:
            continue
        winner = rankings[0].tiers[0][0]
        if points[winner] < points[1 - winner]:
            file.note(f"{first!r} and {second!r} contradict the verdict; the verdict is believed, and they are in meta")


def _numbered(row: Mapping[str, Any], file: FileReading) -> FileReading:
    """The file, with the numbering that a published shape fixes: Auto-J counts from 0, and its 2 is a tie."""
    if {"scenario", "label", "response 1", "response 2"} <= row.keys() and file.labels is None:
        return FileReading(file.stem, ZERO_BASED, file.notes, file.numbers)
    return file


def _rankings(
    row: dict[str, Any], sides: Sides, cells: tuple[Any, Any], annotator: str | None, file: FileReading
) -> tuple[Ranking, ...]:
    probabilities = [optional_number(row, "the probability", *names) for names in _PROBABILITIES]
    if probabilities[0] is not None:
        return soft_rankings(probabilities[0], annotator)
    if probabilities[1] is not None:
        return soft_rankings(1 - probabilities[1], annotator)
    verdict = _verdict(row, sides, cells, file)
    if verdict is None:
        file.note("there is no verdict; the responses are kept, unjudged")
        return ()
    return verdict.rankings(annotator)


def _verdict(row: dict[str, Any], sides: Sides, cells: tuple[Any, Any], file: FileReading) -> Preference | None:
    """The verdict of a row's columns, which must agree where there are several; None if none says anything.

    Raises:
        GroupError: if two columns contradict each other, or a strength is against the verdict.
    """
    preferences = _preferences(row, sides, cells, file)
    strength = strength_of(row, "the strength", file, "strength", "margin") if preferences else None
    if not preferences:
        return None
    (column, verdict), *others = preferences
    for name, other in others:
        if _direction(other) != _direction(verdict):
            raise GroupError(
                f"{column!r} says that {_words(verdict)}, and {name!r} that {_words(other)}",
                remedy="mend the row, or remove the column that is no verdict",
            )
    if strength is not None and strength < 0:
        raise GroupError(f"the strength is {strength:g}, which is against the verdict", remedy="it must be >= 0")
    strengths = [one for one in (strength, *(one.strength for _, one in preferences)) if one is not None]
    return Preference(verdict.first, strengths[0] if strengths else None)


def _preferences(
    row: dict[str, Any], sides: Sides, cells: tuple[Any, Any], file: FileReading
) -> list[tuple[str, Preference]]:
    """What each column says. Beside a verdict, a number or a strange word in a further column may mean anything."""
    preferences: list[tuple[str, Preference]] = []
    for column in VERDICTS:
        value = row.get(column)
        if value is None or (preferences and not is_word(value)):
            continue
        try:
            verdict = verdict_of(value, column, sides.naming, file)
        except GroupError:
            # A letter names a column, whatever the texts are; only what is no verdict may be a model's name or a text.
            verdict = _named(value, row, cells)
            if verdict is None and preferences:
                continue
            if verdict is None:
                raise
        row.pop(column)
        if verdict is not None:
            preferences.append((column, verdict))
    if (verdict := _one_hot(row)) is not None:
        preferences.append(("winner_...", verdict))
    for column in SIGNED:
        signed = optional_number(row, "the preference", column)
        if signed is not None:
            # HelpSteer's sign: below zero the first response is better, above it the second.
            preferences.append((column, Preference(0.5 if signed == 0 else float(signed < 0), abs(signed))))
    return preferences


def _named(value: Any, row: Mapping[str, Any], cells: tuple[Any, Any]) -> Preference | None:
    """The verdict that names the better response by its model or its own text."""
    if not is_word(value):
        return None
    names = [tuple(row.get(name) for name in pair) for pair in _MODELS]
    for first, second in (*names, cells):
        if first != second and value in (first, second):
            return Preference(float(value == first))
    return None


def _one_hot(row: dict[str, Any]) -> Preference | None:
    """LMSYS's three columns, of which one holds a 1."""
    for columns in _ONE_HOT:
        if columns[0] in row and columns[1] in row:
            for name in columns:  # pandas' get_dummies writes True and False
                row[name] = {"true": 1, "false": 0}.get(str(row.get(name)).strip().casefold(), row.get(name))
            flags = [optional_number(row, f"{name!r}", name) or 0 for name in columns]
            if not any(flags):
                return None
            if sorted(flags) != [0, 0, 1]:
                raise GroupError(
                    f"{', '.join(columns)} are {', '.join(f'{flag:g}' for flag in flags)}",
                    remedy="one must be 1 and the others 0",
                )
            return Preference((1.0, 0.0, 0.5)[flags.index(1)])
    return None


def _direction(verdict: Preference) -> int:
    return (verdict.first > 0.5) - (verdict.first < 0.5)


def _words(verdict: Preference) -> str:
    return ("both are equal", "the first response is better", "the second is better")[_direction(verdict)]


register_format(
    Format(
        name="labelled",
        priority=90,
        columns="prompt, response_a, response_b, winner",
        knows=knows,
        read=read,
        needs=(
            PROMPTS,
            tuple(sides.first for sides in SIDES),
            tuple(sides.second for sides in SIDES),
            VERDICTS + SIGNED,
        ),
    )
)
