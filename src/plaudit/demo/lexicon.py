"""Every sentence the demo's answers are made of, found by its words.

A sentence is looked up letter by letter first, but for case, white space and the mark at its end. One that is not there
is compared with those it shares words with: the closest, if the words of the two are alike enough, is what was meant.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain

from plaudit.demo.topics import phrases, spellings, topics

NEAR = 0.85
"""The least edit similarity of words (in Chinese: characters) at which one sentence passes for another."""

_PHRASES = {"filler": "filler", "hedge": "hedge", "rude": "rude", "opening": "courtesy", "closing": "courtesy"}
_MARKS = '.!?。！？ "”'
_MARK_AT_END = re.compile(r"[.!?。！？][\"”]?$")
_WORD = {"en": re.compile(r"[^\W_]+(?:['’][^\W_]+)*"), "zh": re.compile(r"[a-z0-9]+|[^\W_]")}


@dataclass(frozen=True, slots=True)
class KnownSentence:
    """What a sentence is.

    Attributes:
        kind: as in an answer to its own topic; "courtesy" for openings and closings.
        topic: that it is about; "" for a phrase.
        number: of its line in the topic, or of its pattern. Two spellings of a pattern say the same.
    """

    kind: str
    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The sentences of one language; see `lexicon`.

    Attributes:
        language: `en` or `zh`.
        entries: by normal form.
        words: of each normal form.
        by_word: the normal forms in which a word occurs.
        longest: most words of any.
    """

    language: str
    entries: dict[str, KnownSentence]
    words: dict[str, tuple[str, ...]]
    by_word: dict[str, set[str]]
    longest: int
    _near: dict[str, KnownSentence | None] = field(default_factory=dict)

    def exactly(self, sentence: str) -> KnownSentence | None:
        """The entry of a sentence that differs at most in case, white space and the mark at its end."""
        return self.entries.get(normal(sentence))

    def nearly(self, sentence: str) -> KnownSentence | None:
        """The entry most like a sentence, if it is alike enough and the sentence is finished: one that breaks off is
        not the one it might have become.

        Example:
            >>> entry = lexicon("en").nearly("Keep the bedroom cold and dark, at around 18 degrees.")
            >>> entry is None  # "cold" for "dark" and "dark" for "cool" are two words of nine, and too many
            True
        """
        key = normal(sentence)
        if not _MARK_AT_END.search(sentence.rstrip()):
            return None
        if key not in self._near:
            if len(self._near) >= _REMEMBERED:
                self._near.clear()
            self._near[key] = self._nearest(key)
        return self._near[key]

    def _nearest(self, key: str) -> KnownSentence | None:
        words = tuple(_words(key, self.language))
        # So many words may be missing or wrong in the longest sentence this one could be.
        edits = int((1 - NEAR) * len(words) / NEAR + 1e-9)
        if not words or len(words) > self.longest + edits:
            return None
        # An edit spoils one word. So of any `edits` + 1 different words one is right, and the rarest are in least.
        rarest = sorted(set(words), key=lambda word: (len(self.by_word.get(word, ())), word))[: edits + 1]
        best: tuple[float, str] | None = None
        for candidate in set(chain.from_iterable(self.by_word.get(word, ()) for word in rarest)):
            if abs(len(self.words[candidate]) - len(words)) > edits:
                continue
            similarity = edit_similarity(words, self.words[candidate])
            if similarity >= NEAR - 1e-9 and (best is None or (-similarity, candidate) < best):
                best = (-similarity, candidate)
        return self.entries[best[1]] if best else None


_REMEMBERED = 100_000


@cache
def lexicon(language: str) -> Lexicon:
    """All sentences of a language: every topic's points, mistakes and filler, and all spellings of the phrases.

    Example:
        >>> lexicon("en").exactly("keep the bedroom dark and cool, at around 18 degrees!").kind
        'point'
    """
    entries = {normal(sentence): entry for sentence, entry in _sentences(language)}
    words = {key: tuple(_words(key, language)) for key in entries}
    by_word: defaultdict[str, set[str]] = defaultdict(set)
    for key, its_words in words.items():
        for word in its_words:
            by_word[word].add(key)
    return Lexicon(language, entries, words, dict(by_word), max(map(len, words.values())))


def _sentences(language: str) -> Iterator[tuple[str, KnownSentence]]:
    for topic in topics(language):
        for number, line in topic.points:
            yield line, KnownSentence("point", topic.name, number)
        for number, line in topic.mistakes:
            yield line, KnownSentence("mistake", topic.name, number)
        for number, line in enumerate(topic.filler):
            yield line, KnownSentence("filler", topic.name, number)
    for name, kind in _PHRASES.items():
        for number, pattern in enumerate(phrases(language)[name]):
            # Openings and closings are one kind, and must not pass for each other's repeats.
            unique = number if name != "closing" else number + len(phrases(language)["opening"])
            for phrase in spellings(pattern):
                yield phrase, KnownSentence(kind, "", unique)


def normal(sentence: str) -> str:
    """A sentence without what makes no difference: case, white space, and the mark at its end.

    Example:
        >>> normal(' Rinse  the rice. ')
        'rinse the rice'
    """
    return " ".join(sentence.casefold().split()).rstrip(_MARKS)


def _words(key: str, language: str) -> Iterable[str]:
    return _WORD[language].findall(key)


def edit_similarity(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """1 - Levenshtein distance (1966) / the longer one's length.

    Example:
        >>> edit_similarity(("rinse", "the", "rice", "twice"), ("rinse", "rice", "twice"))
        0.75
    """
    longer = max(len(a), len(b))
    return 1 - _distance(a, b) / longer if longer else 1.0


def _distance(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]
