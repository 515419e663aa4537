"""Linear models of a response's length or words: score, rank, save, open again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from plaudit._arguments import checked
from plaudit.data import Scale, Score, text_hash
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.groups import Group, plain_text
from plaudit.model.folder.contents import LINEAR_MODEL
from plaudit.model.folder.write import check_model_folder, staged
from plaudit.model.linear.features import FEATURES, Features, Matrix
from plaudit.model.prepared import Prepared
from plaudit.model.scorer import DEFAULT_BATCH_TOKENS, Scorer, prepared_as
from plaudit.storage import json_line, versions, write_record
from plaudit.text import counted

_VOCABULARY_FILE = "vocabulary.json"
_WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Linear:
    """What is learned.

    Attributes:
        reward: `[F]`; the reward is features @ reward, so a response without any feature has reward 0.
        attributes: attribute -> (`[F]` weights, intercept, scale); its value is
            `scale.value(features @ weights + intercept)`.

    Example:
        >>> Linear(np.array([0.5])).rewards(np.array([[2.0], [4.0]])).tolist()
        [1.0, 2.0]
    """

    reward: Float[np.ndarray, " features"]
    attributes: Mapping[str, tuple[Float[np.ndarray, " features"], float, Scale]] = field(default_factory=dict)

    def rewards(self, features: Matrix) -> Float[np.ndarray, " responses"]:
        """The rewards of responses with these features."""
        rewards: Float[np.ndarray, " responses"] = features @ self.reward
        return rewards

    def values(self, features: Matrix) -> dict[str, Float[np.ndarray, " responses"]]:
        """Attribute -> the predicted ratings, in the attribute's units."""
        return {
            name: scale.low + (scale.high - scale.low) * (features @ weights + intercept)
            for name, (weights, intercept, scale) in self.attributes.items()
        }


@dataclass(frozen=True, slots=True)
class PlainTexts(Prepared):
    """A group's responses as text.

    Attributes:
        texts: one a response.
        read: how much of each is read, as `Score.tokens` says it.
    """

    texts: tuple[str, ...]
    read: tuple[int, ...]

    def key(self, response: int) -> bytes:
        """The text."""
        return self.texts[response].encode("utf-8", "surrogatepass")


class LinearModel(Scorer):
    """Features of a response and a linear model of them. There is no context to fit and no forward pass to bound, so
    the options of `score` change nothing.

    Example:
        >>> from plaudit.model.linear import LengthFeatures
        >>> model = LinearModel(LengthFeatures(), Linear(np.array([1.0])))
        >>> model
        LinearModel('length': 1 feature)
        >>> [score.response for score in model.rank("Why?", ["Short.", "A longer answer."])]
        [1, 0]
    """

    kind = LINEAR_MODEL

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
            raise InvalidInputError(f"{folder} is no whole linear model ({error})", remedy="train it again") from error
        return cls(features, linear, record=record)

    def __repr__(self) -> str:
        attributes = f", attributes: {', '.join(self.linear.attributes)}" if self.linear.attributes else ""
        return f"LinearModel({self.features.name!r}: {counted(self.features.count, 'features')}{attributes})"

    @checked
    def prepare(self, group: Group, *, truncate_responses: bool = False) -> PlainTexts:
        texts = tuple(plain_text(response) for response in group.responses)
        read = tuple(self.features.read(text) for text in texts)
        return PlainTexts(group, sum(read), texts, read)

    @checked
    def score_prepared(
        self, batch: Sequence[Prepared], *, batch_tokens: int = DEFAULT_BATCH_TOKENS
    ) -> list[list[Score]]:
        items = prepared_as(PlainTexts, batch)
        if not items:
            return []
        features = self.features.matrix([text for item in items for text in item.texts])
        rewards = iter(self.linear.rewards(features).tolist())
        columns = {name: column.tolist() for name, column in self.linear.values(features).items()}
        values = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        return [
            [
                Score(
                    group=item.group.id,
                    response=index,
                    score=next(rewards),
                    tokens=read,
                    truncated=False,
                    scores=next(values, None),
                    hash=text_hash(item.group, index),
                )
                for index, read in enumerate(item.read)
            ]
            for item in items
        ]

    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        return {**self.record, "plaudit": kind, "features": self.features.name, "versions": versions(), **more}

    @checked
    def save(self, folder: str | Path, *, card: str | None = None, overwrite: bool = False) -> None:
        target = Path(folder)
        check_model_folder(target, overwrite=overwrite, exactly=False)
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
        self.record = self.run_record(self.kind, attributes=attributes)
        with staged(target) as staging:
            save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, staging / _WEIGHTS_FILE)
            if (terms := self.features.terms()) is not None:
                (staging / _VOCABULARY_FILE).write_text(json_line(terms), encoding="utf-8")
            write_record(staging, self.record, card)


def _linear(tensors: Mapping[str, Shaped[np.ndarray, "*_"]], attributes: Mapping[str, Mapping[str, float]]) -> Linear:
    rows = zip(attributes.items(), tensors["attributes"], strict=True)
    return Linear(
        tensors["reward"],
        {name: (weights, one["intercept"], Scale(one["low"], one["high"])) for (name, one), weights in rows},
    )
