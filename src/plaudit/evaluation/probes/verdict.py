"""The verdict of probes: their findings in a few plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from plaudit.evaluation.probes.change import FAMILIES, PROBES
from plaudit.evaluation.probes.measuring import NOT_NOTICED
from plaudit.evaluation.probes.results import FALSE_DISCOVERIES, Probed, Probes, least_p


def probes_verdict(probes: Probes) -> str:
    """A line for each family that misled, one for what is not noticed, one that counts the rest, and one that says if
    there were too few prompts to find much."""
    return "\n".join(_lines(probes))


def _lines(probes: Probes) -> Iterator[str]:
    misled = probes.with_finding("misled")
    for family in dict.fromkeys(probed.probe.family for probed in misled):
        of_family = [probed for probed in misled if probed.probe.family == family]
        yield f"{_meaning(family, len(of_family))}: {'; '.join(_clauses(of_family))}."
    unnoticed = [probed.probe.says for probed in probes.probed if probed.reason == NOT_NOTICED]
    if unnoticed:
        yield f"It does not notice {_listed(unnoticed)}."
    counts = {finding: len(probes.with_finding(finding)) for finding in ("sound", "unsure", "undefined")}
    rest = ", ".join(f"{count} {finding}" for finding, count in counts.items() if count)
    yield f"Misled by {len(misled)} of {len(probes.probed)} probes" + (f"; {rest}." if rest else ".")
    yield from _too_few(probes)


def _meaning(family: str, misled: int) -> str:
    """What may be said of a family: what it stands for only if all its probes misled, whether they were run or not."""
    every = sum(probe.family == family for probe in PROBES.values())
    if misled == every and family in FAMILIES:
        return FAMILIES[family]
    return f"Of {family}, {misled} of {every} probes misled it"


def _too_few(probes: Probes) -> Iterator[str]:
    """A sentence, if so few clusters cannot show that a single probe misleads."""
    tested, least = sum(probed.p is not None for probed in probes.probed), least_p(probes.cluster_count)
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
    sized = sorted(misled, key=lambda probed: -abs(probed.effect.value or 0))
    for moved, group in {
        "raised by": [probed for probed in sized if (probed.effect.value or 0) > 0],
        "lowered by": [probed for probed in sized if (probed.effect.value or 0) < 0],
        "otherwise constant, but changed by": [probed for probed in sized if probed.effect.value is None],
    }.items():
        if group:
            yield f"{moved} {_listed([_sized(probed) for probed in group])}"


def _sized(probed: Probed) -> str:
    return probed.probe.says + ("" if probed.effect.value is None else f" ({probed.effect.value:+.2f} sd)")


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])}, and {parts[-1]}"
