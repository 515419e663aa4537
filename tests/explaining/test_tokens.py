"""Tokens as spans of the response's text."""

import pytest
import tiny

from plaudit.errors import PlauditError
from plaudit.explaining.networks import NetworkView
from plaudit.explaining.tokens import TokenSpan, locate_tokens, merge_tokens
from plaudit.groups import Group
from plaudit.model import RewardModel

TEXTS = [
    "the cat sat",
    "  two  spaces and a tail \n",
    "天空为什么是蓝色的",
    "an emoji 😀, a flag 🇩🇪 and a family 👨‍👩‍👧",
    "def f(x):\n\treturn x  # the dog\n",
    "a",
    " ",
    "special <eos> and <|im_end|> and <pad> inside",
    "half \ud83d a pair",
    "combining e\u0301 and İstanbul",
]


@pytest.fixture(scope="module", params=["llama", "llama-plain", "bert", "roberta"])
def model(request, tmp_path_factory):
    family, _, plain = request.param.partition("-")
    options = {"chat_template": False} if plain else {}
    folder = tiny.tiny_model_folder(tmp_path_factory.mktemp("model"), family, **options)
    return RewardModel.from_pretrained(folder, device="cpu")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("prompt", ["why is the sky blue", ""])
def test_pieces_make_up_the_response(model, prompt, text):
    view = NetworkView(model, Group("", prompt, (text,)))
    assert "".join(view.text[p.start : p.end] for p in view.tokens) == view.text == text.replace("\ud83d", "\ufffd")
    assert all(p.is_read for p in view.tokens)


def test_bytes_of_one_character_are_one_piece(model):
    view = NetworkView(model, Group("", "why", ("ok 😀!",)))
    (piece,) = (p for p in view.tokens if "😀" in view.text[p.start : p.end])
    assert view.text[piece.start : piece.end].strip() == "😀"
    assert piece.last - piece.first > 1


def test_an_empty_response_has_no_pieces(model):
    assert NetworkView(model, Group("", "why", ("",))).tokens == ()


def test_what_was_cut_off_is_a_piece_that_nobody_read(tmp_path):
    folder = tiny.tiny_model_folder(tmp_path, "llama", max_length=48)
    model = RewardModel.from_pretrained(folder, device="cpu")
    text = "the cat sat on the mat " * 20
    view = NetworkView(model, Group("", "why", (text,)))
    (unread,) = (p for p in view.tokens if not p.is_read)
    assert "".join(view.text[p.start : p.end] for p in view.tokens) == text
    assert unread.end - unread.start > 300
    # The end of the turn is kept, and with it the space before it.
    assert unread.end == len(text.rstrip())
    view = NetworkView(model, Group("", "why", (text.rstrip(),)))
    assert [p.is_read for p in view.tokens] == [True] * (len(view.tokens) - 1) + [False]


def test_messages_have_pieces_for_their_contents_only(tmp_path):
    folder = tiny.tiny_model_folder(tmp_path, "llama")
    model = RewardModel.from_pretrained(folder, device="cpu")
    response = (
        {"role": "assistant", "content": "the cat"},
        {"role": "user", "content": "user"},
        {"role": "assistant", "content": "the dog"},
    )
    view = NetworkView(model, Group("", "why", (response,)))
    assert "".join(view.text[p.start : p.end] for p in view.tokens) == "the cat\n\nuser\n\nthe dog"
    read = sum(p.last - p.first for p in view.tokens)
    alone = sum(len(model.tokenizer(m["content"])["input_ids"]) for m in response)
    assert read == alone


def test_a_template_that_trims_is_followed_and_one_that_changes_is_refused(tmp_path):
    trimming = tiny.CHATML.replace("message['content']", "message['content'] | trim")
    folder = tiny.tiny_model_folder(tmp_path / "trim", "llama", chat_template=trimming)
    view = NetworkView(RewardModel.from_pretrained(folder, device="cpu"), Group("", "why", ("  the cat  ",)))
    assert "".join(view.text[p.start : p.end] for p in view.tokens) == "  the cat  "
    shouting = tiny.CHATML.replace("message['content']", "message['content'] | upper")
    folder = tiny.tiny_model_folder(tmp_path / "shout", "llama", chat_template=shouting)
    with pytest.raises(PlauditError, match="changes the response's text"):
        NetworkView(RewardModel.from_pretrained(folder, device="cpu"), Group("", "why", ("the cat",)))


def test_pieces_by_hand():
    # "é" read as two tokens of one character, a token that stands nowhere, and a space that nothing reads.
    spans = [(0, 1, 4), (2, 3, 5), (2, 3, 6), (3, 3, 7), (5, 6, 8)]
    a, e, x, b, rest = (
        TokenSpan(0, 1, 4, 5),
        TokenSpan(1, 3, 5, 8),
        TokenSpan(3, 4, 0, 0),
        TokenSpan(4, 6, 8, 9),
        TokenSpan(6, 8, 0, 0),
    )
    assert merge_tokens("a éx b y", spans) == (a, e, x, b, rest)


def test_places_follow_the_order_of_messages():
    import numpy as np

    rendered = "user<sep>user<end>"
    response = ({"role": "a", "content": "user"}, {"role": "b", "content": "user"})
    spans = np.array([(0, 4), (4, 9), (9, 13), (13, 18), (0, 0)])
    assert locate_tokens(rendered, response, spans) == [(0, 4, 0), (6, 10, 2)]
