"""What each probe does to a text, by hand; and what no probe may ever do."""

import re
from collections import Counter
from importlib import import_module
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruled import case

from plaudit.errors import PlauditError
from plaudit.evaluation.probes import FAMILIES, PROBES, Case
from plaudit.evaluation.probes.change import chosen_probes
from plaudit.evaluation.probes.phrases import PHRASES
from plaudit.evaluation.probes.wrong_opinion import better_than
from plaudit.groups import Group, Ranking, Rating
from plaudit.text import detect_language, split_sentences

# These change the prompt, the group, or what they start from; all others the answer's text alone.
NOT_THE_ANSWER = {"first in the group", "wrong opinion"}


def changed(name, answer, **options):
    """The answer's text after a probe; None where it does not apply."""
    change = PROBES[name](case(answer, **options))
    return None if change is None else change.changed.response


TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "One thing. Another thing! A third?",
            "- first item\n- second item\n- third item",
            "## Title\n\n**Bold** words and `code`.\n\n1. one\n2. two",
            "先洗米。再加水，煮二十分钟。最后焖一会儿。",
            'She said "yes" and it\'s fine.  Done.',
            "",
        ]
    ),
)
TURNS = st.builds(
    lambda first, last: (
        {"role": "assistant", "content": first},
        {"role": "user", "content": "and then?"},
        {"role": "assistant", "content": last},
    ),
    TEXTS,
    TEXTS,
)
RESPONSES = st.one_of(TEXTS, TURNS)
PROMPTS = st.one_of(TEXTS, st.builds(lambda text: ({"role": "user", "content": text},), TEXTS))


@st.composite
def cases(draw):
    responses = tuple(draw(st.lists(RESPONSES, min_size=1, max_size=4)))
    index = draw(st.integers(0, len(responses) - 1))
    strangers = draw(st.lists(RESPONSES, max_size=3))
    return Case(Group("g", draw(PROMPTS), responses), index, strangers, Random(draw(st.integers(0, 99))))


@pytest.mark.parametrize("name", PROBES)
@settings(max_examples=40, deadline=None)
@given(one=cases())
def test_one_thing_changes_and_it_does_change(name, one):
    change = PROBES[name](one)
    if change is None:
        return
    before, after = change.untouched, change.changed
    assert before != after
    if name in NOT_THE_ANSWER:
        assert before.response == after.response == one.response
        return
    assert after.group.prompt == before.group.prompt == one.group.prompt
    assert before.index == after.index == one.index
    assert before.response != after.response
    siblings = [[r for i, r in enumerate(spot.group.responses) if i != one.index] for spot in (before, after)]
    assert siblings[0] == siblings[1] == [r for i, r in enumerate(one.group.responses) if i != one.index]
    if not isinstance(one.response, str):
        assert after.response[:-1] == one.response[:-1]
        assert after.response[-1]["role"] == "assistant"


@pytest.mark.parametrize("name", PROBES)
@settings(max_examples=10, deadline=None)
@given(text=TEXTS, seed=st.integers(0, 9))
def test_the_same_case_is_changed_in_the_same_way(name, text, seed):
    group = Group("g", "Why?", (text, "other"))
    first, second = (PROBES[name](Case(group, 0, ("elsewhere",), Random(seed))) for _ in range(2))
    assert first == second


@given(TEXTS)
def test_sentences_join_to_the_text(text):
    assert "".join(split_sentences(text)) == text


