"""TRL's trainers behind our prompts, rewards and evaluations: DPO on pairs, GRPO and RLOO on samples of their own.

Two things are taken out of their hands: the tokens of prompts, which they would tokenise without the answer that
follows, and the rewards, which are ours with all their terms. A run of theirs is watched, stopped and resumed like
ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import PrinterCallback, ProgressCallback, TrainerCallback, set_seed

from plaudit.alignment.draws import Draw, mixed
from plaudit.alignment.policy import Policy, Sample
from plaudit.alignment.progress import Progress
from plaudit.alignment.prompts import Prompt, prompts_of_step
from plaudit.alignment.settings import GRPO, AlignmentSettings
from plaudit.alignment.setup import Alignment
from plaudit.errors import MissingExtraError
from plaudit.logs import muted
from plaudit.model import CHECKPOINTS, adding_adapters
from plaudit.training import checkpointing_argument, run_trainer

_PAIRS_A_STEP = 16


class Pair(NamedTuple):
    """Two answers to a prompt.

    Attributes:
        chosen: the better one.
        rejected: the worse one.
        rewards: of the two.
    """

    chosen: Sample
    rejected: Sample
    rewards: tuple[float, float]


def check_trl() -> None:
    """Refuse before anything is read or written, not when a trainer is built.

    Raises:
        MissingExtraError: if TRL is not installed.
    """
    try:
        import datasets
        import trl
    except ImportError as error:
        raise MissingExtraError("this method needs the `sft` extra", remedy="pip install 'plaudit[sft]'") from error
    assert datasets and trl


def fit_dpo(policy: Policy, pairs: Sequence[Pair], settings: AlignmentSettings, *, folder: Path, seed: int) -> None:
    """Direct preference optimisation (Rafailov et al. 2023) on sampled tokens, against the untrained policy.

    Args:
        policy: that learns, in place.
        pairs: of its answers.
        settings: of the run.
        folder: for what the trainer writes; it goes again.
        seed: of the order.
    """
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    class TokenisedDPO(DPOTrainer):
        """Over pairs that are tokens already: those that were sampled."""

        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset

    rows = [
        {
            "prompt_ids": pair.chosen.prompt.tokens.tolist(),
            "chosen_ids": pair.chosen.tokens.tolist(),
            "rejected_ids": pair.rejected.tokens.tolist(),
        }
        for pair in pairs
    ]
    rate = settings.learning_rate or 0.003 / policy.hidden_size * (10 if settings.lora else 1)
    rows_at_once = _rows_at_once(max(map(_tokens_of, pairs)), settings, _PAIRS_A_STEP)
    arguments = DPOConfig(
        **{checkpointing_argument(DPOConfig): False},
        **_arguments(folder, settings, policy, rate, seed),
        beta=settings.dpo_beta,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=rows_at_once,
        gradient_accumulation_steps=_PAIRS_A_STEP // rows_at_once,
        max_length=None,
        save_strategy="no",
    )
    with muted("transformers", "trl", "accelerate"), adding_adapters():
        trainer = TokenisedDPO(
            model=policy.model,
            ref_model=policy.reference,
            args=arguments,
            train_dataset=Dataset.from_list(rows),
            processing_class=policy.renderer.tokenizer,
        )
        _silence(trainer)
        run_trainer(trainer, folder, None)
    policy.take_back()
    shutil.rmtree(folder, ignore_errors=True)


def run_trl(alignment: Alignment, progress: Progress) -> None:
    """GRPO or RLOO, watched."""
    settings, policy = alignment.settings, alignment.policy
    count, prompts = settings.samples_a_prompt, min(settings.prompts_per_step, len(alignment.prompts))
    trainer = _build_trainer(alignment, count * prompts, count)
    _silence(trainer)
    trainer.add_callback(_Watching(alignment, progress, trainer))
    with adding_adapters():
        run_trainer(trainer, alignment.run.output, alignment.run.checkpoint)
    policy.take_back()


def _build_trainer(alignment: Alignment, samples: int, count: int) -> Any:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

    settings, policy = alignment.settings, alignment.policy
    base, config = (GRPOTrainer, GRPOConfig) if settings.method == GRPO else (RLOOTrainer, RLOOConfig)
    longest = max(len(prompt.tokens) for prompt in alignment.prompts) + settings.max_new_tokens
    rows_at_once = _rows_at_once(longest, settings, samples)
    rate = settings.learning_rate or 0.03 / policy.hidden_size * (10 if settings.lora else 1)
    arguments = config(
        **{checkpointing_argument(config): False},
        **_arguments(alignment.run.output / CHECKPOINTS, settings, policy, rate, settings.seed),
        beta=settings.kl,
        temperature=settings.temperature,
        num_generations=count,
        max_completion_length=settings.max_new_tokens,
        max_steps=settings.steps,
        shuffle_dataset=False,
        per_device_train_batch_size=rows_at_once,
        gradient_accumulation_steps=samples // rows_at_once,
        save_strategy="steps",
        save_steps=settings.evaluate_every,
        save_total_limit=2,
    )
    trainer_class = _with_prompt_tokens(base, alignment.prompts)
    with muted("transformers", "trl", "accelerate"), adding_adapters():
        return trainer_class(
            model=policy.model,
            reward_funcs=_RewardOfSamples(alignment),
            args=arguments,
            train_dataset=Dataset.from_list(_prompt_rows(alignment)),
            processing_class=policy.renderer.tokenizer,
        )


def _silence(trainer: Any) -> None:
    """Our own progress speaks alone."""
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)


def _prompt_rows(alignment: Alignment) -> list[dict[str, str]]:
    """The prompts of all steps by their numbers, in order: TRL's own shuffling starts anew when a run is resumed."""
    settings, prompts = alignment.settings, alignment.prompts
    number = {id(prompt): str(place) for place, prompt in enumerate(prompts)}
    return [
        {"prompt": number[id(prompt)]}
        for step in range(1, settings.steps + 1)
        for prompt in prompts_of_step(prompts, settings.prompts_per_step, settings.seed, step)
    ]


