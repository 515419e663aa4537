"""Near-duplicate prompts, by MinHash and locality-sensitive hashing, without comparing all pairs.

A text becomes its set of shingles (runs of characters); two sets' Jaccard similarity is the share of their union that
they have in common. One-permutation hashing (Li, Owen & Zhang 2012, with the rotation of Shrivastava & Li 2014 for
empty slots) reduces each set to 128 small numbers, the share of which that agree estimates the similarity (standard
error 0.035 at 0.8). Bands of four of them find the candidates (locality-sensitive hashing; Broder 1997, Indyk & Motwani
1998): two texts of similarity 0.8 share at least one of the 32 bands all but once in twenty million times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt16, UInt64

from plaudit.groups import Group, Text, plain_text
from plaudit.text import count_cjk

SLOTS = 128
THRESHOLD = 0.8
"""Prompts at least this similar count as nearly the same."""

_LETTERS = 5
_IDEOGRAMS = 2
_SAME_BAND = 8
"""How many texts of one band a text is compared with: what is missed in one band is met in another."""

Signatures = UInt16[np.ndarray, "texts slots"]


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """The id of a group on one side, of the one closest to it on the other, and how similar their prompts are.

    Example:
        >>> from plaudit import Group
        >>> group = Group("a", "How do I cook rice?", ("Boil it.",))
        >>> [found] = near_duplicates(train=[group], test=[Group("b", "How do I cook rice", ("Steam it.",))])
        >>> found.test, found.train, found.similarity
        ('b', 'a', 1.0)
    """

    train: str
    test: str
    similarity: float


def near_duplicates(train: Iterable[Group], test: Iterable[Group], threshold: float = THRESHOLD) -> list[NearDuplicate]:
    """For each test group whose prompt is (nearly) in train: the closest train group. Holds 256 bytes a prompt.

    Case, punctuation and spacing do not count, nor do system messages, which whole data sets share.

    Example:
        >>> from plaudit import Group
        >>> rice = Group("a", "How do I cook rice?", ("Boil it.",))
        >>> test = [Group("b", "how do I cook  RICE", ("Steam it.",)), Group("c", "Name a tree.", ("Oak.",))]
        >>> near_duplicates([rice], test)
        [NearDuplicate(train='a', test='b', similarity=1.0)]
    """
    index = PromptIndex()
    for _ in index.passing(train):
        pass
    return index.near(test, threshold)


class PromptIndex:
    """An index of prompts: their groups' ids and their MinHash signatures.

    Example:
        >>> from plaudit import Group
        >>> index = PromptIndex()
        >>> [group.id for group in index.passing([Group("a", "Name a tree.", ("Oak.",))])]
        ['a']
        >>> index.near([Group("b", "Name a tree!", ("Elm.",))])
        [NearDuplicate(train='a', test='b', similarity=1.0)]
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._signatures = bytearray()

    @property
    def rows(self) -> Signatures:
        return np.frombuffer(self._signatures, np.uint16).reshape(-1, SLOTS)

    def passing(self, groups: Iterable[Group]) -> Iterator[Group]:
        """The groups as they come; each is added to the index on its way."""
        for group in groups:
            self._ids.append(group.id)
            self._signatures += signature(group.prompt).tobytes()
            yield group

    def near(self, test: Iterable[Group], threshold: float = THRESHOLD) -> list[NearDuplicate]:
        """For each group of `test` whose prompt is near one in the index, the closest."""
        other = PromptIndex()
        for _ in other.passing(test):
            pass
        closest, similarity = closest_in(self.rows, other.rows, threshold)
        return [
            NearDuplicate(train=self._ids[closest[i]], test=other._ids[i], similarity=float(similarity[i]))
            for i in np.flatnonzero(closest >= 0)
        ]


def prompt_clusters(groups: Iterable[Group]) -> list[int]:
    """For each group the number of its prompt: prompts that are nearly the same, or the same, share one.

    Example:
        >>> groups = [Group(str(n), text, ("",)) for n, text in enumerate(("Why is it so?", "How?", "Why is it so?"))]
        >>> first, second, third = prompt_clusters(groups)
        >>> first == third, first == second
        (True, False)
    """
    signatures = [signature(group.prompt) for group in groups]
    return clusters(np.stack(signatures)).tolist() if signatures else []


def signature(prompt: Text) -> UInt16[np.ndarray, " slots"]:
    """The MinHash signature of a prompt, [SLOTS].

    Example:
        >>> signature("Name a tree.").shape, bool((signature("Name a tree.") == signature("name a tree")).all())
        ((128,), True)
    """
    hashes = np.sort(_shingles(_compared(prompt)))
    # The top seven bits choose the slot and the smallest hash in it is kept: after sorting, the first of its range.
    edges = np.searchsorted(hashes, np.arange(SLOTS, dtype=np.uint64) << np.uint64(57))
    filled = np.flatnonzero(np.diff(np.append(edges, len(hashes))))
    smallest = hashes[edges[filled]]
    # An empty slot borrows from the next filled one (in a circle), marked with how far away that is.
    slots = np.arange(SLOTS)
    next_filled = np.searchsorted(filled, slots) % len(filled)
    distance = (filled[next_filled] - slots) % SLOTS
    return _mixed(smallest[next_filled] + distance.astype(np.uint64)).astype(np.uint16)


