"""The folder that `plaudit eval -o` leaves: the page, and what was learned while the model was at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plaudit.evaluation import Evaluation
from plaudit.groups import Group
from plaudit.model import DEFAULT_BATCH_TOKENS, Scorer
from plaudit.report.inputs import ReportInputs
from plaudit.report.inspection import Inspection, Watch, inspect_model, record_hash, unwatched, write_inspection
from plaudit.report.mistakes import Mistake, kinds_of_mistakes, worst_mistakes
from plaudit.report.page import write_report
from plaudit.statistics import measurement_of
from plaudit.storage import check_place
from plaudit.text import Language

REPORT_FILE = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What a report is to hold.

    Attributes:
        probes: groups to probe the model on; 0: neither probes nor the checks of one score.
        explained: worst mistakes to explain.
        texts: whether the page may show texts of the data.
        clusters: a meta field to cluster intervals by, as in `evaluate`.
        batch_tokens: most tokens of one forward pass; None for the default.
        language: the one the page opens in.
        command: the command line that makes this report again.
        watch: sees everything that takes time go by.

    Example:
        >>> options = ReportOptions(explained=0, texts=False)  # no text of the data on the page
        >>> options.probes
        50
    """

    probes: int = 50
    explained: int = 3
    texts: bool = True
    clusters: str | None = None
    batch_tokens: int | None = None
    language: Language = "en"
    command: str | None = None
    watch: Watch = unwatched


def report_folder(
    folder: Path,
    evaluation: Evaluation,
    groups: Sequence[Group],
    scores: Sequence[Sequence[float]],
    model: Scorer | None = None,
    *,
    inspection: Inspection | None = None,
    options: ReportOptions | None = None,
    overwrite: bool = False,
) -> Evaluation:
    """Inspect the model, and write `report.html` and `inspection.json`.

    Args:
        folder: it is made where it is missing.
        evaluation: what was measured, with the scores' run record.
        groups: the judgements, as they were measured.
        scores: one list a group, one number a response.
        model: what made them; None where they were made before.
        inspection: what was learned when they were made, in the place of `model`.
        options: what the report is to hold.
        overwrite: replace a report that is there.

    Returns:
        The evaluation with its probes and checks.

    Raises:
        PlauditError: if the data cannot be probed, a file not written, or there is a report already.

    Example:
        >>> from plaudit import Ranking, evaluate
        >>> groups = [Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))]
        >>> scores = [[1.0, 0.0]]
        >>> _ = report_folder(Path(), evaluate(groups, scores), groups, scores)
        >>> Path(REPORT_FILE).exists()
        True
    """
    check_place(folder / REPORT_FILE, overwrite=overwrite)
    options = options or ReportOptions()
    mistakes = worst_mistakes(groups, scores) if options.texts else []
    if model is not None:
        inspection = replace(_inspect(model, groups, mistakes, options), of=record_hash(evaluation.record))
        write_inspection(inspection, folder)
    inspection = inspection or Inspection()
    evaluation = replace(evaluation, probes=inspection.probes, invariance=inspection.invariance)
    # Without an accuracy (a missing score, no judgements) nobody knows what was wrong.
    accuracy = measurement_of(evaluation.overall, "accuracy")
    kinds = {} if accuracy.value is None else kinds_of_mistakes(groups, scores, options.clusters)
    inputs = ReportInputs(
        evaluation=evaluation,
        mistakes=mistakes,
        kinds=kinds,
        explanations=inspection.explanations,
        command=options.command,
        language=options.language,
        texts=options.texts,
    )
    write_report(inputs, folder / REPORT_FILE, overwrite=overwrite)
    return evaluation


def _inspect(model: Scorer, groups: Sequence[Group], mistakes: Sequence[Mistake], options: ReportOptions) -> Inspection:
    return inspect_model(
        model,
        groups,
        mistakes[: options.explained],
        probes=options.probes,
        clusters=options.clusters,
        batch_tokens=options.batch_tokens or DEFAULT_BATCH_TOKENS,
        watch=options.watch,
    )
