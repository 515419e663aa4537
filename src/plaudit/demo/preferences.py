"""The demo's preference set: everyday questions in two languages, answers of known quality, noisy judgements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from random import Random

from plaudit.demo.annotators import ANNOTATORS, expected_agreement, judge
from plaudit.demo.answers import draw_answers
from plaudit.demo.topics import LANGUAGES, Topic, topics
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking

SEED = 0
QUESTIONS = 3
RESPONSES = (4, 6)
ANNOTATORS_PER_GROUP = 4
TASKS = ("pairs", "pairs", "order", "best_worst")
PAIRS_PER_TASK = 2


def preference_set(seed: int = SEED, questions: int = QUESTIONS) -> list[Group]:
    """The preference set; the same groups for the same seed.

    `subset` is the language. `meta` has the topic and the truth: each answer's quality, and the kinds it is a sum over.

    Args:
        seed: of all draws.
        questions: of each topic, 1 to 3.

    Raises:
        InvalidInputError: if there are not so many.

    Example:
        >>> len(preference_set(questions=1))
        139
    """
    if questions not in range(1, QUESTIONS + 1):
        raise InvalidInputError(f"questions is {questions}", remedy=f"there are 1 to {QUESTIONS} of each topic")
    return [
        _group(topic, number, Random(f"{seed}/{topic.language}/{topic.name}/{number}"))
        for language in LANGUAGES
        for topic in topics(language)
        for number in range(questions)
    ]


def with_truth(group: Group) -> Group:
    """The group judged by its true quality: one full order, with a tier for each quality.

    Example:
        >>> group = Group("q", "Why?", ("a", "b", "c"), meta={"quality": [0.5, 1.0, 0.5]})
        >>> with_truth(group).rankings[0].tiers
        ((1,), (0, 2))
    """
    quality = group.meta["quality"]
    order = sorted(range(len(quality)), key=lambda i: -quality[i])
    tiers = tuple(tuple(tier) for _, tier in groupby(order, key=lambda i: quality[i]))
    return replace(group, rankings=(Ranking(tiers, annotator="truth"),), ratings=())


def noise_ceiling(groups: Iterable[Group]) -> float:
    """The expected share of the annotators' decided comparisons that the truth gets right. No model does better.

    Args:
        groups: of `preference_set`.
    """
    counts = [expected_agreement(ranking, group.meta["quality"]) for group in groups for ranking in group.rankings]
    return sum(agreeing for agreeing, _ in counts) / sum(decided for _, decided in counts)


def _group(topic: Topic, number: int, random: Random) -> Group:
    answers = draw_answers(topic, random.randint(*RESPONSES), random)
    quality = [answer.quality for answer in answers]
    return Group(
        id=f"demo-{topic.language}-{topic.name}-{number}",
        prompt=topic.questions[number],
        responses=tuple(answer.text for answer in answers),
        rankings=tuple(_judgements(quality, random)),
        subset=topic.language,
        meta={"topic": topic.name, "quality": quality, "kinds": [list(answer.kinds) for answer in answers]},
    )


def _judgements(quality: Sequence[float], random: Random) -> Iterable[Ranking]:
    responses = range(len(quality))
    for annotator in random.sample(ANNOTATORS, ANNOTATORS_PER_GROUP):
        task = random.choice(TASKS)
        if task == "pairs":
            for _ in range(PAIRS_PER_TASK):
                yield judge(annotator, quality, random.sample(responses, 2), "pair", random)
        elif task == "best_worst":
            yield judge(annotator, quality, random.sample(responses, 4), task, random)
        else:
            yield judge(annotator, quality, responses, task, random)
