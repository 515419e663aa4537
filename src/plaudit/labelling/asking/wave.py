"""A wave: the questions that a rule has chosen, as a file that lies ready until the project's server takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, Self

from plaudit.errors import DataError
from plaudit.storage import replacing, write_json

FORM = "plaudit-wave-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveQuestion:
    """One question of a wave.

    Attributes:
        item: the group's id in the project's tables.
        responses: numbers, sorted.
        probability: of being drawn first of all that could be asked, in (0, 1].
        again: whether it is one more opinion on a question that has its answers.
        figures: utility, and what it comes from, for the page.

    Raises:
        ValueError: for what no question of a wave can be.

    Example:
        >>> WaveQuestion(item=1, responses=(0, 2), probability=0.25, figures={"utility": 0.4}).again
        False
    """

    item: int
    responses: tuple[int, ...]
    probability: float
    again: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.responses) < 2 or list(self.responses) != sorted({*self.responses}):
            raise ValueError(f"the responses are {self.responses}")
        if not 0 < self.probability <= 1:
            raise ValueError(f"the probability is {self.probability}")
        if not all(isfinite(one) for one in self.figures.values()):
            raise ValueError(f"the figures are {self.figures}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What a rule asks next.

    Attributes:
        id: its own, by which it is applied once.
        project: by which a project knows its waves.
        rule: that chose.
        model: whose word was heard, if any's.
        model_hash: of that.
        settings: count, gamma, seed, the variances of the belief, and how many judgements it comes from.
        questions: in the order in which they were drawn.

    Example:
        >>> wave = Wave(id="a1", project="p1", rule="random", questions=(WaveQuestion(
        ...     item=1, responses=(0, 1), probability=0.5),))
        >>> wave.write("waves/a1.json")
        >>> Wave.read("waves/a1.json") == wave
        True
    """

    id: str
    project: str
    rule: str
    model: str = ""
    model_hash: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[WaveQuestion, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it stands in a file."""
        return {"form": FORM, **asdict(self)}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Of what `to_json` gave, whoever wrote it meanwhile.

        Raises:
            ValueError: if it is something else.
        """
        if not isinstance(value, dict) or value.get("form") != FORM:
            raise ValueError(f"it is no {FORM}")
        texts = {name: value.get(name, "") for name in ("id", "project", "rule", "model", "model_hash")}
        if not all(isinstance(text, str) for text in texts.values()) or not isinstance(value.get("settings"), dict):
            raise ValueError("its fields are of another kind")
        try:
            questions = tuple(
                WaveQuestion(
                    item=int(one["item"]),
                    responses=tuple(map(int, one["responses"])),
                    probability=float(one["probability"]),
                    again=bool(one.get("again", False)),
                    figures={str(name): float(figure) for name, figure in one.get("figures", {}).items()},
                )
                for one in value["questions"]
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"its questions are of another kind ({error!r})") from error
        return cls(settings=value["settings"], questions=questions, **texts)

    def write(self, path: str | Path) -> None:
        """Write it to a file, which is whole or absent.

        Raises:
            DataError: if it cannot be written.
        """
        with replacing(path) as temporary:
            write_json(temporary, self.to_json())

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read what `write` wrote.

        Raises:
            DataError: if it is no wave.
        """
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"it is no wave ({error})", file=path) from error
