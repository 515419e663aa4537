"""A decoder and the renderer of its conversations: what fine-tuning trains, and what a policy is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plaudit.errors import InvalidInputError
from plaudit.model import Renderer, read_template, settle_padding
from plaudit.training.language_model.network import context, open_language_model


def open_decoder(
    name: str | Path,
    *,
    max_length: int | None = None,
    chat_template: str | None = None,
    trust_remote_code: bool = False,
) -> tuple[Any, Renderer]:
    """A causal language model in float32, and the renderer that writes conversations in its tokens.

    Args:
        name: a packaged decoder, a folder or a hub id.
        max_length: most tokens of a prompt and a response; None: as many as its context holds.
        chat_template: a Jinja file or a built-in template's name, in place of the tokenizer's own.
        trust_remote_code: run code that comes with the checkpoint.

    Raises:
        PlauditError: if it cannot be read, is an encoder, or has a smaller context.

    Example:
        >>> model, renderer = open_decoder("my-backbone")
        >>> renderer.causal, renderer.max_length == model.config.max_position_embeddings
        (True, True)
    """
    model, tokenizer, _ = open_language_model(name, decoder=True, trust_remote_code=trust_remote_code)
    if template := read_template(chat_template):
        tokenizer.chat_template = template
    settle_padding(model, tokenizer)
    most = context(model, tokenizer)
    if max_length is not None and max_length > most:
        raise InvalidInputError(f"max_length is {max_length}, but the backbone's context holds {most} tokens")
    renderer = Renderer(
        tokenizer,
        max_length=max_length or most,
        causal=True,
        segments=False,
        padding=tokenizer.pad_token_id,
    )
    return model, renderer
