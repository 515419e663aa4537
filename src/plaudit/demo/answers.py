"""Answers of known quality: the sum of the worth of their sentences.

`WORTH` is the whole definition of quality in the demo. Every group's `meta` lists the kinds of each answer's sentences,
so that anyone can add them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from plaudit.demo.topics import Topic, phrases, spell, topics
from plaudit.demo.wording import lay_out

WORTH = {
    "point": 0.8,  # sound, specific, and answers this question
    "courtesy": 0.4,  # a friendly opening or closing line
    "elsewhere": -0.5,  # sound advice on something that was not asked
    "filler": -0.6,  # true and useless
    "repeat": -0.6,  # repeats an earlier sentence of the answer
    "hedge": -0.8,  # commits to nothing
    "mistake": -1.0,  # wrong, often against a sound sentence of the same answer
    "rude": -1.6,  # talks down to the reader
    "disorder": -1.0,  # not a sentence: steps that are not in the order one has to take them
}

# What answers are made of: the weight of each recipe, and the kinds of its sentences, of which the last is repeated
# until the answer has its length. So every recipe occurs long and short, and length predicts hardly any quality.
RECIPES: tuple[tuple[int, tuple[str, ...]], ...] = (
    (5, ("point", "point")),
    (4, ("filler", "point", "point")),
    (3, ("point", "filler", "filler")),
    (2, ("point", "point", "filler", "filler")),
    (3, ("filler", "filler")),
    (2, ("hedge", "hedge")),
    (2, ("filler", "point", "hedge")),
    (1, ("elsewhere", "elsewhere")),
    (2, ("point", "point", "elsewhere")),
    (4, ("mistake", "point", "point")),
    (2, ("mistake", "mistake", "point", "filler")),
    (2, ("repeat", "point", "point")),
    (2, ("repeat", "repeat", "point", "filler")),
    (3, ("rude", "point", "point")),
    (2, ("rude", "rude", "point", "filler")),
    (4, ("disorder", "point", "point", "point")),
)
SENTENCES = (3, 6)
COURTEOUS = 0.3
# An answer with advice on the question strays into a topic of the same domain; one without any does so in this share of
# cases.
NEAR = 0.5

# An answer's length in words is drawn first, and the closest of DRAFTS drafts is kept. A Chinese word counts as 1.6
# characters, and an English one, with its space, as 5.6.
WORDS = (45, 85)
CHARACTERS_PER_WORD = {"en": 5.6, "zh": 1.6}
DRAFTS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, the kinds of its sentences, and what they add up to."""

    text: str
    kinds: tuple[str, ...]

    @property
    def quality(self) -> float:
        """The sum of `WORTH` over the kinds, rounded so that equal sums are equal numbers."""
        return round(sum(WORTH[kind] for kind in self.kinds), 6)


def draw_answers(topic: Topic, count: int, random: Random) -> list[Answer]:
    """`count` different answers to a question of the topic, each from another recipe."""
    # A weighted draw without replacement, by exponential clocks (Efraimidis & Spirakis, 2006).
    recipes = sorted(RECIPES, key=lambda recipe: random.expovariate(recipe[0]))[:count]
    result: list[Answer] = []
    for _, recipe in recipes:
        length = random.uniform(*WORDS) * CHARACTERS_PER_WORD[topic.language]
        drafts = [_draft(topic, recipe, random) for _ in range(DRAFTS)]
        used = {answer.text for answer in result}
        unused = [draft for draft in drafts if draft.text not in used]
        result.append(min(unused, key=lambda draft: abs(len(draft.text) - length)))
    return result


def _draft(topic: Topic, recipe: tuple[str, ...], random: Random) -> Answer:
    kinds = [kind for kind in recipe if kind != "disorder"]
    kinds += [kinds[-1]] * (random.randint(*SENTENCES) - len(kinds))
    return compose(topic, kinds, "disorder" in recipe and topic.steps, random)


