"""Rendered groups that stay on disk: tokenised once, and read by every process, run and seed that wants them.

The folder's name is a hash of everything that decides its content: the groups, the tokenizer with its template, how
long a sequence may be, what is cut, and the code that renders. Nothing is ever stale. What rendering counts (what is
cut, unknown or made the same) is kept with the tokens, so that a run which reads them warns of the same.
"""

from __future__ import annotations

import json
import logging
import tempfile
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, overload

import numpy as np
import tokenizers
import transformers
from jaxtyping import Int

from plaudit.data import GroupStore
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import Group
from plaudit.model.rendering import Rendered, Renderer
from plaudit.model.token_check import TokenCheck
from plaudit.storage import cache_folder, cached, code_hash, write_json

logger = logging.getLogger(__name__)

_TOKENS, _TYPES, _FACTS = "tokens.i32", "types.u8", "facts.json"

_CODE = (
    *("model/rendering.py", "model/templates.py", "model/token_check.py", "model/cache/tokens.py"),
    *("judgements/comparisons.py", "text", "groups.py", "_texts.py"),
)

Watch = Callable[[Iterable[Rendered], int], Iterable[Rendered]]
"""Given the items, and how many there will be."""


class RenderedStore(Sequence[Rendered]):
    """Rendered groups in a folder, some or all of them. An item's group has no texts: nothing that reads tokens reads
    those.

    Args:
        folder: of the tokens.
        groups: of which they are the tokens, without texts.
        places: of these groups among all whose tokens stand in the folder; None: they are all.

    Attributes:
        groups: likewise.

    Example:
        >>> from plaudit.data import load_groups, write_store
        >>> from plaudit.model import open_model
        >>> write_store(Path("to-render"), load_groups("test.jsonl"))
        >>> items = rendered_on_disk(open_model("my-model").renderer, GroupStore(Path("to-render")))
        >>> len(items), items[0].group.responses, sum(map(len, items[0].sequences)) == items[0].cost
        (20, ('', ''), True)
    """

    def __init__(self, folder: Path, groups: Sequence[Group], places: Int[np.ndarray, " groups"] | None = None) -> None:
        self.folder = folder
        self.groups = groups
        self._places = places

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folder, self.groups, self._places)

    def __len__(self) -> int:
        return len(self.groups)

    @overload
    def __getitem__(self, index: int) -> Rendered: ...
    @overload
    def __getitem__(self, index: slice) -> list[Rendered]: ...
    def __getitem__(self, index: int | slice) -> Rendered | list[Rendered]:
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        index = range(len(self))[index]
        place = index if self._places is None else int(self._places[index])
        first, end = self._first[place : place + 2].tolist()
        starts, cut = self._starts[first : end + 1].tolist(), self._cut[first:end]
        spans = [(a - starts[0], b - starts[0]) for a, b in pairwise(starts)]
        tokens = self._read(_TOKENS, "<i4", starts)
        types = self._read(_TYPES, "u1", starts) if self._has_types else None
        return Rendered(
            group=self.groups[index],
            cost=starts[-1] - starts[0],
            sequences=tuple(tokens[a:b] for a, b in spans),
            types=None if types is None else tuple(types[a:b] for a, b in spans),
            prompt_cut=tuple((cut & 1 > 0).tolist()),
            response_cut=tuple((cut & 2 > 0).tolist()),
        )

    @property
    def response_counts(self) -> Int[np.ndarray, " groups"]:
        """How many responses each group has."""
        counts: Int[np.ndarray, " groups"] = np.diff(self._first)
        return counts if self._places is None else counts[self._places]

    @property
    def counts(self) -> dict[str, Any]:
        """What a `TokenCheck` counted of all whose tokens stand in the folder."""
        counts: dict[str, Any] = json.loads((self.folder / _FACTS).read_text(encoding="utf-8"))["counts"]
        return counts

    def _read(self, name: str, kind: str, starts: list[int]) -> Int[np.ndarray, " tokens"]:
        """What a file holds of a group, as 64-bit numbers. It is read and not mapped: the pages that a step has looked
        at stay the system's, of which it has one copy, and do not become the process's."""
        place, count = self.folder / name, starts[-1] - starts[0]
        try:
            values = np.fromfile(place, kind, count, offset=starts[0] * np.dtype(kind).itemsize)
        except OSError as error:
            remedy = "start the command again, which makes its folder anew where it is gone"
            raise DataError(f"it cannot be read: {error.strerror or error}", file=place, remedy=remedy) from error
        if len(values) < count:
            raise DataError("it ends too soon", file=place, remedy="delete its folder, which is made anew")
        return values.astype(np.int64)

    @cached_property
    def _has_types(self) -> bool:
        return (self.folder / _TYPES).is_file()

    # What stands for every response is mapped, and looked at as plain arrays: numpy's mapped ones cost more at a look.

    @cached_property
    def _first(self) -> Any:
        return self._array("first")

    @cached_property
    def _starts(self) -> Any:
        return self._array("starts")

    @cached_property
    def _cut(self) -> Any:
        return self._array("cut")

    def _array(self, name: str) -> Any:
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))


