"""What benchmarks/gpu.py compares: models of random weights, trees of random tokens, and a step of each side over them.

Weights and lengths are drawn, so that nothing but the repository has to travel to a GPU. Every side is given the same
groups and compares all pairs of each. Useful tokens are those of the trees, each once, whoever computes them how often.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from itertools import combinations
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from common import Clock, TrlSettings, trl_row, trl_train
from torch import Tensor

from plaudit.forest import Tree, pack
from plaudit.model import RewardNetwork, freeze
from plaudit.model.acceleration import compile_layers, use_liger
from plaudit.model.self_check import choose_layout, settle_attention

RANK = 16
"""Of LoRA."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A Llama of random weights.

    Attributes:
        trainable: as `plaudit train` has it.
    """

    hidden: int
    mlp: int
    layers: int
    heads: int
    kv_heads: int
    trainable: str = "layers"
    vocabulary: int = 128_256

    @property
    def lora(self) -> bool:
        return self.trainable.startswith("lora")

    @property
    def layer_parameters(self) -> int:
        """Weights that a token meets, of all layers."""
        head = self.hidden // self.heads
        attention = self.hidden * head * (2 * self.heads + 2 * self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.mlp)

    def classifier(self, device: str, dtype: torch.dtype, attention: str) -> Any:
        """A sequence-classification model with one output, made where it is to stand."""
        from transformers import AutoModelForSequenceClassification, LlamaConfig

        config = LlamaConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.hidden,
            intermediate_size=self.mlp,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.kv_heads,
            num_labels=1,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=None,
        )
        torch.manual_seed(0)
        with torch.device(device):
            return AutoModelForSequenceClassification.from_config(config, dtype=dtype, attn_implementation=attention)


SHAPES = {
    "1B": Shape(2048, 8192, 16, 32, 8),
    "3B": Shape(3072, 8192, 28, 24, 8),
    "8B": Shape(4096, 14336, 32, 32, 8, trainable=f"lora:{RANK}"),
}
TINY = {
    name: replace(shape, hidden=64, mlp=96, layers=2, heads=4, kv_heads=2, vocabulary=320)
    for name, shape in SHAPES.items()
}


@dataclass(frozen=True, slots=True)
class Lengths:
    """Groups whose trunks and branches have lognormal lengths.

    Attributes:
        trunk, branch: tokens on average.
        responses: of each group, in the order people put them in.
    """

    trunk: float
    branch: float
    responses: int

    SPREAD = 0.8
    """Standard deviation of a length's logarithm."""

    def trees(self, tokens: int, vocabulary: int, seed: int = 0) -> list[Tree]:
        """So many groups that they have at least so many tokens."""
        numbers = np.random.default_rng(seed)

        def drawn(mean: float) -> np.ndarray[Any, Any]:
            length = numbers.lognormal(math.log(mean) - self.SPREAD**2 / 2, self.SPREAD)
            return numbers.integers(2, vocabulary, int(np.clip(length, 1, 4096)))

        trees: list[Tree] = []
        while sum(map(len, trees)) < tokens:
            trees.append(Tree(drawn(self.trunk), tuple(drawn(self.branch) for _ in range(self.responses))))
        return trees


WORKLOADS = {
    "HH pairs": Lengths(150, 48, 2),
    "UltraFeedback, K = 4": Lengths(184, 343, 4),
    "K = 8": Lengths(279, 590, 8),
}
"""As long on average as the sets are in SmolLM2's tokens; the pairs are those of HH harmless."""
SHORT = {
    name: replace(lengths, trunk=lengths.trunk / 8, branch=lengths.branch / 8) for name, lengths in WORKLOADS.items()
}
"""For tiny models."""


