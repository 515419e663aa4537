"""Items of the work list: what the doctor finds, and what is removed if a person agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from plaudit.groups import Group, stable_id


@dataclass(frozen=True, slots=True)
class Target:
    """What is removed when an item's `keep` is false.

    With a `ranking` and `responses`, those responses are removed from that ranking (which ends a pair); with a
    `rating`, that rating; with an `annotator` and no group, all judgements of that annotator; with a group alone, the
    whole group. An item about anything else (one annotator on one attribute, say) has no target: it is for people to
    look at.

    Attributes:
        group: `stable_id` of the group's prompt and subset, which is the same in every session.
        ranking, rating: the judgement's number within the group.
        judgement: the tiers or the value when the list was made, so that a list is never applied to other data.
        responses: those removed from the ranking.
        annotator: a name.

    Example:
        >>> Target(annotator="jun").to_json()
        {'annotator': 'jun'}
    """

    group: str | None = None
    ranking: int | None = None
    rating: int | None = None
    judgement: Any = None
    responses: tuple[int, ...] = ()
    annotator: str | None = None

    def to_json(self) -> dict[str, Any]:
        row = {name: getattr(self, name) for name in self.__slots__}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in row.items() if v not in (None, ())}


@dataclass(frozen=True, slots=True)
class Item:
    """One finding, a line of the work list.

    Attributes:
        kind: one of `KINDS`.
        suspicion: in [0, 1]; the list is sorted by it. For a judgement, the probability that it is wrong; for other
            kinds, how serious such a finding usually is (docs/doctor.md).
        what: one sentence for people.
        keep: False proposes to remove the target.
        group: the group's id in the data.
        where: `file:line` of the row, where it is known.
        evidence: the numbers behind the finding.
        target: what is removed.

    Example:
        >>> Item("annotator-one-sided", 1.0, "always first", keep=False, target=Target(annotator="jun")).action
        'remove every judgement of jun'
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
        """The proposal in words: `look`, or what to remove."""
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
    """The whole group."""
    return Target(group=key_of(group))


def ranking_target(group: Group, number: int, responses: Sequence[int]) -> Target:
    """Some responses of a ranking of the group."""
    tiers = [list(tier) for tier in group.rankings[number].tiers]
    return Target(group=key_of(group), ranking=number, judgement=tiers, responses=tuple(sorted(responses)))


def rating_target(group: Group, number: int) -> Target:
    """A rating of the group."""
    return Target(group=key_of(group), rating=number, judgement=group.ratings[number].value)


def key_of(group: Group) -> str:
    """The group's key in targets. Several groups may share an id; this is unique within one reading."""
    return stable_id(group)


def by_suspicion(items: Sequence[Item]) -> list[Item]:
    """Most suspicious first; among equals, proposed removals first, then in the order of `KINDS`."""
    return sorted(items, key=lambda item: (-item.suspicion, item.keep, Item.KINDS.index(item.kind)))


def _words(target: Target) -> str:
    if target.group is None:
        return f"every judgement of {target.annotator}"
    if target.rating is not None:
        return "the rating"
    if target.ranking is None:
        return "the group"
    if len([r for tier in target.judgement for r in tier]) - len(target.responses) < 2:
        return "the ranking"
    names = ", ".join(map(str, target.responses))
    return f"response{'s' if len(target.responses) > 1 else ''} {names} from the ranking"
