"""A run watched: evaluated every so many steps, stopped when it has to be, and its best policy kept."""

from __future__ import annotations

import logging
from pathlib import Path

from plaudit.alignment.evaluating import Evaluator, PolicyEvaluation
from plaudit.alignment.experience import describe
from plaudit.alignment.journal import Journal, load_weights, save_weights
from plaudit.alignment.policy import Policy
from plaudit.alignment.settings import AlignmentSettings
from plaudit.alignment.stopping import Alarm, best_evaluation, find_alarm
from plaudit.errors import PlauditError
from plaudit.model import CHECKPOINTS

logger = logging.getLogger(__name__)

# Log-probabilities at sampling and at training, and of the policy and its reference before it learned, in nats a token.
_EXACT, _HALF_PRECISION = 1e-3, 0.1


class Watch:
    """The evaluations of a run, and what follows from them.

    Args:
        output: the run's folder.
        validation: chooses the policy that is kept, and says when to stop.
        settings: of the run.

    Attributes:
        journal: where the lines go.
        evaluations: on the validation prompts, the untrained policy's first.
        alarm: why the run stopped; None while it goes on.
    """

    def __init__(self, output: Path, validation: Evaluator, settings: AlignmentSettings) -> None:
        self.folder = output / CHECKPOINTS
        self.validation = validation
        self.settings = settings
        self.journal = Journal(output)
        self.evaluations: list[PolicyEvaluation] = []
        self.alarm: Alarm | None = None

    @property
    def best(self) -> PolicyEvaluation:
        """Of the policy that is kept."""
        return self.evaluations[best_evaluation(self.evaluations, self.settings)]

    def start(self, policy: Policy, resumed_at: int | None = None) -> None:
        """Evaluate the untrained policy, and prove that learning starts from what sampling saw. It is evaluated anew
        when a run is resumed: what came later is compared with its answers.

        Args:
            policy: as it was opened.
            resumed_at: the step after which a run goes on that was killed.

        Raises:
            PlauditError: if learning would start from something else.
        """
        untrained = self.validation.evaluate(policy, 0)
        prove_start(policy, untrained, self.settings.batch_tokens)
        self.evaluations = [untrained]
        save_weights(policy, self._weights(0))
        if resumed_at is None:
            self.journal.add(untrained.to_json())
            return
        self.journal.restore(resumed_at)
        later = (row for row in self.journal.rows if row["kind"] == "evaluation" and row["step"])
        self.evaluations += map(PolicyEvaluation.from_json, later)

    def evaluate(self, policy: Policy, step: int) -> Alarm | None:
        """Evaluate the policy after a step, keep its weights if it is the best so far, and say whether to stop."""
        evaluation = self.validation.evaluate(policy, step)
        self.evaluations.append(evaluation)
        self.journal.add(evaluation.to_json())
        if self.best is evaluation:
            save_weights(policy, self._weights(step))
        self.alarm = find_alarm(self.evaluations, self.settings)
        return self.alarm

    def load_best(self, policy: Policy) -> None:
        """Put the kept weights into the policy."""
        load_weights(policy, self._weights(self.best.step))

    def forget_others(self) -> None:
        """Remove the weights of what is not the best any more. Called when a checkpoint is whole, not before: a run
        that is resumed from an older one needs what was best then."""
        kept = self._weights(self.best.step)
        for path in self.folder.glob("best-*.safetensors"):
            if path != kept:
                path.unlink()

    def _weights(self, step: int) -> Path:
        return self.folder / f"best-{step}.safetensors"


def prove_start(policy: Policy, untrained: PolicyEvaluation, batch_tokens: int) -> None:
    """Before the first step every ratio is 1 and the KL is 0, or something is wrong that no training can mend.

    Raises:
        PlauditError: says what differs, by how much, and what may be the cause.
    """
    tolerance = _HALF_PRECISION if policy.autocast else _EXACT
    samples = untrained.samples
    known = describe(policy, samples, batch_tokens=batch_tokens)
    error = known.sampling_error(samples)
    if not error <= tolerance:
        raise PlauditError(
            f"a token's log-probability is {error:.2g} nats another when it is learned from than when it was sampled",
            remedy="this model's output depends on padding or on its company: try precision=fp32, or another model",
        )
    distance = float(((known.log_probs - known.reference_log_probs) * known.mask).abs().max())
    if not distance <= tolerance:
        raise PlauditError(
            f"before the first step the policy differs from its reference by {distance:.2g} nats a token",
            remedy="its forward pass is not deterministic: look for dropout or routing noise in its configuration",
        )
