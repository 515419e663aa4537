"""How far people agree with one another, and with themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from plaudit.judgements import ONE_RATER, PairVotes, alpha_of_votes, interval_alpha, numbered, same_votes
from plaudit.labelling.watching.judged import KINDS, Judged
from plaudit.statistics import Measurement, proportion, undefined

ASK, REPEAT = KINDS.index("ask"), KINDS.index("repeat")

MOST_SUBSETS = 20
"""Of which agreement is told, the largest first."""


def votes_of(judged: Judged) -> tuple[Int64[np.ndarray, " people"], PairVotes]:
    """The ids of people, and one vote of each on every pair of responses that they compared."""
    item, person = judged.item[judged.of], judged.person[judged.of]
    pair = numbered(item, pair_numbers(judged))
    people, voter = np.unique(person, return_inverse=True)
    vote = numbered(pair, voter)
    count = int(vote.max(initial=-1)) + 1
    of_pair, of_voter, cluster = (np.zeros(count, dtype=np.int64) for _ in range(3))
    of_pair[vote], of_voter[vote], cluster[vote] = pair, voter, item
    sign = np.sign(np.bincount(vote, judged.value, count).astype(np.float64))
    return people, PairVotes(pair=of_pair, voter=of_voter, sign=sign, cluster=cluster)


def pair_numbers(judged: Judged) -> Int64[np.ndarray, " m"]:
    """[m], a number for the two responses, within an item."""
    return np.asarray(judged.low * (int(judged.high.max(initial=0)) + 1) + judged.high)


def agreement(judged: Judged, subsets: Sequence[str | None], attributes: Sequence[str]) -> dict[str, Any]:
    """Agreement on questions that were drawn at random, as JSON.

    A wave asks what is hard to tell, where people agree less than they would on the whole.

    Args:
        judged: what counts, of all questions.
        subsets: names, by their places in `judged`.
        attributes: names, by their places in `judged`.
    """
    drawn = judged.where((judged.kind == ASK) & judged.random)
    _, votes = votes_of(drawn)
    told = _agreement(votes) | {"self": with_oneself(judged)[0].to_json()}
    sizes = np.bincount(drawn.subset, minlength=len(subsets))
    of_item = np.zeros(int(drawn.item.max(initial=-1)) + 1, dtype=np.int64)
    of_item[drawn.item] = drawn.subset
    of_vote = of_item[votes.cluster]
    largest = np.argsort(-sizes, kind="stable")[:MOST_SUBSETS]
    names = [(int(place), subsets[place]) for place in largest if sizes[place] and subsets[place] is not None]
    told["subsets"] = [
        {"subset": name, "judgements": int(sizes[place]), **_agreement(_some(votes, of_vote == place))}
        for place, name in names
    ]
    told["attributes"] = [
        {"attribute": name, "alpha": _of_ratings(drawn, place).to_json()} for place, name in enumerate(attributes)
    ]
    return told


def with_oneself(judged: Judged) -> tuple[Measurement, dict[int, Measurement]]:
    """Of the pairs in a repeated question, the share that a person judged as before; all people's, and each one's."""
    again = judged.where(judged.kind == REPEAT)
    before = judged.where((judged.kind == ASK) & np.isin(judged.question, again.repeats))
    told = dict(zip(_keys(before, before.question), before.value.tolist(), strict=True))
    keys = _keys(again, again.repeats)
    earlier = np.array([told.get(key, np.nan) for key in keys], dtype=np.float64)
    known = ~np.isnan(earlier)
    same = (earlier == again.value).astype(np.float64)[known]
    person, item = again.person[again.of][known], again.item[again.of][known]
    each = {
        int(one): proportion(same[person == one], np.ones(int((person == one).sum())), item[person == one])
        for one in np.unique(person)
    }
    return proportion(same, np.ones(len(same)), item), each


def _keys(judged: Judged, question: Int64[np.ndarray, " n"]) -> list[tuple[int, ...]]:
    """Of each pair: who, which question, and the two responses."""
    columns = (judged.person[judged.of], question[judged.of], judged.low, judged.high)
    return [*zip(*(column.tolist() for column in columns), strict=True)]


def _some(votes: PairVotes, kept: Bool[np.ndarray, " votes"]) -> PairVotes:
    return PairVotes(pair=votes.pair[kept], voter=votes.voter[kept], sign=votes.sign[kept], cluster=votes.cluster[kept])


def _agreement(votes: PairVotes) -> dict[str, Any]:
    columns = (votes.pair, votes.sign, votes.cluster)
    return {"alpha": alpha_of_votes(*columns).to_json(), "percent": same_votes(*columns).to_json()}


def _of_ratings(judged: Judged, attribute: int) -> Measurement:
    here: Bool[np.ndarray, " k"] = judged.attribute == attribute
    item = judged.item[judged.rated_of[here]]
    unit = numbered(item, judged.rated[here])
    shared = np.bincount(unit)[unit] > 1 if len(unit) else np.zeros(0, dtype=np.bool_)
    if not shared.any():
        return undefined(ONE_RATER)
    cluster = np.zeros(int(unit.max()) + 1, dtype=np.int64)
    cluster[unit] = item
    return interval_alpha(judged.rating[here][shared], unit[shared], cluster)
