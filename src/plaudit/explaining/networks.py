"""The view of a reward model: a backbone with a head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from plaudit.explaining.embedding_path import EmbeddingPath
from plaudit.explaining.gradients import integrate
from plaudit.explaining.tokens import locate_tokens, merge_tokens
from plaudit.explaining.views import Attribution, Integration, PrefixRewards
from plaudit.groups import Group, plain_text
from plaudit.model import RewardModel, RewardNetwork
from plaudit.text import replace_surrogates


class NetworkView:
    """See `views.View`."""

    def __init__(self, model: RewardModel, group: Group) -> None:
        (response,) = group.responses
        rendered, spans = model.renderer.spans(group)
        (item,) = model.renderer.render([group], truncate_responses=True)
        self._model = model
        self._sequence = item.sequences[0]
        self._types = item.types[0] if item.types else None
        self.text = replace_surrogates(plain_text(response))
        self.tokens = merge_tokens(self.text, locate_tokens(rendered, response, spans))

    @property
    def networks(self) -> Sequence[RewardNetwork]:
        return [self._model.network]

    @torch.no_grad()
    def prefix_rewards(self) -> PrefixRewards | None:
        """The head applied at every token. An encoder's tokens attend to later ones, so for it this means nothing."""
        network = self._model.network
        if not network.causal:
            return None
        network.eval()
        raw = network(features=network.prefix_features(self._sequence))
        rewards = network.outputs.rewards(raw).mean(1).tolist()
        first = next((token.first for token in self.tokens if token.is_read), 0)
        return PrefixRewards(
            kind="in one pass",
            opening=rewards[first - 1] if first else None,
            ends=tuple(rewards[token.last - 1] if token.is_read else None for token in self.tokens),
        )

    def attribute(self, integration: Integration) -> Attribution:
        positions = np.concatenate([np.arange(0), *(np.arange(token.first, token.last) for token in self.tokens)])
        path = EmbeddingPath(self._model.network, self._sequence, self._types, positions)
        reference = path.reference(integration.reference, self._model.tokenizer)
        integral = integrate(path, reference, integration)
        by_position = np.zeros(len(self._sequence))
        by_position[positions] = integral.attributions
        return Attribution(
            values=tuple(
                float(by_position[token.first : token.last].sum()) if token.is_read else None for token in self.tokens
            ),
            baseline=integral.baseline,
            reference=integration.reference,
            steps=integral.steps,
            completeness=integral.completeness,
            complete=integral.complete,
        )
