"""Splits that keep units (prompts, documents, debates) whole: a held-out share, folds, and train/validation/test files.

`hold_out` and `deal_folds` draw nothing themselves: whoever calls them passes the order of the units, so a split is a
function of that order alone. `split_groups` needs no order, because the same prompt must be on the same side every
time. A hash of the prompt (and the seed) decides its side, so adding data moves nothing that is already placed, with
one exception: prompts that are nearly the same are kept together, on the side of one of them, and a new prompt can
join such a cluster. Split by another field (`by`), the field's values are what is placed; near-duplicates across sides
are then reported, not moved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt64

from plaudit._arguments import checked
from plaudit.data.neighbours import SLOTS, THRESHOLD, Signatures, closest_in, clusters, signature
from plaudit.errors import DataError
from plaudit.groups import Group, each_group, prompt_key
from plaudit.storage import check_folder, json_line, making, replacing
from plaudit.text import counted

SIDES = ("test", "validation", "train")


Item = TypeVar("Item")


def hold_out(
    items: Sequence[Item],
    units: Sequence[Hashable],
    share: float,
    permutation: Callable[[int], Sequence[int]],
    fewest: int = 1,
) -> tuple[list[Item], list[Item]]:
    """The items that stay, and the held-out ones; those of one unit are on one side.

    Args:
        items: to split, n of them.
        units: [n], what each belongs to: its prompt, its document.
        share: of the units that is held out, rounded to whole units.
        permutation: draws an order of so many units; the first of them are held out.
        fewest: units to hold out; where the share is less, nothing is held out.

    Example:
        >>> hold_out("abcdef", ["p", "p", "q", "r", "s", "t"], 0.4, lambda count: range(count))
        (['d', 'e', 'f'], ['a', 'b', 'c'])
    """
    numbers = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    out = held_out(np.array([numbers[unit] for unit in units], dtype=np.int64), share, permutation, fewest).tolist()
    pairs = list(zip(items, out, strict=True))
    return [item for item, is_out in pairs if not is_out], [item for item, is_out in pairs if is_out]


def held_out(
    units: Int64[np.ndarray, " items"], share: float, permutation: Callable[[int], Sequence[int]], fewest: int = 1
) -> Bool[np.ndarray, " items"]:
    """Which items `hold_out` holds out.

    Args:
        units: what each belongs to, as numbers from 0 up in the order of first appearance.
        share, permutation, fewest: those of `hold_out`.

    Example:
        >>> held_out(np.array([0, 0, 1, 2]), 0.4, lambda count: range(count)).tolist()
        [True, True, False, False]
    """
    known = int(units.max(initial=-1)) + 1
    count, out = round(known * share), np.zeros(known, dtype=bool)
    if count >= fewest:
        out[list(permutation(known)[:count])] = True
    of_items: Bool[np.ndarray, " items"] = out[units]
    return of_items


def deal_folds(
    weight: Float64[np.ndarray, " units"], folds: int, order: Int64[np.ndarray, " units"] | None = None
) -> Int64[np.ndarray, " units"]:
    """[units], the fold of each unit: the heaviest first, each to the fold that is lightest by then.

    Args:
        weight: [units], how much each weighs.
        folds: how many folds at most; there are never more than units.
        order: [units], breaks ties between units of one weight; by default they stand as they are.

    Example:
        >>> deal_folds(np.array([1.0, 5.0, 2.0, 3.0]), 2).tolist()
        [0, 0, 1, 1]
    """
    order = np.arange(len(weight)) if order is None else order
    count = min(folds, len(weight))
    fold, load = np.zeros(len(weight), dtype=np.int64), np.zeros(count)
    for unit in order[np.argsort(-weight[order], kind="stable")]:
        fold[unit] = load.argmin()
        load[fold[unit]] += weight[unit]
    return fold


@dataclass(frozen=True, slots=True)
class SplitReport:
    """What a split did.

    Attributes:
        groups: side -> its groups.
        together: groups that follow a near-duplicate.
        across: test or validation groups whose prompt is nearly that of a train group (0 when split by prompt).
    """

    groups: Counter[str] = field(default_factory=Counter)
    together: int = 0
    across: int = 0


@checked
def split_groups(
    groups: Iterable[Group], test: float = 0.1, validation: float = 0.0, seed: int = 0, by: str = "prompt"
) -> dict[str, list[Group]]:
    """Groups by side: `train`, `test` and, when asked for, `validation`, each in the order given.

    Args:
        groups: what to split.
        test: the share of units that goes to the test side, in expectation: each unit is placed by its own hash.
        validation: likewise; the test side is the same whatever it is.
        seed: another seed is another split.
        by: what stays whole: `prompt` (with its near-duplicates), `subset`, or a field of `meta`.

    Raises:
        DataError: for shares outside [0, 1), a group without the field, or a side that stays empty.
        TypeError: if `groups` are not groups.

    Example:
        >>> prompts = [f"question {first * 9}{second * 9}" for first in "abcdefghij" for second in "klmnopqrst"]
        >>> groups = [Group(str(n), prompt, ("A number.",)) for n, prompt in enumerate(prompts)]
        >>> sides = split_groups(groups, test=0.2)
        >>> sorted(sides), sum(map(len, sides.values()))
        (['test', 'train'], 100)
    """
    placed = _Placing(test, validation, seed, by)
    kept = [placed.seen(group) for group in each_group(groups)]
    sides, _ = placed.sides()
    return {name: [g for g, side in zip(kept, sides, strict=True) if SIDES[side] == name] for name in placed.names}


@checked
def split_to_folder(
    groups: Iterable[Group],
    folder: str | Path,
    test: float = 0.1,
    validation: float = 0.0,
    seed: int = 0,
    by: str = "prompt",
    *,
    overwrite: bool = False,
) -> SplitReport:
    """`split_groups` into files of `folder` named for their sides, holding 300 bytes a group in memory.

    Args:
        groups: what to split; read once.
        folder: new or empty. If the split fails, it is as it was.
        test, validation, seed, by: those of `split_groups`.
        overwrite: replace an earlier split in the folder.

    Raises:
        DataError: as `split_groups`, and if the folder is not empty or cannot be written.

    Example:
        >>> groups = [Group(str(n), f"Is {n} prime?", ("Yes.", "No.")) for n in (2, 3000, 517)]
        >>> report = split_to_folder(groups, "splits", test=0.5)
        >>> sorted(path.name for path in Path("splits").iterdir()), report.groups.total()
        (['test.jsonl', 'train.jsonl'], 3)
    """
    check_folder(folder, overwrite=overwrite, files=[f"{name}.jsonl" for name in SIDES])
    folder = Path(folder)
    placed = _Placing(test, validation, seed, by)
    whole = folder / ".groups.part"
    try:
        with making(folder), ExitStack() as files:
            files.callback(whole.unlink, missing_ok=True)
            with whole.open("wb") as out:
                for group in each_group(groups):
                    out.write(json_line(placed.seen(group).to_dict(), allow_nan=True).encode())
            sides, report = placed.sides()
            # All sides take their places together, when the last of them is whole.
            for name in placed.names:
                temporary = files.enter_context(replacing(folder / f"{name}.jsonl"))
                with whole.open("rb") as lines, temporary.open("wb") as out:
                    out.writelines(line for line, side in zip(lines, sides, strict=True) if SIDES[side] == name)
        # A side of an earlier split that this one has not would hold groups of the others.
        for name in set(SIDES) - set(placed.names):
            (folder / f"{name}.jsonl").unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"it cannot be written: {error.strerror or error}", file=folder) from error
    return report


class _Placing:
    """Remembers of each group only a hash of its unit and its prompt's signature; then places them all."""

    def __init__(self, test: float, validation: float, seed: int, by: str) -> None:
        if not (0 <= test < 1 and 0 <= validation < 1 and 0 < test + validation < 1):
            raise DataError(
                f"the shares are test {test:g} and validation {validation:g}",
                remedy="each is in [0, 1), their sum in (0, 1)",
            )
        self.shares = {"test": test, "validation": validation}
        self.names = ["train", *(name for name, share in self.shares.items() if share)]
        self._seed, self._by = seed, by
        self._digests, self._signatures = bytearray(), bytearray()

    def seen(self, group: Group) -> Group:
        unit = f"{self._seed}\0{self._unit(group)}".encode("utf-8", "surrogatepass")
        self._digests += blake2b(unit, digest_size=16).digest()
        self._signatures += signature(group.prompt).tobytes()
        return group

    def _unit(self, group: Group) -> str:
        if self._by == "prompt":
            return prompt_key(group)
        value = group.subset if self._by == "subset" else group.meta.get(self._by)
        if value is None:
            have = ", ".join(["prompt", *(["subset"] if group.subset else []), *group.meta])
            raise DataError(f"the group {group.id} has no {self._by!r} to split by", remedy=f"it has {have}")
        return json.dumps(value, sort_keys=True, default=str)

    def sides(self) -> tuple[Int64[np.ndarray, " groups"], SplitReport]:
        """The index into SIDES of each group seen, and what was done."""
        if not self._digests:
            raise DataError("there are no groups to split")
        rows: Signatures = np.frombuffer(self._signatures, np.uint16).reshape(-1, SLOTS)
        halves = np.frombuffer(self._digests, ">u8").reshape(-1, 2)
        cluster = clusters(rows) if self._by == "prompt" else np.arange(len(rows))
        leader = _leaders(cluster, halves[:, 0])
        # The second half of the hash is the draw, the first who leads: were they one, leading would bias the draw.
        draw = halves[leader, 1] / 2.0**64
        bounds = np.cumsum([self.shares["test"], self.shares["validation"]])
        sides = np.searchsorted(bounds, draw, side="right")
        counts = Counter({name: int((sides == SIDES.index(name)).sum()) for name in self.names})
        for name, count in counts.items():
            if not count:
                units = counted(len(np.unique(halves, axis=0)), f"values of {self._by}")
                near = "; prompts that are nearly the same stay on one side together" if self._by == "prompt" else ""
                raise DataError(f"none of {units} fell on the {name} side{near}", remedy="use another seed or share")
        followers = int((halves[leader] != halves).any(axis=1).sum())
        # Split by prompt, what is near stands together already.
        across = 0 if self._by == "prompt" else _across(rows, sides)
        return sides, SplitReport(counts, followers, across)


def _across(rows: Signatures, sides: Int64[np.ndarray, " texts"]) -> int:
    train = sides == SIDES.index("train")
    return int((closest_in(rows[train], rows[~train], THRESHOLD)[0] >= 0).sum())


def _leaders(
    cluster: Int64[np.ndarray, " groups"], order: UInt64[np.ndarray, " groups"]
) -> Int64[np.ndarray, " groups"]:
    """For each row the row of its cluster with the smallest `order`."""
    by_order = np.argsort(order, kind="stable")
    _, first = np.unique(cluster[by_order], return_index=True)
    return np.asarray(by_order[first][cluster])
