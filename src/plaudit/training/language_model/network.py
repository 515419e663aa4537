"""Language models: opening one by the name of a backbone, and saving one so that it serves as a backbone."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Shaped
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from plaudit.errors import InvalidInputError, PlauditError
from plaudit.logs import muted
from plaudit.model import check_vocabulary, resolve, staged
from plaudit.storage import versions, write_record

logger = logging.getLogger(__name__)

NEXT_TOKEN, MASKED = "next-token", "masked"
OBJECTIVES = (NEXT_TOKEN, MASKED)


def open_language_model(
    name: str | Path, objective: str | None = None, *, decoder: bool = False, trust_remote_code: bool = False
) -> tuple[Any, Any, str]:
    """Model (in float32), tokenizer and objective of a backbone.

    Args:
        name: a packaged backbone, a local folder or a hub id.
        objective: `next-token` or `masked`; None: the one the backbone was made for.
        decoder: refuse an encoder, before its weights are read.
        trust_remote_code: run code that comes with the checkpoint.

    Raises:
        PlauditError: if it cannot be read, was made for another objective, or is an encoder where none is wanted.
    """
    source = resolve(name)
    options = {"trust_remote_code": trust_remote_code}
    try:
        with muted("transformers", "huggingface_hub"):
            made_for = _objective(AutoConfig.from_pretrained(source, **options), str(name))
            if decoder and made_for != NEXT_TOKEN:
                raise InvalidInputError(f"{name} is an encoder, which writes no responses", remedy="take a decoder")
            if objective not in (None, made_for):
                raise InvalidInputError(
                    f"the backbone {name} is made for {made_for}, not {objective}", remedy="leave --objective out"
                )
            tokenizer = AutoTokenizer.from_pretrained(source, **options)
            auto = AutoModelForMaskedLM if made_for == MASKED else AutoModelForCausalLM
            model, info = auto.from_pretrained(
                source, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **options
            )
            check_vocabulary(str(name), model, tokenizer, but_padding=True)
    except PlauditError:
        raise
    except Exception as error:
        # A broken folder comes up as anything: OSError, TypeError, SafetensorError, a validation error of the hub's.
        raise InvalidInputError(
            f"cannot load {name} as a language model: {' '.join(str(error).split())[:300]}"
        ) from error
    if made_for == MASKED and tokenizer.mask_token is None:
        raise InvalidInputError(f"the tokenizer of {name} has no mask token", remedy="pretrain another encoder")
    missing = sorted(info["missing_keys"])
    if layers := [key for key in missing if re.search(r"\.\d+\.", key)]:
        raise InvalidInputError(
            f"the checkpoint {name} is broken: {layers[0]} is missing", remedy="copy or download it again"
        )
    if missing:
        logger.warning("%s comes without its language-model head; a new one starts from nothing", name)
    return model, tokenizer, made_for


def _objective(config: Any, name: str) -> str:
    if config.is_encoder_decoder:
        raise InvalidInputError(
            f"{name} is an encoder-decoder, which cannot serve as a backbone", remedy="take a decoder or encoder"
        )
    # Encoders are in both tables: some can be told to act as decoders.
    for objective, table in (
        (MASKED, MODEL_FOR_MASKED_LM_MAPPING_NAMES),
        (NEXT_TOKEN, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    ):
        if config.model_type in table:
            return objective
    raise InvalidInputError(f"{name} is a {config.model_type}, which transformers has no language model of")


def context(model: Any, tokenizer: Any) -> int:
    """Most tokens a model can read."""
    config = model.config.get_text_config()
    known = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 1 << 20
    return min(int(known), int(tokenizer.model_max_length))


def weights_beside_the_head(
    name: str | Path, model: Any, *, trust_remote_code: bool = False
) -> dict[str, Shaped[torch.Tensor, "*_"]]:
    """Weights of a backbone that a language model has no use for and a reward model has: an encoder's pooler."""
    with muted("transformers", "huggingface_hub"):
        whole, info = AutoModel.from_pretrained(
            resolve(name), dtype=torch.float32, output_loading_info=True, trust_remote_code=trust_remote_code
        )
    known = set(model.base_model.state_dict()) | set(info["missing_keys"])
    return {f"{model.base_model_prefix}.{k}": v for k, v in whole.state_dict().items() if k not in known}


def backbone_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The run record of a backbone, out of that of its run.

    Example:
        >>> backbone_record({"stage": "sft"})["plaudit"]
        'backbone'
    """
    return {"plaudit": "backbone", **record, "versions": versions()}


def save_language_model(
    folder: Path,
    model: Any,
    tokenizer: Any,
    record: Mapping[str, Any],
    card: str,
    more: Mapping[str, Shaped[torch.Tensor, "*_"]] = {},
    write_more: Callable[[Path], object] = lambda folder: None,
) -> None:
    """Write an ordinary checkpoint with its tokenizer, `plaudit.json` and README.md beside it, or leave what was there.

    Args:
        folder: where to.
        model: a transformers language model.
        tokenizer: its own.
        record: the run record.
        card: the text of README.md.
        more: further weights by name (see `weights_beside_the_head`).
        write_more: writes what else belongs into the folder.

    Example:
        >>> from plaudit.training import open_decoder
        >>> model, renderer = open_decoder("my-backbone")
        >>> save_language_model(Path("copy"), model, renderer.tokenizer, backbone_record({"stage": "copy"}), "# A copy")
        >>> (Path("copy") / "plaudit.json").is_file()
        True
    """
    with staged(folder) as staging, muted("transformers", "huggingface_hub"):
        model.save_pretrained(staging, state_dict={**model.state_dict(), **more})
        tokenizer.save_pretrained(staging)
        write_record(staging, record, card)
        write_more(staging)
