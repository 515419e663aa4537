"""The words of Plaudit. A group is one prompt, the responses given to it, and what people said about them.

Two kinds of judgement, and no third. A *ranking* is relative: tiers of response indices, best first. A *rating* is
absolute: a value for one response on a named attribute. Everything else in the house reads and writes these.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import combinations
from os import PathLike
from typing import Any

from plaudit.errors import InvalidInputError

Message = Mapping[str, Any]
"""One turn of a conversation: at least `role` and `content`, both strings."""

Text = str | tuple[Message, ...]
"""A prompt or a response: plain text, or messages. A response of messages is everything after the prompt."""


class GroupError(InvalidInputError, ValueError):
    """A group that contradicts itself. The message says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Someone's order of some of a group's responses.

    Attributes:
        tiers: response indices, best tier first; indices in one tier are tied. `((0,), (1,))` is a chosen/rejected
            pair, `((0, 1),)` a tie, `((2,), (0,), (1,))` a full order. Responses left out were not judged.
        strength: how far apart, in the annotator's own units; becomes a margin when asked. None when not said.
        annotator: who said it.
        weight: how much it counts, > 0.
    """

    tiers: tuple[tuple[int, ...], ...]
    strength: float | None = None
    annotator: str | None = None
    weight: float = 1.0

    def comparisons(self) -> Iterator[tuple[int, int, bool]]:
        """Every pair the order implies, as `(better, worse, False)`, and every pair inside a tier as `(a, b, True)`."""
        for position, tier in enumerate(self.tiers):
            for a, b in combinations(tier, 2):
                yield a, b, True
            for lower in self.tiers[position + 1 :]:
                for better in tier:
                    for worse in lower:
                        yield better, worse, False

    def among(self, responses: Mapping[int, int]) -> Ranking | None:
        """The same order over a subset, renumbered by `responses` (old index -> new); None if it compares nothing."""
        kept = (tuple(responses[i] for i in tier if i in responses) for tier in self.tiers)
        tiers = tuple(tier for tier in kept if tier)
        if sum(map(len, tiers)) < 2:
            return None
        return Ranking(tiers, self.strength, self.annotator, self.weight)


@dataclass(frozen=True, slots=True)
class Rating:
    """Someone's value for one response on one attribute. `scale` is (lowest, highest) when it was declared."""

    response: int
    value: float
    attribute: str = "overall"
    annotator: str | None = None
    weight: float = 1.0
    scale: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One prompt, its K >= 1 responses, and their judgements.

    Raises:
        GroupError: if a judgement names a response that is not there, a rating is not a number or lies outside its
            scale, a weight is not positive, or a prompt or response is neither text nor messages.
    """

    id: str
    prompt: Text
    responses: tuple[Text, ...]
    rankings: tuple[Ranking, ...] = ()
    ratings: tuple[Rating, ...] = ()
    subset: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_text(self.prompt, "the prompt")
        if not self.responses:
            raise GroupError("a group needs at least one response")
        for index, response in enumerate(self.responses):
            _check_text(response, f"response {index}")
        for ranking in self.rankings:
            self._check_ranking(ranking)
        for rating in self.ratings:
            self._check_rating(rating)

    def _check_ranking(self, ranking: Ranking) -> None:
        named = [index for tier in ranking.tiers for index in tier]
        self._check_indices(named, "ranking")
        if not named or not all(ranking.tiers):
            raise GroupError("a ranking has an empty tier; leave out responses that were not judged")
        if len(set(named)) < len(named):
            twice = next(index for index in named if named.count(index) > 1)
            raise GroupError(f"a ranking names response {twice} twice; each response stands in one tier")
        _check_weight(ranking.weight, "ranking")
        if ranking.strength is not None and not (_is_number(ranking.strength) and ranking.strength >= 0):
            raise GroupError(f"a ranking's strength is {ranking.strength!r}; it must be a number >= 0")

    def _check_rating(self, rating: Rating) -> None:
        self._check_indices([rating.response], "rating")
        if not _is_number(rating.value):
            raise GroupError(
                f"the {rating.attribute} rating of response {rating.response} is {rating.value!r}, not a number"
            )
        if rating.scale is not None:
            low, high = rating.scale
            if not low < high:
                raise GroupError(
                    f"the scale of {rating.attribute} is [{low:g}, {high:g}]; the lowest value comes first"
                )
            if not low <= rating.value <= high:
                raise GroupError(
                    f"the {rating.attribute} rating of response {rating.response} is {rating.value:g}, "
                    f"outside its scale [{low:g}, {high:g}]"
                )
        _check_weight(rating.weight, "rating")

    def _check_indices(self, indices: Iterable[int], kind: str) -> None:
        count = len(self.responses)
        for index in indices:
            if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
                raise GroupError(f"a {kind} names response {index!r}; the group has responses 0 to {count - 1}")

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
            meta=self.meta,
        )

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Group:
        """Read the native JSON shape (see docs/formats.md). Raises GroupError on anything it does not understand."""
        unknown = sorted(set(row) - {"id", "prompt", "responses", "rankings", "ratings", "subset", "meta"})
        if unknown:
            raise GroupError(f'unknown field {unknown[0]!r}; anything of your own belongs under "meta"')
        for name in ("prompt", "responses"):
            if row.get(name) is None:
                raise GroupError(f"the field {name!r} is missing")
        if isinstance(row["responses"], str) or not isinstance(row["responses"], Sequence):
            raise GroupError('"responses" must be a list')
        return cls(
            id="" if row.get("id") is None else str(row["id"]),
            prompt=_text_from_json(row["prompt"]),
            responses=tuple(_text_from_json(r) for r in row["responses"]),
            rankings=tuple(_ranking_from_json(r) for r in _rows(row, "rankings")),
            ratings=tuple(_rating_from_json(r) for r in _rows(row, "ratings")),
            subset=None if row.get("subset") is None else str(row["subset"]),
            meta=row.get("meta") or {},
        )

    def to_dict(self) -> dict[str, Any]:
        """The native JSON shape. Fields at their defaults are left out."""
        row: dict[str, Any] = {
            "id": self.id,
            "prompt": _text_to_json(self.prompt),
            "responses": [_text_to_json(r) for r in self.responses],
        }
        if self.rankings:
            row["rankings"] = [
                _without_defaults(tiers=[list(t) for t in r.tiers], strength=r.strength, **_said(r))
                for r in self.rankings
            ]
        if self.ratings:
            row["ratings"] = [
                _without_defaults(
                    response=r.response,
                    value=r.value,
                    attribute=r.attribute,
                    scale=r.scale and list(r.scale),
                    **_said(r),
                )
                for r in self.ratings
            ]
        if self.subset is not None:
            row["subset"] = self.subset
        if self.meta:
            row["meta"] = dict(self.meta)
        return row


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
        raise TypeError(f"groups are needed, not a {type(groups).__name__}")
    for group in groups:
        if not isinstance(group, Group):
            raise TypeError(f"groups are needed, not a {type(group).__name__} among them")
        yield group


def plain_text(text: Text) -> str:
    """The words of a prompt or response without roles: messages' contents joined by blank lines."""
    if isinstance(text, str):
        return text
    return "\n\n".join(str(message["content"]) for message in text)


