"""What a reward model says of a response: its outputs, and how they become one reward.

The plain head is one linear layer with one output, the last layer of the checkpoint itself. Everything richer stands
here: several attributes, several heads for uncertainty, a hidden layer, and the read-outs of rating losses. Shapes:
R responses, K heads, W outputs a head, A attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from plaudit.forest import on_device

Raw = Float[Tensor, "responses heads outputs"]
HeadScores = Float[Tensor, "responses heads"]
"""What a head gives for responses: K heads of W outputs each."""

# How an attribute's outputs become a score and a value in people's units.
READOUTS = ("reward", "value", "ordinal", "classes")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing the head says of a response.

    Attributes:
        name: as in the ratings; "overall" where rankings alone are learned from.
        weight: its share in the reward.
        readout: `reward`: learned from rankings, a score without units. `value`: one output, standardised ratings.
            `ordinal`: one output and learned cut-points between the levels. `classes`: one output a level.
        low, high: the rating scale, in people's units.
        centre, spread: mean and standard deviation of the training ratings on [0, 1], which `value` and `classes`
            scores are standardised by.
        levels: the values an `ordinal` or `classes` rating can take, ascending, in people's units.
        shares: how often each level was said in training, where a new head starts from; none: all alike.

    Example:
        >>> stars = Attribute("helpful", readout="classes", low=1, high=5, levels=(1, 3, 5))
        >>> stars.width, stars.unit_levels
        (3, [0.0, 0.5, 1.0])
    """

    name: str
    weight: float = 1.0
    readout: str = "reward"
    low: float = 0.0
    high: float = 1.0
    centre: float = 0.0
    spread: float = 1.0
    levels: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Outputs it takes."""
        return len(self.levels) if self.readout == "classes" else 1

    @property
    def unit_levels(self) -> list[float]:
        """Its levels on [0, 1]."""
        return [(level - self.low) / (self.high - self.low) for level in self.levels]


@dataclass(frozen=True, slots=True)
class Outputs:
    """The attributes of a head, and how many heads there are.

    Attributes:
        attributes: A of them, in the order of the outputs.
        heads: K copies, each with a start and a sample of the judgements of its own; their spread is the uncertainty.
        hidden: whether one hidden layer of H tanh units stands before the linear one.
        pooling: `own` or `mean`, see RewardNetwork.

    Example:
        >>> outputs = Outputs((Attribute("helpful", weight=0.75), Attribute("verbose", weight=-0.25)))
        >>> outputs.rewards(torch.tensor([[[2.0, 1.0]]]))  # of one response by one head
        tensor([[1.2500]])
    """

    attributes: tuple[Attribute, ...] = (Attribute("overall"),)
    heads: int = 1
    hidden: bool = False
    pooling: str = "own"

    @property
    def plain(self) -> bool:
        """Whether the checkpoint's own last layer is the whole head."""
        first = self.attributes[0]
        return self.linear and self.heads == len(self.attributes) == 1 and first.weight == 1 and not first.levels

    @property
    def linear(self) -> bool:
        """Whether the reward is linear in what the checkpoint's own class reads, so that plain transformers can hold
        it: the mean over heads of the mix of attributes is then one row of weights."""
        return self.pooling == "own" and not self.hidden and all(a.width == 1 for a in self.attributes)

    @property
    def width(self) -> int:
        """W, outputs of one head."""
        return sum(attribute.width for attribute in self.attributes)

    def columns(self, raw: Raw) -> list[Float[Tensor, "responses heads _"]]:
        """Each attribute's own outputs."""
        return list(torch.split(raw, [attribute.width for attribute in self.attributes], dim=-1))

    def scores(self, raw: Raw) -> Float[Tensor, "responses heads attributes"]:
        """Each attribute's score. A `classes` score is the expected class, standardised."""
        return torch.stack([_score(a, c) for a, c in zip(self.attributes, self.columns(raw), strict=True)], -1)

    def rewards(self, raw: Raw) -> HeadScores:
        """Each head's mix of its scores."""
        return self.scores(raw) @ _numbers([a.weight for a in self.attributes], raw)

    def values(self, raw: Raw, cuts: Mapping[str, Float[Tensor, " _"]]) -> dict[str, Float[Tensor, " responses"]]:
        """What people would rate each rated attribute, in their units, mean over heads. `cuts` are the cut-points of
        `ordinal` attributes."""
        scores = self.scores(raw)
        return {
            attribute.name: _value(attribute, scores[..., index], cuts.get(attribute.name)).mean(-1)
            for index, attribute in enumerate(self.attributes)
            if attribute.readout != "reward"
        }

    def to_dict(self) -> dict[str, Any]:
        """As it stands in plaudit.json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Outputs:
        """Raises KeyError, TypeError or ValueError for a table that `to_dict` did not write."""
        attributes = tuple(
            Attribute(**{**attribute, "levels": tuple(attribute["levels"]), "shares": tuple(attribute["shares"])})
            for attribute in table["attributes"]
        )
        if any(attribute.readout not in READOUTS for attribute in attributes):
            raise ValueError("an attribute has an unknown readout")
        return cls(**{**table, "attributes": attributes})


PLAIN = Outputs()


def draw_head(head: nn.Linear, seed: int) -> None:
    """Start a plain head at N(0, 1/(H+1)²), H the hidden size, and no bias, in place."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        head.weight.copy_(torch.randn(head.weight.shape, generator=generator) / (head.in_features + 1))
        if head.bias is not None:
            head.bias.zero_()


