"""The view of a linear model: its reward is a sum over features, so attributions are exact."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from scipy import sparse

from plaudit.explaining.tokens import TokenSpan, merge_tokens
from plaudit.explaining.views import Attribution, Integration, PrefixRewards
from plaudit.groups import Group, plain_text
from plaudit.model import LinearModel
from plaudit.text import TOKEN


class LinearView:
    """See `views.View`. The tokens are words."""

    networks: tuple[()] = ()

    def __init__(self, model: LinearModel, group: Group) -> None:
        self._model = model
        self.text = plain_text(group.responses[0])
        self._words = _words(self.text)
        self.tokens: tuple[TokenSpan, ...] = merge_tokens(
            self.text, [(start, end, number) for number, (start, end, _) in enumerate(self._words)]
        )

    def prefix_rewards(self) -> PrefixRewards | None:
        """None: a bag of words has no order to read along."""
        return None

    def attribute(self, integration: Integration) -> Attribution:
        """The contributions of the features, shared among the words.

        A term's contribution is shared equally among its occurrences, and half goes to each word of a pair; that of the
        length is shared equally among the characters. They sum to the reward, because a text without any feature has
        reward 0.
        """
        terms = self._model.features.terms()
        score = float(self._model.linear.rewards(self._model.features.matrix([self.text]))[0])
        if terms is None:
            values = [score * (token.end - token.start) / len(self.text) for token in self.tokens]
        else:
            by_word = self._by_word(terms)
            values = [sum(by_word[token.first : token.last]) for token in self.tokens]
        return Attribution(
            values=tuple(values),
            baseline=0.0,
            reference="nothing",
            steps=None,
            completeness=score - sum(values),
            complete=True,
        )

    def _by_word(self, terms: Sequence[str]) -> list[float]:
        """The contribution of each word."""
        row = sparse.coo_matrix(self._model.features.matrix([self.text]))
        weights = self._model.linear.reward
        contributions = {
            terms[column]: value * weights[column] for column, value in zip(row.col, row.data, strict=True)
        }
        words = [word for _, _, word in self._words]
        occurrences: list[tuple[str, tuple[int, ...]]] = [(word, (i,)) for i, word in enumerate(words)]
        occurrences += [(f"{a} {b}", (i, i + 1)) for i, (a, b) in enumerate(pairwise(words))]
        known = [(term, at) for term, at in occurrences if term in contributions]
        counts = Counter(term for term, _ in known)
        by_word = [0.0] * len(words)
        for term, at in known:
            for i in at:
                by_word[i] += float(contributions[term]) / counts[term] / len(at)
        return by_word


def _words(text: str) -> list[tuple[int, int, str]]:
    """(start, end, lower-case word) of each word, as the features read the text."""
    lower = text.lower()
    # A letter may become two in lower case: where each of these comes from.
    origin = [i for i, letter in enumerate(text) for _ in letter.lower()]
    return [(origin[m.start()], origin[m.end() - 1] + 1, m.group()) for m in re.finditer(TOKEN, lower)]
