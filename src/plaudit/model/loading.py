"""From a folder or the hub to a transformers model and tokenizer that can serve as a reward model."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import nn

from plaudit.errors import InvalidInputError, NotFoundError, PlauditError
from plaudit.logs import muted
from plaudit.model.architecture import find_head
from plaudit.model.backbones import PACKAGED
from plaudit.model.checkpoint_heads import HeadStart, check_head, head_names, settle_head

_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def dtype_of(precision: str | None) -> torch.dtype | str:
    """What transformers calls a precision; None: as weights are saved.

    Raises:
        InvalidInputError: if it is none of fp32, bf16 and fp16.

    Example:
        >>> dtype_of("bf16"), dtype_of(None)
        (torch.bfloat16, 'auto')
    """
    return "auto" if precision is None else torch_dtype(precision)


def torch_dtype(precision: str) -> torch.dtype:
    """fp32, bf16 or fp16 as torch calls it; `dtype_of` has the errors."""
    if precision not in _PRECISIONS:
        raise InvalidInputError(f"precision is {precision!r}", remedy=f"it can be {', '.join(_PRECISIONS)}")
    return _PRECISIONS[precision]


def best_device() -> str:
    """A GPU if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def cast(model: Any, dtype: torch.dtype, but: Container[nn.Module] = ()) -> None:
    """Bring a model's parameters to one dtype, in place, but for those of some modules. Buffers stay: rotary
    frequencies in bf16 would turn long texts by the wrong angles."""
    for module in model.modules():
        if module not in but:
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(dtype)


def settle_precision(model: Any, device: str | torch.device) -> None:
    """Where nobody asked for a precision: float32 weights become bf16 on a GPU that multiplies in it, as they were
    trained to be multiplied; the head stays in float32, so that near scores stay apart. On a CPU nothing changes."""
    if model.dtype == torch.float32 and _multiplies_in_bf16(torch.device(device)):
        cast(model, torch.bfloat16, but=[find_head(model)])


def _multiplies_in_bf16(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def load(source: str, trust_remote_code: bool, **options: Any) -> tuple[Any, Any, HeadStart]:
    """Model, tokenizer, and where the head starts: `new` if the checkpoint has none, or none that is a reward's. With
    `num_labels` among the options a checkpoint is wanted as a backbone; without, as the reward model it is.

    Raises:
        PlauditError: if it cannot be read, or weights other than a new head's would be left to chance.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    as_backbone = "num_labels" in options
    try:
        # A new head has no weights yet, which is what was asked for; the error says when the hub did not answer.
        with muted("transformers", "huggingface_hub"):
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=trust_remote_code)
            config = AutoConfig.from_pretrained(source, trust_remote_code=trust_remote_code)
            _check_architecture(source, config, as_backbone)
            model, info = AutoModelForSequenceClassification.from_pretrained(
                source,
                trust_remote_code=trust_remote_code,
                output_loading_info=True,
                use_safetensors=True,
                ignore_mismatched_sizes=True,
                **options,
            )
    except PlauditError:
        raise
    except Exception as error:
        raise _unreadable(source, error) from error
    _check_weights(source, model, info, as_backbone)
    check_vocabulary(source, model, tokenizer, but_padding=as_backbone)
    if as_backbone:
        return model, tokenizer, settle_head(source, config, model, info)
    check_head(source, model, info)
    return model, tokenizer, "kept"


def load_reader(source: str, trust_remote_code: bool = False) -> tuple[Any, Any]:
    """A model without weights, and the tokenizer: what decides how text is read, and no more.

    Raises:
        PlauditError: if there is no such backbone, or its tokenizer is not its own.

    Example:
        >>> model, tokenizer = load_reader("my-backbone")
        >>> model.device.type, tokenizer.eos_token
        ('meta', '<|im_end|>')
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    try:
        with muted("transformers", "huggingface_hub"), torch.device("meta"):
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=trust_remote_code)
            config = AutoConfig.from_pretrained(source, trust_remote_code=trust_remote_code)
            model = AutoModelForSequenceClassification.from_config(config, trust_remote_code=trust_remote_code)
    except Exception as error:
        raise _unreadable(source, error) from error
    check_vocabulary(source, model, tokenizer, but_padding=True)
    return model, tokenizer


def _unreadable(source: str, error: Exception) -> PlauditError:
    # A broken folder comes up as anything: OSError, TypeError, SafetensorError, a validation error of the hub's.
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    if Path(source).is_dir():
        return InvalidInputError(f"cannot load {source!r} as a transformers model: {reason}")
    where = f"(no folder of that name here; packaged: {', '.join(PACKAGED)})"
    close = get_close_matches(source, PACKAGED, 1)
    remedy = f"did you mean {close[0]!r}?" if close else None
    return NotFoundError(f"cannot load {source!r} {where} as a transformers model: {reason}", remedy=remedy)


