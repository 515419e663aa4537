"""How rewards are spread, and how much of that lies within prompts, where reinforcement learning can learn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.report.axes import Axis, axis
from plaudit.report.blocks import Section, TableBlock
from plaudit.report.cells import Cell, between
from plaudit.report.format import (
    Shape,
    count,
    figure,
    mapping,
    number,
    numbers,
    percent,
    plain_tick,
    signed,
    two,
)
from plaudit.report.i18n import Said, say

WIDTH, HEIGHT = 400.0, 215.0
_FLOOR = 180.0
"""Where bars stand, in pixels from the top."""


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """A bar of the histogram, in pixels, and what a tooltip says."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """The distribution of rewards, and quantiles under it."""

    kind: ClassVar[str] = "histogram"
    caption: Said
    bars: tuple[HistogramBar, ...]
    ticks: tuple[tuple[float, str], ...]
    quantiles: tuple[tuple[float, str], ...]
    table: TableBlock
    width: float = WIDTH
    height: float = HEIGHT
    floor: float = _FLOOR


def section(metrics: Mapping[str, Any]) -> Section | None:
    """The distribution. None where it was not measured."""
    rewards = mapping(metrics.get("rewards"))
    blocks: list[Any] = [block for block in (_histogram(rewards), _within(rewards)) if block is not None]
    return Section("rewards", (), tuple(blocks)) if blocks else None


def _histogram(rewards: Mapping[str, Any]) -> Histogram | None:
    given = mapping(rewards.get("histogram"))
    edges = numbers(given.get("edges"))
    counts = numbers(given.get("counts"))
    if len(edges) != len(counts) + 1 or not any(counts) or not edges[0] < edges[-1]:
        return None
    along = axis(edges, plain_tick, ticks=6)
    tallest = max(counts)
    bars = tuple(
        _bar(along, low, high, many, tallest)
        for low, high, many in zip(edges[:-1], edges[1:], counts, strict=True)
        if many > 0
    )
    quantiles = sorted(
        (float(name), value)
        for name, row in mapping(rewards.get("quantiles")).items()
        if (value := number(row)) is not None and number_of(name) is not None
    )
    marks = tuple((_pixels(along.at(value)), f"{share:.0%}: {signed(value)}") for share, value in quantiles)
    spelled = ", ".join(text for _, text in marks) or "–"
    return Histogram(
        say("rewards.caption", n=count(number(rewards.get("n")) or sum(counts)), quantiles=spelled),
        bars,
        tuple((_pixels(place), text) for place, text in along.ticks),
        marks,
        TableBlock(
            say("table.same"),
            (say("head.reward"), say("head.n")),
            tuple(
                (f"{signed(low)} … {signed(high)}", count(many))
                for low, high, many in zip(edges[:-1], edges[1:], counts, strict=True)
            ),
            folded=True,
        ),
    )


def number_of(name: str) -> float | None:
    """The number a key spells, or None."""
    try:
        return number(float(name))
    except ValueError:
        return None


def _bar(along: Axis, low: float, high: float, many: float, tallest: float) -> HistogramBar:
    x, end = _pixels(along.at(low)), _pixels(along.at(high))
    height = round((_FLOOR - 8) * many / tallest, 1)
    title = f"{signed(low)} … {signed(high)}: {count(many)}"
    return HistogramBar(x, round(_FLOOR - height, 1), round(max(end - x - 1, 0.5), 1), height, title)


def _pixels(place: float) -> float:
    return round(place / 100 * WIDTH, 1)


def _within(rewards: Mapping[str, Any]) -> TableBlock | None:
    shapes: Mapping[str, Shape] = {
        "mean": signed,
        "within_prompt_sd": two,
        "within_prompt_share": percent,
        "prompts_without_spread": percent,
    }
    cells: list[tuple[Cell, ...]] = [
        (say(f"row.reward_{name}"), shape(found.value), between(found, shape), count(found.n))
        for name, shape in shapes.items()
        for found in [figure(rewards.get(name))]
        if found.value is not None
    ]
    sd = number(rewards.get("sd"))
    if sd is not None:
        cells.insert(1, (say("row.reward_sd"), two(sd), say("table.described"), count(number(rewards.get("n")) or 0)))
    if not cells:
        return None
    head = (say("head.figure"), say("head.value"), say("head.interval"), say("head.n"))
    return TableBlock(say("rewards.within"), head, tuple(cells))
