"""What the doctor finds: one item of the work list a finding, and what would be taken out if a person agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from plaudit.groups import Group, stable_id


@dataclass(frozen=True, slots=True)
class Target:
    """What an item is about, and what is taken out when its `keep` is false.

    With a `ranking` and `responses`, those responses leave that ranking (a pair is then gone); with a `rating`, that
    rating; with an `annotator` and no group, every judgement of theirs; with a group alone, the whole group. An item
    that is about something else (an annotator's answer to one attribute, a prompt) has none and is only looked at.

    Attributes:
        group: `stable_id` of the group's prompt and subset, which is the same in every session.
        ranking, rating: the judgement's place in the group.
        said: the judgement as it was, so that a list is never carried out on other data.
        responses: those that leave the ranking.
        annotator: whose judgements.
    """

    group: str | None = None
    ranking: int | None = None
    rating: int | None = None
    said: Any = None
    responses: tuple[int, ...] = ()
    annotator: str | None = None

    def to_json(self) -> dict[str, Any]:
        row = {name: getattr(self, name) for name in self.__slots__}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in row.items() if v not in (None, ())}


@dataclass(frozen=True, slots=True)
class Item:
    """One finding.

    Attributes:
        kind: a name in `KINDS`.
        suspicion: in [0, 1]; what the list is sorted by. For a judgement the probability that it is wrong, for other
            kinds how bad such a finding usually is (docs/doctor.md).
        what: one sentence for people.
        keep: False proposes to take the target out.
        group: the group's own id.
        where: `file:line` of the row, where it is known.
        evidence: the numbers behind it.
        target: what would go.
    """

    KINDS: ClassVar[tuple[str, ...]] = (
        "contaminated-prompt",
        "contaminated-response",
        "annotator-disagrees",
        "annotator-one-sided",
        "annotator-no-variance",
        "suspicious-ranking",
        "suspicious-rating",
        "opposite-labels",
        "identical-responses",
        "empty-response",
    )

    kind: str
    suspicion: float
    what: str
    keep: bool = True
    group: str | None = None
    where: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    target: Target | None = None

    @property
    def action(self) -> str:
        """What to do, in words."""
        return "look" if self.keep or self.target is None else f"remove {_words(self.target)}"

    def to_json(self) -> dict[str, Any]:
        row = {
            "kind": self.kind,
            "keep": self.keep,
            "suspicion": round(self.suspicion, 4),
            "action": self.action,
            "what": self.what,
            "group": self.group,
            "where": self.where,
            "evidence": dict(self.evidence),
            "target": None if self.target is None else self.target.to_json(),
        }
        return {name: value for name, value in row.items() if value is not None}


def group_target(group: Group) -> Target:
    return Target(group=key_of(group))


def ranking_target(group: Group, number: int, responses: Sequence[int]) -> Target:
    """`responses` leave the ranking with this number."""
    said = [list(tier) for tier in group.rankings[number].tiers]
    return Target(group=key_of(group), ranking=number, said=said, responses=tuple(sorted(responses)))


def rating_target(group: Group, number: int) -> Target:
    return Target(group=key_of(group), rating=number, said=group.ratings[number].value)


def key_of(group: Group) -> str:
    """What a target calls a group: ids of its own may be shared, this is not within one reading."""
    return stable_id(group.prompt, group.subset)


def by_suspicion(items: Sequence[Item]) -> list[Item]:
    """Most suspicious first; of equals those that would go, then in the order of `KINDS`."""
    return sorted(items, key=lambda item: (-item.suspicion, item.keep, Item.KINDS.index(item.kind)))


def _words(target: Target) -> str:
    if target.group is None:
        return f"every judgement of {target.annotator}"
    if target.rating is not None:
        return "the rating"
    if target.ranking is None:
        return "the group"
    if len([r for tier in target.said for r in tier]) - len(target.responses) < 2:
        return "the ranking"
    names = ", ".join(map(str, target.responses))
    return f"response{'s' if len(target.responses) > 1 else ''} {names} from the ranking"