def _check_weights(source: str, model: Any, info: Mapping[str, Any], as_backbone: bool) -> None:
    """Refuse a checkpoint whose own layers transformers would fill with random numbers. A backbone may lack what its
    first task had no use for, such as a pooler; the layers themselves are the ones with numbers in their names."""
    head = head_names(model)
    misfit = {name for name, *_ in info["mismatched_keys"]} - head
    missing = set(info["missing_keys"]) - head
    if as_backbone:
        missing = {name for name in missing if re.search(r"\.\d+\.", name)}
    for problem, names in (("of another size than its config.json says", misfit), ("missing", missing)):
        if names:
            raise InvalidInputError(
                f"the checkpoint {source!r} is broken: {len(names)} of its weights are {problem} ({min(names)})",
                remedy="copy or download it again",
            )


def check_vocabulary(source: str, model: Any, tokenizer: Any, *, but_padding: bool = False) -> None:
    """Raise if a tokenizer has tokens that a model has no embedding of: texts that hold them could not be read.

    Args:
        source: what both are called.
        model: a transformers model.
        tokenizer: its own.
        but_padding: forgive the padding token, for which `settle_padding` makes room.

    Raises:
        InvalidInputError: if it has.

    Example:
        >>> from plaudit.model import open_model
        >>> model = open_model("my-model")
        >>> check_vocabulary("my-model", model.network.model, model.tokenizer)
        >>> _ = model.tokenizer.add_tokens([f"<tool {number}>" for number in range(1000)])
        >>> check_vocabulary("my-model", model.network.model, model.tokenizer)
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: the tokenizer of my-model has tokens that its weights have no ...
    """
    rows = model.get_input_embeddings().num_embeddings
    beyond = {number: token for token, number in tokenizer.get_vocab().items() if number >= rows}
    if but_padding:
        beyond.pop(tokenizer.pad_token_id, None)
    if beyond:
        first = ", ".join(f"{beyond[number]!r} ({number})" for number in sorted(beyond)[:3])
        raise InvalidInputError(
            f"the tokenizer of {source} has tokens that its weights have no embedding of: {first}"
            f"{f' and {len(beyond) - 3:,} more' if len(beyond) > 3 else ''}; the embedding has {rows:,} rows",
            remedy="take the tokenizer that the weights were trained with, or add rows with transformers' "
            f"`model.resize_token_embeddings({max(beyond) + 1})`, train them and save",
        )


def _check_architecture(source: str, config: Any, as_backbone: bool) -> None:
    names = config.architectures or []
    if not as_backbone and not any(name.endswith("ForSequenceClassification") for name in names):
        what = names[0] if names else "no known architecture"
        raise InvalidInputError(
            f"{source} is not a reward model: it holds {what}",
            remedy=f"train one with `plaudit train --backbone {source}`",
        )


def name_the_output(model: Any) -> None:
    """Say in the configuration that the output is a reward, and that sentence-transformers is to give it as it is: for
    one output its `CrossEncoder` would otherwise give the sigmoid."""
    model.config.sentence_transformers = {"activation_fn": "torch.nn.modules.linear.Identity"}
    model.config.problem_type = "regression"
    model.config.id2label = {0: "reward"}
    model.config.label2id = {"reward": 0}


def settle_padding(model: Any, tokenizer: Any, *, as_trained: bool = False) -> None:
    """Give the model a pad token that never stands inside a text, and let the tokenizer pad at the right. transformers
    pools "the last token that is not padding", so where the end-of-text token doubles as padding it would read one
    token too early.

    Args:
        model: a transformers model.
        tokenizer: its own.
        as_trained: keep the padding that the model knows, whatever it is, for a head that was trained to be read there.

    Example:
        >>> from plaudit.model import open_model
        >>> model = open_model("my-model")
        >>> model.tokenizer.pad_token = model.tokenizer.eos_token  # as many checkpoints have it
        >>> settle_padding(model.network.model, model.tokenizer)
        >>> model.tokenizer.pad_token == model.tokenizer.eos_token
        False
    """
    tokenizer.padding_side = "right"
    known = model.config.get_text_config().pad_token_id
    if as_trained and known in tokenizer.get_vocab().values():
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(known)
        return
    taken = {tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.unk_token_id, tokenizer.sep_token_id}
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id in taken:
        named = [token for token in tokenizer.get_added_vocab() if "pad" in token.lower()]
        free = [token for token in named if tokenizer.convert_tokens_to_ids(token) not in taken]
        tokenizer.add_special_tokens({"pad_token": free[0] if free else "<|pad|>"})
    rows = model.get_input_embeddings().num_embeddings
    if tokenizer.pad_token_id >= rows:
        model.resize_token_embeddings(tokenizer.pad_token_id + 1, mean_resizing=False)
        # Nothing reads it; what transformers draws depends on what was drawn before.
        with torch.no_grad():
            model.get_input_embeddings().weight[rows:] = 0
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