def compose(topic: Topic, kinds: list[str], disorder: bool, random: Random) -> Answer:
    """An answer of sentences of these kinds, put together at random.

    Args:
        topic: has as many sentences of each kind as are asked for.
        kinds: of the sentences, of `WORTH` without "courtesy" and "disorder". A piece of advice is repeated once at
            most, so repeats beyond the number of pieces are left out, of the text and of the answer's kinds.
        disorder: put the steps out of order; there must be two pieces of advice or more.
        random: source of all draws.
    """
    advice = _advice(topic, kinds, random)
    if disorder:
        in_order = list(advice)
        while advice == in_order:
            random.shuffle(advice)
    body = _with_repeats(advice, kinds.count("repeat"), topic.language, random)
    for kind, sentence in _padding(topic, kinds, random):
        body.insert(random.randint(0, len(body)), (kind, sentence))
    rude = _phrases(topic.language, "rude", kinds.count("rude"), random)
    opening, closing = rude[:1], rude[1:]
    courteous = not rude and random.random() < COURTEOUS
    if courteous:
        position = random.choice(("opening", "closing"))
        line = _phrases(topic.language, position, 1, random)
        opening, closing = (line, []) if position == "opening" else ([], line)
    text = lay_out(opening, body, closing, topic.language, topic.steps, random)
    # The truth is taken from what the answer says: where there is less advice than repeats asked for, fewer are said.
    sentence_kinds = sorted([kind for kind, _ in body] + ["rude"] * len(rude))
    return Answer(text, (*sentence_kinds, *["disorder"] * disorder, *["courtesy"] * courteous))


def _advice(topic: Topic, kinds: list[str], random: Random) -> list[tuple[str, str]]:
    """The (kind, sentence) of points, mistakes and strays, in the order of the steps where there is one."""
    chosen = [("point", line) for line in random.sample(topic.points, kinds.count("point"))]
    chosen += [("mistake", line) for line in random.sample(topic.mistakes, kinds.count("mistake"))]
    if topic.steps:
        chosen.sort(key=lambda item: item[1][0])
    else:
        random.shuffle(chosen)
    if strays := kinds.count("elsewhere"):
        other = _other_topic(topic, near=bool(chosen) or random.random() < NEAR, random=random)
        lines = sorted(random.sample(other.points, strays))
        chosen += [("elsewhere", line) for line in lines]
    return [(kind, sentence) for kind, (_, sentence) in chosen]


def _other_topic(topic: Topic, near: bool, random: Random) -> Topic:
    """A topic that was not asked about; a near one is of the same domain."""
    others = (other for other in topics(topic.language) if other != topic)
    return random.choice([other for other in others if not near or other.domain == topic.domain])


def _with_repeats(advice: list[tuple[str, str]], count: int, language: str, random: Random) -> list[tuple[str, str]]:
    """The advice with `count` of its sentences repeated, somewhere after they first occur."""
    body = list(advice)
    repeated = random.sample(range(len(advice)), min(count, len(advice)))
    # From the last to the first, so that insertions do not move the indices still to come.
    for index in sorted(repeated, reverse=True):
        again = spell(random.choice(phrases(language)["repeat"]), random).replace("{}", advice[index][1])
        body.insert(random.randint(index + 1, len(body)), ("repeat", again))
    return body


def _padding(topic: Topic, kinds: list[str], random: Random) -> list[tuple[str, str]]:
    """Filler, of which at most two sentences are about the topic, and hedging."""
    fillers = kinds.count("filler")
    about = random.sample(topic.filler, min(fillers, random.randint(0, 2)))
    general = _phrases(topic.language, "filler", fillers - len(about), random)
    hedges = _phrases(topic.language, "hedge", kinds.count("hedge"), random)
    padding = [("filler", line) for line in about + general] + [("hedge", line) for line in hedges]
    random.shuffle(padding)
    return padding


def _phrases(language: str, kind: str, count: int, random: Random) -> list[str]:
    return [spell(pattern, random) for pattern in random.sample(phrases(language)[kind], count)]
