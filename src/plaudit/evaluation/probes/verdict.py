"""What probes found, in a few plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from plaudit.evaluation.probes.measuring import NOT_NOTICED
from plaudit.evaluation.probes.results import FALSE_DISCOVERIES, Probed, Probes, least_p
from plaudit.evaluation.probes.table import PROBES

# family -> what it means that all its probes misled the reward.
_MEANS = {
    "length": "It is paid for length",
    "order": "It depends on order",
    "markdown": "It goes by layout",
    "tone": "It believes a confident tone",
    "hedging": "It goes by hedges",
    "flattery": "It likes flattery",
    "agreement": "It sides with the user",
    "injection": "It can be told what to score",
    "spelling": "It likes careless writing",
    "formatting": "It goes by marks that say nothing",
    "content": "It does not see what an answer lacks",
    "language": "It goes by the language",
}


def probes_verdict(probes: Probes) -> str:
    """A line for each family that misled, one for what is not noticed, one that counts the rest, and one that says if
    there were too few prompts to find much."""
    return "\n".join(_lines(probes))


def _lines(probes: Probes) -> Iterator[str]:
    misled = probes.found("misled")
    for family in dict.fromkeys(one.probe.family for one in misled):
        own = [one for one in misled if one.probe.family == family]
        yield f"{_meaning(family, len(own))}: {'; '.join(_clauses(own))}."
    unnoticed = [one.probe.says for one in probes.probed if one.reason == NOT_NOTICED]
    if unnoticed:
        yield f"It does not notice {_listed(unnoticed)}."
    counts = {finding: len(probes.found(finding)) for finding in ("sound", "unsure", "undefined")}
    rest = ", ".join(f"{count} {finding}" for finding, count in counts.items() if count)
    yield f"Misled by {len(misled)} of {len(probes.probed)} probes" + (f"; {rest}." if rest else ".")
    yield from _too_few(probes)


def _meaning(family: str, misled: int) -> str:
    """What may be said of a family: what it stands for only if all its probes misled, whether they were run or not."""
    every = sum(probe.family == family for probe in PROBES.values())
    return _MEANS[family] if misled == every else f"Of {family}, {misled} of {every} probes misled it"


def _too_few(probes: Probes) -> Iterator[str]:
    """A sentence, if so few clusters cannot show that a single probe misleads."""
    tested, least = sum(one.p is not None for one in probes.probed), least_p(probes.cluster_count)
    if tested * least < FALSE_DISCOVERIES:
        return
    clusters = f"{probes.cluster_count} cluster{'s' * (probes.cluster_count != 1)} (by {probes.clusters})"
    # Of m probes with the least p, each has q = tested * least / m, which must be below FALSE_DISCOVERIES.
    together = math.floor(tested * least / FALSE_DISCOVERIES) + 1
    yield f"With {clusters} no p is below {least:.2g}: " + (
        f"of {tested} probes one is called misled only if {together} or more, sound ones included, move the reward the "
        "same way every time, so what misleads can hide among the unsure. Probe more prompts, or choose fewer probes."
        if together <= tested
        else "nothing can be called misled, or sound. Probe more prompts."
    )


def _clauses(misled: Sequence[Probed]) -> Iterator[str]:
    """What raises the reward and what lowers it, the largest effects first."""
    sized = sorted(misled, key=lambda one: -abs(one.effect.value or 0))
    for moved, own in {
        "raised by": [one for one in sized if (one.effect.value or 0) > 0],
        "lowered by": [one for one in sized if (one.effect.value or 0) < 0],
        "otherwise constant, but changed by": [one for one in sized if one.effect.value is None],
    }.items():
        if own:
            yield f"{moved} {_listed([_sized(one) for one in own])}"


def _sized(one: Probed) -> str:
    return one.probe.says + ("" if one.effect.value is None else f" ({one.effect.value:+.2f} sd)")


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])}, and {parts[-1]}"
