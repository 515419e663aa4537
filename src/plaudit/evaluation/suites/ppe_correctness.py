"""PPE, correctness (Frick et al., arXiv 2410.14872): many answers to a prompt, each known to be right or wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.stats import rankdata

from plaudit.data import name_of, need, prompt_of, response_of, take
from plaudit.evaluation.best_of_n.estimators import expected_best
from plaudit.evaluation.suites.rules import above
from plaudit.evaluation.suites.suite import Outcome, Place, Scores, Shape, Suite, SuiteFigure, average, register_suite
from plaudit.groups import Group, GroupError, Ranking, Rating

BENCHMARKS = ("mmlu-pro", "math", "gpqa", "ifeval", "mbpp-plus")
SHOWN = (1, 2, 4, 8, 16, 32, 64)
"""The k at which the best-of-k curve is reported."""


def read(row: dict[str, Any], place: Place) -> Group:
    """`scores` are the truth (true or false) of response_1, response_2 and so on; `sampled_conflict_pairs` name a right
    and a wrong one, in either order, counting from 0. The benchmark is the file's or the data set's name."""
    truth = need(row, "scores")
    if not isinstance(truth, list) or not truth or not all(value in (0, 1) for value in truth):
        raise GroupError('"scores" must be a list of true and false, one for each response')
    answers = tuple(response_of(need(row, name), name) for name in (f"response_{i + 1}" for i in range(len(truth))))
    return Group(
        id=name_of(row, "question_id", "id") or "",
        prompt=prompt_of(row) or "",
        responses=answers,
        rankings=tuple(_conflict(pair, truth) for pair in take(row, "sampled_conflict_pairs") or ()),
        ratings=tuple(Rating(i, float(value), "correct", scale=(0.0, 1.0)) for i, value in enumerate(truth)),
        subset=_benchmark(place.stem),
    )


def _benchmark(stem: str) -> str:
    """`PPE-MBPP-Plus-Best-of-K` and `mbpp_plus_best_of_k` are `mbpp-plus`."""
    words = re.sub(r"[^a-z0-9]+", "-", stem.casefold())
    return words.removeprefix("ppe-").removesuffix("-best-of-k") or stem


def _conflict(pair: Any, truth: Sequence[Any]) -> Ranking:
    try:
        first, second = pair
        if truth[first] != truth[second] and min(first, second) >= 0:
            return Ranking(((first,), (second,)) if truth[first] else ((second,), (first,)))
    except (TypeError, ValueError, IndexError):
        pass
    raise GroupError(
        f"a conflict pair is {pair!r:.40}", remedy="it must be the indices of a right and a wrong response"
    )


def best_of_k_curve(
    scores: Float64[np.ndarray, " answers"], truth: Float64[np.ndarray, " answers"]
) -> Float64[np.ndarray, " answers"]:
    """`expected_best` of k = 1...n drawn from the n answers, [n]; `scores` and `truth` are [n]."""
    return expected_best(scores, truth, range(1, len(scores) + 1))


def roc_auc(scores: Float64[np.ndarray, " answers"], truth: Float64[np.ndarray, " answers"]) -> float:
    """How often a right answer (truth 1) scores above a wrong one (truth 0), equal scores half; both must occur."""
    right = int(truth.sum())
    above_wrong = rankdata(scores)[truth == 1].sum() - right * (right + 1) / 2
    return float(above_wrong / (right * (len(truth) - right)))


def rule(groups: Sequence[Group], scores: Scores) -> Iterator[tuple[int, Outcome]]:
    """For each prompt: the share of conflict pairs in the right order (a tie is wrong), ROC AUC, the curve of the
    expected truth of the best of k, and how far it stays below the best there is among the k."""
    for item, (group, row) in enumerate(zip(groups, scores, strict=True)):
        name, truth = group.subset or "", np.array([rating.value for rating in group.ratings])
        pairs = [above([row[r.tiers[0][0]]], [row[r.tiers[1][0]]]) for r in group.rankings]
        if pairs:
            yield item, Outcome(f"{name}: accuracy", *np.mean(np.array(pairs, dtype=np.float64), axis=0).tolist())
        if 0 < truth.mean() < 1:
            auc = roc_auc(np.array(row), truth)
            yield item, Outcome(f"{name}: AUC", auc, auc, 0.5)
        yield from ((item, outcome) for outcome in _curve(name, np.array(row), truth))


def _curve(
    name: str, values: Float64[np.ndarray, " answers"], truth: Float64[np.ndarray, " answers"]
) -> Iterator[Outcome]:
    got, best, random = best_of_k_curve(values, truth), best_of_k_curve(truth, truth), float(truth.mean())
    for k, value in enumerate(got.tolist(), 1):
        yield Outcome(f"{name}: best of {k}", value, value, random)
    area, loss = float(got.mean()), float((best - got).mean())
    yield Outcome(f"{name}: area under the curve", area, area, random)
    yield Outcome(f"{name}: loss", loss, loss, float(best.mean()) - random)


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """The mean accuracy over benchmarks, the means of the other figures, and the figures of each benchmark."""
    names = list(dict.fromkeys(part.partition(":")[0] for part in present))
    of_benchmark = {name: list(_of_benchmark(name, present)) for name in names}
    known = [figure for name in names if name in BENCHMARKS for figure in of_benchmark[name]]
    for level, (kind, title) in enumerate([("accuracy", "score"), *((kind, f"mean {kind}") for kind in _MEANS)]):
        yield from average(title, [figure for figure in known if figure.name.endswith(f": {kind}")], min(level, 1))
    yield from (figure for figures in of_benchmark.values() for figure in figures)


_MEANS = ("AUC", "area under the curve", "loss")


def _of_benchmark(name: str, present: Sequence[str]) -> Iterator[SuiteFigure]:
    yield from (SuiteFigure(p, {p: 1.0}) for kind in ("accuracy", *_MEANS) if (p := f"{name}: {kind}") in present)
    best_of_k_curve = {part: 1.0 for part in present if part.startswith(f"{name}: best of ")}
    yield SuiteFigure(f"{name}: highest point of the curve", best_of_k_curve, combine=lambda means: means.max(axis=-1))
    ks = [int(part.rpartition(" ")[2]) for part in best_of_k_curve]
    yield from (SuiteFigure(p, {p: 1.0}) for k in ks if k in SHOWN or k == max(ks) for p in [f"{name}: best of {k}"])


register_suite(
    Suite(
        name="ppe-correctness",
        title="PPE, correctness (arXiv 2410.14872)",
        shapes=(Shape(("prompt", "scores", "response_1"), read),),
        rule=rule,
        figures=figures,
        subsets=BENCHMARKS,
    )
)
