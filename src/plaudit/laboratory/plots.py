"""The two plots of a comparison of losses, as SVG that needs no network and reads well on light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plaudit.laboratory.curves import LossCurve
from plaudit.laboratory.results import LossComparison
from plaudit.laboratory.tables import title_of
from plaudit.report import GREY, LINES, dressed, save_chart, title

_KINDS = {"rankings": LINES[0], "ratings": LINES[3], "plain": GREY}
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [4, 1])


def write_plots(comparison: LossComparison, curves: Sequence[LossCurve], folder: Path) -> list[Path]:
    """`comparison.svg`, the leading figure of each row with its interval and its seeds' spread; and `curves.svg`, each
    loss against the score gap.

    Returns:
        The files.

    Example:
        >>> from plaudit.laboratory import loss_curves
        >>> from plaudit.laboratory.results import ResultRow
        >>> from plaudit.laboratory.seed_averages import Lead, SeedAverage
        >>> figures = {"accuracy": SeedAverage(0.75, 0.70, 0.80, spread=0.01, n=400)}
        >>> row = ResultRow("bradley-terry", "rankings", figures, {}, to_first=None, to_best_loss=None, seconds=1.5)
        >>> comparison = LossComparison((row,), Lead(None, "accuracy"), {}, {}, {}, record={"by": "prompt"})
        >>> [file.name for file in write_plots(comparison, loss_curves(), Path())]
        ['comparison.svg', 'curves.svg']
    """
    pictures = {"comparison.svg": comparison_chart(comparison), "curves.svg": curves_chart(curves)}
    return [save_chart(chart, folder / name) for name, chart in pictures.items()]


def comparison_chart(comparison: LossComparison) -> Any:
    """A dot and its interval for each row that has the leading figure, best first."""
    import altair as alt

    rows = [
        {
            "loss": row.name,
            "kind": row.kind,
            "value": figure.value,
            "low": figure.value if figure.low is None else figure.low,
            "high": figure.value if figure.high is None else figure.high,
            "least": figure.value - (figure.spread or 0),
            "most": figure.value + (figure.spread or 0),
        }
        for row in comparison.rows
        for figure in [row.figures_of(comparison.lead.attribute)[comparison.lead.name]]
        if figure.value is not None
    ]
    kinds = list(dict.fromkeys(row.kind for row in comparison.rows))
    heading = title_of(comparison, comparison.lead.attribute, comparison.lead.name)
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("loss:N", sort=[row["loss"] for row in rows], title=None),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[_KINDS[kind] for kind in kinds]),
            legend=alt.Legend(title="learned from", orient="bottom", symbolOpacity=1),
        ),
    )
    interval = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q", title=heading, scale=scale), x2="high:Q")
    seeds = base.mark_rule(strokeWidth=6, opacity=0.45).encode(x=alt.X("least:Q", scale=scale), x2="most:Q")
    dot = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("value:Q", scale=scale))
    caption = [f"line: 95% interval, clustered by {comparison.record['by']}", "bar: standard deviation over seeds"]
    chart = alt.layer(interval, seeds, dot).properties(width=460, height=alt.Step(26), title=title(heading, caption))
    return dressed(chart)


def curves_chart(curves: Sequence[LossCurve]) -> Any:
    """A panel for each kind of gap. Lines that would lie on each other share a label."""
    import altair as alt

    panels = []
    for against in dict.fromkeys(curve.against for curve in curves):
        merged: dict[tuple[float, ...], list[LossCurve]] = {}
        for curve in curves:
            if curve.against == against:
                merged.setdefault(tuple(round(y, 9) for y in curve.y), []).append(curve)
        named = {" = ".join(curve.loss for curve in same): same[0] for same in merged.values()}
        rows = [
            {"loss": name, "x": x, "y": y}
            for name, curve in named.items()
            for x, y in zip(curve.x, curve.y, strict=True)
        ]
        legend = alt.Legend(title=None, orient="top", columns=4, labelLimit=300, symbolSize=300)
        colours = alt.Scale(domain=list(named), range=list(LINES[: len(named)]))
        dashes = alt.Scale(domain=list(named), range=list(_DASHES[: len(named)]))
        panels.append(
            alt.Chart(alt.Data(values=rows))
            .mark_line(strokeWidth=2)
            .encode(
                x=alt.X("x:Q", title=against),
                y=alt.Y("y:Q", title="loss"),
                color=alt.Color("loss:N", scale=colours, legend=legend),
                strokeDash=alt.StrokeDash("loss:N", scale=dashes, legend=legend),
            )
            .properties(width=330, height=210)
        )
    grid = alt.concat(*panels, columns=2, spacing=30).resolve_scale(color="independent", strokeDash="independent")
    return dressed(grid.properties(title=title("Each loss against the score gap")))
