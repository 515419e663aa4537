"""Merging rows into groups: rows of one prompt become one group, equal responses one response, in bounded memory.

Small inputs are merged in one dictionary. When that outgrows `limit`, what has been merged so far is written to disc,
partitioned by a hash of the prompt, and a new dictionary begins. At the end each partition is merged by itself, and the
partitions are merged by where each group was first seen (an external hash merge). So the output has the order of the
input whatever its size, and memory holds the dictionary or one partition, never the whole input. (The one exception: a
single prompt's group is always held whole.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from plaudit.data.external_merge import ExternalMerge, IndexedGroup
from plaudit.errors import DataError
from plaudit.groups import Group, GroupError, Ranking, Rating, Text, group_key, group_of_checked, text_key

LIMIT = 192 << 20
"""Approximate bytes of merged groups held before they are written to disc."""

# What Python objects cost beyond their text, roughly; they only decide when to write to disc.
_JUDGEMENT_BYTES = 300
_OBJECT_BYTES = 200


def merge_fragments(fragments: Iterable[Group], limit: float = LIMIT) -> Iterator[Group]:
    """Merge fragments of groups (usually one a row) into groups, in the order in which each was first seen.

    Fragments with the same prompt and subset are one group. The first id of a prompt stays. `meta` gains the keys that
    later fragments add; where a later fragment disagrees (or has another id), its version is kept in the list
    `meta["merged"]`, as `{"id": ..., "meta": {...}}`.

    Args:
        fragments: groups to merge; read once.
        limit: approximate bytes held in memory before the rest goes to disc; infinite for what ends in memory anyway.

    Raises:
        DataError: if the temporary files do not fit.
    """
    try:
        with ExitStack() as stack:
            yield from _merge(fragments, limit, stack)
    except OSError as error:  # readers turn their own OSError into DataError, so this one is the temporary disc
        raise DataError(
            f"temporary files cannot be kept: {error.strerror or error}", remedy="set TMPDIR to a folder with more room"
        ) from error


def _merge(fragments: Iterable[Group], limit: float, stack: ExitStack) -> Iterator[Group]:
    table = _MergeTable(limit)
    disc: ExternalMerge | None = None
    for index, fragment in enumerate(fragments):
        table.add(index, fragment)
        if table.size > limit:
            disc = disc or stack.enter_context(ExternalMerge())
            disc.write(table.fragments())
            table = _MergeTable(limit)
    if disc is None:
        yield from (group for _, group in table.groups())
        return
    disc.write(table.fragments())
    del table  # the partitions need its memory
    yield from (group for _, group in disc.merge(_merge_indexed))


def _merge_indexed(fragments: Iterable[IndexedGroup]) -> Iterator[IndexedGroup]:
    table = _MergeTable(math.inf)
    for index, group in fragments:
        table.add(index, group)
    return table.groups()


def deduplicate_responses(group: Group) -> Group:
    """The group with each response text once; judgements of a repeated text move to its first occurrence.

    Raises:
        GroupError: if a ranking compares a response with itself.
    """
    if len({*group.responses} if {*map(type, group.responses)} == {str} else ()) == len(group.responses):
        return group
    keys = [text_key(response) for response in group.responses]
    if len(set(keys)) == len(keys):
        return group
    new_index = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    moved_to = [new_index[key] for key in keys]
    return Group(
        id=group.id,
        prompt=group.prompt,
        responses=tuple(group.responses[keys.index(key)] for key in new_index),
        rankings=tuple(_deduplicated_ranking(ranking, moved_to) for ranking in group.rankings),
        ratings=tuple(_moved_rating(rating, moved_to) for rating in group.ratings),
        subset=group.subset,
        tools=group.tools,
        meta=group.meta,
    )


def _deduplicated_ranking(ranking: Ranking, moved_to: Sequence[int]) -> Ranking:
    tiers = tuple(tuple(dict.fromkeys(moved_to[i] for i in tier)) for tier in ranking.tiers)
    before = [i for tier in ranking.tiers for i in tier]
    after = [i for tier in tiers for i in tier]
    stands_in_two_tiers = len(set(after)) < len(after)
    compares_nothing = len(before) > 1 and len(after) == 1
    if stands_in_two_tiers or compares_nothing:
        a, b = next((a, b) for a in before for b in before if a < b and moved_to[a] == moved_to[b])
        names = "the two responses" if len(moved_to) == 2 else f"responses {a} and {b}"
        raise GroupError(f"{names} are the same text, so their comparison says nothing", remedy="remove it")
    return replace(ranking, tiers=tiers)


def _moved_ranking(ranking: Ranking, moved_to: Sequence[int]) -> Ranking:
    tiers = tuple(tuple(moved_to[i] for i in tier) for tier in ranking.tiers)
    return Ranking(tiers, ranking.strength, ranking.annotator, ranking.weight)


def _moved_rating(rating: Rating, moved_to: Sequence[int]) -> Rating:
    response = moved_to[rating.response]
    return Rating(
        response=response,
        value=rating.value,
        attribute=rating.attribute,
        annotator=rating.annotator,
        weight=rating.weight,
        scale=rating.scale,
    )


class _GroupBuilder:
    """One group of several fragments while they come in.

    Args:
        index: the number of its first fragment in the input, which decides its place in the output.
        first: its first fragment.
    """

    __slots__ = ("first", "index", "positions", "rankings", "ratings", "responses", "versions")

    def __init__(self, index: int, first: Group) -> None:
        self.index = index
        self.first = first
        self.positions: dict[str, int] = {}
        self.responses: list[Text] = []
        self.rankings: list[Ranking] = []
        self.ratings: list[Rating] = []
        # What later fragments have as id and `meta`, each version once. What of it is new and what disagrees is
        # settled in the end, so that it does not depend on what was written to disc when.
        self.versions: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def add(self, fragment: Group) -> int:
        """Add a fragment's responses, judgements and `meta`; returns about how many bytes that took."""
        size = _JUDGEMENT_BYTES * (len(fragment.rankings) + len(fragment.ratings))
        moved_to = []
        for response in fragment.responses:
            key = text_key(response)
            position = self.positions.get(key)
            if position is None:
                position = self.positions[key] = len(self.responses)
                self.responses.append(response)
                size += len(key) + _OBJECT_BYTES
            moved_to.append(position)
        # Most fragments of a prompt list the same responses in the same order; their judgements need no renumbering.
        if moved_to == list(range(len(moved_to))):
            self.rankings += fragment.rankings
            self.ratings += fragment.ratings
        else:
            self.rankings += [_moved_ranking(ranking, moved_to) for ranking in fragment.rankings]
            self.ratings += [_moved_rating(rating, moved_to) for rating in fragment.ratings]
        if fragment is not self.first:
            size += self._add_meta(fragment)
        return size

    def _add_meta(self, fragment: Group) -> int:
        """Keep a fragment's id and `meta`, if no fragment before it had both."""
        if fragment.meta == self.first.meta and fragment.id in ("", self.first.id):
            return 0
        versions = [(fragment.id, {key: value for key, value in fragment.meta.items() if key != "merged"})]
        # A fragment that is itself the result of merging brings the versions that were set aside then.
        versions += [(other.get("id", ""), other.get("meta", {})) for other in fragment.meta.get("merged") or ()]
        size = 0
        for id, meta in versions:
            key = _canonical({"id": id, "meta": meta})
            if key not in self.versions:
                self.versions[key] = (id, meta)
                size += 3 * len(key) + _OBJECT_BYTES
        return size

    def build(self) -> Group:
        """The group, with what disagrees in `meta["merged"]`, as `{"id": ..., "meta": {...}}`."""
        if not self.versions:
            return self._group(self.first.id, self.first.meta)
        versions = self.versions.values()
        id = self.first.id or next((id for id, _ in versions if id), "")
        meta = dict(self.first.meta)
        conflicts = {_canonical(conflict): conflict for conflict in meta.pop("merged", None) or ()}
        for _, more in versions:
            for key, value in more.items():
                meta.setdefault(key, value)
        for other, more in versions:
            conflict: dict[str, Any] = {"id": other} if other not in ("", id) else {}
            if different := {key: value for key, value in more.items() if meta[key] != value}:
                conflict["meta"] = different
            if conflict:
                conflicts.setdefault(_canonical(conflict), conflict)
        return self._group(id, {**meta, "merged": list(conflicts.values())} if conflicts else meta)

    def fragments(self) -> Iterator[Group]:
        """Fragments of which the same group can be made again: what was judged, and each version of id and `meta`."""
        yield self._group(self.first.id, self.first.meta)
        for id, meta in self.versions.values():
            yield replace(self.first, id=id, responses=tuple(self.responses[:1]), rankings=(), ratings=(), meta=meta)

    def _group(self, id: str, meta: Mapping[str, Any]) -> Group:
        first, judgements = self.first, (tuple(self.rankings), tuple(self.ratings))
        return group_of_checked(id, first.prompt, tuple(self.responses), *judgements, first.subset, meta, first.tools)


