"""Candidates: the losses that apply to a set of judgements, and which of them are equivalent there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from plaudit.data import scales_of
from plaudit.errors import InvalidInputError, NotFoundError, PlauditError
from plaudit.groups import Group
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES, ranking_loss
from plaudit.text import counted
from plaudit.training import TrainingSettings, read_scales


@dataclass(frozen=True, slots=True)
class Candidate:
    """A loss to train with.

    Attributes:
        name: as `--loss` has it.
        kind: what it learns from, `rankings` or `ratings`.
        settings: of its runs.
        likelihood: whether it models the probability of a win as σ(gap), so that its scores need no temperature.
    """

    name: str
    kind: str
    settings: TrainingSettings
    likelihood: bool

    def restrict(self, groups: Sequence[Group]) -> list[Group]:
        """The groups with only the judgements that this loss learns from."""
        if self.kind == "rankings":
            return [replace(group, ratings=()) for group in groups]
        return [replace(group, rankings=()) for group in groups]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The losses to train with, and those not to.

    Attributes:
        candidates: two or more.
        same: a loss that is not run -> the one that it is equivalent to on these judgements.
        left_out: a loss that does not apply -> why.
    """

    candidates: tuple[Candidate, ...]
    same: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def choose_losses(
    groups: Sequence[Group], settings: TrainingSettings, names: Sequence[str] | None = None
) -> Candidates:
    """The losses that apply to the groups' judgements; of those that are equivalent there, the first.

    Args:
        groups: all of them.
        settings: of every run; their losses do not count.
        names: only these losses; None: all.

    Raises:
        PlauditError: if a named loss is unknown or does not apply, or fewer than two different ones are left.
    """
    kinds = _kinds(groups)
    if not kinds:
        raise InvalidInputError(
            f"none of {counted(len(groups), 'groups')} has a ranking of two responses or a rating",
            remedy="give data with judgements",
        )
    known = [*RANKING_LOSSES, *RATING_LOSSES]
    for name in names or ():
        if name not in RATING_LOSSES and ranking_loss(name) is None:
            raise NotFoundError(
                f"there is no loss {name!r}", remedy=f"there are {', '.join(known)} (and plackett-luce:K)"
            )
    candidates: dict[str, Candidate] = {}
    left_out: dict[str, str] = {}
    for name in dict.fromkeys(names or known):
        try:
            candidates[name] = _candidate(name, kinds, groups, settings)
        except PlauditError as error:
            if names:
                raise
            left_out[name] = str(error)
    same = _equivalent(list(candidates), groups)
    different = tuple(candidate for name, candidate in candidates.items() if name not in same)
    if len(different) < 2:
        raise InvalidInputError(
            f"there is nothing to compare: {_reason_for_one(different[0].name, same, named=bool(names))}"
        )
    return Candidates(candidates=different, same=same, left_out=left_out)


def _reason_for_one(only: str, same: Mapping[str, str], named: bool) -> str:
    """Why only one loss is left."""
    if same:
        return f"on these judgements {', '.join(same)} and {only} are the same loss; give one that differs"
    if named:
        return f"{only} is one loss; give two or more, or leave --losses out for all that apply"
    return f"of all losses only {only} applies to these judgements"


def _kinds(groups: Sequence[Group]) -> set[str]:
    has_rankings = any(_size(ranking.tiers) > 1 for group in groups for ranking in group.rankings)
    has_ratings = any(group.ratings for group in groups)
    return {kind for kind, present in (("rankings", has_rankings), ("ratings", has_ratings)) if present}


def _size(tiers: Sequence[Sequence[int]]) -> int:
    return sum(map(len, tiers))


def _candidate(name: str, kinds: set[str], groups: Sequence[Group], settings: TrainingSettings) -> Candidate:
    kind = "ratings" if name in RATING_LOSSES else "rankings"
    if kind not in kinds:
        raise InvalidInputError(f"{name} learns from {kind}, and there are none")
    if kind == "ratings":
        changed = settings.with_changes({"rating_loss": name, "loss": "bradley-terry"}, "losses")
        _check_levels(name, groups, changed)
        return Candidate(name, kind, changed, likelihood=False)
    changed = settings.with_changes({"loss": name}, "losses")
    loss, _ = changed.ranking_loss
    likelihood = loss.likelihood and not changed.margin and changed.ties != "rao-kupper"
    return Candidate(name, kind, changed, likelihood)


def _check_levels(name: str, groups: Sequence[Group], settings: TrainingSettings) -> None:
    if RATING_LOSSES[name].readout == "value":
        return
    for attribute, scale in scales_of(groups, read_scales(settings.scales) if settings.scales else None).items():
        if scale.levels is None:
            raise InvalidInputError(f"{name} needs levels, and ratings of {attribute} take too many values to be any")
        if len(scale.levels) < 2:
            raise InvalidInputError(f"{name} needs two levels, and every rating of {attribute} is the same")


def _equivalent(names: Sequence[str], groups: Sequence[Group]) -> dict[str, str]:
    """A loss -> one before it in `names` that has the same gradients, where every ranking is of two responses.

    With a and b the two scores: each pair has its ranking's whole weight, so RankNet is Bradley-Terry. Plackett-Luce is
    -log softmax(a, b) = -log σ(a - b), and of a tie Bradley-Terry's minus ½ log 2. The best against the rest is the
    same, but skips ties. The best-worst model is Bradley-Terry on twice the gap, which is another model.
    """
    sizes = [(_size(ranking.tiers), len(ranking.tiers)) for group in groups for ranking in group.rankings]
    if any(size > 2 for size, _ in sizes):
        return {}
    ties = any(size == 2 and tiers == 1 for size, tiers in sizes)
    equivalent = {"bradley-terry", "ranknet", "plackett-luce"} | (set() if ties else {"infonce"})
    present = [name for name in names if name.partition(":")[0] in equivalent]
    return dict.fromkeys(present[1:], present[0]) if present else {}
