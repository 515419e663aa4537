"""Text that a template has already written has the tokens of its conversation, however trainers mangle it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import CHATML, decoder_tokenizer, encoder_tokenizer, tiny_model_folder

from plaudit.errors import ForeignTextError, NeedsPromptError, PlauditError, TooLongError
from plaudit.groups import Group
from plaudit.model import RewardModel
from plaudit.model.ensemble import Ensemble
from plaudit.model.linear import LengthFeatures, Linear, LinearModel
from plaudit.model.rendering import Renderer
from plaudit.model.templates import BUILT_IN, one_turn

# Templates as families have them: a system message of their own, a BOS, turns closed by the end of text or by nothing.
TEMPLATES = {
    "ChatML": CHATML,
    "ChatML with a system message": "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nHelp.<|im_end|>\n"
    "{% endif %}" + CHATML,
    "BOS": "<s>" + CHATML,
    "Llama 2": "<s>{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% else %} {{ m['content'] }} </s>{% endif %}{% endfor %}",
    "Gemma": "<s>{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
    "an answer after empty reasoning": "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if loop.last and m['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    "nothing after the answer": "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}"
    "{% if not loop.last %}\n{% endif %}{% endfor %}{% if add_generation_prompt %}\nassistant: {% endif %}",
    "turns": BUILT_IN["turns"],
}  # fmt: skip
CONVERSATION = (
    {"role": "user", "content": "why is the sky blue"},
    {"role": "assistant", "content": "because"},
    {"role": "user", "content": "and the sea?"},
)
PROMPTS = ["why is the sky blue", CONVERSATION]


def renderer(template, max_length=256, bos="<s>"):
    tokenizer = decoder_tokenizer(chat_template=template, max_length=max_length)
    tokenizer.add_special_tokens({"bos_token": bos})
    return Renderer(tokenizer, max_length=max_length, causal=True, segments=False, padding=tokenizer.pad_token_id)


def native(made, prompt, response):
    (item,) = made.render([Group("g", prompt, (response,))])
    return item


def whole_text(made, prompt, response):
    return made.uncut(Group("g", prompt, (response,)), 0)[0]


def same(item, other):
    return item.sequences[0].tolist() == other.sequences[0].tolist()


@pytest.mark.parametrize("prompt", PROMPTS, ids=["text", "conversation"])
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_what_the_template_writes_is_read_as_its_conversation(template, prompt):
    made = renderer(template)
    wanted = native(made, prompt, "light is scattered")
    text = whole_text(made, prompt, "light is scattered")
    assert same(made.render_text(text), wanted)
    # As inference engines want it (no BOS), as careless trainers send it (two), and padded.
    for mangled in (text.removeprefix("<s>"), "<s>" + text, "<pad><pad>" + text + "<pad>"):
        assert same(made.render_text(mangled), wanted)
    # Cut off by length, stopped at the end of its turn, or after any token that closes it.
    closing = text[text.rindex("light is scattered") + len("light is scattered") :]
    tokens = made.tokenizer.tokenize(closing)
    for count in range(len(tokens)):
        stopped = made.tokenizer.convert_tokens_to_string(tokens[:count])
        assert same(made.render_text(text.removesuffix(closing) + stopped), wanted)
    assert not closing or not same(made.render_text(text.removesuffix(closing), as_generated=True), wanted)


def test_the_end_of_text_that_a_policy_writes_and_the_template_does_not_is_left_out():
    made = renderer(TEMPLATES["nothing after the answer"])
    text = whole_text(made, "why", "because")
    assert same(made.render_text(text + "<|im_end|>"), native(made, "why", "because"))


@pytest.mark.parametrize("answer", ["if a <", "<|", "the tag <|im_end"])
def test_an_answer_that_ends_like_the_beginning_of_a_special_token_keeps_its_end(answer):
    made = renderer(CHATML)
    text = f"<|im_start|>user\nwhy<|im_end|>\n<|im_start|>assistant\n{answer}"
    for stopped in (text, f"{text}<|im_end|>", f"{text}<|im_end|>\n"):
        assert same(made.render_text(stopped), native(made, "why", answer))


def test_a_bos_that_opens_every_turn_is_put_back_where_it_was_stripped():
    # SmolLM2's BOS is <|im_start|>, and its tokenizer adds none.
    made = renderer(TEMPLATES["ChatML with a system message"], bos="<|im_start|>")
    text = whole_text(made, "why", "because")
    assert text.startswith("<|im_start|>system")
    for mangled in (text, text.removeprefix("<|im_start|>"), "<|im_start|>" + text):
        assert same(made.render_text(mangled), native(made, "why", "because"))


def test_without_a_template_the_text_is_what_is_read():
    tokenizer = decoder_tokenizer(chat_template=False)
    made = Renderer(tokenizer, max_length=256, causal=True, segments=False)
    wanted = native(made, "why", "because")
    assert same(made.render_text("why\n\nbecause<eos>"), wanted)
    assert same(made.render_text("why\n\nbecause"), wanted)


def test_the_middle_of_the_prompt_is_what_is_cut():
    made = renderer(CHATML, max_length=64)
    prompt = "why is the sky blue and the sea green " * 20
    text = whole_text(made, prompt, "because light is scattered")
    item = made.render_text(text)
    assert same(item, native(made, prompt, "because light is scattered"))
    assert (item.prompts_cut, item.was_cut(0)) == (1, False)
    long = whole_text(made, "why", "because the air and the water " * 20)
    with pytest.raises(TooLongError):
        made.render_text(long)
    assert made.render_text(long, truncate_responses=True).was_cut(0)


def test_text_of_another_template_is_refused_unless_insisted_on():
    made = renderer(CHATML)
    foreign = "<s>[INST] why [/INST] because </s>"
    with pytest.raises(ForeignTextError, match=r"does not have '<\|im_start\|>assistant\\n'.*; send messages"):
        made.render_text(foreign)
    item = made.render_text(foreign, foreign=True)
    assert made.tokenizer.decode(item.sequences[0]).startswith("[INST] why")


def test_who_reads_a_pair_is_told_prompt_and_response_apart():
    tokenizer = encoder_tokenizer()
    with pytest.raises(NeedsPromptError, match="send the two apart"):
        Renderer(tokenizer, max_length=64, causal=False, segments=True).render_text("why because")
    import numpy as np

    model = LinearModel(LengthFeatures(), Linear(np.array([1.0])))
    with pytest.raises(NeedsPromptError, match="send prompt and response apart"):
        model.prepare_text("why because")


@pytest.mark.parametrize(
    "text", ["User: why", "why\n\nAssistant: so", "User: a\n\nAssistant: b\n\nUser: c\n\nAssistant: d"]
)
def test_without_a_template_only_one_turn_is_read_from_text(text):
    assert one_turn(text) is None


def test_a_pair_model_reads_one_turn_from_text_and_from_messages(tmp_path):
    model = RewardModel.from_pretrained(tiny_model_folder(tmp_path / "bert", "bert"))
    (pair,) = model.prepare(Group("", "why", ("because",))).sequences
    (text,) = model.prepare_text("User: why\n\nAssistant: because").sequences
    messages = ({"role": "user", "content": "why"},)
    (turn,) = model.prepare(Group("", messages, (({"role": "assistant", "content": "because"},),))).sequences
    assert pair.tolist() == text.tolist() == turn.tolist()
    with pytest.raises(PlauditError, match="has no chat template"):
        model.prepare(Group("", ({"role": "system", "content": "be brief"}, *messages), ("because",)))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30))
def test_any_text_is_read_or_refused(text):
    made = renderer(CHATML)
    assert len(made.render_text(text + "<|im_start|>assistant\n" + text).sequences[0]) > 0


def test_models_and_ensembles_score_text_as_its_conversation(tmp_path):
    models = [RewardModel.from_pretrained(tiny_model_folder(tmp_path / str(seed), seed=seed)) for seed in (0, 1)]
    group = Group("g", CONVERSATION, ("light is scattered",))
    text = whole_text(models[0].renderer, CONVERSATION, "light is scattered")
    for scorer in (*models, Ensemble(models)):
        [[by_text]], [[by_messages]] = scorer.score_prepared([scorer.prepare_text(text)]), scorer.score(group)
        assert by_text.score == by_messages.score
        assert scorer.prepare_text(text).key(0) == scorer.prepare(group).key(0)
