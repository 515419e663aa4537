"""The page: every section in its order, into one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plaudit import __version__
from plaudit.report.blocks import Section
from plaudit.report.format import count, figure, interval, mapping, number, percent
from plaudit.report.i18n import LANGUAGES, Said, say
from plaudit.report.inputs import ReportInputs
from plaudit.report.sections import calibration, mistakes, overview, probes, rated, record, rewards, subsets
from plaudit.report.verdict import judge
from plaudit.storage import replacing
from plaudit.text import page_excerpt

_TEMPLATES = Path(__file__).with_name("templates")


def render_report(material: ReportInputs) -> str:
    """One self-contained HTML page.

    It loads nothing, runs no script, and holds both languages; style alone switches between them and between light and
    dark. All text is escaped; what could steer a reader's eye (reordering marks, control characters) is spelled out.

    Returns:
        HTML that can be written as UTF-8, whatever the data hold.
    """
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            language=material.language,
            languages=LANGUAGES,
            title=_title(material),
            version=__version__,
            measured=_measured(material.metrics),
            accuracy=_headline_figure(material.metrics),
            verdict=judge(material.metrics),
            sections=_sections(material),
        )
    )


def write_report(material: ReportInputs, path: str | Path) -> None:
    """Write the page to a file.

    Raises:
        DataError: if it cannot be written; what was there before is unchanged.
    """
    page = render_report(material)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = say
    # Our own file, not data: in HTML a style sheet is not text that can be escaped.
    environment.globals["style"] = Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return environment


def _sections(material: ReportInputs) -> list[Section]:
    metrics = material.metrics
    found = (
        overview.section(metrics),
        subsets.section(metrics),
        calibration.section(metrics),
        rewards.section(metrics),
        rated.section(metrics),
        probes.section(metrics),
        mistakes.section(material),
        record.section(material),
    )
    return [section for section in found if section is not None]


def _title(material: ReportInputs) -> str:
    """The name given, or the last part (or two) of the model's path or hub id."""
    record = mapping(material.metrics.get("record"))
    parts = PurePosixPath(str(record.get("model") or record.get("backbone") or "")).parts
    # A folder called "model" says nothing; the one it stands in does.
    name = material.title or "/".join(parts[-2:] if parts[-1:] in (("model",), ("checkpoint",)) else parts[-1:])
    shown, left_out = page_excerpt(name.replace("\n", " "), 80)
    return shown + ("…" if left_out else "")


def _measured(metrics: Mapping[str, Any]) -> Said | None:
    counts = mapping(metrics.get("counts"))
    if number(counts.get("groups")) is None:
        return None
    many = {name: number(counts.get(name)) or 0 for name in ("comparisons", "ratings", "responses", "groups")}
    key = (
        "page.measured"
        if many["comparisons"] and many["ratings"]
        else "page.rated"
        if many["ratings"]
        else "page.compared"
    )
    return say(key, **{name: count(value) for name, value in many.items()})


def _headline_figure(metrics: Mapping[str, Any]) -> tuple[str, str] | None:
    accuracy = figure(metrics.get("accuracy"))
    return None if accuracy.value is None else (percent(accuracy.value), interval(accuracy, percent))
