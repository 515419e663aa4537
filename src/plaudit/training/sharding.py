"""FSDP2: one model whose weights, gradients and optimiser states are shared out among the processes.

The first process reads the checkpoint, on the CPU; the others get its structure, without weights, and then every one
its share: at no time is there a whole model on a GPU, or more than one in the memory of all machines.

The layers are sharded one by one, and gathered when they compute. Everything else (embeddings, the last norm, the head)
is one group that stays in float32, so that what the head says is float32 whatever the layers multiply in. Between the
layers nothing is cast either: autocast decides (`RewardNetwork.multiplied`), as it does without sharding.

Left out: accelerate's own FSDP, which makes the head and every output bf16, and DeepSpeed, whose engine would take an
optimiser step after every forest.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Shaped
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

from plaudit.errors import InvalidInputError
from plaudit.model import RewardModel, RewardNetwork, layers, parameter_counts
from plaudit.training.run.processes import from_first
from plaudit.training.settings import TrainingSettings

logger = logging.getLogger(__name__)

Weights = dict[str, Shaped[torch.Tensor, "*_"]]

_FOLDER = "sharded"
# What does not learn is as the checkpoint had it, and is not written again and again.
_LEARNED = StateDictOptions(ignore_frozen_params=True, strict=False)
_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
_FROM_FIRST = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)

# Bytes of a parameter that stays as it is, and of one that learns: its weight, its gradient, AdamW's two moments, and
# the copy of the gradient that processes exchange. The rest of a GPU's memory is for activations.
_BYTES = {"fp32": 4, "bf16": 2, "4bit": 0.6}
_BYTES_TO_LEARN = 20
_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Shards:
    """A reward model that is sharded over the processes.

    Attributes:
        model: it, with the sharded network.
        skeleton: in the first process, the same network without weights, as it was before it was sharded.
        buffers: of the skeleton, which are no weights of a checkpoint.
    """

    model: RewardModel
    skeleton: RewardNetwork | None
    buffers: Weights

    def gather(self) -> RewardModel:
        """The model, whole and on the CPU, in the first process. All processes must ask for it together; in the others
        it stays without weights."""
        self.model.network.reshard()
        weights = get_model_state_dict(self.model.network, options=_WHOLE)
        if self.skeleton is not None:
            self.skeleton.load_state_dict(
                {name: weights[name] for name in self.skeleton.state_dict()}, assign=True, strict=True
            )
            _set_buffers(self.skeleton, self.buffers)
            self.skeleton.layout = self.model.network.layout
            self.model.network = self.skeleton.eval()
        return self.model


def choose_sharding(settings: TrainingSettings, backbone: str, processes: int, device: torch.device) -> bool:
    """Whether a run shards its model.

    Args:
        settings: of the run.
        backbone: by name.
        processes: how many share the run.
        device: of this process.

    Raises:
        InvalidInputError: as `sharding_asked`.
    """
    asked = sharding_asked(settings, processes)
    if settings.sharding == "fsdp" and not asked:
        logger.warning("sharding=fsdp: a head that learns alone needs none, and every process has a copy (DDP)")
    return from_first(lambda: not _fits(settings, backbone, device)) if asked is None else asked


def sharding_asked(settings: TrainingSettings, processes: int) -> bool | None:
    """Whether the settings say that a model is shared out; None where that depends on the room there is.

    Raises:
        InvalidInputError: if it is asked for, and there is nothing to share with, or it cannot be shared out.

    Example:
        >>> sharding_asked(TrainingSettings(), 1), sharding_asked(TrainingSettings(sharding="fsdp"), 8)
        (False, True)
    """
    if settings.sharding == "none" or (settings.sharding == "auto" and processes == 1):
        return False
    if processes == 1:
        what = "sharding=fsdp shares a model among processes, and there is one"
        raise InvalidInputError(what, remedy="start several: torchrun --nproc-per-node N $(which plaudit) train ...")
    if settings.trainable == "head":
        return False
    unshared = _unshared(settings)
    if settings.sharding == "fsdp" and unshared:
        raise InvalidInputError(
            f"{unshared} cannot be shared out over processes", remedy="leave it at its default, or use sharding=none"
        )
    return None if settings.sharding == "auto" and not unshared else settings.sharding == "fsdp"


def _unshared(settings: TrainingSettings) -> str | None:
    """What of the settings only whole models can have: bitsandbytes packs whole tensors."""
    if settings.optimizer != "adamw":
        return f"optimizer={settings.optimizer}"
    return "weights=4bit" if settings.weights == "4bit" else None


def _fits(settings: TrainingSettings, backbone: str, device: torch.device) -> bool:
    """Whether a whole model fits a GPU, with what its training needs."""
    if device.type != "cuda":
        return True
    every, learned = parameter_counts(backbone, settings.trainable, trust_remote_code=settings.trust_remote_code)
    free, _ = torch.cuda.mem_get_info(device)
    return copies_fit(settings.weights, every - learned, learned, free)


def copies_fit(weights: str, frozen: float, learning: float, memory: float) -> bool:
    """Whether a GPU has room for a whole model, with what its training needs.

    Args:
        weights: what the frozen ones are held in.
        frozen, learning: numbers of parameters.
        memory: bytes.

    Example:
        >>> copies_fit("fp32", 0, 8e9, 80e9), copies_fit("bf16", 8e9, 4e7, 80e9)
        (False, True)
    """
    return _BYTES[weights] * frozen + _BYTES_TO_LEARN * learning <= _SHARE * memory


def shard(make: Callable[[], RewardModel], device: torch.device, dtype: torch.dtype) -> Shards:
    """Share a model out among all processes.

    Args:
        make: makes it, on the CPU, with what learns chosen; called in the first process alone.
        device: where this process computes.
        dtype: that the layers' weights are gathered in: bfloat16 under mixed precision.

    Raises:
        PlauditError: what `make` raises, in every process.
    """
    weights: Weights = {}
    buffers: Weights = {}

    def structure() -> bytes:
        model = make()
        weights.update(model.network.state_dict())
        buffers.update(model.network.named_buffers())
        model.network.to("meta")
        return pickle.dumps(model)

    pickled = from_first(structure)
    model, skeleton = pickle.loads(pickled), pickle.loads(pickled).network if weights else None
    network = model.network
    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    reduced = MixedPrecisionPolicy(param_dtype=dtype, reduce_dtype=torch.float32, cast_forward_inputs=False)
    for layer in layers(network):
        fully_shard(layer, mesh=mesh, mp_policy=reduced)
    # Gathered until the backward pass: the objective reads the cut-points of ratings after the forward pass.
    fully_shard(network, mesh=mesh, reshard_after_forward=False)
    network.multiplied = None if dtype == torch.float32 else dtype
    network.to_empty(device=device)
    set_model_state_dict(network, dict[str, Any](weights), options=_FROM_FIRST)
    for name, buffer in sorted(network.named_buffers()):
        if weights:
            buffer.copy_(buffers[name])
        dist.broadcast(buffer, src=0)
    return Shards(model, skeleton, buffers)


def check_checkpoint(checkpoint: Path | None, sharded: bool) -> None:
    """Refuse to resume a run whose checkpoints are of the other kind: shares, or whole copies.

    Raises:
        InvalidInputError: says how it was begun.
    """
    if checkpoint is None or (checkpoint / _FOLDER).is_dir() == sharded:
        return
    before, now = ("copies", "shares") if sharded else ("shares", "copies")
    how = "--sharding none" if sharded else "--sharding fsdp, in two or more processes"
    raise InvalidInputError(
        f"{checkpoint} holds {before} of the model, and this run would make {now}", remedy=f"resume with {how}"
    )


def is_sharded(module: Any) -> bool:
    """Whether a module's weights are shared out."""
    return isinstance(module, FSDPModule)


