"""From a folder or the hub to a transformers model and tokenizer that can serve as a reward model."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from plaudit.errors import InvalidInputError, NotFoundError, PlauditError
from plaudit.logs import muted
from plaudit.model.architecture import find_head
from plaudit.model.backbones import PACKAGED


def load(source: str, trust_remote_code: bool, **options: Any) -> tuple[Any, Any, list[str]]:
    """Model, tokenizer, and the names of the head's weights that the checkpoint lacks or has in another size.

    Raises:
        PlauditError: if it cannot be read, or weights other than a new head's would be left to chance.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    new_head = "num_labels" in options
    try:
        # A new head has no weights yet, which is what was asked for; the error says when the hub did not answer.
        with muted("transformers", "huggingface_hub"):
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=trust_remote_code)
            config = AutoConfig.from_pretrained(source, trust_remote_code=trust_remote_code)
            _check_architecture(source, config, new_head)
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
    head = find_head(model)
    names = {name for name, parameter in model.named_parameters() if parameter is head.weight or parameter is head.bias}
    misfit = {name for name, *_ in info["mismatched_keys"]}
    _check_weights(source, misfit - names, set(info["missing_keys"]) - names, new_head)
    return model, tokenizer, sorted(names & (misfit | set(info["missing_keys"])))


def load_reader(source: str, trust_remote_code: bool = False) -> tuple[Any, Any]:
    """A model without weights, and the tokenizer: what decides how text is read, and no more.

    Raises:
        PlauditError: if there is no such backbone.

    Example:
        >>> model, tokenizer = load_reader("my-backbone")
        >>> model.device.type, tokenizer.eos_token
        ('meta', '<|im_end|>')
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    try:
        with muted("transformers", "huggingface_hub"), torch.device("meta"):
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=trust_remote_code)
            config = AutoConfig.from_pretrained(source, trust_remote_code=trust_remote_code)
            model = AutoModelForSequenceClassification.from_config(config, trust_remote_code=trust_remote_code)
    except Exception as error:
        raise _unreadable(source, error) from error
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


def _check_weights(source: str, misfit: set[str], missing: set[str], new_head: bool) -> None:
    """Refuse a checkpoint whose own layers transformers would fill with random numbers. A backbone may lack what its
    first task had no use for, such as a pooler; the layers themselves are the ones with numbers in their names."""
    if new_head:
        missing = {name for name in missing if re.search(r"\.\d+\.", name)}
    for problem, names in (("of another size than its config.json says", misfit), ("missing", missing)):
        if names:
            raise InvalidInputError(
                f"the checkpoint {source!r} is broken: {len(names)} of its weights are {problem} ({min(names)})",
                remedy="copy or download it again",
            )


def _check_architecture(source: str, config: Any, new_head: bool) -> None:
    names = config.architectures or []
    if not new_head and not any(name.endswith("ForSequenceClassification") for name in names):
        what = names[0] if names else "no known architecture"
        raise InvalidInputError(
            f"{source} is not a reward model: it holds {what}",
            remedy=f"train one with `plaudit train --backbone {source}`",
        )


def name_the_output(model: Any) -> None:
    model.config.problem_type = "regression"
    model.config.id2label = {0: "reward"}
    model.config.label2id = {"reward": 0}


def settle_padding(model: Any, tokenizer: Any) -> None:
    """Give the model a pad token that never stands inside a text. transformers pools "the last token that is not
    padding", so where the end-of-text token doubles as padding it would read one token too early.

    Example:
        >>> from plaudit.model import open_model
        >>> model = open_model("my-model")
        >>> model.tokenizer.pad_token = model.tokenizer.eos_token  # as many checkpoints have it
        >>> settle_padding(model.network.model, model.tokenizer)
        >>> model.tokenizer.pad_token == model.tokenizer.eos_token
        False
    """
    taken = {tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.unk_token_id, tokenizer.sep_token_id}
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id in taken:
        named = [token for token in tokenizer.get_added_vocab() if "pad" in token.lower()]
        free = [token for token in named if tokenizer.convert_tokens_to_ids(token) not in taken]
        tokenizer.add_special_tokens({"pad_token": free[0] if free else "<|pad|>"})
        if len(tokenizer) > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
