"""Groups that stay on disk: a sequence that reads a group when it is asked for one.

A store is two files of lines, a line a group: what people said, which a training run reads over and over, and the
texts, which it reads once. Both are JSON, since the cache is a folder that others may write to, and the lines are found
by their offsets. What is needed of every group (its number of responses, a hash of its prompt, whether it is a
conversation) stands in arrays, which all processes of a machine map and share.
"""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import IO, Any, overload

import numpy as np
from jaxtyping import Bool, Int, Int64

from plaudit._group_json import text_of, text_to_json
from plaudit.groups import Group, Ranking, Rating, Text, group_of_checked, prompt_key
from plaudit.storage import add_to_hash, write_json

_TEXTS, _JUDGEMENTS, _FACTS = "texts.jsonl", "judgements.jsonl", "facts.json"

_Line = Callable[[bytes, bytes], Group]


class GroupStore(Sequence[Group]):
    """Groups in a folder that `write_store` wrote, or some of them.

    Args:
        folder: of the store.
        numbers: which of its groups, ascending; None: all.

    Attributes:
        folder: of the store.
        numbers: likewise.
        judgements: the same groups without their texts (each is empty), which is quicker to read.

    Example:
        >>> from plaudit.data import load_groups
        >>> groups = load_groups("train.jsonl")
        >>> write_store(Path("a-store"), groups)
        >>> store = GroupStore(Path("a-store"))
        >>> len(store), store[3] == groups[3], store.select([3, 5])[1] == groups[5]
        (60, True, True)
        >>> store.judgements[3].rankings == groups[3].rankings, store.judgements[3].responses
        (True, ('', ''))
    """

    def __init__(self, folder: Path, numbers: Int[np.ndarray, " kept"] | None = None) -> None:
        self.folder = folder
        self._facts: dict[str, Any] = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        self.numbers = None if numbers is None or len(numbers) == self._facts["groups"] else numbers

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folder, self.numbers)

    def __len__(self) -> int:
        return int(self._facts["groups"]) if self.numbers is None else len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Group: ...
    @overload
    def __getitem__(self, index: slice) -> list[Group]: ...
    def __getitem__(self, index: int | slice) -> Group | list[Group]:
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        number = self._number(index)
        with (self.folder / _TEXTS).open("rb") as texts:
            texts.seek(self._starts[number, 0])
            return _group(texts.read(self._starts[number + 1, 0] - self._starts[number, 0]), self._judged(number))

    def __iter__(self) -> Iterator[Group]:
        with (self.folder / _TEXTS).open("rb") as texts, (self.folder / _JUDGEMENTS).open("rb") as judgements:
            yield from map(_group, self._lines(texts), self._lines(judgements))

    @property
    def judgements(self) -> Sequence[Group]:
        return _Judgements(self)

    @property
    def response_counts(self) -> Int[np.ndarray, " groups"]:
        """How many responses each group has."""
        counts: Int[np.ndarray, " groups"] = self._facts_of_groups("responses")
        return counts

    @property
    def data_hash(self) -> str | None:
        """What `plaudit.storage.data_hash` says of the groups, where all of the store are meant."""
        return str(self._facts["data_hash"]) if self.numbers is None else None

    @property
    def digest(self) -> str:
        """A hash of the groups as they are, whose objects have their keys in an order (which templates may write)."""
        base = str(self._facts["digest"])
        return base if self.numbers is None else sha256(base.encode() + self.numbers.tobytes()).hexdigest()

    @property
    def facts(self) -> dict[str, Any]:
        """What whoever wrote the store has written down beside it."""
        return dict(self._facts["more"])

    def prompt_units(self) -> Int64[np.ndarray, " groups"]:
        """A number for each group's prompt, from 0 up in the order of first appearance; prompts without text, which say
        nothing, have one each."""
        _, first, unit = np.unique(self._facts_of_groups("prompts"), return_index=True, return_inverse=True)
        place = np.empty(len(first), dtype=np.int64)
        place[np.argsort(first)] = np.arange(len(first))
        return place[unit.reshape(-1)]

    def first_conversation(self) -> Group | None:
        """The first group with messages or tools; None where all are plain texts."""
        places = np.flatnonzero(self._facts_of_groups("conversations"))
        return self[int(places[0])] if len(places) else None

    def select(self, places: Int[np.ndarray, " kept"] | Sequence[int]) -> GroupStore:
        """Some of these groups, by their places, which ascend."""
        places = np.asarray(places, dtype=np.int64)
        return GroupStore(self.folder, places if self.numbers is None else self.numbers[places])

    def together(self, other: GroupStore) -> GroupStore:
        """The groups of two parts of the same store, in its order."""
        if self.numbers is None or other.numbers is None:
            return GroupStore(self.folder)
        return GroupStore(self.folder, np.union1d(self.numbers, other.numbers))

    def _number(self, index: int) -> int:
        place = range(len(self))[index]
        return place if self.numbers is None else int(self.numbers[place])

    def _judged(self, number: int) -> bytes:
        return self._mapped[self._starts[number, 1] : self._starts[number + 1, 1]]

    def _lines(self, file: IO[bytes]) -> Iterator[bytes]:
        """The lines of these groups out of the file's, one after the other."""
        if self.numbers is None:
            yield from file
            return
        kept = np.zeros(int(self._facts["groups"]), dtype=bool)
        kept[self.numbers] = True
        yield from (line for line, wanted in zip(file, kept, strict=True) if wanted)

    def _facts_of_groups(self, name: str) -> Any:
        values = self._array(name)
        return values if self.numbers is None else values[self.numbers]

    def _array(self, name: str) -> Any:
        # As plain arrays: numpy's mapped ones cost more at every look.
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))

    @cached_property
    def _starts(self) -> Int[np.ndarray, "lines 2"]:
        starts: Int[np.ndarray, "lines 2"] = self._array("starts")
        return starts

    @cached_property
    def _mapped(self) -> mmap.mmap:
        with (self.folder / _JUDGEMENTS).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class _Judgements(Sequence[Group]):
    """A store's groups without their texts."""

    def __init__(self, store: GroupStore) -> None:
        self._store = store

    def __len__(self) -> int:
        return len(self._store)

    @overload
    def __getitem__(self, index: int) -> Group: ...
    @overload
    def __getitem__(self, index: slice) -> list[Group]: ...
    def __getitem__(self, index: int | slice) -> Group | list[Group]:
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        return _without_texts(self._store._judged(self._store._number(index)))

    def __iter__(self) -> Iterator[Group]:
        with (self._store.folder / _JUDGEMENTS).open("rb") as judgements:
            yield from map(_without_texts, self._store._lines(judgements))


