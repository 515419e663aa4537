"""A response as a backbone with a head sees it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from plaudit.explaining.embedding_path import Path
from plaudit.explaining.gradients import integrate
from plaudit.explaining.tokens import in_text, pieces_of
from plaudit.explaining.views import Along, Attribution, Integration
from plaudit.groups import Group, Text, plain_text
from plaudit.model import RewardModel, RewardNetwork
from plaudit.text import replace_surrogates


class NetworkView:
    """See `views.View`."""

    def __init__(self, model: RewardModel, prompt: Text, response: Text) -> None:
        rendered, spans = model.renderer.spans(prompt, response)
        (item,) = model.renderer.render([Group("", prompt, (response,))], truncate_responses=True)
        self._model = model
        self._sequence = item.sequences[0]
        self._types = item.types[0] if item.types else None
        self.text = replace_surrogates(plain_text(response))
        self.pieces = pieces_of(self.text, in_text(rendered, response, spans))

    @property
    def networks(self) -> Sequence[RewardNetwork]:
        return [self._model.network]

    @torch.no_grad()
    def along(self) -> Along | None:
        """The head applied at every token. An encoder's tokens have seen what follows them, so of it this says
        nothing."""
        network = self._model.network
        if not network.causal:
            return None
        network.eval()
        raw = network(features=network.prefix_features(self._sequence))
        rewards = network.outputs.rewards(raw).mean(1).tolist()
        first = next((piece.first for piece in self.pieces if piece.read), 0)
        ends = tuple(rewards[piece.last - 1] if piece.read else None for piece in self.pieces)
        return Along("in one pass", rewards[first - 1] if first else None, ends)

    def attributed(self, how: Integration) -> Attribution:
        places = np.concatenate([np.arange(0), *(np.arange(p.first, p.last) for p in self.pieces)])
        path = Path(self._model.network, self._sequence, self._types, places)
        reference = path.reference(how.reference, self._model.tokenizer)
        by_token, baseline, steps, gap, complete = integrate(path, reference, how)
        tokens = np.zeros(len(self._sequence))
        tokens[places] = by_token
        values = tuple(float(tokens[p.first : p.last].sum()) if p.read else None for p in self.pieces)
        return Attribution(values, baseline, how.reference, steps, gap, complete)
