"""The words of Plaudit. A group is one prompt, the responses given to it, and what people said about them.

Two kinds of judgement, and no third. A *ranking* is relative: tiers of response indices, best first. A *rating* is
absolute: a value for one response on a named attribute. Everything else in the house reads and writes these.

    >>> group = Group(
    ...     id="q1",
    ...     prompt="Name a prime number.",
    ...     responses=("Seven.", "Two.", "Nine."),
    ...     rankings=(Ranking(((0, 1), (2,)), annotator="ann"),),  # the first two tie, and both beat the third
    ...     ratings=(Rating(2, 1, "correct", scale=(1, 5)),),
    ... )
    >>> group
    Group('q1': 3 responses, 1 ranking, 1 rating)
    >>> list(group.rankings[0].comparisons())
    [(0, 1, True), (0, 2, False), (1, 2, False)]
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from itertools import combinations
from os import PathLike
from typing import Any, ClassVar

from plaudit._arguments import checked, refuse_unfit, with_article
from plaudit._group_json import (
    check_ranking,
    check_rating,
    check_text,
    check_tools,
    group_fields,
    group_to_json,
    several,
    text_of,
    tiers_of,
)
from plaudit._texts import Message as Message
from plaudit._texts import Text as Text
from plaudit._texts import as_messages as as_messages
from plaudit._texts import plain_text as plain_text
from plaudit._texts import text_key as text_key
from plaudit.errors import GroupError as GroupError


@dataclass(frozen=True, slots=True)
class Ranking:
    """One annotator's order of some of a group's responses.

    Attributes:
        tiers: response indices, best tier first; indices in one tier are tied. `((0,), (1,))` is a chosen/rejected
            pair, `((0, 1),)` a tie, `((2,), (0,), (1,))` a full order. Responses left out were not judged.
        strength: how far apart, in the annotator's own units; becomes a margin when asked. None where that is unknown.
        annotator: who judged.
        weight: how much it counts, > 0.

    Example:
        >>> best_first = Ranking(((2,), (0, 1)), annotator="ann")  # response 2 beats 0 and 1, which tie
        >>> list(best_first.comparisons())
        [(2, 0, False), (2, 1, False), (0, 1, True)]
    """

    tiers: tuple[tuple[int, ...], ...]
    strength: float | None = None
    annotator: str | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if type(self.tiers) is not tuple or {*map(type, self.tiers)} != {tuple}:
            object.__setattr__(self, "tiers", tiers_of(self.tiers))

    def comparisons(self) -> Iterator[tuple[int, int, bool]]:
        """Every pair the order implies, as `(better, worse, False)`, and every pair inside a tier as `(a, b, True)`."""
        for position, tier in enumerate(self.tiers):
            for a, b in combinations(tier, 2):
                yield a, b, True
            for lower in self.tiers[position + 1 :]:
                for better in tier:
                    for worse in lower:
                        yield better, worse, False

    @checked
    def among(self, responses: Mapping[int, int]) -> Ranking | None:
        """The same order over a subset, renumbered by `responses` (old index -> new); None if it compares nothing."""
        kept = (tuple(responses[i] for i in tier if i in responses) for tier in self.tiers)
        tiers = tuple(tier for tier in kept if tier)
        if sum(map(len, tiers)) < 2:
            return None
        return Ranking(tiers, self.strength, self.annotator, self.weight)


@dataclass(frozen=True, slots=True)
class Rating:
    """One annotator's value for one response on one attribute. `scale` is (lowest, highest) when it was declared.

    Example:
        >>> group = Group("q", "2 + 2?", ("4", "5"), ratings=(Rating(0, 5, "correct", scale=(1, 5)),))
        >>> group.to_dict()["ratings"]
        [{'response': 0, 'value': 5, 'attribute': 'correct', 'scale': [1, 5]}]
    """

    response: int
    value: float
    attribute: str = "overall"
    annotator: str | None = None
    weight: float = 1.0
    scale: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Group:
    """One prompt, its K >= 1 responses, and their judgements. Lists are taken for tuples.

    Attributes:
        subset: what part of a set it belongs to; figures are given for each.
        meta: anything of your own.
        tools: what the assistant could call, as JSON schemas; they belong to the prompt and reach the chat template.

    Raises:
        GroupError: if a judgement names a response that does not exist, a rating is not a number or lies outside its
            scale, a weight is not positive, or a prompt or response is neither text nor messages.
        TypeError: if responses, rankings or ratings are a single one instead of several.
    """

    id: str
    prompt: Text
    responses: tuple[Text, ...]
    rankings: tuple[Ranking, ...] = ()
    ratings: tuple[Rating, ...] = ()
    subset: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()

    _remedy_for_text: ClassVar[str] = "read them with load_groups({})"
    _counts_as_several: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._take_lists_for_tuples()
        check_text(self.prompt, "the prompt")
        if self.tools:
            check_tools(self.tools)
        count = len(self.responses)
        if not count:
            raise GroupError("a group needs at least one response")
        for index, response in enumerate(self.responses):
            if type(response) is not str:
                check_text(response, f"response {index}")
        for one in self.rankings:
            if not isinstance(one, Ranking):
                refuse_unfit("Group()", "rankings", self.rankings, tuple[Ranking, ...])
            check_ranking(one.tiers, one.strength, one.weight, count)
        for rating in self.ratings:
            if not isinstance(rating, Rating):
                refuse_unfit("Group()", "ratings", self.ratings, tuple[Rating, ...])
            check_rating(rating.response, rating.value, rating.attribute, rating.weight, rating.scale, count)

    def _take_lists_for_tuples(self) -> None:
        # Asked first, because nearly every group is made of tuples already, and there may be millions of them.
        if isinstance(self.prompt, list):
            object.__setattr__(self, "prompt", tuple(self.prompt))
        fields_of_many = (self.responses, self.rankings, self.ratings, self.tools)
        if {*map(type, fields_of_many)} != {tuple}:
            for name in ("responses", "rankings", "ratings", "tools"):
                if not isinstance(getattr(self, name), tuple):
                    object.__setattr__(self, name, several(getattr(self, name), name))
        if list in map(type, self.responses):
            object.__setattr__(self, "responses", tuple(map(text_of, self.responses)))

    def __repr__(self) -> str:
        counts = [_counted(len(self.responses), "response")]
        counts += [_counted(len(self.rankings), "ranking")] if self.rankings else []
        counts += [_counted(len(self.ratings), "rating")] if self.ratings else []
        return f"Group({self.id!r}: {', '.join(counts)})"

    @checked
    def among(self, keep: Sequence[int]) -> Group:
        """The group with only the responses `keep`, in that order, and every judgement that lies among them."""
        renumbered = {old: new for new, old in enumerate(keep)}
        return Group(
            id=self.id,
            prompt=self.prompt,
            responses=tuple(self.responses[i] for i in keep),
            rankings=tuple(r for ranking in self.rankings if (r := ranking.among(renumbered))),
            ratings=tuple(
                Rating(renumbered[r.response], r.value, r.attribute, r.annotator, r.weight, r.scale)
                for r in self.ratings
                if r.response in renumbered
            ),
            subset=self.subset,
            tools=self.tools,
            meta=self.meta,
        )

    @checked
    def with_responses(self, responses: Sequence[Text]) -> Group:
        """The same prompt with other responses, which nobody has judged yet.

        Example:
            >>> Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),)).with_responses(["four"])
            Group('q': 1 response)
        """
        return replace(self, responses=tuple(responses), rankings=(), ratings=())

    @classmethod
    @checked
    def from_dict(cls, row: Mapping[str, Any]) -> Group:
        """Read the native JSON shape (see docs/formats.md). Raises GroupError on anything it does not understand.

        Example:
            >>> Group.from_dict({"prompt": "2+2?", "responses": ["4", "5"], "rankings": [{"tiers": [[0], [1]]}]})
            Group('': 2 responses, 1 ranking)
        """
        values = group_fields(row)
        values["rankings"] = tuple(Ranking(**ranking) for ranking in values["rankings"])
        values["ratings"] = tuple(Rating(**rating) for rating in values["ratings"])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The native JSON shape. Fields at their defaults are left out."""
        return group_to_json(self)


