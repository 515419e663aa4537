"""What is tokenised, what is cut, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import CHATML, EOS, decoder_tokenizer, encoder_tokenizer
from tokenizers import processors

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model.rendering import Renderer
from plaudit.model.templates import read_template

LONG = "why is the sky blue and the sea green " * 12
SAID = "because light is scattered by the air"


def renderer(tokenizer, max_length=256):
    causal = tokenizer.cls_token is None
    return Renderer(
        tokenizer,
        max_length=max_length,
        causal=causal,
        segments=not causal and "token_type_ids" in tokenizer.model_input_names,
    )


def render(made, prompt, *responses, **options):
    (item,) = made.render([Group("g", prompt, responses)], **options)
    return item


TOKENIZERS = {
    "template": lambda: decoder_tokenizer(),
    "plain": lambda: decoder_tokenizer(chat_template=False),
    "encoder": lambda: encoder_tokenizer(),
    "RoBERTa": lambda: encoder_tokenizer("roberta"),
}


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request):
    return TOKENIZERS[request.param]()


@pytest.mark.parametrize(
    ("kind", "prompt", "response", "text"),
    [
        ("template", "a", "b", "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n"),
        ("plain", "a", "b", "a\n\nb<eos>"),
        ("plain", "a ", "b", "a b<eos>"),
        ("plain", "", "b", "b<eos>"),
        ("encoder", "a", "b", "<cls>a<sep>b<sep>"),
        ("encoder", "a", "", "<cls>a<sep><sep>"),
        ("RoBERTa", "a", "b", "<cls>a<sep><sep>b<sep>"),
    ],
)
def test_the_text_that_is_read(kind, prompt, response, text):
    tokenizer = TOKENIZERS[kind]()
    item = render(renderer(tokenizer), prompt, response)
    assert tokenizer.decode(item.sequences[0]) == text
    assert (item.prompt_cut, item.response_cut) == ((False,), (False,))


def test_segments():
    item = render(renderer(encoder_tokenizer()), "a", "b", "")
    assert [t.tolist() for t in item.types] == [[0, 0, 0, 1, 1], [0, 0, 0, 1]]
    assert render(renderer(encoder_tokenizer("roberta")), "a", "b").types is None


def test_a_conversation():
    tokenizer = decoder_tokenizer()
    prompt = ({"role": "system", "content": "s"}, {"role": "user", "content": "u"})
    response = ({"role": "assistant", "content": "call"}, {"role": "tool", "content": "4"})
    item = render(renderer(tokenizer), prompt, response)
    turns = [("system", "s"), ("user", "u"), ("assistant", "call"), ("tool", "4")]
    expected = "".join(f"<|im_start|>{role}\n{said}<|im_end|>\n" for role, said in turns)
    assert tokenizer.decode(item.sequences[0]) == expected


def test_the_built_in_template():
    tokenizer = decoder_tokenizer(chat_template=read_template("turns"))
    prompt = (
        {"role": "user", "content": "why?"},
        {"role": "assistant", "content": "how?"},
        {"role": "user", "content": "so"},
    )
    item = render(renderer(tokenizer), prompt, "because")
    assert (
        tokenizer.decode(item.sequences[0])
        == "User: why?\n\nAssistant: how?\n\nUser: so\n\nAssistant: because<|im_end|>"
    )


def test_templates_by_file_and_by_name(tmp_path):
    file = tmp_path / "own.jinja"
    file.write_text(CHATML)
    assert read_template(str(file)) == CHATML
    assert read_template(None) is None
    with pytest.raises(PlauditError, match=r"no chat template file 'absent.jinja' .*built-in templates: turns"):
        read_template("absent.jinja")


def test_a_conversation_without_a_template():
    with pytest.raises(PlauditError, match=r"no chat template; train with --chat-template FILE .*turns"):
        render(renderer(decoder_tokenizer(chat_template=False)), ({"role": "system", "content": "a"},), "b")


@pytest.mark.parametrize(
    "template", ["{{ raise_exception('no tools here') }}", "{{ messages[7].content }}", "{% if %}", "{{ 1 / 0 }}"]
)
def test_a_template_that_fails(template):
    with pytest.raises(PlauditError, match="the chat template refuses a conversation") as refusal:
        render(renderer(decoder_tokenizer(chat_template=template)), "a", "b")
    assert "\n" not in str(refusal.value)


def test_nothing_to_score():
    made = renderer(decoder_tokenizer(chat_template=False, eos=False))
    with pytest.raises(PlauditError, match=r"response 1 of group 'g' .* is empty, and so is its prompt"):
        render(made, "", "a", "")


def parts(tokenizer, prompt, response):
    """The whole sequence, and how many tokens stand before the response and after it. Independent of the renderer's
    offsets: the response begins where the sequences of two responses with nothing in common part."""
    made = renderer(tokenizer, 10_000)
    whole, other, third = render(made, prompt, response, "\x00", "\x01").sequences
    before = next(i for i, (a, b) in enumerate(zip(other, third, strict=False)) if a != b)
    after = next(i for i, (a, b) in enumerate(zip(other[::-1], third[::-1], strict=False)) if a != b)
    return whole, before, after


@pytest.mark.parametrize("max_length", [32, 50, 97])
def test_a_long_prompt_loses_its_middle(tokenizer, max_length):
    whole, before, _ = parts(tokenizer, LONG, SAID)
    item = render(renderer(tokenizer, max_length), LONG, SAID)
    (kept,) = item.sequences
    assert len(kept) == max_length
    assert (item.prompt_cut, item.response_cut) == ((True,), (False,))
    # The response and what closes it are whole, and the prompt keeps both its ends, one token apart in length at most.
    tail = len(whole) - before
    assert kept[-tail:].tolist() == whole[-tail:].tolist()
    prompt = kept[:-tail]
    head = (len(prompt) + 1) // 2
    assert prompt[:head].tolist() == whole[:head].tolist()
    assert prompt[head:].tolist() == whole[head:before][::-1][: len(prompt) - head][::-1].tolist()


def test_a_prompt_that_just_fits_is_not_cut(tokenizer):
    length = len(parts(tokenizer, LONG, SAID)[0])
    assert render(renderer(tokenizer, length), LONG, SAID).prompt_cut == (False,)
    assert render(renderer(tokenizer, length - 1), LONG, SAID).prompt_cut == (True,)


def test_a_long_response_is_an_error_that_names_it(tokenizer):
    groups = [Group("fine", "a", ("b",)), Group("q7", "a", ("b", "never " * 60))]
    with pytest.raises(
        PlauditError, match=r"response 1 of group 'q7' \('never .*does not fit the context of 50 tokens"
    ) as e:
        list(renderer(tokenizer, 50).render(groups))
    assert "--truncate-responses" in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("max_length", [16, 33, 60])
def test_a_long_response_cut_when_asked(tokenizer, max_length):
    long = "scattered by the water and the air" + " and the sea" * 50
    whole, before, after = parts(tokenizer, LONG, long)
    item = render(renderer(tokenizer, max_length), LONG, long, truncate_responses=True)
    (kept,) = item.sequences
    assert item.response_cut == (True,)
    assert len(kept) == max_length
    # What closes the response stays (in a decoder it is the leaf), and the response loses its end.
    assert kept[-after:].tolist() == whole[-after:].tolist()
    prompt = min(before, 32, max_length // 4)
    said = max_length - prompt - after
    assert kept[prompt : prompt + said].tolist() == whole[before : before + said].tolist()
    assert kept[: (prompt + 1) // 2].tolist() == whole[: (prompt + 1) // 2].tolist()


def test_a_short_prompt_stays_when_the_response_is_cut(tokenizer):
    whole, before, _ = parts(tokenizer, "why?", "never " * 100)
    item = render(renderer(tokenizer, 120), "why?", "never " * 100, truncate_responses=True)
    assert item.sequences[0][:before].tolist() == whole[:before].tolist()
    assert item.response_cut == (True,)


texts = st.text(st.sampled_from("ab 天蓝<>\n|"), max_size=60)


@settings(deadline=None, max_examples=60)
@given(texts, st.lists(texts, min_size=1, max_size=4), st.integers(12, 60), st.sampled_from(sorted(TOKENIZERS)))
def test_the_cut_depends_on_no_sibling(prompt, responses, max_length, kind):
    made = renderer(MADE[kind], max_length)
    together = render(made, prompt, *responses, truncate_responses=True)
    for index, response in enumerate(responses):
        alone = render(made, prompt, response, truncate_responses=True)
        assert np.array_equal(alone.sequences[0], together.sequences[index])
        assert alone.prompt_cut[0] == together.prompt_cut[index]
        assert alone.response_cut[0] == together.response_cut[index]
        assert 1 <= len(alone.sequences[0]) <= max_length
        assert not alone.response_cut[0] or len(alone.sequences[0]) == max_length


MADE = {kind: make() for kind, make in TOKENIZERS.items()}


def test_batches_change_nothing():
    groups = [Group(str(i), f"why {i}?", ("because " * i, "so")) for i in range(7)]
    made = renderer(decoder_tokenizer())
    assert [[s.tolist() for s in item.sequences] for item in made.render(groups, batch=2)] == [
        [s.tolist() for s in item.sequences] for item in made.render(groups)
    ]
    assert [item.group.id for item in made.render(groups, batch=3)] == [g.id for g in groups]


WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {}}}


def test_tools_reach_the_chat_template():
    tokenizer = decoder_tokenizer(chat_template=read_template("turns"))
    made = renderer(tokenizer)
    (bare,), (item,) = made.render([Group("g", "u", ("4",))]), made.render([Group("g", "u", ("4",), tools=(WEATHER,))])
    tools = 'Tools: [{"type": "function", "function": {"name": "weather", "parameters": {}}}]'
    wanted = f"{tools}\n\nUser: u\n\nAssistant: 4{tokenizer.eos_token}"
    assert item.sequences[0].tolist() == tokenizer(wanted, add_special_tokens=False)["input_ids"]
    assert item.sequences[0].tolist() != bare.sequences[0].tolist()


def test_tools_without_a_chat_template_are_refused():
    made = renderer(decoder_tokenizer(chat_template=False))
    with pytest.raises(PlauditError, match="the prompt has tools, but the tokenizer has no chat template"):
        list(made.render([Group("g", "u", ("4",), tools=(WEATHER,))]))


def test_an_encoder_with_a_template_reads_one_end_of_text():
    # `turns` ends with the end of text, and so do the special tokens that the tokenizer puts around any text.
    tokenizer = encoder_tokenizer("roberta")
    tokenizer.eos_token = "<sep>"
    tokenizer.chat_template = read_template("turns")
    (sequence,) = render(renderer(tokenizer), "a", "b").sequences
    assert tokenizer.decode(sequence) == "<cls>User: a\n\nAssistant: b<sep>"
    (sequence,) = render(renderer(tokenizer), "a", "").sequences
    assert tokenizer.decode(sequence) == "<cls>User: a\n\nAssistant: <sep>"


@pytest.mark.parametrize("writes", [True, False])
def test_a_decoder_reads_one_end_of_text_whether_or_not_its_tokenizer_writes_it(writes):
    tokenizer = decoder_tokenizer(chat_template=False)
    if writes:
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="$A <eos>", pair="$A $B <eos>", special_tokens=[("<eos>", EOS)]
        )
    (sequence,) = render(renderer(tokenizer), "a", "b").sequences
    assert tokenizer.decode(sequence) == "a\n\nb<eos>"
