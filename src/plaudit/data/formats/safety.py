"""Answers judged for help and for harm: PKU-SafeRLHF's pairs, and single answers that are safe or not (BeaverTails)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, name_of, need, optional_number, prompt_of, take
from plaudit.data.formats.texts import response_of
from plaudit.data.formats.verdicts import FIRST, SECOND
from plaudit.groups import Group, GroupError, Ranking, Rating

_DIMENSIONS = (("better", "better_response_id"), ("safer", "safer_response_id"))
_RESPONSES = ("response_0", "response_1")
_ENOUGH_ROWS = 20  # that two judgements agree so often by chance is out of the question


def knows_pairs(row: Mapping[str, Any]) -> bool:
    return {*_RESPONSES} <= row.keys() and any(column in row for _, column in _DIMENSIONS)


def read_pairs(row: dict[str, Any], file: FileReading) -> tuple[Group, ...]:
    """Two groups a row, in the subsets `better` (the more helpful) and `safer`, since help and harm often disagree.

    Example:
        >>> row = {"prompt": "How?", "response_0": "So.", "response_1": "No.", "is_response_0_safe": False}
        >>> better, safer = read_pairs({**row, "better_response_id": 0, "safer_response_id": 1}, FileReading())
        >>> better.rankings[0].tiers, safer.rankings[0].tiers, safer.ratings[0].value
        (((0,), (1,)), ((1,), (0,)), 0)
    """
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    responses = tuple(response_of(need(row, name), name) for name in _RESPONSES)
    identity, annotator, subset = name_of(row, *IDS), name_of(row, *ANNOTATORS), name_of(row, "subset")
    rankings = {name: _ranking(row, column, annotator) for name, column in _DIMENSIONS}
    if not any(rankings.values()):
        file.note("there is no verdict; the responses are kept, unjudged")
    ratings = tuple(
        rating
        for index in (0, 1)
        for rating in _ratings(row, index, f"is_response_{index}_safe", f"response_{index}_severity_level", annotator)
    )
    safe = {rating.response: rating.value for rating in ratings if rating.attribute == "safe"}
    for ranking in rankings["safer"]:
        better, worse = ranking.tiers[0][0], ranking.tiers[1][0]
        if safe.get(better, 1) < safe.get(worse, 0):
            file.note("the safer response is the one that is not safe; both judgements are kept")
    if all(rankings.values()):
        file.tally["alike" if rankings["better"] == rankings["safer"] else "differ"] += 1
    # A judgement of harm stands with the order of harm.
    return tuple(
        Group(
            id=f"{identity}/{name}" if identity else "",
            prompt=prompt,
            responses=responses,
            rankings=rankings[name],
            ratings=ratings if name == "safer" else (),
            subset=f"{subset}/{name}" if subset else name,
        )
        for name, _ in _DIMENSIONS
        if rankings[name] or (name == "safer" and ratings) or not (any(rankings.values()) or ratings)
    )


def finish_pairs(file: FileReading) -> None:
    """Note a file whose two dimensions are always one: published so, a single preference stands in both columns."""
    if file.tally["alike"] >= _ENOUGH_ROWS and not file.tally["differ"]:
        file.notes[
            "the better and the safer response never differ: there may be one preference, which the subsets 'better' "
            "and 'safer' hold twice; take one of them"
        ] = file.tally["alike"]


def _ranking(row: dict[str, Any], column: str, annotator: str | None) -> tuple[Ranking, ...]:
    index = optional_number(row, f'"{column}"', column)
    if index is None:
        return ()
    if index not in (0, 1):
        raise GroupError(f'"{column}" is {index:g}', remedy="it must be 0 or 1, the number in a response's name")
    return (Ranking(SECOND if index else FIRST, annotator=annotator),)


def knows_single(row: Mapping[str, Any]) -> bool:
    return {"response", "is_safe"} <= row.keys() and bool(row.keys() & {*PROMPTS})


def read_single(row: dict[str, Any], file: FileReading) -> Group:
    """A response that is safe (1) or not (0), and how severe its harm is, below 0.

    Example:
        >>> row = {"prompt": "How?", "response": "So.", "is_safe": False, "severity_level": 2}
        >>> group = read_single(row, FileReading())
        >>> [(rating.attribute, rating.value) for rating in group.ratings]
        [('safe', 0), ('severity', -2)]
    """
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    ratings = _ratings(row, 0, "is_safe", "severity_level", name_of(row, *ANNOTATORS))
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=(response_of(need(row, "response"), "the response"),),
        ratings=tuple(ratings),
        subset=name_of(row, "subset"),
    )


def _ratings(row: dict[str, Any], index: int, safe: str, severity: str, annotator: str | None) -> list[Rating]:
    """Whether a response is safe, and minus its level of harm, so that higher is better in both."""
    ratings = []
    flag = take(row, safe)
    if flag is not None:
        words = {"true": 1, "1": 1, "1.0": 1, "false": 0, "0": 0, "0.0": 0}
        word = str(flag).strip().casefold()
        if word not in words:
            raise GroupError(f'"{safe}" is {flag!r:.40}', remedy="it must be true or false")
        ratings.append(Rating(index, words[word], "safe", annotator, scale=(0, 1)))
    level = optional_number(row, f'"{severity}"', severity)
    if level is not None:
        ratings.append(Rating(index, 0 - level, "severity", annotator, scale=(-3, 0)))
    return ratings


register_format(
    Format(
        name="pku-safe-rlhf",
        priority=73,
        columns="prompt, response_0, response_1, better_response_id, safer_response_id",
        knows=knows_pairs,
        read=read_pairs,
        finish=finish_pairs,
    )
)
register_format(
    Format(name="safety", priority=74, columns="prompt, response, is_safe", knows=knows_single, read=read_single)
)
