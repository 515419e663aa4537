"""What every picture of the house has in common: SVG that needs no network, legible on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from plaudit.storage import replacing

# Greys and hues of middling lightness: each has a contrast of 3 or more on white and on black (text 4.5).
GREY = "#8a8a8a"
LINES = ("#2f7fd6", "#d1477a", "#2f9b62", "#c2571a", "#8f6bd8", "#8a8a2a")
_INK = "#767676"
_RULE = "#76767655"


def can_plot() -> bool:
    """Whether the `plots` extra is installed.

    Example:
        >>> can_plot()  # False without `pip install 'plaudit[plots]'`
        True
    """
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def save_chart(chart: Any, file: Path) -> Path:
    """Write an altair chart as SVG; returns the file.

    Example:
        >>> import altair as alt
        >>> chart = alt.Chart(alt.Data(values=[{"n": 1}])).mark_point()
        >>> save_chart(dressed(chart), Path("chart.svg")).read_text()[:4]
        '<svg'
    """
    with replacing(file) as temporary:
        chart.save(str(temporary), format="svg")
    return file


def title(text: str, subtitle: Sequence[str] = ()) -> Any:
    """A chart's title, with lines below it.

    Example:
        >>> title("Best of n", ["line: 95% interval"]).subtitle
        ['line: 95% interval']
    """
    import altair as alt

    return alt.TitleParams(text, subtitle=list(subtitle), anchor="start")


def dressed(chart: Any) -> Any:
    """The chart without a background, in inks for either page.

    Example:
        >>> import altair as alt
        >>> chart = alt.Chart(alt.Data(values=[{"n": 1}])).mark_point()
        >>> dressed(chart).to_dict()["config"]["background"]
        'transparent'
    """
    return (
        chart.configure(background="transparent", font="Helvetica, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK, titleColor=_INK, tickColor=_INK, domainColor=_INK, gridColor=_RULE, labelLimit=260
        )
        .configure_legend(labelColor=_INK, titleColor=_INK)
        .configure_title(color=_INK, subtitleColor=_INK)
    )
