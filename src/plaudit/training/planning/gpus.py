"""GPUs: what they multiply and hold by their data sheets, and the one that is here."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from plaudit.errors import InvalidInputError

# Arithmetic without sparsity, bf16 with sums in float32. Sources: NVIDIA's data sheets of the B200 (HGX), H200, H100,
# A100, L40S, L4 and A10; the whitepapers of Ada (RTX 4090) and GA102 (RTX 3090).
_TABLE: dict[str, tuple[float, float]] = {
    "b200": (2250, 180),
    "h200": (989, 141),
    "h100": (989, 80),
    "h100-pcie": (756, 80),
    "a100-80gb": (312, 80),
    "a100-40gb": (312, 40),
    "l40s": (362, 48),
    "a10": (125, 24),
    "l4": (121, 24),
    "rtx-4090": (165, 24),
    "rtx-3090": (71, 24),
}
GPU_NAMES = tuple(_TABLE)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run computes.

    Attributes:
        name: of a GPU, as in the table or as the driver calls it; `cpu`.
        count: how many of them.
        memory: bytes of each; None for a CPU, whose memory others use too.
        flops: multiplications and additions a second in bf16, on paper; None where that is not known.

    Example:
        >>> machine_of("4xa100-80gb").count
        4
    """

    name: str
    count: int
    memory: int | None
    flops: float | None


def machine_of(text: str | None) -> Machine:
    """`8xh100` as eight of the table's; None as the GPU that is here, or the CPU.

    Raises:
        InvalidInputError: if there is no such GPU in the table.

    Example:
        >>> machine_of("8xh100")
        Machine(name='h100', count=8, memory=80000000000, flops=989000000000000.0)
    """
    if text is None:
        return _local()
    match = re.fullmatch(r"(?:([1-9]\d*)\s*x\s*)?(\S+)", text.strip().lower())
    if match is None or match[2] not in _TABLE:
        raise InvalidInputError(f"gpus is {text!r}", remedy=f"it must be N x NAME, of {', '.join(_TABLE)}")
    if len(match[1] or "") > 4:
        raise InvalidInputError(f"gpus is {text!r}", remedy="a plan is of 9,999 GPUs at most")
    flops, memory = _TABLE[match[2]]
    return Machine(match[2], int(match[1] or 1), int(memory * 1e9), flops * 1e12)


def _local() -> Machine:
    if not torch.cuda.is_available():
        return Machine("cpu", 1, None, None)
    properties = torch.cuda.get_device_properties(0)
    known = _known(properties.name)
    return Machine(properties.name, 1, properties.total_memory, _TABLE[known][0] * 1e12 if known else None)


def _known(name: str) -> str | None:
    """The entry of a GPU as the driver names it (`NVIDIA A100-SXM4-80GB`): the longest whose parts all stand in it."""
    words = name.lower()
    fits = [entry for entry in _TABLE if all(part in words for part in entry.split("-"))]
    return max(fits, key=len, default=None)
