"""Scores of many millions of rows: shard after shard, in one process, in those of `torchrun`, or on Ray."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from plaudit._arguments import checked
from plaudit.data import DealtRows, RowReading, Source, list_sources, numbered, shard_name, source_hash, watch_reading
from plaudit.errors import DataError, InvalidInputError, import_extra
from plaudit.logs import launched_processes
from plaudit.scoring.progress import Tell, telling
from plaudit.scoring.rows import RowScoring
from plaudit.scoring.runs import ScoringOptions
from plaudit.scoring.shards.manifest import Manifest, begin_shards, check_shards, model_hash
from plaudit.scoring.shards.shard import ScoredShard, ShardCounts, ShardScorer, ShardTask
from plaudit.storage import check_not_read, check_place, replacing

logger = logging.getLogger(__name__)

# What a Parquet file begins and ends with.
_PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOptions:
    """How shards are made.

    Attributes:
        scoring: how the model is asked.
        reading: how rows are read.
        text: put the response beside its score.
        record: keep the run record in every shard.
        rejects: a file for rows that cannot be read or scored, one for each shard that has any:
            `rejects-00003-of-00016.jsonl` for `rejects.jsonl`. Without it the first such row is an error.
        on: "ray": an actor for each GPU, or for each CPU but one, scores; this process reads and writes.
        overwrite: begin anew in a folder that holds shards.

    Example:
        >>> ShardOptions(text=True).on is None
        True
    """

    scoring: ScoringOptions = field(default_factory=ScoringOptions)
    reading: RowReading = field(default_factory=RowReading)
    text: bool = False
    record: bool = True
    rejects: str | Path | None = None
    on: Literal["ray"] | None = None
    overwrite: bool = False


@dataclass(slots=True)
class ShardReport:
    """What a process has done for a folder of shards.

    Attributes:
        shards: how many the folder has when it is complete.
        scored: the shards scored here and now.
        missing: those that are still not there: other processes have them, or a run was stopped.
        counts: rows and responses of the shards scored here.
        seconds: that scoring them took, reading included.
        how: what was met on the way to tokens.

    Example:
        >>> report = score_shards("my-bow", "test.jsonl", "my-shards", 2)
        >>> report.scored, report.missing, report.counts.responses
        ([0, 1], [], 40)
    """

    shards: int
    scored: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    counts: ShardCounts = field(default_factory=ShardCounts)
    seconds: float = 0.0
    how: RowScoring = field(default_factory=RowScoring)

    def check(self) -> None:
        """Say how many responses have no score, and what they lost on the way to tokens.

        Raises:
            InvalidInputError: if none has a score, or all answers of all rows became the same tokens.
        """
        self.how.check()


@checked
def score_shards(
    model: str, source: Source, folder: str | Path, shards: int, how: ShardOptions = ShardOptions()
) -> ShardReport:
    """Score every response of many millions of rows into a folder, one Parquet file a shard. What is there is done: a
    second run scores what is missing, also after `kill -9`.

    A row belongs to the shard that the hash of its prompt names (`shard_of`). Under `torchrun`, process r of w scores
    the shards r, r + w, ..., on the GPU of its number, and no process waits for another. Memory holds a few hundred
    rows, never a shard; what was read waits in a temporary file.

    Args:
        model: what `open_model` takes.
        source: files, folders or data sets, as of `read_groups`, but nothing that can be read only once.
        folder: for the shards: new, empty, or begun by the same call before.
        shards: how many there are.
        how: how they are made.

    Raises:
        PlauditError: if the folder holds something else, or shards of another model, other data, options or number;
            for the first row that cannot be read or scored, unless `how.rejects` sets it aside; if a file cannot be
            written. What is done stays.

    Example:
        >>> _ = score_shards("my-model", "test.jsonl", "scored", 4, how=ShardOptions(text=True))
        >>> from plaudit import read_scores
        >>> scores, record = read_scores("scored")
        >>> len(scores), record["model"], sorted(path.name for path in Path("scored").glob("*.parquet"))[0]
        (40, 'my-model', 'scores-00000-of-00004.parquet')
        >>> score_shards("my-model", "test.jsonl", "scored", 4, how=ShardOptions(text=True)).scored
        []
    """
    from plaudit.model import check_model

    import_extra("pyarrow", "datasets", "scoring into shards (Parquet)")
    rank, processes = _place_among_processes(how)
    target = Path(folder)
    if shards < 1:
        raise InvalidInputError(f"shards is {shards}", remedy="it must be at least 1")
    sources = list_sources(source)
    for rejects in _rejects_files(how, shards):
        check_not_read(rejects, sources)
    check_model(model)
    manifest = _manifest(model, sources, shards, how)
    report, mine = ShardReport(shards), range(rank, shards, processes)
    wanted = _left_to_score(target, mine, manifest, how.overwrite)
    if wanted:
        begun = time.monotonic()
        with telling() as tell, _reading_told(tell if rank == 0 else None):
            task = ShardTask(
                model=model, options=how.scoring, text=how.text, record=how.record,
                keep_going=how.rejects is not None, device=_device(model, processes),
            )  # fmt: skip
            _Run(target, manifest, how, task, report, tell if rank == 0 else None).score(sources, wanted)
        report.seconds = time.monotonic() - begun
    report.missing = [shard for shard in range(shards) if not _is_whole(target / shard_name(shard, shards))]
    return report


def _left_to_score(folder: Path, mine: range, manifest: Manifest, overwrite: bool) -> list[int]:
    """Those of a process's shards that are not there, in a folder that may have them."""
    places = {shard: folder / shard_name(shard, manifest.shards) for shard in mine}
    # Before the folder is looked at: what another command puts there afterwards is not taken for ours.
    wanted = [shard for shard, place in places.items() if overwrite or not _is_whole(place)]
    check_shards(folder, manifest, overwrite=overwrite)
    for place in (places[shard] for shard in wanted):
        if place.exists() and not overwrite:
            logger.warning("%s is not a whole file and is scored again", place)
    return wanted


