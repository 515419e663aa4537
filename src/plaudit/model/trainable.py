"""Which parameters learn: all of them, all but the embeddings, the last k layers, the head, or LoRA adapters beside
frozen weights."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from plaudit.errors import InvalidInputError, import_extra
from plaudit.model.architecture import find_head
from plaudit.model.backbones import resolve
from plaudit.model.loading import load_reader
from plaudit.model.network import RewardNetwork

TRAINABLE = re.compile(r"all|layers|head|last:([1-9]\d*)|lora(?::([1-9]\d*))?")
_LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0}


def drops_out(network: RewardNetwork) -> bool:
    """Whether anything in a network is left out at random when it trains with dropout.

    Example:
        >>> from plaudit.model import RewardModel
        >>> drops_out(RewardModel.from_backbone("my-backbone").network)
        False
    """
    if any(isinstance(module, nn.Dropout) and module.p > 0 for module in network.modules()):
        return True
    # Attention has its share in the configuration alone, under a name of the architecture's own.
    entries = network.config.get_text_config().to_dict().items()
    return any("drop" in name and isinstance(value, float) and value > 0 for name, value in entries)


def freeze(network: RewardNetwork, trainable: str) -> None:
    """Leave only some parameters trainable, in place. The head always learns; its constant bias, if any, never does,
    because adding a constant to every score changes no comparison.

    Args:
        network: a reward network.
        trainable: `all`; `layers`, all but the embedding tables; `last:K`, the last K layers and what follows them;
            `head`; or `lora` / `lora:RANK`.

    Raises:
        PlauditError: for any other value, or if `lora` is asked for without peft.

    Example:
        >>> from plaudit.model import RewardModel
        >>> network = RewardModel.from_backbone("my-backbone").network
        >>> freeze(network, "head")
        >>> [name for name, parameter in network.named_parameters() if parameter.requires_grad]
        ['model.score.weight']
    """
    match = TRAINABLE.fullmatch(trainable)
    if match is None:
        raise InvalidInputError(
            f"trainable={trainable!r}", remedy="it can be all, layers, last:K, head, lora or lora:RANK"
        )
    if trainable.startswith("lora"):
        _add_lora(network, int(match.group(2) or _LORA["r"]))
    elif trainable == "layers":
        for module in network.backbone.modules():
            if isinstance(module, nn.Embedding):
                module.requires_grad_(False)
    elif trainable != "all":
        network.model.requires_grad_(False)
        if match.group(1):
            _thaw_last(network, int(match.group(1)))
    _thaw_head(network)


@contextmanager
def adding_adapters() -> Iterator[None]:
    """Without the warning that peft draws from transformers while it adds adapters: it asks for an attribute by its old
    name, and whoever trains can do nothing about that.

    Example:
        >>> with adding_adapters():
        ...     warnings.warn("`is_gradient_checkpointing` is deprecated and will be removed", FutureWarning)
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def layers(network: RewardNetwork) -> nn.ModuleList:
    """The backbone's transformer layers, first to last: its longest list of modules.

    Raises:
        PlauditError: if it has no list of modules.

    Example:
        >>> from plaudit.model import RewardModel
        >>> len(layers(RewardModel.from_backbone("my-backbone").network))
        2
    """
    lists = [module for module in network.backbone.modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        name = type(network.model).__name__
        raise InvalidInputError(f"{name} has no list of layers", remedy="use trainable=all, head or lora")
    return max(lists, key=len)


def parameter_counts(name: str, trainable: str, *, trust_remote_code: bool = False) -> tuple[int, int]:
    """How many parameters a reward model on this backbone has, and how many of them learn. Reads no weights.

    Args:
        name: of the backbone.
        trainable: as `freeze` takes it.
        trust_remote_code: run code that comes with the checkpoint.

    Example:
        >>> parameter_counts("my-backbone", "head")
        (82304, 64)
    """
    model, _ = load_reader(resolve(name), trust_remote_code)
    network = RewardNetwork(model, causal=hasattr(model, "score"))
    freeze(network, trainable)
    parameters = list(network.parameters())
    return sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad)


def _thaw_head(network: RewardNetwork) -> None:
    find_head(network.model).requires_grad_(False)
    for parameter in network.head_parameters:
        parameter.requires_grad_(True)


def _thaw_last(network: RewardNetwork, count: int) -> None:
    stack = layers(network)
    if not 1 <= count <= len(stack):
        raise InvalidInputError(f"trainable=last:{count}, but the backbone has {len(stack)} layers")
    stack[len(stack) - count :].requires_grad_(True)
    # What is registered after the layers is computed after them: final norms, poolers, an encoder head's dense layer.
    after = False
    for module in network.model.modules():
        if after and not any(module is inside for inside in stack.modules()):
            module.requires_grad_(True)
        after = after or module is stack


def _add_lora(network: RewardNetwork, rank: int) -> None:
    peft = import_extra("peft", "lora", "LoRA")
    stack = {id(module) for module in layers(network).modules()}
    targets = {name: m for name, m in network.model.named_modules() if id(m) in stack and _is_linear(m)}
    # GPT-2's layers store their weights the other way round.
    transposed = not any(isinstance(module, nn.Linear) for module in targets.values())
    options = {**_LORA, "r": rank, "lora_alpha": 2 * rank, "fan_in_fan_out": transposed}
    config = peft.LoraConfig(**options, target_modules=list(targets))
    # peft changes the layers in place, so the network goes on using the same object; the wrapper knows how to merge.
    # It is kept out of torch's register of submodules, or every weight would be in the state dict twice.
    with adding_adapters():
        network.__dict__["adapters"] = peft.get_peft_model(network.model, config)


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"
