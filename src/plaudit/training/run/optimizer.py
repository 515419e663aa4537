"""Optimisers by name: AdamW, and the same with moments of 8 bits (Dettmers et al. 2022, "8-bit Optimizers")."""

from __future__ import annotations

from typing import NamedTuple

import torch

from plaudit.errors import InvalidInputError, import_extra


class Optimizer(NamedTuple):
    """What is known of an optimiser.

    Attributes:
        name: in transformers; None: its default.
        moment_bytes: of both moments of a parameter.
    """

    name: str | None
    moment_bytes: float


# A block of 256 numbers of 8 bits has a scale of 4 bytes; each parameter has two such numbers.
_EIGHT_BIT = 2 * (1 + 4 / 256)
OPTIMIZERS = {
    "adamw": Optimizer(None, 8),
    "adamw-8bit": Optimizer("adamw_8bit", _EIGHT_BIT),
    "paged-adamw-8bit": Optimizer("paged_adamw_8bit", _EIGHT_BIT),
}


def check_optimizer(name: str) -> None:
    """Refuse an optimiser that this machine cannot run.

    Raises:
        PlauditError: says what is missing.
    """
    if name.startswith("paged") and not torch.cuda.is_available():
        raise InvalidInputError(
            f"optimizer={name} moves what a GPU has no room for, and there is no GPU", remedy="use adamw-8bit"
        )
    if OPTIMIZERS[name].name:
        import_extra("bitsandbytes", "quantized", f"optimizer={name}")


def optimizer_arguments(name: str) -> dict[str, str]:
    """The optimiser as transformers' trainer is told it."""
    known = OPTIMIZERS[name].name
    return {"optim": known} if known else {}
