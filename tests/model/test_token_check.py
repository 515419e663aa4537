"""Answers that differ must not become the same tokens in silence."""

import pytest

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking
from plaudit.model import RewardModel, TokenCheck
from tests.tiny import CHATML, tiny_model_folder

# What reasoning models' templates do: an answer's reasoning is left out, and what remains is trimmed.
STRIPPING = CHATML.replace("{{ message['content'] }}", "{{ message['content'].split('</think>')[-1] | trim }}")
TOOLS = CHATML.replace("{% for", "{% if tools %}{{ tools | tojson }}{% endif %}{% for", 1)
A_TOOL = {"type": "function", "function": {"name": "clock"}}


def opened(folder, **options):
    return RewardModel.from_pretrained(tiny_model_folder(folder, **options))


def pair(chosen, rejected, **more):
    return Group(more.pop("id", "q"), more.pop("prompt", "why is the sky blue"), (chosen, rejected),
                 (Ranking(((0,), (1,))),), **more)  # fmt: skip


def checked(model, *groups):
    check = TokenCheck()
    assert list(check.passing(model.renderer, groups)) == list(groups)
    return check


@pytest.mark.parametrize(
    ("chosen", "rejected", "cause"),
    [
        (
            "<think>\nadd\n</think>\n4",
            "<think>\nguess\n</think>\n4",
            "the chat template leaves out the reasoning (<think>)",
        ),
        ("the cat ", "the cat", "the chat template trims white space"),
        ("the cat</think>on", "the dog</think>on", "the chat template leaves out what differs"),
    ],
)
def test_a_template_that_makes_answers_the_same_is_named(tmp_path, chosen, rejected, cause):
    model = opened(tmp_path, chat_template=STRIPPING)
    check = checked(model, pair(chosen, rejected, id="lost"), pair("the dog", "the cat"), pair("a log", "a mat"))
    assert (check.comparisons, check.equal, check.causes) == (3, 1, {cause: 1})
    (warning,) = check.warnings()
    assert warning.startswith("1 of 3 comparisons are of answers that differ but become the same tokens")
    assert f"{cause} (first in group 'lost')" in warning


def test_calls_that_a_template_hides(tmp_path):
    calls = [
        ({"role": "assistant", "content": "", "tool_calls": [{"function": {"name": name, "arguments": {}}}]},)
        for name in ("clock", "bell")
    ]
    check = checked(opened(tmp_path), pair(*calls))
    assert check.causes == {"the chat template leaves out what is not text, such as tool calls": 1}


def test_all_the_same_is_refused(tmp_path):
    check = checked(opened(tmp_path, chat_template=STRIPPING), pair("4 ", "4"), pair(" 5", "5", id="other"))
    with pytest.raises(InvalidInputError, match="all 2 comparisons are of answers that differ but become the same"):
        check.finish()


def test_a_cut_that_removes_the_difference(tmp_path):
    model = opened(tmp_path, max_length=40)
    check = checked(model, pair("the cat " * 40 + "on the mat", "the cat " * 40 + "on the log"))
    assert check.causes == {"the cut to fit the context removes what differs": 1}


def test_words_that_an_encoder_does_not_know(tmp_path):
    # The byte-level alphabet of the tiny tokenizer lacks nothing, so one is made that knows two words.
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    model = opened(tmp_path, family="bert")
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "sky": 5, "blue": 6}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    model.renderer.tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    model.renderer.unknown_token = 0
    check = checked(model, pair("sky", "blue", prompt="sky blue sky"), pair("天", "地", prompt="sky blue"))
    assert check.causes == {"they differ in words that the tokenizer does not know": 1}
    unknown, same = check.warnings()
    # Two unknown answers among 4 + 4 + 3 + 3 tokens.
    assert unknown.startswith("14% of the tokens are words that this backbone does not know")
    assert same.startswith("1 of 2 comparisons")
    named = TokenCheck("new-topics")
    _ = list(named.passing(model.renderer, [pair("天", "地", prompt="sky blue")]))
    assert [warning.partition(": ")[0] for warning in named.warnings()] == ["new-topics"] * 2


def test_texts_that_are_the_same_and_ties_are_no_comparisons(tmp_path):
    same = Group("q", "why", ("the cat", "the cat", "a dog"))
    tied = Group("t", "why", ("the cat", "the cat "), (Ranking(((0, 1),)),))
    check = checked(opened(tmp_path, chat_template=STRIPPING), same, tied)
    assert (check.comparisons, check.equal) == (2, 0)


def test_without_rankings_any_two_answers_are_compared(tmp_path):
    group = Group("q", "why", ("the cat", "the cat ", " the cat", "a dog"))
    check = checked(opened(tmp_path, chat_template=STRIPPING), group)
    # Four answers are six pairs; three of them are one text to the template.
    assert (check.comparisons, check.equal) == (6, 3)


def test_tools_that_the_template_does_not_show(tmp_path):
    group = pair("the cat", "the dog", tools=(A_TOOL,))
    (warning,) = checked(opened(tmp_path / "hides"), group).warnings()
    assert warning.startswith("the chat template does not show the tools that 1 group has")
    assert checked(opened(tmp_path / "shows", chat_template=TOOLS), group).warnings() == []
