"""What a report is made of: everything measured, in the shapes of `metrics.json`, and the texts to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plaudit.report.i18n import Language
from plaudit.report.mistakes import Mistake


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What a report is made of. Whatever is missing is left out of the page, or its place says so in a sentence.

    Attributes:
        metrics: the parsed `metrics.json`: measurements, `record`, and where they were made `probes`, `invariance`.
        mistakes: the worst of them (`plaudit.report.mistakes`).
        kinds: shares of mistakes by kind, as measurements in JSON (`kinds_of_mistakes`).
        explanations: of responses among the mistakes, in JSON (`Explanation.to_json`).
        command: the command line that makes this report again.
        title: what the model is called; by default the last part of its path in the record.
        language: the one a page opens in.
        texts: whether the page may show texts of the data; if not, it says that they were left out.
    """

    metrics: Mapping[str, Any]
    mistakes: Sequence[Mistake] = ()
    kinds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    explanations: Sequence[Mapping[str, Any]] = ()
    command: str | None = None
    title: str | None = None
    language: Language = "en"
    texts: bool = True
