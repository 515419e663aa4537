"""The sample of answers that is probed, and the groups that a model scores for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from plaudit.evaluation.probes.change import Spot
from plaudit.groups import Group, Text, prompt_key, text_key
from plaudit.judgements import cluster_ids

SPREAD_FROM = 8
"""Most untouched answers of a prompt that are scored (or as many as are probed) to measure the reward's spread."""

SheetPosition = tuple[int, int]
"""The number of a group on the sheet, and of a response in it."""


@dataclass(frozen=True, slots=True)
class ProbedGroup:
    """A group of the sample.

    Attributes:
        group: the group.
        cluster: the id of its cluster (by default one a prompt).
        probed: indices of the responses that are probed.
        untouched: those and others, to measure the spread.
        strangers: answers to other prompts.
    """

    group: Group
    cluster: int
    probed: tuple[int, ...]
    untouched: tuple[int, ...]
    strangers: Sequence[Text]


def sample(
    groups: Sequence[Group], count: int, answers: int | None, seed: int, clusters: str | None = None
) -> list[ProbedGroup]:
    """Draw groups, and answers of each.

    Args:
        groups: all there are.
        count: most groups to draw.
        answers: most answers of each; if None, as many as make `count` in all.
        seed: the same seed draws the same.
        clusters: as in `plaudit.evaluation.evaluate`.
    """
    random, ids = Random(seed), cluster_ids(groups, clusters)
    drawn = sorted(random.sample(range(len(groups)), min(count, len(groups))))
    if answers is None:
        answers = -(-count // max(1, len(drawn)))
    orders = {g: random.sample(range(len(groups[g].responses)), len(groups[g].responses)) for g in drawn}
    pool = [(ids[g], groups[g].responses[orders[g][0]]) for g in drawn]
    return [
        ProbedGroup(
            group=groups[g],
            cluster=ids[g],
            probed=tuple(orders[g][:answers]),
            untouched=tuple(orders[g][: max(answers, SPREAD_FROM)]),
            strangers=[text for cluster, text in pool if cluster != ids[g]],
        )
        for g in drawn
    ]


@dataclass
class ScoringSheet:
    """The groups to score: answers gathered by prompt, each once, so that a model reads a shared prompt once."""

    _groups: list[Group] = field(default_factory=list)
    _responses: list[dict[str, tuple[int, Text]]] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def add(self, spot: Spot) -> SheetPosition:
        """Add a response to the others of its prompt."""
        number = self._numbers.setdefault(prompt_key(spot.group), len(self._groups))
        if number == len(self._groups):
            self._groups.append(spot.group)
            self._responses.append({})
        responses = self._responses[number]
        return number, responses.setdefault(text_key(spot.response), (len(responses), spot.response))[0]

    def add_whole(self, spot: Spot) -> SheetPosition:
        """Add a group as it stands, whatever else is there of its prompt."""
        self._groups.append(spot.group)
        self._responses.append({str(i): (i, response) for i, response in enumerate(spot.group.responses)})
        return len(self._groups) - 1, spot.index

    def groups(self) -> list[Group]:
        """The groups in the order of their numbers."""
        rows = zip(self._groups, self._responses, strict=True)
        return [
            replace(group.with_responses([text for _, text in responses.values()]), id=str(n))
            for n, (group, responses) in enumerate(rows)
        ]
