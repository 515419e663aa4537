"""A thin subclass of `transformers.Trainer` whose step is a set of groups.

What it changes: a batch is a `Step`, computed forest by forest with one backward pass each, the loss divided by the
weight of the whole step's judgements; evaluation scores the whole held-out set and takes one exact mean. Everything
else (optimiser, schedule, clipping, mixed precision, several processes, checkpoints, resuming, logging) is
transformers'.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import SequentialSampler
from transformers import Trainer, TrainerCallback
from transformers.modeling_layers import GradientCheckpointingLayer

from plaudit.errors import InvalidInputError
from plaudit.forest import Tree
from plaudit.model import Rendered, RewardModel, RewardNetwork
from plaudit.training.annotators import AnnotatorReliability
from plaudit.training.judged import Judge, gather
from plaudit.training.objective import TrainingObjective
from plaudit.training.settings import TrainingSettings
from plaudit.training.steps import Step, Steps
from plaudit.training.targets import ComparisonTargets


class RewardTrainer(Trainer):
    """Trains a reward model's network on `Steps`.

    Args:
        model: to be trained, in place.
        settings: the losses' and the steps' settings.
        judge: reads what was said of a group.
        held_out: rendered groups to watch; may be empty.
        held_out_features: `[R, H]` of their responses, where the backbone is frozen.
        options: those of `transformers.Trainer`.
    """

    def __init__(
        self,
        model: RewardModel,
        settings: TrainingSettings,
        judge: Judge,
        held_out: Sequence[Rendered],
        held_out_features: np.ndarray | None = None,
        **options: Any,
    ) -> None:
        self.reward_model = model
        self.settings = settings
        self.objective = TrainingObjective(settings, judge.outputs)
        self.held_out = held_out
        self.held_out_features = None if held_out_features is None else torch.from_numpy(np.array(held_out_features))
        self.annotators = judge.annotators
        self._said = [judge(item.group) for item in held_out]
        if judge.annotators:
            # A submodule of the network, so that it moves and is saved in checkpoints with it.
            model.network.reliability = AnnotatorReliability(len(judge.annotators)).to(model.network.device)
        self._tally = Counter[str]()
        self.control: Any
        options.setdefault("eval_dataset", held_out or None)
        frozen = options["train_dataset"].features is not None
        trained = _HeadAlone(model.network) if frozen else model.network
        super().__init__(model=trained, data_collator=_only, **options)
        self.add_callback(_AfterPasses(self))

    @property
    def reliability(self) -> AnnotatorReliability | None:
        """The belief about each annotator, if they are modelled."""
        return getattr(self.reward_model.network, "reliability", None)

    def _get_train_sampler(self, train_dataset: Any = None) -> SequentialSampler:
        """Steps come shuffled already, by a rule that a resumed run repeats."""
        return SequentialSampler(train_dataset or self.train_dataset)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW as transformers sets it up, with a rate of its own for the head."""
        if self.optimizer is None:
            optimizer = super().create_optimizer(model)
            head = {id(parameter) for parameter in self.reward_model.network.head_parameters}
            for group in list(optimizer.param_groups):
                own = [parameter for parameter in group["params"] if id(parameter) in head]
                group["params"] = [parameter for parameter in group["params"] if id(parameter) not in head]
                if own:
                    rate = group["lr"] * self.settings.head_learning_rate_factor
                    optimizer.add_param_group({**group, "params": own, "lr": rate})
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
                    raw = model(batch.trees, self._moved(batch.features))
                    belief = self.reliability
                    parts = self.objective(
                        raw,
                        batch.judged,
                        cuts=self.reward_model.network.cut_points,
                        reliability=None if belief is None else belief.mean,
                    )
                    loss = torch.stack([part.loss for part in parts.values()]).sum() * (
                        processes / (step.weight or 1.0)
                    )
                self.accelerator.backward(loss)
            total += loss.detach()
            for kind, part in parts.items():
                self._tally.update({f"{kind} loss": float(part.loss.detach()), f"{kind} weight": part.weight})
            self._tally.update(_won(self.objective.outputs.rewards(raw.detach()).mean(1), batch.judged.comparisons))
        if not torch.isfinite(total):
            raise InvalidInputError(
                f"the loss of step {self.state.global_step + 1} is {float(total)}",
                remedy="lower learning_rate, or look for judgements of enormous weight or strength",
            )
        return total

    def _moved(self, features: torch.Tensor | None) -> torch.Tensor | None:
        return None if features is None else features.to(self.args.device)

    def _set_training_mode(self, model: Any) -> None:
        """Dropout only if asked for. Without it the modules stay in evaluation mode, gradients or not, because some
        attentions read their dropout from `training` alone; only layers that recompute activations must know."""
        model.train(self.settings.dropout)
        if self.settings.gradient_checkpointing:
            for module in model.modules():
                if isinstance(module, GradientCheckpointingLayer):
                    module.training = True

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
            return self.held_out_metrics(self.held_out_outputs())

    @torch.no_grad()
    def held_out_outputs(self) -> torch.Tensor:
        """`[R, K, W]`: what the head says of all held-out responses, in order."""
        if self.held_out_features is None:
            return self.reward_model.outputs_of(self.held_out, self.settings.batch_tokens)
        outputs: torch.Tensor = self.reward_model.network(features=self._moved(self.held_out_features))
        return outputs

    @torch.no_grad()
    def held_out_metrics(self, raw: torch.Tensor) -> dict[str, float]:
        """What the head's outputs for all held-out responses, `[R, K, W]` in order, amount to.

        `loss` without label smoothing and centring (so that runs compare), and where there are both kinds,
        `rankings_loss` and `ratings_loss`; where comparisons are decided, `accuracy` as `plaudit eval` has it, and
        `gap`, their mean absolute score gap."""
        objective, cuts = self.objective.bare(), self.reward_model.network.cut_points
        sums: Counter[str] = Counter()
        for said, own in zip(self._said, raw.split([len(item.sequences) for item in self.held_out]), strict=True):
            for kind, part in objective(own, said, cuts=cuts).items():
                sums.update({f"{kind} loss": float(part.loss), f"{kind} weight": part.weight})
            sums.update(_won(objective.outputs.rewards(own).mean(1), said.comparisons))
        return _figures(sums)

    @torch.no_grad()
    def learn_of_annotators(self) -> None:
        """Fit what is believed of each annotator to the rewards as they are now, if annotators are modelled."""
        if self.reliability is None:
            return
        steps: Steps = self.train_dataset
        if steps.features is None:
            raw = self.reward_model.outputs_of(steps.items, self.settings.batch_tokens)
        else:
            raw = self.reward_model.network(features=self._moved(torch.from_numpy(np.array(steps.features))))
        said = gather(steps.judged, [len(item.sequences) for item in steps.items])
        self.reliability.learn(self.objective.outputs.rewards(raw).mean(1), said.comparisons)

    def annotator_record(self) -> dict[str, Any]:
        """`annotators`: name -> reliability and its standard error, the least reliable first; nothing if they are not
        modelled."""
        if self.reliability is None or not self.annotators:
            return {}
        mean, precision = self.reliability.mean.tolist(), self.reliability.precision.tolist()
        said = {
            name: {"reliability": round(mean[n], 4), "error": round(precision[n] ** -0.5, 4)}
            for name, n in self.annotators.items()
        }
        return {"annotators": dict(sorted(said.items(), key=lambda pair: pair[1]["reliability"]))}

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """transformers' figures, with those of the judgements trained on since the last line."""
        if "loss" in logs and self._tally:
            logs = {**_figures(self._tally), **logs}
            self._tally.clear()
        super().log(logs, start_time)


