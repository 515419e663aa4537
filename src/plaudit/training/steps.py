"""Steps: what each optimiser step trains on, as a fixed function of the seed and the step's number.

Nothing here remembers anything, so a run that was killed and resumed sees exactly what it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from torch import nn
from torch.utils.data import Dataset

from plaudit.forest import Tree, attended_keys, pack_evenly
from plaudit.model import Rendered, RewardNetwork
from plaudit.training.group_targets import GroupTargets, concatenate_targets
from plaudit.training.hands import deal_hands
from plaudit.training.settings import TrainingSettings

# Where groups_per_step is left open: about this many steps an epoch, each of this few to this many responses. A few
# thousand judgements teach more in many small steps; with many more, larger ones waste less on the optimiser. On GPUs,
# as many as fill a forest each, which small steps would leave idle, but no fewer steps an epoch than this.
_STEPS_PER_EPOCH = 100
_RESPONSES_PER_STEP = (8, 64)
_STEPS_PER_EPOCH_ON_GPUS = 20
# Items by which the tokens of a response are told.
_SAMPLE = 256


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
    features: Float[np.ndarray, "responses hidden"] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One process's share of an optimiser step, and the weight of the whole step's judgements, over all processes."""

    micro_batches: list[MicroBatch]
    weight: float


class Steps(Dataset[Step]):
    """All steps of a run, in order; item `i` is share `i % shares` of step `i // shares`.

    Args:
        items: the rendered groups; a step asks for those that it trains on, and no other is read.
        targets: of each, likewise.
        network: grows trees as its architecture can.
        settings: of these `epochs`, `hand`, `groups_per_step`, `batch_tokens` and `seed`.
        shares: number of processes that split a step.
        on_gpus: whether GPUs compute them, each of which should be full; None: where the network is.
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
        on_gpus: bool | None = None,
        features: Float[np.ndarray, "responses hidden"] | None = None,
    ) -> None:
        self.items = items
        self.targets = targets
        self.network = network
        self.features = features
        self.settings, self.shares = settings, shares
        self._on_gpus = network.device.type == "cuda" if on_gpus is None else on_gpus
        self._cost_of_key = _cost_of_key(network)
        sizes = response_counts(items)
        self._first = np.concatenate([[0], np.cumsum(sizes)])
        # A hand's number is its place in the order of the items: an item's first hand, and where the last one ends.
        hands = -(-sizes // settings.hand)
        self._first_hand = np.concatenate([[0], np.cumsum(hands)])
        self._large = np.flatnonzero(hands > 1).tolist()
        count = int(self._first_hand[-1])
        self.groups_per_step = settings.groups_per_step or _groups_per_step(
            count, int(self._first[-1]), self._responses_that_fill()
        )
        self.steps_per_epoch = -(-count // self.groups_per_step)

    def __len__(self) -> int:
        return self.steps_per_epoch * self.settings.epochs * self.shares

    def __getitem__(self, index: int) -> Step:
        step, share = divmod(index, self.shares)
        useful, weight = self._useful_hands(step)
        if not useful:
            return Step([], weight)
        if self.features is not None:
            return Step([self._of_features(useful[share :: self.shares] or _weightless(useful[0]))], weight)
        trees, spare, forests = self._forests(step)
        batches = [([trees[i] for i in forest], [useful[i][2] for i in forest]) for forest in forests[share]]
        weightless = ([trees[spare]], [useful[spare][2].with_zero_weight()])
        return Step([_micro_batch(*(batch if batch[0] else weightless)) for batch in batches], weight)

    @lru_cache(maxsize=1)  # noqa: B019 (whoever counts all shares of a step deals it once)
    def _useful_hands(self, step: int) -> tuple[list[tuple[int, Sequence[int], GroupTargets]], float]:
        """A step's hands with their judgements, and the weight of these."""
        epoch, place = divmod(step, self.steps_per_epoch)
        hands = self._hands_of(epoch, slice(place * self.groups_per_step, (place + 1) * self.groups_per_step))
        targets = [self.targets[item].subset(responses) for item, responses in hands]
        weight = sum(one.total_weight for one in targets)
        # The hands of a large, sparsely judged group may hold no judgement at all.
        return [(*hand, one) for hand, one in zip(hands, targets, strict=True) if len(one)], weight

    @lru_cache(maxsize=1)  # noqa: B019 (as above)
    def _forests(self, step: int) -> tuple[list[Tree], int, list[list[list[int]]]]:
        """The trees of a step's hands; the cheapest; and which of them each forest of each share has.

        Processes compute in lock step and average their gradients, so each must have as many forests as the others: one
        that has fewer computes the cheapest tree at no weight."""
        trees = [self._tree(item, responses) for item, responses, _ in self._useful_hands(step)[0]]
        sizes, costs = [len(tree) for tree in trees], [self._cost(tree) for tree in trees]
        spare = min(range(len(trees)), key=costs.__getitem__)
        return trees, spare, pack_evenly(sizes, costs, self.settings.forward_tokens, self.shares)

    def _of_features(self, hands: Sequence[tuple[int, Sequence[int], GroupTargets]]) -> MicroBatch:
        assert self.features is not None
        rows = np.concatenate([self._first[item] + np.array(responses) for item, responses, _ in hands])
        targets = concatenate_targets([one for *_, one in hands], [len(responses) for _, responses, _ in hands])
        return MicroBatch([], targets, self.features[rows])

    def _cost(self, tree: Tree) -> float:
        """The arithmetic of a tree, in that of one token without attention."""
        return len(tree) + self._cost_of_key * attended_keys(tree)

    def _responses_that_fill(self) -> int:
        """How many responses fill a forest on every GPU; 0 on a CPU, which small forests keep as busy."""
        if not self._on_gpus or self.features is not None:
            return 0
        sample = np.unique(np.linspace(0, len(self.items) - 1, _SAMPLE).astype(int)).tolist()
        sizes = [len(self.items[item].sequences) for item in sample]
        trees = [self._tree(item, range(size)) for item, size in zip(sample, sizes, strict=True)]
        return round(self.settings.forward_tokens * self.shares * sum(sizes) / sum(map(len, trees)))

    def _tree(self, item: int, responses: Sequence[int]) -> Tree:
        rendered = self.items[item]
        types = None if rendered.types is None else [rendered.types[i] for i in responses]
        return self.network.grow([rendered.sequences[i] for i in responses], types)

    def _hands_of(self, epoch: int, places: slice) -> list[tuple[int, list[int]]]:
        """Some of an epoch's hands: the number of an item, and of the responses it deals."""
        order, dealt = self._deal(epoch)
        hands = []
        for hand in order[places].tolist():
            item = int(np.searchsorted(self._first_hand, hand, side="right")) - 1
            first, last = self._first[item : item + 2].tolist()
            start, end = self._first_hand[item : item + 2].tolist()
            responses = dealt[first:last] if end - start > 1 else np.arange(last - first)
            hands.append((item, np.array_split(responses, end - start)[hand - start].tolist()))
        return hands

    @lru_cache(maxsize=2)  # noqa: B019 (a run has one Steps, which lives as long as the run)
    def _deal(self, epoch: int) -> tuple[Int[np.ndarray, " hands"], Int[np.ndarray, " responses"]]:
        """The order of an epoch's hands, and the responses of all items, those of one that is more than a hand in the
        order in which they are dealt. A list of hands would take more memory than the data."""
        numbers = np.random.default_rng((self.settings.seed, epoch))
        dealt = np.zeros(self._first[-1] if self._large else 0, dtype=np.int32)
        for item in self._large:
            size = int(self._first[item + 1] - self._first[item])
            hands = deal_hands(size, self.targets[item].comparisons, self.settings.hand, numbers)
            dealt[self._first[item] : self._first[item + 1]] = np.concatenate(hands)
        return numbers.permutation(int(self._first_hand[-1])).astype(np.int32), dealt


