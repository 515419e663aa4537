"""Frozen weights in fewer bits than what learns beside them, and how they become plain weights again.

`bf16` and `4bit` (NF4 with nested scales, Dettmers et al. 2023, "QLoRA", by bitsandbytes) hold a backbone that does not
learn. What does, LoRA adapters and the head, stays in float32 beside it.

A model that learned beside 4-bit weights is saved as what it learned on: the 4-bit weights are dequantised, then the
adapters are added. Reading the original weights again and adding the adapters to those would save another model than
the one whose validation loss was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from jaxtyping import Float
from torch import nn

from plaudit.errors import import_extra
from plaudit.logs import muted
from plaudit.model.architecture import find_head
from plaudit.model.loading import cast, torch_dtype

_HEADS = ["score", "classifier"]
"""What transformers calls heads; they are not quantised."""


_WEIGHTS: ContextVar[str] = ContextVar("weights of frozen backbones", default="fp32")


@contextmanager
def frozen_in(weights: str) -> Iterator[None]:
    """Inside, `RewardModel.from_backbone` loads a backbone that is going to stay frozen in `fp32`, `bf16` or `4bit`.
    Its head is in float32 whatever the others are.

    Example:
        >>> from plaudit.model import RewardModel
        >>> with frozen_in("bf16"):
        ...     network = RewardModel.from_backbone("my-backbone").network
        >>> network.dtype, network.head.weight.dtype
        (torch.bfloat16, torch.float32)
    """
    token = _WEIGHTS.set(weights)
    try:
        yield
    finally:
        _WEIGHTS.reset(token)


def frozen_options() -> dict[str, Any]:
    """Arguments of `from_pretrained` that load a backbone in the weights of `frozen_in`.

    Raises:
        PlauditError: if 4bit is asked for without bitsandbytes.
    """
    weights = _WEIGHTS.get()
    if weights != "4bit":
        return {"dtype": torch_dtype(weights)}
    import_extra("bitsandbytes", "quantized", "weights=4bit")
    from transformers import BitsAndBytesConfig

    # A CPU multiplies in float32; bf16 there would only round.
    compute = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
        llm_int8_skip_modules=_HEADS,
    )
    return {"dtype": compute, "quantization_config": config}


def settle_frozen(model: Any) -> None:
    """Prepare a model whose weights may be in fewer bits than fp32, in place: its head learns in float32, and 4-bit
    weights stay as they are. On some CPUs bitsandbytes packs them otherwise where no gradient is asked for, and what is
    packed so can be neither learned through nor merged."""
    find_head(model).to(torch.float32)
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def merge_lora(model: Any, precision: str | None = None) -> Any:
    """Fold adapters into the weights they stand beside, and make these plain weights of one precision.

    Args:
        model: with peft's adapters, or a plain transformers model; changed in place.
        precision: `fp32`, `bf16` or `fp16`; None: as the weights are, in which a sum of both is rounded. 4-bit weights
            become what they were computed in.

    Returns:
        The transformers model; the same one where there is nothing to fold.

    Example:
        >>> from plaudit.model import RewardModel
        >>> model = RewardModel.from_backbone("my-backbone").network.model
        >>> merge_lora(model) is model  # it has no adapters
        True
    """
    adapted = hasattr(model, "merge_and_unload")
    base = model.get_base_model() if adapted else model
    quantised = getattr(base, "is_loaded_in_4bit", False)
    if adapted and not quantised and base.dtype == torch.float32:
        base = model.merge_and_unload()
    else:
        deltas = _deltas(base) if adapted else {}
        base = model.unload() if adapted else base
        if quantised:
            with muted("transformers"):
                base = base.dequantize(dtype=base.config.quantization_config.bnb_4bit_compute_dtype)
            base.is_loaded_in_4bit = False
        with torch.no_grad():
            # One layer at a time, so that a model that just fits is widened where it stands.
            for name, delta in deltas.items():
                weight: nn.Parameter = base.get_submodule(name).weight
                dtype = weight.dtype if precision is None else torch_dtype(precision)
                weight.data = (weight.float() + delta).to(dtype)
    if precision is not None:
        cast(base, torch_dtype(precision))
    return base


def _deltas(base: Any) -> dict[str, Float[torch.Tensor, "out features"]]:
    """What adapters add to the weights of each module, by its name, in float32."""
    from peft.tuners.lora import LoraLayer

    return {
        name: module.get_delta_weight("default").float()
        for name, module in base.named_modules()
        if isinstance(module, LoraLayer)
    }
