"""What a GPU holds while it trains, by what its bytes are for, and the forests for which the rest is enough."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.training.planning.footprint import Costs
from plaudit.training.planning.workload import Amount
from plaudit.training.run.optimizer import OPTIMIZERS
from plaudit.training.settings import TrainingSettings

# NF4 with nested scales: 4 bits, a scale of 8 for 64 of them, and one of 32 for 256 scales.
_FOUR_BIT = (4 + 8 / 64 + 32 / (64 * 256)) / 8
# What is left of a GPU's memory beside the driver's own and what its allocator cannot use. Not measured.
USABLE = 0.9
_LEAST, _MOST = 1024, 65536


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one GPU, at the end of the forward pass of the largest forest, when most is alive. What a single layer
    makes and drops on the way is not counted.

    Attributes:
        weights: as they are held.
        gradients: of what learns; twice where several processes reduce them in buckets.
        optimizer: AdamW's moments.
        activations: what the forward pass keeps for the backward one, and copies of weights that autocast makes.
        gathered: of sharded weights, the two layers that are whole at a time.

    Example:
        >>> Memory(weights=4e9, gradients=4e9, optimizer=8e9, activations=6e9).total / 1e9
        22.0
    """

    weights: float
    gradients: float
    optimizer: float
    activations: float
    gathered: float = 0.0

    @property
    def total(self) -> float:
        return self.weights + self.gradients + self.optimizer + self.activations + self.gathered


def memory_of(
    costs: Costs,
    settings: TrainingSettings,
    forest: Amount,
    *,
    layers: int,
    bf16: bool,
    processes: int = 1,
    sharded: bool = False,
    segments: bool = False,
) -> Memory:
    """What a GPU holds.

    Args:
        costs: of the network.
        settings: of these `weights`, `optimizer` and `gradient_checkpointing`.
        forest: the largest.
        bf16: whether the network is computed in it.
        processes: that share a step, one a GPU.
        sharded: whether weights, gradients and moments are divided among them.
        layers: of the backbone.
        segments: whether attention is computed segment by segment, which copies a trunk's keys for each branch.
    """
    fixed = _fixed(costs, settings, processes=processes, sharded=sharded, bf16=bf16)
    token, rest = _kept(costs, settings, layers=layers, sharded=sharded)
    copies = (costs.layer if settings.gradient_checkpointing else costs.whole).keys * forest.copied if segments else 0.0
    kept = token * forest.tokens + costs.whole.kept_response * forest.responses + rest + copies
    return Memory(fixed.weights, fixed.gradients, fixed.optimizer, kept, fixed.gathered)


def tokens_that_fit(
    costs: Costs,
    settings: TrainingSettings,
    free: float,
    *,
    layers: int,
    bf16: bool,
    processes: int = 1,
    sharded: bool = False,
    weights_held: bool = False,
) -> int:
    """The largest forest for which a GPU has room, in tokens: a multiple of 1,024, 65,536 at most; 0 where
    there is room for none.

    Args:
        free: bytes.
        weights_held: whether the weights are on the GPU already, so that `free` is what is left beside them.
    """
    fixed = _fixed(costs, settings, processes=processes, sharded=sharded, bf16=bf16)
    token, rest = _kept(costs, settings, layers=layers, sharded=sharded)
    room = USABLE * free - fixed.total + (fixed.weights if weights_held else 0) - rest
    # A forest of the shortest responses has one for every few tokens; they keep little.
    fits = int(room / token) if token else _MOST
    return max(0, min(fits, _MOST) // _LEAST * _LEAST)


def _fixed(costs: Costs, settings: TrainingSettings, *, processes: int, sharded: bool, bf16: bool) -> Memory:
    whole = costs.whole
    if settings.weights == "fp32":
        frozen = 4 * whole.frozen
    else:
        held = whole.linears if settings.weights == "4bit" else 0.0
        frozen = _FOUR_BIT * held + 2 * (whole.frozen - held)
    parts = sharded and processes > 1
    divided = processes if parts else 1
    buckets = 2 if processes > 1 and not parts else 1
    layer = costs.layer.frozen + costs.layer.learning
    return Memory(
        weights=(frozen + 4 * whole.learning) / divided,
        gradients=4 * whole.learning * buckets / divided,
        optimizer=OPTIMIZERS[settings.optimizer].moment_bytes * whole.learning / divided,
        activations=0.0,
        gathered=2 * layer * (2 if bf16 else 4) if parts else 0.0,
    )


def _kept(costs: Costs, settings: TrainingSettings, *, layers: int, sharded: bool) -> tuple[float, float]:
    """Bytes that are kept for a token, and whatever their number."""
    anyway = 0.0 if sharded else costs.whole.kept_anyway
    if not settings.gradient_checkpointing:
        return costs.whole.kept, anyway
    # The states that enter each layer, and all of one layer that is recomputed.
    return costs.whole.entering * layers + costs.layer.kept, anyway and costs.layer.kept_anyway
