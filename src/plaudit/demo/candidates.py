"""Many candidates a question, as a policy would sample them, with the true quality of each: what best of n needs.

The preference set gives each of a question's few answers another recipe. Here every candidate is drawn alike and
independently of the others, so that the best of n of them is what the estimators of best-of-n sampling take it for. And
the policy is looser than the recipes: its answers are shorter and longer, and any of their sentences may be a flaw or
padding. So choosing hard among them leads to answers that a model trained on the set has not seen the like of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

from plaudit.demo.answers import Answer, compose
from plaudit.demo.material import LANGUAGES, Topic, phrases, topics
from plaudit.groups import Group, Rating

CANDIDATES = 64
"""How many a question."""

ATTRIBUTE = "quality"
"""What the ratings that carry the truth are of."""

SENTENCES = (2, 10)
KINDS = {"point": 8, "filler": 4, "repeat": 3, "elsewhere": 3, "mistake": 2, "hedge": 1, "rude": 1}
"""How often a sentence is of a kind. Of one that there is no more of, filler is taken instead."""

STRAYS = 3
DISORDER = 0.2


def candidate_set(groups: Iterable[Group], count: int = CANDIDATES, seed: int = 0) -> list[Group]:
    """`count` candidates for the question of each of the demo's groups, rated by the truth.

    Args:
        groups: of `preference_set`.
        count: candidates a question. A text that comes a second time (less than one in a hundred) is drawn again:
            readers of groups would make one response of the two.
        seed: of the candidates; those of fewer are the first of those of more.
    """
    by_name = {(topic.language, topic.name): topic for language in LANGUAGES for topic in topics(language)}
    return [_with_candidates(group, by_name[group.subset or "", group.meta["topic"]], count, seed) for group in groups]


def _with_candidates(group: Group, topic: Topic, count: int, seed: int) -> Group:
    random = Random(f"{seed}/candidates/{group.id}")
    made: dict[str, Answer] = {}
    while len(made) < count:
        answer = _sampled(topic, random)
        made.setdefault(answer.text, answer)
    return Group(
        id=group.id,
        prompt=group.prompt,
        responses=tuple(made),
        ratings=tuple(Rating(i, answer.quality, ATTRIBUTE, "truth") for i, answer in enumerate(made.values())),
        subset=group.subset,
        meta={"topic": topic.name, "kinds": [list(answer.kinds) for answer in made.values()]},
    )


def _sampled(topic: Topic, random: Random) -> Answer:
    drawn = Counter(random.choices(list(KINDS), list(KINDS.values()), k=random.randint(*SENTENCES)))
    most = {
        "point": len(topic.points),
        "mistake": len(topic.mistakes),
        "elsewhere": STRAYS,
        **{kind: len(phrases(topic.language)[kind]) for kind in ("hedge", "rude")},
    }
    kept = {kind: min(drawn[kind], limit) for kind, limit in most.items()}
    advice = kept["point"] + kept["mistake"]
    # Every piece of advice is said again once at most.
    kept["repeat"] = min(drawn["repeat"], advice + kept["elsewhere"])
    kept["filler"] = drawn.total() - sum(kept.values())
    # Among strays nobody could say which steps are out of order.
    disorder = topic.steps and advice > 1 and not kept["elsewhere"] and random.random() < DISORDER
    return compose(topic, list(Counter(kept).elements()), disorder, random)
