"""An index of all responses of all groups: what the flat arrays of judgements point into."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from jaxtyping import Float64, Int64

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text, prompt_key
from plaudit.text import counted

Scores = Sequence[Sequence[float]]
"""One list a group, one number a response."""


PerResponse = Float64[np.ndarray, " responses"]


@dataclass(frozen=True, slots=True)
class Responses:
    """All responses, group after group.

    Attributes:
        ids: [groups], as the data name them.
        start: [groups], where each group's first response stands.
        group: [n], index of its group.
        length: [n], characters.
        cluster: [n], responses that may be alike share one.
        prompt: [n], shared by the responses to one prompt.

    Example:
        >>> responses = index_responses([Group("a", "Hi", ("x", "yes")), Group("b", "Bye", ("z",))])
        >>> responses.start.tolist(), responses.length.tolist(), responses.cluster.tolist()
        ([0, 2], [1.0, 3.0, 1.0], [0, 0, 1])
        >>> responses.missing(np.array([0.5, np.nan, 1.0]), np.array([1, 2]))
        "1 of 2 scores are not finite (group 'a', response 1)"
    """

    ids: Sequence[str]
    start: Int64[np.ndarray, " groups"]
    group: Int64[np.ndarray, " responses"]
    length: PerResponse
    cluster: Int64[np.ndarray, " responses"]
    prompt: Int64[np.ndarray, " responses"]

    def missing(self, scores: PerResponse, needed: Int64[np.ndarray, " needed"]) -> str | None:
        """Which of the scores [n] at the indices `needed` are not finite, in words; None if all are."""
        needed = np.unique(needed)
        broken = needed[~np.isfinite(scores[needed])]
        if not len(broken):
            return None
        group = self.group[broken[0]]
        first = f"group {self.ids[group]!r}, response {broken[0] - self.start[group]}"
        all_scores = counted(len(needed), "scores")
        return f"{len(broken):,} of {all_scores} are not finite ({first}{' first' * (len(broken) > 1)})"


def response_starts(groups: Sequence[Group]) -> Int64[np.ndarray, " starts"]:
    """[groups + 1], where each group's first response stands among all responses; and how many there are.

    Example:
        >>> response_starts([Group("a", "Hi", ("x", "y")), Group("b", "Bye", ("z",))]).tolist()
        [0, 2, 3]
    """
    return np.cumsum([0, *(len(group.responses) for group in groups)], dtype=np.int64)


def index_responses(groups: Sequence[Group], clusters: str | None = None) -> Responses:
    """All responses of the groups; `clusters` as in `cluster_ids`.

    Example:
        >>> groups = [Group("a", "Why?", ("x",), meta={"page": 1}), Group("b", "How?", ("y", "z"), meta={"page": 1})]
        >>> index_responses(groups).group.tolist(), index_responses(groups, clusters="page").cluster.tolist()
        ([0, 1, 1], [0, 0, 0])
    """
    starts = response_starts(groups)
    group = np.repeat(np.arange(len(groups)), np.diff(starts))
    prompt = np.array(cluster_ids(groups), dtype=np.int64)
    cluster = prompt if clusters is None else np.array(cluster_ids(groups, clusters), dtype=np.int64)
    lengths = (len(plain_text(response)) for one in groups for response in one.responses)
    return Responses(
        ids=[one.id for one in groups],
        start=starts[:-1],
        group=group,
        length=_floats(lengths, int(starts[-1])),
        cluster=cluster[group],
        prompt=prompt[group],
    )


def flatten_scores(groups: Sequence[Group], scores: Scores) -> PerResponse:
    """[n], the scores of all responses.

    Raises:
        PlauditError: if there is not one score for each response of each group.
    """
    check_shapes(groups, scores)
    return _floats(chain.from_iterable(scores), sum(map(len, scores)))


def check_shapes(groups: Sequence[Group], scores: Scores) -> None:
    """Refuse scores that do not have one value for each response of each group.

    Example:
        >>> check_shapes([Group("q", "Why?", ("a", "b"))], [[0.5]])
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: group 'q' has 2 responses and 1 score
    """
    if len(groups) != len(scores):
        raise InvalidInputError(
            f"{counted(len(groups), 'groups')} and scores for {len(scores)}", remedy="give one list of scores a group"
        )
    for group, row in zip(groups, scores, strict=True):
        if len(group.responses) != len(row):
            texts, values = counted(len(group.responses), "responses"), counted(len(row), "scores")
            raise InvalidInputError(f"group {group.id!r} has {texts} and {values}")


def cluster_ids(groups: Sequence[Group], field: str | None = None) -> list[int]:
    """A number for each group, shared by groups whose judgements may be alike: same prompt, or same meta field.

    A group without prompt text is a cluster of its own.

    Raises:
        PlauditError: if a group has no such field.

    Example:
        >>> cluster_ids([Group("a", "Why?", ("x",)), Group("b", "How?", ("y",)), Group("c", "Why?", ("z",))])
        [0, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(_cluster_key(index, group, field), len(numbers)) for index, group in enumerate(groups)]


def _cluster_key(index: int, group: Group, field: str | None) -> Hashable:
    if field is None:
        return prompt_key(group, index)
    if field not in group.meta:
        known = ", ".join(sorted(group.meta)) or "none"
        raise InvalidInputError(
            f'group {group.id!r} has no field {field!r} under "meta" to cluster by (it has: {known})'
        )
    return json.dumps(group.meta[field], sort_keys=True, default=str)


def _floats(values: Iterable[float], count: int) -> PerResponse:
    return np.fromiter(values, np.float64, count)
