"""Each annotator: how much, how fast, with which habits, and whether a habit is beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64
from scipy.stats import binom, hypergeom

from plaudit.judgements import FALSE_DISCOVERIES, WithOthers, agreement_with_others
from plaudit.labelling.watching.agreeing import ASK, votes_of, with_oneself
from plaudit.labelling.watching.judged import BOTH_BAD, KINDS, ORDER, SKIP, TIE, Judged
from plaudit.statistics import Measurement, benjamini_hochberg, proportion

FAST_SECONDS = 2.0
"""Nobody reads two answers in less; though some are told apart at a glance."""

FEWEST = 20
"""Judgements of a person below which no habit is tested."""

GOLD = KINDS.index("gold")
_TRAINING = KINDS.index("training")


@dataclass(frozen=True, slots=True)
class Habit:
    """What everybody and each person prefers of two answers, the one shown first or the longer one.

    Attributes:
        everyone: the share of all people's decided comparisons.
        each: person -> the person's share.
        q: person -> how likely so uncommon a share is by chance, over all people (Benjamini & Hochberg).
    """

    everyone: Measurement
    each: Mapping[int, Measurement]
    q: Mapping[int, float | None]

    def named(self, person: int) -> bool:
        """Whether a person's share is beyond chance."""
        q = self.q.get(person)
        return q is not None and q <= FALSE_DISCOVERIES


def first_shown(judged: Judged) -> Habit:
    """Preference for the answer that was shown before the other.

    Orders are drawn, so by chance it is one half. The test is a binomial one on judgements: of one that prefers more
    often what was shown first, or more often what was shown after.
    """
    leaning = _leanings(judged, judged.first)
    count, towards = _counts(judged.person, leaning)
    tested = [one for one in count if count[one] >= FEWEST]
    n, k = (np.array([numbers[one] for one in tested], dtype=np.float64) for numbers in (count, towards))
    p = np.minimum(1.0, 2 * np.minimum(binom.cdf(k, n, 0.5), binom.sf(k - 1, n, 0.5)))
    return _habit(judged, judged.first, dict(zip(tested, p.tolist(), strict=True)))


def longer(judged: Judged) -> Habit:
    """Preference for the longer answer, which may be right: so each person is compared with everyone else.

    The test is Fisher's exact one, two-sided, on each person's first judgement of each prompt: judgements of one prompt
    are alike.
    """
    order = np.lexsort((judged.id, judged.item, judged.person))
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (np.diff(judged.person[order]) != 0) | (np.diff(judged.item[order]) != 0)
    first = np.zeros(len(judged), dtype=np.bool_)
    first[order[fresh]] = True
    leaning = np.where(first, _leanings(judged, judged.longer), 0.0)
    count, towards = _counts(judged.person, leaning)
    everyone, all_towards = sum(count.values()), sum(towards.values())
    tested = [one for one in count if count[one] >= FEWEST and everyone - count[one] >= FEWEST]
    n, k = (np.array([numbers[one] for one in tested], dtype=np.int64) for numbers in (count, towards))
    below, above = hypergeom.cdf(k, everyone, all_towards, n), hypergeom.sf(k - 1, everyone, all_towards, n)
    p = np.minimum(1.0, 2 * np.minimum(below, above))
    return _habit(judged, judged.longer, dict(zip(tested, p.tolist(), strict=True)))


def annotators(judged: Judged, gold_revisions: Mapping[int, int]) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """Person -> figures, as JSON; and everyone's.

    Args:
        judged: what counts.
        gold_revisions: question -> which known answer it has now; what was compared with another is not comparable.
    """
    serious = judged.where((judged.kind != _TRAINING) & (judged.form != SKIP))
    people, votes = votes_of(serious.where(serious.kind == ASK))
    with_others = {int(people[voter]): told for voter, told in agreement_with_others(votes).items()}
    all_self, self_of = with_oneself(judged)
    positions, lengths = first_shown(serious), longer(serious)
    gold = _gold(judged, gold_revisions)
    told = {}
    order = np.argsort(judged.person, kind="stable")
    people_all, starts = np.unique(judged.person[order], return_index=True)
    for one, mine in zip(people_all.tolist(), np.split(order, starts[1:]), strict=False):
        told[one] = {
            **_amounts(judged, mine),
            "first": _json(positions.each.get(one)) | {"named": positions.named(one)},
            "longer": _json(lengths.each.get(one)) | {"named": lengths.named(one)},
            "others": _with_others(with_others.get(one)),
            "gold": gold.get(one, dict.fromkeys(("passed", "failed", "not_comparable"), 0)),
            "self": _json(self_of.get(one)),
        }
    timed = (judged.form != SKIP) & ~np.isnan(judged.seconds)
    known = judged.seconds[timed]
    shared, agreed = votes.against_majority() if len(votes.pair) else (np.zeros(0, dtype=np.bool_), np.zeros(0))
    everyone = {
        "first": positions.everyone.to_json(),
        "longer": lengths.everyone.to_json(),
        "others": proportion(agreed[shared], np.ones(int(shared.sum())), votes.cluster[shared]).to_json(),
        "self": all_self.to_json(),
        "gold": {name: sum(one[name] for one in gold.values()) for name in ("passed", "failed", "not_comparable")},
        "seconds": float(np.median(known)) if len(known) else None,
        "fast": _fast(known, judged.item[timed]).to_json(),
    }
    for name in ("judgements", "compared", "ties", "both_bad", "skips"):
        everyone[name] = sum(one[name] for one in told.values())
    return told, everyone