def write_store(folder: Path, groups: Iterable[Group], more: Callable[[], dict[str, Any]] = dict) -> None:
    """Write groups into an empty folder, one after the other.

    Args:
        folder: an empty one; it is made if it is not there.
        groups: at least one.
        more: what else is to be written down, as JSON; asked for when the last group is written.

    Example:
        >>> write_store(Path("one-group"), [Group("q", "2 + 2?", ("4", "5"))], lambda: {"read": 1})
        >>> GroupStore(Path("one-group"))[0], GroupStore(Path("one-group")).facts
        (Group('q': 2 responses), {'read': 1})
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts, responses, prompts, conversations = array("q", [0, 0]), array("i"), bytearray(), bytearray()
    content, native = sha256(), sha256()
    with (folder / _TEXTS).open("wb") as texts, (folder / _JUDGEMENTS).open("wb") as judgements:
        for number, group in enumerate(groups):
            lines = _text_line(group), _judgement_line(group)
            for line, file in zip(lines, (texts, judgements), strict=True):
                content.update(line)
                file.write(line)
            starts.extend((starts[-2] + len(lines[0]), starts[-1] + len(lines[1])))
            responses.append(len(group.responses))
            key = prompt_key(group, number).encode("utf-8", "surrogatepass")
            prompts += blake2b(key, digest_size=16).digest()
            plain = not group.tools and {*map(type, (group.prompt, *group.responses))} == {str}
            conversations.append(not plain)
            add_to_hash(native, group)
    np.save(folder / "starts.npy", np.frombuffer(starts, np.int64).reshape(-1, 2))
    np.save(folder / "responses.npy", np.frombuffer(responses, np.int32))
    np.save(folder / "prompts.npy", np.frombuffer(bytes(prompts), "V16"))
    np.save(folder / "conversations.npy", np.frombuffer(conversations, np.bool_))
    facts = {"groups": len(responses), "digest": content.hexdigest(), "data_hash": native.hexdigest()[:16]}
    write_json(folder / _FACTS, {**facts, "more": more()})


def store_digest(groups: Iterable[Group]) -> str:
    """The `digest` of a store of these groups, without writing it.

    Example:
        >>> groups = [Group("q", "2 + 2?", ("4", "5"))]
        >>> write_store(Path("digested"), groups)
        >>> store_digest(groups) == GroupStore(Path("digested")).digest
        True
    """
    content = sha256()
    for group in groups:
        for line in (_text_line(group), _judgement_line(group)):
            content.update(line)
    return content.hexdigest()


def judgements_of(groups: Sequence[Group]) -> Sequence[Group]:
    """The groups as whoever reads judgements alone wants them: without texts, where that is quicker.

    Example:
        >>> groups = [Group("q", "2 + 2?", ("4", "5"))]
        >>> judgements_of(groups) is groups  # only a store reads judgements apart
        True
    """
    return groups.judgements if isinstance(groups, GroupStore) else groups


def selected(groups: Sequence[Group], kept: Bool[np.ndarray, " groups"]) -> Sequence[Group]:
    """Some of the groups, by a mask.

    Example:
        >>> selected([Group("q", "2 + 2?", ("4",)), Group("r", "3 + 3?", ("6",))], np.array([False, True]))
        [Group('r': 1 response)]
    """
    if isinstance(groups, GroupStore):
        return groups.select(np.flatnonzero(kept))
    return [group for group, wanted in zip(groups, kept, strict=True) if wanted]


def _text_line(group: Group) -> bytes:
    texts = [text_to_json(group.prompt), [*map(text_to_json, group.responses)]]
    return _json([*texts, group.subset, dict(group.meta), [dict(tool) for tool in group.tools]]) + b"\n"


def _judgement_line(group: Group) -> bytes:
    rankings = [(one.tiers, one.strength, one.annotator, one.weight) for one in group.rankings]
    ratings = [(one.response, one.value, one.attribute, one.annotator, one.weight, one.scale) for one in group.ratings]
    # Many groups say the same, so what they say stands apart from who they are. No text in JSON holds a bare tab.
    return _json(group.id) + b"\t" + _json((len(group.responses), rankings, ratings)) + b"\n"


def _json(value: Any) -> bytes:
    # Halves of a pair of surrogates stay halves: as \u escapes they would be read back as one character.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _value(line: bytes) -> Any:
    return json.loads(line.decode("utf-8", "surrogatepass"))


def _group(text_line: bytes, judgement_line: bytes) -> Group:
    prompt, responses, subset, meta, tools = _value(text_line)
    name, _, judgements = judgement_line.partition(b"\t")
    _, rankings, ratings = _read_judgements(judgements)
    texts: tuple[Text, ...] = tuple(map(text_of, responses))
    return group_of_checked(_value(name), text_of(prompt), texts, rankings, ratings, subset, meta, tuple(tools))


def _without_texts(judgement_line: bytes) -> Group:
    name, _, judgements = judgement_line.partition(b"\t")
    count, rankings, ratings = _read_judgements(judgements)
    return group_of_checked(_value(name), "", ("",) * count, rankings, ratings, None, {}, ())


@lru_cache(maxsize=4096)
def _read_judgements(line: bytes) -> tuple[int, tuple[Ranking, ...], tuple[Rating, ...]]:
    count, rankings, ratings = _value(line)
    return (
        count,
        tuple(Ranking(tuple(map(tuple, tiers)), *rest) for tiers, *rest in rankings),
        tuple(
            Rating(response, value, attribute, annotator, weight, scale and (scale[0], scale[1]))
            for response, value, attribute, annotator, weight, scale in ratings
        ),
    )
