"""A few plain sentences on two models: which is better, and no more than interval and test allow."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.evaluation.pairing.paired import Contrast, Paired
from plaudit.statistics import LEVEL, NO_VARIATION, Measurement

ALPHA = 1 - LEVEL


def paired_verdict(paired: Paired) -> str:
    """One line for the rankings, one for the subsets, and one for each rated attribute.

    Example:
        >>> from plaudit import Group, Ranking, compare
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> print(paired_verdict(compare(groups, [[1.0, 0.0]] * 8, [[0.0, 1.0]] * 8)))
        A is right in 100.0% and B in 0.0% of 8 comparisons: A is more accurate (+100.0%, p = 0.0078).
    """
    return "\n".join(_lines(paired))


def _lines(paired: Paired) -> Iterator[str]:
    overall = paired.overall["accuracy"]
    if overall.difference.value is not None:
        yield _accuracy(overall, paired)
    elif paired.counts["comparisons"] or not paired.ratings:
        yield f"Which model prefers what people preferred is undefined: {overall.difference.reason}."
    if any(contrast.q is not None for contrast in paired.subsets.values()):
        yield _subsets(paired)
    for attribute, figures in paired.ratings.items():
        yield _rated(attribute, figures["spearman"])


def _accuracy(contrast: Contrast, paired: Paired) -> str:
    apart, p = contrast.difference, contrast.p
    figures = f"A is right in {contrast.a.value:.1%} and B in {contrast.b.value:.1%} of {apart.n:,} comparisons"
    if apart.reason == NO_VARIATION and apart.value == 0:
        return f"{figures}: neither is ever right where the other is not."
    led = f"{apart.value:+.1%}, p = {p:.2g}"
    leader, unlikely = _leader(apart), p is not None and p < ALPHA
    if leader and unlikely:
        return f"{figures}: {leader} is more accurate ({led})."
    if apart.low is None:
        return f"{figures} ({led}), and how sure that is cannot be said: {apart.reason} ({paired.clusters})."
    if leader or unlikely:
        which = "the interval" if leader else "the permutation test"
        return f"{figures}: a weak sign of a difference ({led}), which {which} alone shows."
    return f"{figures}: they cannot be told apart ({led})."


def _subsets(paired: Paired) -> str:
    tested = {name: contrast for name, contrast in paired.subsets.items() if contrast.q is not None}
    ahead: dict[str, list[str]] = {}
    for name, contrast in tested.items():
        if contrast.q is not None and contrast.q < ALPHA:
            ahead.setdefault("A" if (contrast.difference.value or 0) > 0 else "B", []).append(name)
    within = f"tested together ({len(tested):,} subsets, false discovery rate {ALPHA:.0%})"
    if not ahead:
        return f"In no subset can they be told apart, {within}."
    leads = "; ".join(f"{model} is ahead in {', '.join(ahead[model])}" for model in sorted(ahead))
    return f"By subset, {within}: {leads}."


def _rated(attribute: str, contrast: Contrast) -> str:
    apart = contrast.difference
    if apart.value is None:
        return f"Which follows people's {attribute} ratings better is undefined: {apart.reason}."
    figures = (
        f"Spearman's correlation with people's {attribute} ratings is {contrast.a.value:+.2f} for A and "
        f"{contrast.b.value:+.2f} for B over {apart.n:,} responses"
    )
    if apart.low is None:
        return f"{figures}, and how sure the difference is cannot be said: {apart.reason}."
    leader = _leader(apart)
    return f"{figures}: {f'{leader} follows people better' if leader else 'they cannot be told apart'}."


def _leader(apart: Measurement) -> str | None:
    """Who is ahead, where the interval of A's figure minus B's leaves out zero or has no width."""
    low, high = (apart.value, apart.value) if apart.reason == NO_VARIATION else (apart.low, apart.high)
    if low is None or high is None or low <= 0 <= high:
        return None
    return "A" if low > 0 else "B"
