"""A thin subclass of `transformers.Trainer` whose step is a set of groups.

What it changes: a batch is a `Step`, computed forest by forest with one backward pass each, the loss divided by the
weight of the whole step's judgements; evaluation scores the whole held-out set and takes one exact mean. Everything
else (optimiser, schedule, clipping, mixed precision, several processes, checkpoints, resuming, logging) is
transformers'.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import SequentialSampler
from transformers import Trainer
from transformers.modeling_layers import GradientCheckpointingLayer

from plaudit.errors import PlauditError
from plaudit.losses import bradley_terry, centering
from plaudit.model.rendering import Rendered
from plaudit.model.reward_model import RewardModel
from plaudit.training.hands import Comparisons
from plaudit.training.settings import TrainingSettings
from plaudit.training.steps import Step


class RewardTrainer(Trainer):
    """Trains a reward model's network on `Steps`.

    Args:
        model: to be trained, in place.
        settings: the losses' and the steps' settings.
        held_out: rendered groups to watch; may be empty.
        options: those of `transformers.Trainer`.
    """

    def __init__(
        self, model: RewardModel, settings: TrainingSettings, held_out: Sequence[Rendered], **options: Any
    ) -> None:
        self.reward_model = model
        self.settings = settings
        self.held_out = held_out
        self._held_out_comparisons = [Comparisons.of(item.group, settings.ties) for item in held_out]
        self._tally = torch.zeros(3)
        self.control: Any
        options.setdefault("eval_dataset", held_out or None)
        super().__init__(model=model.network, data_collator=_only, **options)

    def _get_train_sampler(self, train_dataset: Any = None) -> SequentialSampler:
        """Steps come shuffled already, by a rule that a resumed run repeats."""
        return SequentialSampler(train_dataset or self.train_dataset)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW as transformers sets it up, with a rate of its own for the head."""
        if self.optimizer is None:
            optimizer = super().create_optimizer(model)
            head = self.reward_model.network.head.weight
            mixed = next(g for g in optimizer.param_groups if any(p is head for p in g["params"]))
            mixed["params"] = [parameter for parameter in mixed["params"] if parameter is not head]
            optimizer.add_param_group({**mixed, "params": [head], "lr": mixed["lr"] * self.settings.head_rate})
        return self.optimizer

    def training_step(self, model: Any, inputs: dict[str, Step], num_items_in_batch: Any = None) -> torch.Tensor:
        """One step's forward and backward passes; returns this process's share of the loss, times their number, so
        that the mean over processes is the step's."""
        self._set_training_mode(model)
        step, processes = inputs["step"], self.accelerator.num_processes
        total = torch.zeros((), device=self.args.device)
        for number, batch in enumerate(step.micro_batches):
            last = number == len(step.micro_batches) - 1
            with contextlib.nullcontext() if last else self.accelerator.no_sync(model):
                with self.compute_loss_context_manager():
                    scores = model(batch.trees)
                    losses = self._losses(scores[batch.better], scores[batch.worse], batch.tie, batch.strength)
                    loss = (losses * batch.weight.to(losses.device)).sum() * (processes / step.weight)
                self.accelerator.backward(loss)
            total += loss.detach()
            self._count(scores.detach(), batch.better, batch.worse, batch.tie)
        if not torch.isfinite(total):
            raise PlauditError(
                f"the loss of step {self.state.global_step + 1} is {float(total)}; lower learning_rate, or look for "
                "judgements of enormous weight or strength"
            )
        return total

    def _set_training_mode(self, model: Any) -> None:
        """Dropout only if asked for. Without it the modules stay in evaluation mode, gradients or not, because some
        attentions read their dropout from `training` alone; only layers that recompute activations must know."""
        model.train(self.settings.dropout)
        if self.settings.gradient_checkpointing:
            for module in model.modules():
                if isinstance(module, GradientCheckpointingLayer):
                    module.training = True

    def _losses(
        self, better: torch.Tensor, worse: torch.Tensor, tie: torch.Tensor, strength: torch.Tensor
    ) -> torch.Tensor:
        """`[C]`, one loss a comparison."""
        settings = self.settings
        losses = bradley_terry(
            better - worse,
            tie.to(better.device),
            margin=settings.margin * strength.to(better.device),
            label_smoothing=settings.label_smoothing,
            ties=settings.ties,
        )
        return losses + settings.centering * centering(better, worse) if settings.centering else losses

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Held-out loss and accuracy, exact over the whole set: every score first, then one weighted mean."""
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in self._look().items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _look(self) -> dict[str, float]:
        with self.compute_loss_context_manager():
            return self.held_out_metrics(self.reward_model.score_rendered(self.held_out, self.settings.batch_tokens))

    def held_out_metrics(self, scores: Sequence[float]) -> dict[str, float]:
        """What scores of all held-out responses, in order, amount to.

        `loss` without label smoothing and centring (so that runs compare), `accuracy` over decided comparisons as
        `plaudit eval` has it, and `gap`, their mean absolute score gap. NaN where nothing was held out or decided."""
        values = iter(scores)
        total = weight = correct = decided = gap_sum = 0.0
        for item, compared in zip(self.held_out, self._held_out_comparisons, strict=True):
            row = torch.tensor([next(values) for _ in item.sequences])
            gap = row[compared.better] - row[compared.worse]
            tie = torch.from_numpy(compared.tie)
            shares = torch.from_numpy(compared.weight)
            total += float((bradley_terry(gap, tie, ties=self.settings.ties) * shares).sum())
            weight += float(shares.sum())
            said = torch.from_numpy(compared.judgement)[~tie]
            correct += float(((torch.sign(gap[~tie]) + 1) * said).sum()) / 2
            gap_sum += float((gap[~tie].abs() * said).sum())
            decided += float(said.sum())
        nothing = float("nan")
        return {
            "loss": total / weight if weight else nothing,
            "accuracy": correct / decided if decided else nothing,
            "gap": gap_sum / decided if decided else nothing,
        }

    def _count(self, scores: torch.Tensor, better: torch.Tensor, worse: torch.Tensor, tie: torch.Tensor) -> None:
        """Add to the running figures that the next log line shows."""
        gap = (scores[better] - scores[worse]).float()[~tie.to(scores.device)]
        correct = (gap > 0).float().sum() + 0.5 * (gap == 0).float().sum()
        self._tally += torch.stack([correct, gap.sum(), torch.tensor(float(len(gap)), device=gap.device)]).cpu()

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """transformers' figures, with the accuracy and mean gap of the comparisons trained on since the last line."""
        if "loss" in logs and self._tally[2] > 0:
            correct, gap, count = self._tally.tolist()
            logs = {**logs, "accuracy": correct / count, "gap": gap / count}
            self._tally.zero_()
        super().log(logs, start_time)


def _only(items: list[Step]) -> dict[str, Step]:
    """A step is a batch already; transformers wants batches to be tables."""
    (step,) = items
    return {"step": step}
