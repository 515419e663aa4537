"""How much there is to compute: tokens of trees, pairs of tokens that attention compares, steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plaudit.forest import Tree
from plaudit.training.steps import Steps


@dataclass(frozen=True, slots=True)
class Amount:
    """What is computed of some responses.

    Attributes:
        trees: of their tokens; a group, or a hand of a large one, is a tree.
        responses: in all.
        tokens: each token of a tree once.
        whole: tokens of every response with its prompt, as without trees.
        pairs: of a token and one that it may see, as attention computes them: rectangles.
        copied: keys and values that attention by segments copies, those of a trunk once for each branch.
    """

    trees: int
    responses: int
    tokens: int
    whole: int
    pairs: int
    copied: int

    @classmethod
    def of(cls, trees: Iterable[Tree]) -> Amount:
        count = responses = tokens = whole = pairs = copied = 0
        for tree in trees:
            trunk, branches = len(tree.trunk), [len(branch) for branch in tree.branches]
            count += 1
            responses += len(branches)
            tokens += trunk + sum(branches)
            whole += sum(trunk + branch for branch in branches)
            pairs += trunk**2 + sum(branch * (trunk + branch) for branch in branches)
            copied += sum(trunk + branch for branch in branches) if trunk else 0
        return cls(count, responses, tokens, whole, pairs, copied)


@dataclass(frozen=True, slots=True)
class Workload:
    """A run's data as it is computed.

    Attributes:
        epoch: one epoch of training.
        validation: one evaluation.
        steps_per_epoch: optimiser steps.
        largest_tree: tokens of the largest tree, which no forest can be smaller than.
        forest: the forest of one process that has most tokens.
    """

    epoch: Amount
    validation: Amount
    steps_per_epoch: int
    largest_tree: int
    forest: Amount


def measure_workload(steps: Steps, validation: Iterable[Tree]) -> Workload:
    """Count a run's data, in the steps of its first epoch.

    Args:
        steps: of the run, whose network may have no weights.
        validation: the trees of the validation set.
    """
    trees: list[Tree] = []
    largest: list[Tree] = []
    for number in range(steps.steps_per_epoch * steps.shares):
        for batch in steps[number].micro_batches:
            # A process without a hand of its own repeats another's at no weight.
            trees += batch.trees if batch.targets.total_weight else []
            if sum(map(len, batch.trees)) > sum(map(len, largest)):
                largest = batch.trees
    return Workload(
        epoch=Amount.of(trees),
        validation=Amount.of(validation),
        steps_per_epoch=steps.steps_per_epoch,
        largest_tree=max(map(len, trees), default=0),
        forest=Amount.of(largest),
    )
