"""One plain sentence: what the accuracy is worth, and no more than the intervals allow."""

from __future__ import annotations

from plaudit.evaluation.evaluation import Evaluation


def verdict(evaluation: Evaluation) -> str:
    """Say whether the model beats chance and the length rule, given how sure the intervals are."""
    accuracy, lead = evaluation.overall["accuracy"], evaluation.overall["lead_over_length"]
    if accuracy.value is None:
        return f"Accuracy is undefined: {accuracy.reason}."
    right = f"It prefers the response people preferred in {accuracy.value:.1%} of {accuracy.n:,} comparisons"
    if accuracy.low is None or accuracy.high is None:
        return f"{right}, and how sure that is cannot be said: {accuracy.reason} ({evaluation.clusters})."
    if accuracy.high < 0.5:
        return f"{right}: it disagrees with people more often than a coin would."
    if accuracy.low <= 0.5:
        return f"{right}, which is not distinguishable from chance."
    if lead.low is None or lead.high is None:
        return f"{right}, better than chance; {_same_as_length(lead.value)}."
    if lead.low > 0:
        return f"{right}, better than chance and than picking the longer response (by {lead.value:+.1%})."
    if lead.high < 0:
        return f"{right}, better than chance but worse than picking the longer response (by {lead.value:+.1%})."
    return f"{right}, better than chance but not distinguishable from picking the longer response ({lead.value:+.1%})."


def _same_as_length(lead: float | None) -> str:
    if lead == 0:
        return "it is right and wrong exactly where picking the longer response is"
    return f"on every comparison it differs by {lead or 0:+.1%} from picking the longer response"
