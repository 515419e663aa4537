"""Test contamination: prompts of the test data that are (nearly) in the training data, and responses in both."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from plaudit.data import near_duplicates
from plaudit.doctor.findings import Item, group_target, key_of
from plaudit.groups import Group, Text, plain_text
from plaudit.text import count_cjk, counted

LONG = 40
"""Characters from which on two equal responses are hardly chance; "Yes, of course." stands everywhere."""

LONG_CJK = 15
"""The same for Chinese, Japanese and Korean characters."""

_MAX_LISTED = 10
"""Test groups that an item lists as evidence."""


def contaminated(train: Sequence[Group], test: Sequence[Group]) -> Iterator[Item]:
    """An item for each training group whose prompt or responses are in the test data.

    Removal (from the training data) is proposed where the prompt is the same, where it is nearly the same and a
    response is shared, and where every response is in the test data. A prompt that is merely similar may be a template
    ("Is X a good idea?"), and a shared response a stock answer: those are for people to look at.
    """
    # Groups are compared by their keys: several may share an id.
    train_by_key = {key_of(group): group for group in train}
    test_by_key = {key_of(group): group for group in test}
    pairs = near_duplicates(_with_prompts(test_by_key), _with_prompts(train_by_key))
    nearest = {pair.test: (test_by_key[pair.train], pair.similarity) for pair in pairs}
    test_group_of = {digest: group for group in test for digest in _long_responses(group)}
    for key, group in train_by_key.items():
        if key in nearest:
            yield _shared_prompt(group, *nearest[key])
            continue
        shared = [test_group_of[digest] for digest in _long_responses(group) if digest in test_group_of]
        if shared:
            yield _shared_responses(group, shared)


def normalized(text: Text) -> str:
    """The text without differences in case, spacing and compatible characters (NFKC)."""
    return " ".join(unicodedata.normalize("NFKC", plain_text(text)).casefold().split())


def _with_prompts(by_key: Mapping[str, Group]) -> Iterator[Group]:
    """The groups whose prompt is not blank, with their keys as ids."""
    for key, group in by_key.items():
        if plain_text(group.prompt).strip():
            yield replace(group, id=key)


def _shared_prompt(group: Group, test_group: Group, similarity: float) -> Item:
    responses, test_responses = ({normalized(text) for text in one.responses} for one in (group, test_group))
    shared = len(responses & test_responses)
    relation = "the same prompt as" if similarity == 1 else f"nearly the same prompt ({similarity:.2f}) as"
    return Item(
        kind="contaminated-prompt",
        suspicion=1.0 if similarity == 1 or shared else similarity / 2,
        what=f"{relation} the test group {test_group.id}; {shared} of {counted(len(responses), 'responses')} in both",
        keep=similarity < 1 and not shared,
        group=group.id,
        evidence={"test_group": test_group.id, "similarity": round(similarity, 4), "shared_responses": shared},
        target=group_target(group),
    )


def _shared_responses(group: Group, test_groups: Sequence[Group]) -> Item:
    """The item of a group of which some responses are in the test data, under these groups' prompts."""
    all_shared = len(test_groups) == len(group.responses)
    ids = sorted({test_group.id for test_group in test_groups})
    return Item(
        kind="contaminated-response",
        suspicion=1.0 if all_shared else 0.4,
        what=f"{len(test_groups)} of {counted(len(group.responses), 'responses')} also in the test data, under another "
        f"prompt (group {ids[0]}{f' and {len(ids) - 1} more' if len(ids) > 1 else ''})",
        keep=not all_shared,
        group=group.id,
        evidence={
            "shared_responses": len(test_groups),
            "responses": len(group.responses),
            "test_groups": ids[:_MAX_LISTED],
        },
        target=group_target(group),
    )


def _long_responses(group: Group) -> Iterator[bytes]:
    """Digests of the responses that are too long to be equal by chance."""
    for response in group.responses:
        text = normalized(response)
        if len(text) >= LONG or count_cjk(text) >= LONG_CJK:
            yield blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
