"""The laboratory, whole: judgements in, one table of losses out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from plaudit.errors import PlauditError
from plaudit.evaluation import check_measurable
from plaudit.groups import Group
from plaudit.laboratory.candidates import choose
from plaudit.laboratory.jobs import do_all, jobs
from plaudit.laboratory.measure import PLAIN, measure
from plaudit.laboratory.results import Comparison
from plaudit.laboratory.runs import default_settings, is_frozen, prime_features
from plaudit.laboratory.splits import folds, one_split
from plaudit.model import PROBE_PREFIX, is_baseline, shared_features
from plaudit.storage import replacing, versions
from plaudit.training import TrainingSettings

RESULT = "losses.json"


def check_baselines(names: Sequence[str]) -> None:
    """Refuse a name that is no plain model's, with a PlauditError."""
    for name in names:
        if not is_baseline(name):
            raise PlauditError(f"there is no baseline {name!r}; there are length, bow and {PROBE_PREFIX}BACKBONE")


def compare_losses(
    groups: Sequence[Group],
    output: str | Path,
    backbone: str = "minilm-l6",
    *,
    losses: Sequence[str] | None = None,
    seeds: int = 3,
    by: str = "prompt",
    fold_count: int | None = None,
    test: float = 0.2,
    baselines: Sequence[str] | None = None,
    settings: TrainingSettings | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Train the same backbone with each loss over several seeds, and measure all on the same held-out judgements.

    Where there are rankings and ratings, each loss learns from its own kind, and all are measured on both. A run that
    was done before into the same folder, from the same data and settings, is not done again.

    Args:
        groups: with rankings, ratings or both.
        output: the folder; runs are kept in its `runs/`, and the result is written to `losses.json`.
        backbone: as in `plaudit.train`, but for plain ones.
        losses: names; None: all that apply.
        seeds: runs of each loss on each division, 2 or more: their spread says what luck can do.
        by: what never stands on two sides, and what intervals are clustered by: `prompt`, or a field of `meta`.
        fold_count: cross-validate over as many folds, so that everything is tested on; None: one split.
        test: the share to test on in one split.
        baselines: plain models beside them; None: `length`, `bow` and the frozen backbone.
        settings: of every run; None: `default_settings()`. Their losses do not count; their seed is the first.
        say: told of every run.

    Raises:
        PlauditError: if there is nothing to compare, or a setting makes no sense.
    """
    if seeds < 2:
        raise PlauditError(f"seeds is {seeds}; give 2 or more, because one run does not show what luck can do")
    if is_baseline(backbone):
        raise PlauditError(
            f"{backbone} is fitted by a loss of its own; choose a pretrained backbone to compare losses on"
        )
    check_baselines(baselines or ())
    settings = replace(settings or default_settings(), report_to="none", baselines="none")
    clusters = None if by == "prompt" else by
    check_measurable(groups, clusters)
    found = choose(groups, settings, losses)
    parts = folds(groups, fold_count, settings.seed, by) if fold_count else one_split(groups, test, settings.seed, by)
    plain = ("length", "bow", f"{PROBE_PREFIX}{backbone}") if baselines is None else tuple(dict.fromkeys(baselines))
    with shared_features():
        seconds = _prime(groups, backbone, settings, say) if is_frozen(settings) else 0.0
        todo = jobs(found.tried, plain, parts, backbone, settings, seeds)
        runs = do_all(todo, Path(output) / "runs", backbone, say)
    kinds = {one.name: one.kind for one in found.tried} | dict.fromkeys(plain, PLAIN)
    rows, lead, counts = measure(runs, kinds, [group for part in parts for group in part.test], clusters)
    record = {
        "backbone": backbone,
        "settings": settings.to_dict(),
        "seeds": seeds,
        "by": by,
        "groups": len(groups),
        "folds": fold_count,
        "test": None if fold_count else test,
        "feature_seconds": round(seconds, 1),
        "versions": versions(),
    }
    result = Comparison(tuple(rows), lead, found.same, found.left_out, counts, record)
    with replacing(Path(output) / RESULT) as temporary:
        temporary.write_text(json.dumps(result.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return result


def _prime(groups: Sequence[Group], backbone: str, settings: TrainingSettings, say: Callable[[str], None]) -> float:
    """Seconds that reading all responses with the frozen backbone took."""
    say(f"reading {sum(len(group.responses) for group in groups):,} responses with {backbone}")
    started = time.monotonic()
    prime_features(groups, backbone, settings)
    return time.monotonic() - started
