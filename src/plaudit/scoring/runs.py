"""Scoring runs: the scores of a model and its baselines, made now and kept in files, or read from files made before."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from plaudit.data import Score, align_scores, check_ids, is_scores, read_scores, write_scores
from plaudit.errors import InvalidInputError, NotFoundError, PlauditError
from plaudit.groups import Group
from plaudit.scoring.progress import watched
from plaudit.scoring.scored import ScoredGroups
from plaudit.storage import check_folder, check_not_read
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.model import Scorer, TokenCheck

logger = logging.getLogger(__name__)

SCORES = "scores.jsonl"

_MADE_OF_SCORES = ("metrics.json", "report.html", "inspection.json")


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """How a model is asked for scores; scores that were made before take none of these.

    Attributes:
        batch_tokens: most tokens of one forward pass; None: the model's default.
        truncate_responses: cut a response that is longer than the context instead of refusing it.
        precision: of a backbone's weights; None: as they are saved.
        attention: of forests: varlen, flex or segments; None or auto: the best that comes through its trial.

    Example:
        >>> ScoringOptions(batch_tokens=8192).for_model()
        {'batch_tokens': 8192, 'truncate_responses': False}
    """

    batch_tokens: int | None = None
    truncate_responses: bool = False
    precision: Literal["fp32", "bf16", "fp16"] | None = None
    attention: Literal["auto", "varlen", "flex", "segments"] | None = None

    def for_opening(self) -> dict[str, Any]:
        """Keyword arguments of `open_model`."""
        options = {"precision": self.precision, "attention": self.attention}
        return {name: value for name, value in options.items() if value is not None}

    def for_model(self) -> dict[str, Any]:
        """Keyword arguments of `Scorer.stream`."""
        budget = {} if self.batch_tokens is None else {"batch_tokens": self.batch_tokens}
        return {**budget, "truncate_responses": self.truncate_responses}


@dataclass(frozen=True, slots=True)
class ScoringRun:
    """Scores, and where they come from.

    Attributes:
        scores: of the model, with those of its baselines.
        model: what made them just now; None where they were made before.

    Example:
        >>> from plaudit.data import load_groups
        >>> run = obtain_scores("my-model", load_groups("test.jsonl"))
        >>> run.model.name, sorted(run.scores.baselines)
        ('my-model', ['bow'])
    """

    scores: ScoredGroups
    model: Scorer | None = None


def obtain_scores(
    source: str,
    groups: Sequence[Group],
    output: Path | None = None,
    options: ScoringOptions = ScoringOptions(),
    *,
    baselines: bool = True,
    overwrite: bool = False,
) -> ScoringRun:
    """The scores in a file made before, or those of a model, made now.

    Args:
        source: a scores file (`-`: stdin), a folder of shards, a model folder or a hub id.
        groups: what is scored.
        output: a folder for scores made now; it is made when there are some.
        options: how a model is asked.
        baselines: also those of its baselines.
        overwrite: replace scores that are there.

    Raises:
        PlauditError: if there is no such file or model, options do not fit, or scores and groups do not.

    Example:
        >>> from plaudit.data import load_groups
        >>> groups = load_groups("test.jsonl")
        >>> made = obtain_scores("my-bow", groups, Path("figures"))
        >>> read = obtain_scores("figures/scores.jsonl", groups)
        >>> read.model is None, bool((read.scores.scores == made.scores.scores).all())
        (True, True)
    """
    from_file = is_scores(source)
    if output is not None:
        # Before scoring, which takes the time: nothing it gives should meet a folder or ids that cannot be written.
        check_ids(groups)
        check_folder(output, overwrite=overwrite, files=[] if from_file else [SCORES])
    if not from_file:
        _check_source(source)
        return score_with_baselines(source, groups, output, options, with_baselines=baselines)
    if options != ScoringOptions():
        raise InvalidInputError(
            f"{source} holds scores made before",
            remedy="--batch-tokens, --truncate-responses and --precision need a model",
        )
    return ScoringRun(read_scored(source, groups, with_baselines=baselines))


def obtain_scores_of_each(
    sources: Mapping[str, str],
    groups: Sequence[Group],
    output: Path | None = None,
    options: ScoringOptions = ScoringOptions(),
    *,
    baselines: bool = True,
    overwrite: bool = False,
) -> dict[str, ScoringRun]:
    """`obtain_scores` for several sources by name, each in a folder of that name, in small letters, inside `output`.

    Options for models go to models: one may stand beside a scores file.

    Raises:
        PlauditError: as `obtain_scores`, with what the model or file is called.

    Example:
        >>> from plaudit.data import load_groups
        >>> runs = obtain_scores_of_each({"A": "my-model", "B": "my-bow"}, load_groups("test.jsonl"))
        >>> {name: len(run.scores.scores) for name, run in runs.items()}
        {'A': 40, 'B': 40}
    """
    files = {name for name, source in sources.items() if is_scores(source)}
    if output is not None:
        check_folder(output, overwrite=overwrite)
        for name in sources.keys() - files:
            check_not_read(output / name.lower() / SCORES, [sources[name] for name in files])
    for name in sources.keys() - files:
        with _named(sources[name]):
            _check_source(sources[name])
    runs = {}
    # Files first: one that does not fit is refused before a model spends hours.
    for name in sorted(sources, key=lambda name: name not in files):
        folder = None if output is None or name in files else output / name.lower()
        mixed = name in files and len(files) < len(sources)
        with _named(sources[name]):
            runs[name] = obtain_scores(
                sources[name],
                groups,
                folder,
                ScoringOptions() if mixed else options,
                baselines=baselines,
                overwrite=overwrite,
            )
    return {name: runs[name] for name in sources}


def _check_source(source: str) -> None:
    """Whether there is such a model, or, by its name, scores file."""
    from plaudit.model import check_model

    if source.endswith((".jsonl", ".jsonl.gz")):
        raise NotFoundError(
            f"no scores file {source!r}", remedy=f"write one with `plaudit score MODEL DATA -o {source}`"
        )
    check_model(source)


@contextmanager
def _named(source: str) -> Iterator[None]:
    """Errors that say which of several sources they are about."""
    try:
        yield
    except PlauditError as error:
        raise InvalidInputError(f"{source}: {error}") from None


def read_scored(source: str, groups: Sequence[Group], *, with_baselines: bool = True) -> ScoredGroups:
    """Scores from a file (`-`: stdin), and those of the baselines its record names from the files beside it.

    Example:
        >>> from plaudit.data import load_groups
        >>> groups = load_groups("test.jsonl")
        >>> _ = obtain_scores("my-model", groups, Path("kept"))
        >>> sorted(read_scored("kept/scores.jsonl", groups).baselines)
        ['bow']
    """
    scores, record = read_scores(source)
    rows, unused = align_scores(groups, scores)
    names = (record.get("baselines") or ()) if with_baselines else ()
    baselines = {}
    for name in names:
        try:
            baselines[name] = align_scores(groups, read_scores(_baseline_file(Path(source).parent, name))[0])[0]
        except PlauditError as error:
            logger.warning("the baseline %s is left out: %s", name, error)
    left_out = len(names) - len(baselines)
    scored = ScoredGroups.of(rows, record=record, baselines=baselines)
    return replace(scored, unused=unused, baselines_left_out=left_out)


def score_with_baselines(
    source: str,
    groups: Sequence[Group],
    output: Path | None = None,
    options: ScoringOptions = ScoringOptions(),
    *,
    with_baselines: bool = True,
) -> ScoringRun:
    """Score the groups with a model and with its baselines, and write each one's scores into the folder `output`.

    Args:
        source: a model folder or hub id.
        groups: what to score.
        output: a folder, whose earlier scores are replaced; None to write nothing.
        options: how the model is asked.
        with_baselines: score with the baselines, too.

    Raises:
        PlauditError: if the model cannot be opened, a response not scored, no score is a number, or all answers that
            are compared became the same tokens. A baseline that fails is left out.

    Example:
        >>> from plaudit.data import load_groups
        >>> run = score_with_baselines("my-model", load_groups("test.jsonl"))
        >>> sorted(run.scores.baselines)
        ['bow']
    """
    from plaudit.model import BASELINES_FOLDER, TokenCheck, keep_token, load_baselines, open_model
    from plaudit.storage import data_hash

    how = {"model": keep_token(source), "scored_data": data_hash(groups)}
    model = open_model(source, **options.for_opening())
    scorers = load_baselines(source) if with_baselines else {}
    check = TokenCheck()
    rows = _stream(model, groups, "Scoring", options, check)
    check_numbers(sum(not math.isfinite(one.score) for row in rows for one in row), sum(map(len, rows)))
    check.finish()
    record = model.run_record("scores", **how, truncate_responses=options.truncate_responses, baselines=list(scorers))
    if output is not None:
        # What was made of other scores goes when these take their place: a stop later on leaves no mixture.
        for stale in _MADE_OF_SCORES:
            (output / stale).unlink(missing_ok=True)
        for scores_before in (output / BASELINES_FOLDER).glob("*.jsonl"):
            scores_before.unlink()
        write_scores(chain.from_iterable(rows), output / SCORES, record, overwrite=True)
    baselines = {}
    for name, scorer in scorers.items():
        try:
            baselines[name] = _stream(scorer, groups, f"Scoring with {name}", options)
        except PlauditError as error:
            logger.warning("the baseline %s is left out: %s", name, error)
            continue
        if output is not None:
            write_scores(chain.from_iterable(baselines[name]), _baseline_file(output, name), overwrite=True)
    left_out = len(scorers) - len(baselines)
    scored = ScoredGroups.of(rows, record=record, baselines=baselines)
    return ScoringRun(replace(scored, baselines_left_out=left_out), model)


def check_numbers(missing: int, scores: int) -> None:
    """Say how many scores are not numbers.

    Raises:
        InvalidInputError: if none is one.

    Example:
        >>> check_numbers(3, 3)
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: none of 3 scores is a number (NaN or infinite); half precision ...
    """
    if not missing:
        return
    remedy = "half precision overflows: --precision fp32 may help; else the weights hold NaN, and training diverged"
    if missing == scores:
        raise InvalidInputError(f"none of {counted(scores, 'scores')} is a number (NaN or infinite)", remedy=remedy)
    logger.warning("%s of %s scores are not numbers; %s", f"{missing:,}", f"{scores:,}", remedy)


def _stream(
    model: Scorer, groups: Sequence[Group], activity: str, options: ScoringOptions, check: TokenCheck | None = None
) -> list[list[Score]]:
    return list(watched(model.stream(groups, **options.for_model(), check=check), len(groups), activity))


def _baseline_file(folder: Path, name: str) -> Path:
    from plaudit.model import baseline_folder

    target = baseline_folder(folder, name)
    return target.with_name(f"{target.name}.jsonl")