def closest_in(
    train: UInt16[np.ndarray, "train slots"], test: UInt16[np.ndarray, "test slots"], threshold: float
) -> tuple[Int64[np.ndarray, " test"], Float64[np.ndarray, " test"]]:
    """For each test row the most similar train row (-1 where none reaches `threshold`), and its similarity."""
    closest = np.full(len(test), -1)
    best = np.zeros(len(test))
    for (order, ordered), test_keys in zip(map(_sorted, _bands(train)), _bands(test), strict=True):
        first, last = np.searchsorted(ordered, test_keys, "left"), np.searchsorted(ordered, test_keys, "right")
        for offset in range(_SAME_BAND):
            rows = np.flatnonzero(first + offset < last)
            if not len(rows):
                break
            candidates = order[first[rows] + offset]
            similarity = _similarity(train, candidates, test, rows)
            better = (similarity >= threshold) & (similarity > best[rows])
            closest[rows[better]], best[rows[better]] = candidates[better], similarity[better]
    return closest, best


def clusters(rows: Signatures, threshold: float = THRESHOLD) -> Int64[np.ndarray, " texts"]:
    """A label for each row; rows linked by a chain of near-duplicates share one, [rows].

    Example:
        >>> prompts = ["Name a tree.", "How do I cook rice?", "name a tree"]
        >>> a, b, c = clusters(np.stack([signature(prompt) for prompt in prompts])).tolist()
        >>> a == c, a == b
        (True, False)
    """
    labels = np.arange(len(rows))
    for order, ordered in map(_sorted, _bands(rows)):
        for offset in range(1, _SAME_BAND + 1):
            same = np.flatnonzero(ordered[offset:] == ordered[:-offset])
            if not len(same):
                break
            a, b = order[same], order[same + offset]
            # Rows that share a label already need no second look.
            unjoined = labels[a] != labels[b]
            a, b = a[unjoined], b[unjoined]
            near = _similarity(rows, a, rows, b) >= threshold
            labels = _joined(labels, a[near], b[near])
    return labels


def _joined(
    labels: Int64[np.ndarray, " texts"], a: Int64[np.ndarray, " pairs"], b: Int64[np.ndarray, " pairs"]
) -> Int64[np.ndarray, " texts"]:
    """The labels after row `a[i]` and row `b[i]` have come to share theirs, for each i."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(a):
        return labels
    graph = coo_array((np.ones(len(a), np.bool_), (labels[a], labels[b])), shape=(len(labels), len(labels)))
    component: Int64[np.ndarray, " labels"] = connected_components(graph, directed=False)[1].astype(np.int64)
    return np.asarray(component[labels])


def _similarity(
    left: UInt16[np.ndarray, "left slots"],
    a: Int64[np.ndarray, " pairs"],
    right: UInt16[np.ndarray, "right slots"],
    b: Int64[np.ndarray, " pairs"],
    at_once: int = 1 << 16,
) -> Float64[np.ndarray, " pairs"]:
    """The share of slots in which row `a[i]` of `left` and row `b[i]` of `right` agree, some at once."""
    parts = [(left[a[i : i + at_once]] == right[b[i : i + at_once]]).mean(axis=1) for i in range(0, len(a), at_once)]
    return np.concatenate(parts) if parts else np.empty(0)


def _sorted(keys: UInt64[np.ndarray, " texts"]) -> tuple[Int64[np.ndarray, " texts"], UInt64[np.ndarray, " texts"]]:
    """The order of a band's keys and the keys in it. Equal keys stand in an order of the band's own, by chance, so that
    a text in a crowd of equals meets others of them in every band."""
    shuffled = np.random.default_rng(int(keys[0]) if len(keys) else 0).permutation(len(keys))
    order = shuffled[np.argsort(keys[shuffled], kind="stable")]
    return order, keys[order]


def _bands(rows: Signatures) -> list[UInt64[np.ndarray, " texts"]]:
    """Four 16-bit slots are one 64-bit key, each [rows]; one more hashes all slots, so that equals always meet."""
    keys = np.ascontiguousarray(rows).view(np.uint64)
    whole = np.zeros(len(keys), np.uint64)
    for column in keys.T:
        whole = _mixed(whole * np.uint64(3) + column)
    return [*keys.T, whole]


def _compared(prompt: Text) -> str:
    if not isinstance(prompt, str):
        prompt = tuple(m for m in prompt if m["role"] != "system") or prompt
    text = unicodedata.normalize("NFKC", plain_text(prompt)).casefold()
    return re.sub(r"[\W_]+", " ", text).strip() or text or " "


def _shingles(text: str) -> UInt64[np.ndarray, " runs"]:
    """A 64-bit hash of each run of five letters, or of two characters where most of them are words by themselves."""
    size = _IDEOGRAMS if 2 * count_cjk(text) > len(text) else _LETTERS
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    size = min(size, len(points))
    runs = len(points) - size + 1
    total = np.zeros(runs, np.uint64)
    for i in range(size):
        total = total * np.uint64(0x100000001B3) + points[i : i + runs]
    return _mixed(total)


def _mixed(values: UInt64[np.ndarray, " values"]) -> UInt64[np.ndarray, " values"]:
    """SplitMix64's finisher: every bit of the input moves every bit of the output."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
