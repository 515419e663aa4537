"""The true quality of any text: parsed back into sentences, whose worth adds up.

An answer of the demo is a sum over the kinds of its sentences (`answers.WORTH`), and whoever composes one knows them.
Nobody composed what a policy writes. Here the kinds are read off the text, so that quality is a function of question
and text; on composed answers it is the recorded one.

What the demo never says is decided here:

- A sentence that is not known is worth `UNKNOWN_WORTH`, less than filler: nonsense must not be a way to say nothing.
- A sentence that breaks off is an unknown one, unless all that is missing is the mark at its end.
- A text without a sentence commits to nothing and costs as much. At 0, silence would be the best answer of a policy
  whose average sentence is worth less, and the shortest way up for any.
- What was said before is a repeat, announced or not, in the same spelling or another; but a rude line or a hedge is no
  better for being said twice, and stays what it is.
- One friendly line is a courtesy; any further is filler, else a policy might greet its way to the top.
- Another topic's mistake is a mistake and its filler is filler: wrong and useless whatever was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from plaudit.demo.answers import WORTH
from plaudit.demo.lexicon import KnownSentence, lexicon
from plaudit.demo.topics import LANGUAGES, Topic, phrases, spellings, topics
from plaudit.demo.wording import ordering_words
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text

UNKNOWN = "unknown"
UNKNOWN_WORTH = -0.8
"""Of a sentence that the demo does not know, and of an answer without any."""

_LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*])(?:\s+|$)")
# In English, white space tells the end of a sentence from "2.4" or "python.org".
_BETWEEN_SENTENCES = {"en": re.compile(r'(?<=[.!?])\s+|(?<=[.!?]["”])\s+'), "zh": re.compile(r"(?<=[。！？])(?![\"”])")}
_SPACE = {"en": " ", "zh": ""}
_MOST_SENTENCES_IN_ONE = 3


@dataclass(frozen=True, slots=True)
class TrueQuality:
    """What a text is worth as an answer to a question.

    Attributes:
        quality: the sum of the worth of its kinds.
        kinds: of its sentences in their order, each of `WORTH` or "unknown"; "disorder" stands last.
        sentences: how many it has.

    Example:
        >>> TrueQuality(0.0, ("point", "unknown"), sentences=2).known
        0.5
    """

    quality: float
    kinds: tuple[str, ...]
    sentences: int

    @property
    def known(self) -> float:
        """The share of the sentences that the demo knows; 0 where there are none."""
        return 1 - self.kinds.count(UNKNOWN) / self.sentences if self.sentences else 0.0


def true_quality(question: str | Topic, text: str) -> TrueQuality:
    """The true quality of any text as an answer to one of the demo's questions.

    Args:
        question: one of a topic, word for word, or the topic itself.
        text: the answer, with or without white space around it.

    Raises:
        InvalidInputError: if no topic of the demo has the question.

    Example:
        >>> question = "What habits really help people sleep better, apart from pills?"
        >>> true_quality(question, "Keep the bedroom dark and cool, at around 18 degrees. Bananas are blue.").kinds
        ('point', 'unknown')
    """
    topic = question if isinstance(question, Topic) else topic_of(question)
    kinds = _kinds(topic, text)
    sentences = len(kinds) - kinds.count("disorder")
    worth = sum(UNKNOWN_WORTH if kind == UNKNOWN else WORTH[kind] for kind in kinds or [UNKNOWN])
    return TrueQuality(round(worth, 6), tuple(kinds) or (UNKNOWN,), sentences)


def true_qualities(groups: Iterable[Group]) -> list[list[float]]:
    """The true quality of every response of groups whose prompts are the demo's questions: a reward that is the truth.

    Raises:
        InvalidInputError: if a prompt is not a question of the demo.

    Example:
        >>> from plaudit.demo import preference_set
        >>> groups = preference_set(questions=1)[:2]
        >>> true_qualities(groups) == [list(group.meta["quality"]) for group in groups]
        True
    """
    return [
        [true_quality(topic, plain_text(response)).quality for response in group.responses]
        for group in groups
        for topic in [topic_of(_question(group))]
    ]


def topic_of(question: str) -> Topic:
    """The topic that a question is about.

    Raises:
        InvalidInputError: if no topic has it.

    Example:
        >>> topic_of("What habits really help people sleep better, apart from pills?").name
        'sleep'
    """
    try:
        return _topics_by_question()[question.strip()]
    except KeyError:
        shown = question if len(question) <= 60 else question[:59] + "…"
        raise InvalidInputError(
            f"the truth is known only of the demo's own questions, and none is {shown!r}",
            remedy="take prompts of the demo, or a model in place of the truth",
        ) from None


@cache
def _topics_by_question() -> dict[str, Topic]:
    return {question: topic for language in LANGUAGES for topic in topics(language) for question in topic.questions}


def _question(group: Group) -> str:
    """A prompt's text; of a conversation the last message, as long as it is the user's."""
    if isinstance(group.prompt, str):
        return group.prompt
    return plain_text(group.prompt[-1:])


def _kinds(topic: Topic, text: str) -> list[str]:
    earlier: set[KnownSentence] = set()
    kinds: list[str] = []
    advice: list[int] = []
    for entry in _entries(topic.language, text):
        if entry is None:
            kinds.append(UNKNOWN)
            continue
        kind = _kind(entry, topic, earlier)
        is_step = entry.topic == topic.name and entry.kind in ("point", "mistake")
        if is_step and entry not in earlier:
            advice.append(entry.number)
        earlier.add(entry)
        kinds.append(kind)
    if topic.steps and advice != sorted(advice):
        kinds.append("disorder")
    return kinds


def _kind(entry: KnownSentence, topic: Topic, earlier: set[KnownSentence]) -> str:
    if entry in earlier and entry.kind not in ("rude", "hedge"):
        return "repeat"
    if entry.kind == "courtesy" and any(other.kind == "courtesy" for other in earlier):
        return "filler"
    if entry.kind == "point" and entry.topic != topic.name:
        return "elsewhere"
    return entry.kind


def _entries(language: str, text: str) -> Iterable[KnownSentence | None]:
    """What each sentence is; None for an unknown one."""
    for line in text.splitlines():
        if line.strip():
            content = _LIST_MARK.sub("", line, count=1).strip()
            sentences = [part for part in _BETWEEN_SENTENCES[language].split(content) if part.strip()]
            # A list mark with nothing behind it is a sentence that was not written.
            yield from _entries_of_line(language, sentences) if sentences else (None,)


def _entries_of_line(language: str, sentences: Sequence[str]) -> Iterable[KnownSentence | None]:
    """The line's sentences. What the demo counts as one may have full stops inside, so the longest match wins."""
    start = 0
    announced = False
    while start < len(sentences):
        entry, length = _longest_match(language, sentences[start : start + _MOST_SENTENCES_IN_ONE])
        if not length:  # "As I said.", which belongs to what comes next
            announced, start = True, start + 1
            continue
        yield entry
        announced, start = False, start + length
    if announced:
        yield None


