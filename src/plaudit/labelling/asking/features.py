"""What a model sees in the answers, as the belief about their strengths takes it. Torch loads here, when it must.

Only differences within a group are ever judged, so features are taken from their group's mean. What a frozen backbone
reads is brought to a few components of those differences, and the logarithm of the length stands beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text

COMPONENTS = 32
"""Of a frozen backbone."""

Rows = Float[np.ndarray, "responses features"]
_OfGroups = Sequence[Float[np.ndarray, "_ features"]]


class FeatureSource:
    """A model's features of any groups; each group is read once.

    Args:
        name: of the model, for the wave's row.
        read: groups -> one row for each response of each, in order.
        with_length: whether the logarithm of the length stands beside them.

    Attributes:
        hash: of the features that were read last.

    Example:
        >>> source = FeatureSource("by hand", lambda groups: np.array([[3.0], [1.0]]))
        >>> source.of([Group("q", "Why?", ("Because.", "No."))])[0].tolist()
        [[1.0], [-1.0]]
    """

    def __init__(self, name: str, read: Callable[[Sequence[Group]], Rows], *, with_length: bool = False) -> None:
        self.name = name
        self.hash = ""
        self._read = read
        self._with_length = with_length
        self._rows: dict[str, Rows] = {}

    def of(self, groups: Sequence[Group]) -> _OfGroups:
        """Features of each group, centred, and of a spread near 1."""
        new = [group for group in groups if group.id not in self._rows]
        if new:
            ends = np.cumsum([len(group.responses) for group in new])[:-1]
            self._rows |= dict(zip([group.id for group in new], np.split(self._read(new), ends), strict=True))
        rows = within_groups([self._rows[group.id] for group in groups])
        if self._with_length:
            lengths = [np.log1p([[len(plain_text(one))] for one in group.responses]) for group in groups]
            rows = [np.hstack(pair) for pair in zip(rows, within_groups(lengths), strict=True)]
        self.hash = hashlib.sha256(b"".join(row.tobytes() for row in rows)).hexdigest()[:16]
        return rows


def feature_source(model: str | None = None, backbone: str | None = None) -> FeatureSource | None:
    """The features of a trained model (its reward), or of a frozen backbone; None: of neither.

    Raises:
        InvalidInputError: if both are named, or the backbone is not frozen.

    Example:
        >>> source = feature_source("my-bow")
        >>> source.of([Group("q", "Why?", ("Because.", "No."))])[0].shape
        (2, 1)
        >>> feature_source() is None
        True
    """
    if model is not None and backbone is not None:
        raise InvalidInputError("a model and a backbone are named", remedy="give one of them")
    if model is not None:
        return FeatureSource(model, _rewards(model))
    if backbone is None:
        return None
    kind, _, name = backbone.partition(":")
    if kind != "frozen" or not name:
        raise InvalidInputError(f"the backbone is {backbone!r}", remedy="give frozen:NAME, as frozen:minilm-l6")
    return FeatureSource(backbone, _embeddings(name), with_length=True)


def within_groups(rows: _OfGroups, most: int = COMPONENTS) -> list[Rows]:
    """Each group's rows less their mean; of many columns the first principal components. All together vary by 1."""
    centred = [one - one.mean(0) for one in rows]
    every = np.concatenate(centred) if centred else np.zeros((0, 1))
    if every.shape[1] > most:
        _, vectors = np.linalg.eigh(every.T @ every)
        centred = [one @ vectors[:, : -most - 1 : -1] for one in centred]
        every = np.concatenate(centred)
    spread = float(np.sqrt((every**2).sum(1).mean())) if every.size else 0.0
    return [one / (spread or 1.0) for one in centred]


def _rewards(name: str) -> Callable[[Sequence[Group]], Rows]:
    def read(groups: Sequence[Group]) -> Rows:
        from plaudit.model import open_model

        scored = open_model(name).score(groups, truncate_responses=True)
        return np.array([[one.score] for row in scored for one in row], dtype=np.float64)

    return read


def _embeddings(name: str) -> Callable[[Sequence[Group]], Rows]:
    def read(groups: Sequence[Group]) -> Rows:
        from plaudit.training import TrainingSettings, frozen_features

        return frozen_features(groups, name, TrainingSettings(truncate_responses=True))[0]

    return read
