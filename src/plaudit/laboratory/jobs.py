"""The runs of a comparison: which there are, in which order, and a cache, so that a stopped comparison goes on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from plaudit.laboratory.candidates import Candidate
from plaudit.laboratory.runs import Run, run_baseline, run_candidate
from plaudit.laboratory.settings import LaboratorySettings
from plaudit.laboratory.splits import Split
from plaudit.logs import muted
from plaudit.storage import data_hash, replacing, versions
from plaudit.training import TrainingSettings


@dataclass(frozen=True, slots=True)
class Job:
    """One run to do.

    Attributes:
        name: of the loss or the baseline.
        seed_index: which of the seeds, from 0; baselines have one.
        split_index: which of the splits, from 0.
        split: the data.
        settings: of the run.
        run: does it.
    """

    name: str
    seed_index: int
    split_index: int
    split: Split
    settings: TrainingSettings
    run: Callable[[], Run]

    def file(self, key: str) -> str:
        """The name of its file in the cache. Runs of other data or settings have another key, and stay beside it."""
        return re.sub(r"[^\w.-]+", "-", f"{self.split_index}-{self.name}-{self.seed_index}-{key}") + ".json"


def list_jobs(
    candidates: Sequence[Candidate],
    baselines: Sequence[str],
    splits: Sequence[Split],
    backbone: str,
    settings: LaboratorySettings,
) -> list[Job]:
    """Split by split, the baselines first, then the losses seed by seed."""
    jobs = []
    for number, split in enumerate(splits):
        for name in baselines:
            run = partial(run_baseline, name, split, settings.training)
            jobs.append(
                Job(name=name, seed_index=0, split_index=number, split=split, settings=settings.training, run=run)
            )
        for seed_index in range(settings.seeds):
            for candidate in candidates:
                training = replace(candidate.settings, seed=settings.training.seed + seed_index)
                run = partial(run_candidate, candidate, split, backbone, training)
                jobs.append(
                    Job(
                        name=candidate.name,
                        seed_index=seed_index,
                        split_index=number,
                        split=split,
                        settings=training,
                        run=run,
                    )
                )
    return jobs


def run_jobs(jobs: Sequence[Job], cache: Path, backbone: str, log: Callable[[str], None]) -> dict[str, list[list[Run]]]:
    """Name -> for each seed, one run a split, in order.

    Args:
        jobs: in the order of `list_jobs`.
        cache: the folder that runs are kept in, and taken from.
        backbone: of all candidates.
        log: called with a line about each run.
    """
    runs: dict[str, list[list[Run]]] = {}
    for count, job in enumerate(jobs, 1):
        # A loss gives the same warnings in each of its runs: those of the first are enough.
        with muted("plaudit", when=job.name in runs):
            key = _key([_origin(job.split, backbone), job.name, job.settings.to_dict(), versions()])
            run = _read(cache / job.file(key), key)
            is_cached = run is not None
            if run is None:
                run = job.run()
                _write(run, cache / job.file(key), key)
        by_seed = runs.setdefault(job.name, [])
        if len(by_seed) == job.seed_index:
            by_seed.append([])
        by_seed[job.seed_index].append(run)
        outcome = "done before" if is_cached else f"{run.seconds:.1f} s"
        log(f"{count}/{len(jobs)} {job.name}, split {job.split_index + 1}, seed {job.settings.seed}: {outcome}")
    return runs


# ---- the cache ------------------------------------------------------------------------------------------------------


def _origin(split: Split, backbone: str) -> list[Any]:
    """What all runs of a split depend on: its data, and when a local backbone was last written."""
    weights = Path(backbone).glob("*.safetensors")
    written = max((file.stat().st_mtime_ns for file in weights), default=None)
    return [data_hash(split.train), data_hash(split.validation), data_hash(split.test), backbone, written]


def _key(origin: Any) -> str:
    return hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()[:16]


def _write(run: Run, file: Path, key: str) -> None:
    with replacing(file) as temporary:
        temporary.write_text(json.dumps({"key": key, **asdict(run)}), encoding="utf-8")


def _read(file: Path, key: str) -> Run | None:
    """The run in the file; None if there is none, or it was made from something else."""
    try:
        row = json.loads(file.read_bytes())
        return Run(**{name: value for name, value in row.items() if name != "key"}) if row["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
