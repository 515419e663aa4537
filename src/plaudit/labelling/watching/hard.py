"""Questions that people judge differently, skip, take long for, or get wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from plaudit.judgements import numbered
from plaudit.labelling.watching.agreeing import ASK, pair_numbers
from plaudit.labelling.watching.habits import GOLD
from plaudit.labelling.watching.judged import SKIP, Judged

MOST = 10
"""Questions in each list."""


def hard_questions(judged: Judged, gold_revisions: Mapping[int, int]) -> dict[str, list[dict[str, Any]]]:
    """The most disputed, skipped, slowest and failed questions, by their ids.

    Args:
        judged: what counts.
        gold_revisions: question -> which known answer it has now.
    """
    asked = judged.where(judged.kind == ASK)
    return {
        "disputed": most_disputed(asked),
        "skipped": most_skipped(asked),
        "slowest": slowest(asked),
        "failed": most_failed(judged.where(judged.kind == GOLD), gold_revisions),
    }


def most_disputed(judged: Judged) -> list[dict[str, Any]]:
    """By the share of two people's verdicts on the same answers that are not the same, then by how many judged."""
    question = judged.question[judged.of]
    if not len(question):
        return []
    unit = numbered(question, pair_numbers(judged))
    counts = np.array([np.bincount(unit, judged.value == value) for value in (-1, 0, 1)])
    size = counts.sum(axis=0)
    of_unit = np.zeros(len(size), dtype=np.int64)
    of_unit[unit] = question
    questions, number = np.unique(of_unit, return_inverse=True)
    pairs = np.bincount(number, size * (size - 1))
    same = np.bincount(number, (counts * (counts - 1)).sum(axis=0))
    people = np.zeros(len(questions))
    np.maximum.at(people, number, size)
    share = np.divide(pairs - same, pairs, out=np.zeros(len(pairs)), where=pairs > 0)
    best = [place for place in np.lexsort((-people, -share))[:MOST] if share[place] > 0]
    return [
        {"question": int(questions[place]), "differ": float(share[place]), "people": int(people[place])}
        for place in best
    ]


def most_skipped(judged: Judged) -> list[dict[str, Any]]:
    """By how many people skipped it."""
    questions, count = np.unique(judged.question[judged.form == SKIP], return_counts=True)
    best = np.argsort(-count, kind="stable")[:MOST]
    return [{"question": int(questions[place]), "skips": int(count[place])} for place in best]


def slowest(judged: Judged) -> list[dict[str, Any]]:
    """By the median of people's active seconds."""
    known = (judged.form != SKIP) & ~np.isnan(judged.seconds)
    question, seconds = judged.question[known], judged.seconds[known]
    if not len(question):
        return []
    order = np.lexsort((seconds, question))
    questions, start, count = np.unique(question[order], return_index=True, return_counts=True)
    middle = seconds[order][start + (count - 1) // 2] + seconds[order][start + count // 2]
    best = np.argsort(-middle, kind="stable")[:MOST]
    return [
        {"question": int(questions[place]), "seconds": float(middle[place] / 2), "people": int(count[place])}
        for place in best
    ]


def most_failed(judged: Judged, gold_revisions: Mapping[int, int]) -> list[dict[str, Any]]:
    """Known answers that people give least: perhaps it is those that are wrong."""
    counts: dict[int, list[int]] = {}
    columns = (judged.question, judged.result, judged.gold_revision)
    for question, result, revision in zip(*(column.tolist() for column in columns), strict=True):
        if result in (1, 2) and revision == gold_revisions.get(question):
            counts.setdefault(question, [0, 0])[result - 1] += 1
    worst = sorted(counts, key=lambda one: (-counts[one][1] / sum(counts[one]), -counts[one][1], one))
    return [
        {"question": one, "passed": counts[one][0], "failed": counts[one][1]} for one in worst[:MOST] if counts[one][1]
    ]
