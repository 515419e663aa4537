"""A suite from its name: its files read, its items scored, its figures made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from plaudit._arguments import checked
from plaudit.evaluation.suites.measuring import SuiteResult, measure_suite
from plaudit.evaluation.suites.reading import read_suite
from plaudit.evaluation.suites.suite import SUITES
from plaudit.model import Scorer
from plaudit.scoring import GroupScores, ScoringOptions, obtain_scores


@checked
def run_suite(
    name: str,
    model: Scorer | str | Path,
    files: str | Path | Iterable[str | Path],
    *,
    batch_tokens: int | None = None,
    truncate_responses: bool = False,
) -> SuiteResult:
    """Measure a model on a published benchmark, by its authors' rule.

    `run_suite("rmbench", "my-model", "total_dataset.json")` is what `plaudit suite` prints.

    Args:
        name: a suite of docs/suites.md.
        model: an open model; a model folder or hub id; or a file of scores made before.
        files: the suite's files as its authors publish them, folders, or a hub id.
        batch_tokens: most tokens of one forward pass; None: the model's default.
        truncate_responses: cut a response that is longer than the context instead of refusing it.

    Raises:
        PlauditError: if there is no such suite, file or model, or the files are not the suite's.

    Example:
        >>> import json
        >>> from plaudit import Group, Ranking, train
        >>> row = {"input": "Add 2 and 2.", "output_1": "4", "output_2": "Addition is easy.", "label": 1}
        >>> _ = Path("natural.json").write_text(json.dumps([row]))
        >>> group = Group("q", "Why?", ("So it is.", "No."), (Ranking(((0,), (1,))),))
        >>> longer = train([group], "length", backbone="length")  # a model that prefers whatever is longer
        >>> run_suite("llmbar", longer, "natural.json").figures[0].by_rule.value
        0.0
    """
    suite = SUITES.lookup(name)
    items = read_suite(suite, [files] if isinstance(files, str | Path) else files)
    # Before scoring, which takes the time: files without anything to measure are refused, whatever the scores.
    measure_suite(suite, items, [[0.0] * len(item.responses) for item in items])
    options = ScoringOptions(batch_tokens, truncate_responses)
    scores: GroupScores
    if isinstance(model, str | Path):
        scores = obtain_scores(str(model), items, options=options).scores
    else:
        scores = model.score(items, **options.for_model())
    return measure_suite(suite, items, scores)
