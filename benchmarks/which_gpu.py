"""Which GPU for which backbone: the table of docs/scale.md, by the model that `plaudit train --plan` tells memory with.

Computed, not measured, and without weights: Llama's shapes in bf16 with `gradient_checkpointing` and one forest of
16,384 tokens, two responses to each 256 of them.

    python benchmarks/which_gpu.py        # needs no GPU
"""

from __future__ import annotations

from typing import Any

from common import table
from transformers import LlamaConfig

from plaudit.model import Outputs
from plaudit.training import TrainingSettings
from plaudit.training.planning.footprint import Costs, measure_costs
from plaudit.training.planning.memory import memory_of
from plaudit.training.planning.workload import Amount

TOKENS = 16_384
RESPONSES = TOKENS // 128

# Hidden size, width of the MLP, layers, heads, heads of keys, size of a head: Llama 3.2's 1B and 3B, 3.1's 8B and 70B.
SHAPES = {
    "1B": (2048, 8192, 16, 32, 8, 64),
    "3B": (3072, 8192, 28, 24, 8, 128),
    "8B": (4096, 14336, 32, 32, 8, 128),
    "70B": (8192, 28672, 80, 64, 8, 128),
}

# Heading -> GPUs, settings.
COLUMNS: dict[str, tuple[int, dict[str, Any]]] = {
    "all layers, one GPU": (1, {}),
    "`adamw-8bit`": (1, {"optimizer": "adamw-8bit"}),
    "LoRA, `bf16`": (1, {"trainable": "lora", "weights": "bf16"}),
    "LoRA, `4bit`": (1, {"trainable": "lora", "weights": "4bit"}),
    "all layers, 8 GPUs, FSDP": (8, {}),
    "LoRA, `bf16`, 8 GPUs, FSDP": (8, {"trainable": "lora", "weights": "bf16"}),
}


def shape(name: str) -> LlamaConfig:
    """The configuration of a backbone of this size, as Llama 3 has it."""
    hidden, inside, layers, heads, of_keys, size = SHAPES[name]
    return LlamaConfig(
        vocab_size=128_256,
        hidden_size=hidden,
        intermediate_size=inside,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=of_keys,
        head_dim=size,
        num_labels=1,
    )


def gigabytes(config: LlamaConfig, costs: Costs, gpus: int, changes: dict[str, Any]) -> float:
    """What one GPU holds."""
    forest = Amount(trees=RESPONSES // 2, responses=RESPONSES, tokens=TOKENS, whole=TOKENS, pairs=0, copied=0)
    memory = memory_of(
        costs,
        settled(changes),
        forest,
        layers=config.num_hidden_layers,
        bf16=True,
        processes=gpus,
        sharded=gpus > 1,
    )
    return memory.total / 1e9


def settled(changes: dict[str, Any]) -> TrainingSettings:
    return TrainingSettings(gradient_checkpointing=True, **changes)


def row(name: str) -> list[str]:
    """The figures of one backbone. What learns decides what is counted; how it is held and shared out does not."""
    config = shape(name)
    costs = {
        trainable: measure_costs(config, Outputs(), settled(changes), bf16=True)
        for trainable, changes in {"layers": {}, "lora": {"trainable": "lora", "weights": "bf16"}}.items()
    }
    figures = [
        gigabytes(config, costs[changes.get("trainable", "layers")], gpus, changes)
        for gpus, changes in COLUMNS.values()
    ]
    return [name, *(f"{figure:.2g}" if figure < 10 else f"{figure:,.0f}" for figure in figures)]


def main() -> None:
    print(table(["backbone", *COLUMNS], [row(name) for name in SHAPES]))


if __name__ == "__main__":
    main()
