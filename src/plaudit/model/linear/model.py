"""A linear model of plain features: score, rank, save, open again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from plaudit.data import Scale, Score, text_hash
from plaudit.errors import PlauditError
from plaudit.groups import Group, plain_text
from plaudit.model.folder.write import staged
from plaudit.model.linear.features import FEATURES, Features, Matrix
from plaudit.model.scorer import DEFAULT_BATCH_TOKENS, Scorer
from plaudit.storage import versions, write_record

KIND = "plain model"
"""What plaudit.json calls itself in a plain model's folder."""

_VOCABULARY_FILE = "vocabulary.json"
_WEIGHTS_FILE = "model.safetensors"
_WINDOW = 256


@dataclass(frozen=True)
class Linear:
    """What is learned.

    Attributes:
        reward: `[F]`; the reward is features @ reward, so a response without any feature has reward 0.
        attributes: attribute -> (`[F]` weights, intercept, scale); its value is
            `scale.value(features @ weights + intercept)`.
    """

    reward: np.ndarray
    attributes: Mapping[str, tuple[np.ndarray, float, Scale]] = field(default_factory=dict)

    def rewards(self, features: Matrix) -> np.ndarray:
        """`[R]`."""
        return features @ self.reward

    def values(self, features: Matrix) -> dict[str, np.ndarray]:
        """Attribute -> `[R]`, in the attribute's own units."""
        return {
            name: scale.low + (scale.high - scale.low) * (features @ weights + intercept)
            for name, (weights, intercept, scale) in self.attributes.items()
        }


class LinearModel(Scorer):
    """Features of a response and a linear model of them. There is no context to fit and no pass to bound, so the
    options of `score` change nothing."""

    def __init__(self, features: Features, linear: Linear, *, record: Mapping[str, Any] = {}) -> None:
        self.features = features
        self.linear = linear
        self.record = dict(record)

    @classmethod
    def open(cls, folder: Path, record: Mapping[str, Any]) -> LinearModel:
        """The model that `save` wrote.

        Raises:
            PlauditError: if a file is missing or broken.
        """
        try:
            tensors = load_file(folder / _WEIGHTS_FILE)
            vocabulary = folder / _VOCABULARY_FILE
            terms = json.loads(vocabulary.read_text(encoding="utf-8")) if vocabulary.is_file() else None
            features = FEATURES[record["features"]].restored(tensors, terms)
            linear = _linear(tensors, record["attributes"])
            if any(len(weights) != features.count for weights in (linear.reward, *tensors["attributes"])):
                raise ValueError("its weights are of another size than its features")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError, PlauditError) as error:
            raise PlauditError(f"{folder} is no whole plain model ({error}); train it again") from error
        return cls(features, linear, record=record)

    def stream(
        self,
        groups: Iterable[Group],
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
    ) -> Iterator[list[Score]]:
        several = iter(groups)
        while window := list(islice(several, _WINDOW)):
            texts = [plain_text(response) for group in window for response in group.responses]
            features = self.features.matrix(texts)
            rewards = self.linear.rewards(features).tolist()
            values = {name: column.tolist() for name, column in self.linear.values(features).items()}
            row = 0
            for group in window:
                rows = range(row, row + len(group.responses))
                row = rows.stop
                yield [
                    Score(
                        group=group.id,
                        response=index,
                        score=rewards[at],
                        tokens=self.features.read(texts[at]),
                        truncated=False,
                        scores={name: column[at] for name, column in values.items()} or None,
                        text=text_hash(group, index),
                    )
                    for index, at in enumerate(rows)
                ]

    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        return {**self.record, "plaudit": kind, "features": self.features.name, "versions": versions(), **more}

    def save(self, folder: str | Path, *, card: str | None = None) -> None:
        target = Path(folder)
        attributes = {
            name: {"intercept": intercept, "low": scale.low, "high": scale.high}
            for name, (_, intercept, scale) in self.linear.attributes.items()
        }
        weights = [weights for weights, _, _ in self.linear.attributes.values()]
        tensors = {
            "reward": self.linear.reward,
            "attributes": np.array(weights).reshape(-1, self.features.count),
            **self.features.tensors(),
        }
        self.record = self.run_record(KIND, attributes=attributes)
        with staged(target) as staging:
            save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, staging / _WEIGHTS_FILE)
            if (terms := self.features.terms()) is not None:
                (staging / _VOCABULARY_FILE).write_text(json.dumps(terms, ensure_ascii=False) + "\n", encoding="utf-8")
            write_record(staging, self.record, card)
        # A reward model that stood here has lost its weights; transformers would fill in random ones.
        (target / "config.json").unlink(missing_ok=True)


def _linear(tensors: Mapping[str, np.ndarray], attributes: Mapping[str, Mapping[str, float]]) -> Linear:
    rows = zip(attributes.items(), tensors["attributes"], strict=True)
    return Linear(
        tensors["reward"],
        {name: (weights, one["intercept"], Scale(one["low"], one["high"])) for (name, one), weights in rows},
    )
