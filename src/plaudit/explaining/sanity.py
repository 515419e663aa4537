"""A sanity check of attributions: the same network with its weights shuffled.

A method that attributes the same to a network that has learned nothing explains the input, not the model (Adebayo,
Gilmer, Muelly, Goodfellow, Hardt & Kim, Sanity Checks for Saliency Maps, NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def shuffled_weights(networks: Sequence[nn.Module], seed: int = 0) -> Iterator[None]:
    """Inside, the entries of every weight tensor are permuted at random; afterwards they are as they were."""
    generator = torch.Generator().manual_seed(seed)
    parameters = [parameter for network in networks for parameter in network.parameters()]
    originals = [parameter.detach().clone() for parameter in parameters]
    try:
        with torch.no_grad():
            for parameter in parameters:
                order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
                parameter.copy_(parameter.flatten()[order].view_as(parameter))
        yield
    finally:
        with torch.no_grad():
            for parameter, original in zip(parameters, originals, strict=True):
                parameter.copy_(original)
