"""A tiny backbone and a preference set that it can learn in a second: the response with the word `good` wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.groups import Group, Ranking

WORDS = [f"w{number}" for number in range(24)]
VOCABULARY = ["<pad>", "<eos>", "<unk>", "<bos>", "good", "bad", "user", "assistant", *WORDS]


def toy_backbone(folder: Path, *, dropout: float = 0.0, layers: int = 2, head: bool = False) -> Path:
    """Write a random Llama of 16 dimensions over whole words, without (or with) a reward head, and its tokenizer."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", model_max_length=64
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=64,
        attention_dropout=dropout,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=3,
        initializer_range=0.2,
        num_labels=1,
    )
    (LlamaForSequenceClassification if head else LlamaForCausalLM)(config).save_pretrained(folder)
    return folder


def toy_groups(count: int, *, responses: int = 2, seed: int = 0, last: bool = False, **ranking: Any) -> list[Group]:
    """Groups whose first-ranked response holds the word `good`, anywhere or as its `last`; where that response stands
    among the others is random."""
    numbers = np.random.default_rng(seed)
    groups = []
    for number in range(count):
        texts = [list(numbers.choice(WORDS, numbers.integers(3, 7))) for _ in range(responses)]
        best = int(numbers.integers(responses))
        texts[best][-1 if last else int(numbers.integers(len(texts[best])))] = "good"
        others = tuple(index for index in range(responses) if index != best)
        prompt = f"p{number} " + " ".join(numbers.choice(WORDS, 3))
        rankings = tuple(Ranking(((best,), (other,)), **ranking) for other in others)
        groups.append(Group(f"q{number}", prompt, tuple(map(" ".join, texts)), rankings))
    return groups


def accuracy(model: Any, groups: list[Group]) -> float:
    """Share of comparisons that a reward model gets right."""
    scores = model.score(groups)
    won = [
        row[better].score > row[worse].score
        for group, row in zip(groups, scores, strict=True)
        for ranking in group.rankings
        for better, worse, tie in ranking.comparisons()
        if not tie
    ]
    return sum(won) / len(won)
