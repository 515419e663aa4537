"""Arrays of the host on their way to the device that computes."""

from __future__ import annotations

import torch
from jaxtyping import Shaped
from numpy import ndarray


def on_device(
    array: Shaped[ndarray, "*shape"], device: torch.device | str | None = None, dtype: torch.dtype | None = None
) -> Shaped[torch.Tensor, "*shape"]:
    """An array as a tensor there, without waiting for what the device computes.

    To a GPU it goes from pinned memory. From memory that is not, the host may first wait until the device has computed
    everything before, and so it does where the copy is made in another precision.

    Args:
        array: not to be written to afterwards; on a CPU the tensor may be a view of it.
        device: where to; None: stay on the CPU.
        dtype: of the tensor; the array's if None.

    Example:
        >>> import numpy as np
        >>> on_device(np.arange(3), "cpu", torch.float32)
        tensor([0., 1., 2.])
    """
    tensor = torch.from_numpy(array).to(dtype)
    if device is not None and torch.device(device).type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)
