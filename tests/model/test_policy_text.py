"""A policy's templated prompts are read back as the very messages they were written from, whatever the template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import CHATML, tiny_tokenizer

from plaudit.errors import ForeignTextError
from plaudit.model import PolicyText

TEMPLATES = {
    "chatml": CHATML,
    # A system message of the template's own, where there is none, as Qwen's has.
    "default system": "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
    + CHATML,
    # The system message stands inside the first turn, as Llama 2's.
    "system in the turn": "{% set system = '' %}{% for message in messages %}{% if message['role'] == 'system' %}"
    "{% set ns = namespace(s=message['content']) %}{{ '[INST] <<SYS>>' + message['content'] + '<</SYS>> ' }}"
    "{% elif message['role'] == 'user' %}"
    "{% if loop.index0 == 0 or messages[0]['role'] != 'system' or loop.index0 > 1 %}{{ '[INST] ' }}{% endif %}"
    "{{ message['content'] + ' [/INST]' }}{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}",
    # None is allowed, roles have other names, and contents are trimmed, as in Gemma's.
    "no system": "{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}<start>{{ 'model' if message['role'] == 'assistant' else 'user' }}\n"
    "{{ message['content'] | trim }}<end>\n"
    "{% endfor %}{% if add_generation_prompt %}<start>model\n{% endif %}",
}


def reader(name):
    return PolicyText(tiny_tokenizer(chat_template=TEMPLATES[name]))


def written(policy, messages):
    return policy.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


contents = st.text(st.sampled_from("ab ?\n:<"), min_size=1, max_size=8).map(str.strip).filter(bool)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("system", [False, True])
def test_what_a_template_wrote_is_read_back(name, system):
    if system and name == "no system":
        pytest.skip("it refuses one")
    policy = reader(name)

    @given(st.lists(st.tuples(contents, contents), max_size=2), contents, contents)
    def check(turns, last, first):
        messages = [{"role": "system", "content": first}] * system
        for asked, answer in turns:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
        messages.append({"role": "user", "content": last})
        assert list(policy.conversation(written(policy, messages))) == messages

    check()


def test_the_templates_own_system_message_is_nobodys():
    policy = reader("default system")
    assert "Be kind." in written(policy, [{"role": "user", "content": "why"}])
    assert policy.conversation(written(policy, [{"role": "user", "content": "why"}])) == (
        {"role": "user", "content": "why"},
    )


@pytest.mark.parametrize(
    "text",
    [
        "[INST] why [/INST]",
        "why",
        "",
        "<|im_start|>user\nwhy<|im_end|>\n",
        "<|im_start|>tool\n4<|im_end|>\n<|im_start|>assistant\n",
        "<|im_start|>assistant\n",
    ],
)
def test_what_another_template_wrote_is_refused(text):
    with pytest.raises(ForeignTextError, match="the policy's chat template did not write the prompt"):
        reader("chatml").conversation(text)


def test_without_a_template_a_prompt_is_what_the_user_wrote():
    policy = PolicyText(tiny_tokenizer(chat_template=False))
    assert policy.conversation("User: why") == "User: why"
    assert policy.answer("because<eos>") == ("because", True)
    assert policy.answer("because") == ("because", False)


@pytest.mark.parametrize(
    ("generated", "answer"),
    [
        ("because<|im_end|>", ("because", True)),
        ("because<|im_end|>\n", ("because", True)),
        ("<|im_end|>", ("", True)),
        ("because", ("because", False)),
        ("because<", ("because<", False)),
        ("because\n", ("because\n", False)),
        ("", ("", False)),
    ],
)
def test_the_end_is_taken_off_and_remembered(generated, answer):
    assert reader("chatml").answer(generated) == answer


def test_what_was_generated_follows_the_prompt():
    policy = reader("chatml")
    prompt = written(policy, [{"role": "user", "content": "why is the sky blue"}])
    assert policy.generated(prompt + "because", prompt) == "because"
    # OpenRLHF cuts a long prompt at the left.
    assert policy.generated(prompt[25:] + "because", prompt) == "because"
    with pytest.raises(ForeignTextError, match="does not go on from its prompt"):
        policy.generated("because", prompt)