def group_of_checked(
    id: str,
    prompt: Text,
    responses: tuple[Text, ...],
    rankings: tuple[Ranking, ...],
    ratings: tuple[Rating, ...],
    subset: str | None,
    meta: Mapping[str, Any],
    tools: tuple[Mapping[str, Any], ...],
) -> Group:
    """A group of which no part is looked at again: for what comes out of a group that was checked, or what the caller
    has just made right. `Group()` takes nearly three times as long, which is felt where there are millions.

    Example:
        >>> group_of_checked("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),), (), None, {}, ())
        Group('q': 2 responses, 1 ranking)
    """
    group = object.__new__(Group)
    _set_id(group, id)
    _set_prompt(group, prompt)
    _set_responses(group, responses)
    _set_rankings(group, rankings)
    _set_ratings(group, ratings)
    _set_subset(group, subset)
    _set_meta(group, meta)
    _set_tools(group, tools)
    return group


# What sets each field of a frozen group, in their order.
_set_id, _set_prompt, _set_responses, _set_rankings, _set_ratings, _set_subset, _set_meta, _set_tools = (
    getattr(Group, one.name).__set__ for one in fields(Group)
)


def each_group(groups: Iterable[Group]) -> Iterator[Group]:
    """The groups one by one; a single group counts as a list of one.

    Raises:
        TypeError: for a path or text (which `plaudit.load_groups` reads), and for anything else that is not a group.

    Example:
        >>> [group.id for group in each_group(Group("q1", "Hi", ("Hello!",)))]
        ['q1']
        >>> list(each_group("pairs.jsonl"))
        Traceback (most recent call last):
        ...
        TypeError: groups are needed, not text; read them with load_groups('pairs.jsonl')
    """
    if isinstance(groups, Group):
        groups = [groups]
    if isinstance(groups, (str, PathLike)):
        raise TypeError(f"groups are needed, not text; read them with load_groups({str(groups)[:80]!r})")
    if not isinstance(groups, Iterable):
        raise TypeError(f"groups are needed, not {with_article(type(groups).__name__)}")
    for group in groups:
        if not isinstance(group, Group):
            raise TypeError(f"groups are needed, not {with_article(type(group).__name__)} among them")
        yield group