def _with_prompt_tokens(base: Any, prompts: Sequence[Prompt]) -> Any:
    """A trainer whose prompts are numbers, each of which stands for tokens."""

    class OwnPromptTokens(base):
        def _tokenize_prompts(self, numbers: list[str]) -> Any:
            return [prompts[int(number)].tokens.tolist() for number in numbers], None, {}

    return OwnPromptTokens


class _RewardOfSamples:
    """TRL's reward function: shaped rewards of what was sampled, told by tokens whether it ended."""

    __name__ = "plaudit"

    def __init__(self, alignment: Alignment) -> None:
        self.alignment = alignment
        self.terms: dict[str, float] = {}

    def __call__(self, prompts: Sequence[str], completion_ids: Sequence[Sequence[int]], **_: Any) -> list[float]:
        samples = []
        for number, ids in zip(prompts, completion_ids, strict=True):
            prompt, tokens = self.alignment.prompts[int(number)], np.array(ids, dtype=np.int64)
            samples.append(self.alignment.policy.sample_of(prompt, tokens, np.zeros(len(tokens))))
        rewards, _spread = self.alignment.rewarder.reward(samples)
        self.terms = rewards.means()
        return [float(total) for total in rewards.total]


class _Watching(TrainerCallback):
    """Evaluates, keeps the best policy, and stops a run of TRL's."""

    def __init__(self, alignment: Alignment, progress: Progress, trainer: Any) -> None:
        self.alignment, self.progress, self.trainer = alignment, progress, trainer

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **_: Any) -> None:
        if not logs or "reward" not in logs:
            return
        names = {"kl": "kl", "entropy": "entropy", "completions/mean_length": "length", "loss": "policy_loss"}
        figures = {ours: float(logs[theirs]) for theirs, ours in names.items() if theirs in logs}
        reward = self.trainer.reward_funcs[0]
        row = {
            "kind": "step",
            "step": state.global_step,
            "rewards": reward.terms,
            "figures": figures,
            "seconds": {"step": round(float(logs.get("step_time", 0.0)), 4)},
        }
        self.alignment.watch.journal.add(row)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # What is drawn depends on the step alone, so that a resumed run draws what it would have drawn.
        set_seed(mixed([self.alignment.settings.seed, Draw.STEP, state.global_step + 1]) % (1 << 32))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step, settings = state.global_step, self.alignment.settings
        self.alignment.run.steps = step
        if step % settings.evaluate_every and step != settings.steps:
            return
        model = self.trainer.model
        training = model.training
        model.eval()
        with torch.no_grad():
            alarm = self.alignment.watch.evaluate(self.alignment.policy, step)
        model.train(training)
        self.progress.evaluation(self.alignment.watch.evaluations[-1])
        if alarm is not None:
            control.should_training_stop = True
            control.should_save = True


def _arguments(folder: Path, settings: AlignmentSettings, policy: Policy, rate: float, seed: int) -> dict[str, Any]:
    """What every trainer of TRL's is told."""
    return {
        "output_dir": str(folder),
        "learning_rate": rate,
        "lr_scheduler_type": "constant",
        "max_grad_norm": settings.max_grad_norm,
        "seed": seed,
        "bf16": policy.autocast,
        "use_cpu": not torch.cuda.is_available(),
        "report_to": "none",
        "disable_tqdm": True,
        "logging_steps": 1,
        "remove_unused_columns": False,
        "disable_dropout": True,
        "dataloader_pin_memory": torch.cuda.is_available(),
    }


def _rows_at_once(tokens: int, settings: AlignmentSettings, rows: int) -> int:
    """How many of so many rows are computed at once: a divisor of them, within the budget of tokens."""
    most = max(1, settings.batch_tokens // tokens)
    return max(size for size in range(1, rows + 1) if rows % size == 0 and size <= max(1, most))


def _tokens_of(pair: Pair) -> int:
    longest = max(len(pair.chosen.tokens), len(pair.rejected.tokens))
    return 2 * (len(pair.chosen.prompt.tokens) + longest)
