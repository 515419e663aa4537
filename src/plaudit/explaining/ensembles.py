"""A response as several models together see it. Their reward is a mean, so an explanation is the mean of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from plaudit.explaining.networks import NetworkView
from plaudit.explaining.tokens import TokenSpan
from plaudit.explaining.views import Along, Attribution, Integration
from plaudit.groups import Text

if TYPE_CHECKING:
    from torch import nn

    from plaudit.model import Ensemble


class EnsembleView:
    """See `views.View`. Where members cut the text into other tokens, a piece ends where a token of each does."""

    def __init__(self, model: Ensemble, prompt: Text, response: Text) -> None:
        self._views = [NetworkView(member, prompt, response) for member in model.members]
        self.text = self._views[0].text
        ends = sorted(set.intersection(*({p.end for p in view.pieces} for view in self._views)))
        starts = [0, *ends[:-1]] if ends else []
        # Read: some member saw all of it. The numbers of its tokens mean nothing across tokenizers.
        read = {end for view in self._views for end in (p.end for p in view.pieces if p.read)}
        self.pieces = tuple(
            TokenSpan(start, end, i, i + (end in read)) for i, (start, end) in enumerate(zip(starts, ends, strict=True))
        )

    @property
    def networks(self) -> Sequence[nn.Module]:
        return list(chain.from_iterable(view.networks for view in self._views))

    def along(self) -> Along | None:
        """The mean of what the members read at the ends they have in common; None if one of them cannot."""
        found = [view.along() for view in self._views]
        several = [along for along in found if along is not None]
        if len(several) < len(found):
            return None
        ends = [
            {piece.end: end for piece, end in zip(view.pieces, along.ends, strict=True)}
            for view, along in zip(self._views, several, strict=True)
        ]
        opening = _mean(along.opening for along in several)
        return Along("in one pass", opening, tuple(_mean(own[p.end] for own in ends) for p in self.pieces))

    def attributed(self, how: Integration) -> Attribution:
        """The mean of the members' attributions."""
        found = [view.attributed(how) for view in self._views]
        columns = [self._summed(view, own) for view, own in zip(self._views, found, strict=True)]
        return Attribution(
            tuple(_mean(column[i] for column in columns) for i in range(len(self.pieces))),
            sum(own.baseline for own in found) / len(found),
            how.reference,
            max(own.steps or 0 for own in found),
            sum(own.completeness for own in found) / len(found),
            all(own.complete for own in found),
        )

    def _summed(self, view: NetworkView, own: Attribution) -> list[float | None]:
        """A member's attributions over the common pieces; a part that this member alone never saw adds nothing."""
        pairs = list(zip(view.pieces, own.values, strict=True))
        return [
            sum(value or 0.0 for piece, value in pairs if common.start <= piece.start and piece.end <= common.end)
            if common.read
            else None
            for common in self.pieces
        ]


def _mean(values: Iterable[float | None]) -> float | None:
    several = list(values)
    known = [value for value in several if value is not None]
    return sum(known) / len(several) if several and len(known) == len(several) else None
