"""Krippendorff's alpha: do named annotators agree, beyond what chance would give?

Alpha is 1 - observed over expected disagreement ("Computing Krippendorff's Alpha-Reliability", 2011), any number of
annotators a unit, values missing. For nominal and interval data both are functions of a few sums over units. So a
stream of groups needs to keep nothing but those sums (`AgreementTally`), and alpha has the interval of a function of
sums over clusters: clusters are prompts, where the usual bootstrap of single units takes comparisons of one prompt for
independent.

A pair of responses is a unit whose value is that the first is better, the second, or neither. Which response stands
first is an accident, so each pair enters both ways round with half the weight: alpha then does not depend on it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from plaudit.groups import Group
from plaudit.judgements.comparisons import Comparisons
from plaudit.judgements.ratings import AttributeRatings
from plaudit.judgements.votes import votes_of
from plaudit.statistics import JACKKNIFE, Intervals, Measurement, Sums, by_cluster, of_sums, proportion, undefined

NO_OVERLAP = "no two named annotators judged the same two responses"
ONE_RATER = "no two named annotators rated the same response"
ONE_VALUE = "all annotators always give one value, so nothing shows whether they would agree on others"


def alpha_of_rankings(comparisons: Comparisons, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Nominal alpha of named annotators' verdicts on pairs: the first is better, the second, or neither. `n` is pairs.

    An annotator who judged a pair more than once counts with what they said most often.

    Example:
        >>> from plaudit import Ranking
        >>> from plaudit.judgements import flatten_comparisons
        >>> ann, bob = (Ranking(((0,), (1,)), annotator=name) for name in ("ann", "bob"))
        >>> changed = Ranking(((1,), (0,)), annotator="bob")
        >>> groups = [Group("a", "Why?", ("x", "y"), (ann, bob)), Group("b", "How?", ("x", "y"), (ann, changed))]
        >>> alpha_of_rankings(flatten_comparisons(groups)).value  # verdicts differ on 1 of 2 pairs; by chance, 2 of 3
        0.25
    """
    votes = votes_of(comparisons)
    cluster = np.zeros(len(votes.pair), dtype=np.int64)
    cluster[votes.of] = comparisons.cluster[votes.named]
    return alpha_of_votes(votes.pair, votes.value, cluster, intervals)


