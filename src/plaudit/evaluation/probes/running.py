"""Running probes: a model and its users' data -> the result of every probe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random

import numpy as np

from plaudit._arguments import checked
from plaudit.data import Score
from plaudit.errors import InvalidInputError
from plaudit.evaluation.probes.change import Case, Probe, Spot, chosen_probes
from plaudit.evaluation.probes.measuring import Pairs, measure, spread
from plaudit.evaluation.probes.results import Probes
from plaudit.evaluation.probes.sampling import ProbedGroup, ScoringSheet, SheetPosition, sample
from plaudit.groups import Group, each_group
from plaudit.model import Scorer

ScoreGroups = Callable[[Sequence[Group]], Iterable[Sequence[Score]]]

PlacedChange = tuple[int, SheetPosition, SheetPosition]
"""The cluster of an answer, and where its untouched and its changed version stand on the sheet."""


@checked
def probe(
    model: Scorer,
    groups: Iterable[Group],
    *,
    only: Iterable[str] = (),
    count: int = 100,
    answers: int | None = None,
    seed: int = 0,
    clusters: str | None = None,
    score: ScoreGroups | None = None,
) -> Probes:
    """Change one thing at a time in real answers and measure what it does to the reward.

    Args:
        model: any scorer.
        groups: the user's data. Judgements are used by one probe only, which needs to know which answer is worse.
        only: names of probes or of families; all if empty.
        count: most groups to draw.
        answers: most answers of each; if None, as many as make `count` in all.
        seed: decides which groups are drawn and what probes leave open. A probe's changes do not depend on which others
            are run.
        clusters: a meta field to cluster intervals by, instead of the prompt.
        score: scores the groups that were made, in their order, for a progress bar or another batch size; by default
            `model.stream`. It has to cut what does not fit the context: such answers are left out.

    Raises:
        InvalidInputError: if there are no groups.
        NotFoundError: if a name is neither a probe nor a family.
        TypeError: if `groups` are not groups, or `only` is text.

    Example:
        >>> from plaudit import Group, Ranking, train
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"It is {i + 1}", "No"), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> model = train(groups, "length", backbone="length")  # a model that prefers whatever is longer
        >>> for probed in probe(model, groups, only=["padding", "upper case"]).probed:
        ...     print(f"{probed.probe.name}: {probed.finding}")
        padding: misled
        upper case: sound
    """
    probes = chosen_probes(only)
    groups = list(each_group(groups))
    if not groups:
        raise InvalidInputError("there is no group to take answers from", remedy="give data with at least one")
    sampled = sample(groups, count, answers, seed, clusters)
    sheet = ScoringSheet()
    untouched = [[sheet.add(Spot(one.group, i)) for i in one.untouched] for one in sampled]
    changes = {probe.name: _place_changes(probe, sampled, sheet, seed) for probe in probes}
    planned = sheet.groups()
    scores = list(score(planned) if score else model.stream(planned, truncate_responses=True))
    unit = spread([[scores[n][i].score for n, i in positions] for positions in untouched])
    pairs = {name: _pairs(placed, scores) for name, placed in changes.items()}
    return Probes(
        sd=unit.sd,
        sd_of=unit.of,
        groups=len(sampled),
        answers=sum(len(sampled_group.probed) for sampled_group in sampled),
        clusters=clusters or "prompt",
        cluster_count=len({sampled_group.cluster for sampled_group in sampled}),
        probed=measure(pairs, probes, unit),
    )


def _place_changes(
    probe: Probe, sampled: Sequence[ProbedGroup], sheet: ScoringSheet, seed: int
) -> list[PlacedChange | None]:
    """The changes a probe makes, put on the sheet; None for each answer to which it does not apply."""
    add = sheet.add_whole if probe.exact else sheet.add
    placed: list[PlacedChange | None] = []
    for number, sampled_group in enumerate(sampled):
        for index in sampled_group.probed:
            # A generator of its own for each answer and probe, so that no probe changes what another draws.
            random = Random(f"{seed}/{number}/{index}/{probe.name}")
            change = probe(Case(sampled_group.group, index, sampled_group.strangers, random))
            if change is None:
                placed.append(None)
            else:
                placed.append((sampled_group.cluster, add(change.untouched), add(change.changed)))
    return placed


def _pairs(changes: Iterable[PlacedChange | None], scores: Sequence[Sequence[Score]]) -> Pairs:
    pairs = Pairs()
    for change in changes:
        if change is None:
            pairs.leave_out("does not apply")
            continue
        cluster, *positions = change
        untouched, changed = (scores[n][i] for n, i in positions)
        if untouched.truncated or changed.truncated:
            pairs.leave_out("longer than the context")
        elif not np.isfinite([untouched.score, changed.score]).all():
            pairs.leave_out("no finite score")
        else:
            pairs.difference.append(changed.score - untouched.score)
            pairs.cluster.append(cluster)
    return pairs
