"""Rows of one prompt become one group, the same response one response, in bounded memory.

Small inputs are merged in a dictionary. When that grows past `limit`, what has been merged so far is spilled to disc,
partitioned by a hash of the prompt, and the dictionary begins anew; at the end each partition is merged by itself, and
the partitions are merged by where each group was first seen. So the order of the output is the input's, whatever the
size, and memory holds the dictionary or one partition, never the whole input. (One prompt's own group is held whole.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from plaudit.data.external_merge import Indexed, Spill
from plaudit.errors import DataError
from plaudit.groups import Group, GroupError, Ranking, Rating, Text, group_key, text_key

LIMIT = 192 << 20
"""Approximate bytes of merged groups held before they are spilled."""

_JUDGEMENT_BYTES = 300
_OBJECT_BYTES = 200


def merged(fragments: Iterable[Group], limit: int = LIMIT) -> Iterator[Group]:
    """Groups out of fragments of groups, in the order in which each (prompt, subset) was first seen.

    The first id of a prompt stays. `meta` gains what later fragments add; where one disagrees with what is there (or
    has another id), what it says is kept in the list `meta["merged"]`, as `{"id": ..., "meta": {...}}`. A different
    subset makes a different group.

    Raises:
        DataError: if the temporary files do not fit.
    """
    try:
        with ExitStack() as stack:
            yield from _merged(fragments, limit, stack)
    except OSError as error:  # reading turns its own into DataError, so this is the disc
        raise DataError(
            f"temporary files cannot be kept: {error.strerror or error}; set TMPDIR to a folder with more room"
        ) from error


def _merged(fragments: Iterable[Group], limit: int, stack: ExitStack) -> Iterator[Group]:
    table = _Table()
    spill: Spill | None = None
    for index, fragment in enumerate(fragments):
        table.add(index, fragment)
        if table.size > limit:
            spill = spill or stack.enter_context(Spill(_key))
            spill.write(table.groups())
            table = _Table()
    if spill is None:
        yield from (group for _, group in table.groups())
        return
    spill.write(table.groups())
    table = _Table()
    yield from (group for _, group in spill.merged(_merged_part))


def folded(group: Group) -> Group:
    """The group with the same response text only once.

    Raises:
        GroupError: if a ranking compares a response with itself, which says nothing about it.
    """
    keys = [text_key(response) for response in group.responses]
    if len(set(keys)) == len(keys):
        return group
    position = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    new = [position[key] for key in keys]
    return Group(
        group.id,
        group.prompt,
        tuple(group.responses[keys.index(key)] for key in position),
        tuple(_folded_ranking(ranking, new) for ranking in group.rankings),
        tuple(_moved_rating(rating, new) for rating in group.ratings),
        group.subset,
        group.meta,
    )


def _folded_ranking(ranking: Ranking, new: list[int]) -> Ranking:
    tiers = tuple(tuple(dict.fromkeys(new[i] for i in tier)) for tier in ranking.tiers)
    named = [i for tier in tiers for i in tier]
    old = [i for tier in ranking.tiers for i in tier]
    if len(set(named)) < max(min(2, len(old)), len(named)):
        a, b = next((a, b) for a in old for b in old if a < b and new[a] == new[b])
        which = "the two responses" if len(new) == 2 else f"responses {a} and {b}"
        raise GroupError(f"{which} are the same text, so their comparison says nothing; remove it")
    return replace(ranking, tiers=tiers)


def _moved(ranking: Ranking, new: list[int]) -> Ranking:
    return Ranking(
        tuple(tuple(new[i] for i in t) for t in ranking.tiers), ranking.strength, ranking.annotator, ranking.weight
    )


def _moved_rating(rating: Rating, new: list[int]) -> Rating:
    return Rating(new[rating.response], rating.value, rating.attribute, rating.annotator, rating.weight, rating.scale)


class _Merging:
    """One group while its fragments come in."""

    __slots__ = ("first", "index", "meta", "position", "rankings", "ratings", "responses", "said")

    def __init__(self, index: int, first: Group) -> None:
        self.index, self.first = index, first
        self.position: dict[str, int] = {}
        self.responses: list[Text] = []
        self.rankings: list[Ranking] = []
        self.ratings: list[Rating] = []
        self.meta: dict[str, Any] = dict(first.meta)
        self.said: set[str] | None = None

    def add(self, group: Group) -> int:
        """Takes a fragment in; about how many bytes it added."""
        size = _JUDGEMENT_BYTES * (len(group.rankings) + len(group.ratings))
        new = []
        for response in group.responses:
            key = text_key(response)
            at = self.position.get(key)
            if at is None:
                at = self.position[key] = len(self.responses)
                self.responses.append(response)
                size += len(key) + _OBJECT_BYTES
            new.append(at)
        moves = new != list(range(len(new)))
        self.rankings += [_moved(r, new) for r in group.rankings] if moves else group.rankings
        self.ratings += [_moved_rating(r, new) for r in group.ratings] if moves else group.ratings
        if group is not self.first:
            size += self._add_meta(group)
        return size

    def _add_meta(self, group: Group) -> int:
        """Takes in what a fragment says of the group: the id, `meta`, and what earlier merging had set aside."""
        if group.meta == self.first.meta and group.id in ("", self.first.id):
            return 0
        aside = group.meta.get("merged") or ()
        own = {key: value for key, value in group.meta.items() if key != "merged"}
        if self.said is None:
            # A copy: the fragment's own list stays as it was.
            self.meta["merged"] = list(self.meta.get("merged") or ())
            self.said = {_said(one) for one in self.meta["merged"]}
        size = 0
        for one in ({"id": group.id, "meta": own}, *aside):
            differs = self._differs(one.get("id", ""), one.get("meta", {}))
            key = _said(differs)
            if differs and key not in self.said:
                self.said.add(key)
                self.meta["merged"].append(differs)
                size += 3 * len(key) + _OBJECT_BYTES
        return size

    def _differs(self, id: str, meta: Mapping[str, Any]) -> dict[str, Any]:
        """What of this is not what the group has; what the group has not yet, it takes."""
        differs = {key: value for key, value in meta.items() if self.meta.setdefault(key, value) != value}
        if id and not self.first.id:
            self.first = replace(self.first, id=id)
        apart: dict[str, Any] = {"id": id} if id and id != self.first.id else {}
        return {**apart, "meta": differs} if differs else apart

    def group(self) -> Group:
        first = self.first
        if self.meta.get("merged") == []:
            del self.meta["merged"]
        return Group(
            first.id,
            first.prompt,
            tuple(self.responses),
            tuple(self.rankings),
            tuple(self.ratings),
            first.subset,
            self.meta,
        )


class _Table:
    """Groups being merged, by prompt and subset, and about how many bytes they hold."""

    def __init__(self) -> None:
        self.size = 0
        self._by_key: dict[str, _Merging] = {}

    def add(self, index: int, group: Group) -> None:
        key = _key(group)
        merging = self._by_key.get(key)
        if merging is None:
            merging = self._by_key[key] = _Merging(index, group)
            self.size += 2 * len(key) + len(str(group.meta)) + 4 * _OBJECT_BYTES
        self.size += merging.add(group)

    def groups(self) -> Iterator[Indexed]:
        return ((merging.index, merging.group()) for merging in self._by_key.values())


def _merged_part(part: Iterable[Indexed]) -> Iterator[Indexed]:
    table = _Table()
    for index, group in part:
        table.add(index, group)
    return table.groups()


def _key(group: Group) -> str:
    return group_key(group.prompt, group.subset)


def _said(one: Mapping[str, Any]) -> str:
    return json.dumps(one, sort_keys=True, default=str)
