"""Does a picture depend on what the model learned? A method that draws the same one for a network with its weights
shuffled explains the input, not the model (Adebayo, Gilmer, Muelly, Goodfellow, Hardt & Kim, Sanity Checks for Saliency
Maps, NeurIPS 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
@torch.no_grad()
def shuffled(networks: Sequence[nn.Module], seed: int = 0) -> Iterator[None]:
    """Inside, the entries of every weight tensor are shuffled: each keeps its values, and says nothing."""
    generator = torch.Generator().manual_seed(seed)
    parameters = [parameter for network in networks for parameter in network.parameters()]
    kept = [parameter.detach().clone() for parameter in parameters]
    try:
        for parameter in parameters:
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
        yield
    finally:
        with torch.no_grad():
            for parameter, own in zip(parameters, kept, strict=True):
                parameter.copy_(own)
