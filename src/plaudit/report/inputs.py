"""What a report is made of: the evaluation, and the texts to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plaudit.evaluation import Evaluation
from plaudit.report.mistakes import Mistake
from plaudit.statistics import Measurement
from plaudit.text import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """What a report is made of. Whatever is missing is left out of the page, or its place says so in a sentence.

    Attributes:
        evaluation: everything measured (`read_evaluation` reads it from `metrics.json`).
        mistakes: the worst of them (`worst_mistakes`).
        kinds: shares of mistakes by kind (`kinds_of_mistakes`).
        explanations: of responses among the mistakes, in JSON (`Explanation.to_json`).
        command: the command line that makes this report again.
        title: what the model is called; by default the last part of its path in the record.
        language: the one a page opens in.
        texts: whether the page may show texts of the data; if not, it says that they were left out.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> from plaudit.report import render_report, worst_mistakes
        >>> groups = [Group("q", "2 + 2?", ("4", "Five."), (Ranking(((0,), (1,))),))]
        >>> scores = [[0.0, 1.0]]
        >>> inputs = ReportInputs(evaluation=evaluate(groups, scores), mistakes=worst_mistakes(groups, scores))
        >>> "Five." in render_report(inputs)
        True
    """

    evaluation: Evaluation
    mistakes: Sequence[Mistake] = ()
    kinds: Mapping[str, Measurement] = field(default_factory=dict)
    explanations: Sequence[Mapping[str, Any]] = ()
    command: str | None = None
    title: str | None = None
    language: Language = "en"
    texts: bool = True
