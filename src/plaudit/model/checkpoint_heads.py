"""Which head a checkpoint brings: one that is kept, one under another name that is taken over, or one that is left out
and named."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from jaxtyping import Shaped
from safetensors import safe_open
from torch import Tensor

from plaudit.errors import InvalidInputError
from plaudit.model.architecture import find_head

logger = logging.getLogger(__name__)

HeadStart: TypeAlias = Literal["new", "kept", "taken"]
"""Where a reward head starts: from nothing, as the checkpoint has it, or from one that it calls otherwise."""

# What is made for other tasks and expected of a backbone: heads of language models, poolers, buffers.
_EXPECTED = re.compile(
    r"^(cls|decoder|lm_predictions|mask_predictions|pred_layer|sequence_summary)\."
    r"|(^|\.)(lm_head|lm_loss|embed_out|pooler)\."
    r"|(^|\.)(generator|discriminator)_(lm_head|predictions)\."
    r"|(^|\.)vocab_(transform|layer_norm|projector)\."
    r"|(^|\.)(position_ids|inv_freq|masked_bias)$|attn\.bias$"
)

# One output a token, read at the last one: what TRL and LLaMA-Factory (`v_head.summary`), OpenRLHF (`value_head`) and
# others call the head of a reward model or of a critic.
_REWARD = re.compile(r"^(.*\.)?(v|value|reward|rm|score|scalar|regression)_?head(\.summary)?\.weight$")

# LLaMA-Factory writes its head beside the checkpoint's own files.
_SEPARATE_FILE = "value_head.safetensors"

# What heads of these classes say of tokens is no score of an answer, even where the weights would fit.
_OF_TOKENS = {"ForTokenClassification": "a token classifier", "ForQuestionAnswering": "question answering"}


_SHOWN = 4


def check_head(source: str, model: Any, info: Mapping[str, Any]) -> None:
    """Raise unless a checkpoint that is to be used as it is brings a head of one output.

    Args:
        source: the folder or hub id.
        model: the sequence-classification model that was made of it.
        info: what transformers says of loading it.

    Raises:
        InvalidInputError: if it does not.
    """
    remedy = f"train one with `plaudit train --backbone {source}`"
    if model.config.num_labels != 1:
        why = f"its head has {model.config.num_labels} outputs, not 1"
    elif names := head_names(model) & _without_weights(info):
        others = _left_out(source, info)
        why = f"it has no reward head ({min(names)})" + (f", but {_listed(others)}" if others else "")
    else:
        return
    raise InvalidInputError(f"{source} is not a reward model: {why}", remedy=remedy)


def settle_head(source: str, config: Any, model: Any, info: Mapping[str, Any]) -> HeadStart:
    """Decide where the reward head on a backbone starts, and warn of what the checkpoint has and a reward model leaves
    out, in one line.

    A head of one output that is called a reward's or a value's is taken over on a decoder, where it reads what ours
    reads, the hidden state of the last token. On an encoder what stands before it differs from class to class, so there
    it is left out. A constant is dropped: it changes no comparison.

    Args:
        source: the folder or hub id.
        config: the checkpoint's own.
        model: the sequence-classification model that was made of it, with one output.
        info: what transformers says of loading it.
    """
    is_new = bool(head_names(model) & _without_weights(info))
    left_out = _left_out(source, info)
    if is_new and hasattr(model, "score") and (name := _reward_head(left_out)) and _take(source, name, model):
        rest = {other: why for other, why in left_out.items() if other.rpartition(".")[0] != name.rpartition(".")[0]}
        left = f" (left out: {_listed(rest)})" if rest else ""
        logger.warning("%s calls its head otherwise: %s is taken as the reward head%s", source, name, left)
        return "taken"
    named = (config.architectures or [""])[0]
    for ending, task in _OF_TOKENS.items():
        if named.endswith(ending) and not is_new:
            left_out |= dict.fromkeys(head_names(model), f"of {task}")
            is_new = True
    if left_out:
        instead = "a new reward head starts" if is_new else "its reward head is kept"
        logger.warning("%s has weights that are left out: %s; %s", source, _listed(left_out), instead)
    return "new" if is_new else "kept"


def head_names(model: Any) -> set[str]:
    """The names of the weights of its last linear layer."""
    head = find_head(model)
    return {name for name, parameter in model.named_parameters() if parameter is head.weight or parameter is head.bias}


def _without_weights(info: Mapping[str, Any]) -> set[str]:
    return set(info["missing_keys"]) | {name for name, *_ in info["mismatched_keys"]}


def _left_out(source: str, info: Mapping[str, Any]) -> dict[str, str]:
    """Weights of the checkpoint that no reward model reads and no backbone is expected to bring -> what is odd about
    them, if anything."""
    unfit = {name: f"{stored[0]} outputs" if stored else "" for name, stored, _ in info["mismatched_keys"]}
    unknown = dict.fromkeys(sorted(name for name in info["unexpected_keys"] if not _EXPECTED.search(name)), "")
    separate = dict.fromkeys(sorted(_tensors(Path(source) / _SEPARATE_FILE)), "")
    return {**unfit, **unknown, **separate}


def _reward_head(names: Mapping[str, str]) -> str | None:
    """The one weight that is by its name a reward's or a value's head, and whole without any other."""
    heads = [name for name in names if _REWARD.match(name)]
    if len(heads) != 1:
        return None
    start = f"{heads[0].split('head')[0]}head."
    of_it = [name for name in names if name.startswith(start)]
    return heads[0] if set(of_it) <= {heads[0], f"{heads[0].rpartition('.')[0]}.bias"} else None


def _take(source: str, name: str, model: Any) -> bool:
    """Copy a stored weight into the model's head, if it is of its shape."""
    weight = find_head(model).weight
    for path in _files(source):
        stored = _tensors(path, name).get(name)
        if stored is not None and stored.shape == weight.shape:
            with torch.no_grad():
                weight.copy_(stored)
            return True
    return False


def _files(source: str) -> list[Path]:
    """The files of weights of a checkpoint that was just loaded, from a folder or from the hub."""
    from huggingface_hub import try_to_load_from_cache

    folder = Path(source)
    if not folder.is_dir():
        cached = try_to_load_from_cache(source, "config.json")
        if not isinstance(cached, str):
            return []
        folder = Path(cached).parent
    return sorted(folder.glob("*.safetensors"))


def _tensors(path: Path, wanted: str | None = None) -> dict[str, Shaped[Tensor, "*_"]]:
    """The tensors of a file, all or the one that is wanted; none where there is no such file."""
    if not path.is_file():
        return {}
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys() if wanted in (None, name)}  # noqa: SIM118


def _listed(names: Mapping[str, str]) -> str:
    """The weights in words; a bias goes with its weight, and a long list is cut."""
    shown = [name for name in names if f"{name.removesuffix('.bias')}.weight" not in names or name.endswith(".weight")]
    words = [f"{name} ({names[name]})" if names[name] else name for name in shown]
    more = [f"{len(words) - _SHOWN} more"] if len(words) > _SHOWN else []
    return ", ".join([*words[:_SHOWN], *more])