def rendered_on_disk(
    renderer: Renderer, groups: GroupStore, *, truncate_responses: bool = False, watch: Watch | None = None
) -> RenderedStore:
    """The tokens of stored groups, read from the cache, or rendered into it.

    Args:
        renderer: of the model.
        groups: to be rendered.
        truncate_responses: as `Renderer.render` has it.
        watch: what looks at the items while they are rendered, and hands them on.

    Raises:
        PlauditError: as `Renderer.render`, and if the cache cannot be written.

    Example:
        >>> from plaudit.data import load_groups, write_store
        >>> from plaudit.model import open_model
        >>> groups, renderer = load_groups("test.jsonl"), open_model("my-model").renderer
        >>> write_store(Path("stored"), groups)
        >>> items = rendered_on_disk(renderer, GroupStore(Path("stored")))
        >>> [item] = renderer.render(groups[:1])
        >>> bool((items[0].sequences[1] == item.sequences[1]).all()), items[0].cost == item.cost
        (True, True)
    """
    digest = sha256(f"{groups.digest} {_reader_key(renderer)} {truncate_responses} {code_hash(*_CODE)}".encode())
    folder = cache_folder() / "tokens" / digest.hexdigest()[:32]
    if folder.is_dir():
        logger.info("tokens read from %s", folder)

    def write(place: Path) -> None:
        items = renderer.render(groups, truncate_responses=truncate_responses)
        _write(place, renderer, items if watch is None else watch(items, len(groups)))

    cached(folder, write)
    return RenderedStore(folder, groups.judgements)


def part_of(items: RenderedStore, whole: GroupStore, part: GroupStore) -> RenderedStore:
    """The tokens of a part of the groups whose tokens these are.

    Example:
        >>> from plaudit.data import load_groups, write_store
        >>> from plaudit.model import open_model
        >>> write_store(Path("to-part"), load_groups("test.jsonl"))
        >>> groups = GroupStore(Path("to-part"))
        >>> items = rendered_on_disk(open_model("my-model").renderer, groups)
        >>> part_of(items, groups, groups.select([2, 5]))[1].cost == items[5].cost
        True
    """
    if part.numbers is None:
        return items
    places = part.numbers if whole.numbers is None else np.searchsorted(whole.numbers, part.numbers)
    return RenderedStore(items.folder, part.judgements, places)


def _write(folder: Path, renderer: Renderer, items: Iterable[Rendered]) -> None:
    check, first, starts, cut = TokenCheck(), array("q", [0]), array("q", [0]), bytearray()
    with (folder / _TOKENS).open("wb") as tokens, (folder / _TYPES).open("wb") as types:
        for item in items:
            check.add(renderer, item)
            first.append(first[-1] + len(item.sequences))
            for number, sequence in enumerate(item.sequences):
                starts.append(starts[-1] + len(sequence))
                tokens.write(sequence.astype("<i4").tobytes())
                cut.append(item.prompt_cut[number] + 2 * item.response_cut[number])
                if item.types is not None:
                    types.write(_bytes(item.types[number]))
    if not renderer.segments:
        (folder / _TYPES).unlink()
    np.save(folder / "first.npy", np.frombuffer(first, np.int64))
    np.save(folder / "starts.npy", np.frombuffer(starts, np.int64))
    np.save(folder / "cut.npy", np.frombuffer(cut, np.uint8))
    write_json(folder / _FACTS, {"counts": check.counts()})


def _bytes(types: Int[np.ndarray, " tokens"]) -> bytes:
    if types.max(initial=0) > 255 or types.min(initial=0) < 0:
        raise InvalidInputError(
            f"a segment id of this tokenizer is {types.max()}, and no encoder is known to have so many"
        )
    return types.astype(np.uint8).tobytes()


def _reader_key(renderer: Renderer) -> str:
    """A hash of all in a renderer that decides tokens. The tokenizer's is that of the files it would be saved as."""
    options = (renderer.max_length, renderer.causal, renderer.segments, renderer.padding, renderer.unknown_token)
    versions = (tokenizers.__version__, transformers.__version__)
    tokenizer = renderer.tokenizer
    digest = sha256(repr((options, versions, type(tokenizer).__name__, tokenizer.chat_template)).encode())
    with tempfile.TemporaryDirectory(prefix="plaudit-") as folder:
        tokenizer.save_pretrained(folder)
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file():
                digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
