"""Where `plaudit eval` has its scores from: a model and its baselines, or files that were written before."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.data import Bounds, Score, align_scores, check_ids, read_scores, write_scores
from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.scoring.progress import watched

if TYPE_CHECKING:
    from plaudit.model import Scorer

logger = logging.getLogger(__name__)

_MADE_OF_SCORES = ("metrics.json", "report.html", "inspection.json")

Scores = list[list[Score]]
"""One list a group, one score a response."""


@dataclass(frozen=True, slots=True)
class ScoredGroups:
    """The scores of one model.

    Attributes:
        scores: the model's.
        record: its run record. `baselines` names those whose scores stand in files beside it.
        baselines: the scores of its baselines, by name.
        unused: scores in the file that belong to other groups.
        baselines_left_out: baselines that could not be scored or read; each was worth a warning.
        model: what made them just now; None where they were made before.
    """

    scores: Scores
    record: Mapping[str, Any]
    baselines: Mapping[str, Scores] = field(default_factory=dict)
    unused: int = 0
    baselines_left_out: int = 0
    model: Scorer | None = None

    @property
    def scales(self) -> dict[str, Bounds]:
        """attribute -> the scale of the ratings it was learned from, as far as the record says."""
        outputs: Sequence[Mapping[str, Any]] = (self.record.get("outputs") or {}).get("attributes") or ()
        learned = [(row["name"], row) for row in outputs if row.get("readout") != "reward"]
        return {name: (row["low"], row["high"]) for name, row in [*learned, *self._plain_attributes()]}

    def _plain_attributes(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        found = self.record.get("attributes")
        return found.items() if isinstance(found, Mapping) else ()


def obtain_scores(
    model: str,
    groups: Sequence[Group],
    output: Path | None,
    batch_tokens: int | None,
    truncate_responses: bool,
    *,
    baselines: bool = True,
) -> ScoredGroups:
    """The scores in a file made before, or those of a model, made now.

    Args:
        model: a scores file (`-`: stdin), a model folder or a hub id.
        groups: what is scored.
        output: a folder for scores made now; it is made.
        batch_tokens: most tokens of one forward pass, None for the default.
        truncate_responses: as in `Scorer.stream`.
        baselines: also those of its baselines.

    Raises:
        PlauditError: if there is no such file or model, options do not fit, or scores and groups do not.
    """
    if output is not None:
        # Before scoring, which takes the time: nothing it gives should meet a folder or ids that cannot be written.
        check_ids(groups)
        _make_folder(output)
    if model.endswith((".jsonl", ".jsonl.gz")) and not Path(model).is_file():
        raise PlauditError(f"no scores file {model!r}; write one with `plaudit score MODEL DATA -o {model}`")
    if model != "-" and not Path(model).is_file():
        budget = {} if batch_tokens is None else {"batch_tokens": batch_tokens}
        return score_with_baselines(model, groups, output, truncate_responses, with_baselines=baselines, **budget)
    if batch_tokens or truncate_responses:
        raise PlauditError(f"{model} holds scores made before; --batch-tokens and --truncate-responses need a model")
    return read_scored(model, groups, with_baselines=baselines)


def obtain_scores_of_each(
    made: Mapping[str, str],
    groups: Sequence[Group],
    output: Path | None,
    batch_tokens: int | None,
    truncate_responses: bool,
    *,
    baselines: bool = True,
) -> dict[str, ScoredGroups]:
    """`obtain` for several models by name, each in a folder of that name, in small letters, inside `output`.

    Options for models go to models: one may stand beside a scores file.

    Raises:
        PlauditError: as `obtain`, with what the model or file is called.
    """
    files = {side for side, model in made.items() if model == "-" or Path(model).is_file()}
    found = {}
    # Files first: one that does not fit is refused before a model spends hours.
    for side in sorted(made, key=lambda side: side not in files):
        # From a file nothing is written there, but the folder is made, or refused, before any scoring.
        place = output if output is None or side in files else output / side.lower()
        options = (None, False) if side in files and len(files) < len(made) else (batch_tokens, truncate_responses)
        try:
            found[side] = obtain_scores(made[side], groups, place, *options, baselines=baselines)
        except PlauditError as error:
            raise PlauditError(f"{made[side]}: {error}") from None
    return {side: found[side] for side in made}


def bare_scores(scores: Scores) -> list[list[float]]:
    """The bare rewards of scores."""
    return [[score.score for score in group] for group in scores]


def read_scored(source: str, groups: Sequence[Group], *, with_baselines: bool = True) -> ScoredGroups:
    """Scores from a file (`-`: stdin), and those of the baselines its record names from the files beside it."""
    given, record = read_scores(source)
    scores, unused = align_scores(groups, given)
    names = (record.get("baselines") or ()) if with_baselines else ()
    baselines = {}
    for name in names:
        try:
            baselines[name] = align_scores(groups, read_scores(_baseline_file(Path(source).parent, name))[0])[0]
        except PlauditError as error:
            logger.warning("the baseline %s is left out: %s", name, error)
    return ScoredGroups(scores, record, baselines, unused, len(names) - len(baselines))


def score_with_baselines(
    name: str,
    groups: Sequence[Group],
    output: Path | None,
    truncate_responses: bool,
    *,
    with_baselines: bool = True,
    **options: Any,
) -> ScoredGroups:
    """Score the groups with a model and with its baselines, and write scores into the folder `output` as they come.

    Args:
        name: a model folder or hub id.
        groups: what to score.
        output: an existing folder, or None to write nothing.
        truncate_responses: as in `Scorer.stream`.
        with_baselines: score with the baselines, too.
        options: its others.

    Raises:
        PlauditError: if the model cannot be opened or a response not scored. A baseline that fails is left out.
    """
    from plaudit.model import data_hash, load_baselines, open_model

    made_from = {"model": name, "scored_data": data_hash(groups), "truncate_responses": truncate_responses}
    options = {**options, "truncate_responses": truncate_responses}
    model = open_model(name)
    baselines = load_baselines(name) if with_baselines else {}
    scores = _stream(model, groups, "Scoring", options)
    record = model.run_record("scores", **made_from, baselines=list(baselines))
    if output is not None:
        # What was made of other scores goes when these take their place: a stop later on leaves no mixture.
        for stale in _MADE_OF_SCORES:
            (output / stale).unlink(missing_ok=True)
        write_scores((score for group in scores for score in group), output / "scores.jsonl", record)
    found = {}
    for baseline, scorer in baselines.items():
        try:
            found[baseline] = _stream(scorer, groups, f"Scoring with {baseline}", options)
        except PlauditError as error:
            logger.warning("the baseline %s is left out: %s", baseline, error)
            continue
        if output is not None:
            write_scores((score for group in found[baseline] for score in group), _baseline_file(output, baseline))
    return ScoredGroups(scores, record, found, baselines_left_out=len(baselines) - len(found), model=model)


def _stream(model: Scorer, groups: Sequence[Group], doing: str, options: Mapping[str, Any]) -> Scores:
    return list(watched(model.stream(groups, **options), len(groups), doing))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlauditError(f"{folder}: cannot be made: {error.strerror or error}") from error


def _baseline_file(folder: Path, name: str) -> Path:
    from plaudit.model import baseline_folder

    place = baseline_folder(folder, name)
    return place.with_name(f"{place.name}.jsonl")