def save_shards(network: RewardNetwork, optimizer: torch.optim.Optimizer, checkpoint: Path) -> None:
    """Write what learns and the optimiser's states: every process its share.

    Raises:
        OSError or RuntimeError: of the first process that could not.
    """
    try:
        save(_state(network, optimizer), checkpoint_id=checkpoint / _FOLDER)
    except CheckpointException as error:
        # All that failed, by process; what went wrong is the same disk for each.
        (reason, _), *_rest = error.failures.values()
        raise reason from error


def load_shards(network: RewardNetwork, checkpoint: Path, optimizer: torch.optim.Optimizer | None = None) -> None:
    """Read what `save_shards` wrote, in any number of processes.

    Args:
        network: sharded.
        checkpoint: the folder.
        optimizer: whose states are read too.
    """
    state = _state(network, optimizer)
    load(state, checkpoint_id=checkpoint / _FOLDER)
    set_model_state_dict(network, state["network"], options=_LEARNED)
    if optimizer is not None:
        set_optimizer_state_dict(network, optimizer, state["optimizer"], options=_LEARNED)


def _state(network: RewardNetwork, optimizer: torch.optim.Optimizer | None) -> dict[str, Any]:
    network.reshard()
    state: dict[str, Any] = {"network": get_model_state_dict(network, options=_LEARNED)}
    if optimizer is not None:
        state["optimizer"] = get_optimizer_state_dict(network, optimizer, options=_LEARNED)
    return state


def _set_buffers(network: RewardNetwork, buffers: Weights) -> None:
    for name, buffer in buffers.items():
        module, _, last = name.rpartition(".")
        setattr(network.get_submodule(module), last, buffer)
