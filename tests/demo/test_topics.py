"""The written texts are whole: every topic has its parts, and no sentence stands in two places."""

from collections import Counter
from random import Random

import pytest

from plaudit.demo.topics import LANGUAGES, phrases, spell, topics


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_has_all_its_parts(language):
    for topic in topics(language):
        assert (len(topic.questions), len(topic.mistakes), len(topic.filler)) == (3, 2, 2), topic.name
        # An answer has up to six sentences, and all of them may be points.
        assert len(topic.points) >= 6, topic.name


def test_no_sentence_is_written_twice():
    every = [topic for language in LANGUAGES for topic in topics(language)]
    sentences = Counter(
        line
        for topic in every
        for line in (*topic.questions, *topic.filler, *(s for _, s in (*topic.points, *topic.mistakes)))
    )
    assert [line for line, count in sentences.items() if count > 1] == []
    # Names are what a split by topic goes by, so they must differ across languages too.
    assert len({topic.name for topic in every}) == len(every)


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_spell_out_completely(language):
    random = Random(0)
    for kind, patterns in phrases(language).items():
        for pattern in patterns:
            spelt = {spell(pattern, random) for _ in range(20)}
            # Only `repeat` keeps a place for the sentence it repeats.
            assert all(phrase.count("{}") == (kind == "repeat") for phrase in spelt)
            assert not any(set("{}|") & set(phrase.replace("{}", "")) for phrase in spelt)


def test_spell_takes_one_choice_of_each_and_begins_with_a_capital():
    assert {spell("{a|b} {c|}.", Random(seed)) for seed in range(50)} == {"A c.", "A .", "B c.", "B ."}
