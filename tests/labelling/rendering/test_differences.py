"""Words that only one of two answers has."""

import itertools
import random
import re

import pytest
from hostile_texts import ListedHtml
from hypothesis import given
from hypothesis import strategies as st

from plaudit.labelling.rendering import render_text, word_differences
from plaudit.labelling.rendering.differences import MOST_STEPS, _pieces, _shared_words

texts = st.lists(
    st.sampled_from(["the", "a", "dog", "*", "**b**", ".", "好", "坏", "$x$", "\n\n", "- ", "`c`", "हिन्दी"])
).map(" ".join)


def marked(html):
    return [re.sub("<[^>]*>", "", part) for part in re.findall('<mark class="differs">(.*?)</mark>', html, re.DOTALL)]


@pytest.mark.parametrize(
    ("a", "b", "only_a", "only_b"),
    [
        ("The big red dog.", "The small dog.", ["big red"], ["small"]),
        ("The **big** red dog.", "The dog.", ["big", "red"], []),
        ("今天天气很好。", "今天天气不好。", ["很"], ["不"]),
        ("so $x^2$ is it.", "so $x^3$ is it.", ["x2"], ["x3"]),
        ("a, b c d", "a b c d", [","], []),
        ("- one\n- two", "- one\n- three", ["two"], ["three"]),
        ("x < y & z, so", "x > y & z, so", ["&lt;"], ["&gt;"]),
        ("यह हिन्दी है ।", "यह मराठी है ।", ["हिन्दी"], ["मराठी"]),
        ("same", "*same*", [], []),
        ("", "", [], []),
    ],
)
def test_marks(a, b, only_a, only_b):
    left, right = word_differences(a, b)
    assert (marked(left), marked(right)) == (only_a, only_b)


def test_nothing_is_marked_where_little_is_shared():
    assert word_differences("One thing entirely.", "Quite another") is None
    assert word_differences("", "Something") is None


@given(texts, texts)
def test_only_marks_are_added(a, b):
    for text, html in zip((a, b), word_differences(a, b) or (), strict=False):
        ListedHtml(html)
        assert re.sub("</?mark[^>]*>", "", html) == render_text(text)


@given(texts)
def test_pieces_are_the_whole(text):
    assert "".join(piece for piece, _ in _pieces(render_text(text))) == render_text(text)


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30))
def test_pairs_are_of_one_word_and_in_one_order(a, b):
    pairs = sorted(_shared_words(a, b))
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in itertools.pairwise(pairs))


def test_long_texts_of_few_words_take_bounded_steps(monkeypatch):
    from difflib import SequenceMatcher

    steps = []
    find = SequenceMatcher.find_longest_match

    def counted(self, a_low, a_high, b_low, b_high):
        steps.append(sum(1 + len(self.b2j.get(word, ())) for word in self.a[a_low:a_high]))
        return find(self, a_low, a_high, b_low, b_high)

    monkeypatch.setattr(SequenceMatcher, "find_longest_match", counted)
    draw = random.Random(0)
    _shared_words(draw.choices("abcdefgh", k=4_000), draw.choices("abcdefgh", k=4_000))
    assert sum(steps) <= MOST_STEPS