class _Run:
    """The shards that this process scores."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        how: ShardOptions,
        task: ShardTask,
        report: ShardReport,
        tell: Tell | None,
    ) -> None:
        self._folder, self._manifest = folder, manifest
        self._how, self._task, self._report, self._tell = how, task, report, tell
        self._overwrite = how.overwrite

    def score(self, source: Source, wanted: list[int]) -> None:
        scorer = None if self._how.on == "ray" else ShardScorer(self._task)
        read = self._how.reading, self._task.keep_going
        with DealtRows(source, self._report.shards, wanted, *read) as dealt:
            if scorer is None:
                from plaudit.scoring.shards.on_ray import score_on_ray

                score_on_ray(self._task, dealt, wanted, self._report.shards, self._keep)
                return
            for shard in wanted:
                with self._writing(shard) as temporary:
                    number = {"shard": shard, "shards": self._report.shards}
                    scored = scorer.score(dealt.rows(shard), temporary, number, self._progress(shard, dealt))
                    self._set_aside(shard, scored)
                self._count(shard, scored)

    def _keep(self, shard: int, table: bytes, scored: ScoredShard) -> None:
        """A shard that was scored elsewhere."""
        with self._writing(shard) as temporary:
            temporary.write_bytes(table)
            self._set_aside(shard, scored)
        self._count(shard, scored)
        if self._tell is not None:
            self._tell("Scoring shards", len(self._report.scored), self._report.shards)

    @contextmanager
    def _writing(self, shard: int) -> Iterator[Path]:
        """A temporary file that becomes the shard's when it is whole."""
        path = self._folder / shard_name(shard, self._report.shards)
        try:
            with replacing(path) as temporary:
                yield temporary
                # Only now: a command that is refused leaves nothing, and removes nothing.
                begin_shards(self._folder, self._manifest, overwrite=self._overwrite)
                self._overwrite = False
        except DataError as error:
            cause = error.__cause__
            if not isinstance(cause, OSError):
                raise
            # pyarrow says more than the reason.
            reason = error.message if cause.errno is None else f"it cannot be written: {os.strerror(cause.errno)}"
            remedy = "the shards that are whole stay: make room, and the same command goes on"
            raise DataError(reason, file=error.file, remedy=remedy) from error

    def _set_aside(self, shard: int, scored: ScoredShard) -> None:
        """Write the rejects of a shard before the shard is there, so that none is lost whenever the process ends."""
        if self._how.rejects is None or not scored.rejects:
            return
        path, text = _rejects_file(self._how.rejects, shard, self._report.shards), "".join(scored.rejects)
        # A process that was killed in between left the same.
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        check_place(path, overwrite=self._how.overwrite)
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def _count(self, shard: int, scored: ScoredShard) -> None:
        self._report.scored.append(shard)
        self._report.counts.add(scored.counts)
        self._report.how.add(scored.how)

    def _progress(self, shard: int, dealt: DealtRows) -> Callable[[int], None]:
        tell, total = self._tell, dealt.sizes[shard]
        doing = f"Scoring shard {shard} of {self._report.shards}"
        return (lambda done: None) if tell is None else (lambda done: tell(doing, done, total))


