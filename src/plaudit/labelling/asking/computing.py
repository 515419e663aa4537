"""A wave for a project: what is believed of its answers, and the questions that a rule makes of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking
from plaudit.judgements import Evidence, FittedStrengths, fit_strengths, sharpness_of
from plaudit.labelling.asking.applying import fingerprint
from plaudit.labelling.asking.choosing import RULES, Choices, choose_questions, gaps_of
from plaudit.labelling.asking.features import FeatureSource
from plaudit.labelling.asking.standing import Standing, standing
from plaudit.labelling.asking.wave import Wave, WaveQuestion
from plaudit.labelling.clock import public_id
from plaudit.labelling.project import Project

_LEAST_WEIGHT = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a wave shall be.

    Attributes:
        rule: of `RULES`.
        count: questions that wait when it has come; under `disagreement` and `random`, questions of the wave.
        gamma: how sharply a larger utility is preferred. On UKP 16 saved most of what taking the best saved, 4 half of
            it, 1 hardly anything (docs/labelling.md), and every question keeps its chance.
        seed: of the draw.
        anyway: whether to choose though there are fewer judgements than the project wants of the random arm first.

    Raises:
        InvalidInputError: for a rule that there is not, or a number that makes no sense.

    Example:
        >>> Wish(rule="guess")
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: the rule is 'guess'; it can be informed, gap, disagreement, random
    """

    rule: str = "informed"
    count: int = 100
    gamma: float = 16.0
    seed: int = 0
    anyway: bool = False

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise InvalidInputError(f"the rule is {self.rule!r}", remedy=f"it can be {', '.join(RULES)}")
        if self.count < 1 or not 0 <= self.gamma < float("inf"):
            raise InvalidInputError(f"count is {self.count} and gamma {self.gamma}", remedy="give 1 or more, 0 or more")


def compute_wave(project: Project, wish: Wish, source: FeatureSource | None = None) -> Wave:
    """Choose a project's next questions. The project is only read.

    Args:
        project: to choose for.
        wish: what the wave shall be.
        source: of a model's features; None: judgements alone.

    Raises:
        InvalidInputError: if the project asks for ratings, or has too few judgements.

    Example:
        >>> from plaudit.labelling import LabellingSettings
        >>> project = Project.create("tea", "Tea", LabellingSettings())
        >>> _ = project.add([Group("q1", "Tea?", ("Yes.", "No.", "Later."))])
        >>> compute_wave(project, Wish())
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: the project has 0 judgements, and wants 200 of questions drawn by lot before a
        model has a say; ...
        >>> [question.responses for question in compute_wave(project, Wish(anyway=True)).questions]
        [(1, 2)]
        >>> project.close()
    """
    now = standing(project)
    _check(project, now, wish)
    waiting = now.waiting if wish.rule in ("informed", "gap") else 0
    fit = believe(now, source)
    choices = choose_questions(
        fit.groups, now.open, wish.rule, max(0, wish.count - waiting), gamma=wish.gamma, seed=wish.seed
    )
    settings: dict[str, Any] = {
        "count": wish.count,
        "gamma": wish.gamma,
        "seed": wish.seed,
        "judgements": now.judgements,
        "could_ask": len(now.open),
        "waiting": waiting,
        "shared_variance": fit.shared_variance,
        "residual_variance": fit.residual_variance,
    }
    model = {} if source is None else {"model": source.name, "model_hash": source.hash}
    return Wave(
        id=public_id(),
        project=fingerprint(project),
        rule=wish.rule,
        settings=settings,
        questions=tuple(_wave_questions(now, fit, choices)),
        **model,
    )


def _wave_questions(now: Standing, fit: FittedStrengths, choices: Choices) -> Iterator[WaveQuestion]:
    """The chosen questions, with the figures that they were chosen by."""
    gap, variance = gaps_of(fit.groups, now.open)
    starts = np.searchsorted(now.open.question, np.arange(len(now.open)))
    for number in choices.chosen:
        figures = {"utility": float(choices.utility[number])}
        if len(now.responses[number]) == 2:
            figures |= {"gap": float(gap[starts[number]]), "variance": float(variance[starts[number]])}
        yield WaveQuestion(
            item=now.items[now.open.group[number]],
            responses=now.responses[number],
            probability=min(1.0, float(choices.probability[number])),
            again=bool(now.open.asked[number]),
            figures=figures,
        )


def believe(now: Standing, source: FeatureSource | None) -> FittedStrengths:
    """What is believed of every answer; people of whom enough is known count by how sharply they judge."""
    evidence = [Evidence.of(group) for group in now.groups]
    features = None if source is None or not now.groups else source.of(now.groups)
    fit = fit_strengths(evidence, features)
    sharpness = sharpness_of(now.groups, evidence, fit)
    if len(sharpness) < 2:
        return fit
    sharpened = [
        one.sharpened(np.array([sharpness.get(ranking.annotator or "", 1.0) for ranking in group.rankings]))
        for group, one in zip(now.groups, evidence, strict=True)
    ]
    return fit_strengths(sharpened, features, start=(fit.shared_variance, fit.residual_variance))


def completed_groups(project: Project, source: FeatureSource | None = None) -> Iterator[Group]:
    """The labelled set: every pair of every group both ways, each way weighing what is believed of it.

    Args:
        project: that was judged; it is only read.
        source: of a model's features; None: judgements alone.

    Raises:
        InvalidInputError: if the project asks for ratings.

    Example:
        >>> from plaudit.labelling import LabellingSettings
        >>> project = Project.create("soft", "Soft", LabellingSettings())
        >>> _ = project.add([Group("q1", "Tea?", ("Yes.", "No."))])
        >>> [(ranking.tiers, ranking.weight) for group in completed_groups(project) for ranking in group.rankings]
        [(((0,), (1,)), 0.5), (((1,), (0,)), 0.5)]
        >>> project.close()
    """
    _check_mode(project)
    now = standing(project)
    fit = believe(now, source)
    for group, belief, answers in zip(now.groups, fit.groups, now.answers, strict=True):
        first, second = np.array(list(combinations(sorted(answers), 2)), dtype=np.int64).reshape(-1, 2).T
        chances = np.clip(belief.probability(first, second), _LEAST_WEIGHT, 1 - _LEAST_WEIGHT)
        rankings = []
        for a, b, p in zip(first.tolist(), second.tolist(), chances.round(6).tolist(), strict=True):
            rankings += [Ranking(((a,), (b,)), weight=p), Ranking(((b,), (a,)), weight=round(1 - p, 6))]
        yield replace(group, rankings=tuple(rankings), ratings=())


def _check_mode(project: Project) -> None:
    if project.settings.mode == "rate":
        raise InvalidInputError(
            "the project asks for ratings, and a wave is chosen from comparisons",
            remedy="let its questions come by lot",
        )


def _check(project: Project, now: Standing, wish: Wish) -> None:
    _check_mode(project)
    least = project.settings.random_first
    if now.judgements < least and not wish.anyway:
        raise InvalidInputError(
            f"the project has {now.judgements:,} judgements, and wants {least:,} of questions drawn by lot before a "
            "model has a say",
            remedy="go on judging, or choose now with --anyway",
        )
