"""Documents -> blocks of tokens -> batches of a fixed token budget.

No row of a batch holds two documents, so none can attend to another, and any architecture will do. What that would
cost in padding is saved by batching blocks of like length: the rows of a batch are padded to its longest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch.utils.data import Dataset
from transformers import DataCollatorForLanguageModeling

from plaudit.training.language_model.documents import Document

IGNORED = -100
"""The label of a token that is not predicted, as transformers has it."""

# Blocks are sorted by length within so many batches' worth: enough for little padding, few enough to stay shuffled.
_BATCHES_SORTED_TOGETHER = 16


class TokenBlock(NamedTuple):
    """Tokens of one document.

    Attributes:
        tokens: int64.
        source_id: number of the document's source; losses are summed by it.
        prompt_length: how many of the first tokens are read but not predicted.
    """

    tokens: Int[np.ndarray, " tokens"]
    source_id: int
    prompt_length: int = 0


def split_into_blocks(documents: Sequence[Document], tokenizer: Any, *, block: int, causal: bool) -> list[TokenBlock]:
    """Documents as blocks of at most `block` tokens, a long one in parts of equal length.

    A decoder's document begins as its tokenizer begins texts and ends with the end of text; every block of an encoder's
    stands between its special tokens. Special tokens that are spelled out in a text are read as the letters they are.
    """
    special_tokens = tokenizer("")["input_ids"]
    if causal:
        opening, closing, capacity = special_tokens, [tokenizer.eos_token_id], block
    else:
        opening, closing, capacity = special_tokens[:1], special_tokens[1:], block - len(special_tokens)
    source_ids: dict[str, int] = {}
    blocks = []
    for document in documents:
        source_id = source_ids.setdefault(document.source, len(source_ids))
        encoding = tokenizer(document.text, add_special_tokens=False, split_special_tokens=True, verbose=False)
        tokens = encoding["input_ids"]
        if causal:
            tokens = [*opening, *tokens, *closing]
        parts = np.array_split(np.asarray(tokens, dtype=np.int64), max(1, math.ceil(len(tokens) / capacity)))
        if not causal:
            parts = [np.concatenate([opening, part, closing]).astype(np.int64) for part in parts]
        blocks += [TokenBlock(part, source_id) for part in parts]
    return blocks


Tokens = Int[torch.Tensor, "rows longest"]


class Batches(Dataset[dict[str, Tokens]]):
    """Batches of all epochs, in order; each is a function of the seed and its number alone, so that a run which was
    killed and resumed sees what it would have seen. Item `i` is share `i % shares` of batch `i // shares`.

    Args:
        blocks: what every epoch goes through.
        tokenizer: for its padding and, of an encoder, its mask.
        budget: most tokens of a batch, padding included (a longer block stands alone).
        seed: of the order and the masks.
        epochs: how often, each in another order.
        masked: share of the tokens to be guessed by an encoder (Devlin et al. 2019: of these 80% are masked, 10%
            replaced by any other and 10% left); 0 for a decoder, which predicts every next token.
        shares: number of processes that split a batch.
    """

    def __init__(
        self,
        blocks: Sequence[TokenBlock],
        tokenizer: Any,
        *,
        budget: int,
        seed: int,
        epochs: int = 1,
        masked: float = 0.0,
        shares: int = 1,
    ) -> None:
        self.blocks = blocks
        self.budget = budget
        self.seed = seed
        self.epochs = epochs
        self.shares = shares
        self.padding = tokenizer.pad_token_id
        self.masking = None
        if masked:
            self.masking = DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=masked)
        self._order = lru_cache(maxsize=2)(self._shuffle)
        self._ends = np.cumsum([len(self._order(epoch)) for epoch in range(epochs)])

    def __len__(self) -> int:
        return self.count * self.shares

    @property
    def count(self) -> int:
        """How many batches there are, whoever shares them."""
        return int(self._ends[-1])

    def rows(self, index: int) -> list[int]:
        """The numbers of the blocks in a batch."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        epoch = int(np.searchsorted(self._ends, index, side="right"))
        return self._order(epoch)[index - (int(self._ends[epoch - 1]) if epoch else 0)]

    def __getitem__(self, index: int) -> dict[str, Tokens]:
        """A share's `input_ids`, `attention_mask` and `labels`, each `[rows, longest]`."""
        number, share = divmod(index, self.shares)
        batch = self.whole(number)
        if self.shares == 1:
            return batch
        # Masks are drawn for a whole batch, so a share is a part of it. Without a row of its own a process computes
        # the shortest, of which it predicts nothing: the others wait for its gradients.
        mine = {name: tensor[share :: self.shares] for name, tensor in batch.items()}
        if not len(mine["labels"]):
            mine = {name: tensor[-1:] for name, tensor in batch.items()}
            mine["labels"] = torch.full_like(mine["labels"], IGNORED)
        longest = int(mine["attention_mask"].sum(1).max())
        return {name: tensor[:, :longest] for name, tensor in mine.items()}

    def whole(self, index: int) -> dict[str, Tokens]:
        """A batch, for one process alone."""
        blocks = [self.blocks[row] for row in self.rows(index)]
        lengths = torch.tensor([len(block.tokens) for block in blocks])[:, None]
        prompt_lengths = torch.tensor([block.prompt_length for block in blocks])[:, None]
        tokens = torch.full((len(blocks), int(lengths.max())), self.padding)
        for row, block in enumerate(blocks):
            tokens[row, : len(block.tokens)] = torch.from_numpy(block.tokens)
        position = torch.arange(tokens.shape[1])
        attended: Bool[torch.Tensor, "rows longest"] = position < lengths
        labels = tokens.masked_fill(~attended | (position < prompt_lengths), IGNORED)
        if self.masking is not None:
            tokens, labels = self._mask(tokens, index)
        return {"input_ids": tokens, "attention_mask": attended.long(), "labels": labels}

    def _mask(self, tokens: Tokens, index: int) -> tuple[Tokens, Tokens]:
        assert self.masking is not None
        self.masking.generator = torch.Generator().manual_seed((self.seed << 32) + index)
        while True:
            inputs, labels = self.masking.torch_mask_tokens(tokens.clone())
            if (labels != IGNORED).any():  # A short batch may have nothing masked, and so no loss; draw again.
                return inputs, labels

    def _shuffle(self, epoch: int) -> list[list[int]]:
        """The batches of one epoch: shuffled blocks, sorted by length a window at a time, in shuffled order."""
        numbers = np.random.default_rng([self.seed, epoch])
        order = numbers.permutation(len(self.blocks))
        tokens = sum(len(block.tokens) for block in self.blocks)
        window = max(1, _BATCHES_SORTED_TOGETHER * self.budget * len(order) // tokens)
        windows = (order[start : start + window] for start in range(0, len(order), window))
        batches = [batch for rows in windows for batch in self._fill(rows)]
        return [batches[number] for number in numbers.permutation(len(batches))]

    def _fill(self, rows: Int[np.ndarray, " blocks"]) -> Iterator[list[int]]:
        """Blocks from longest to shortest, as many to a batch as its budget holds."""
        batch: list[int] = []
        for row in sorted(rows.tolist(), key=lambda row: -len(self.blocks[row].tokens)):
            longest = len(self.blocks[batch[0]].tokens) if batch else 0
            if batch and longest * (len(batch) + 1) > self.budget:
                yield batch
                batch = []
            batch.append(row)
        yield batch
