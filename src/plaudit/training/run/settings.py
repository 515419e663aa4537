"""The settings that every training run has, and what may be passed through to transformers' trainer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from plaudit._other_names import name_meant
from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.settings import NON_NEGATIVE, POSITIVE, SHARE, Rule, Settings, at_least, one_of, setting

# Below 2^31, because batches of the language models draw their masks from (seed << 32) + batch.
STAGE_SEED = Rule(lambda value: 0 <= value < 1 << 31, "at least 0 and below 2^31")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings(Settings):
    """What every training run can be told."""

    epochs: int = setting(3, "times everything is met", at_least(1))
    learning_rate: float | None = setting(None, "peak of AdamW's rate", POSITIVE, shown="auto")
    warmup: float = setting(
        0.1,
        "share of the steps in which the rate rises: Adam's second moments need some steps before they mean anything; "
        "then the rate falls along a line to zero",
        SHARE,
    )
    weight_decay: float = setting(0.01, "AdamW's usual", NON_NEGATIVE)
    max_grad_norm: float = setting(
        1.0, "one odd judgement cannot undo a step", Rule(lambda value: value > 0, "above 0"), shown="1.0"
    )
    validation_share: float = setting(0.1, "share of the data held out to watch the loss", SHARE)
    precision: str = setting(
        "auto", "bf16 arithmetic where the hardware has it, fp32 weights always", one_of("auto", "fp32", "bf16")
    )
    optimizer: str = setting(
        "adamw",
        "its two moments are fp32; with `adamw-8bit` 2 bytes a parameter that learns instead of 8, with "
        "`paged-adamw-8bit` they also leave a GPU that is full (`plaudit[quantized]`)",
        one_of("adamw", "adamw-8bit", "paged-adamw-8bit"),
    )
    report_to: str = setting("tensorboard", "where curves go: `none`, or any that transformers knows, by comma")
    seed: int = setting(0, "all that is drawn follows from it", STAGE_SEED)
    trust_remote_code: bool = setting(False, "code that comes with a backbone is not run unless asked")
    trainer: Mapping[str, Any] = setting(
        {},
        "what else transformers' `TrainingArguments` can be told, by name: `trainer.lr_scheduler_type=cosine`, "
        "`trainer.run_name=first`; what is a setting here is refused with its name",
        shown="nothing",
    )

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        check_trainer(self.trainer, [field.name for field in fields(self)])


# Arguments of transformers' trainer that a run sets itself and no setting stands for.
_SET_BY_RUN = frozenset(
    {
        "accelerator_config",
        "data_seed",
        "dataloader_pin_memory",
        "ddp_find_unused_parameters",
        "deepspeed",
        "disable_tqdm",
        "do_eval",
        "do_predict",
        "do_train",
        "eval_on_start",
        "fsdp",
        "fsdp_config",
        "greater_is_better",
        "group_by_length",
        "label_names",
        "length_column_name",
        "load_best_model_at_end",
        "logging_nan_inf_filter",
        "metric_for_best_model",
        "output_dir",
        "per_device_eval_batch_size",
        "prediction_loss_only",
        "remove_unused_columns",
        "restore_callback_states_from_checkpoint",
        "resume_from_checkpoint",
        "train_sampling_strategy",
        "use_cpu",
    }
)


def check_trainer(arguments: Mapping[str, Any], settings: Sequence[str]) -> None:
    """Refuse what transformers' trainer does not know, and what a run decides itself.

    Args:
        arguments: what is to be passed through.
        settings: the names of the run's settings.

    Raises:
        PlauditError: names the setting that is meant, or the closest argument.
    """
    if not arguments:
        return
    from transformers import TrainingArguments

    known = [field.name for field in fields(TrainingArguments)]
    for name in arguments:
        if name in settings:
            raise InvalidInputError(f"trainer.{name} is a setting of its own", remedy=f"give {name}=VALUE")
        if meant := name_meant(name, settings):
            raise InvalidInputError(f"trainer.{name} is not passed through", remedy=f"it is called {meant} here")
        if name == "deepspeed":
            what = (
                "trainer.deepspeed: DeepSpeed takes an optimiser step after every forest, where a step here has several"
            )
            raise InvalidInputError(what, remedy="leave it out; `plaudit train` shards with sharding=fsdp")
        if name in _SET_BY_RUN:
            raise InvalidInputError(f"trainer.{name} is set by the run itself", remedy="leave it out")
        if name not in known:
            close = get_close_matches(name, known, 1)
            remedy = f"did you mean trainer.{close[0]}?" if close else "see transformers.TrainingArguments"
            raise NotFoundError(f"transformers' trainer has no argument {name!r}", remedy=remedy)