def _manifest(model: str, source: Source, shards: int, how: ShardOptions) -> Manifest:
    # How many tokens go at once decides no score: a run that ran out of memory goes on with fewer.
    asked = {name: value for name, value in asdict(how.scoring).items() if name != "batch_tokens"}
    read = asdict(replace(how.reading, columns=dict(how.reading.columns or {})))
    return Manifest(shards, model_hash(model), source_hash(source), {**asked, "text": how.text, **read})


def _place_among_processes(how: ShardOptions) -> tuple[int, int]:
    """This process's number and how many there are, as `torchrun` says."""
    rank, processes = launched_processes()
    if how.on not in (None, "ray"):
        raise InvalidInputError(f"on is {how.on!r}", remedy="it can be 'ray'")
    if processes > 1 and how.on == "ray":
        raise InvalidInputError("Ray starts its own processes", remedy="leave out torchrun, or --on ray (on='ray')")
    if processes > 1 and how.overwrite:
        raise InvalidInputError(
            "of several processes one would remove what another has just written",
            remedy="remove the folder, and leave out --overwrite (overwrite=True)",
        )
    return rank, processes


def _device(model: str, processes: int) -> str | None:
    """Each process its own GPU."""
    if processes == 1 or model.startswith(("http://", "https://")):
        return None
    import torch

    number = int(os.environ.get("LOCAL_RANK", "0"))
    return f"cuda:{number % torch.cuda.device_count()}" if torch.cuda.is_available() else None


def _rejects_file(rejects: str | Path, shard: int, shards: int) -> Path:
    path = Path(rejects)
    return path.with_name(f"{path.stem}-{numbered(shard, shards)}{path.suffix}")


def _rejects_files(how: ShardOptions, shards: int) -> list[Path]:
    return [] if how.rejects is None else [_rejects_file(how.rejects, shard, shards) for shard in range(shards)]


def _is_whole(path: Path) -> bool:
    """Whether a shard is there to its end: a disk that failed, or a copy that stopped, leaves a part."""
    try:
        with path.open("rb") as stream:
            begins = stream.read(len(_PARQUET)) == _PARQUET
            stream.seek(-len(_PARQUET), os.SEEK_END)
            return begins and stream.read() == _PARQUET and stream.tell() > 2 * len(_PARQUET)
    except OSError:
        return False


@contextmanager
def _reading_told(tell: Tell | None) -> Iterator[None]:
    if tell is None:
        yield
        return
    with watch_reading(lambda file, done, total: tell(f"Reading {Path(file).name}", done, total)):
        yield
