"""Backbone and head as one module: a forest in, the head's outputs for each response out.

Left out: generation, hidden-state output, anything that is not a score. The checkpoint inside is an ordinary
`AutoModelForSequenceClassification`; this module decides how tokens reach it and which hidden states are read.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from plaudit.errors import PlauditError
from plaudit.forest import FOREST_ATTENTION, Forest, Tree
from plaudit.model.cache.states import LowerStates
from plaudit.model.heads import PLAIN, Outputs, RewardHead

logger = logging.getLogger(__name__)

# How the head of an encoder class turns the hidden state of its first token, `[R, 1, H]`, into features for its last
# linear layer. A causal model needs none: its head is that linear layer. An encoder not listed here is padded.
_ENCODER_FEATURES: dict[str, Callable[[Any, torch.Tensor], torch.Tensor]] = {
    "bert": lambda model, first: model.dropout(model.bert.pooler(first)),
    "roberta": lambda model, first: _roberta_features(model.classifier, first),
    "xlm-roberta": lambda model, first: _roberta_features(model.classifier, first),
    "electra": lambda model, first: _electra_features(model.classifier, first),
    "modernbert": lambda model, first: model.drop(model.head(first[:, 0])),
}

# Gaps between one-by-one and forest scores that the self-check forgives, relative to the scores' size. Half-precision
# arithmetic sums in another order in every batch shape, so it can agree no better than its own rounding.
_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-8, torch.bfloat16: 6e-2, torch.float16: 1e-2}


class RewardNetwork(nn.Module):
    """A sequence-classification model that reads forests.

    Args:
        model: from `AutoModelForSequenceClassification`, with one output.
        causal: whether tokens look only backwards (decoders).
        outputs: what its head says of a response.
        seed: of the initial weights of a head that is not the plain one.

    Attributes:
        packed: whether forests are computed as one row. False for architectures whose self-check failed; those are
            computed as length-sorted padded batches of at most `padded_budget` tokens.
        reward_head: what reads the features where the outputs are not plain; None: the model's own last linear layer.
        adapters: peft's wrapper around `model` while it has LoRA adapters.
        lower: what the layers that do not learn made of known responses, while it stands in for them.
    """

    def __init__(self, model: Any, *, causal: bool, outputs: Outputs = PLAIN, seed: int = 0) -> None:
        super().__init__()
        self.model = model
        self.causal = causal
        self.outputs = outputs
        self.reward_head = None if outputs.plain else RewardHead(self.head.in_features, outputs, seed)
        self.adapters: Any = None
        self.lower: LowerStates | None = None
        self.packed = False
        self.padded_budget = 4096
        self.config = model.config
        if hasattr(self.config, "use_cache"):
            self.config.use_cache = False

    @property
    def backbone(self) -> nn.Module:
        """The model without its head."""
        return getattr(self.model, self.model.base_model_prefix)

    @property
    def head(self) -> nn.Linear:
        """The model's own last linear layer."""
        return find_head(self.model)

    @property
    def head_parameters(self) -> list[torch.Tensor]:
        """What learns in the head, cut-points included. A constant bias never does: it changes no comparison."""
        return [self.head.weight] if self.reward_head is None else list(self.reward_head.parameters())

    @property
    def cut_points(self) -> dict[str, torch.Tensor]:
        """Attribute -> its cut-points, for those that have some."""
        return {} if self.reward_head is None else self.reward_head.cut_points()

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    def grow(self, sequences: Sequence[np.ndarray], types: Sequence[np.ndarray] | None = None) -> Tree:
        """A tree of whole token sequences, sharing their prefix where this architecture can."""
        return Tree.grow(sequences, share=self.causal and self.packed, types=types)

    def forward(self, trees: Sequence[Tree] | None = None, features: torch.Tensor | None = None) -> torch.Tensor:
        """The head's outputs for every response.

        Args:
            trees: R responses in all; or
            features: `[R, H]`, theirs, computed before.

        Returns:
            `[R, K, W]` float32 (float64 for a model in float64), by tree and then by branch: K heads of W outputs each,
            `[R, 1, 1]` for the plain head.
        """
        if features is None:
            features = self.features(trees or ())
        # The head multiplies in float32 even under autocast: in bfloat16 two good answers a hundredth apart would tie.
        with torch.autocast(features.device.type, enabled=False):
            features = _widen(features)
            if self.reward_head is not None:
                return self.reward_head(features)
            bias = None if self.head.bias is None else _widen(self.head.bias)
            return F.linear(features, _widen(self.head.weight), bias)[:, None]

    def features(self, trees: Sequence[Tree]) -> torch.Tensor:
        """`[R, H]`: what the head reads of every response of every tree, by tree and then by branch."""
        if not self.packed:
            return self._padded(trees)
        forest = Forest.plant(trees, causal=self.causal, device=self.device)
        states = self._forest_states(forest)
        if self.outputs.pooling == "mean":
            return forest.mean(states)
        return self._own_features(states.index_select(0, forest.leaves))

    def features_along(self, sequence: np.ndarray) -> torch.Tensor:
        """`[n, H]`: what the head would read had a sequence of n tokens ended at each of them, in one pass. For causal
        models, whose tokens do not see what follows."""
        if self.packed:
            states = self._forest_states(Forest.plant([self.grow([sequence])], device=self.device))
        else:
            states = self._hidden_states(input_ids=torch.from_numpy(sequence)[None].to(self.device))[0]
        if self.outputs.pooling == "mean":
            return states.cumsum(0) / torch.arange(1, len(states) + 1, device=states.device)[:, None]
        return states

    def _forest_states(self, forest: Forest) -> torch.Tensor:
        """`[T, H]`: the hidden states of a forest's tokens."""
        inputs: dict[str, Any] = {"input_ids": forest.tokens, "position_ids": self._positions(forest)}
        if forest.types is not None:
            inputs["token_type_ids"] = forest.types
        with contextlib.nullcontext() if self.lower is None else self.lower.instead_of_layers(forest):
            return self._hidden_states(forest=forest, **inputs)[0]

    def _own_features(self, leaves: torch.Tensor) -> torch.Tensor:
        """`[R, H]` hidden states at the leaves -> what the class inside gives its last linear layer."""
        return leaves if self.causal else _ENCODER_FEATURES[self.config.model_type](self.model, leaves[:, None])

    def check(self) -> str | None:
        """Hold this architecture to promise one: a response's score in a forest equals its score alone, computed by
        transformers' own attention. Switches `packed` on if it holds.

        Returns:
            None, or why forests cannot be used here.
        """
        reason = self._why_not_packed()
        self.packed = reason is None
        return reason

    def _why_not_packed(self) -> str | None:
        if self.outputs.pooling == "own" and not self.causal:
            if self.config.model_type not in _ENCODER_FEATURES:
                return f"the head of {self.config.model_type} is not known"
            if getattr(self.config, "classifier_pooling", "cls") != "cls":
                return f"it pools by {self.config.classifier_pooling}"
        own = self.config._attn_implementation
        training = self.training
        self.eval()
        try:
            with torch.no_grad():
                trees = self.probe()
                alone = self._padded(trees)
                self.model.set_attn_implementation(FOREST_ATTENTION)
                self.packed = True
                together = self.features(trees)
        except Exception as error:
            # Whatever an unknown architecture does with arguments it does not expect, padding serves it.
            self.model.set_attn_implementation(own)
            return error_named(error)
        finally:
            self.packed = False
            self.train(training)
        gap = (alone - together).abs().max().item()
        size = alone.abs().max().item() + 1e-6
        if not gap <= _TOLERANCE.get(self.dtype, 1e-4) * size:
            self.model.set_attn_implementation(own)
            return f"what the head reads in a forest differs from what it reads alone by {gap / size:.1e} of its size"
        return None

    @property
    def dtype(self) -> torch.dtype:
        """The backbone's dtype; the head computes in float32 whatever it is."""
        return next(self.backbone.parameters()).dtype

    def probe(self) -> list[Tree]:
        """Three small trees of fixed tokens: siblings that share a trunk, one alone, one longer than local windows."""
        limit = min(160, (getattr(self.config, "max_position_embeddings", None) or 160) - 4)
        numbers = np.random.default_rng(0)
        vocabulary = self.config.get_text_config().vocab_size
        special = {
            self.config.pad_token_id,
            self.config.eos_token_id if isinstance(self.config.eos_token_id, int) else None,
        }
        usable = np.setdiff1d(np.arange(min(vocabulary, 1000)), [i for i in special if i is not None])
        draw = lambda length: numbers.choice(usable, max(1, min(length, limit // 2)))  # noqa: E731
        trunk = draw(24)
        siblings = [np.concatenate([trunk, draw(length)]) for length in (9, 14, 5)]
        long = [np.concatenate([draw(limit), draw(limit)]) for _ in range(2)]
        return [Tree.grow(s, share=self.causal) for s in (siblings, [draw(7)], long)]

    @property
    def first_position(self) -> int:
        """Where this architecture starts counting: 0, but RoBERTa counts positions from its padding index + 1."""
        embeddings: Any = getattr(self.backbone, "embeddings", None)
        return embeddings.padding_idx + 1 if hasattr(embeddings, "create_position_ids_from_input_ids") else 0

    def _positions(self, forest: Forest) -> torch.Tensor:
        """`[1, T]`: each token's position as this architecture counts it."""
        if not self.first_position:
            return forest.positions
        # RoBERTa steps over a padding token wherever it stands, also where someone wrote `<pad>` in a text.
        padding = self.first_position - 1
        real = (forest.tokens != padding).long()
        count = real.cumsum(1)
        start = torch.arange(count.shape[1], device=count.device) - forest.positions[0]
        return (count - (count - real)[:, start]) * real + padding

    def _padded(self, trees: Sequence[Tree]) -> torch.Tensor:
        """`features`, from whole sequences in length-sorted batches, padded on the right."""
        sequences = [sequence for tree in trees for sequence in tree.sequences]
        types = [t for tree in trees if tree.types is not None for t in tree.types]
        order = sorted(range(len(sequences)), key=lambda i: -len(sequences[i]))
        found: list[torch.Tensor] = []
        start = 0
        while start < len(order):
            longest = len(sequences[order[start]])
            batch = order[start : start + max(1, self.padded_budget // longest)]
            start += len(batch)
            found.append(self._padded_batch([sequences[i] for i in batch], [types[i] for i in batch if types]))
        back = torch.empty(len(order), dtype=torch.long, device=self.device)
        back[torch.tensor(order, device=self.device)] = torch.arange(len(order), device=self.device)
        return torch.cat(found)[back]

    def _padded_batch(self, sequences: list[np.ndarray], types: list[np.ndarray]) -> torch.Tensor:
        lengths = torch.tensor([len(s) for s in sequences], device=self.device)
        filler = self.config.get_text_config().pad_token_id or 0
        inputs = {"input_ids": _pad(sequences, filler, self.device)}
        inputs["attention_mask"] = (torch.arange(int(lengths[0]), device=self.device) < lengths[:, None]).long()
        if types:
            inputs["token_type_ids"] = _pad(types, 0, self.device)
        if not self.causal and self.outputs.pooling == "own":
            return self._seen_by_head(**inputs)
        states = self._hidden_states(**inputs)
        if self.outputs.pooling == "mean":
            mask = inputs["attention_mask"][..., None]
            return torch.where(mask > 0, states, 0).sum(1) / lengths[:, None]
        return self._own_features(states[torch.arange(len(sequences), device=self.device), lengths - 1])

    def _seen_by_head(self, **inputs: Any) -> torch.Tensor:
        """What the last linear layer inside is given by whatever stands before it."""
        seen: list[torch.Tensor] = []
        hook = self.head.register_forward_pre_hook(lambda head, given: seen.append(given[0]))
        try:
            self.model(**inputs)
        finally:
            hook.remove()
        return seen[0]

    def _hidden_states(self, **inputs: Any) -> torch.Tensor:
        cache = {"use_cache": False} if self.causal else {}
        return self.backbone(**inputs, **cache).last_hidden_state


def error_named(error: Exception) -> str:
    """An error's kind and the first line of what it says."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"


def find_head(model: Any) -> nn.Linear:
    """The last linear layer of a sequence-classification model, by the names transformers uses."""
    for path in ("score", "classifier.out_proj", "classifier"):
        module = model
        for name in path.split("."):
            module = getattr(module, name, None)
        module = getattr(module, "modules_to_save", {}).get("default", module) if module is not None else None
        if isinstance(module, nn.Linear):
            return module
    raise PlauditError(
        f"{type(model).__name__} has no linear head called score or classifier; "
        "use a checkpoint of a sequence-classification model"
    )


def _widen(tensor: torch.Tensor) -> torch.Tensor:
    """At least float32."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _roberta_features(head: Any, first: torch.Tensor) -> torch.Tensor:
    return head.dropout(torch.tanh(head.dense(head.dropout(first[:, 0]))))


def _electra_features(head: Any, first: torch.Tensor) -> torch.Tensor:
    return head.dropout(head.activation(head.dense(head.dropout(first[:, 0]))))


def _pad(arrays: list[np.ndarray], filler: int, device: torch.device) -> torch.Tensor:
    rows = np.full((len(arrays), len(arrays[0])), filler, dtype=np.int64)
    for row, array in zip(rows, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(rows).to(device)
