"""Scorers that follow a rule, so that what a probe must find is known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random

from plaudit.data.scores import Score
from plaudit.evaluation.probes import Case
from plaudit.groups import Group, plain_text
from plaudit.model.prepared import Prepared
from plaudit.model.scorer import Scorer


@dataclass
class Ruled(Scorer):
    """The rule is of a group and an index; answers longer than `longest` characters are marked as cut."""

    rule: Callable[[Group, int], float]
    longest: int = 10**6
    record: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def prepare(self, group, *, truncate_responses=False):
        return Prepared(group, sum(len(plain_text(response)) for response in group.responses))

    def score_prepared(self, batch, *, batch_tokens=4096):
        self.asked.extend(item.group for item in batch)
        return [
            [
                Score(group.id, i, self.rule(group, i), size, truncated=size > self.longest)
                for i, size in enumerate(len(plain_text(response)) for response in group.responses)
            ]
            for group in (item.group for item in batch)
        ]

    def run_record(self, kind, **more):
        return {"plaudit": kind, **more}

    def save(self, folder, *, card=None):
        raise NotImplementedError


def by_text(rule: Callable[[str], float], **options) -> Ruled:
    """A scorer that reads nothing but the answer."""
    return Ruled(lambda group, i: rule(plain_text(group.responses[i])), **options)


def by_luck(seed: int) -> Ruled:
    """A number in [0, 1) for every prompt and answer, the same each time."""

    def rule(group, i):
        said = f"{seed}\0{plain_text(group.prompt)}\0{plain_text(group.responses[i])}"
        return int.from_bytes(sha256(said.encode()).digest()[:6], "big") / 2**48

    return Ruled(rule)


def case(answer="One thing. Another thing. A third.", prompt="Why?", siblings=(), strangers=(), **group) -> Case:
    """An answer that is put to a probe, first in its group."""
    return Case(Group("g", prompt, (answer, *siblings), **group), 0, strangers, Random(0))
