"""Backbone and head as one module: trees in, the head's outputs for each response out.

Left out: generation, hidden-state output, anything that is not a score. The checkpoint inside is an ordinary
`AutoModelForSequenceClassification`; how tokens reach it is the layout's business (`model/layouts/`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule

from plaudit.forest import Tree
from plaudit.model.architecture import encoder_features, find_head
from plaudit.model.heads import PLAIN, Outputs, RewardHead
from plaudit.model.layouts.layout import Layout
from plaudit.model.layouts.padded import PaddedLayout


class RewardNetwork(nn.Module):
    """A sequence-classification model that reads trees.

    Args:
        model: from `AutoModelForSequenceClassification`, with one output.
        causal: whether tokens look only backwards (decoders).
        outputs: what its head gives for a response.
        seed: of the initial weights of a head that is not the plain one.

    Attributes:
        layout: how trees are computed. Padded batches until the self-check chooses (`model/self_check.py`).
        reward_head: what reads the features where the outputs are not plain; None: the model's own last linear layer.
        adapters: LoRA adapters in the model, while it has some.
        multiplied: what its layers multiply in, where that is less than their weights are: set for weights that are
            gathered in it from other processes. None: as they are, or as the caller's autocast says.
        reliability: of the annotators, while training models it; a part of the network, so that it moves and is saved
            in checkpoints with it.

    Example:
        >>> from plaudit.model import open_model
        >>> network = open_model("my-model").network
        >>> tree = network.grow([np.array([5, 6, 7]), np.array([5, 6, 8, 9])])
        >>> network([tree]).shape  # two responses, one head, one output
        torch.Size([2, 1, 1])
    """

    def __init__(self, model: Any, *, causal: bool, outputs: Outputs = PLAIN, seed: int = 0) -> None:
        super().__init__()
        self.model = model
        self.causal = causal
        self.outputs = outputs
        self.config = model.config
        self.reward_head = None if outputs.plain else RewardHead(self.head.in_features, outputs, seed)
        self.adapters: Any = None
        self.multiplied: torch.dtype | None = None
        self.reliability: nn.Module | None = None
        self._layout: Layout = PaddedLayout(attention=self.config._attn_implementation)
        if hasattr(self.config, "use_cache"):
            self.config.use_cache = False

    @property
    def layout(self) -> Layout:
        return self._layout

    @layout.setter
    def layout(self, layout: Layout) -> None:
        before, self._layout = self._layout, layout
        if layout.attention != before.attention:
            self.model.set_attn_implementation(layout.attention)

    @property
    def backbone(self) -> nn.Module:
        """The model without its head."""
        backbone: nn.Module = getattr(self.model, self.model.base_model_prefix)
        return backbone

    @property
    def head(self) -> nn.Linear:
        """The model's own last linear layer."""
        return find_head(self.model)

    @property
    def head_parameters(self) -> list[Float[Tensor, "*_"]]:
        """What learns in the head, cut-points included. A constant bias never does: it changes no comparison."""
        return [self.head.weight] if self.reward_head is None else list(self.reward_head.parameters())

    @property
    def cut_points(self) -> dict[str, Float[Tensor, " _"]]:
        """Attribute -> its cut-points, for those that have some."""
        return {} if self.reward_head is None else self.reward_head.cut_points()

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The backbone's dtype; the head computes in float32 whatever it is."""
        return next(self.backbone.parameters()).dtype

    def grow(
        self, sequences: Sequence[Int[np.ndarray, " _"]], types: Sequence[Int[np.ndarray, " _"]] | None = None
    ) -> Tree:
        """A tree of whole token sequences, sharing their prefix where this architecture can."""
        return Tree.grow(sequences, share=self.causal and self.layout.packed, types=types)

    def forward(
        self, trees: Sequence[Tree] | None = None, features: Float[Tensor, "responses hidden"] | None = None
    ) -> Float[Tensor, "responses heads outputs"]:
        """The head's outputs for every response.

        Args:
            trees: R responses in all; or
            features: `[R, H]` of R responses, computed before.

        Returns:
            `[R, K, W]` float32 (float64 for a model in float64), by tree and then by branch: K heads of W outputs each,
            `[R, 1, 1]` for the plain head.
        """
        if features is None:
            lower = contextlib.nullcontext() if self.multiplied is None else self._autocast(self.multiplied)
            with lower:
                features = self.features(trees or ())
        # The head multiplies in float32 even under autocast: in bfloat16 two good answers a hundredth apart would tie.
        with torch.autocast(features.device.type, enabled=False):
            features = _widen(features)
            if self.reward_head is not None:
                outputs = self.reward_head(features)
            else:
                bias = None if self.head.bias is None else _widen(self.head.bias)
                outputs = F.linear(features, _widen(self.head.weight), bias)[:, None]
        # No view: what is done to one in place would miss the hooks of FSDP, which warns of views.
        copy: Float[Tensor, "responses heads outputs"] = outputs.clone()
        return copy

    def _autocast(self, dtype: torch.dtype) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=dtype)

    def features(self, trees: Sequence[Tree]) -> Float[Tensor, "responses hidden"]:
        """What the head reads of every response of every tree, by tree and then by branch."""
        return self.layout.features(self, trees)

    def prefix_features(self, sequence: Int[np.ndarray, " tokens"]) -> Float[Tensor, "tokens hidden"]:
        """What the head would read had a sequence ended at each of its tokens, in one pass. For causal models, whose
        tokens do not see what follows."""
        states = self.layout.token_states(self, sequence)
        if self.outputs.pooling == "mean":
            return states.cumsum(0) / torch.arange(1, len(states) + 1, device=states.device)[:, None]
        return states

    def hidden_states(self, **inputs: Any) -> Float[Tensor, "batch tokens hidden"]:
        """The backbone's last hidden states, of its own inputs."""
        cache = {"use_cache": False} if self.causal else {}
        states: Float[Tensor, "batch tokens hidden"] = self.backbone(**inputs, **cache).last_hidden_state
        return states

    def head_features(self, leaves: Float[Tensor, "responses hidden"]) -> Float[Tensor, "responses hidden"]:
        """Hidden states at the scored tokens -> what the class inside gives its last linear layer."""
        return leaves if self.causal else encoder_features(self.model, leaves)

    def reshard(self) -> None:
        """Let go of weights that are gathered from other processes, if they are sharded: a forward pass without a
        backward one leaves some, and who asks for the parameters next would get those."""
        for module in self.modules():
            if isinstance(module, FSDPModule):
                module.reshard()


def _widen(tensor: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """At least float32."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