def arithmetic(shape: Shape, trees: Sequence[Tree]) -> float:
    """Floating-point operations of forward and backward over the trees: 2 a weight and token forward, as many again for
    the states' gradients, and again for the weights' where they learn; 4 a query, key and dimension of attention
    forward and twice that backward. Recomputing is not counted."""
    tokens = sum(map(len, trees))
    seen = sum(t * (t + 1) / 2 + b * t + b * (b + 1) / 2 for tree in trees for t, b in _sizes(tree))
    seen -= sum((len(tree.branches) - 1) * len(tree.trunk) * (len(tree.trunk) + 1) / 2 for tree in trees)
    matrices = 2 * shape.layer_parameters * tokens * (2 if shape.lora else 3)
    return matrices + 3 * 4 * shape.layers * shape.hidden * seen


def _sizes(tree: Tree) -> list[tuple[int, int]]:
    return [(len(tree.trunk), len(branch)) for branch in tree.branches]


def pairs_loss(rewards: Tensor, responses: int) -> Tensor:
    """Bradley-Terry's, of all pairs of each group; a group's responses stand best first."""
    rows = rewards.view(-1, responses)
    better, worse = zip(*combinations(range(responses), 2), strict=True)
    return F.softplus(rows[:, list(worse)] - rows[:, list(better)]).mean(1).sum()


# ---- one side's step --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Job:
    """What every side is given.

    Attributes:
        groups: the trees of each step.
        budget: tokens of a forward pass, padding included.
    """

    shape: Shape
    groups: list[list[Tree]]
    responses: int
    budget: int
    device: str

    @property
    def useful(self) -> int:
        """Tokens of all steps' trees."""
        return sum(len(tree) for step in self.groups for tree in step)

    @property
    def weights(self) -> torch.dtype:
        return torch.bfloat16 if self.shape.lora and self.device == "cuda" else torch.float32

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda")


def forest_network(
    job: Job, attention: str, *, compiled: bool = False, liger: bool = False, learns: bool = True
) -> Any:
    """Plaudit's side: a network whose attention was chosen and tried as in `plaudit train`."""
    network = RewardNetwork(job.shape.classifier(job.device, job.weights, "sdpa"), causal=True)
    freeze(network, job.shape.trainable)
    if reason := choose_layout(network):
        raise RuntimeError(reason)
    dtype = torch.bfloat16 if job.device == "cuda" else None
    settle_attention(network, attention, dtype=dtype, learns=learns)
    if liger:
        use_liger(network)
    if compiled:
        compile_layers(network)
    return network


def forest_step(job: Job, network: Any) -> Callable[[Sequence[Tree]], None]:
    """Forward and backward of a step, forest by forest."""

    def step(trees: Sequence[Tree]) -> None:
        for forest in pack([len(tree) for tree in trees], job.budget):
            with job.autocast():
                rewards = network([trees[i] for i in forest])[:, 0, 0]
            (pairs_loss(rewards, job.responses) / len(trees)).backward()

    return step


def padded_network(job: Job) -> Any:
    """The rival that anybody could write: padded on the right, sorted by length, through torch's flash attention.
    Causal attention needs no mask there: no token looks at the padding on its right."""
    network = RewardNetwork(job.shape.classifier(job.device, job.weights, "sdpa"), causal=True)
    freeze(network, job.shape.trainable)
    return network


