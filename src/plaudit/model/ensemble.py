"""Several reward models as one: the mean of their rewards, and how far they disagree.

Rewards are combined as they are. Each member's reward is the log-odds of its own Bradley-Terry fit, so a gap means the
same in all of them, and one that is surer counts more; rescaling would take that away. Members that learned by
different losses have no such unit in common, and a warning says so.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.data import Score
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model.folder.contents import ENSEMBLE, MEMBERS, REWARD_MODEL, tokenizer_hash
from plaudit.model.folder.link import warn_of_losses
from plaudit.model.folder.write import new_folder
from plaudit.model.prepared import Prepared
from plaudit.model.rendering import Rendered
from plaudit.model.reward_model import RewardModel
from plaudit.model.scorer import DEFAULT_BATCH_TOKENS, Scorer, prepared_as
from plaudit.model.token_check import TokenCheck
from plaudit.storage import versions, write_record

logger = logging.getLogger(__name__)


def combined(scores: Sequence[Score], heads: Sequence[int]) -> Score:
    """The score that M members together give one response.

    The reward is the mean over members. The spread is a standard deviation over all heads of all members, in which
    every member weighs the same and a member's K heads share its weight: with wₘ = 1/(M Kₘ) for each head and μ the
    reward, spread² = Σ w (x − μ)² / (1 − Σ w²), the unbiased variance for reliability weights. With one head a member
    that is the ordinary standard deviation over members (M − 1 below).

    Args:
        scores: one a member; those of several heads with their spread.
        heads: how many heads each has.

    Returns:
        The score, with the members' rewards as its `members` and, for each attribute that some member has a value of,
        the mean over those. Tokens are those of the member that read the most; truncated is whether any member cut the
        response.

    Example:
        >>> members = [Score("g", 0, score=value, tokens=9, truncated=False) for value in (1.0, 2.0, 6.0)]
        >>> combined(members, heads=[1, 1, 1]).score
        3.0
    """
    count = len(scores)
    reward = sum(score.score for score in scores) / count
    within = [(score.spread or 0.0) ** 2 * (k - 1) / k for score, k in zip(scores, heads, strict=True)]
    variance = sum(inner + (score.score - reward) ** 2 for score, inner in zip(scores, within, strict=True)) / count
    squared_weights = sum(1 / k for k in heads) / count**2
    values: dict[str, list[float]] = {}
    for score in scores:
        for name, value in (score.scores or {}).items():
            values.setdefault(name, []).append(value)
    return Score(
        group=scores[0].group,
        response=scores[0].response,
        score=reward,
        tokens=max(score.tokens for score in scores),
        truncated=any(score.truncated for score in scores),
        scores={name: sum(column) / len(column) for name, column in values.items()} or None,
        spread=math.sqrt(variance / (1 - squared_weights)),
        hash=scores[0].hash,
        members=tuple(score.score for score in scores),
    )


@dataclass(frozen=True, slots=True)
class RenderedForMembers(Prepared):
    """A group as its members read it.

    Attributes:
        readings: one for all members that read alike.
    """

    readings: tuple[Rendered, ...]

    @classmethod
    def of(cls, readings: Sequence[Rendered]) -> RenderedForMembers:
        """Its cost is that of the member that reads the most tokens."""
        return cls(readings[0].group, max(item.cost for item in readings), tuple(readings))

    def key(self, response: int) -> bytes:
        """What each reads, with its length before it."""
        keys = [item.key(response) for item in self.readings]
        return b"".join(len(key).to_bytes(8, "big") + key for key in keys)

    @property
    def prompts_cut(self) -> int:
        """By the member that cuts the most."""
        return max(item.prompts_cut for item in self.readings)

    def was_cut(self, response: int) -> bool:
        return any(item.was_cut(response) for item in self.readings)


class Ensemble(Scorer):
    """Reward models whose mean is the reward.

    Args:
        members: two or more. They may differ in everything but the scales of the attributes they share.
        record: the run record, where there is one already.

    Raises:
        PlauditError: if there are fewer than two, or two give an attribute on different scales.

    Example:
        >>> members = [RewardModel.from_pretrained(name) for name in ("my-model", "my-second-model")]
        >>> [score.response for score in Ensemble(members).rank("What is 2 + 2?", ["No idea.", "It is 4."])]
        [1, 0]
    """

    kind = ENSEMBLE

    def __init__(self, members: Sequence[RewardModel], *, record: Mapping[str, Any] = {}) -> None:
        if len(members) < 2:
            raise InvalidInputError(f"an ensemble of {len(members)} has no spread", remedy="give two members or more")
        self.members = list(members)
        self._scales = _common_scales(self.members)
        self._readings = _same_readings(self.members)
        self.record = dict(record)
        warn_of_losses([member.record for member in members])

    @classmethod
    def open(cls, folder: Path, record: Mapping[str, Any], **options: Any) -> Ensemble:
        """What `save` or `plaudit.combine` wrote. `options` are those of `RewardModel.from_pretrained`.

        Raises:
            PlauditError: if a member is missing or cannot be opened.
        """
        numbers = range(len(record.get("members") or ()))
        return cls([RewardModel.from_pretrained(folder / MEMBERS / str(n), **options) for n in numbers], record=record)

    def __repr__(self) -> str:
        return f"Ensemble({', '.join(map(repr, self.members))})"

    @checked
    def prepare(self, group: Group, *, truncate_responses: bool = False) -> RenderedForMembers:
        return RenderedForMembers.of(
            [self.members[alike[0]].prepare(group, truncate_responses=truncate_responses) for alike in self._readings]
        )

    @checked
    def prepare_text(
        self, text: str, *, foreign: bool = False, as_generated: bool = False, truncate_responses: bool = False
    ) -> RenderedForMembers:
        how = {"foreign": foreign, "as_generated": as_generated, "truncate_responses": truncate_responses}
        return RenderedForMembers.of([self.members[alike[0]].prepare_text(text, **how) for alike in self._readings])

    def opens_answer(self, prompt: str) -> bool:
        return all(self.members[alike[0]].opens_answer(prompt) for alike in self._readings)

    def answer_in(self, generated: str) -> str:
        for alike in self._readings:
            generated = self.members[alike[0]].answer_in(generated)
        return generated

    def prepare_all(
        self, groups: Iterable[Group], *, truncate_responses: bool = False, check: TokenCheck | None = None
    ) -> Iterator[RenderedForMembers]:
        """As the members read them. `check` counts for each that reads in its own way; without it they warn at the
        end."""
        counts = check or TokenCheck()
        readers = [self.members[alike[0]] for alike in self._readings]
        checks = counts.of_readers([_named(alike) for alike in self._readings]) if len(readers) > 1 else [counts]
        streams = (
            reader.prepare_all(copy, truncate_responses=truncate_responses, check=of_reader)
            for reader, copy, of_reader in zip(readers, tee(groups, len(readers)), checks, strict=True)
        )
        yield from map(RenderedForMembers.of, zip(*streams, strict=True))
        if check is None:
            for warning in counts.warnings():
                logger.warning(warning)

    @checked
    def score_prepared(
        self, batch: Sequence[Prepared], *, batch_tokens: int = DEFAULT_BATCH_TOKENS
    ) -> list[list[Score]]:
        items = prepared_as(RenderedForMembers, batch)
        by_member: dict[int, list[list[Score]]] = {}
        for number, alike in enumerate(self._readings):
            rendered = [item.readings[number] for item in items]
            for member in alike:
                by_member[member] = self.members[member].score_prepared(rendered, batch_tokens=batch_tokens)
        heads = [member.network.outputs.heads for member in self.members]
        self.computed_tokens = sum(member.computed_tokens for member in self.members)
        rows = zip(*(by_member[member] for member in range(len(self.members))), strict=True)
        return [[combined(scores, heads) for scores in zip(*row, strict=True)] for row in rows]

    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        members = [member.run_record(REWARD_MODEL) for member in self.members]
        scales = {name: {"low": low, "high": high} for name, (low, high) in self._scales.items()}
        of_members = {"members": members, "attributes": scales, "versions": versions()}
        return {**self.record, "plaudit": kind, **of_members, **more}

    @checked
    def save(self, folder: str | Path, *, card: str | None = None, overwrite: bool = False) -> None:
        """Write every member in `members/`, and plaudit.json. Unlike a single model's, a folder that is
        replaced may hold nothing but the model.

        Raises:
            PlauditError: if the folder holds something that may not be replaced, or cannot be written.
        """
        with new_folder(Path(folder), overwrite=overwrite) as staging:
            for number, member in enumerate(self.members):
                member.save(staging / MEMBERS / str(number))
            self.record = self.run_record(self.kind)
            write_record(staging, self.record, card)


def _named(members: Sequence[int]) -> str:
    """What the members of these numbers are called in a warning."""
    return f"{'member' if len(members) == 1 else 'members'} {', '.join(map(str, members))}"


def _same_readings(members: Sequence[RewardModel]) -> list[list[int]]:
    """Members' numbers, those that turn a group into the same tokens together."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for number, member in enumerate(members):
        reader = member.renderer
        key = (tokenizer_hash(reader.tokenizer), reader.max_length, reader.causal, reader.segments, reader.padding)
        alike.setdefault(key, []).append(number)
    return list(alike.values())


def _common_scales(members: Sequence[RewardModel]) -> dict[str, tuple[float, float]]:
    """Attribute -> the scale its values are on, for those that have values."""
    scales: dict[str, tuple[float, float]] = {}
    for number, member in enumerate(members):
        for attribute in member.network.outputs.attributes:
            if attribute.readout == "reward":
                continue
            low, high = attribute.low, attribute.high
            if scales.setdefault(attribute.name, (low, high)) != (low, high):
                others = "{:g}:{:g}".format(*scales[attribute.name])
                raise InvalidInputError(
                    f"member {number} gives {attribute.name!r} from {low:g} to {high:g}, others from "
                    f"{others.replace(':', ' to ')}",
                    remedy=f"train them with the same --scale {attribute.name}={others}",
                )
    return scales