def stable_id(group: Group) -> str:
    """An id out of what the group is: the same prompt (and subset) has the same one in every file and every session.

    Example:
        >>> stable_id(Group("", "Why?", ("x",))) == stable_id(Group("", "Why?", ("another",)))
        True
    """
    return blake2b(group_key(group).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def named(group: Group) -> Group:
    """The group itself; without an id it gets its `stable_id`, in place, because what it is stays the same.

    Example:
        >>> named(Group("", "Why?", ("x",))).id == stable_id(Group("q", "Why?", ("y",)))
        True
    """
    if not group.id:
        object.__setattr__(group, "id", stable_id(group))
    return group


def prompt_key(group: Group, index: int | None = None) -> str:
    """A string that groups share exactly when their responses answer the same: prompt and tools are the same.

    Args:
        group: one of several.
        index: its number among them. Where it is given, a prompt without text says nothing, so no two groups without
            one share a key.

    Example:
        >>> groups = [Group("a", "Why?", ("x",)), Group("b", " ", ("y",)), Group("c", "Why?", ("z",))]
        >>> [prompt_key(group, index) for index, group in enumerate(groups)]
        ['Why?', '\\x001', 'Why?']
    """
    if index is not None and not plain_text(group.prompt).strip():
        return f"\0{index}"
    key = text_key(group.prompt)
    return f"{key}\0\0\0{json.dumps(group.tools, sort_keys=True)}" if group.tools else key


def group_key(group: Group) -> str:
    """A string that two groups share exactly when rows of the two are one group: prompt, tools and subset are the
    same.

    Example:
        >>> group_key(Group("a", "Why?", ("x",))) == group_key(Group("b", "Why?", ("y",), subset="science"))
        False
    """
    key = prompt_key(group)
    return key if group.subset is None else f"{key}\0\0{group.subset}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
