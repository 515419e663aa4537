"""The questions of a wave, out of all that could be asked: a pure function of what is believed.

A rule gives each question a utility, and questions are drawn one after another with probability proportional to
utility^gamma. So every question that a rule may ask has a probability above zero, which is kept; a large gamma comes to
taking the best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit, logsumexp

from plaudit.errors import InvalidInputError
from plaudit.judgements import Strengths

PerQuestion = Float[np.ndarray, " questions"]
Mask = Bool[np.ndarray, " questions"]

RULES = ("informed", "gap", "disagreement", "random")

_HALF = 0.5
_LEAST = 1e-9
"""Of the largest utility: what is certain already can still be drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestions:
    """N questions that could be asked, and the P pairs of answers that they put before people: one each in mode `pair`.

    Attributes:
        group: [N], index of the group.
        question: [P], of each pair, in ascending order.
        first, second: [P], its responses, by the group's numbers.
        asked: [N], whether the question has been answered already: asking it is asking once more.
        split: [N], how far its judgements differ: 0 for those that agree.
        share_asked: of all questions there are, those that were asked.

    Example:
        >>> questions = OpenQuestions.of_pairs([(0, 0, 1), (0, 0, 2)])
        >>> len(questions), questions.asked.tolist()
        (2, [False, False])
    """

    group: Int[np.ndarray, " questions"]
    question: Int[np.ndarray, " pairs"]
    first: Int[np.ndarray, " pairs"]
    second: Int[np.ndarray, " pairs"]
    asked: Mask
    split: PerQuestion
    share_asked: float = 0.0

    @classmethod
    def of_pairs(
        cls,
        pairs: Sequence[tuple[int, int, int]],
        asked: Sequence[bool] | None = None,
        split: Sequence[float] | None = None,
        share_asked: float = 0.0,
    ) -> OpenQuestions:
        """Of (group, response, response)."""
        group, first, second = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
        return cls(
            group=group,
            question=np.arange(len(group)),
            first=first,
            second=second,
            asked=np.zeros(len(group), dtype=bool) if asked is None else np.array(asked, dtype=bool),
            split=np.zeros(len(group)) if split is None else np.array(split, dtype=np.float64),
            share_asked=share_asked,
        )

    def __len__(self) -> int:
        return len(self.group)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a rule makes of N questions.

    Attributes:
        chosen: numbers of the questions of the wave, in the order in which they were drawn.
        probability: [N], of being drawn first; 0 for what the rule may not ask now. They sum to 1.
        utility: [N].

    Example:
        >>> belief = Strengths(np.array([2.0, 0.1, 0.0]), np.eye(3))
        >>> pairs = OpenQuestions.of_pairs([(0, 0, 1), (0, 0, 2), (0, 1, 2)])
        >>> choices = choose_questions([belief], pairs, "informed", 1, gamma=50, seed=0)
        >>> choices.chosen, choices.utility.round(2).tolist()
        ([2], [0.31, 0.3, 0.5])
    """

    chosen: list[int]
    probability: PerQuestion
    utility: PerQuestion


def choose_questions(
    beliefs: Sequence[Strengths], questions: OpenQuestions, rule: str, count: int, *, gamma: float, seed: int
) -> Choices:
    """Choose the questions of a wave.

    `informed`: p (1 - p) Var(gap), the share of what is not known of a gap that one answer would tell. `gap`: the
    smallest expected gap first. Under both, an answer stands in one question of a wave, and each question is asked once
    until half of all were; after that they compete for another opinion. `disagreement`: another opinion where people
    differ. `random`: all alike, and any number of one answer's.

    Args:
        beliefs: of each group.
        questions: that could be asked.
        rule: of `RULES`.
        count: of the questions to choose; fewer, if there are not as many.
        gamma: how sharply a larger utility is preferred; 0: not at all.
        seed: of the draw.

    Raises:
        InvalidInputError: for another rule.

    Example:
        >>> beliefs = [Strengths(np.zeros(2), scale * np.eye(2)) for scale in (1.0, 3.0)]
        >>> pairs = OpenQuestions.of_pairs([(0, 0, 1), (1, 0, 1)])
        >>> choose_questions(beliefs, pairs, "informed", 2, gamma=1.0, seed=0).probability.round(3).tolist()
        [0.25, 0.75]
    """
    if rule not in _UTILITIES:
        raise InvalidInputError(f"the rule is {rule!r}", remedy=f"it can be {', '.join(RULES)}")
    eligible = _eligible(questions, rule)
    utility = np.zeros(len(questions))
    if not eligible.any() or count < 1:
        return Choices([], np.zeros(len(questions)), utility)
    draw = np.random.default_rng(seed)
    utility = np.where(eligible, _UTILITIES[rule](beliefs, questions, draw), 0.0)
    floored = np.maximum(utility, _LEAST * max(utility.max(), _LEAST))
    logs = np.where(eligible, gamma * np.log(floored), -np.inf)
    # Adding Gumbel noise and taking the largest is drawing one after another without putting back.
    keys = logs + draw.gumbel(size=len(logs))
    order = np.argsort(-keys)[: int(eligible.sum())]
    chosen = _apart(questions, order, count) if rule in ("informed", "gap") else order[:count].tolist()
    # What would be 0 in floating point is a small number: a stored probability is one that something may be divided by.
    probability = np.where(eligible, np.maximum(np.exp(logs - logsumexp(logs)), np.finfo(float).tiny), 0.0)
    return Choices(chosen, probability, utility)


def _eligible(questions: OpenQuestions, rule: str) -> Mask:
    if rule == "disagreement":
        return np.asarray(questions.asked & (questions.split > 0))
    fresh = ~questions.asked
    if rule == "random" or (questions.share_asked < _HALF and fresh.any()):
        return fresh
    return np.ones(len(questions), dtype=bool)


def _apart(questions: OpenQuestions, order: Int[np.ndarray, " eligible"], count: int) -> list[int]:
    """The first questions in an order that share no answer."""
    starts = np.searchsorted(questions.question, np.arange(len(questions) + 1))
    used: set[tuple[int, int]] = set()
    chosen: list[int] = []
    for number in order.tolist():
        pairs = slice(starts[number], starts[number + 1])
        group = int(questions.group[number])
        answers = {(group, int(one)) for side in (questions.first, questions.second) for one in side[pairs]}
        if used.isdisjoint(answers):
            used |= answers
            chosen.append(number)
            if len(chosen) == count:
                break
    return chosen


def gaps_of(
    beliefs: Sequence[Strengths], questions: OpenQuestions
) -> tuple[Float[np.ndarray, " pairs"], Float[np.ndarray, " pairs"]]:
    """[P] means and variances of the gaps of all pairs."""
    group = questions.group[questions.question]
    mean, variance = np.zeros(len(group)), np.zeros(len(group))
    order = np.argsort(group, kind="stable")
    ends = np.flatnonzero(np.diff(group[order])) + 1
    for rows in np.split(order, ends) if len(order) else ():
        belief = beliefs[group[rows[0]]]
        mean[rows], variance[rows] = belief.gaps(questions.first[rows], questions.second[rows])
    return mean, variance


def _informed(beliefs: Sequence[Strengths], questions: OpenQuestions, draw: np.random.Generator) -> PerQuestion:
    gap, variance = gaps_of(beliefs, questions)
    win = expit(gap / np.sqrt(1 + np.pi / 8 * variance))
    return _mean_by_question(win * (1 - win) * variance, questions)


def _smallest(beliefs: Sequence[Strengths], questions: OpenQuestions, draw: np.random.Generator) -> PerQuestion:
    """1 for the smallest gap, 1/2 for the next, and so on. Where nothing is known all gaps are 0, and lots decide."""
    gap = _mean_by_question(np.abs(gaps_of(beliefs, questions)[0]), questions)
    rank = np.empty(len(gap))
    rank[np.lexsort((draw.random(len(gap)), gap))] = np.arange(1, len(gap) + 1)
    return 1 / rank


def _split(beliefs: Sequence[Strengths], questions: OpenQuestions, draw: np.random.Generator) -> PerQuestion:
    return questions.split


def _alike(beliefs: Sequence[Strengths], questions: OpenQuestions, draw: np.random.Generator) -> PerQuestion:
    return np.ones(len(questions))


_UTILITIES: dict[str, Callable[[Sequence[Strengths], OpenQuestions, np.random.Generator], PerQuestion]] = {
    "informed": _informed,
    "gap": _smallest,
    "disagreement": _split,
    "random": _alike,
}


def _mean_by_question(values: Float[np.ndarray, " pairs"], questions: OpenQuestions) -> PerQuestion:
    count = len(questions)
    total = np.bincount(questions.question, values, count)
    return np.asarray(total / np.maximum(np.bincount(questions.question, minlength=count), 1))
