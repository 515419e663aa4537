"""What probes allow to be said: which changes move the reward that ought not to, and which the model does not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from plaudit.report import labels
from plaudit.report.findings import Finding, listed
from plaudit.report.format import count, figure, mapping, rows, signed, with_interval
from plaudit.report.i18n import Said, say

ROUNDING = 1e-4
"""Standard deviations of the rewards below which a whole interval is the rounding of equal scores."""

Probe = Mapping[str, Any]
"""One probe of `metrics.json`."""


def unseen(probe: Probe) -> bool:
    """Whether the change leaves every score as it is: the model reads the same text, and could not be misled by it."""
    effect = figure(probe.get("effect"))
    ends = [x for x in (effect.value, effect.low, effect.high) if x is not None]
    return probe.get("finding") == "sound" and bool(ends) and all(abs(x) <= ROUNDING for x in ends)


def probes(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Changes that ought not to pay and do; those that were seen not to; and those that nothing can be said of."""
    tried = rows(mapping(metrics.get("probes")).get("probes"))
    seen = [probe for probe in tried if not unseen(probe)]
    found = {
        name: [probe for probe in seen if probe.get("finding") == name]
        for name in ("misled", "sound", "unsure", "undefined")
    }
    of = count(len(seen))
    if found["misled"]:
        yield Finding("misleads", "bad", _misled(found["misled"], seen))
    if found["sound"]:
        yield Finding("use", "good", _sound(found["sound"], seen))
    if found["unsure"]:
        yield Finding("misleads", "open", say("verdict.probes_unsure", k=count(len(found["unsure"])), of=of))
    if found["undefined"]:
        why = labels.reason(str(found["undefined"][0].get("reason") or ""))
        yield Finding("sure", "open", say("verdict.probes_undefined", k=count(len(found["undefined"])), reason=why))
    if equal := [labels.probe(probe) for probe in tried if unseen(probe)]:
        yield Finding("sure", "open", say("verdict.probes_unseen", k=count(len(equal)), names=listed(equal)))


def untried(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """A model that nobody tried to mislead has not stood up to it."""
    if not rows(mapping(metrics.get("probes")).get("probes")) and (metrics.get("accuracy") or metrics.get("ratings")):
        yield Finding("misleads", "open", say("verdict.probes_none"))


def _misled(misled: Sequence[Probe], seen: Sequence[Probe]) -> Said:
    """How many, by family, and the strongest of them."""
    strongest = max(misled, key=lambda probe: abs(figure(probe.get("effect")).value or 0.0))
    effect = figure(strongest.get("effect"))
    most = say("verdict.probes_most", name=labels.probe(strongest), figure=with_interval(effect, signed))
    shares = [
        say("list.share", name=name, k=count(many), of=count(every)) for name, many, every in _families(misled, seen)
    ]
    return say(
        "verdict.probes_misled",
        k=count(len(misled)),
        of=count(len(seen)),
        names=listed(shares),
        most="" if effect.value is None else most,
    )


def _sound(sound: Sequence[Probe], seen: Sequence[Probe]) -> Said:
    """How many, and the families that never misled it."""
    values = {"k": count(len(sound)), "of": count(len(seen))}
    if whole := [name for name, many, every in _families(sound, seen) if many == every]:
        return say("verdict.probes_sound_families", names=listed(whole), **values)
    return say("verdict.probes_sound", **values)


def _families(found: Sequence[Probe], seen: Sequence[Probe]) -> list[tuple[Said | Markup, int, int]]:
    """Families of what was found, the largest first: the name, how many, and of how many."""
    every = Counter(str(probe.get("family")) for probe in seen)
    many = Counter(str(probe.get("family")) for probe in found)
    return [(labels.known("family", name), k, every[name]) for name, k in many.most_common()]
