"""Features of a response for linear models: its length, or its words. Neither reads the prompt, which all responses of
a group share and which a linear score therefore cannot use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from jaxtyping import Float, Shaped
from scipy import sparse

from plaudit.errors import InvalidInputError
from plaudit.text import TOKEN, counted

Dense = Float[np.ndarray, "responses features"]
Matrix: TypeAlias = Dense | sparse.csr_matrix
"""A row of features a response."""

# Terms kept, the most frequent first: bounds the model's file and the fit's time.
MOST_TERMS = 50_000


class Features(Protocol):
    """From texts to a matrix.

    Attributes:
        name: as in `--backbone`.
        count: F.

    Example:
        >>> features, matrix = FEATURES["bow"].of(["red wine", "red tea", "tea"])
        >>> features.count, matrix.shape, features.read("red wine")
        (2, (3, 2), 2)
    """

    @property
    def name(self) -> str: ...
    @property
    def count(self) -> int: ...
    def matrix(self, texts: Sequence[str]) -> Matrix:
        """`[R, F]` float64."""

    def read(self, text: str) -> int:
        """How much of a text was read, as `Score.tokens` says it."""

    def tensors(self) -> dict[str, Shaped[np.ndarray, "*_"]]:
        """What has to be saved beside the weights, and is given to `restored` as it was."""

    def terms(self) -> list[str] | None:
        """The vocabulary, for features that have one."""


@dataclass(frozen=True)
class LengthFeatures:
    """log(1 + characters), the one feature of the length rule; `Score.tokens` are characters.

    Example:
        >>> LengthFeatures().matrix(["", "Yes."]).round(3).tolist()  # log 1, log 5
        [[0.0], [1.609]]
    """

    name = "length"
    count = 1

    @classmethod
    def of(cls, texts: Sequence[str]) -> tuple[LengthFeatures, Matrix]:
        """The features, and these texts' matrix."""
        return cls(), cls().matrix(texts)

    @classmethod
    def restored(cls, tensors: Mapping[str, Shaped[np.ndarray, "*_"]], terms: Sequence[str] | None) -> LengthFeatures:
        return cls()

    def matrix(self, texts: Sequence[str]) -> Dense:
        return np.log1p([[len(text)] for text in texts])

    def read(self, text: str) -> int:
        return len(text)

    def tensors(self) -> dict[str, Shaped[np.ndarray, "*_"]]:
        return {}

    def terms(self) -> None:
        return None


@dataclass(frozen=True)
class WordFeatures:
    """TF-IDF of the words and pairs of neighbouring words, in lower case; `Score.tokens` are words.

    A term that stands n times in a text counts (1 + log n) idf. Rows are not brought to one length, as they are where
    texts are looked up: a longer response has more of everything, and people often prefer it. A text without a known
    word is a row of zeros.

    Attributes:
        vocabulary: F terms, in the order of the columns.
        idf: `[F]`, how rare each is: log((1 + texts) / (1 + texts that have it)) + 1.

    Example:
        >>> features, matrix = WordFeatures.of(["red wine", "red tea", "tea"])
        >>> features.vocabulary  # what stands in two texts or more
        ('red', 'tea')
    """

    vocabulary: tuple[str, ...]
    idf: Float[np.ndarray, " features"]

    name = "bow"

    @classmethod
    def of(cls, texts: Sequence[str]) -> tuple[WordFeatures, Matrix]:
        """The terms that stand in at least two of some texts (in one, where there are no others), and these texts'
        matrix.

        Raises:
            PlauditError: if they have none.
        """
        for least in (2, 1):
            vectorizer = _vectorizer(max_features=MOST_TERMS, min_df=least)
            # scikit-learn says so with an error when no term stands in so many texts.
            with suppress(ValueError):
                matrix = vectorizer.fit_transform(texts)
                return cls(tuple(vectorizer.get_feature_names_out().tolist()), vectorizer.idf_), matrix
        raise InvalidInputError(f"there is no word in any of {counted(len(texts), 'responses')} to learn from")

    @classmethod
    def restored(cls, tensors: Mapping[str, Shaped[np.ndarray, "*_"]], terms: Sequence[str] | None) -> WordFeatures:
        if terms is None or tensors["idf"].shape != (len(terms),):
            raise ValueError("its vocabulary is missing, or of another size than its weights")
        return cls(tuple(terms), tensors["idf"])

    @property
    def count(self) -> int:
        return len(self.vocabulary)

    def matrix(self, texts: Sequence[str]) -> sparse.csr_matrix:
        return self._fitted.transform(texts)

    def read(self, text: str) -> int:
        return len(re.findall(TOKEN, text))

    def tensors(self) -> dict[str, Shaped[np.ndarray, "*_"]]:
        return {"idf": self.idf}

    def terms(self) -> list[str]:
        return list(self.vocabulary)

    @cached_property
    def _fitted(self) -> Any:
        vectorizer = _vectorizer(vocabulary={term: column for column, term in enumerate(self.vocabulary)})
        vectorizer.idf_ = self.idf
        return vectorizer


FEATURES: dict[str, type[LengthFeatures] | type[WordFeatures]] = {
    kind.name: kind for kind in (LengthFeatures, WordFeatures)
}


def _vectorizer(**options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(token_pattern=TOKEN, ngram_range=(1, 2), sublinear_tf=True, norm=None, **options)
