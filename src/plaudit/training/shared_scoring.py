"""Scoring while training: many groups, by all processes together.

Each process computes its share of the forests, and every one gets all outputs. Windows of groups bound memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from accelerate import PartialState

from plaudit.forest import on_device, pack_evenly
from plaudit.model import Rendered, RewardNetwork, grow_shared
from plaudit.training.objective import RawOutputs
from plaudit.training.run.processes import sum_over_processes

# Groups whose forests are dealt together, times the number of processes.
_WINDOW = 512


@torch.no_grad()
def shared_outputs(
    network: RewardNetwork, items: Sequence[Rendered], batch_tokens: int
) -> Iterator[tuple[range, RawOutputs]]:
    """The head's outputs for rendered groups, window by window.

    Args:
        network: the same in all processes.
        items: rendered groups; read once, in order.
        batch_tokens: tokens of one forward pass.

    Yields:
        The numbers of some groups, and the outputs for all their responses, in order, in every process.
    """
    network.eval()
    state = PartialState()
    rank, ranks = state.process_index, state.num_processes
    window = _WINDOW * ranks
    for start in range(0, len(items), window):
        numbers = range(start, min(start + window, len(items)))
        trees, rows = grow_shared(network, [items[number] for number in numbers], batch_tokens)
        sizes = [len(tree) for tree in trees]
        counts = [len(tree.branches) for tree in trees]
        first = np.cumsum([0, *counts])
        shape = (sum(counts), network.outputs.heads, network.outputs.width)
        raw = torch.zeros(shape, dtype=torch.promote_types(network.dtype, torch.float32), device=network.device)
        for forest in pack_evenly(sizes, sizes, batch_tokens, ranks)[rank]:
            # Where weights are sharded, a process without a tree must compute one all the same: the others wait for it.
            computed = network([trees[i] for i in forest or (0,)])
            if forest:
                places = np.concatenate([np.arange(first[i], first[i + 1]) for i in forest])
                raw[on_device(places, raw.device)] = computed
        sum_over_processes(raw)
        yield numbers, raw[on_device(rows, raw.device)]
