"""What was measured, for the README.md of a model folder: the same verdict and headline figures, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from plaudit.errors import DataError, NotFoundError
from plaudit.evaluation import METRICS, RATING_METRICS, Evaluation, headlines
from plaudit.report.i18n import Sentence, count, say
from plaudit.report.labels import baseline_label, known_label
from plaudit.report.rules.finding import Side
from plaudit.report.verdict import Verdict, judge
from plaudit.statistics import Form, Measurement, measurement_of, points
from plaudit.storage import replacing
from plaudit.text import page_text

BEGIN, END = "<!-- plaudit eval: begin -->", "<!-- plaudit eval: end -->"
"""Between these lines a card holds what `plaudit eval` measured last; all around them is left alone."""

SIDES: tuple[Side, ...] = ("use", "misleads", "sure")
"""Questions that findings answer, in the order they are told."""

# What Markdown or HTML could read inside a line, and the marks by which a bare address or name becomes a link.
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$@]|:(?=//)|(?<=www)\.")


def model_card_figures(evaluation: Evaluation) -> str:
    """A Markdown section between markers: the verdict, a table of headline figures, and what they were measured on.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(40)]
        >>> for line in model_card_figures(evaluate(groups, [[1.0, 0.0]] * 40)).splitlines()[:4]:
        ...     print(line)
        <!-- plaudit eval: begin -->
        ## How far can it be trusted?
        <BLANKLINE>
        **Of use, with care.** It prefers what people prefer more often than chance.
    """
    verdict = judge(evaluation)
    rows = list(_rows(evaluation))
    table = ["| | value | 95% interval | n |", "|---|---|---|---|", *rows, ""] if rows else []
    return "\n".join(
        [
            BEGIN,
            "## How far can it be trusted?",
            "",
            f"**{_plain(say(f'signal.{verdict.signal}'))}.** {_plain(verdict.headline)}",
            "",
            *_findings(verdict),
            *table,
            _measured_on(evaluation),
            END,
        ]
    )


def update_card(folder: str | Path, evaluation: Evaluation) -> Path:
    """Put the section into the folder's README.md: in place of an earlier one, else at its end. The rest is unchanged.

    Raises:
        DataError: if there is no such folder, or its card cannot be read or written.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> _ = Path("README.md").write_text("# My model")
        >>> update_card(".", evaluate(groups, [[1.0, 0.0]] * 8)).read_text().splitlines()[:4]
        ['# My model', '', '<!-- plaudit eval: begin -->', '## How far can it be trusted?']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NotFoundError("there is no such model folder", file=folder, remedy="give the folder that holds the model")
    path = folder / "README.md"
    try:
        card = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the model card cannot be read: {error}", file=path, remedy="repair or remove it") from error
    with replacing(path) as temporary:
        temporary.write_text(with_figures(card, evaluation), encoding="utf-8")
    return path


def with_figures(card: str, evaluation: Evaluation) -> str:
    """The card with the section in it, once."""
    section = model_card_figures(evaluation)
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        return f"{before}{section}{after}"
    return f"{card.rstrip()}\n\n{section}\n".lstrip()


def _findings(verdict: Verdict) -> Iterator[str]:
    for side in SIDES:
        findings = verdict.on(side)
        lines = [f"- {_plain(finding.sentence)}" for finding in findings] or [f"- {_plain(say(f'nothing.{side}'))}"]
        yield from (f"{_plain(say(f'side.{side}'))}:", "", *lines, "")


def _rows(evaluation: Evaluation) -> Iterator[str]:
    for metric in headlines(METRICS):
        label = _plain(known_label("card", metric.name, metric.en))
        yield from _row(label, measurement_of(evaluation.overall, metric.name), metric.form)
    for name, measured in evaluation.baselines.items():
        label = _plain(say("card.lead", name=baseline_label(name)))
        yield from _row(label, measurement_of(measured.overall, "lead"), points)
    for attribute, figures in evaluation.ratings.items():
        for rating_metric in headlines(RATING_METRICS):
            label = f"{_escaped(attribute)}: {_plain(known_label('card', rating_metric.name, rating_metric.en))}"
            yield from _row(label, measurement_of(figures, rating_metric.name), rating_metric.form)


def _row(label: str, measured: Measurement, form: Form) -> Iterator[str]:
    if measured.value is not None:
        interval = measured.interval(form) or measured.reason or ""
        yield f"| {label} | {form(measured.value)} | {_escaped(interval)} | {count(measured.n)} |"


def _plain(words: Sentence | Markup) -> str:
    return _escaped(words.plain("en") if isinstance(words, Sentence) else words.striptags())


def _escaped(text: str) -> str:
    """On one line, with every character that Markdown or HTML could read as its own written so that it is not."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(page_text(text).split()))


def _measured_on(evaluation: Evaluation) -> str:
    data = evaluation.record.get("scored_data")
    comparisons, ratings = (count(evaluation.counts.get(name, 0)) for name in ("comparisons", "ratings"))
    of = f" (data {_escaped(str(data))})" if data else ""
    return (
        f"Measured by `plaudit eval` on {comparisons} {comparisons:comparison|comparisons} "
        f"and {ratings} {ratings:rating|ratings}{of}; "
        f"intervals are clustered by {_escaped(evaluation.clusters)}."
    )
