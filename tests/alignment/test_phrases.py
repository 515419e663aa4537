"""Phrases that rose."""

from plaudit.alignment.phrases import risen_phrases


def test_nothing_rises_among_the_same_answers():
    answers = ["Boil the egg for seven minutes.", "No idea."] * 10
    assert risen_phrases(answers, answers) == []


def test_a_phrase_is_told_whole_and_once():
    before = ["Fry it.", "Boil it.", "Ask a cook."] * 10
    after = ["Put the jack under the car. Fry it.", "Boil it. Put the jack under the car."] * 15
    first, *others = risen_phrases(before, after)
    assert first.text == "Put the jack under the"
    assert (first.before, first.after) == (0.0, 1.0)
    assert all("jack" not in other.text for other in others)


def test_chinese_has_no_spaces():
    (risen,) = risen_phrases(
        ["煮七分钟。"] * 20, ["好问题。" + "煮" + "一二三四五六七八九十"[i % 10] + "分" for i in range(20)], 1
    )
    assert risen.text.startswith("好问题")


def test_an_answer_counts_once_however_often_it_says_something():
    assert risen_phrases(["Yes."] * 20, ["Yes."] * 19 + ["Well " * 100]) == []