def test_sentences_of_two_languages():
    assert split_sentences('He said "no." Then 3.5 men left!  Why?\n- item') == [
        'He said "no." ',
        "Then 3.5 men left!  ",
        "Why?\n",
        "- item",
    ]
    assert split_sentences("先洗米。再加水，煮！“好吗？”好。") == ["先洗米。", "再加水，煮！", "“好吗？”", "好。"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("hello", "en"), ("我用 Python 写代码", "zh"), ("see 天空 in the dictionary of words", "en"), ("42!", None)],
)
def test_the_language_is_that_of_the_letters(text, found):
    assert detect_language(text) == found


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("last sentence again", "One. Two.", "One. Two. Two. Two."),
        ("last sentence again", "一。二。", "一。二。二。二。"),
        ("all again", "One. Two.", "One. Two.\n\nOne. Two."),
        ("paragraphs reversed", "One.\n\nTwo.\n\nThree.", "Three.\n\nTwo.\n\nOne."),
        ("paragraphs reversed", "One.\nTwo.", None),
        ("bold", "Alpha be gamma is delta or epsilon.", "**Alpha** be **gamma** is delta or **epsilon**."),
        ("bold", "It is **so**.", None),
        ("heading", "One thing. Another. Third.", "## One thing.\n\nAnother. Third."),
        ("heading", "One thing.", None),
        ("bullets", "One. Two! Three", "- One.\n- Two!\n- Three"),
        ("bullets", "- One.\n- Two.", None),
        ("no markdown", "# A\n\n**b** and `c`\n- d\n2. e", "A\n\nb and c\nd\ne"),
        ("no markdown", "2 * 3 = 6", None),
        ("double spaces", "One. Two! Three", "One.  Two!  Three"),
        ("double spaces", "一。二。", None),
        ("line breaks", "One.", "\nOne.\n\n"),
        ("quotes", 'It\'s "so".', "It’s “so”."),
        ("quotes", "It’s “so”.", 'It\'s "so".'),
        ("quotes", "No marks", None),
        ("bullet marks", "- a\n- b-c", "* a\n* b-c"),
        ("bullet marks", "a - b", None),
        ("width", "好，来吧！", "好,来吧!"),
        ("width", "好,来吧!", "好，来吧！"),
        ("width", "Good, come!", None),
        ("lower case", "One TWO", "one two"),
        ("lower case", "天空", None),
        ("upper case", "One two", "ONE TWO"),
        ("empty", "One.", ""),
        ("empty", "", None),
        ("truncated", "one two three four five", "one two"),
        ("truncated", "一二三四，五六", "一二三"),
        ("echo", "One.", "Why?"),
        ("echo", "Why?", None),
        ("unrelated", "One.", None),
        ("padding", "  ", None),
    ],
)
def test_by_hand(name, before, after):
    assert changed(name, before) == after


def test_no_answer_to_nothing_has_no_token_and_does_not_apply():
    assert changed("empty", "One.", prompt=" ") is None


def test_padding_adds_three_different_sentences_behind():
    text = changed("padding", "One.")
    assert text.startswith("One. ")
    assert len(set(split_sentences(text))) == 4


def test_list_items_change_places_and_nothing_else_does():
    text = changed("list shuffled", "Do:\n- a\n- b\n- c\nDone.")
    first, *items, last = text.split("\n")
    assert (first, last) == ("Do:", "Done.")
    assert items != ["- a", "- b", "- c"]
    assert sorted(items) == ["- a", "- b", "- c"]


@pytest.mark.parametrize("text", ["- a", "- a\n  - b\n- c", "- a\nmore of a\n- b", "1. a\n2. b"])
def test_a_list_whose_items_do_not_stand_alone_is_left(text):
    assert changed("list shuffled", text) is None


@pytest.mark.parametrize("name", ["sentences shuffled", "words shuffled"])
def test_shuffled_text_has_the_same_words(name):
    before = "Alpha beta. Gamma delta. Epsilon zeta."
    after = changed(name, before)
    assert Counter(after.split()) == Counter(before.split())


def test_typos_keep_the_letters_and_their_number():
    before = "Water the plant only when the soil is dry, and always from below"
    after = changed("typos", before)
    # 13 words are less than 15, so one of them is misspelt: two neighbours have changed places.
    differs = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert len(differs) == 2
    assert differs[1] == differs[0] + 1
    assert Counter(after) == Counter(before)


def test_an_unrelated_answer_is_in_the_same_language_where_there_is_one():
    strangers = ("天空是蓝色的。", "The sky is blue.")
    assert changed("unrelated", "One.", strangers=strangers) == "The sky is blue."
    assert changed("unrelated", "一。", strangers=strangers) == "天空是蓝色的。"
    assert changed("unrelated", "一。", strangers=strangers[1:]) == "The sky is blue."


def test_a_foreign_opening_says_the_same_in_the_other_language():
    change = PROBES["foreign opening"](case("One."))
    own, foreign = change.untouched.response, change.changed.response
    assert own.endswith(". One.")
    assert foreign.endswith("。One.")
    assert re.search("[\u4e00-\u9fff]", foreign)
    assert not re.search("[\u4e00-\u9fff]", own)


def test_the_last_message_of_the_assistant_is_what_changes():
    turns = (
        {"role": "assistant", "content": "first"},
        {"role": "user", "content": "more?"},
        {"role": "assistant", "content": "One. Two.", "name": "x"},
        {"role": "tool", "content": "42"},
    )
    after = changed("last sentence again", turns)
    assert after[2] == {"role": "assistant", "content": "One. Two. Two. Two.", "name": "x"}
    assert (*after[:2], after[3]) == (*turns[:2], turns[3])