def response_counts(items: Sequence[Rendered]) -> Int[np.ndarray, " items"]:
    """How many responses each item has."""
    counts = getattr(items, "response_counts", None)
    return np.array([len(item.sequences) for item in items], dtype=np.int64) if counts is None else counts


def _groups_per_step(hands: int, responses: int, fill: int = 0) -> int:
    """How many of `hands`, which hold `responses` in all, make a step, where `fill` responses keep all GPUs busy."""
    fewest, most = _RESPONSES_PER_STEP
    wanted = min(max(responses / _STEPS_PER_EPOCH, fewest), most)
    wanted = max(wanted, min(fill, responses / _STEPS_PER_EPOCH_ON_GPUS))
    return max(1, round(wanted * hands / responses))


def _weightless(hand: tuple[int, Sequence[int], GroupTargets]) -> list[tuple[int, Sequence[int], GroupTargets]]:
    item, responses, targets = hand
    return [(item, responses, targets.with_zero_weight())]


def _cost_of_key(network: RewardNetwork) -> float:
    """What one token's attention to one key costs, in the arithmetic of one token without attention: 4 operations for
    every channel of every layer, against 2 for every weight that is multiplied with."""
    tables = {id(p) for module in network.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
    weights = sum(p.numel() for p in network.parameters() if id(p) not in tables)
    config = network.config.get_text_config()
    return float(2 * config.hidden_size * config.num_hidden_layers / max(weights, 1))


def _micro_batch(trees: list[Tree], targets: list[GroupTargets]) -> MicroBatch:
    return MicroBatch(trees, concatenate_targets(targets, [len(tree.branches) for tree in trees]))
