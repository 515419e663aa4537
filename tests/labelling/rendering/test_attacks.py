"""Nothing that a model writes gets an element, an attribute or a scheme into a page that is not on the list."""

import subprocess
import sys

import pytest
from hostile_texts import ATTACKS, FRAGMENTS, ListedHtml
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from plaudit.labelling.rendering import render_answer, render_plain, render_text, word_differences
from plaudit.labelling.rendering.mathematics import render_formula
from plaudit.labelling.rendering.sanitising import sanitise

hostile = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join),
    st.text(alphabet=st.characters(), max_size=80),
    st.lists(st.sampled_from(ATTACKS[:100]), min_size=2, max_size=3).map("".join),
)


def naming(text):
    return ascii(text)[1:50]


@pytest.mark.parametrize("attack", ATTACKS, ids=naming)
def test_an_attack_comes_to_nothing(attack):
    for wrapped in (attack, f"> {attack}", f"- a\n\n  {attack}\n", f"| {attack} | b |\n|-|-|\n| c | {attack} |"):
        html = render_text(wrapped)
        assert isinstance(html, Markup)
        ListedHtml(html)
        # A second reading changes nothing, so no mutation waits in it.
        assert sanitise(html) == html


@pytest.mark.parametrize("attack", ATTACKS, ids=naming)
def test_nor_does_it_as_plain_text_a_call_or_a_difference(attack):
    ListedHtml(render_plain(attack))
    calls = [
        {"function": {"name": attack, "arguments": attack}},
        {"function": {"name": "f", "arguments": {"x": attack}}},
    ]
    for role in ("assistant", "tool"):
        (turn,) = render_answer(({"role": role, "content": attack, "tool_calls": [*calls, attack]},))
        ListedHtml(turn.markup)
        ListedHtml(turn.plain)
    marked = word_differences(f"{attack[:2000]}\n\none two three four", f"{attack[:2000]}\n\none two four five")
    for side in marked or ():
        ListedHtml(side)


@given(hostile)
@example("[x](https://a.example/\ud800)")
@example("$\\text{\\$}$")
def test_whatever_is_written(text):
    ListedHtml(render_text(text))
    ListedHtml(render_plain(text))


@given(hostile)
def test_whatever_stands_in_a_formula(text):
    html = render_formula(text)
    if html is not None:
        ListedHtml(sanitise(html))


@given(hostile, hostile)
def test_whatever_is_compared(a, b):
    for side in word_differences(a, b) or ():
        ListedHtml(side)


def test_a_link_of_ours_is_no_place_to_go():
    assert ListedHtml(render_text("[out](/sign-out) [there](https://a.example)")).links == ["https://a.example"]


def test_an_image_is_its_words_and_address():
    page = ListedHtml(render_text("![a cat](https://evil.example/p.png?who=7)"))
    assert page.words.strip() == "a cat https://evil.example/p.png?who=7"
    assert "img" not in page.elements


def test_no_style_and_no_handler_by_name():
    for attack in ATTACKS:
        tags = "".join(part.split(">")[0] for part in render_text(attack).split("<")[1:])
        assert " style=" not in tags
        assert " on" not in tags


def test_rendering_loads_no_torch():
    code = (
        "import sys, plaudit.labelling.rendering as r;"
        "r.render_conversation('$x$ `y`'); r.word_differences('a b', 'a c'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
