"""Rankings that are probably wrong: which comparison is contradicted, by whom, and what would have to be removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from plaudit.doctor.findings import Item, ranking_target
from plaudit.doctor.label_errors import LabelErrors
from plaudit.groups import Group, Ranking

LISTED = 0.5
"""From this probability on a judgement is more likely wrong than right, and worth a person's look."""

REMOVED = 0.8
"""From this probability on removal is proposed: if the probabilities hold, at most one removal in five costs a right
judgement."""

REMOVED_ALONE = 1.0
"""The same for judgements without other votes, where only models count; 1 proposes none. A model that is sure and wrong
cannot be told from a judgement that is: on UKP, of what 0.8 removes 94 to 96% were flips with other votes, and 53 to
74% without."""

_SHOWN = 5
"""Contradicted comparisons of a ranking that an item lists."""


def suspicious_rankings(
    groups: Sequence[Group], errors: LabelErrors, threshold: float = REMOVED, threshold_alone: float = REMOVED_ALONE
) -> Iterator[Item]:
    """An item for each ranking with a comparison that is probably wrong.

    Of a long ranking only the responses that its contradicted comparisons have in common are removed (a smallest vertex
    cover, found greedily); the rest of the order stays.

    Args:
        groups: as in `errors`.
        errors: of every comparison.
        threshold: probability of being wrong from which removal is proposed.
        threshold_alone: the same where there are no other votes.
    """
    listed = np.where(errors.has_other_votes, min(LISTED, threshold), min(LISTED, threshold_alone))
    rows = np.flatnonzero(errors.p_wrong >= listed)
    order = np.lexsort((errors.ranking[rows], errors.group[rows]))
    keys = np.stack([errors.group[rows], errors.ranking[rows]], axis=1)[order]
    ends = np.flatnonzero(np.any(np.diff(keys, axis=0) != 0, axis=1)) + 1
    for of_ranking in np.split(rows[order], ends) if len(rows) else ():
        first = of_ranking[0]
        limit = threshold if errors.has_other_votes[first] else threshold_alone
        yield _item(groups[errors.group[first]], errors, of_ranking, limit)


def _item(group: Group, errors: LabelErrors, rows: Int[np.ndarray, " rows"], threshold: float) -> Item:
    """The item of one ranking, from its contradicted comparisons."""
    rows = rows[np.argsort(-errors.p_wrong[rows], kind="stable")]
    worst = rows[0]
    number, better, worse = int(errors.ranking[worst]), int(errors.better[worst]), int(errors.worse[worst])
    ranking = group.rankings[number]
    agree, against = votes_on_pair(group.rankings, number, better, worse)
    to_remove = [row for row in rows if errors.p_wrong[row] >= threshold]
    cover = _vertex_cover(
        [(int(errors.better[row]), int(errors.worse[row]), float(errors.p_wrong[row])) for row in to_remove or rows]
    )
    others = f", {errors.p_combined[worst]:.1%} given the other judgements" if errors.has_other_votes[worst] else ""
    votes = f"; {against} of {agree + against} others disagree" if agree + against else ""
    verb = f"{ranking.annotator} puts" if ranking.annotator is not None else "puts"
    evidence: dict[str, Any] = {
        "probability_by_models": round(float(errors.p_by_models[worst]), 4),
        "probability_with_others": round(float(errors.p_combined[worst]), 4),
        "others_for": agree,
        "others_against": against,
        "contradicted": [
            {
                "better": int(errors.better[row]),
                "worse": int(errors.worse[row]),
                "wrong": round(float(errors.p_wrong[row]), 4),
            }
            for row in rows[:_SHOWN]
        ],
        "contradicted_count": len(rows),
        **({} if ranking.annotator is None else {"annotator": ranking.annotator}),
    }
    return Item(
        kind="suspicious-ranking",
        suspicion=float(errors.p_wrong[worst]),
        what=f"{verb} response {better} above {worse}: {errors.p_by_models[worst]:.1%} likely by the models alone"
        f"{others}{votes}",
        keep=not to_remove,
        group=group.id,
        evidence=evidence,
        target=ranking_target(group, number, cover),
    )


def votes_on_pair(rankings: Sequence[Ranking], number: int, better: int, worse: int) -> tuple[int, int]:
    """How many rankings other than this `number` put `better` above `worse`, and how many below."""
    tiers = [_tier_of_response(other) for i, other in enumerate(rankings) if i != number]
    gaps = [tier[worse] - tier[better] for tier in tiers if better in tier and worse in tier]
    return sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)


def _tier_of_response(ranking: Ranking) -> Mapping[int, int]:
    return {response: number for number, tier in enumerate(ranking.tiers) for response in tier}


def _vertex_cover(comparisons: Sequence[tuple[int, int, float]]) -> list[int]:
    """Responses of which every (better, worse, probability) has at least one, greedily: the response with the largest
    sum of probabilities first."""
    uncovered, cover = list(comparisons), []
    while uncovered:
        load: dict[int, float] = {}
        for better, worse, wrong in uncovered:
            load[better] = load.get(better, 0.0) + wrong
            load[worse] = load.get(worse, 0.0) + wrong
        heaviest = max(sorted(load), key=load.__getitem__)
        cover.append(heaviest)
        uncovered = [comparison for comparison in uncovered if heaviest not in comparison[:2]]
    return cover