def alpha_of_votes(
    pair: Int64[np.ndarray, " votes"],
    value: Float64[np.ndarray, " votes"],
    cluster: Int64[np.ndarray, " votes"],
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """The same from votes, one of each annotator on each pair.

    Args:
        pair: [votes], its number, from 0.
        value: [votes], 1 or -1 for one response or the other, 0 for neither.
        cluster: [votes], the prompt.
        intervals: how the interval is made.

    Example:
        >>> pair = np.array([0, 0, 1, 1])
        >>> alpha_of_votes(pair, np.array([1.0, 1.0, 1.0, -1.0]), pair).value
        0.25
    """
    counts, of_pair = _verdicts(pair, value, cluster)
    if not counts.size:
        return undefined(NO_OVERLAP)
    return _alpha(_of_verdicts, (counts.sum(axis=0), counts[1], _different(counts)), of_pair, intervals)


def same_votes(
    pair: Int64[np.ndarray, " votes"],
    value: Float64[np.ndarray, " votes"],
    cluster: Int64[np.ndarray, " votes"],
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """Of two annotators' votes on one pair, the share that are the same. Arguments as in `alpha_of_votes`; `n` is
    pairs of responses.

    Example:
        >>> pair = np.array([0, 0, 1, 1])
        >>> same_votes(pair, np.array([1.0, 1.0, 1.0, -1.0]), pair).value
        0.5
    """
    counts, of_pair = _verdicts(pair, value, cluster)
    if not counts.size:
        return undefined(NO_OVERLAP)
    size = counts.sum(axis=0)
    same = (counts * (counts - 1)).sum(axis=0) / (size * (size - 1))
    return proportion(same, size * (size - 1) / 2, of_pair, intervals=intervals)


def _verdicts(
    pair: Int64[np.ndarray, " votes"], value: Float64[np.ndarray, " votes"], cluster: Int64[np.ndarray, " votes"]
) -> tuple[Float64[np.ndarray, "3 shared"], Int64[np.ndarray, " shared"]]:
    """Of pairs with two votes or more: how many were -1, 0 and 1, and the pair's cluster."""
    count = np.bincount(pair)
    shared = count > 1
    counts = np.array([np.bincount(pair, value == verdict, len(count)) for verdict in (-1, 0, 1)], dtype=np.float64)
    of_pair = np.zeros(len(count), dtype=np.int64)
    of_pair[pair] = cluster
    return counts[:, shared], of_pair[shared]


def alpha_of_ratings(rated: AttributeRatings, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Interval alpha of named annotators' ratings of one response; `n` is responses with two raters or more.

    Example:
        >>> from plaudit import Rating
        >>> from plaudit.judgements import flatten_ratings
        >>> ratings = [Rating(0, 1, annotator="ann"), Rating(0, 2, annotator="bob")]
        >>> ratings += [Rating(1, 2, annotator="ann"), Rating(1, 3, annotator="bob")]
        >>> rated = flatten_ratings([Group("q", "Why?", ("a", "b"), ratings=ratings)])["overall"]
        >>> round(alpha_of_ratings(rated).value, 3)  # squares: 1 within responses, 4/3 among all four values
        0.25
    """
    if not len(rated.rater):
        return undefined(ONE_RATER)
    return interval_alpha(rated.rater, rated.rater_of, rated.cluster, intervals)


def interval_alpha(
    values: Float64[np.ndarray, " values"],
    unit: Int64[np.ndarray, " values"],
    cluster: Int64[np.ndarray, " units"],
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """Interval alpha: disagreement is the squared difference.

    Args:
        values: [m], what someone gave a unit; two or more a unit.
        unit: [m], its index.
        cluster: [units].
        intervals: how the interval is made.

    Example:
        >>> unit = np.array([0, 0, 1, 1])
        >>> round(interval_alpha(np.array([1.0, 2.0, 2.0, 3.0]), unit, np.arange(2)).value, 3)
        0.25
    """
    units, index, count = np.unique(unit, return_inverse=True, return_counts=True)
    # Centred, for the sums of squares below; alpha knows no zero and no unit.
    centred = values - values.mean()
    size = count.astype(np.float64)
    total, squares = (np.bincount(index, column).astype(np.float64) for column in (centred, np.square(centred)))
    # The squared differences of all ordered pairs of a unit's values add up to 2 (size * sum of squares - sum^2).
    differences = 2 * (size * squares - np.square(total)) / (size - 1)
    return _alpha(_of_numbers, (size, total, squares, differences), cluster[units], intervals)


def nominal_alpha(
    values: Int64[np.ndarray, " values"],
    unit: Int64[np.ndarray, " values"],
    cluster: Int64[np.ndarray, " units"],
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """Nominal alpha: disagreement is 1 where values differ, and 0 where they are the same. Arguments as in
    `interval_alpha`."""
    kinds, kind = np.unique(values, return_inverse=True)
    units, index = np.unique(unit, return_inverse=True)
    counts = np.zeros((len(kinds), len(units)))
    np.add.at(counts, (kind, index), 1.0)
    return _alpha(_of_kinds, (counts.sum(axis=0), _different(counts), *counts), cluster[units], intervals)


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """How far annotators agree.

    Attributes:
        annotators: how many are named.
        pairs: pairs of responses that two or more of them judged.
        percent: of two annotators' verdicts (first, second, tie) on the same pair, the share that are the same, in
            [0, 1]; None when no pair has two.
        alpha: Krippendorff's alpha, nominal: 1 is perfect, 0 is what chance would give; None when it is not defined.
    """

    annotators: int
    pairs: int
    percent: float | None
    alpha: float | None


class AgreementTally:
    """Agreement over a stream of groups. Judgements without an annotator's name cannot be told apart and do not count.

    An annotator who judged one pair more than once counts with the first verdict.
    """

    def __init__(self) -> None:
        self._annotators: set[str] = set()
        self._pairs = self._votes = self._ties = self._same = self._compared = 0
        self._different = 0.0

    def add(self, group: Group) -> None:
        """Count a group's judgements."""
        verdicts: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
        self._annotators.update(r.annotator for r in group.ratings if r.annotator is not None)
        for ranking in group.rankings:
            if ranking.annotator is None:
                continue
            self._annotators.add(ranking.annotator)
            for better, worse, tied in ranking.comparisons():
                verdict = 0 if tied else 1 if better < worse else -1
                verdicts[min(better, worse), max(better, worse)].setdefault(ranking.annotator, verdict)
        for by_annotator in verdicts.values():
            self._add_pair(Counter(by_annotator.values()))

    def _add_pair(self, counts: Counter[int]) -> None:
        """One pair of responses, from verdict -> how many annotators gave it."""
        size = counts.total()
        if size < 2:
            return
        same = sum(count * (count - 1) // 2 for count in counts.values())
        self._pairs += 1
        self._votes += size
        self._ties += counts[0]
        self._same += same
        self._compared += size * (size - 1) // 2
        self._different += (size * (size - 1) - 2 * same) / (size - 1)

    def result(self) -> AnnotatorAgreement:
        """Over all groups so far."""
        sums = (np.array(float(total)) for total in (self._votes, self._ties, self._different))
        alpha = float(_of_verdicts(*sums))
        return AnnotatorAgreement(
            annotators=len(self._annotators),
            pairs=self._pairs,
            percent=self._same / self._compared if self._compared else None,
            alpha=None if math.isnan(alpha) else alpha,
        )


class RaterTally:
    """Interval alpha over a stream of ratings on one attribute; as `alpha_of_ratings`, without an interval."""

    def __init__(self) -> None:
        self.responses = 0
        """With two named raters or more."""
        self._zero: float | None = None
        self._sums = np.zeros(4)

    def add(self, by_rater: Mapping[str, Sequence[float]]) -> None:
        """Count a response, from named rater -> the values given; a rater's are averaged."""
        size = len(by_rater)
        if size < 2:
            return
        values = np.array([sum(ratings) / len(ratings) for ratings in by_rater.values()])
        # Near zero, so that the squares keep their digits; alpha knows no zero.
        self._zero = float(values[0]) if self._zero is None else self._zero
        values -= self._zero
        total, squares = values.sum(), np.square(values).sum()
        self.responses += 1
        self._sums += size, total, squares, 2 * (size * squares - total**2) / (size - 1)

    def alpha(self) -> float | None:
        """None where it is not defined."""
        alpha = float(_of_numbers(*map(np.array, self._sums))) if self.responses else math.nan
        return None if math.isnan(alpha) else alpha


def _different(counts: Float64[np.ndarray, "kinds units"]) -> Float64[np.ndarray, " units"]:
    """[units], coincidences of different values: ordered pairs of them over one less than the unit's size.

    Args:
        counts: [kinds, units], how many values of each kind a unit has.
    """
    size = counts.sum(axis=0)
    return np.asarray((size * (size - 1) - (counts * (counts - 1)).sum(axis=0)) / (size - 1))


def _alpha(
    function: Callable[..., Sums],
    columns: Sequence[Float64[np.ndarray, " units"]],
    cluster: Int64[np.ndarray, " units"],
    intervals: Intervals,
) -> Measurement:
    """Alpha from columns [units], the first of them how many values a unit has."""
    n = len(cluster)
    if np.isnan(function(*(np.array(column.sum()) for column in columns))):
        return undefined(ONE_VALUE)
    sums = [by_cluster(column, cluster) for column in columns]
    return of_sums(function, sums, sums[0], n, (-math.inf, 1.0), intervals=intervals)


def _of_verdicts(n: Sums, ties: Sums, different: Sums) -> Sums:
    """Nominal alpha from sums over pairs of responses of: votes, votes for neither, and coincidences of different
    votes. Entered both ways round, the two responses have half of the other votes each."""
    half = np.asarray((n - ties) / 2)
    return _of_kinds(n, different, ties, half, half)


def _of_kinds(n: Sums, different: Sums, *kinds: Sums) -> Sums:
    """Nominal alpha from sums over units of: values, coincidences of different values, and values of each kind."""
    expected = np.asarray(np.square(n))
    for values in kinds:
        expected = np.asarray(expected - np.square(values))
    return _one_minus((n - 1) * different, expected, np.square(n))


def _of_numbers(n: Sums, total: Sums, squares: Sums, differences: Sums) -> Sums:
    """Interval alpha from sums over units of: values, what they add up to, their squares, and squared differences
    within units."""
    return _one_minus((n - 1) * differences, 2 * (n * squares - np.square(total)), n * squares)


def _one_minus(observed: Sums | float, expected: Sums | float, scale: Sums | float) -> Sums:
    """1 - observed / expected; NaN where nothing was to be expected but rounding."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected > 1e-12 * scale, 1 - np.divide(observed, expected), np.nan))
