"""The settings of alignment: how a policy is improved, by what, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.scoring import ShapingSettings
from plaudit.settings import NON_NEGATIVE, POSITIVE, SEED, SHARE, Rule, at_least, documented, one_of, setting

BEST_OF, DPO, PPO, GRPO, RLOO = METHODS = ("best-of", "dpo", "ppo", "grpo", "rloo")
"""By rejection sampling, by pairs, and three policy gradients."""

IN_ROUNDS = (BEST_OF, DPO)
"""Methods that sample, rank and fine-tune, round by round; the others learn from every batch of samples at once."""


def step_name(method: str) -> str:
    """What a run of a method is counted in.

    Example:
        >>> step_name("best-of"), step_name("ppo")
        ('round', 'step')
    """
    return "round" if method in IN_ROUNDS else "step"


_SAMPLES = {BEST_OF: 32, DPO: 32, PPO: 4, GRPO: 8, RLOO: 4}

_UNIT = Rule(lambda value: 0 <= value <= 1, "from 0 to 1")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentSettings(ShapingSettings):
    """What an alignment can be told. The shaping of rewards is `ShapingSettings`.

    Example:
        >>> AlignmentSettings(method="ppo").samples_a_prompt
        4
    """

    method: str = setting(
        "best-of",
        "`best-of`: fine-tune on the best of n; `dpo`: on pairs of the best and the worst; `ppo`, `grpo`, `rloo`: by "
        "policy gradient. The plainest first",
        one_of(*METHODS),
    )
    samples: int | None = setting(
        None, "answers to each prompt at a time", at_least(1), shown="32 in rounds; 8 for grpo, else 4"
    )
    max_new_tokens: int = setting(128, "tokens after which an answer is cut; a cut answer never pays", at_least(1))
    temperature: float = setting(1.0, "of sampling and of what is learned alike", POSITIVE)
    learning_rate: float | None = setting(
        None,
        "of AdamW: 0.03 / H for ppo, grpo and rloo, H the hidden size, and a tenth of that for dpo; ten times that for "
        "LoRA; that of `plaudit sft` for best-of",
        POSITIVE,
        shown="auto",
    )
    max_grad_norm: float = setting(1.0, "of one step", POSITIVE)
    lora: int = setting(0, "rank of LoRA adapters, merged when the policy is saved; 0: all weights learn", at_least(0))
    precision: str = setting(
        "auto", "bf16 arithmetic on a GPU that has it, fp32 weights always", one_of("auto", "fp32", "bf16")
    )
    batch_tokens: int = setting(4096, "most tokens, padding included, of one forward pass of what learns", at_least(1))
    seed: int = setting(0, "all that is drawn follows from it and the number of the step", SEED)
    trust_remote_code: bool = setting(False, "code that comes with a policy is not run unless asked")

    rounds: int = setting(2, "of best-of and dpo: sample, rank, fine-tune, and again with the new policy", at_least(1))
    keep: int | None = setting(None, "best-of: how many of a prompt's samples to imitate", at_least(1), shown="a tenth")
    pairs: int = setting(
        2, "dpo: pairs a prompt, the best with the worst, the second with the second worst", at_least(1)
    )
    margin: float = setting(0.0, "dpo: pairs whose rewards are no further apart are ties, and left out", NON_NEGATIVE)
    dpo_beta: float = setting(0.1, "dpo: how strongly the reference holds (Rafailov et al. 2023)", POSITIVE)
    epochs: int = setting(2, "best-of and dpo: times every sample or pair is met in a round", at_least(1))

    steps: int = setting(100, "of ppo, grpo and rloo: batches of samples", at_least(1))
    prompts_per_step: int = setting(16, "of ppo, grpo and rloo", at_least(1))
    kl: float = setting(
        0.1,
        "price of the KL from the untrained policy, in standard deviations of its scores a nat; 0 holds nothing back",
        NON_NEGATIVE,
    )
    kl_target: float | None = setting(
        None, "ppo: adapt that price to keep the KL of an answer near so many nats", POSITIVE, shown="a fixed price"
    )
    kl_budget: float | None = setting(
        None, "stop once an answer's KL is above so many nats: out there a reward model has seen nothing", POSITIVE,
        shown="none",
    )  # fmt: skip
    ppo_epochs: int = setting(1, "times a batch of samples is learned from", at_least(1))
    minibatches: int = setting(2, "steps of the optimiser in such an epoch", at_least(1))
    clip: float = setting(0.2, "how far a token's probability may go in one step, as a ratio", POSITIVE)
    value_clip: float = setting(0.2, "how far an expected return may go", POSITIVE)
    gae_lambda: float = setting(0.95, "1 trusts returns alone, 0 the value network alone", _UNIT)
    discount: float = setting(1.0, "of what comes one token later", _UNIT)
    value_weight: float = setting(0.1, "of the value network's loss", NON_NEGATIVE)
    value_network: str = setting(
        "shared",
        "`shared`: a linear head on the policy's hidden states, which its loss does not move; `separate`: a copy of "
        "the policy's layers with a head, twice the memory and time",
        one_of("shared", "separate"),
    )

    evaluate_every: int = setting(10, "steps between two evaluations, each a checkpoint to resume from", at_least(1))
    validation_share: float = setting(
        0.15,
        "share of the prompts that choose the checkpoint and say when to stop; with 0 those learned from do",
        SHARE,
    )
    test_share: float = setting(0.15, "share of the prompts that the result is reported on, and nothing else", SHARE)
    evaluation_samples: int = setting(4, "answers to each prompt of an evaluation", at_least(1))
    best_of_samples: int = setting(
        16, "answers to each validation prompt for best-of-n of the untrained policy, drawn once; 0: none", at_least(0)
    )
    patience: int = setting(
        3, "evaluations in which the reward rises and gold does not, after which the run stops", at_least(1)
    )
    least_distinct: float = setting(
        0.5, "stop once answers repeat each other so much: of what the untrained policy had", _UNIT
    )
    least_ended: float = setting(0.5, "stop once so few answers end: of the untrained policy's share", _UNIT)
    least_entropy: float = setting(0.2, "stop once the entropy of a token is this share of what it was", _UNIT)

    @property
    def unit(self) -> str:
        """What a run is counted in: a `round` or a `step`."""
        return step_name(self.method)

    @property
    def samples_a_prompt(self) -> int:
        """`samples`, or the method's usual number."""
        return _SAMPLES[self.method] if self.samples is None else self.samples
