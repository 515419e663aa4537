"""How rewards are spread, and how much of that lies within prompts, where reinforcement learning can learn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.evaluation import Evaluation, Rewards
from plaudit.report.axes import Axis, axis
from plaudit.report.blocks import Section, TableBlock
from plaudit.report.cells import interval_cell
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.statistics import Form, Measurement, percent, plain_tick, signed, two

WIDTH, HEIGHT = 400.0, 215.0
_FLOOR = 180.0
"""Where bars stand, in pixels from the top."""

_WIDEST = 1e100
"""Rewards from here on are not drawn: an axis might not be finite."""


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
    caption: Sentence
    bars: tuple[HistogramBar, ...]
    ticks: tuple[tuple[float, str], ...]
    quantiles: tuple[tuple[float, str], ...]
    table: TableBlock
    width: float = WIDTH
    height: float = HEIGHT
    floor: float = _FLOOR


def section(evaluation: Evaluation) -> Section | None:
    """The distribution. None where it was not measured."""
    rewards = evaluation.rewards
    if rewards is None:
        return None
    blocks: list[Any] = [block for block in (_histogram(rewards), _within_prompts(rewards)) if block is not None]
    return Section("rewards", (), tuple(blocks)) if blocks else None


def _histogram(rewards: Rewards) -> Histogram | None:
    edges, counts = rewards.edges, rewards.counts
    if not any(counts) or not edges[0] < edges[-1] or max(abs(edge) for edge in edges) >= _WIDEST:
        return None
    scale = axis(edges, plain_tick, ticks=6)
    tallest = max(counts)
    bins = list(zip(edges[:-1], edges[1:], counts, strict=True))
    quantiles = sorted((float(name), value) for name, value in rewards.quantiles.items())
    marks = tuple((_pixels(scale.at(value)), f"{share:.0%}: {signed(value)}") for share, value in quantiles)
    spelled = ", ".join(text for _, text in marks) or "–"
    return Histogram(
        caption=say("rewards.caption", n=count(rewards.n), quantiles=spelled),
        bars=tuple(_bar(scale, low, high, number, tallest) for low, high, number in bins if number > 0),
        ticks=tuple((_pixels(place), text) for place, text in scale.ticks),
        quantiles=marks,
        table=TableBlock(
            say("table.same"),
            (say("head.reward"), say("head.n")),
            tuple((f"{signed(low)} … {signed(high)}", count(number)) for low, high, number in bins),
            folded=True,
        ),
    )


def _bar(scale: Axis, low: float, high: float, number: float, tallest: float) -> HistogramBar:
    x, end = _pixels(scale.at(low)), _pixels(scale.at(high))
    height = round((_FLOOR - 8) * number / tallest, 1)
    title = f"{signed(low)} … {signed(high)}: {count(number)}"
    return HistogramBar(x, round(_FLOOR - height, 1), round(max(end - x - 1, 0.5), 1), height, title)


def _pixels(place: float) -> float:
    return round(place / 100 * WIDTH, 1)


def _within_prompts(rewards: Rewards) -> TableBlock | None:
    figures: Mapping[str, tuple[Measurement, Form]] = {
        "mean": (rewards.mean, signed),
        "within_prompt_sd": (rewards.within_prompt_sd, two),
        "within_prompt_share": (rewards.within_prompt_share, percent),
        "prompts_without_spread": (rewards.prompts_without_spread, percent),
    }
    cells: list[tuple[Wording, ...]] = [
        (say(f"row.reward_{name}"), form(measured.value), interval_cell(measured, form), count(measured.n))
        for name, (measured, form) in figures.items()
        if measured.value is not None
    ]
    if rewards.sd is not None:
        cells.insert(1, (say("row.reward_sd"), two(rewards.sd), say("table.described"), count(rewards.n)))
    if not cells:
        return None
    head = (say("head.figure"), say("head.value"), say("head.interval"), say("head.n"))
    return TableBlock(say("rewards.within"), head, tuple(cells))
