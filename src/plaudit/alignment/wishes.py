"""What was asked for and can have no effect with a method is refused, even where it is the default."""

from __future__ import annotations

from plaudit.alignment.settings import BEST_OF, DPO, GRPO, PPO, RLOO, AlignmentSettings
from plaudit.errors import InvalidInputError
from plaudit.text import counted

# Setting -> the methods that read it; all others read by every method.
_READ_BY = {
    **dict.fromkeys(("rounds", "epochs"), (BEST_OF, DPO)),
    "keep": (BEST_OF,),
    **dict.fromkeys(("pairs", "margin", "dpo_beta"), (DPO,)),
    **dict.fromkeys(("steps", "prompts_per_step", "kl", "evaluate_every"), (PPO, GRPO, RLOO)),
    **dict.fromkeys(
        (
            *("kl_target", "ppo_epochs", "minibatches", "clip", "value_clip"),
            *("gae_lambda", "discount", "value_weight", "value_network"),
        ),
        (PPO,),
    ),
    "batch_tokens": (PPO, DPO, GRPO, RLOO),
    "max_grad_norm": (PPO, DPO, GRPO, RLOO),
}


def check_alignment_wishes(settings: AlignmentSettings) -> None:
    """Refuse settings that were asked for by name and that the method does not read.

    Raises:
        InvalidInputError: names the setting and the methods that read it.

    Example:
        >>> check_alignment_wishes(AlignmentSettings(method="dpo", steps=10))
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: steps=10 has no effect on dpo, only on ppo, grpo, rloo; leave it out
    """
    for name, methods in _READ_BY.items():
        if name in settings.explicit and settings.method not in methods:
            raise InvalidInputError(
                f"{name}={getattr(settings, name)} has no effect on {settings.method}, only on {', '.join(methods)}",
                remedy="leave it out",
            )
    count = settings.samples_a_prompt
    if settings.method != PPO and count < 2:
        raise InvalidInputError(
            f"samples is {count}, and {settings.method} compares answers to one prompt", remedy="take two or more"
        )
    if settings.keep is not None and settings.keep >= count:
        raise InvalidInputError(
            f"keep is {settings.keep} of {counted(count, 'samples')} of each prompt, so none would be chosen",
            remedy="keep fewer, or set samples higher",
        )
