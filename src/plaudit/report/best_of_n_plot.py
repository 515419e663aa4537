"""Best of n as a picture: what each choice is worth and what it promised, against how far it went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from plaudit.evaluation import BestOfN, Curve, best_of_n_kl
from plaudit.report.charts import GREY, LINES, dressed, title
from plaudit.statistics import Measurement

_LONGEST = 48
"""Characters of a name in the legend; of a longer one (a path) the end is shown."""

# Kind of curve -> its line; those of no kind here are whole.
_DASHES = {"ensemble": [5, 2], "length": [2, 2], "ideal": [10, 4]}

# Kinds that are there to compare with.
_GREY = ("length", "ideal")
_PANELS = {
    "gold": "what it is worth: gold (sd within prompts)",
    "reward": "what it promises: its own reward (sd within prompts)",
}


def best_of_n_chart(result: BestOfN, gold: str) -> Any:
    """Two panels against d = sqrt(KL), with n at the ticks and the intervals as bands.

    Args:
        result: what was measured.
        gold: what gold is called.

    Example:
        >>> from plaudit import Group, best_of
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No.", "Perhaps.")) for i in range(8)]
        >>> result = best_of(groups, {"my-model": [[2.0, 1.0, 0.0]] * 8}, gold=[[1.0, 0.0, 0.0]] * 8)
        >>> best_of_n_chart(result, gold="an answer key").save("best-of-n.svg")
    """
    import altair as alt

    drawn = [curve for curve in result.curves if curve.gold[-1].value is not None]
    names = {curve.name: _shown(curve.name) for curve in drawn}
    colours = iter(LINES * (1 + len(drawn) // len(LINES)))
    look = {
        "color": alt.Color(
            "choice:N",
            scale=alt.Scale(
                domain=list(names.values()),
                range=[GREY if curve.kind in _GREY else next(colours) for curve in drawn],
            ),
            legend=alt.Legend(
                title="the best of n by",
                orient="bottom",
                columns=3,
                labelLimit=330,
                symbolType="stroke",
                symbolOpacity=1,
            ),
        ),
        "strokeDash": alt.StrokeDash(
            "choice:N",
            scale=alt.Scale(domain=list(names.values()), range=[_DASHES.get(curve.kind, [1, 0]) for curve in drawn]),
            legend=None,
        ),
    }
    panels = [_panel(result, drawn, names, which, heading, look) for which, heading in _PANELS.items()]
    caption = [
        f"gold: {_shown(gold)}; 0 is a random answer; bands: 95% intervals clustered by {result.clusters}",
        f"{result.counts['prompts']:,} prompts, {result.counts['candidates']:,} candidates",
    ]
    grid = alt.hconcat(*panels, spacing=30).resolve_scale(y="shared")
    return dressed(grid.properties(title=title("Best of n", caption)))


def _panel(
    result: BestOfN, drawn: Sequence[Curve], names: dict[str, str], which: str, heading: str, look: dict[str, Any]
) -> Any:
    import altair as alt

    rows = [
        {"choice": names[curve.name], "d": math.sqrt(float(best_of_n_kl(n))), **_ends(measured)}
        for curve in drawn
        for n, measured in zip(result.n, getattr(curve, which), strict=True)
        if measured.value is not None
    ]
    ticks = [2**power for power in range(result.most.bit_length())]
    axis = alt.Axis(
        title="n, spaced by √KL",
        values=[math.sqrt(float(best_of_n_kl(n))) for n in ticks],
        # Vega gives a tick's place among the ticks as a share of the last one's.
        labelExpr=f"{[str(n) for n in ticks]}[round(datum.index * {len(ticks) - 1})]",
    )
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("d:Q", axis=axis), color=look["color"])
    scale = alt.Scale(zero=True, nice=True)
    band = base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", title="", scale=scale), y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(
        y=alt.Y("value:Q", title="sd", scale=scale), strokeDash=look["strokeDash"]
    )
    return alt.layer(band, line).properties(width=330, height=260, title=title(heading))


def _ends(measured: Measurement) -> dict[str, float | None]:
    value = measured.value
    return {
        "value": value,
        "low": value if measured.low is None else measured.low,
        "high": value if measured.high is None else measured.high,
    }


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST else "…" + name[1 - _LONGEST :]
