"""Responses as sentences, lines and words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.explaining.edits import cut_off, cut_out
from plaudit.groups import plain_text
from plaudit.text.segments import UNITS, merge_spans, split_segments


def parts(text, unit):
    return [text[start:end] for start, end in split_segments(text, unit)[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two!  Three?", ["One. ", "Two!  ", "Three?"]),
        ("It costs 3.14 in v2.0.1. Done", ["It costs 3.14 in v2.0.1. ", "Done"]),
        ("See Dr. Smith, e.g. today. J. Doe agrees.", ["See Dr. Smith, e.g. today. ", "J. Doe agrees."]),
        ('He said "go." Then (really!) he went.', ['He said "go." ', "Then (really!) he went."]),
        ("Well... no. So am I. Yes", ["Well... ", "no. ", "So am I. ", "Yes"]),
        ("天空是蓝的。为什么？“因为散射！”对", ["天空是蓝的。", "为什么？", "“因为散射！”", "对"]),
        ("圆周率是3.14。好", ["圆周率是3.14。", "好"]),
        ("a" + 38 * " " + "12. Then", ["a" + 38 * " " + "12. ", "Then"]),
        (50 * "so, " + "e.g. this. Done", [50 * "so, " + "e.g. this. ", "Done"]),
        ("1. First. More.\n2. Second\n- third", ["1. First. ", "More.\n", "2. Second\n", "- third"]),
        ("Run:\n```py\nx = 1. \ny = 2\n```\nDone.", ["Run:\n", "```py\nx = 1. \ny = 2\n```\n", "Done."]),
        ("Open:\n```\na. b", ["Open:\n", "```\na. b"]),
        ("\n\nHi. \n\n\nYou\n", ["\n\nHi. \n\n\n", "You\n"]),
        ("", []),
        (" \n", [" \n"]),
        ("!!!", ["!!!"]),
    ],
)
def test_sentences(text, expected):
    assert parts(text, "sentence") == expected


def test_neighbours_are_joined_where_there_are_too_many():
    spans = [(0, 2), (2, 3), (3, 7), (7, 8), (8, 9)]
    assert merge_spans(spans, 5) == (1, spans)
    assert merge_spans(spans, 4) == (2, [(0, 3), (3, 8), (8, 9)])
    assert merge_spans(spans, 1) == (5, [(0, 9)])
    assert merge_spans([], 3) == (1, [])


def test_lines_are_those_that_are_not_blank():
    assert parts("a\n\nb\n c", "line") == ["a\n\n", "b\n", " c"]


def test_words_keep_the_marks_that_follow_them():
    assert parts('"Well, it\'s 3.14%" 好的 well-known', "word") == [
        '"Well, ',
        "it's ",
        '3.14%" ',
        "好",
        "的 ",
        "well-known",
    ]


@pytest.mark.parametrize(
    ("text", "unit"), [("One. Two.", "sentence"), ("x = 1", "word"), ("x", "word"), ("", "word"), ("a\nb", "sentence")]
)
def test_auto_takes_the_coarsest_unit_with_two_parts(text, unit):
    assert split_segments(text)[0] == unit


@given(st.text(st.sampled_from('ab .!?。！？\n\t"”)`-1好é😀\u200d'), max_size=40), st.sampled_from(sorted(UNITS)))
def test_parts_cover_the_text_and_are_not_blank(text, unit):
    found = parts(text, unit)
    assert "".join(found) == text
    assert all(part.strip() for part in found) or not text.strip()


MESSAGES = ({"role": "assistant", "content": "One. Two."}, {"role": "user", "content": "Three.", "name": "x"})


def test_a_part_is_cut_out_of_its_message():
    text = plain_text(MESSAGES)
    start = text.index("Three")
    assert cut_out(MESSAGES, start, len(text)) == (MESSAGES[0], {"role": "user", "content": "", "name": "x"})
    assert cut_out(MESSAGES, 5, 9) == ({"role": "assistant", "content": "One."}, MESSAGES[1])
    assert cut_out("One. Two. ", 5, 10) == "One. "


def test_cut_off_messages_lose_those_after_the_cut():
    assert cut_off(MESSAGES, 4) == ({"role": "assistant", "content": "One."},)
    assert cut_off(MESSAGES, 0) == ({"role": "assistant", "content": ""},)
    assert cut_off(MESSAGES, 14) == (MESSAGES[0], {"role": "user", "content": "Thr", "name": "x"})
    assert cut_off("abc", 2) == "ab"