def as_messages(text: Text, role: str) -> list[dict[str, Any]]:
    """Messages as they are, or plain text as one message of `role`."""
    if isinstance(text, str):
        return [{"role": role, "content": text}]
    return [dict(message) for message in text]


def stable_id(prompt: Text, subset: str | None) -> str:
    """An id out of what the group is: the same prompt (and subset) has the same one in every file and every session."""
    return blake2b(group_key(prompt, subset).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def text_key(text: Text) -> str:
    """A string that two texts share exactly when they are the same text or the same messages."""
    return text if isinstance(text, str) else "\0" + json.dumps(text, sort_keys=True)


def prompt_key(group: Group, index: int) -> str:
    """A string that groups share exactly when they have the same prompt. A prompt without text says nothing, so no two
    groups without one share it.

    Args:
        group: one of several.
        index: its number among them.

    Example:
        >>> groups = [Group("a", "Why?", ("x",)), Group("b", " ", ("y",)), Group("c", "Why?", ("z",))]
        >>> [prompt_key(group, index) for index, group in enumerate(groups)]
        ['Why?', '\\x001', 'Why?']
    """
    return text_key(group.prompt) if plain_text(group.prompt).strip() else f"\0{index}"


def group_key(prompt: Text, subset: str | None) -> str:
    """A string that two groups share exactly when rows of the two are one group: prompt and subset are the same."""
    key = text_key(prompt)
    return key if subset is None else f"{key}\0\0{subset}"


def _check_text(text: Any, what: str) -> None:
    if isinstance(text, str):
        return
    if not isinstance(text, tuple):
        raise GroupError(f"{what} is a {type(text).__name__}; it must be text or a list of messages")
    if not text:
        raise GroupError(f"{what} is an empty list of messages")
    for message in text:
        if not isinstance(message, Mapping) or not all(isinstance(message.get(k), str) for k in ("role", "content")):
            raise GroupError(f'{what} has a message without "role" and "content" as text')


def _check_weight(weight: Any, kind: str) -> None:
    if not _is_number(weight) or weight <= 0:
        raise GroupError(
            f"a {kind} has weight {weight!r}; a weight is a number > 0 (leave the judgement out instead of 0)"
        )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _rows(row: Mapping[str, Any], name: str) -> Sequence[Any]:
    rows = row.get(name)
    if rows is None:
        return ()
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise GroupError(f'"{name}" must be a list')
    return rows


def _text_from_json(value: Any) -> Text:
    return tuple(value) if isinstance(value, list) else value


def _text_to_json(text: Text) -> str | list[dict[str, Any]]:
    return text if isinstance(text, str) else [dict(message) for message in text]


def _ranking_from_json(row: Any) -> Ranking:
    tiers = row.get("tiers") if isinstance(row, Mapping) else None
    if not isinstance(tiers, Sequence) or not all(isinstance(t, Sequence) and not isinstance(t, str) for t in tiers):
        raise GroupError('a ranking needs "tiers": a list of lists of response indices, best first')
    _check_fields(row, {"tiers", "strength", "annotator", "weight"}, "ranking")
    return Ranking(tuple(tuple(t) for t in tiers), row.get("strength"), _name(row), _weight(row))


def _rating_from_json(row: Any) -> Rating:
    if not isinstance(row, Mapping) or "response" not in row or "value" not in row:
        raise GroupError('a rating needs "response" (an index) and "value" (a number)')
    _check_fields(row, {"response", "value", "attribute", "annotator", "weight", "scale"}, "rating")
    scale = row.get("scale")
    if scale is not None and not (isinstance(scale, Sequence) and len(scale) == 2 and all(map(_is_number, scale))):
        raise GroupError(f"a rating's scale is {scale!r}; it must be two numbers, lowest and highest")
    return Rating(
        row["response"],
        row["value"],
        str(row.get("attribute") or "overall"),
        _name(row),
        _weight(row),
        None if scale is None else (scale[0], scale[1]),
    )


def _check_fields(row: Mapping[str, Any], known: set[str], kind: str) -> None:
    unknown = sorted(set(row) - known)
    if unknown:
        raise GroupError(f"a {kind} has an unknown field {unknown[0]!r}; it may have {', '.join(sorted(known))}")


def _name(row: Mapping[str, Any]) -> str | None:
    return None if row.get("annotator") is None else str(row["annotator"])


def _weight(row: Mapping[str, Any]) -> float:
    return 1.0 if row.get("weight") is None else row["weight"]


def _said(judgement: Ranking | Rating) -> dict[str, Any]:
    return {"annotator": judgement.annotator, "weight": judgement.weight}


def _without_defaults(**fields: Any) -> dict[str, Any]:
    defaults = {"strength": None, "annotator": None, "weight": 1.0, "scale": None, "attribute": "overall"}
    return {name: value for name, value in fields.items() if name not in defaults or value != defaults[name]}
