"""The folder that `plaudit eval -o` leaves: the page, and what was found while the model was at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from plaudit.groups import Group
from plaudit.model import DEFAULT_BATCH_TOKENS, Scorer
from plaudit.report.i18n import Language
from plaudit.report.inputs import ReportInputs
from plaudit.report.inspection import Inspection, Watch, inspect_model, record_hash, write_inspection
from plaudit.report.mistakes import kinds_of_mistakes, worst_mistakes
from plaudit.report.page import write_report

REPORT_FILE = "report.html"


def report_folder(
    folder: Path,
    metrics: Mapping[str, Any],
    groups: Sequence[Group],
    scores: Sequence[Sequence[float]],
    model: Scorer | None = None,
    *,
    found: Inspection | None = None,
    probes: int = 50,
    explained: int = 3,
    texts: bool = True,
    clusters: str | None = None,
    batch_tokens: int | None = None,
    command: str | None = None,
    language: Language = "en",
    watch: Watch = lambda rows, total, doing: rows,
) -> dict[str, Any]:
    """Inspect the model, and write `report.html` and what was found.

    Args:
        folder: an existing folder.
        metrics: what was measured, as it will stand in `metrics.json`, with the scores' run record.
        groups: what people said, as it was measured.
        scores: one list a group, one number a response.
        model: what made them; None where they were made before.
        found: what was found when they were made, in the place of `model`.
        probes: groups to probe the model on.
        explained: worst mistakes to explain.
        texts: whether the page may show texts of the data.
        clusters: as in `evaluate`.
        batch_tokens: as in `Scorer.stream`; None for the default.
        command: the command line that makes this report again.
        language: the one the page opens in.
        watch: sees everything that takes time go by.

    Returns:
        The metrics, with what was found where it was.

    Raises:
        PlauditError: if the data cannot be probed or a file not written.
    """
    wrong = worst_mistakes(groups, scores) if texts else []
    if model is not None:
        options: Mapping[str, Any] = {"clusters": clusters, "batch_tokens": batch_tokens or DEFAULT_BATCH_TOKENS}
        found = inspect_model(model, groups, wrong[:explained], probes=probes, watch=watch, **options)
        found = replace(found, of=record_hash(metrics["record"]))
        write_inspection(found, folder)
    found = found or Inspection()
    metrics = {**metrics, **found.metrics}
    # Without an accuracy (a missing score, no judgements) nobody knows what was wrong.
    kinds = {} if metrics["accuracy"]["value"] is None else kinds_of_mistakes(groups, scores, clusters)
    material = ReportInputs(
        metrics,
        wrong,
        {name: share.to_json() for name, share in kinds.items()},
        found.explanations,
        command=command,
        language=language,
        texts=texts,
    )
    write_report(material, folder / REPORT_FILE)
    return metrics