class RewardHead(nn.Module):
    """Features in, `[R, K, W]` outputs out, with the cut-points of ordinal attributes beside them.

    Cut-points, and the constants of classes, start where the levels' shares in training put them, so that a head that
    knows nothing yet says what the best constant says.

    Args:
        features: H, what the backbone gives.
        outputs: what to say of a response.
        seed: of the initial weights, N(0, 1/(H+1)²) like the plain head's; each head has its own.
    """

    def __init__(self, features: int, outputs: Outputs, seed: int = 0) -> None:
        super().__init__()
        self.outputs = outputs
        generator = torch.Generator().manual_seed(seed)
        self.dense = nn.Linear(features, features) if outputs.hidden else None
        if self.dense is not None:
            with torch.no_grad():
                self.dense.weight.copy_(torch.randn(features, features, generator=generator) / features**0.5)
                self.dense.bias.zero_()
        start = torch.randn(outputs.heads, outputs.width, features, generator=generator) / (features + 1)
        self.weight = nn.Parameter(start)
        self.cuts = nn.ParameterDict(
            {_key(i): _free_cuts(a) for i, a in enumerate(outputs.attributes) if a.readout == "ordinal"}
        )
        self.constants = nn.ParameterDict(
            {_key(i): _log_shares(a) for i, a in enumerate(outputs.attributes) if a.readout == "classes"}
        )

    def forward(self, features: Float[Tensor, "responses hidden"]) -> Raw:
        """The outputs of responses."""
        if self.dense is not None:
            features = torch.tanh(nn.functional.linear(features, self.dense.weight.float(), self.dense.bias.float()))
        raw = torch.einsum("rh,kwh->rkw", features, self.weight.to(features.dtype))
        if not self.constants:
            return raw
        columns = self.outputs.columns(raw)
        return torch.cat(
            [c + self.constants[k] if (k := _key(i)) in self.constants else c for i, c in enumerate(columns)], -1
        )

    def cut_points(self) -> dict[str, Float[Tensor, " _"]]:
        """Attribute -> cut points, one fewer than its levels, ascending: the first, then positive steps."""
        names = {_key(index): attribute.name for index, attribute in enumerate(self.outputs.attributes)}
        return {names[key]: _ascending(free) for key, free in self.cuts.items()}

    def folded(self) -> Float[Tensor, "1 hidden"]:
        """The one row of weights whose output is the reward, for linear heads."""
        mix = torch.tensor([a.weight for a in self.outputs.attributes], device=self.weight.device)
        return torch.einsum("a,kah->h", mix, self.weight.detach().float())[None] / self.outputs.heads


def _key(index: int) -> str:
    """Attributes have any names; parameters may not have dots in theirs."""
    return f"attribute{index}"


def _log_shares(attribute: Attribute) -> nn.Parameter:
    """`[levels]`; a level that was hardly ever said starts at a thousandth."""
    shares = torch.tensor(attribute.shares or [1.0] * len(attribute.levels)).clamp(min=1e-3)
    return nn.Parameter((shares / shares.sum()).log())


def _free_cuts(attribute: Attribute) -> nn.Parameter:
    """Free parameters of the cut-points at which a score of 0 gives the levels their shares."""
    below = _log_shares(attribute).detach().exp().cumsum(0)[:-1]
    cuts = torch.logit(below.double()).float()
    return nn.Parameter(torch.cat([cuts[:1], cuts.diff().expm1().log()]))


def _ascending(free: Float[Tensor, " cuts"]) -> Float[Tensor, " cuts"]:
    return torch.cat([free[:1], free[:1] + nn.functional.softplus(free[1:]).cumsum(0)])


def _score(attribute: Attribute, outputs: Float[Tensor, "responses heads outputs"]) -> HeadScores:
    if attribute.readout != "classes":
        return outputs[..., 0]
    units = _numbers(attribute.unit_levels, outputs)
    return (outputs.softmax(-1) @ units - attribute.centre) / attribute.spread


def _value(attribute: Attribute, score: HeadScores, cuts: Float[Tensor, " cuts"] | None) -> HeadScores:
    if cuts is None:
        return attribute.low + (attribute.high - attribute.low) * (attribute.centre + attribute.spread * score)
    above = torch.sigmoid(score[..., None] - cuts)
    steps: Sequence[float] = [b - a for a, b in zip(attribute.levels, attribute.levels[1:], strict=False)]
    return attribute.levels[0] + above @ _numbers(steps, score)


def _numbers(values: Sequence[float], like: Float[Tensor, "*_"]) -> Float[Tensor, " values"]:
    """Numbers as a tensor of another's dtype, on its device, without waiting for what that computes."""
    return on_device(np.array(values), like.device, like.dtype)
