"""The renderer that belongs to a backbone: what it reads, how long its context is, where it is scored."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from plaudit.errors import InvalidInputError
from plaudit.model.architecture import first_position
from plaudit.model.backbones import resolve
from plaudit.model.heads import PLAIN, Outputs
from plaudit.model.layouts.forest import ForestLayout
from plaudit.model.loading import load_reader
from plaudit.model.network import RewardNetwork
from plaudit.model.rendering import Renderer
from plaudit.model.templates import read_template
from plaudit.storage import read_record


def open_renderer(name: str | Path, *, max_length: int | None = None, chat_template: str | None = None) -> Renderer:
    """The renderer of a backbone or of a trained model, without its weights.

    Args:
        name: a packaged backbone, a local folder or a hub id.
        max_length: most tokens of prompt and response together; as the model was trained, or the backbone's context.
        chat_template: a Jinja file or the name of a built-in template, in place of the tokenizer's own.

    Raises:
        PlauditError: if there is no such backbone.

    Example:
        >>> open_renderer("my-model").max_length
        256
    """
    record = read_record(Path(name).expanduser())
    model, tokenizer = load_reader(resolve(name))
    if template := read_template(chat_template):
        tokenizer.chat_template = template
    return renderer_of(model, tokenizer, max_length or record.get("max_length"))


class Skeleton(NamedTuple):
    """A backbone without weights: all that decides what is computed, and nothing that is computed with.

    Attributes:
        network: on torch's device `meta`; it grows trees, and has the configuration.
        tokenizer: its own.
        renderer: groups -> token sequences.

    Example:
        >>> from plaudit.groups import Group
        >>> skeleton = open_skeleton("my-backbone")
        >>> [item] = skeleton.renderer.render([Group("q", "2 + 2?", ("4", "5"))])
        >>> len(skeleton.network.grow(item.sequences).branches)
        2
    """

    network: RewardNetwork
    tokenizer: Any
    renderer: Renderer


def open_skeleton(
    name: str | Path,
    *,
    max_length: int | None = None,
    chat_template: str | None = None,
    trust_remote_code: bool = False,
    outputs: Outputs = PLAIN,
) -> Skeleton:
    """A backbone as `RewardModel.from_backbone` would open it, without its weights.

    Raises:
        PlauditError: if there is no such backbone.

    Example:
        >>> skeleton = open_skeleton("my-backbone")
        >>> skeleton.network.device.type, skeleton.renderer.max_length
        ('meta', 256)
    """
    model, tokenizer = load_reader(resolve(name), trust_remote_code)
    if template := read_template(chat_template):
        tokenizer.chat_template = template
    network = RewardNetwork(model, causal=hasattr(model, "score"), outputs=outputs)
    # An architecture that knows no other attention than its own has padded batches.
    with suppress(ValueError):
        network.layout = ForestLayout()
    return Skeleton(network, tokenizer, renderer_of(model, tokenizer, max_length))


def renderer_of(model: Any, tokenizer: Any, max_length: int | None = None) -> Renderer:
    """The renderer of a sequence-classification model.

    Raises:
        InvalidInputError: if `max_length` is more than its context holds.
    """
    # transformers calls a decoder's head `score` and an encoder's `classifier`.
    causal = hasattr(model, "score")
    context = _context(model, tokenizer)
    if max_length is not None and not 1 <= max_length <= context:
        raise InvalidInputError(f"max_length is {max_length}, but the backbone's context holds 1 to {context} tokens")
    return Renderer(
        tokenizer,
        max_length=max_length or context,
        causal=causal,
        segments=not causal and "token_type_ids" in tokenizer.model_input_names,
        padding=model.config.get_text_config().pad_token_id if causal else None,
    )


def _context(model: Any, tokenizer: Any) -> int:
    """Most tokens the backbone can read."""
    config = model.config.get_text_config()
    known = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 1 << 20
    # RoBERTa spends its first position embeddings on padding.
    return min(int(known) - first_position(getattr(model, model.base_model_prefix)), int(tokenizer.model_max_length))
