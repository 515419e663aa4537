"""What a layer asks of its attention, and what answers: whole attentions, and the kernels that one of them takes."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from plaudit.forest.layout import Forest, Varlen

# Of the whole row, as transformers hands them over.
RowQueries = Float[Tensor, "1 heads tokens dim"]
RowKeys = Float[Tensor, "1 kv_heads tokens dim"]
RowValues = Float[Tensor, "1 kv_heads tokens value_dim"]
RowOutput = Float[Tensor, "1 tokens heads value_dim"]

# Of a stretch of it, as kernels of variable length take them.
Queries = Float[Tensor, "queries heads dim"]
Keys = Float[Tensor, "keys kv_heads dim"]
Values = Float[Tensor, "keys kv_heads value_dim"]
Output = Float[Tensor, "queries heads value_dim"]
LogSumExp = Float[Tensor, "heads queries"]


class LayerOptions(NamedTuple):
    """What a layer asks of its attention.

    Attributes:
        scale: of the logits.
        window: a token sees those at a distance below it.
        softcap: logits are `softcap * tanh(logits / softcap)` (Gemma 2).
        sinks: a logit a head that takes weight and gives nothing (GPT-OSS).
        dropout: of the attention weights.
    """

    scale: float
    window: int | None = None
    softcap: float | None = None
    sinks: Float[Tensor, " heads"] | None = None
    dropout: float = 0.0


class LayerKind(NamedTuple):
    """What layers that a kernel treats alike have in common.

    Attributes:
        groups: query heads on each key head.
        dim, value_dim: of a head's keys and values.
        causal: whether tokens look only backwards.
        window: None where none bites.
        softcap, sinks, dropout: whether there are some.
        dtype: of the values: what is computed in.
        device: the kind of device.

    Example:
        >>> from plaudit.model import open_model
        >>> (kind,) = open_model("my-model").network.layout.kinds
        >>> kind.groups, kind.dim, kind.window
        (2, 16, None)
    """

    groups: int
    dim: int
    value_dim: int
    causal: bool
    window: int | None
    softcap: bool
    sinks: bool
    dropout: bool
    dtype: torch.dtype
    device: str

    @classmethod
    def of(cls, query: RowQueries, key: RowKeys, value: RowValues, forest: Forest, options: LayerOptions) -> LayerKind:
        """Of a layer that is called so on a forest."""
        return cls(
            groups=query.shape[1] // key.shape[1],
            dim=key.shape[3],
            value_dim=value.shape[3],
            causal=forest.causal,
            window=forest.biting(options.window),
            softcap=options.softcap is not None,
            sinks=options.sinks is not None,
            dropout=options.dropout > 0,
            dtype=value.dtype,
            device=value.device.type,
        )

    @property
    def for_trial(self) -> LayerKind:
        """The same for all windows: one trial serves them."""
        return self if self.window is None else self._replace(window=1)


class ForestAttention(Protocol):
    """One way to compute the attention of a forest. All give the same, within rounding.

    Attributes:
        name: as the setting `attention` has it.
        multiple: the row's length must be one of it.

    Example:
        >>> from plaudit.model import open_model
        >>> attend = open_model("my-model", attention="varlen").network.layout.attend
        >>> attend.name, attend.multiple
        ('varlen', 1)
    """

    @property
    def name(self) -> str: ...

    @property
    def multiple(self) -> int: ...

    def __hash__(self) -> int: ...

    def lacks(self, kind: LayerKind) -> str | None:
        """Why layers of this kind cannot be computed so; None where they can."""
        ...

    def __call__(
        self, query: RowQueries, key: RowKeys, value: RowValues, forest: Forest, options: LayerOptions
    ) -> RowOutput:
        """The output of a layer. Keys and values may have fewer heads than queries, which are then a multiple."""
        ...


class VarlenCall(NamedTuple):
    """What one call of a kernel of variable length is told besides its tensors.

    Attributes:
        queries, keys: sequences, as many of the one as of the other: the n-th looks at the n-th.
        causal: whether a query sees only keys up to its own place; then the two are of equal lengths.
        scale: of the logits.
    """

    queries: Varlen
    keys: Varlen
    causal: bool
    scale: float


class VarlenKernel(Protocol):
    """Attention over sequences of variable length, and its exact share of a gradient.

    `backward` is given the output and the log-sum-exp of all that the queries saw, of which this call's keys may be a
    part: with p = exp(logits - logsumexp) and D = rowsum(grad * out), the gradient of the logits is p (grad v' - D),
    and no derivative of the merge is needed. Flash kernels compute just that.
    """

    def lacks(self, kind: LayerKind) -> str | None:
        """Why layers of this kind cannot be computed so; None where they can."""
        ...

    def forward(self, q: Queries, k: Keys, v: Values, call: VarlenCall) -> tuple[Output, LogSumExp]:
        """The output in the values' dtype, and the natural logarithm of the sum of exp(logits), `[H, T]`."""
        ...

    def backward(
        self, grad: Output, q: Queries, k: Keys, v: Values, out: Output, logsumexp: LogSumExp, call: VarlenCall
    ) -> tuple[Queries, Keys, Values]:
        """The gradients of queries, keys and values that come by way of this call."""
        ...
