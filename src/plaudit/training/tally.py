"""What a run counts of the judgements it has met, kept on the device that computes them.

To read a number from a GPU is to wait until it has computed everything before. So nothing is read in a step: sums stay
where they are until a line is logged, and are then read once, summed over all processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float, Float64

from plaudit.forest import on_device
from plaudit.training.objective import LossTerm
from plaudit.training.targets import ComparisonTargets

_SUMS = ("rankings loss", "rankings weight", "ratings loss", "ratings weight", "won", "gap", "decided")

Gather = Callable[[Float64[torch.Tensor, " numbers"]], Float64[torch.Tensor, " _"]]
"""From a process's numbers to those of all, one process after the other."""


class Tally:
    """Weighted sums over judgements, and the first step whose loss was no number.

    Example:
        >>> tally = Tally(torch.device("cpu"))
        >>> tally.add({"rankings": LossTerm(torch.tensor(3.0), 4.0)})
        >>> tally.figures()
        {'loss': 0.75}
    """

    def __init__(self, device: torch.device) -> None:
        self._sums = torch.zeros(len(_SUMS), dtype=torch.float64, device=device)
        self._broken = torch.full((1,), float("inf"), dtype=torch.float64, device=device)

    def add(self, terms: Mapping[str, LossTerm]) -> None:
        """Count the losses of a forward pass, by kind of judgement."""
        for kind, term in terms.items():
            self._sums[_SUMS.index(f"{kind} loss")] += term.loss.detach()
            self._sums[_SUMS.index(f"{kind} weight")] += term.weight

    def add_decided(self, rewards: Float[torch.Tensor, " responses"], comparisons: ComparisonTargets) -> None:
        """Count the decided comparisons among responses: their weights, how much of them the better response has won,
        and the absolute score gaps."""
        decided = comparisons.rows(~comparisons.tie)
        if not len(decided):
            return
        better, worse, weight = (
            on_device(column, rewards.device) for column in (decided.better, decided.worse, decided.judgement_weight)
        )
        gap = (rewards.detach()[better] - rewards.detach()[worse]).double()
        sums = torch.stack(((torch.sign(gap) + 1) / 2 * weight, gap.abs() * weight, weight)).sum(1)
        self._sums[_SUMS.index("won") :] += sums

    def check(self, loss: Float[torch.Tensor, ""], step: int) -> None:
        """Note a step whose loss is infinite or no number."""
        self._broken = torch.where(torch.isfinite(loss), self._broken, self._broken.clamp(max=step))

    def broken_step(self, gather: Gather) -> int | None:
        """The first step, of any process, whose loss was infinite or no number."""
        first = float(gather(self._broken).min())
        return None if first == float("inf") else int(first)

    def figures(self, gather: Gather = lambda numbers: numbers) -> dict[str, float]:
        """Means over what there was: `loss`; where comparisons are decided, `accuracy` as `plaudit eval` has it, and
        `gap`, their mean absolute score gap; and where rankings and ratings are both learned from, the loss of each."""
        sums = dict(zip(_SUMS, gather(self._sums).view(-1, len(_SUMS)).sum(0).tolist(), strict=True))
        kinds = [kind for kind in ("rankings", "ratings") if sums[f"{kind} weight"]]
        figures = {}
        if kinds:
            weight = sum(sums[f"{kind} weight"] for kind in kinds)
            figures["loss"] = sum(sums[f"{kind} loss"] for kind in kinds) / weight
        if decided := sums["decided"]:
            figures |= {"accuracy": sums["won"] / decided, "gap": sums["gap"] / decided}
        if len(kinds) > 1:
            figures |= {f"{kind}_loss": sums[f"{kind} loss"] / sums[f"{kind} weight"] for kind in kinds}
        return figures

    def clear(self) -> None:
        """Begin anew."""
        self._sums.zero_()
