"""All runs of a laboratory: what they are, in which order, and doing those that were not done before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from plaudit.laboratory.candidates import Candidate
from plaudit.laboratory.run_cache import kept, origin_of
from plaudit.laboratory.runs import Run, run_baseline, run_candidate
from plaudit.laboratory.splits import Split
from plaudit.logs import muted
from plaudit.training import TrainingSettings


@dataclass(frozen=True, slots=True)
class Job:
    """One run to do.

    Attributes:
        name: of the loss or the baseline.
        place: which of the seeds, from 0; baselines have one.
        number: of the division, from 0.
        part: the division.
        settings: of the run.
        run: does it.
    """

    name: str
    place: int
    number: int
    part: Split
    settings: TrainingSettings
    run: Callable[[], Run]

    @property
    def file(self) -> str:
        return f"{self.number}-{self.name}-{self.place}"


def jobs(
    tried: Sequence[Candidate],
    baselines: Sequence[str],
    parts: Sequence[Split],
    backbone: str,
    settings: TrainingSettings,
    seeds: int,
) -> list[Job]:
    """Division by division, the baselines first, then the losses seed by seed."""
    found = []
    for number, part in enumerate(parts):
        found += [
            Job(name, 0, number, part, settings, partial(run_baseline, name, part, settings)) for name in baselines
        ]
        for place in range(seeds):
            for one in tried:
                own = replace(one.settings, seed=settings.seed + place)
                found.append(Job(one.name, place, number, part, own, partial(run_candidate, one, part, backbone, own)))
    return found


def do_all(todo: Sequence[Job], folder: Path, backbone: str, say: Callable[[str], None]) -> dict[str, list[list[Run]]]:
    """Name -> a list a seed of one run a division, in order. Runs are kept in `folder`; `say` is told of each."""
    runs: dict[str, list[list[Run]]] = {}
    for count, job in enumerate(todo, 1):
        # Warnings of a loss are the same in each of its runs: only its first one speaks.
        with muted("plaudit", when=job.name in runs):
            origin = [origin_of(job.part, backbone), job.name, job.settings.to_dict()]
            run, before = kept(folder, job.file, origin, job.run)
        seeds = runs.setdefault(job.name, [])
        if len(seeds) == job.place:
            seeds.append([])
        seeds[job.place].append(run)
        how = "done before" if before else f"{run.seconds:.1f} s"
        say(f"{count}/{len(todo)} {job.name}, division {job.number + 1}, seed {job.settings.seed}: {how}")
    return runs