def _longest_match(language: str, sentences: Sequence[str]) -> tuple[KnownSentence | None, int]:
    """What the first sentences are, and how many of them; 0 where the first only announces the second."""
    known = lexicon(language)
    forms = [
        (form, length)
        for length in range(len(sentences), 0, -1)
        for form in _without_announcements(language, _SPACE[language].join(sentences[:length]))
    ]
    for look_up in (known.exactly, known.nearly):
        for form, length in forms:
            if known_as := look_up(form):
                return known_as, length
    only_announces = forms[-1][0] == ""
    return None, 0 if only_announces else 1


def _without_announcements(language: str, sentence: str) -> list[str]:
    """The sentence, and what is left of it as ordering words and "as I said" are taken off, one after another."""
    forms = [sentence]
    while match := _announcement(language).match(forms[-1]):
        forms.append(forms[-1][match.end() :])
    return forms


@cache
def _announcement(language: str) -> re.Pattern[str]:
    repeats = [phrase.removesuffix("{}") for pattern in phrases(language)["repeat"] for phrase in spellings(pattern)]
    # Longest first: "Now " must not be taken off "Now and then".
    openings = sorted({*repeats, *ordering_words(language)} - {""}, key=lambda words: (-len(words), words))
    patterns = [re.escape(words.strip()) + (r"(?:\s+|$)" if words.endswith(" ") else "") for words in openings]
    return re.compile("|".join(patterns), re.IGNORECASE)
