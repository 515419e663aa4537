"""Truth: what is composed is parsed back, and what nobody composed is worth what its sentences say."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.demo import preference_set, true_qualities, true_quality
from plaudit.demo.answers import WORTH, compose
from plaudit.demo.candidates import candidate_set
from plaudit.demo.lexicon import NEAR, lexicon
from plaudit.demo.topics import LANGUAGES, phrases, spell, topics
from plaudit.demo.truth import UNKNOWN_WORTH, topic_of
from plaudit.demo.wording import ordering_words
from plaudit.errors import InvalidInputError
from plaudit.groups import Group

SLEEP = "What habits really help people sleep better, apart from pills?"
DARK = "Keep the bedroom dark and cool, at around 18 degrees."
GARDEN = "Bananas are blue and the moon sings to them."
ALL = {topic.name: topic for language in LANGUAGES for topic in topics(language)}

some_topics = st.sampled_from(sorted(ALL)).map(ALL.get)
recipes = st.fixed_dictionaries(
    {kind: st.integers(0, most) for kind, most in
     {"point": 4, "mistake": 2, "filler": 4, "hedge": 2, "rude": 2, "elsewhere": 2, "repeat": 3}.items()}
)  # fmt: skip


@given(some_topics, recipes, st.booleans(), st.integers(0, 2**32))
def test_what_is_composed_is_parsed_back(topic, counts, disorder, seed):
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    disorder = disorder and topic.steps and counts["point"] + counts["mistake"] > 1 and not counts["elsewhere"]
    answer = compose(topic, kinds, disorder, Random(seed))
    parsed = true_quality(topic, answer.text)
    if answer.kinds:
        assert sorted(parsed.kinds) == sorted(answer.kinds)
        assert parsed.quality == answer.quality
        assert parsed.known == 1
        assert parsed.sentences == len(answer.kinds) - answer.kinds.count("disorder")
    else:
        assert parsed.quality == UNKNOWN_WORTH


@pytest.mark.parametrize("seed", [0, 11])
def test_the_recorded_quality_of_whole_sets(seed):
    groups = preference_set(seed)
    assert true_qualities(groups) == [group.meta["quality"] for group in groups]
    candidates = candidate_set(groups[::5], 8, seed)
    assert true_qualities(candidates) == [[rating.value for rating in group.ratings] for group in candidates]


@given(st.text())
def test_any_text_has_a_quality(text):
    parsed = true_quality(SLEEP, text)
    assert len(parsed.kinds) == max(1, parsed.sentences) and 0 <= parsed.known <= 1


@given(st.sampled_from(sorted(ALL)), st.integers(0, 2**32))
def test_an_unknown_sentence_is_worth_less_than_filler(name, seed):
    topic = ALL[name]
    unknown = GARDEN if topic.language == "en" else "香蕉是蓝色的，月亮给它唱歌。"
    answer = compose(topic, ["point", "filler"], False, Random(seed))
    more = true_quality(topic, f"{answer.text}\n{unknown}")
    filler = next(line for line in topic.filler if line not in answer.text)
    assert more.kinds[-1] == "unknown" and more.known == pytest.approx(1 - 1 / more.sentences)
    assert more.quality < true_quality(topic, f"{answer.text}\n{filler}").quality
    assert more.quality == pytest.approx(answer.quality + UNKNOWN_WORTH)
    assert WORTH["filler"] > UNKNOWN_WORTH


@given(some_topics, st.integers(0, 2**32), st.data())
def test_order_words_list_marks_and_layout_change_nothing(topic, seed, data):
    random = Random(seed)
    lines = [line for _, line in random.sample((*topic.points, *topic.mistakes), 4)]
    end = "." if topic.language == "en" else "。"
    closed = [line if line.endswith((".", "!", "?", "。", "！", "？", '"', "”")) else line + end for line in lines]
    plain = true_quality(topic, "\n".join(closed))
    marked = [
        data.draw(st.sampled_from(["", f"{number}. ", f"{number}) ", "- ", "* ", "  "]))
        + data.draw(st.sampled_from(["", *ordering_words(topic.language)])) + line
        for number, line in enumerate(closed, start=1)
    ]  # fmt: skip
    assert true_quality(topic, "\n\n".join(marked) + "\n") == plain
    space = " " if topic.language == "en" else ""
    assert true_quality(topic, space.join(closed)) == plain


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (DARK, ["point"]),
        (DARK.upper(), ["point"]),
        (f"{DARK} {DARK}", ["point", "repeat"]),
        (f"{DARK} As I said. {DARK}", ["point", "repeat"]),
        (f"As I said. {DARK}", ["point"]),  # it was not said
        (f"{DARK} As I said.", ["point", "unknown"]),
        (f"As I said. {GARDEN}", ["unknown"]),
        ("Soak the dried beans.", ["unknown"]),
        (f"1. {DARK}\n2. ", ["point", "unknown"]),
        (f"1. {DARK}\n2.", ["point", "unknown"]),
        # Finished but for the full stop; broken off with one word to go; the same with a full stop.
        ("Keep the bedroom dark and cool, at around 18 degrees", ["point"]),
        ("Keep the bedroom dark and cool, at around 18", ["unknown"]),
        ("Keep the bedroom dark and cool, at around 18.", ["point"]),
        # Of nine words one may be wrong, as 8 / 9 is 0.89; 7 / 9 is not 0.85.
        ("Keep the bedroom dark and cool, at around 19 degrees.", ["point"]),
        ("Keep the kitchen dark and cool, at around 19 degrees.", ["unknown"]),
        ("Put the lid on and do not lift it.", ["unknown"]),
        ("Good question. Good question.", ["courtesy", "repeat"]),
        ("Good question. Sure, here you are. " + DARK, ["courtesy", "filler", "point"]),
        ("Do it or don't, it makes no difference to me. Just do it or don't, I really don't care either way.",
         ["rude", "rude"]),
        ("Maybe it becomes clearer with time, or maybe not. Possibly you'll find an answer with time, or maybe not.",
         ["hedge", "hedge"]),
        ("A little patience goes a long way. Some patience goes a long way here.", ["filler", "repeat"]),
        (next(line for _, line in ALL["running"].points), ["elsewhere"]),
        (next(line for _, line in ALL["running"].mistakes), ["mistake"]),
        (ALL["running"].filler[0], ["filler"]),
        ("", ["unknown"]),
        (" \n ", ["unknown"]),
    ],
)  # fmt: skip
def test_kinds_by_hand(text, kinds):
    parsed = true_quality(SLEEP, text)
    assert list(parsed.kinds) == kinds
    assert parsed.quality == pytest.approx(sum(UNKNOWN_WORTH if k == "unknown" else WORTH[k] for k in kinds))


def test_nothing_said_is_worth_less_than_anything_useful():
    silence = true_quality(SLEEP, "")
    assert silence.sentences == silence.known == 0
    assert silence.quality < true_quality(SLEEP, f"{DARK} Over time you will find out what works for you.").quality


def test_steps_out_of_order_are_noticed_once():
    topic = next(topic for topic in topics("en") if topic.steps)
    lines = [line if line.endswith(".") else f"{line}." for _, line in topic.points[:4]]
    assert true_quality(topic, " ".join(lines)).kinds == ("point",) * 4
    assert true_quality(topic, " ".join([*lines[2:], *lines[:2]])).kinds == (*["point"] * 4, "disorder")
    # A repeat is not a step out of order.
    assert true_quality(topic, " ".join([*lines, lines[0]])).kinds == (*["point"] * 4, "repeat")


@given(st.sampled_from(sorted(phrases("en"))), st.integers(0, 2**32))
def test_every_spelling_of_a_phrase_is_known(kind, seed):
    if kind != "repeat":
        pattern = Random(seed).choice(phrases("en")[kind])
        expected = "courtesy" if kind in ("opening", "closing") else kind
        assert true_quality(SLEEP, spell(pattern, Random(seed)) + ".").kinds == (expected,)


def test_no_sentence_passes_for_another():
    for language in LANGUAGES:
        known = lexicon(language)
        for key, entry in known.entries.items():
            assert known.nearly(key + ".") == entry


def test_advice_and_mistake_are_told_apart():
    """Nothing sound is within reach of something wrong, so a garbled sentence is never taken for its opposite."""
    for language in LANGUAGES:
        words = lexicon(language).words
        entries = lexicon(language).entries
        wrong = [words[key] for key, entry in entries.items() if entry.kind == "mistake"]
        for key, entry in entries.items():
            if entry.kind == "point":
                assert all(_overlap(words[key], other) < NEAR for other in wrong), key


def _overlap(a, b):
    """No edit similarity is above the share of the longer one's words that the other has too."""
    return (Counter(a) & Counter(b)).total() / max(len(a), len(b))


def test_a_conversation_is_asked_by_its_last_message():
    group = Group("q", ({"role": "user", "content": SLEEP},), (({"role": "assistant", "content": DARK},),))
    assert true_qualities([group]) == [[0.8]]
    assert topic_of(f" {SLEEP}\n").name == "sleep"


def test_a_question_of_nobodys_is_refused():
    with pytest.raises(InvalidInputError, match="none is 'Why is the sky blue"):
        true_quality("Why is the sky blue, and what would it be like if it were not so?", "Light.")
