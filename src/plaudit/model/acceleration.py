"""What makes a network's steps faster and leaves its scores as they are: compiled layers, and Liger's fused kernels."""

from __future__ import annotations

import logging

import torch

from plaudit.errors import InvalidInputError, import_extra
from plaudit.logs import muted
from plaudit.model.network import RewardNetwork
from plaudit.model.trainable import layers

logger = logging.getLogger(__name__)


def compile_layers(network: RewardNetwork, backend: str = "inductor") -> None:
    """Let torch compile each layer of the backbone, in place: one graph a kind of layer for forests of all sizes.

    Attention stays out of the graphs (`plaudit.forest` sees to that): its calls depend on the forest's layout, and
    torch would compile every forest anew until its limit, and then nothing any more.

    Args:
        network: a reward network.
        backend: of `torch.compile`.

    Example:
        >>> from plaudit.model import RewardModel
        >>> network = RewardModel.from_backbone("my-backbone").network
        >>> compile_layers(network, backend="eager")
    """
    for layer in layers(network):
        layer.compile(dynamic=True, backend=backend)


def check_liger() -> None:
    """Refuse Liger's kernels where they cannot run.

    Raises:
        PlauditError: without a GPU, or without the library.

    Example:
        >>> check_liger()  # on a machine without a GPU
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: liger is kernels of a GPU, and there is no GPU; leave it out
    """
    if not torch.cuda.is_available():
        raise InvalidInputError("liger is kernels of a GPU, and there is no GPU", remedy="leave it out")
    import_extra("liger_kernel", "liger", "liger")


def use_liger(network: RewardNetwork) -> None:
    """Compute a backbone's norms, rotations and gates with Liger's kernels, in place.

    transformers' own switch does nothing here: it asks for a `PreTrainedModel`, which stands inside the network.

    Raises:
        PlauditError: if Liger does not know the architecture.

    Example:
        >>> from plaudit.model import RewardModel
        >>> use_liger(RewardModel.from_backbone("my-backbone").network)  # doctest: +SKIP
    """
    patching = import_extra("liger_kernel.transformers.monkey_patch", "liger", "liger")
    kind = network.config.model_type
    if kind not in patching.MODEL_TYPE_TO_APPLY_LIGER_FN:
        raise InvalidInputError(f"Liger has no kernels for {kind}", remedy="leave liger out")
    with muted("liger_kernel"):
        # Without these two it would put the forward pass of a language model in place of the classifier's.
        patching._apply_liger_kernel_to_instance(network.model, cross_entropy=False, fused_linear_cross_entropy=False)
