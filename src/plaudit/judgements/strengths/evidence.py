"""The comparisons of one group as evidence about the strengths of its responses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit

from plaudit.groups import Group
from plaudit.judgements.comparisons import pairs_of

PerComparison = Float[np.ndarray, " comparisons"]
Strength = Float[np.ndarray, " responses"]
Covariance = Float[np.ndarray, "responses responses"]
Indices = Int[np.ndarray, " comparisons"]

MAX_RESPONSES = 256
"""In larger groups a judgement is not left out: that needs a matrix of all responses by all, and more than once."""


@dataclass(frozen=True)
class Evidence:
    """The C comparisons of one group of K responses. By Bradley & Terry (1952), with an annotator's sharpness s,
    P(a beats b) = sigma(s (r_a - r_b)).

    Attributes:
        better, worse: [C], responses.
        tie: [C].
        ranking: [C], the ranking each comes from.
        weight: [C]. A ranking of n responses has n (n - 1) / 2 comparisons but only n - 1 independent ones, so each
            counts 2 / n of the ranking's weight.
        block: [C], comparisons that are left out together: those of a ranking, and of rankings that repeat it by the
            same annotator, which are no independent votes.
        sharpness: [C], of whoever judged; 1 where nothing is known.
        n_responses: K.

    Example:
        >>> from plaudit.groups import Ranking
        >>> evidence = Evidence.of(Group("q", "Why?", ("a", "b", "c"), (Ranking(((2,), (0,), (1,))),)))
        >>> list(zip(evidence.better.tolist(), evidence.worse.tolist())), evidence.weight.round(2).tolist()
        ([(2, 0), (2, 1), (0, 1)], [0.67, 0.67, 0.67])
    """

    better: Indices
    worse: Indices
    tie: Bool[np.ndarray, " comparisons"]
    ranking: Indices
    weight: PerComparison
    block: Indices
    sharpness: PerComparison
    n_responses: int

    @classmethod
    def of(cls, group: Group) -> Evidence:
        pairs = pairs_of(group.rankings)
        ranked = np.array([sum(map(len, ranking.tiers)) for ranking in group.rankings], dtype=np.float64)
        weight = np.array([ranking.weight for ranking in group.rankings], dtype=np.float64)
        first: dict[object, int] = {}
        block = [
            number if ranking.annotator is None else first.setdefault((ranking.annotator, ranking.tiers), number)
            for number, ranking in enumerate(group.rankings)
        ]
        return cls(
            better=pairs.better,
            worse=pairs.worse,
            tie=pairs.tie,
            ranking=pairs.ranking,
            weight=weight[pairs.ranking] * 2 / ranked[pairs.ranking],
            block=np.array(block, dtype=np.int64)[pairs.ranking],
            sharpness=np.ones(len(pairs.tie)),
            n_responses=len(group.responses),
        )

    def __len__(self) -> int:
        return len(self.better)

    @property
    def has_other_votes(self) -> bool:
        """Whether each comparison has others beside its own block, in a group small enough to leave it out."""
        return self.n_responses <= MAX_RESPONSES and len(np.unique(self.block)) > 1

    def sharpened(self, by_ranking: Float[np.ndarray, " rankings"]) -> Evidence:
        """The same, with the sharpness of whoever made each ranking."""
        return replace(self, sharpness=by_ranking[self.ranking] if len(self) else self.sharpness)

    def gaps(self, strengths: Strength) -> PerComparison:
        """[C], strength of the better less that of the worse."""
        return np.asarray(strengths[self.better] - strengths[self.worse])

    def derivatives(self, gap: PerComparison) -> tuple[PerComparison, PerComparison]:
        """[C], first derivative of each log likelihood by its gap, and minus the second; a tie is half a win."""
        win = expit(self.sharpness * gap)
        slope = self.weight * self.sharpness * (np.where(self.tie, 0.5, 1.0) - win)
        return slope, self.weight * self.sharpness**2 * win * (1 - win)

    def gap_variance(self, covariance: Covariance) -> PerComparison:
        """[C], the diagonal of X S X', where X has +1 at the better response of each comparison and -1 at the worse."""
        a, b = self.better, self.worse
        return np.asarray(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b])

    def design(self, rows: Int[np.ndarray, " rows"]) -> Float[np.ndarray, "rows responses"]:
        """Rows of X."""
        design = np.zeros((len(rows), self.n_responses))
        design[np.arange(len(rows)), self.better[rows]] += 1
        design[np.arange(len(rows)), self.worse[rows]] -= 1
        return design
