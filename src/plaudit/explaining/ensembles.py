"""The view of an ensemble: its reward is the mean of its members', so its explanation is the mean of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from plaudit.explaining.networks import NetworkView
from plaudit.explaining.tokens import TokenSpan
from plaudit.explaining.views import Attribution, Integration, PrefixRewards
from plaudit.groups import Group

if TYPE_CHECKING:
    from torch import nn

    from plaudit.model import Ensemble


class EnsembleView:
    """See `views.View`. Where members have different tokens, a span ends where a token of every member ends."""

    def __init__(self, model: Ensemble, group: Group) -> None:
        self._views = [NetworkView(member, group) for member in model.members]
        self.text = self._views[0].text
        self.tokens = _common_spans([view.tokens for view in self._views])

    @property
    def networks(self) -> Sequence[nn.Module]:
        return list(chain.from_iterable(view.networks for view in self._views))

    def prefix_rewards(self) -> PrefixRewards | None:
        """The members' mean at the ends they have in common; None if one of them cannot tell."""
        by_member = [rewards for view in self._views if (rewards := view.prefix_rewards()) is not None]
        if len(by_member) < len(self._views):
            return None
        at_end = [
            {token.end: reward for token, reward in zip(view.tokens, rewards.ends, strict=True)}
            for view, rewards in zip(self._views, by_member, strict=True)
        ]
        return PrefixRewards(
            kind="in one pass",
            opening=_mean(rewards.opening for rewards in by_member),
            ends=tuple(_mean(rewards[token.end] for rewards in at_end) for token in self.tokens),
        )

    def attribute(self, integration: Integration) -> Attribution:
        """The mean of the members' attributions."""
        by_member = [view.attribute(integration) for view in self._views]
        columns = [
            self._on_common_spans(view.tokens, attribution.values)
            for view, attribution in zip(self._views, by_member, strict=True)
        ]
        count = len(by_member)
        return Attribution(
            values=tuple(_mean(column[i] for column in columns) for i in range(len(self.tokens))),
            baseline=sum(attribution.baseline for attribution in by_member) / count,
            reference=integration.reference,
            steps=max(attribution.steps or 0 for attribution in by_member),
            completeness=sum(attribution.completeness for attribution in by_member) / count,
            complete=all(attribution.complete for attribution in by_member),
        )

    def _on_common_spans(self, tokens: Sequence[TokenSpan], values: Sequence[float | None]) -> list[float | None]:
        """A member's attributions, summed within the common spans. What this member did not read adds nothing."""
        pairs = list(zip(tokens, values, strict=True))
        return [
            sum(value or 0.0 for token, value in pairs if common.start <= token.start and token.end <= common.end)
            if common.is_read
            else None
            for common in self.tokens
        ]


def _common_spans(by_member: Sequence[Sequence[TokenSpan]]) -> tuple[TokenSpan, ...]:
    """The spans between the ends that all members' tokens have in common.

    A span counts as read if some member read a token that ends there; its token numbers mean nothing, because they
    differ between tokenizers.
    """
    ends = sorted(set.intersection(*({token.end for token in tokens} for tokens in by_member)))
    read_ends = {token.end for tokens in by_member for token in tokens if token.is_read}
    spans = []
    for number, end in enumerate(ends):
        start = ends[number - 1] if number else 0
        n_tokens = 1 if end in read_ends else 0
        spans.append(TokenSpan(start=start, end=end, first=number, last=number + n_tokens))
    return tuple(spans)


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean; None if a value is missing, or there are none."""
    numbers = list(values)
    known = [value for value in numbers if value is not None]
    return sum(known) / len(numbers) if numbers and len(known) == len(numbers) else None
