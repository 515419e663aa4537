"""A thin subclass of `transformers.Trainer` whose step is a set of groups.

What it changes: a batch is a `Step`, computed forest by forest with one backward pass each, the loss divided by the
weight of the whole step's judgements; evaluation scores the whole validation set and takes one exact mean. Everything
else (optimiser, schedule, clipping, mixed precision, several processes, checkpoints, resuming, logging) is
transformers'.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import nn
from transformers import TrainerCallback
from transformers.modeling_layers import GradientCheckpointingLayer

from plaudit.errors import InvalidInputError
from plaudit.forest import Tree, on_device
from plaudit.model import Rendered, RewardModel, RewardNetwork
from plaudit.training.annotators import AnnotatorReliability
from plaudit.training.group_targets import TargetReader, concatenate_targets, read_targets
from plaudit.training.objective import RawOutputs, TrainingObjective
from plaudit.training.run.rendering import groups_of_items
from plaudit.training.run.shared_trainer import SharedTrainer
from plaudit.training.run.trainer import only_batch
from plaudit.training.settings import TrainingSettings
from plaudit.training.shared_scoring import shared_outputs
from plaudit.training.steps import Step, Steps, response_counts
from plaudit.training.tally import Tally
from plaudit.training.targets import ComparisonTargets

# Groups whose targets are put together at a time, where a whole set is evaluated: bounds memory.
_WINDOW = 4096


class RewardTrainer(SharedTrainer):
    """Trains a reward model's network on `Steps`.

    Args:
        model: to be trained, in place.
        settings: the losses' and the steps' settings.
        reader: reads the targets of a group.
        validation: rendered groups; may be none.
        validation_features: of their responses, where the backbone is frozen.
        options: those of `transformers.Trainer`.
    """

    def __init__(
        self,
        model: RewardModel,
        settings: TrainingSettings,
        reader: TargetReader,
        validation: Sequence[Rendered],
        validation_features: Float[np.ndarray, "responses hidden"] | None = None,
        **options: Any,
    ) -> None:
        self.reward_model = model
        self.settings = settings
        self.objective = TrainingObjective(settings, reader.outputs)
        self.validation = validation
        self.validation_features = validation_features
        self.annotators = reader.annotators
        self._validation_targets = read_targets(groups_of_items(validation), reader, numbered=False)
        if reader.annotators:
            # A submodule of the network, so that it moves and is saved in checkpoints with it.
            model.network.reliability = AnnotatorReliability(len(reader.annotators)).to(model.network.device)
        self._tally = Tally(options["args"].device)
        options.setdefault("eval_dataset", validation or None)
        frozen = options["train_dataset"].features is not None
        trained = _HeadAlone(model.network) if frozen else model.network
        super().__init__(model=trained, data_collator=_inputs, **options)
        self.add_callback(_AfterEpochs(self))

    @property
    def reliability(self) -> AnnotatorReliability | None:
        """The belief about each annotator, if they are modelled."""
        return getattr(self.reward_model.network, "reliability", None)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW as transformers sets it up, with a rate of its own for the head."""
        if self.optimizer is None:
            optimizer = super().create_optimizer(model)
            head = {id(parameter) for parameter in self.reward_model.network.head_parameters}
            for group in list(optimizer.param_groups):
                of_head = [parameter for parameter in group["params"] if id(parameter) in head]
                group["params"] = [parameter for parameter in group["params"] if id(parameter) not in head]
                if of_head:
                    rate = group["lr"] * self.settings.head_learning_rate_factor
                    optimizer.add_param_group({**group, "params": of_head, "lr": rate})
        created: torch.optim.Optimizer = self.optimizer
        return created

    def training_step(
        self, model: Any, inputs: dict[str, Step], num_items_in_batch: Any = None
    ) -> Float[torch.Tensor, ""]:
        """One step's forward and backward passes; returns this process's share of the loss, times their number, so
        that the mean over processes is the step's."""
        self._set_training_mode(model)
        step, processes = inputs["step"], self.accelerator.num_processes
        total = torch.zeros((), device=self.args.device)
        for number, batch in enumerate(step.micro_batches):
            last = number == len(step.micro_batches) - 1
            with contextlib.nullcontext() if last else self.accelerator.no_sync(model):
                with self.compute_loss_context_manager():
                    raw = model(batch.trees, self._moved(batch.features))
                    reliability = self.reliability
                    terms = self.objective(
                        raw,
                        batch.targets,
                        cuts=self.reward_model.network.cut_points,
                        reliability=None if reliability is None else reliability.mean,
                    )
                    loss = torch.stack([term.loss for term in terms.values()]).sum() * (
                        processes / (step.weight or 1.0)
                    )
                self.accelerator.backward(loss)
            total += loss.detach()
            self._tally.add(terms)
            self._tally.add_decided(self.objective.outputs.rewards(raw.detach()).mean(1), batch.targets.comparisons)
        self._tally.check(total, self.state.global_step + 1)
        return total

    def _moved(
        self, features: Float[np.ndarray, "responses hidden"] | None
    ) -> Float[torch.Tensor, "responses hidden"] | None:
        return None if features is None else on_device(features, self.args.device)

    def _check_loss(self) -> None:
        """Raise if the loss of a step was no number: when a line is logged or the weights are used, not in the step,
        which would wait for the device."""
        if step := self._tally.broken_step(self.accelerator.gather):
            raise InvalidInputError(
                f"the loss of step {step} is not a finite number",
                remedy="lower learning_rate, or look for judgements of enormous weight or strength",
            )

    def _set_training_mode(self, model: Any) -> None:
        """Dropout only if asked for. Without it the modules stay in evaluation mode, gradients or not, because some
        attentions read their dropout from `training` alone; only layers that recompute activations must know."""
        model.train(self.settings.dropout)
        if self.settings.gradient_checkpointing:
            for module in model.modules():
                if isinstance(module, GradientCheckpointingLayer):
                    module.training = True

    def figures(self) -> dict[str, float]:
        """Validation loss and accuracy, exact over the whole set: every score first, then one weighted mean."""
        self._check_loss()
        with self.compute_loss_context_manager():
            return self.validation_metrics(self.validation_outputs())

    @torch.no_grad()
    def validation_outputs(self) -> RawOutputs:
        """The head's outputs for all validation responses, in order: each process computes its share."""
        return torch.cat([raw for _, raw in self._outputs(self.validation, self.validation_features)])

    def _outputs(
        self, items: Sequence[Rendered], features: Float[np.ndarray, "responses hidden"] | None
    ) -> Iterator[tuple[range, RawOutputs]]:
        """The head's outputs for groups, by their numbers, in parts."""
        network = self.reward_model.network
        if features is None:
            return shared_outputs(network, items, self.settings.forward_tokens)
        with torch.no_grad():
            # A copy, because what is kept on disk may not be written to, and a tensor may.
            return iter([(range(len(items)), network(features=self._moved(np.array(features))))])

    @torch.no_grad()
    def validation_metrics(self, raw: RawOutputs) -> dict[str, float]:
        """Figures of the head's outputs for all validation responses, in order.

        `loss` without label smoothing and centring (so that runs compare), and where there are both kinds,
        `rankings_loss` and `ratings_loss`; where comparisons are decided, `accuracy` as `plaudit eval` has it, and
        `gap`, their mean absolute score gap."""
        objective, tally = self.objective.without_regularisation(), Tally(raw.device)
        cuts, counts = self.reward_model.network.cut_points, response_counts(self.validation).tolist()
        for start in range(0, len(counts), _WINDOW):
            sizes = counts[start : start + _WINDOW]
            outputs, raw = raw[: sum(sizes)], raw[sum(sizes) :]
            targets = [self._validation_targets[number] for number in range(start, start + len(sizes))]
            together = concatenate_targets(targets, sizes)
            tally.add(objective(outputs, together, cuts=cuts))
            tally.add_decided(objective.outputs.rewards(outputs).mean(1), together.comparisons)
        return tally.figures()

    @torch.no_grad()
    def fit_annotators(self) -> None:
        """Fit each annotator's reliability to the rewards as they are now, if annotators are modelled."""
        if self.reliability is not None:
            self.reliability.fit(self._scored_comparisons())

    def _scored_comparisons(self) -> Iterator[tuple[Float[torch.Tensor, " responses"], ComparisonTargets]]:
        steps: Steps = self.train_dataset
        for numbers, raw in self._outputs(steps.items, steps.features):
            sizes = [len(steps.items[number].sequences) for number in numbers]
            targets = concatenate_targets([steps.targets[number] for number in numbers], sizes)
            yield self.objective.outputs.rewards(raw).mean(1), targets.comparisons

    def annotator_record(self) -> dict[str, Any]:
        """`annotators`: name -> reliability and its standard error, the least reliable first; nothing if they are not
        modelled."""
        if self.reliability is None or not self.annotators:
            return {}
        mean, precision = self.reliability.mean.tolist(), self.reliability.precision.tolist()
        reliabilities = {
            name: {"reliability": round(mean[n], 4), "error": round(precision[n] ** -0.5, 4)}
            for name, n in self.annotators.items()
        }
        return {"annotators": dict(sorted(reliabilities.items(), key=lambda pair: pair[1]["reliability"]))}

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """transformers' figures, with those of the judgements trained on since the last line."""
        if "loss" in logs:
            self._check_loss()
            logs = {**self._tally.figures(self.accelerator.gather), **logs}
            self._tally.clear()
        super().log(logs, start_time)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        self._check_loss()
        super()._save_checkpoint(model, trial)


class _AfterEpochs(TrainerCallback):
    """Annotators' reliabilities are fitted after every epoch, before its checkpoint is written."""

    def __init__(self, trainer: RewardTrainer) -> None:
        self.trainer = trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % self.trainer.train_dataset.steps_per_epoch == 0:
            self.trainer.fit_annotators()


class _HeadAlone(nn.Module):
    """The head of a network whose features are known, as a module of its own: what walks over all parameters at every
    step, and what writes checkpoints, need not meet the backbone."""

    def __init__(self, network: RewardNetwork) -> None:
        super().__init__()
        self.head = network.reward_head or network.head
        self.reliability = getattr(network, "reliability", None)
        # Out of torch's register of submodules.
        self._network = (network,)

    def forward(self, trees: Sequence[Tree], features: Float[torch.Tensor, "responses hidden"]) -> RawOutputs:
        outputs: RawOutputs = self._network[0](features=features)
        return outputs


def _inputs(steps: list[Step]) -> dict[str, Step]:
    """A step is a batch already; transformers wants the inputs of a batch by name."""
    return {"step": only_batch(steps)}
