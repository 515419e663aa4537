"""Shards scored by actors of Ray, on one machine or many; this process reads the rows and writes the files.

An actor that is lost (its machine, its memory) costs the shard it had, which another actor scores from the beginning.
Rows that cannot be scored are caught one by one inside the actor, as anywhere: Ray's own counting of errors would drop
a whole block with each.
"""

from __future__ import annotations

import io
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from plaudit.data import DealtRows, unpack_rows
from plaudit.errors import InvalidInputError, PlauditError, import_extra
from plaudit.scoring.shards.shard import ScoredShard, ShardScorer, ShardTask

ATTEMPTS = 3
"""Actors that one shard may cost before it is taken to be at fault itself."""


class ShardActor:
    """What scores on a machine of Ray's. The model is opened with the first shard, so that what is wrong with it comes
    back as an error of that shard."""

    def __init__(self, task: ShardTask) -> None:
        self._task = task
        self._scorer: ShardScorer | None = None

    def score(self, rows: bytes, shard: int, shards: int) -> tuple[bytes, ScoredShard]:
        """The Parquet file of a shard, and what was met in it."""
        if self._scorer is None:
            self._scorer = ShardScorer(self._task)
        file = io.BytesIO()
        scored = self._scorer.score(unpack_rows([rows]), file, {"shard": shard, "shards": shards})
        return file.getvalue(), scored


def score_on_ray(
    task: ShardTask,
    dealt: DealtRows,
    wanted: Sequence[int],
    shards: int,
    keep: Callable[[int, bytes, ScoredShard], None],
) -> None:
    """Score shards by Ray's actors, one for each GPU, or for each CPU but the one that reads.

    Args:
        task: what scores.
        dealt: the rows.
        wanted: the shards.
        shards: how many there are in all.
        keep: called with each shard's number, its file's bytes, and what was met.

    Raises:
        PlauditError: as `ShardScorer.score`, and if a shard loses one actor after another.
    """
    ray = import_extra("ray", "ray", "scoring on Ray (--on ray)")
    if task.model.startswith(("http://", "https://")):
        raise InvalidInputError(f"{task.model} is a server, which has its own GPUs", remedy="leave out --on ray")
    is_ours = not ray.is_initialized()
    if is_ours:
        ray.init(log_to_driver=False, logging_level="error")
    try:
        _Actors(ray, replace(task, device=None)).score(dealt, deque(wanted), shards, keep)
    finally:
        if is_ours:
            ray.shutdown()


class _Actors:
    """As many actors as there are machines for, each with one shard at a time."""

    def __init__(self, ray: Any, task: ShardTask) -> None:
        self._ray, self._task = ray, task
        resources = ray.cluster_resources()
        gpus, cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
        self._needs = {"num_gpus": 1} if gpus else {"num_cpus": 1}
        self._count = gpus or max(1, cpus - 1)

    def score(
        self, dealt: DealtRows, waiting: deque[int], shards: int, keep: Callable[[int, bytes, ScoredShard], None]
    ) -> None:
        lost: Counter[int] = Counter()
        busy: dict[Any, tuple[Any, int]] = {}

        def give(actor: Any) -> None:
            if waiting:
                shard = waiting.popleft()
                busy[actor.score.remote(b"".join(dealt.parts(shard)), shard, shards)] = actor, shard

        for _ in range(min(self._count, len(waiting))):
            give(self._new_actor())
        while busy:
            (done, *_), _ = self._ray.wait(list(busy), num_returns=1)
            actor, shard = busy.pop(done)
            try:
                table, scored = self._ray.get(done)
            except self._ray.exceptions.RayTaskError as error:
                # What the actor raised, without Ray's traceback around it.
                raise (error.cause if isinstance(error.cause, PlauditError) else error) from None
            except (self._ray.exceptions.RayActorError, self._ray.exceptions.ObjectLostError) as error:
                lost[shard] += 1
                if lost[shard] >= ATTEMPTS:
                    raise InvalidInputError(
                        f"shard {shard} lost {ATTEMPTS} actors, one after another: {str(error).splitlines()[0]}",
                        remedy="give them more memory, or a smaller --batch-tokens; the shards that are whole stay",
                    ) from error
                waiting.appendleft(shard)
                give(self._new_actor())
            else:
                keep(shard, table, scored)
                give(actor)

    def _new_actor(self) -> Any:
        return self._ray.remote(ShardActor).options(**self._needs).remote(self._task)