class _MergeTable:
    """Groups being merged, by prompt and subset; `size` is about how many bytes they hold, where it has a limit."""

    def __init__(self, limit: float) -> None:
        self.size = 0
        self._measured = limit < math.inf
        self._held: dict[str, IndexedGroup | _GroupBuilder] = {}

    def add(self, index: int, fragment: Group) -> None:
        key = group_key(fragment)
        held = self._held.get(key)
        if held is None:
            # Most prompts stand in one row, whose group is what it is.
            self._held[key] = (index, fragment)
            self.size += _size(key, fragment) if self._measured else 0
            return
        if not isinstance(held, _GroupBuilder):
            first, fragments = held[0], (held[1], fragment)
            held = self._held[key] = _GroupBuilder(first, held[1])
            self.size += sum(map(held.add, fragments))
        else:
            self.size += held.add(fragment)

    def groups(self) -> Iterator[IndexedGroup]:
        """The groups, with the number of each one's first fragment."""
        return ((held.index, held.build()) if isinstance(held, _GroupBuilder) else held for held in self._held.values())

    def fragments(self) -> Iterator[tuple[str, IndexedGroup]]:
        """What was merged so far, such that more can be merged into it, with its key; numbered as `groups` are."""
        for key, held in self._held.items():
            if isinstance(held, _GroupBuilder):
                yield from ((key, (held.index, fragment)) for fragment in held.fragments())
            else:
                yield key, held


def _size(key: str, group: Group) -> int:
    """About how many bytes a group and its key hold."""
    size = 2 * len(key) + 4 * _OBJECT_BYTES + _JUDGEMENT_BYTES * (len(group.rankings) + len(group.ratings))
    for response in group.responses:
        size += len(response if isinstance(response, str) else text_key(response)) + _OBJECT_BYTES
    return size + len(str(group.meta)) if group.meta else size


def _canonical(conflict: Mapping[str, Any]) -> str:
    """Equal for equal conflicts, whatever the order of their keys."""
    return json.dumps(conflict, sort_keys=True, default=str)
