"""Results of probes: the effect of each on the reward, and what it shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from plaudit.evaluation.probes.change import PROBES, Probe, Wanted
from plaudit.statistics import Measurement
from plaudit.storage import Fields

FALSE_DISCOVERIES = 0.05
"""Of all that is called misled, the share that may be so by luck."""


def least_p(clusters: int) -> float:
    """The least p that so many clusters can give: of 2^k patterns of signs, two are as far out as can be."""
    return 2.0 ** (1 - clusters)


FEWEST = next(clusters for clusters in count(1) if least_p(clusters) < FALSE_DISCOVERIES)
"""The least number of clusters (6) from which a finding can come: with fewer no probe can be called misled, even
alone, so none may be called sound."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The result of one probe.

    Attributes:
        probe: the probe.
        effect: mean score of the changed answer minus that of the untouched one, in sd of the model's own rewards.
        p: by `sign_flip`; None where there was nothing to test.
        q: the same after Benjamini and Hochberg, over all probes.
        raised: share of answers that score higher when changed.
        finding: misled, sound, unsure or undefined.
        reason: what keeps the finding from being surer, or makes it undefined.
        left_out: why answers took no part -> how many.

    Example:
        >>> from plaudit import Group, Ranking, probe, train
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"It is {i + 1}", "No"), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> [padding] = probe(train(groups, "longer", backbone="length"), groups, only=["padding"]).probed
        >>> padding.finding, padding.raised.value, padding.p
        ('misled', 1.0, 0.0078125)
    """

    probe: Probe
    effect: Measurement
    p: float | None
    q: float | None
    raised: Measurement
    finding: str
    reason: str | None
    left_out: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": self.probe.name,
            "family": self.probe.family,
            "says": self.probe.says,
            "wanted": self.probe.wanted.value,
            "effect": self.effect.to_json(),
            "p": self.p,
            "q": self.q,
            "raised": self.raised.to_json(),
            "finding": self.finding,
            "left_out": dict(self.left_out),
        }
        return row if self.reason is None else row | {"reason": self.reason}

    @classmethod
    def from_json(cls, row: Fields) -> Probed:
        """The inverse of `to_json`. A probe that this version does not have is one that applies to nothing."""
        left_out = row.object("left_out")
        return cls(
            probe=_probe(row),
            effect=Measurement.from_json(row.values.get("effect")),
            p=row.optional_number("p"),
            q=row.optional_number("q"),
            raised=Measurement.from_json(row.values.get("raised")),
            finding=row.text("finding"),
            reason=row.optional_text("reason"),
            left_out={name: left_out.integer(name) for name in left_out.values},
        )


def _probe(row: Fields) -> Probe:
    name, family, says, wanted = row.text("name"), row.text("family"), row.text("says"), Wanted(row.text("wanted"))
    registered = PROBES.get(name)
    if registered is not None and (registered.family, registered.says, registered.wanted) == (family, says, wanted):
        return registered
    return Probe(name=name, family=family, wanted=wanted, says=says, change=lambda case: None)


@dataclass(frozen=True, slots=True)
class Probes:
    """The results of all probes of one model.

    Attributes:
        sd: the model's own reward spread; NaN where it has none.
        sd_of: whose standard deviation that is: "within prompts", or "overall"; where it has none, why.
        groups: groups that took part.
        answers: answers of theirs that were put to the probes.
        clusters: what intervals are clustered by, "prompt" or a meta field.
        cluster_count: how many of those there are.
        probed: one for each probe.

    Example:
        >>> from plaudit import Group, Ranking, probe, train
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"It is {i + 1}", "No"), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> probes = probe(train(groups, "length", backbone="length"), groups, only=["padding", "all again"])
        >>> [probed.probe.says for probed in probes.with_finding("misled")]
        ['padding with three empty sentences', 'saying the whole answer twice']
    """

    sd: float
    sd_of: str
    groups: int
    answers: int
    clusters: str
    cluster_count: int
    probed: Sequence[Probed]

    def with_finding(self, finding: str) -> list[Probed]:
        """The probes with a finding: misled, sound, unsure or undefined."""
        return [probed for probed in self.probed if probed.finding == finding]

    @property
    def tested(self) -> int:
        """How many probes there was something to test of."""
        return sum(one.p is not None for one in self.probed)

    @property
    def least_p(self) -> float:
        """The least p that so many clusters can give."""
        return least_p(self.cluster_count)

    @property
    def needed_together(self) -> int:
        """How many probes must move the reward the same way every time before one of them can be called misled.

        1 where there are clusters enough; more than are `tested` where nothing can be found at all. Of m probes with
        the least p, each has q = tested * least_p / m, which must be below `FALSE_DISCOVERIES`.
        """
        return math.floor(self.tested * self.least_p / FALSE_DISCOVERIES) + 1

    def to_json(self) -> dict[str, Any]:
        return {
            "sd": self.sd if math.isfinite(self.sd) else None,
            "sd_of": self.sd_of,
            "groups": self.groups,
            "answers": self.answers,
            "clusters": self.clusters,
            "cluster_count": self.cluster_count,
            "level": FALSE_DISCOVERIES,
            "probes": [probed.to_json() for probed in self.probed],
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Probes:
        """The inverse of `to_json`.

        Raises:
            ValueError: if it is of another shape.
        """
        fields = Fields.of(row, '"probes"')
        sd = fields.optional_number("sd")
        return cls(
            sd=math.nan if sd is None else sd,
            sd_of=fields.text("sd_of"),
            groups=fields.integer("groups"),
            answers=fields.integer("answers"),
            clusters=fields.text("clusters"),
            cluster_count=fields.integer("cluster_count"),
            probed=[Probed.from_json(row) for row in fields.objects("probes")],
        )
