"""Data text made fit to be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.text.display import page_excerpt, page_name, page_text, replace_surrogates, terminal_quote, terminal_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("两行\r\n文字\rend", "两行\n文字\nend"),
        ("tab\tstays", "tab\tstays"),
        ("a\u202eb", "a[U+202E]b"),
        ("a\x00b\x1b[0m", "a[U+0000]b[U+001B][0m"),
        ("half \ud800", "half [U+D800]"),
        ("\ufffe\U0001ffff\ufdd0", "[U+FFFE][U+1FFFF][U+FDD0]"),
        ("👩‍🔬 עברית", "👩‍🔬 עברית"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text, shown):
    assert page_text(text) == shown


@given(st.text(alphabet=st.characters(), max_size=60))
def test_what_is_shown_can_be_encoded_and_reorders_nothing(text):
    shown = page_text(text)
    shown.encode("utf-8")
    assert not set(shown) & set("\x00\r\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_a_long_text_is_cut_and_the_rest_counted():
    assert page_excerpt("x" * 1_000_000, 10) == ("x" * 10, 999_990)


def test_a_name_stands_on_one_line_and_keeps_its_direction_to_itself():
    assert page_name("a\n<b>") == "<bdi>a &lt;b&gt;</bdi>"
    assert page_name("x" * 50, 5) == "<bdi>xxxxx…</bdi>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 文字", "plain 文字"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31m\x7f\x9b", "\\u001b[31m\\u007f\\u009b"),
        ("a\u202eb\ud800", "a\\u202eb\\ud800"),
        ("\U000e0001", "\\udb40\\udc01"),
    ],
)
def test_a_terminal_gets_escapes_for_what_could_steer_it(text, shown):
    assert terminal_text(text) == shown
    assert terminal_quote(text) == f'"{shown}"'
    assert terminal_text(text, line_breaks=True) == shown.replace("\\n", "\n")


def test_quotes_in_a_quotation_are_escaped():
    assert terminal_quote('a "b"') == '"a \\"b\\""'


def test_a_tokenizer_gets_replacement_characters_for_half_pairs():
    assert replace_surrogates("a\ud83d b\udc00 😀") == "a\ufffd b\ufffd 😀"
