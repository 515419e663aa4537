"""The page: every section in its order, into one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from plaudit.evaluation import Evaluation
from plaudit.report.blocks import Section
from plaudit.report.frame import Frame, page_title, render_frame, short_name
from plaudit.report.i18n import Sentence, count, say
from plaudit.report.inputs import ReportInputs
from plaudit.report.rules.finding import Side
from plaudit.report.sections import calibration, mistakes, overview, probes, rated, record, rewards, subsets
from plaudit.report.verdict import judge
from plaudit.statistics import measurement_of, percent
from plaudit.storage import check_place, replacing


def render_report(inputs: ReportInputs) -> str:
    """One self-contained HTML page.

    It loads nothing, runs no script, and holds both languages; style alone switches between them and between light and
    dark. All text is escaped; what could steer a reader's eye (reordering marks, control characters) is spelled out.

    Returns:
        HTML that can be written as UTF-8, whatever the data hold.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> groups = [Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))]
        >>> page = render_report(ReportInputs(evaluation=evaluate(groups, [[1.0, 0.0]])))
        >>> page[:15], "<script" in page
        ('<!doctype html>', False)
    """
    verdict = judge(inputs.evaluation)
    return render_frame(
        Frame(
            language=inputs.language,
            heading=say("page.title"),
            title=_title(inputs),
            untitled=say("page.untitled"),
            measured=_measured(inputs.evaluation),
            signal=verdict.signal,
            word=say(f"signal.{verdict.signal}"),
            headline=verdict.headline,
            cautions=None if verdict.signal == "unknown" else verdict.cautions,
            figure=_headline_figure(inputs.evaluation),
            sides=[(say(f"side.{side}"), verdict.on(side), say(f"nothing.{side}")) for side in get_args(Side)],
            sections=_sections(inputs),
        )
    )


def write_report(inputs: ReportInputs, path: str | Path, *, overwrite: bool = False) -> None:
    """Write the page to a file.

    Raises:
        DataError: if it cannot be written, or exists and `overwrite` is False; what was there before is unchanged.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> groups = [Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))]
        >>> write_report(ReportInputs(evaluation=evaluate(groups, [[1.0, 0.0]])), "report.html")
        >>> Path("report.html").read_text(encoding="utf-8")[:15]
        '<!doctype html>'
    """
    check_place(path, overwrite=overwrite)
    page = render_report(inputs)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _sections(inputs: ReportInputs) -> list[Section]:
    evaluation = inputs.evaluation
    sections = (
        overview.section(evaluation),
        subsets.section(evaluation),
        calibration.section(evaluation),
        rewards.section(evaluation),
        rated.section(evaluation),
        probes.section(evaluation),
        mistakes.section(inputs),
        record.section(inputs),
    )
    return [section for section in sections if section is not None]


def _title(inputs: ReportInputs) -> str:
    """The name given, or the last part (or two) of the model's path or hub id."""
    written = inputs.evaluation.record
    return page_title(inputs.title or short_name(str(written.get("model") or written.get("backbone") or "")))


def _measured(evaluation: Evaluation) -> Sentence | None:
    """How much was measured; None where nobody counted."""
    counts = evaluation.counts
    if "groups" not in counts:
        return None
    kind = "measured" if counts.get("comparisons") and counts.get("ratings") else "compared"
    if counts.get("ratings") and not counts.get("comparisons"):
        kind = "rated"
    names = ("comparisons", "ratings", "responses", "groups")
    return say(f"page.{kind}", **{name: count(counts.get(name, 0)) for name in names})


def _headline_figure(evaluation: Evaluation) -> tuple[str, str, Sentence] | None:
    accuracy = measurement_of(evaluation.overall, "accuracy")
    if accuracy.value is None:
        return None
    return percent(accuracy.value), accuracy.interval(percent), say("page.accuracy")
