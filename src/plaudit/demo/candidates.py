"""Candidates for best of n: many answers to each question, as a policy would sample them, with their true quality.

In the preference set each answer to a question has another recipe. Here every candidate is drawn independently from
the same distribution, as the estimators of best-of-n sampling assume. And the policy is looser than the recipes: its
answers are shorter and longer, and any of their sentences may be a flaw or padding. So the best of many are out of
distribution for a model that was trained on the set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

from plaudit.demo.answers import Answer, compose
from plaudit.demo.topics import LANGUAGES, Topic, phrases, topics
from plaudit.groups import Group, Rating

CANDIDATES = 64
"""Of each question."""

ATTRIBUTE = "quality"
"""The attribute whose ratings are the truth."""

SENTENCES = (2, 10)
KINDS = {"point": 8, "filler": 4, "repeat": 3, "elsewhere": 3, "mistake": 2, "hedge": 1, "rude": 1}
"""Weights of the kinds of sentences. Where a topic has no more sentences of a kind, filler is used instead."""

STRAYS = 3
DISORDER = 0.2


def candidate_set(groups: Iterable[Group], count: int = CANDIDATES, seed: int = 0) -> list[Group]:
    """`count` candidates for the question of each of the demo's groups, rated by the truth.

    Args:
        groups: of `preference_set`.
        count: candidates of each question. A text that occurs a second time (less than one in a hundred) is drawn
            again, because readers of groups would merge the two.
        seed: of the candidates. A smaller `count` gives the first of those of a larger one.
    """
    by_name = {(topic.language, topic.name): topic for language in LANGUAGES for topic in topics(language)}
    return [_with_candidates(group, by_name[group.subset or "", group.meta["topic"]], count, seed) for group in groups]


def _with_candidates(group: Group, topic: Topic, count: int, seed: int) -> Group:
    random = Random(f"{seed}/candidates/{group.id}")
    answers: dict[str, Answer] = {}
    while len(answers) < count:
        answer = _sample(topic, random)
        answers.setdefault(answer.text, answer)
    return Group(
        id=group.id,
        prompt=group.prompt,
        responses=tuple(answers),
        ratings=tuple(Rating(i, answer.quality, ATTRIBUTE, "truth") for i, answer in enumerate(answers.values())),
        subset=group.subset,
        meta={"topic": topic.name, "kinds": [list(answer.kinds) for answer in answers.values()]},
    )


def _sample(topic: Topic, random: Random) -> Answer:
    drawn = Counter(random.choices(list(KINDS), list(KINDS.values()), k=random.randint(*SENTENCES)))
    available = {
        "point": len(topic.points),
        "mistake": len(topic.mistakes),
        "elsewhere": STRAYS,
        **{kind: len(phrases(topic.language)[kind]) for kind in ("hedge", "rude")},
    }
    counts = {kind: min(drawn[kind], limit) for kind, limit in available.items()}
    advice = counts["point"] + counts["mistake"]
    # Every piece of advice is repeated once at most.
    counts["repeat"] = min(drawn["repeat"], advice + counts["elsewhere"])
    counts["filler"] = drawn.total() - sum(counts.values())
    # With strays among them, steps have no order to be out of.
    disorder = topic.steps and advice > 1 and not counts["elsewhere"] and random.random() < DISORDER
    return compose(topic, list(Counter(counts).elements()), disorder, random)
