"""A model and its users' data -> what every probe found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

import numpy as np

from plaudit.data import Score
from plaudit.errors import InvalidInputError
from plaudit.evaluation.probes.change import Case, Change, Probe, Spot
from plaudit.evaluation.probes.measuring import Pairs, measure, spread
from plaudit.evaluation.probes.results import Probes
from plaudit.evaluation.probes.sampling import Asked, Place, Sheet, sample
from plaudit.evaluation.probes.table import chosen_probes
from plaudit.groups import Group
from plaudit.model import DEFAULT_BATCH_TOKENS, Scorer

Watch = Callable[[Iterator[list[Score]], int], Iterable[list[Score]]]
"""Passes scored groups through, and is told how many there will be: a progress bar."""

Rows = Sequence[Sequence[Score]]


def probe(
    model: Scorer,
    groups: Sequence[Group],
    *,
    only: Iterable[str] = (),
    count: int = 100,
    answers: int | None = None,
    seed: int = 0,
    clusters: str | None = None,
    batch_tokens: int = DEFAULT_BATCH_TOKENS,
    watch: Watch = lambda rows, total: rows,
) -> Probes:
    """Change one thing at a time in real answers and see what the reward does.

    Args:
        model: any scorer.
        groups: the user's data; judgements are needed by one probe only, which knows from them which answer is worse.
        only: names of probes or of families; all if empty.
        count: most groups to draw.
        answers: most answers of each; if None, as many as make `count` in all.
        seed: of the draw and of what probes leave open. A probe's changes do not depend on which others are run.
        clusters: a meta field to cluster intervals by, in place of the prompt.
        batch_tokens: as in `Scorer.stream`. What does not fit the context is cut there; such answers are left out.
        watch: sees scored groups go by.

    Raises:
        PlauditError: if there are no groups, or a name is that of no probe.
    """
    probes = chosen_probes(only)
    if not groups:
        raise InvalidInputError("there is no group to take answers from", remedy="give data with at least one")
    asked = sample(groups, count, answers, seed, clusters)
    sheet = Sheet()
    untouched = [[sheet.add(Spot(one.group, i)) for i in one.untouched] for one in asked]
    places = {one.name: _places(one, asked, sheet, seed) for one in probes}
    planned = sheet.groups()
    scored = list(watch(model.stream(planned, batch_tokens=batch_tokens, truncate_responses=True), len(planned)))
    unit = spread([[scored[n][i].score for n, i in own] for own in untouched])
    pairs = {name: _pairs(changes, scored) for name, changes in places.items()}
    return Probes(
        *unit,
        groups=len(asked),
        answers=sum(len(one.probed) for one in asked),
        clusters=clusters or "prompt",
        cluster_count=len({one.cluster for one in asked}),
        probed=measure(pairs, probes, unit),
    )


def _places(probe: Probe, asked: Sequence[Asked], sheet: Sheet, seed: int) -> list[tuple[int, Place, Place] | None]:
    """For each answer its cluster and where its untouched and its changed score will be; None where the probe does not
    apply."""
    add = sheet.add_whole if probe.exact else sheet.add
    return [
        None if change is None else (one.cluster, add(change.untouched), add(change.changed))
        for number, one in enumerate(asked)
        for index in one.probed
        for change in [_change(probe, one, index, f"{seed}/{number}/{index}/{probe.name}")]
    ]


def _change(probe: Probe, one: Asked, index: int, seed: str) -> Change | None:
    return probe(Case(one.group, index, one.strangers, Random(seed)))


def _pairs(changes: Iterable[tuple[int, Place, Place] | None], scored: Rows) -> Pairs:
    pairs = Pairs()
    for found in changes:
        if found is None:
            pairs.leave_out("does not apply")
            continue
        cluster, *places = found
        untouched, changed = (scored[n][i] for n, i in places)
        if untouched.truncated or changed.truncated:
            pairs.leave_out("longer than the context")
        elif not np.isfinite([untouched.score, changed.score]).all():
            pairs.leave_out("no finite score")
        else:
            pairs.difference.append(changed.score - untouched.score)
            pairs.cluster.append(cluster)
    return pairs
