"""What was made of what, and with which settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plaudit.report.aligned.run import AlignmentRun
from plaudit.report.blocks import Section, TableBlock
from plaudit.report.i18n import Wording, count, say
from plaudit.report.labels import known_label
from plaudit.statistics import LEVEL, plain
from plaudit.text import page_name

_LONGEST = 400
_PLAIN = ("method", "backbone", "backbone_weights", "gold", "data", "steps", "kept_step", "seconds")


def section(run: AlignmentRun) -> Section:
    """The record, and every setting."""
    tables = (
        TableBlock(say("record.made"), (say("head.field"), say("head.value")), tuple(_fields(run)), numeric=2),
        TableBlock(say("aligned.settings"), (say("head.field"), say("head.value")), tuple(_settings(run)), True, 2),
    )
    return Section(
        "record", (say("aligned.intervals", level=f"{LEVEL:.0%}"),), tuple(one for one in tables if one.rows)
    )


def _fields(run: AlignmentRun) -> Iterator[tuple[Wording, ...]]:
    record = run.record
    for name in _PLAIN:
        if (value := record.get(name)) is not None:
            yield known_label("aligned_field", name), page_name(str(value), _LONGEST)
    yield from _judge(record.get("reward"))
    scale = record.get("scale")
    if isinstance(scale, Mapping) and isinstance(scale.get("sd"), int | float):
        figures = {"mean": plain(float(scale.get("mean", 0.0))), "sd": plain(float(scale["sd"]))}
        yield (
            known_label("aligned_field", "scale"),
            say("aligned.scale", n=count(float(scale.get("samples", 0))), **figures),
        )
    prompts = {name: count(run.prompts(name)) for name in ("train", "validation", "test")}
    yield (
        known_label("aligned_field", "prompts"),
        say("aligned.prompt_sets", n=prompts["train"], k=prompts["validation"], of=prompts["test"]),
    )
    if isinstance(versions := record.get("versions"), Mapping) and versions:
        shown = page_name(", ".join(f"{name} {version}" for name, version in versions.items()), _LONGEST)
        yield known_label("field", "versions"), shown


def _judge(reward: Any) -> Iterator[tuple[Wording, ...]]:
    if isinstance(reward, Mapping):
        for key, name in (("name", "reward"), ("record", "reward_record")):
            if key in reward:
                yield known_label("aligned_field", name), page_name(str(reward[key]), _LONGEST)


def _settings(run: AlignmentRun) -> Iterator[tuple[Wording, ...]]:
    """By the names that the command line knows; null is what a method sets by itself."""
    for name, value in run.settings.items():
        yield page_name(str(name)), say("aligned.auto") if value is None else page_name(str(value), _LONGEST)
