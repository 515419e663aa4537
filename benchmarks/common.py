"""What the benchmarks share: the data both sides are given, TRL's side, measuring, and tables.

Both sides of every comparison start from the same `plaudit.groups.Group`s, render a response to the same tokens and are
measured by the same clock. TRL is given what its documentation recommends for its shape of data: chosen/rejected pairs,
tokenised once (its trainer takes `chosen_ids` and `rejected_ids` as they are).
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plaudit.groups import Group, as_messages, plain_text

Job = dict[str, Any]
"""What a process of its own is asked to do."""

SHARED = Path(__file__).resolve().parents[1] / "../shared/data"
"""Where the public judgement sets lie; they are not part of the repository."""


# ---- data -----------------------------------------------------------------------------------------------------------


def ukp_groups(judgements: str = "pairs", shared: Path = SHARED) -> list[Group]:
    """UKPConvArg1: a group for each of the 24 sides of the 12 debates, its `subset` the debate. Its rankings are the
    agreed `pairs`, the single `votes` behind them, or their `majority` (ties among them). `shared` holds the set."""
    from plaudit.data import load_groups
    from plaudit.judgements import majority

    source = shared / "ukp-convarg" / ("pairs" if judgements == "pairs" else "judgements")
    if not source.is_dir():
        raise SystemExit(f"needs UKPConvArg1 in {source}: one file a side of a debate")
    # A few votes compare an argument with itself.
    rejects = None if judgements == "pairs" else os.devnull
    groups = load_groups(sorted(source.glob("*.tsv" if judgements == "pairs" else "*.jsonl.gz")), rejects=rejects)
    if judgements == "majority":
        groups = list(map(majority, groups))
    return [
        replace(group, prompt="{debate}? {stance}.".format(**group.meta), subset=str(group.meta["debate"]))
        for group in groups
    ]


def pairs_of(group: Group) -> list[tuple[int, int]]:
    """(better, worse) response indices: every strict comparison of every ranking, in order."""
    return [(a, b) for ranking in group.rankings for a, b, tied in ranking.comparisons() if not tied]


def tokens_of(tokenizer: Any, prompt: Any, response: Any) -> list[int]:
    """A response as its model sees it: the chat template where there is one, else the two as a sentence pair."""
    if tokenizer.chat_template:
        messages = as_messages(prompt, "user") + as_messages(response, "assistant")
        return list(tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True)["input_ids"])
    return list(tokenizer(plain_text(prompt), plain_text(response))["input_ids"])


# ---- TRL ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrlSettings:
    """The part of TRL's `RewardConfig` that the benchmarks turn. The defaults here are TRL 1.16's own."""

    batch: int = 8
    accumulate: int = 1
    """Batches of a step."""
    learning_rate: float = 1e-4
    gradient_checkpointing: bool = True
    sampling: str = "random"
    """`random`, `group_by_length` or `sequential`."""
    bf16: bool = True
    warmup: float = 0.0
    """Share of the steps spent warming up."""
    epochs: float = 1.0
    max_steps: int = -1
    max_seconds: float | None = None
    """Stop after so long, with the learning rate decaying to zero over that time instead of over the steps."""
    seed: int = 0


Row = dict[str, Any]
"""A pair as TRL reads it once tokenised: `chosen_ids`, `rejected_ids`, and `length` for its length-grouping sampler."""


def trl_rows(groups: Sequence[Group], tokenizer: Any) -> list[Row]:
    """Every comparison of every group as a tokenised pair. Nothing is filtered out and nothing cut."""
    rows = []
    for group in groups:
        tokens = [tokens_of(tokenizer, group.prompt, response) for response in group.responses]
        rows += [trl_row(tokens[better], tokens[worse]) for better, worse in pairs_of(group)]
    return rows


def trl_row(chosen: Sequence[int], rejected: Sequence[int]) -> Row:
    return {"chosen_ids": list(chosen), "rejected_ids": list(rejected), "length": max(len(chosen), len(rejected))}


def trl_train(
    rows: Sequence[Row], model: Any, settings: TrlSettings, callbacks: Sequence[Any] = (), tokenizer: Any = None
) -> tuple[Any, list[float]]:
    """Train TRL's `RewardTrainer` from a model or the folder of one, whose tokenizer is used if none is there. Returns
    the model and the loss of every step."""
    import tempfile

    import torch
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import RewardConfig

    with tempfile.TemporaryDirectory() as scratch:
        config = RewardConfig(
            output_dir=scratch,
            per_device_train_batch_size=settings.batch,
            gradient_accumulation_steps=settings.accumulate,
            learning_rate=settings.learning_rate,
            gradient_checkpointing=settings.gradient_checkpointing,
            train_sampling_strategy=settings.sampling,
            bf16=settings.bf16,
            use_cpu=not torch.cuda.is_available(),
            warmup_steps=settings.warmup,
            num_train_epochs=settings.epochs,
            max_steps=settings.max_steps,
            seed=settings.seed,
            max_length=None,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            model_init_kwargs={"dtype": "float32"} if isinstance(model, Path) else None,
        )
        trainer = _trainer_class(settings)(
            str(model) if isinstance(model, Path) else model,
            config,
            train_dataset=Dataset.from_list(list(rows)),
            processing_class=tokenizer or AutoTokenizer.from_pretrained(model),
            callbacks=list(callbacks),
        )
        trainer.train()
    return trainer.model, [row["loss"] for row in trainer.state.log_history if "loss" in row]


def _trainer_class(settings: TrlSettings) -> type:
    """`RewardTrainer`, kept from dropping the `length` column its sampler reads; with a clock when time is limited."""
    from torch.optim.lr_scheduler import LambdaLR
    from transformers import TrainerCallback
    from trl import RewardTrainer

    class Trainer(RewardTrainer):
        def _set_signature_columns_if_needed(self) -> None:
            self._signature_columns = ["chosen_ids", "rejected_ids", "margin", "length"]

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            limit = settings.max_seconds
            if limit is None:
                return super().create_scheduler(num_training_steps, optimizer)
            began = time.perf_counter()

            def spent() -> float:
                return (time.perf_counter() - began) / limit

            class Stop(TrainerCallback):
                def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                    control.should_training_stop |= spent() >= 1

            self.add_callback(Stop())
            warmup = settings.warmup or 1e-9
            rate = lambda _step: max(0.0, min(spent() / warmup, (1 - spent()) / (1 - warmup)))  # noqa: E731
            self.lr_scheduler = LambdaLR(optimizer or self.optimizer, rate)
            return self.lr_scheduler

    return Trainer


def plain_scores(model: Any, tokenizer: Any, groups: Sequence[Group], batch: int = 16) -> list[list[float]]:
    """Scores of all responses by a model TRL trained, from the tokens it was trained on, in length-sorted batches."""
    import torch

    tokens = [tokens_of(tokenizer, group.prompt, response) for group in groups for response in group.responses]
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
    scores = [0.0] * len(tokens)
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            padded = tokenizer.pad(
                {"input_ids": [tokens[i] for i in chosen]}, return_tensors="pt", padding_side="right"
            )
            inputs = {name: padded[name].to(model.device) for name in ("input_ids", "attention_mask")}
            for i, score in zip(chosen, model(**inputs).logits[:, 0].float().tolist(), strict=True):
                scores[i] = score
    remaining = iter(scores)
    return [[next(remaining) for _ in group.responses] for group in groups]


# ---- measuring and printing -----------------------------------------------------------------------------------------


class Clock:
    """A callback of `transformers.Trainer`, which both sides train with.

    Attributes:
        seconds: from the start of training to the end of each step.
        losses: what the trainer logged.
        curve: (seconds, what `watch` made of the model), at most every `every` seconds and at the end, clock stopped.
    """

    def __init__(self, watch: Callable[[Any], float] | None = None, every: float = 0.0) -> None:
        self.seconds: list[float] = []
        self.losses: list[float] = []
        self.curve: list[tuple[float, float]] = []
        self.watch, self.every = watch, every
        self.began = self.looked = 0.0

    @contextmanager
    def on_every_trainer(self) -> Iterator[Clock]:
        """Attach to whatever trainers are made inside, however deep (`plaudit.train` makes its own)."""
        from transformers import TrainerCallback, trainer

        clock = self

        class Callback(TrainerCallback):
            def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                clock.began, clock.looked = time.perf_counter(), 0.0

            def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
                now = time.perf_counter()
                clock.seconds.append(now - clock.began)
                if clock.watch and (
                    clock.seconds[-1] - clock.looked >= clock.every or state.global_step >= state.max_steps
                ):
                    training = model.training
                    clock.curve.append((clock.seconds[-1], clock.watch(model)))
                    model.train(training)
                    clock.looked = clock.seconds[-1]
                    clock.began += time.perf_counter() - now

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
                clock.losses += [logs["loss"]] if "loss" in logs else []

        trainer.DEFAULT_CALLBACKS.append(Callback)
        try:
            yield self
        finally:
            trainer.DEFAULT_CALLBACKS.remove(Callback)


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result of `work`, the seconds it took, and `peak_rss()` after it."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began, peak_rss()


def peak_rss() -> float:
    """This process's peak resident memory so far, in MiB."""
    unit = 2**20 if platform.system() == "Darwin" else 2**10  # ru_maxrss is in bytes on macOS, in KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def in_own_process(script: str, job: Job) -> Any:
    """Run `python SCRIPT --job JSON`, which prints its result as JSON on its last line; peak memory is then its own."""
    command = [sys.executable, script, "--job", json.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{job} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def versions() -> dict[str, str]:
    """Versions of what decides a benchmark's figures."""
    import torch

    names = ("plaudit", "torch", "transformers", "trl", "sentence-transformers", "scikit-learn")
    found = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions() if d.metadata["Name"]}
    return {**{name: found[name] for name in names if name in found}, "threads": str(torch.get_num_threads())}


def backbone_folder(name: str) -> Path:
    """A backbone's local folder: a path as it is, a packaged name through Plaudit's cache."""
    if Path(name).is_dir():
        return Path(name)
    from plaudit.model.backbones import resolve

    return Path(resolve(name))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is left-aligned, figures right."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join(("-" * (w + 1) + (":" if i else "-")) for i, w in enumerate(widths)) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])
