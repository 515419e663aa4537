"""What trainers of transformers have in common here whose processes share every step and every evaluation."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from torch.utils.data import SequentialSampler
from transformers import Trainer

from plaudit.training.run.processes import from_first


class SharedTrainer(Trainer):
    """A trainer whose data set is the steps of a run, in order, and which says itself how it evaluates."""

    control: Any

    @abstractmethod
    def figures(self) -> dict[str, float]:
        """The figures of the whole validation set, `loss` among them; all processes ask for them together."""

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The figures, logged, and kept by whoever chooses checkpoints or stops early."""
        # One process's figures are everybody's: by them all stop early, or keep a checkpoint.
        computed = self.figures()
        figures = from_first(lambda: computed)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in figures.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _get_train_sampler(self, train_dataset: Any = None) -> SequentialSampler:
        """Steps come shuffled already, by a rule that a resumed run repeats."""
        return SequentialSampler(train_dataset or self.train_dataset)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        # transformers names a checkpoint the best if its folder is there, which each process sees at another time.
        self.state.best_model_checkpoint = from_first(lambda: self.state.best_model_checkpoint)

    def _save_rng_state(self, output_dir: str) -> None:
        """What follows is the file that says that a checkpoint is whole: by then every process has written."""
        super()._save_rng_state(output_dir)
        self.accelerator.wait_for_everyone()
