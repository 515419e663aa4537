"""A response as a plain model sees it. Its reward is a sum over features, so what each contributed is exact."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from scipy import sparse

from plaudit.explaining.tokens import TokenSpan, pieces_of
from plaudit.explaining.views import Along, Attribution, Integration
from plaudit.groups import Text, plain_text
from plaudit.model import LinearModel
from plaudit.text import TOKEN


class LinearView:
    """See `views.View`. The pieces are words."""

    networks: tuple[()] = ()

    def __init__(self, model: LinearModel, prompt: Text, response: Text) -> None:
        self._model = model
        self.text = plain_text(response)
        self._words = _words(self.text)
        self.pieces: tuple[TokenSpan, ...] = pieces_of(
            self.text, [(a, b, i) for i, (a, b, _) in enumerate(self._words)]
        )

    def along(self) -> Along | None:
        """Nothing: a bag has no order to read along."""
        return None

    def attributed(self, how: Integration) -> Attribution:
        """A term's part of the reward, in equal shares to the places where it stands, half to each word of a pair; the
        part of the length, in equal shares to the characters. They sum to the reward: a text without any feature has
        reward 0."""
        terms = self._model.features.terms()
        score = float(self._model.linear.rewards(self._model.features.matrix([self.text]))[0])
        if terms is None:
            values = [score * (piece.end - piece.start) / len(self.text) for piece in self.pieces]
        else:
            by_word = self._by_word(terms)
            values = [sum(by_word[piece.first : piece.last]) for piece in self.pieces]
        return Attribution(tuple(values), 0.0, "nothing", None, score - sum(values), True)

    def _by_word(self, terms: Sequence[str]) -> list[float]:
        row = sparse.coo_matrix(self._model.features.matrix([self.text]))
        weights = self._model.linear.reward
        parts = {terms[column]: value * weights[column] for column, value in zip(row.col, row.data, strict=True)}
        words = [word for _, _, word in self._words]
        places: list[tuple[str, tuple[int, ...]]] = [(word, (i,)) for i, word in enumerate(words)]
        places += [(f"{a} {b}", (i, i + 1)) for i, (a, b) in enumerate(pairwise(words))]
        known = [(term, at) for term, at in places if term in parts]
        counts = Counter(term for term, _ in known)
        found = [0.0] * len(words)
        for term, at in known:
            for i in at:
                found[i] += float(parts[term]) / counts[term] / len(at)
        return found


def _words(text: str) -> list[tuple[int, int, str]]:
    """(start, end, lower-case word) of each word, as the features read the text. A letter may become two in lower
    case."""
    lower = text.lower()
    origin = [i for i, letter in enumerate(text) for _ in letter.lower()]
    return [(origin[m.start()], origin[m.end() - 1] + 1, m.group()) for m in re.finditer(TOKEN, lower)]