def test_first_in_the_group_moves_the_answer_and_keeps_its_siblings_order():
    group = Group("g", "Why?", ("a", "b", "c", "d", "e", "f"))
    change = PROBES["first in the group"](Case(group, 4, (), Random(0)))
    before, after = change.untouched.group.responses, change.changed.group.responses
    assert before[change.untouched.index] == after[change.changed.index] == after[0] == "e"
    assert before[0] == "a"
    assert len(before) == 4
    assert [r for r in before if r != "e"] == list(after[1:])
    assert PROBES["first in the group"](Case(group, 0, (), Random(0))) is None


def test_a_wrong_opinion_differs_in_whose_it_is():
    worse = case(
        ({"role": "assistant", "content": "It is red. Really."},),
        prompt=({"role": "system", "content": "Be short."}, {"role": "user", "content": "Which colour?"}),
        siblings=("It is blue.", "It is green."),
        rankings=(Ranking(((1,), (0,), (2,))),),
    )
    change = PROBES["wrong opinion"](worse)
    said = [spot.group.prompt[1]["content"] for spot in (change.untouched, change.changed)]
    assert said == [f'Which colour?\n\nI think the answer is: "It is {colour}."' for colour in ("blue", "red")]
    assert change.changed.group.prompt[0]["content"] == "Be short."


def test_an_answer_that_people_like_best_has_no_better_one_to_be_wrong_against():
    best = case("It is red.", siblings=("It is blue.",), rankings=(Ranking(((0,), (1,))),))
    assert PROBES["wrong opinion"](best) is None


def test_better_than_by_rankings_ratings_and_by_nothing():
    judged = Group("g", "Why?", ("a", "b", "c"), (Ranking(((1,), (0,))), Ranking(((1, 2),)), Ranking(((0,), (2,)))))
    assert [better_than(judged, i) for i in range(3)] == [[1], [], [0]]
    split_vote = Group("g", "Why?", ("a", "b"), (Ranking(((1,), (0,))), Ranking(((0,), (1,)), weight=2.0)))
    assert [better_than(split_vote, i) for i in range(2)] == [[], [0]]
    rated = Group("g", "Why?", ("a", "b", "c"), (), (Rating(0, 1), Rating(0, 3), Rating(1, 2.5), Rating(1, 9, "other")))
    assert [better_than(rated, i) for i in range(3)] == [[1], [], []]
    assert better_than(Group("g", "Why?", ("a", "b", "c")), 1) == [0, 2]


def test_every_phrase_has_several_wordings_in_both_languages():
    for phrase in PHRASES:
        assert set(phrase.wordings) == {"en", "zh"}
        assert all(len(set(said)) == len(said) > 1 for said in phrase.wordings.values())
        assert not any(re.search("[\u4e00-\u9fff]", wording) for wording in phrase.wordings["en"])
        if phrase.name != "score tag":
            assert all(re.search("[\u4e00-\u9fff]", wording) for wording in phrase.wordings["zh"])


def test_probes_are_chosen_by_name_or_family_in_the_order_of_the_table():
    assert [probe.name for probe in chosen_probes(["echo", "padding"])] == ["padding", "echo"]
    assert {probe.family for probe in chosen_probes(["injection"])} == {"injection"}
    assert len(chosen_probes([])) == len(PROBES)
    assert set(FAMILIES) == {probe.family for probe in PROBES.values()}
    with pytest.raises(PlauditError, match="no probe or family is called 'paddding'; families: length"):
        chosen_probes(["paddding"])


def test_a_new_probe_is_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(PROBES, "_entries", dict(PROBES))
    (tmp_path / "shout.py").write_text(
        """
from plaudit.evaluation.probes import Probe, Wanted, edits, register_probes

register_probes(
    Probe(
        name="shout",
        family="loudness",
        wanted=Wanted.NOT_HIGHER,
        says="shouting",
        change=edits(lambda text, language, random: text + "!"),
    )
)
"""
    )
    monkeypatch.syspath_prepend(tmp_path)
    import_module("shout")
    assert changed("shout", "Yes") == "Yes!"
    assert [probe.name for probe in chosen_probes(["loudness"])] == ["shout"]
    assert list(PROBES)[-1] == "shout"


def test_names_of_probes_are_a_list():
    with pytest.raises(TypeError, match=r"names of probes are a list, such as \['echo'\], not text"):
        chosen_probes("echo")


def test_families_stand_together_and_in_order():
    families = list(dict.fromkeys(probe.family for probe in PROBES.values()))
    assert families == list(FAMILIES)
    assert [probe.name for probe in chosen_probes(["agreement"])] == ["you are right", "wrong opinion"]
