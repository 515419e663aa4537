"""Texts -> pieces of at most a block of tokens -> batches of a fixed token budget.

No row holds two documents, so none can look into another and any architecture will do. What that would cost in padding
is saved by batching pieces of like length: the rows of a batch are padded to its longest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import DataCollatorForLanguageModeling

from plaudit.training.language_model.documents import Document

IGNORED = -100
"""The label of a token that is not predicted, as transformers has it."""

# Pieces are sorted by length within so many batches' worth: enough for little padding, few enough to stay shuffled.
_WINDOW = 16


class TokenBlock(NamedTuple):
    """Tokens of one document.

    Attributes:
        tokens: `[n]` int64.
        kin: what it belongs to, numbered.
        given: how many of its first tokens are read but not predicted.
    """

    tokens: np.ndarray
    kin: int
    given: int = 0


def cut(documents: Sequence[Document], tokenizer: Any, *, block: int, causal: bool) -> list[TokenBlock]:
    """Documents as pieces of at most `block` tokens, a long one in parts of equal length.

    A decoder's document begins as its tokenizer begins texts and ends with the end of text; every piece of an encoder's
    stands between its special tokens. Special tokens that are spelled out in a text are read as the letters they are.
    """
    around = tokenizer("")["input_ids"]
    opening, closing = (around, [tokenizer.eos_token_id]) if causal else (around[:1], around[1:])
    room = block if causal else block - len(around)
    kin: dict[str, int] = {}
    pieces = []
    for document in documents:
        number = kin.setdefault(document.kin, len(kin))
        words = tokenizer(document.text, add_special_tokens=False, split_special_tokens=True, verbose=False)
        tokens = words["input_ids"]
        if causal:
            tokens = [*opening, *tokens, *closing]
        for part in np.array_split(np.asarray(tokens, dtype=np.int64), max(1, math.ceil(len(tokens) / room))):
            pieces.append(
                TokenBlock(part if causal else np.concatenate([opening, part, closing]).astype(np.int64), number)
            )
    return pieces


class Batches(Dataset[dict[str, torch.Tensor]]):
    """Batches of all epochs, in order; each is a function of the seed and its number alone, so that a run which was
    killed and resumed sees what it would have seen.

    Args:
        pieces: what every epoch goes through.
        tokenizer: for its padding and, of an encoder, its mask.
        budget: most tokens of a batch, padding included (a longer piece stands alone).
        seed: of the order and the masks.
        epochs: how often, each in another order.
        masked: share of the tokens to be guessed by an encoder (Devlin et al. 2019: of these 80% are masked, 10%
            replaced by any other and 10% left); 0 for a decoder, which predicts every next token.
    """

    def __init__(
        self,
        pieces: Sequence[TokenBlock],
        tokenizer: Any,
        *,
        budget: int,
        seed: int,
        epochs: int = 1,
        masked: float = 0.0,
    ) -> None:
        self.pieces = pieces
        self.budget = budget
        self.seed = seed
        self.epochs = epochs
        self.padding = tokenizer.pad_token_id
        self.masking = None
        if masked:
            self.masking = DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=masked)
        self._order = lru_cache(maxsize=2)(self._shuffled)
        self._ends = np.cumsum([len(self._order(number)) for number in range(epochs)])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def rows(self, index: int) -> list[int]:
        """Which pieces stand in a batch."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = int(np.searchsorted(self._ends, index, side="right"))
        return self._order(number)[index - (int(self._ends[number - 1]) if number else 0)]

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """`input_ids`, `attention_mask` and `labels`, each `[rows, longest]`."""
        pieces = [self.pieces[row] for row in self.rows(index)]
        shape = (len(pieces), max(len(piece.tokens) for piece in pieces))
        tokens = torch.full(shape, self.padding)
        there, given = torch.zeros(shape, dtype=torch.bool), torch.zeros(shape, dtype=torch.bool)
        for row, piece in enumerate(pieces):
            tokens[row, : len(piece.tokens)] = torch.from_numpy(piece.tokens)
            there[row, : len(piece.tokens)] = True
            given[row, : piece.given] = True
        labels = tokens.masked_fill(~there | given, IGNORED)
        if self.masking is not None:
            tokens, labels = self._mask(tokens, index)
        return {"input_ids": tokens, "attention_mask": there.long(), "labels": labels}

    def _mask(self, tokens: torch.Tensor, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        assert self.masking is not None
        self.masking.generator = torch.Generator().manual_seed((self.seed << 32) + index)
        while True:
            read, labels = self.masking.torch_mask_tokens(tokens.clone())
            if (labels != IGNORED).any():  # A short batch may have nothing masked, and so no loss; draw again.
                return read, labels

    def _shuffled(self, number: int) -> list[list[int]]:
        draw = np.random.default_rng([self.seed, number])
        order = draw.permutation(len(self.pieces))
        tokens = sum(len(piece.tokens) for piece in self.pieces)
        window = max(1, _WINDOW * self.budget * len(order) // tokens)
        batches = [batch for at in range(0, len(order), window) for batch in self._filled(order[at : at + window])]
        return [batches[at] for at in draw.permutation(len(batches))]

    def _filled(self, rows: np.ndarray) -> Iterator[list[int]]:
        """Pieces from longest to shortest, as many to a batch as its budget holds."""
        batch: list[int] = []
        for row in sorted(rows.tolist(), key=lambda row: -len(self.pieces[row].tokens)):
            longest = len(self.pieces[batch[0]].tokens) if batch else 0
            if batch and longest * (len(batch) + 1) > self.budget:
                yield batch
                batch = []
            batch.append(row)
        yield batch


def only(items: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """A batch is whole already; transformers wants to collate a list of one."""
    (batch,) = items
    return batch
