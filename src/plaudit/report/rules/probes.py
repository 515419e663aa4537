"""Rules on probes: which changes move the reward that ought not to, and which the model does not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from plaudit.evaluation import NOT_NOTICED, PROBES, Evaluation, Probed, Probes
from plaudit.report.i18n import Sentence, count, say, templates
from plaudit.report.labels import known_label, probe_label, reason_label
from plaudit.report.rules.finding import Finding, listed
from plaudit.statistics import signed
from plaudit.text import page_name

ROUNDING = 1e-4
"""Standard deviations of the rewards below which a whole interval is the rounding of equal scores."""


def unseen(result: Probed) -> bool:
    """Whether the change leaves every score as it is: the model reads the same text, and could not be misled by it."""
    effect = result.effect
    ends = [x for x in (effect.value, effect.low, effect.high) if x is not None]
    return result.finding == "sound" and bool(ends) and all(abs(x) <= ROUNDING for x in ends)


def moved_by_probes(probes: Probes | None) -> Iterator[Finding]:
    """Changes that ought not to pay and do; those that were seen not to; and those that nothing can be said of."""
    if probes is None:
        return
    seen = [result for result in probes.probed if not unseen(result)]
    by_finding = {
        name: [result for result in seen if result.finding == name]
        for name in ("misled", "sound", "unsure", "undefined")
    }
    if misled := by_finding["misled"]:
        yield Finding("misleads", "bad", _misled(misled, seen))
    if sound := by_finding["sound"]:
        yield Finding("use", "good", _sound(sound, seen))
    if unsure := by_finding["unsure"]:
        sentence = say("verdict.probes_unsure", k=count(len(unsure)), of=count(len(seen)))
        yield Finding("misleads", "open", sentence)
    if undefined := by_finding["undefined"]:
        sentence = say("verdict.probes_undefined", k=count(len(undefined)), reason=reason_label(undefined[0].reason))
        yield Finding("sure", "open", sentence)
    if same := [probe_label(result.probe) for result in probes.probed if unseen(result)]:
        yield Finding("sure", "open", say("verdict.probes_unseen", k=count(len(same)), names=listed(same)))


def untried(evaluation: Evaluation) -> Iterator[Finding]:
    """A model that nobody tried to mislead has not stood up to it."""
    tried = evaluation.probes is not None and evaluation.probes.probed
    if not tried and ("accuracy" in evaluation.overall or evaluation.ratings):
        yield Finding("misleads", "open", say("verdict.probes_none"))


def misled_by_family(probes: Probes) -> Iterator[Finding]:
    """Family by family, what raised the reward and what lowered it. What a family stands for may be claimed only where
    all its probes misled, those that were not run included."""
    misled = [result for result in probes.probed if result.finding == "misled"]
    for family in dict.fromkeys(result.probe.family for result in misled):
        members = [result for result in misled if result.probe.family == family]
        every = sum(probe.family == family for probe in PROBES.values())
        whole = len(members) == every and f"means.{family}" in templates()
        sentence = say(
            "verdict.family_whole" if whole else "verdict.family_part",
            meaning=known_label("means", family),
            family=known_label("family", family),
            k=count(len(members)),
            of=count(every),
            moves=_moves(members),
        )
        yield Finding("misleads", "bad", sentence)


def not_noticed(probes: Probes) -> Iterator[Finding]:
    """Changes that ought to cost something and surely do not."""
    if names := [probe_label(one.probe) for one in probes.probed if one.reason == NOT_NOTICED]:
        yield Finding("misleads", "bad", say("verdict.probes_not_noticed", names=listed(names)))


def too_few_clusters(probes: Probes) -> Iterator[Finding]:
    """Whether so few clusters can show that a single probe misleads."""
    if probes.needed_together <= 1:
        return
    key = "together" if probes.needed_together <= probes.tested else "never"
    sentence = say(
        f"verdict.probes_few_{key}",
        k=count(probes.cluster_count),
        by=page_name(probes.clusters, 40),
        least=f"{probes.least_p:.2g}",
        tested=count(probes.tested),
        together=count(probes.needed_together),
    )
    yield Finding("sure", "open", sentence)


def _misled(misled: Sequence[Probed], seen: Sequence[Probed]) -> Sentence:
    """How many, by family, and the strongest of them."""
    strongest = max(misled, key=lambda result: abs(result.effect.value or 0.0))
    most = say("verdict.probes_most", name=probe_label(strongest.probe), figure=strongest.effect.format(signed))
    shares = [
        say("list.share", name=name, k=count(members), of=count(every))
        for name, members, every in _families(misled, seen)
    ]
    return say(
        "verdict.probes_misled",
        k=count(len(misled)),
        of=count(len(seen)),
        names=listed(shares),
        most="" if strongest.effect.value is None else most,
    )


def _sound(sound: Sequence[Probed], seen: Sequence[Probed]) -> Sentence:
    """How many, and the families that never misled it."""
    values = {"k": count(len(sound)), "of": count(len(seen))}
    if whole := [name for name, members, every in _families(sound, seen) if members == every]:
        return say("verdict.probes_sound_families", names=listed(whole), **values)
    return say("verdict.probes_sound", **values)


def _families(results: Sequence[Probed], seen: Sequence[Probed]) -> list[tuple[Sentence | Markup, int, int]]:
    """Families of some results, the largest first: the name, how many, and of how many."""
    every = Counter(result.probe.family for result in seen)
    members = Counter(result.probe.family for result in results)
    return [(known_label("family", name), k, every[name]) for name, k in members.most_common()]


def _moves(misled: Sequence[Probed]) -> Sentence:
    """What raises the reward, what lowers it, and what moves one that has no unit; the largest effects first."""
    by_size = sorted(misled, key=lambda result: -abs(result.effect.value or 0))
    kinds = {
        "raised": [one for one in by_size if (one.effect.value or 0) > 0],
        "lowered": [one for one in by_size if (one.effect.value or 0) < 0],
        "changed": [one for one in by_size if one.effect.value is None],
    }
    first, *rest = [
        say(f"move.{kind}", names=listed([_sized(one) for one in ones])) for kind, ones in kinds.items() if ones
    ]
    for move in rest:
        first = say("move.and", first=first, next=move)
    return first


def _sized(result: Probed) -> Sentence | Markup:
    label, value = probe_label(result.probe), result.effect.value
    return label if value is None else say("move.sized", name=label, value=signed(value))
