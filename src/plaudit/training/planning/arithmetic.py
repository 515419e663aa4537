"""Multiplications and additions of a whole run, from what a network costs and how much there is to compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plaudit.training.planning.footprint import Costs
from plaudit.training.planning.workload import Amount, Workload
from plaudit.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Multiplications and additions of a whole run.

    Attributes:
        forward: of training; layers below those that learn once for all epochs, where their states are cached.
        backward: of training, what is recomputed included.
        attention: the part of both that attention is.
        validation: of all evaluations.
    """

    forward: float
    backward: float
    attention: float
    validation: float

    @property
    def total(self) -> float:
        return self.forward + self.backward + self.validation


def arithmetic_of(costs: Costs, workload: Workload, settings: TrainingSettings) -> Arithmetic:
    """The arithmetic of a whole run.

    Args:
        costs: of the network.
        workload: of the data.
        settings: of these `epochs`, `evaluate_every`, `annotators` and `trainable`.
    """
    whole, below, epoch = costs.whole, costs.below, workload.epoch
    each, once = whole - below, below
    # What is frozen below is computed once for all epochs: its states, or the features of a head, are cached.
    forward = settings.epochs * _forward(each, epoch) + _forward(once, epoch)
    learned = whole.learned_attention * epoch.pairs
    backward = whole.backward * epoch.tokens + whole.backward_response * epoch.responses + 2.5 * learned
    if settings.gradient_checkpointing:
        backward += learned
    readings = settings.epochs if settings.annotators else 0
    forward += readings * _forward(each, epoch)
    evaluations = round(settings.epochs / settings.evaluate_every) if workload.validation.trees else 0
    attention = whole.attention - below.attention
    seen = (settings.epochs + readings) * attention + below.attention
    again = 3.5 if settings.gradient_checkpointing else 2.5
    return Arithmetic(
        forward=forward,
        backward=settings.epochs * backward,
        attention=seen * epoch.pairs + settings.epochs * again * learned,
        validation=evaluations * _forward(each, workload.validation) + _forward(once, workload.validation),
    )


def _forward(costs: Any, amount: Amount) -> float:
    """A forward pass of each of these responses."""
    linear = costs.forward * amount.tokens + costs.forward_response * amount.responses
    return float(linear + costs.attention * amount.pairs)
