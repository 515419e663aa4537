"""Rankings that are probably wrong: which comparison is contradicted, by whom, and what would have to go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from plaudit.doctor.findings import Item, ranking_target
from plaudit.doctor.label_errors import Suspicion
from plaudit.groups import Group, Ranking

LISTED = 0.5
"""From here on a judgement is more likely wrong than right, and is worth a person's look."""

REMOVED = 0.8
"""From here on its removal is proposed: if the probabilities hold, at most one removal in five costs a good one."""

REMOVED_ALONE = 1.0
"""The same for judgements about which models speak alone; 1 proposes none. A model that is sure and wrong cannot be
told from a judgement that is: on UKP, of what 0.8 takes 94 to 96% were flips where others were heard, and 53 to 74%
where they were not."""

_SHOWN = 5


def suspicious_rankings(
    groups: Sequence[Group], found: Suspicion, removed: float = REMOVED, alone: float = REMOVED_ALONE
) -> Iterator[Item]:
    """An item for each ranking with a comparison that is probably wrong. From a probability of `removed` on its removal
    is proposed (of `alone`, where nobody else of the group is heard).

    Of a long ranking only the responses go that the contradicted comparisons have in common (the smallest cover, found
    greedily); the rest of the order stays.
    """
    listed = np.flatnonzero(found.wrong >= np.where(found.heard, min(LISTED, removed), min(LISTED, alone)))
    order = np.lexsort((found.ranking[listed], found.group[listed]))
    keys = np.stack([found.group[listed], found.ranking[listed]], axis=1)[order]
    ends = np.flatnonzero(np.any(np.diff(keys, axis=0) != 0, axis=1)) + 1
    for rows in np.split(listed[order], ends) if len(listed) else ():
        yield _item(groups[found.group[rows[0]]], found, rows, removed if found.heard[rows[0]] else alone)


def _item(group: Group, found: Suspicion, rows: np.ndarray, removed: float) -> Item:
    rows = rows[np.argsort(-found.wrong[rows], kind="stable")]
    number, worst = int(found.ranking[rows[0]]), rows[0]
    ranking = group.rankings[number]
    better, worse = int(found.better[worst]), int(found.worse[worst])
    agree, against = votes(group.rankings, number, better, worse)
    go = [row for row in rows if found.wrong[row] >= removed]
    cover = _cover([(int(found.better[row]), int(found.worse[row]), float(found.wrong[row])) for row in go or rows])
    others = f", {found.honest[worst]:.1%} with others heard" if found.heard[worst] else ""
    heard = f"; {against} of {agree + against} others disagree" if agree + against else ""
    who = f"{ranking.annotator} puts" if ranking.annotator is not None else "puts"
    return Item(
        "suspicious-ranking",
        float(found.wrong[worst]),
        f"{who} response {better} above {worse}: {found.models[worst]:.1%} likely by the models alone{others}{heard}",
        keep=not go,
        group=group.id,
        evidence={
            "probability_by_models": round(float(found.models[worst]), 4),
            "probability_with_others": round(float(found.honest[worst]), 4),
            "others_for": agree,
            "others_against": against,
            "contradicted": [
                {
                    "better": int(found.better[row]),
                    "worse": int(found.worse[row]),
                    "wrong": round(float(found.wrong[row]), 4),
                }
                for row in rows[:_SHOWN]
            ],
            "contradicted_count": len(rows),
            **({} if ranking.annotator is None else {"annotator": ranking.annotator}),
        },
        target=ranking_target(group, number, cover),
    )


def votes(rankings: Sequence[Ranking], number: int, better: int, worse: int) -> tuple[int, int]:
    """How many other rankings put `better` above `worse`, and how many below."""
    places = [_places(other) for i, other in enumerate(rankings) if i != number]
    gaps = [place[worse] - place[better] for place in places if better in place and worse in place]
    return sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)


def _places(ranking: Ranking) -> Mapping[int, int]:
    return {response: place for place, tier in enumerate(ranking.tiers) for response in tier}


def _cover(comparisons: Sequence[tuple[int, int, float]]) -> list[int]:
    """Responses such that every comparison has one of them: the one with most suspicion on it first, and so on."""
    left, chosen = list(comparisons), []
    while left:
        load: dict[int, float] = {}
        for better, worse, wrong in left:
            load[better] = load.get(better, 0.0) + wrong
            load[worse] = load.get(worse, 0.0) + wrong
        worst = max(sorted(load), key=load.__getitem__)
        chosen.append(worst)
        left = [one for one in left if worst not in one[:2]]
    return chosen
