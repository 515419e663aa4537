"""Turns, folding, and what answers share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.labelling.rendering import fold, render_answer, render_conversation, shared_opening


def message(role, content="Hi", **more):
    return {"role": role, "content": content, **more}


def folded(*roles, content="Hi"):
    return [turn.folded for turn in render_conversation(tuple(message(role, content) for role in roles))]


def test_text_is_a_turn_of_the_user():
    (turn,) = render_conversation("*Why?*")
    assert (turn.role, turn.lines, turn.words, turn.folded) == ("user", 1, 1, False)
    assert "<em>Why?</em>" in turn.markup
    assert "*Why?*" in turn.plain


def test_short_turns_are_open_and_the_systems_is_not():
    assert folded("system", "user", "assistant", "user") == [True, False, False, False]


def test_long_earlier_turns_fold_and_what_follows_the_last_question_does_not():
    long = "\n\n".join(["line"] * 30)
    assert folded("user", "assistant", "user", "assistant", content=long) == [True, True, False, False]
    assert folded("assistant", "tool", content=long) == [True, False]
    assert folded(*["user", "assistant"] * 20, "user") == [False] * 41
    assert folded(*["user", "assistant"] * 21, "user") == [True] * 42 + [False]


@pytest.mark.parametrize("arguments", ['{"city": "Paris"}', {"city": "Paris"}])
def test_a_call_is_its_name_and_its_arguments(arguments):
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": arguments}}
    (turn,) = render_answer((message("assistant", "", tool_calls=[call]),))
    assert '<p dir="auto"><code>weather</code></p>' in turn.markup
    assert '<span class="nt">"city"</span>' in turn.markup
    assert turn.lines == 4


@pytest.mark.parametrize(
    "calls",
    [None, [], {}, "f(x)", [None], [7], ["f(x)"], [{"name": "f"}], [{"function": None}], [{"function": {"name": 7}}]],
)
def test_calls_of_other_shapes_do_no_harm(calls):
    (turn,) = render_answer((message("assistant", "text", tool_calls=calls),))
    assert "text" in turn.markup
    assert calls in (None, [], {}) or 'class="code"' in turn.markup


def test_what_a_tool_gives_back_is_monospaced():
    (turn,) = render_answer((message("tool", "**21**"),))
    assert turn.markup == '<pre class="code" dir="auto"><code>**21**</code></pre>\n'


def test_answers_share_what_all_begin_with():
    a, b, c, d = (message("assistant", text) for text in "abcd")
    assert shared_opening([(a, b, c), (a, b, d)]) == (a, b)
    assert shared_opening([(a, b), (a, b)]) == (a,)
    assert shared_opening([(a,), (a, b)]) == ()
    assert shared_opening([(a, b), (c, b)]) == ()
    assert shared_opening([(a, b)]) == shared_opening([]) == shared_opening([(a, b), "a"]) == ()
    assert [turn.plain for turn in render_answer((a, b, c), shared=2)] == ['<pre class="plain" dir="auto">c</pre>']


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", 0), ("a", 1), ("a\n\nb\n\n", 3), ("a" * 75, 1), ("a" * 76, 2), ("好" * 38, 2), ("a\n" * 60, 60)],
)
def test_lines_of_a_page(text, lines):
    assert fold(text).lines == lines
    assert not fold(text).folded


def test_long_texts_fold():
    assert fold("a\n" * 61).folded
    assert fold("word " * 1_000).folded
    assert fold("好" * 2_400).folded
    assert fold("好 good").words == 2


@given(st.text(alphabet=st.characters(), max_size=200))
def test_a_size_of_anything(text):
    size = fold(text)
    assert size.lines >= 0
    assert size.words >= 0
