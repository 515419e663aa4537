"""A small policy of the demo's own: a language model that answers some of its questions, some well and some badly.

It is pretrained on answers composed of the demo's sentences, in proportions (`KINDS`) that make the average sentence it
writes worth about nothing. Were it worth less, saying less would be the cheapest way to a better answer; as it is,
better sentences are the only way. What takes a small network time is what it has to learn by heart, so of each phrase
one spelling is used, of all topics those with the shortest sentences, and no stray comes from any other.

The third question of each topic is for reporting: nothing should be optimised on it.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from plaudit.data import write_groups
from plaudit.demo.answers import Answer
from plaudit.demo.topics import Topic, phrases, spellings, topics
from plaudit.demo.truth import true_quality
from plaudit.demo.wording import lay_out
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.storage import check_folder

LANGUAGE = "en"
TOPICS = 12
STEPS = 3
"""How many of the topics have steps."""

ANSWERS = 100
"""Composed to each question."""

SENTENCES = (1, 4)
KINDS = {"point": 58, "filler": 12, "mistake": 8, "courtesy": 6, "elsewhere": 5, "hedge": 5, "repeat": 4, "rude": 3}
"""Weights of the kinds of sentences. Where an answer cannot have one more of a kind, filler stands in its place."""

MISTAKES = 2
DISORDER = 0.2
PHRASES = {"filler": 8, "hedge": 5, "rude": 5, "opening": 3, "closing": 3, "repeat": 2}
"""How many phrases of each kind the policy learns."""

SETTINGS = MappingProxyType(
    {
        "layers": 2,
        "hidden": 128,
        "heads": 4,
        "vocabulary": 2000,  # nearly a token a word: short answers, which are quick to write and to learn from
        "block": 256,
        "batch_tokens": 512,
        "epochs": 2,
        "learning_rate": 0.008,
        "trainer": {"adam_beta2": 0.98},
        "precision": "fp32",  # matrices are too small to gain from bf16
        "validation_share": 0.0,
        "evaluations": 1,
        "report_to": "none",
    }
)
"""Of the pretraining."""


@cache
def policy_topics(count: int = TOPICS, steps: int = STEPS) -> tuple[Topic, ...]:
    """The topics whose sentences are shortest on average, `steps` of them with steps.

    Example:
        >>> len(policy_topics()), sum(topic.steps for topic in policy_topics())
        (12, 3)
    """
    ranked = sorted(topics(LANGUAGE), key=lambda topic: (_mean_length(topic), topic.name))
    with_steps = [topic for topic in ranked if topic.steps][:steps]
    return (*[topic for topic in ranked if not topic.steps][: count - steps], *with_steps)


def _mean_length(topic: Topic) -> float:
    lines = [*(line for _, line in (*topic.points, *topic.mistakes)), *topic.filler]
    return sum(map(len, lines)) / len(lines)


@cache
def policy_phrases() -> dict[str, tuple[str, ...]]:
    """The phrases of each kind that are shortest in their shortest spelling, in that spelling.

    Example:
        >>> policy_phrases()["closing"]
        ('All the best!', 'Hope this helps.', 'Take it one step at a time.')
    """

    def by_length(phrase: str) -> tuple[int, str]:
        return len(phrase), phrase

    shortest = {
        kind: [min(spellings(pattern), key=by_length) for pattern in phrases(LANGUAGE)[kind] if pattern != "{}"]
        for kind in PHRASES
    }
    return {kind: tuple(sorted(lines, key=by_length)[: PHRASES[kind]]) for kind, lines in shortest.items()}


def pretraining_answers(
    per_question: int = ANSWERS, *, cast: tuple[Topic, ...] | None = None, seed: int = 0
) -> list[Group]:
    """What the policy learns to write: answers to all questions of its topics, no two of a question alike.

    Args:
        per_question: answers to each question.
        cast: the topics; None: those of `policy_topics`.
        seed: of all draws.

    Returns:
        A group for each question; `meta` has the topic, the question's number in it (`number`, 0 to 2), each answer's
        quality and the kinds it is the sum over.

    Example:
        >>> group = pretraining_answers(4)[0]
        >>> group.id, len(group.responses), group.meta["number"]
        ('policy-condolence-0', 4, 0)
    """
    cast = policy_topics() if cast is None else cast
    return [
        _question(topic, number, per_question, cast, Random(f"{seed}/policy/{topic.name}/{number}"))
        for topic in cast
        for number in range(len(topic.questions))
    ]


def _question(topic: Topic, number: int, count: int, cast: tuple[Topic, ...], random: Random) -> Group:
    answers: dict[str, Answer] = {}
    while len(answers) < count:
        answer = draw_policy_answer(topic, cast, random)
        answers.setdefault(answer.text, answer)
    return Group(
        id=f"policy-{topic.name}-{number}",
        prompt=topic.questions[number],
        responses=tuple(answers),
        subset=LANGUAGE,
        meta={
            "topic": topic.name,
            "number": number,
            "quality": [answer.quality for answer in answers.values()],
            "kinds": [list(answer.kinds) for answer in answers.values()],
        },
    )


def draw_policy_answer(topic: Topic, cast: tuple[Topic, ...], random: Random) -> Answer:
    """One answer, as the policy is to write it.

    Args:
        topic: of the question.
        cast: the policy's topics, from which strays are taken.
        random: source of all draws.
    """
    drawn = Counter(random.choices(list(KINDS), list(KINDS.values()), k=random.randint(*SENTENCES)))
    advice = _advice(topic, drawn, cast, random)
    opening, closing = _ends(drawn, random)
    body = _with_repeats(advice, drawn["repeat"], random)
    spared = drawn.total() - len(body) - len(opening) - len(closing) - drawn["hedge"]
    padding = [("hedge", line) for line in random.sample(policy_phrases()["hedge"], drawn["hedge"])]
    padding += [("filler", line) for line in random.sample([*topic.filler, *policy_phrases()["filler"]], spared)]
    for item in padding:
        body.insert(random.randint(0, len(body)), item)
    text = lay_out(opening, body, closing, LANGUAGE, topic.steps, random)
    return Answer(text, true_quality(topic, text).kinds)


def _advice(topic: Topic, drawn: Counter[str], cast: tuple[Topic, ...], random: Random) -> list[tuple[str, str]]:
    """The (kind, sentence) of points and mistakes, mostly in the order of the steps where there is one, and strays."""
    chosen = [("point", line) for line in random.sample(topic.points, drawn["point"])]
    chosen += [("mistake", line) for line in random.sample(topic.mistakes, min(MISTAKES, drawn["mistake"]))]
    if topic.steps and random.random() >= DISORDER:
        chosen.sort(key=lambda item: item[1][0])
    else:
        random.shuffle(chosen)
    others = [line for other in cast if other != topic for line in other.points]
    strays = random.sample(others, min(len(others), drawn["elsewhere"]))
    return [(kind, sentence) for kind, (_, sentence) in [*chosen, *(("elsewhere", line) for line in strays)]]


def _with_repeats(advice: list[tuple[str, str]], count: int, random: Random) -> list[tuple[str, str]]:
    """The advice with `count` of its sentences, or as many as there are, announced and repeated after they stood."""
    body = list(advice)
    for index in sorted(random.sample(range(len(advice)), min(count, len(advice))), reverse=True):
        again = random.choice(policy_phrases()["repeat"]).replace("{}", advice[index][1])
        body.insert(random.randint(index + 1, len(body)), ("repeat", again))
    return body


def _ends(drawn: Counter[str], random: Random) -> tuple[list[str], list[str]]:
    """Opening and closing lines: rude ones, or one that is friendly."""
    if drawn["rude"]:
        return random.sample(policy_phrases()["rude"], drawn["rude"]), []
    if not drawn["courtesy"]:
        return [], []
    position = random.choice(("opening", "closing"))
    line = [random.choice(policy_phrases()[position])]
    return (line, []) if position == "opening" else ([], line)


def pretrain_policy(
    output_dir: str | Path,
    *,
    per_question: int = ANSWERS,
    cast: tuple[Topic, ...] | None = None,
    seed: int = 0,
    overwrite: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """Compose what the policy learns, and pretrain it from scratch.

    About a minute of one processor; 0.65 million parameters. The text it learns is a prompt, a blank line and an
    answer, as fine-tuning writes plain text, so that it can be sampled, fine-tuned and aligned as it is.

    Args:
        output_dir: gets `pretraining.jsonl`, a group file, and the folder `policy`.
        per_question: answers to each question.
        cast: the topics; None: those of `policy_topics`.
        seed: of the answers and the network.
        overwrite: replace what is there.
        settings: of pretraining, in place of those in `SETTINGS`.

    Returns:
        The record of the pretraining.

    Raises:
        PlauditError: if the folder is taken, or a setting makes no sense.

    Example:
        >>> tiny = {"layers": 1, "hidden": 16, "heads": 2, "vocabulary": 300, "epochs": 1}
        >>> record = pretrain_policy("demo", per_question=2, cast=policy_topics(2, 0), **tiny)
        >>> record["documents"], sorted(path.name for path in Path("demo").iterdir())
        (12, ['policy', 'pretraining.jsonl'])
    """
    if per_question < 1:
        raise InvalidInputError(f"per_question is {per_question}", remedy="it must be 1 or more")
    folder = Path(output_dir)
    check_folder(folder, overwrite=overwrite)
    # Torch takes seconds to import: whatever may fail early has failed by now.
    from plaudit.training import pretrain

    file = folder / "pretraining.jsonl"
    write_groups(pretraining_answers(per_question, cast=cast, seed=seed), file, overwrite=overwrite)
    return pretrain(file, folder / "policy", overwrite=overwrite, **{**SETTINGS, "seed": seed, **settings})