def _amounts(judged: Judged, mine: Int64[np.ndarray, " mine"]) -> dict[str, Any]:
    form, seconds = judged.form[mine], judged.seconds[mine]
    answered = form != SKIP
    timed = answered & ~np.isnan(seconds)
    known = seconds[timed]
    compared = int(np.isin(form, (ORDER, TIE, BOTH_BAD)).sum())
    fast = _fast(known, judged.item[mine][timed])
    return {
        "judgements": int(answered.sum()),
        "answers": int((answered & (judged.kind[mine] == ASK)).sum()),
        "compared": compared,
        "ties": int((form == TIE).sum()),
        "both_bad": int((form == BOTH_BAD).sum()),
        "skips": int((~answered).sum()),
        "seconds": float(np.median(known)) if len(known) else None,
        "fast": fast.to_json(),
        "hasty": fast.n >= FEWEST and fast.above(0.5),
        "last": float(judged.sent[mine].max() // 60 * 60),
    }


def _fast(seconds: Float64[np.ndarray, " timed"], item: Int64[np.ndarray, " timed"]) -> Measurement:
    return proportion((seconds < FAST_SECONDS).astype(np.float64), np.ones(len(seconds)), item)


def _leanings(judged: Judged, towards: Float64[np.ndarray, " m"]) -> Float64[np.ndarray, " n"]:
    """[n], 1 where a judgement's comparisons mostly go one way, -1 for the other, 0 for neither."""
    return np.sign(np.bincount(judged.of, judged.value * towards, len(judged)).astype(np.float64))


def _counts(
    person: Int64[np.ndarray, " n"], leaning: Float64[np.ndarray, " n"]
) -> tuple[dict[int, int], dict[int, int]]:
    """Person -> judgements that lean, and those that lean towards it."""
    people, number = np.unique(person, return_inverse=True)
    both = (np.bincount(number, which, len(people)).astype(int).tolist() for which in (leaning != 0, leaning > 0))
    count, towards = (dict(zip(people.tolist(), column, strict=True)) for column in both)
    return count, towards


def _habit(judged: Judged, towards: Float64[np.ndarray, " m"], p: Mapping[int, float]) -> Habit:
    """Shares of decided comparisons; those of one judgement weigh one together."""
    decided = (judged.value != 0) & (towards != 0)
    of = judged.of[decided]
    outcome = (judged.value[decided] == towards[decided]).astype(np.float64)
    weight = 1 / np.bincount(of, minlength=len(judged))[of] if len(of) else np.zeros(0)
    person, item = judged.person[of], judged.item[of]
    order = np.argsort(person, kind="stable")
    people, starts = np.unique(person[order], return_index=True)
    each = {
        int(one): proportion(outcome[rows], weight[rows], item[rows])
        for one, rows in zip(people, np.split(order, starts[1:]), strict=False)
    }
    q = benjamini_hochberg({str(one): value for one, value in p.items()})
    return Habit(proportion(outcome, weight, item), each, {int(one): value for one, value in q.items()})


def _gold(judged: Judged, revisions: Mapping[int, int]) -> dict[int, dict[str, int]]:
    told: dict[int, dict[str, int]] = {}
    rows = judged.where(judged.kind == GOLD)
    columns = (rows.person, rows.question, rows.result, rows.gold_revision)
    for person, question, result, revision in zip(*(column.tolist() for column in columns), strict=True):
        counts = told.setdefault(person, dict.fromkeys(("passed", "failed", "not_comparable"), 0))
        comparable = revision == revisions.get(question) and result in (1, 2)
        counts[("passed", "failed")[result - 1] if comparable else "not_comparable"] += 1
    return told


def _with_others(told: WithOthers | None) -> dict[str, Any]:
    if told is None:
        return _json(None) | {"crowd": None, "named": False}
    return told.rate.to_json() | {"crowd": told.crowd, "named": told.named}


def _json(told: Measurement | None) -> dict[str, Any]:
    return {"value": None, "low": None, "high": None, "n": 0} if told is None else told.to_json()
