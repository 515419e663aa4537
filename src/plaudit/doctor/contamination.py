"""What the test data know of the training data: prompts that are (nearly) the same, responses under other prompts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from plaudit.data import near_duplicates
from plaudit.doctor.findings import Item, group_target, key_of
from plaudit.groups import Group, Text, plain_text
from plaudit.text import count_cjk

LONG = 40
"""Characters from which on two equal responses are hardly chance; "Yes, of course." is said everywhere."""

LONG_CJK = 15
"""The same for Chinese, Japanese and Korean characters."""


@dataclass(frozen=True, slots=True)
class _Response:
    """Where a response stands in the test data."""

    group: Group
    index: int


def contaminated(train: Sequence[Group], test: Sequence[Group]) -> Iterator[Item]:
    """An item for each training group that the test data know.

    Removal (from the training data) is proposed where the prompt is the same, where it is nearly the same and a
    response is shared, and where every response is in the test data. Nearly the same prompt alone may be a template
    ("Is X a good idea?"), and a shared response a stock answer: those are worth a look.
    """
    by_key = {key_of(group): group for group in test}
    # Ids may be shared between groups; keys are not.
    keyed = {key_of(group): group for group in train}
    near = {one.test: (by_key[one.train], one.similarity) for one in near_duplicates(_renamed(by_key), _renamed(keyed))}
    known = {digest: _Response(group, i) for group in test for i, digest in _long_responses(group)}
    for key, group in keyed.items():
        if key in near:
            yield _prompt(group, *near[key])
            continue
        shared = [known[digest] for _, digest in _long_responses(group) if digest in known]
        if shared:
            yield _response(group, shared)


def _renamed(groups: dict[str, Group]) -> Iterator[Group]:
    """The groups with a prompt to compare, named by their keys."""
    for key, group in groups.items():
        if plain_text(group.prompt).strip():
            yield Group(key, group.prompt, group.responses)


def _prompt(group: Group, other: Group, similarity: float) -> Item:
    mine, theirs = ({same_text(response) for response in one.responses} for one in (group, other))
    shared = len(mine & theirs)
    how = "the same prompt as" if similarity == 1 else f"nearly the same prompt ({similarity:.2f}) as"
    return Item(
        "contaminated-prompt",
        1.0 if similarity == 1 or shared else similarity / 2,
        f"{how} the test group {other.id}; {shared} of {len(mine)} responses are in both",
        keep=similarity < 1 and not shared,
        group=group.id,
        evidence={"test_group": other.id, "similarity": round(similarity, 4), "shared_responses": shared},
        target=group_target(group),
    )


def _response(group: Group, shared: Sequence[_Response]) -> Item:
    every = len(shared) == len(group.responses)
    names = sorted({one.group.id for one in shared})
    return Item(
        "contaminated-response",
        1.0 if every else 0.4,
        f"{len(shared)} of {len(group.responses)} responses stand in the test data under another prompt "
        f"(group {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''})",
        keep=not every,
        group=group.id,
        evidence={"shared_responses": len(shared), "responses": len(group.responses), "test_groups": names[:10]},
        target=group_target(group),
    )


def same_text(text: Text) -> str:
    """What two texts share that differ in case and spacing only."""
    return " ".join(unicodedata.normalize("NFKC", plain_text(text)).casefold().split())


def _long_responses(group: Group) -> Iterator[tuple[int, bytes]]:
    for index, response in enumerate(group.responses):
        text = same_text(response)
        if len(text) >= LONG or count_cjk(text) >= LONG_CJK:
            yield index, blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
