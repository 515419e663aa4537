"""The result on the test prompts, what the policy has learned to say, and what the reward would pay for next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.evaluation import PROBES
from plaudit.report.aligned.run import FIGURES, AlignmentRun, EvaluatedStep
from plaudit.report.blocks import Entry, Note, Section, TableBlock, dots
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.labels import known_label, probe_label, reason_label
from plaudit.statistics import Form, Measurement, measurement_of, percent, points, signed, two
from plaudit.text import page_name

_PHRASE = 120
"""Characters of a phrase that are shown."""


def result_section(run: AlignmentRun) -> Section:
    """Before, after, and the difference paired by prompt."""
    names = [name for name in (*FIGURES, *run.gain) if name in run.gain and not _twice(run, name)]
    rows = tuple(_row(run, name) for name in dict.fromkeys(names))
    if not rows:
        return Section("aligned_result", (), (Note(say("aligned.no_result")),))
    head = tuple(say(f"aligned.head_{name}") for name in ("figure", "before", "after", "gain"))
    caption = say("aligned.result" if run.test_is_new else "aligned.result_seen", n=count(run.prompts("test")))
    blocks: list[Any] = [TableBlock(caption, head, rows)]
    reasons = {measured.reason: None for measured in run.gain.values() if measured.reason}
    blocks += [Note(say("aligned.no_interval", reason=reason_label(reason))) for reason in reasons]
    return Section("aligned_result", (), tuple(blocks))


def _twice(run: AlignmentRun, name: str) -> bool:
    """Whether rewards were not shaped, and `shaped` says the same again."""
    return name == "shaped" and all(
        measurement_of(part, "shaped") == measurement_of(part, "reward") for part in (run.before, run.after)
    )


def _row(run: AlignmentRun, name: str) -> tuple[Wording, ...]:
    form, difference = FIGURES.get(name, (two, signed))
    gain = measurement_of(run.gain, name)
    return (
        known_label("aligned_figure", name),
        _stated(measurement_of(run.before, name), form),
        _stated(measurement_of(run.after, name), form),
        say("aligned.in_points", figure=_stated(gain, points)) if difference is points else _stated(gain, difference),
    )


def _stated(measured: Measurement, form: Form) -> str:
    return measured.format(form) or "–"


def learned_section(run: AlignmentRun) -> Section:
    """Phrases that rose, and probes before and after."""
    kept = next((one for one in run.validation if one.step == run.kept), None)
    last = run.validation[-1] if run.validation else None
    blocks: list[Any] = []
    if kept is not None and kept.step:
        blocks.append(_phrases(run, kept, "aligned.phrases_kept"))
    if last is not None and last.step and last is not kept:
        blocks.append(_phrases(run, last, "aligned.phrases_last"))
    blocks.append(_probes(run))
    return Section("aligned_learned", (), tuple(blocks))


def _phrases(run: AlignmentRun, one: EvaluatedStep, key: str) -> TableBlock | Note:
    at = run.after_step(one.step)
    if not one.phrases:
        return Note(say("aligned.no_phrases", at=at))
    rows = tuple(_phrase(phrase) for phrase in one.phrases)
    head = tuple(say(f"aligned.head_{name}") for name in ("phrase", "share_before", "share_after", "z"))
    return TableBlock(say(key, at=at), head, rows)


def _phrase(row: Mapping[str, Any]) -> tuple[Wording, ...]:
    text = page_name(str(row.get("text", "")), _PHRASE)
    shares = (percent(float(row.get(name, 0.0))) for name in ("before", "after"))
    return (text, *shares, two(float(row.get("z", 0.0))))


def _probes(run: AlignmentRun) -> Any:
    """What a change of the kept policy's answers to the test prompts does to the reward, beside what it did before."""
    before, after = (run.test[0], run.test[-1]) if run.test else (None, None)
    if before is None or after is None or not any(one.value is not None for one in after.probes.values()):
        reasons = [one.reason for one in (after.probes.values() if after else ()) if one.reason]
        return Note(
            say("aligned.no_probes_why", reason=reason_label(reasons[0])) if reasons else say("aligned.no_probes")
        )
    entries = [
        Entry(probe_name(name), effect, probe_tone(effect), note=_was(before.probes, name))
        for name, effect in sorted(after.probes.items(), key=lambda item: -(item[1].value or 0.0))
    ]
    caption = say("aligned.probes")
    return dots(entries, signed, say("head.effect"), caption, lines=[("zero", 0.0)], tones="probe_legend")


def probe_name(name: str) -> Wording:
    """What a probe changes."""
    return probe_label(PROBES[name]) if name in PROBES else page_name(name)


def probe_tone(effect: Measurement) -> str:
    """No probe makes an answer better, so none should raise the reward."""
    if effect.value is None or not effect.has_interval:
        return "baseline"
    return "bad" if effect.above(0.0) else "open" if effect.value > 0 else "good"


def _was(probes: Mapping[str, Measurement], name: str) -> Sentence | None:
    value = probes[name].value if name in probes else None
    return None if value is None else say("aligned.was", value=signed(value))


def raised(probes: Mapping[str, Measurement]) -> list[str]:
    """Probes that surely raise the reward, the strongest first."""
    ordered = sorted(probes.items(), key=lambda item: -(item[1].value or 0.0))
    return [name for name, effect in ordered if effect.above(0.0)]
