"""Lengths in characters, words and tokens, and what would be cut."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from plaudit.data.lengths import length_report, load_tokenizer
from plaudit.errors import DataError
from plaudit.groups import Group, Ranking

FIRST = Ranking(((0,), (1,)))


@pytest.fixture(scope="module")
def tokenizer():
    """A token a word or sign."""
    words = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?")


def test_characters_words_and_who_is_longer():
    groups = [
        Group("q", "Say hello, twice!", ("hello hello", "hi"), (FIRST, Ranking(((0, 1),)))),
        Group("r", ({"role": "user", "content": "你好吗"},), ("我很好 ok", "no"), (Ranking(((1,), (0,))),)),
        Group("s", "", ("ab", "cd"), (FIRST,)),
    ]
    report = length_report(groups)
    # Words: "Say hello twice" 3, three Chinese characters, none.
    assert (report.lengths["prompt words"].most, report.lengths["prompt words"].least) == (3, 0)
    words = report.lengths["response words"]  # 2, 1, 4, 1, 1, 1
    assert (words.n, words.least, words.median, words.most, words.mean) == (6, 1, 1, 4, pytest.approx(10 / 6))
    assert report.lengths["prompt characters"].most == 17
    # Won by the longer, lost by the longer, level (a half); the tie does not count.
    assert report.longer_wins == pytest.approx((1 + 0 + 0.5) / 3)
    assert report.truncation is None


def test_tokens_and_what_would_be_cut(tokenizer):
    groups = [Group("q", "one two three", ("a b", "a b c d e")), Group("r", "one", ("a", "a b c d e f g"))]
    report = length_report(groups, tokenizer, max_length=5)
    # Without a chat template: prompt, blank line, response. 3 + 2 = 5 fits; 3 + 5 does not; 1 + 1 does; 1 + 7 does not.
    assert report.lengths["conversation tokens"].most == 8
    cut = report.truncation
    assert (cut.conversations, cut.too_long, cut.responses, cut.first) == (4, 2, 1, ("r", 1))


def test_tokens_as_the_chat_template_renders_them(tokenizer):
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }} {{ m.content }} end {% endfor %}"
    try:
        report = length_report([Group("q", "one two", ("a",))], tokenizer)
    finally:
        tokenizer.chat_template = None
    # user one two end assistant a end
    assert report.lengths["conversation tokens"].most == 7
    assert report.lengths["response tokens"].most == 1


def test_a_template_that_refuses_a_group_is_one_line(tokenizer):
    tokenizer.chat_template = "{{ raise_exception('roles must alternate') }}"
    try:
        with pytest.raises(DataError, match="chat template refuses the group q: roles must alternate"):
            length_report([Group("q", "one", ("a",))], tokenizer)
    finally:
        tokenizer.chat_template = None


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match="needs --tokenizer"):
        length_report([], max_length=5)
    with pytest.raises(DataError, match="no tokenizer can be loaded"):
        load_tokenizer(str(tmp_path))
