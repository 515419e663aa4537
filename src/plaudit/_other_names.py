"""What other tools call the settings of Plaudit. `plaudit.settings` refuses these names with the one that is meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# What other tools call a setting, and what Plaudit once did -> the name that is meant: the first that a class has.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "adapter": ("trainable", "lora"),
    "attn_implementation": ("attention",),
    "batch": ("batch_size",),
    "batch_size": ("groups_per_step", "batch_tokens"),
    "bf16": ("precision",),
    "block_size": ("block",),
    "center_rewards_coefficient": ("centering",),
    "context_length": ("max_length", "block"),
    "early_stopping_patience": ("patience",),
    "effective_batch_size": ("groups_per_step", "batch_size", "batch_tokens"),
    "enable_liger_kernel": ("liger",),
    "eval_data": ("validation_data", "validation_groups"),
    "eval_dataset": ("validation_data", "validation_groups"),
    "eval_groups": ("validation_data", "validation_groups"),
    "eval_split": ("validation_share",),
    "eval_steps": ("evaluate_every", "evaluations"),
    "eval_strategy": ("evaluate_every", "evaluations"),
    "evaluation_strategy": ("evaluate_every", "evaluations"),
    "finetuning_type": ("trainable", "lora"),
    "flash_attention": ("attention",),
    "flash_attn": ("attention",),
    "fp16": ("precision",),
    "fsdp": ("sharding",),
    "grad_clip": ("max_grad_norm",),
    "gradient_accumulation_steps": ("groups_per_step", "batch_size", "batch_tokens"),
    "gradient_clipping": ("max_grad_norm",),
    "head_lr": ("head_learning_rate_factor",),
    "head_rate": ("head_learning_rate_factor",),
    "hidden_size": ("hidden",),
    "holdout": ("validation_share",),
    "label_smoothing_factor": ("label_smoothing",),
    "load_in_4bit": ("weights",),
    "looks": ("evaluations",),
    "lora_r": ("trainable", "lora"),
    "lora_rank": ("trainable", "lora"),
    "loss_type": ("loss",),
    "lr": ("learning_rate",),
    "max_epochs": ("epochs",),
    "max_seq_len": ("max_length", "block"),
    "max_seq_length": ("max_length", "block"),
    "max_steps": ("epochs",),
    "mixed_precision": ("precision",),
    "mlm_probability": ("masked",),
    "model_max_length": ("max_length", "block"),
    "n_epochs": ("epochs",),
    "num_attention_heads": ("heads",),
    "num_epochs": ("epochs",),
    "num_hidden_layers": ("layers",),
    "num_layers": ("layers",),
    "num_train_epochs": ("epochs",),
    "optim": ("optimizer",),
    "passes": ("epochs",),
    "peft_config": ("trainable", "lora"),
    "per_device_train_batch_size": ("groups_per_step", "batch_size", "batch_tokens"),
    "quantization_bit": ("weights",),
    "random_seed": ("seed",),
    "random_state": ("seed",),
    "rivals": ("baselines",),
    "save_dtype": ("save_precision",),
    "save_steps": ("evaluate_every", "evaluations"),
    "save_strategy": ("evaluate_every", "evaluations"),
    "test_size": ("validation_share",),
    "torch_compile": ("compile",),
    "train_batch_size": ("groups_per_step", "batch_size", "batch_tokens"),
    "use_liger_kernel": ("liger",),
    "use_peft": ("trainable", "lora"),
    "val_size": ("validation_share",),
    "validation_fraction": ("validation_share",),
    "validation_split": ("validation_share",),
    "vocab_size": ("vocabulary",),
    "warmup_ratio": ("warmup",),
    "warmup_steps": ("warmup",),
    "weight_decay_rate": ("weight_decay",),
}


def name_meant(name: str, known: Iterable[str]) -> str | None:
    """What a setting of that name, common elsewhere, is called among the `known` names; None if nothing is.

    Example:
        >>> name_meant("num_train_epochs", ["epochs", "learning_rate"])
        'epochs'
    """
    known = set(known)
    return next((meant for meant in OTHER_NAMES.get(name, ()) if meant in known), None)


def hint(name: str, known: Iterable[str]) -> str:
    """What to do about a name that nothing has: the name that is meant, the closest one, or all.

    Example:
        >>> hint("lr", ["epochs", "learning_rate"]), hint("epoch", ["epochs", "learning_rate"])
        ('it is called learning_rate here', 'did you mean epochs?')
    """
    known = list(known)
    # A misspelling of a common name counts as one of the name that is meant.
    spellings = {other: meant for other in OTHER_NAMES if (meant := name_meant(other, known))}
    spellings |= {one: one for one in known}
    if meant := name_meant(name, known):
        return f"it is called {meant} here"
    if close := get_close_matches(name, spellings, 1):
        return f"did you mean {spellings[close[0]]}?"
    return f"there are {', '.join(known)}"