class _AfterPasses(TrainerCallback):
    """Annotators are learned of after every pass, before its checkpoint is written."""

    def __init__(self, trainer: RewardTrainer) -> None:
        self.trainer = trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % self.trainer.train_dataset.steps_per_epoch == 0:
            self.trainer.learn_of_annotators()


class _HeadAlone(nn.Module):
    """The head of a network whose features are known, as a module of its own: what walks over all parameters at every
    step, and what writes checkpoints, need not meet the backbone."""

    def __init__(self, network: RewardNetwork) -> None:
        super().__init__()
        self.head = network.reward_head or network.head
        self.reliability = getattr(network, "reliability", None)
        # Out of torch's register of submodules.
        self._network = (network,)

    def forward(self, trees: Sequence[Tree], features: torch.Tensor) -> torch.Tensor:
        return self._network[0](features=features)


def _won(rewards: torch.Tensor, said: ComparisonTargets) -> dict[str, float]:
    """Weighted sums over decided comparisons: won by the better response, absolute gap, and the weights."""
    own = said.rows(~said.tie)
    rewards = rewards.cpu()
    gap = (rewards[torch.from_numpy(own.better)] - rewards[torch.from_numpy(own.worse)]).double().numpy()
    return {
        "won": float(((np.sign(gap) + 1) / 2 * own.judgement).sum()),
        "gap": float((np.abs(gap) * own.judgement).sum()),
        "decided": float(own.judgement.sum()),
    }


def _figures(sums: Mapping[str, float]) -> dict[str, float]:
    """Means from weighted sums, of what there was."""
    kinds = [kind for kind in ("rankings", "ratings") if sums.get(f"{kind} weight")]
    figures = {}
    if kinds:
        figures["loss"] = sum(sums[f"{kind} loss"] for kind in kinds) / sum(sums[f"{kind} weight"] for kind in kinds)
    if decided := sums.get("decided"):
        figures |= {"accuracy": sums["won"] / decided, "gap": sums["gap"] / decided}
    if len(kinds) > 1:
        figures |= {f"{kind}_loss": sums[f"{kind} loss"] / sums[f"{kind} weight"] for kind in kinds}
    return figures


def _only(items: list[Step]) -> dict[str, Step]:
    """A step is a batch already; transformers wants batches to be tables."""
    (step,) = items
    return {"step": step}
