"""What the demo's policy writes: measured by the truth, and judged by the demo's annotators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from plaudit.demo.annotators import ANNOTATORS, judge
from plaudit.demo.topics import Topic
from plaudit.demo.truth import topic_of, true_quality
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking

ORDERS = 24
"""Of each question: so many times an annotator puts four of the samples in order."""

TASK = 4


@dataclass(frozen=True, slots=True)
class SampleFigures:
    """What a policy's samples are like.

    Attributes:
        samples: how many.
        quality: the mean true quality of an answer.
        worth: the mean worth of a sentence (of its share of "disorder", too).
        known: the share of the sentences that the truth knows.
        sentences: of a mean answer.
        tokens: of a mean answer, its end among them.
        ended: the share of the answers that were not cut.
        distinct: different answers to the same question, as a share of all.

    Example:
        >>> figures = SampleFigures(2, quality=0.4, worth=0.2, known=0.9, sentences=2, tokens=30, ended=1, distinct=1)
        >>> figures.worth
        0.2
    """

    samples: int
    quality: float
    worth: float
    known: float
    sentences: float
    tokens: float
    ended: float
    distinct: float


def policy_prompts(cast: Sequence[Topic], numbers: Iterable[int] = (0, 1)) -> list[Group]:
    """Questions without answers: the first two of each topic, to learn and choose on, or others.

    Args:
        cast: the topics.
        numbers: of the questions of each topic, 0 to 2; 2 is for reporting.

    Example:
        >>> from plaudit.demo import policy_topics
        >>> [group.id for group in policy_prompts(policy_topics(1, 0), [2])]
        ['policy-condolence-2']
    """
    numbers = tuple(numbers)
    return [
        Group(
            f"policy-{topic.name}-{number}",
            topic.questions[number],
            ("",),
            meta={"topic": topic.name, "number": number},
        )
        for topic in cast
        for number in numbers
    ]


def sample_figures(groups: Sequence[Group]) -> SampleFigures:
    """What the samples of `plaudit.alignment.sample_responses` are like.

    Raises:
        InvalidInputError: if there is no sample, or a prompt is not a question of the demo.

    Example:
        >>> question = "What habits really help people sleep better, apart from pills?"
        >>> answers = ("Keep the bedroom dark and cool, at around 18 degrees.", "Buy pills.")
        >>> group = Group("q", question, answers, meta={"ended": [True, True], "tokens": [14, 5]})
        >>> sample_figures([group]).known
        0.5
    """
    count = sum(len(group.responses) for group in groups)
    if not count:
        raise InvalidInputError("there are no samples", remedy="give groups of plaudit.alignment.sample_responses()")
    parsed = [true_quality(str(group.prompt), str(answer)) for group in groups for answer in group.responses]
    sentences = sum(one.sentences for one in parsed)
    total = sum(one.quality for one in parsed)
    return SampleFigures(
        samples=count,
        quality=total / count,
        worth=total / max(1, sentences),
        known=sum(one.known * one.sentences for one in parsed) / max(1, sentences),
        sentences=sentences / count,
        tokens=sum(sum(group.meta["tokens"]) for group in groups) / count,
        ended=sum(sum(group.meta["ended"]) for group in groups) / count,
        distinct=sum(len(set(group.responses)) for group in groups) / count,
    )


def judge_samples(groups: Iterable[Group], orders: int = ORDERS, *, seed: int = 0) -> list[Group]:
    """Samples of a policy judged by the demo's annotators, who put four of them in order at a time.

    Every different answer of a group stands in as many orders as any other, give or take one. What annotators see in
    an answer is its true quality (see `plaudit.demo.annotators`).

    Args:
        groups: of `plaudit.alignment.sample_responses`. Equal answers are merged, as readers of groups would merge
            them, and a group with fewer than four different ones is judged in orders of what it has; one with a single
            answer is left out.
        orders: of each group.
        seed: of all draws.

    Returns:
        The groups with rankings, ready to train on; `meta` has the topic and each answer's quality.

    Raises:
        InvalidInputError: if a prompt is not a question of the demo.

    Example:
        >>> group = Group("q", "What habits really help people sleep better, apart from pills?", ("a", "b", "b", "c"))
        >>> [judged] = judge_samples([group], orders=2)
        >>> judged.responses, [len(ranking.tiers) for ranking in judged.rankings]
        (('a', 'b', 'c'), [3, 3])
    """
    return [
        _judged(group, orders, Random(f"{seed}/judged/{group.id}")) for group in groups if len(set(group.responses)) > 1
    ]


def _judged(group: Group, orders: int, random: Random) -> Group:
    topic = topic_of(str(group.prompt))
    responses = tuple(dict.fromkeys(group.responses))
    quality = [true_quality(topic, str(response)).quality for response in responses]
    return replace(
        group,
        responses=responses,
        rankings=tuple(_orders(quality, orders, random)),
        ratings=(),
        subset=topic.language,
        meta={"topic": topic.name, "quality": quality},
    )


def _orders(quality: Sequence[float], count: int, random: Random) -> Iterator[Ranking]:
    """Annotators at work; each answer comes up again only when all others have."""
    most = min(TASK, len(quality))
    waiting: list[int] = []
    for _ in range(count):
        if len(waiting) < most:
            # Those left over come first in the new round, and once in it.
            fresh = [i for i in range(len(quality)) if i not in waiting]
            random.shuffle(fresh)
            shown = [*waiting, *fresh[: most - len(waiting)]]
            waiting = [*fresh[most - len(waiting) :], *waiting]
        else:
            shown, waiting = waiting[:most], waiting[most:]
        yield judge(random.choice(ANNOTATORS), quality, shown, "order", random)