def padded_step(job: Job, network: Any) -> Callable[[Sequence[Tree]], None]:
    """Every pair of every group as two rows, in batches of pairs of about one length."""

    def step(trees: Sequence[Tree]) -> None:
        pairs = [
            (sequences[better], sequences[worse], 1 / math.comb(job.responses, 2) / len(trees))
            for sequences in (tree.sequences for tree in trees)
            for better, worse in combinations(range(job.responses), 2)
        ]
        pairs.sort(key=lambda pair: -max(len(pair[0]), len(pair[1])))
        while pairs:
            longest = max(len(pairs[0][0]), len(pairs[0][1]))
            count = max(1, job.budget // (2 * longest))
            batch, pairs = pairs[:count], pairs[count:]
            rewards = padded_rewards(job, network, [row for a, b, _ in batch for row in (a, b)])
            weights = torch.tensor([weight for *_, weight in batch], device=job.device)
            (F.softplus(rewards[1::2] - rewards[::2]) * weights).sum().backward()

    return step


def padded_rewards(job: Job, network: Any, rows: Sequence[np.ndarray[Any, Any]]) -> Tensor:
    """Rewards of rows padded on the right, without a mask."""
    longest = max(map(len, rows))
    tokens = np.zeros((len(rows), longest), dtype=np.int64)
    for row, sequence in zip(tokens, rows, strict=True):
        row[: len(sequence)] = sequence
    last = torch.tensor([len(row) - 1 for row in rows], device=job.device)
    with job.autocast():
        states = network.hidden_states(input_ids=torch.from_numpy(tokens).to(job.device))
    leaves = states[torch.arange(len(rows), device=job.device), last]
    rewards: Tensor = network(features=leaves)[:, 0, 0]
    return rewards


# ---- measuring --------------------------------------------------------------------------------------------------


def train_for(job: Job, network: Any, step: Callable[[Sequence[Tree]], None], seconds: float) -> dict[str, float]:
    """Useful tokens a second over steps with their optimiser, after two that are not counted."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-5, fused=job.device == "cuda")

    def whole(trees: Sequence[Tree]) -> None:
        step(trees)
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    for trees in job.groups[:2]:
        whole(trees)
    wait(job.device)
    if job.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    took, useful, done = 0.0, 0, 0
    while took < seconds or not done:
        trees = job.groups[done % len(job.groups)]
        began = time.perf_counter()
        whole(trees)
        wait(job.device)
        took, useful, done = took + time.perf_counter() - began, useful + sum(map(len, trees)), done + 1
    return {"tokens_per_second": useful / took, "steps": done, **peak(job.device)}


def train_trl(job: Job) -> dict[str, float]:
    """TRL's `RewardTrainer` over all pairs of the same groups, tuned: batches of one length, no recomputation, and as
    many pairs a step."""
    trees = [tree for step in job.groups for tree in step]
    rows = [
        trl_row(sequences[better].tolist(), sequences[worse].tolist())
        for sequences in (tree.sequences for tree in trees)
        for better, worse in combinations(range(job.responses), 2)
    ]
    typical = 2 * statistics.fmean(row["length"] for row in rows)
    batch = max(1, min(32, 2 ** int(math.log2(max(1.0, job.budget / typical)))))
    settings = TrlSettings(
        batch=batch,
        accumulate=max(1, round(len(rows) / len(job.groups) / batch)),
        gradient_checkpointing=False,
        sampling="group_by_length",
        bf16=job.device == "cuda",
    )
    if job.device == "cuda":
        # The first step of all meets a cold allocator.
        with redirect_stdout(StringIO()):
            trl_train(rows, _trl_model(job), replace(settings, max_steps=1), tokenizer=_tokenizer())
        release()
        torch.cuda.reset_peak_memory_stats()
    with Clock().on_every_trainer() as clock, redirect_stdout(StringIO()):
        trl_train(rows, _trl_model(job), settings, tokenizer=_tokenizer())
    return {"tokens_per_second": job.useful / clock.seconds[-1], "steps": len(clock.seconds), **peak(job.device)}


def _trl_model(job: Job) -> Any:
    model = job.shape.classifier(job.device, job.weights, "sdpa")
    if not job.shape.lora:
        return model
    from peft import LoraConfig, TaskType, get_peft_model

    return get_peft_model(model, LoraConfig(TaskType.SEQ_CLS, r=RANK, lora_alpha=2 * RANK, target_modules="all-linear"))


def _tokenizer() -> Any:
    """TRL wants one, though the rows are tokens already."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = models.WordLevel({"<pad>": 0, "<eos>": 1}, unk_token="<pad>")
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), pad_token="<pad>", eos_token="<eos>")


def wait(device: str) -> None:
    """Until the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()


def peak(device: str) -> dict[str, float]:
    """The most memory of the device since the last reset, in GB."""
    return {"peak_gb": torch.cuda.max_memory_allocated() / 1e9} if device == "cuda" else {}


def release() -> None:
    """Give back what the last side held."""
    gc.collect()
    torch._dynamo.reset()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
