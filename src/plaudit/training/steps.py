"""Steps: what each optimiser step trains on, as a fixed function of the seed and the step's number.

Nothing here remembers anything, so a run that was killed and resumed sees exactly what it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch.utils.data import Dataset

from plaudit.forest import Tree, pack
from plaudit.model import Rendered, RewardNetwork
from plaudit.training.group_targets import GroupTargets, concatenate_targets
from plaudit.training.hands import deal_hands
from plaudit.training.settings import TrainingSettings

# Where groups_per_step is left open: about this many steps an epoch, each of this few to this many responses. A few
# thousand judgements teach more in many small steps; with many more, larger ones waste less on the optimiser.
_STEPS_PER_EPOCH = 100
_RESPONSES_PER_STEP = (8, 64)


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """One forward pass over some responses, and their judgements.

    Attributes:
        trees: to be scored; empty where their features are known.
        targets: of these responses, numbered in order.
        features: where the backbone is frozen and they were computed before.
    """

    trees: list[Tree]
    targets: GroupTargets
    features: Float[torch.Tensor, "responses hidden"] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One process's share of an optimiser step, and the weight of the whole step's judgements, over all processes."""

    micro_batches: list[MicroBatch]
    weight: float


class Steps(Dataset[Step]):
    """All steps of a run, in order; item `i` is share `i % shares` of step `i // shares`.

    Args:
        items: the rendered groups.
        targets: of each.
        network: grows trees as its architecture can.
        settings: of these `epochs`, `hand`, `groups_per_step`, `batch_tokens` and `seed`.
        shares: number of processes that split a step.
        features: of all responses in order, where the backbone is frozen and they were computed before.
    """

    def __init__(
        self,
        items: Sequence[Rendered],
        targets: Sequence[GroupTargets],
        network: RewardNetwork,
        settings: TrainingSettings,
        *,
        shares: int = 1,
        features: Float[np.ndarray, "responses hidden"] | None = None,
    ) -> None:
        self.items = items
        self.targets = targets
        self.network = network
        self.features = features
        self.settings, self.shares = settings, shares
        self._first = np.cumsum([0, *(len(item.sequences) for item in items)])
        hands = sum(-(-len(item.sequences) // settings.hand) for item in items)
        responses = sum(len(item.sequences) for item in items)
        self.groups_per_step = settings.groups_per_step or _groups_per_step(hands, responses)
        self.steps_per_epoch = -(-hands // self.groups_per_step)

    def __len__(self) -> int:
        return self.steps_per_epoch * self.settings.epochs * self.shares

    def __getitem__(self, index: int) -> Step:
        step, share = divmod(index, self.shares)
        epoch, place = divmod(step, self.steps_per_epoch)
        hands = self._deal(epoch)[place * self.groups_per_step : (place + 1) * self.groups_per_step]
        targets = [self.targets[item].subset(responses) for item, responses in hands]
        weight = sum(one.total_weight for one in targets)
        useful = [(hand, one) for hand, one in zip(hands, targets, strict=True) if len(one)]
        # Gradients are averaged over processes, so each must have some: one that is left without a hand computes the
        # step's first with weight zero.
        dealt = useful[share :: self.shares] or [(hand, one.with_zero_weight()) for hand, one in useful[:1]]
        # The hands of a large, sparsely judged group may hold no judgement at all.
        if not dealt:
            return Step([], weight)
        if self.features is not None:
            rows = np.concatenate([self._first[item] + np.array(responses) for (item, responses), _ in dealt])
            together = concatenate_targets([one for _, one in dealt], [len(responses) for (_, responses), _ in dealt])
            return Step([MicroBatch([], together, torch.from_numpy(self.features[rows]))], weight)
        trees = [self._tree(*hand) for hand, _ in dealt]
        forests = pack([len(tree) for tree in trees], self.settings.batch_tokens)
        return Step(
            [_micro_batch([trees[i] for i in forest], [dealt[i][1] for i in forest]) for forest in forests], weight
        )

    def _tree(self, item: int, responses: Sequence[int]) -> Tree:
        rendered = self.items[item]
        types = None if rendered.types is None else [rendered.types[i] for i in responses]
        return self.network.grow([rendered.sequences[i] for i in responses], types)

    @lru_cache(maxsize=2)  # noqa: B019 (a run has one Steps, which lives as long as the run)
    def _deal(self, epoch: int) -> list[tuple[int, list[int]]]:
        """The hands of one epoch, shuffled: the number of an item, and of the responses it deals."""
        numbers = np.random.default_rng((self.settings.seed, epoch))
        hands = [
            (index, responses)
            for index, item in enumerate(self.items)
            for responses in deal_hands(
                len(item.sequences), self.targets[index].comparisons, self.settings.hand, numbers
            )
        ]
        return [hands[i] for i in numbers.permutation(len(hands))]


def _groups_per_step(hands: int, responses: int) -> int:
    """How many of `hands`, which hold `responses` in all, make a step."""
    fewest, most = _RESPONSES_PER_STEP
    wanted = min(max(responses / _STEPS_PER_EPOCH, fewest), most)
    return max(1, round(wanted * hands / responses))


def _micro_batch(trees: list[Tree], targets: list[GroupTargets]) -> MicroBatch:
    return MicroBatch(trees, concatenate_targets(targets, [len(tree.branches) for tree in trees]))
