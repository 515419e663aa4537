"""Inspection of a model while it is at hand: probes, checks of one score, and why its worst mistakes."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plaudit.errors import PlauditError
from plaudit.evaluation import Invariance, Probes, check_invariance, probe
from plaudit.explaining import Integration, explain
from plaudit.groups import Group
from plaudit.model import DEFAULT_BATCH_TOKENS, Scorer
from plaudit.report.mistakes import Mistake
from plaudit.storage import Fields, json_line, replacing

logger = logging.getLogger(__name__)

INSPECTION_FILE = "inspection.json"
"""Beside `scores.jsonl`: the scores can be measured again without the model, and nothing learned with it is lost."""

_QUICK = Integration(steps=16, max_steps=64)
"""An integral that is bounded: the page says what it leaves unexplained, and `plaudit explain` takes more time."""

Watch = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""(rows, how many, what is done) -> the rows: a progress bar."""


def unwatched(rows: Iterable[Any], total: int, doing: str) -> Iterable[Any]:
    """No progress bar."""
    return rows


@dataclass(frozen=True, slots=True)
class Inspection:
    """What needs the model itself.

    Attributes:
        probes: None where probes were not asked for.
        invariance: None where it was not asked for.
        explanations: `Explanation.to_json` of both responses of the worst mistakes.
        of: the hash of the run record of the scores that this belongs to (`record_hash`).
    """

    probes: Probes | None = None
    invariance: Invariance | None = None
    explanations: Sequence[Mapping[str, Any]] = ()
    of: str | None = None

    def to_json(self) -> dict[str, Any]:
        """One object, with null for what was not asked for."""
        return {
            "probes": self.probes and self.probes.to_json(),
            "invariance": self.invariance and self.invariance.to_json(),
            "explanations": list(self.explanations),
            "of": self.of,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Inspection:
        """The inverse of `to_json`.

        Raises:
            ValueError: if it is of another shape.
        """
        fields = Fields.of(row, "an inspection")
        probes, invariance = fields.values.get("probes"), fields.values.get("invariance")
        return cls(
            probes=None if probes is None else Probes.from_json(probes),
            invariance=None if invariance is None else Invariance.from_json(invariance),
            explanations=[one.values for one in fields.objects("explanations")],
            of=fields.optional_text("of"),
        )


def inspect_model(
    model: Scorer,
    groups: Sequence[Group],
    mistakes: Sequence[Mistake] = (),
    *,
    probes: int = 50,
    clusters: str | None = None,
    batch_tokens: int = DEFAULT_BATCH_TOKENS,
    seed: int = 0,
    watch: Watch = unwatched,
) -> Inspection:
    """Probe a model, hold it to one score, and explain mistakes.

    Args:
        model: any scorer.
        groups: the user's data.
        mistakes: those whose two responses are explained.
        probes: most groups to draw for probes; 0: neither probes nor the checks of one score.
        clusters: a meta field to cluster intervals by, in place of the prompt.
        batch_tokens: as in `Scorer.stream`.
        seed: of all that is drawn.
        watch: sees everything that takes time go by.

    Raises:
        PlauditError: if the data cannot be probed. A response that cannot be explained is a warning.
    """
    probed = invariance = None
    if probes:
        probed = probe(
            model,
            groups,
            count=probes,
            clusters=clusters,
            seed=seed,
            score=lambda made: watch(
                model.stream(made, batch_tokens=batch_tokens, truncate_responses=True),
                len(made),
                "Scoring untouched and changed answers",
            ),
        )
        invariance = check_invariance(
            model, groups, seed=seed, watch=lambda ways: watch(ways, len(ways), "Scoring again in other ways")
        )
    return Inspection(probed, invariance, _explanations(model, groups, mistakes, watch))


def record_hash(record: Mapping[str, Any]) -> str:
    """Which model, data and settings a run record is of: the first 16 hex digits of a SHA-256."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]


def write_inspection(inspection: Inspection, folder: Path) -> None:
    """Into the file beside the scores.

    Raises:
        DataError: if it cannot be written.
    """
    with replacing(folder / INSPECTION_FILE) as temporary:
        temporary.write_text(json_line(inspection.to_json()), encoding="utf-8")


def read_inspection(folder: Path, record: Mapping[str, Any]) -> Inspection:
    """From the file beside scores with this run record; an empty one where there is none. One that cannot be read, or
    that is of other scores, is left out with a warning.

    Example:
        >>> read_inspection(Path(), record={})  # nobody left an `inspection.json` here
        Inspection(probes=None, invariance=None, explanations=(), of=None)
    """
    path = folder / INSPECTION_FILE
    try:
        inspection = Inspection.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Inspection()
    except (OSError, ValueError) as error:
        logger.warning("%s is left out: it cannot be read (%s)", path, error)
        return Inspection()
    if inspection.of != record_hash(record):
        logger.warning("%s is left out: it was found with another model or on other data than these scores", path)
        return Inspection()
    return inspection


def _explanations(
    model: Scorer, groups: Sequence[Group], mistakes: Sequence[Mistake], watch: Watch
) -> list[Mapping[str, Any]]:
    by_id = {group.id: group for group in groups}
    rows: list[Mapping[str, Any]] = []
    for mistake in watch(mistakes, len(mistakes), "Explaining mistakes"):
        pair = (mistake.better, mistake.worse)
        try:
            both = explain(model, by_id[mistake.group].among(pair), integration=_QUICK, truncate_responses=True)
        except PlauditError as error:
            logger.warning("the mistake in group %r is not explained: %s", mistake.group, error)
            continue
        rows += [{**one.to_json(), "response": index} for one, index in zip(both, pair, strict=True)]
    return rows
