"""Which answers are put to the probes, and the groups that a model scores for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from plaudit.evaluation.probes.change import Spot
from plaudit.groups import Group, Text, text_key
from plaudit.judgements import cluster_ids

SPREAD_FROM = 8
"""Untouched answers of a prompt that are scored, at most or as many as are probed: the reward's spread is theirs."""

Place = tuple[int, int]
"""Number of a group on the sheet, and of a response in it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A group that takes part.

    Attributes:
        group: as it came.
        cluster: which prompt it is of.
        probed: indices of the responses that are put to the probes.
        untouched: those and others, for the spread.
        strangers: answers to other prompts.
    """

    group: Group
    cluster: int
    probed: tuple[int, ...]
    untouched: tuple[int, ...]
    strangers: Sequence[Text]


def sample(
    groups: Sequence[Group], count: int, answers: int | None, seed: int, clusters: str | None = None
) -> list[Asked]:
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
        Asked(
            groups[g],
            ids[g],
            tuple(orders[g][:answers]),
            tuple(orders[g][: max(answers, SPREAD_FROM)]),
            [text for other, text in pool if other != ids[g]],
        )
        for g in drawn
    ]


@dataclass
class Sheet:
    """What is scored: answers gathered by prompt, each once, so that a model reads a shared prompt once."""

    _prompts: list[Text] = field(default_factory=list)
    _responses: list[dict[str, tuple[int, Text]]] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def add(self, spot: Spot) -> Place:
        """Put a response beside the others to its prompt."""
        prompt = spot.group.prompt
        number = self._numbers.setdefault(text_key(prompt), len(self._prompts))
        if number == len(self._prompts):
            self._prompts.append(prompt)
            self._responses.append({})
        responses = self._responses[number]
        return number, responses.setdefault(text_key(spot.response), (len(responses), spot.response))[0]

    def add_whole(self, spot: Spot) -> Place:
        """Put a group on the sheet as it stands."""
        self._prompts.append(spot.group.prompt)
        self._responses.append({str(i): (i, response) for i, response in enumerate(spot.group.responses)})
        return len(self._prompts) - 1, spot.index

    def groups(self) -> list[Group]:
        """In the order of the places' numbers."""
        rows = zip(self._prompts, self._responses, strict=True)
        return [
            Group(str(n), prompt, tuple(text for _, text in responses.values()))
            for n, (prompt, responses) in enumerate(rows)
        ]
