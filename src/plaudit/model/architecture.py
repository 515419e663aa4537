"""What differs between transformers' sequence-classification classes: where the head is, what it reads, how positions
count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from plaudit.errors import InvalidInputError
from plaudit.forest import Forest

HeadInput = Float[Tensor, "responses hidden"]
FirstStates = Float[Tensor, "responses 1 hidden"]


def find_head(model: Any) -> nn.Linear:
    """The last linear layer of a sequence-classification model, by the names transformers uses.

    Raises:
        PlauditError: if there is none of these names.
    """
    for path in ("score", "classifier.out_proj", "classifier"):
        module = model
        for name in path.split("."):
            module = getattr(module, name, None)
        # peft keeps a trained copy of the head beside the original.
        module = getattr(module, "modules_to_save", {}).get("default", module) if module is not None else None
        if isinstance(module, nn.Linear):
            return module
    raise InvalidInputError(
        f"{type(model).__name__} has no linear head called score or classifier",
        remedy="use a checkpoint of a sequence-classification model",
    )


def encoder_features(model: Any, first: HeadInput) -> HeadInput:
    """What an encoder's class gives its last linear layer, from the hidden states of the first tokens."""
    return _ENCODER_FEATURES[model.config.model_type](model, first[:, None])


def unreadable_head(config: Any) -> str | None:
    """Why the head of an encoder cannot be given hidden states of its first token; None where it can."""
    if config.model_type not in _ENCODER_FEATURES:
        return f"the head of {config.model_type} is not known"
    if getattr(config, "classifier_pooling", "cls") != "cls":
        return f"it pools by {config.classifier_pooling}"
    return None


def head_input(model: Any, head: nn.Linear, inputs: dict[str, Shaped[Tensor, "batch longest"]]) -> HeadInput:
    """What the last linear layer inside a model is given, whatever stands before it."""
    seen: list[HeadInput] = []

    def read(module: nn.Linear, arguments: tuple[HeadInput]) -> tuple[HeadInput]:
        seen.append(arguments[0])
        # A head may be in float32 behind a backbone in fewer bits.
        return (arguments[0].to(module.weight.dtype),)

    hook = head.register_forward_pre_hook(read)
    try:
        model(**inputs)
    finally:
        hook.remove()
    return seen[0]


def first_position(backbone: Any) -> int:
    """Where an architecture starts counting: 0, but RoBERTa counts positions from its padding index + 1."""
    embeddings: Any = getattr(backbone, "embeddings", None)
    return embeddings.padding_idx + 1 if hasattr(embeddings, "create_position_ids_from_input_ids") else 0


def positions(backbone: Any, forest: Forest) -> Int[Tensor, "1 tokens"]:
    """Each token's position as an architecture counts it."""
    start = first_position(backbone)
    if not start:
        return forest.positions
    # RoBERTa steps over a padding token wherever it stands, also where someone wrote `<pad>` in a text.
    padding = start - 1
    real = (forest.tokens != padding).long()
    count = real.cumsum(1)
    begin = torch.arange(count.shape[1], device=count.device) - forest.positions[0]
    return (count - (count - real)[:, begin]) * real + padding


def _roberta_features(head: Any, first: FirstStates) -> HeadInput:
    features: HeadInput = head.dropout(torch.tanh(head.dense(head.dropout(first[:, 0]))))
    return features


def _electra_features(head: Any, first: FirstStates) -> HeadInput:
    features: HeadInput = head.dropout(head.activation(head.dense(head.dropout(first[:, 0]))))
    return features


# How the head of an encoder class turns the hidden states of first tokens into features for
# its last linear layer. A causal model needs none: its head is that linear layer. An encoder not listed here is padded.
_ENCODER_FEATURES: dict[str, Callable[[Any, FirstStates], HeadInput]] = {
    "bert": lambda model, first: model.dropout(model.bert.pooler(first)),
    "roberta": lambda model, first: _roberta_features(model.classifier, first),
    "xlm-roberta": lambda model, first: _roberta_features(model.classifier, first),
    "electra": lambda model, first: _electra_features(model.classifier, first),
    "modernbert": lambda model, first: model.drop(model.head(first[:, 0])),
}
