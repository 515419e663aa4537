"""Groups on disk are the groups, whatever stands in them."""

import pickle

import numpy as np
import pytest
from group_strategies import groups, texts, words
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data import GroupStore, keep_groups, on_disk, write_store
from plaudit.groups import Group, Ranking, Rating, prompt_key
from plaudit.storage import data_hash

TOOL = {"type": "function", "function": {"name": "look", "zeta": 1, "alpha": [1.5, None, True]}}
CALL = ({"role": "assistant", "content": "", "tool_calls": [{"name": "look", "arguments": {"at": "\ud800"}}]},)
ODD = [
    Group("surrogates \ud83d\ude00", "\ud83d", ("\ude00 half", "\ud83d\ude00 two halves", "😀 one")),
    Group("separators", "tab\tnew line\nfeed\x0c\x1c\x85\u2028", ("\r\n", "\x00")),
    Group("tools", CALL, (CALL, "none"), tools=(TOOL,)),
    Group("numbers", "", ("a", "b"), (Ranking(((0, 1),), 0.1 + 0.2, "\t", 1e-308),), (Rating(1, -0.0, scale=(-1, 1)),)),
    Group("meta", " ", ("a",), meta={"b": [1, {"x": float("inf")}], "a": None}, subset="s"),
]


def stored(tmp_path, groups):
    write_store(tmp_path / "store", groups)
    return GroupStore(tmp_path / "store")


def same(one, other):
    """Equal, the order of keys included, which templates may write."""
    return one == other and repr(one.tools) == repr(other.tools) and repr(one.prompt) == repr(other.prompt)


def test_odd_texts_come_back_as_they_are(tmp_path):
    store = stored(tmp_path, ODD)
    assert all(map(same, store, ODD))
    assert all(same(store[number], group) for number, group in enumerate(ODD))
    assert store.data_hash == data_hash(ODD)
    assert same(store.first_conversation(), ODD[2])
    assert store.response_counts.tolist() == [3, 2, 2, 2, 1]


@given(st.lists(groups(texts | st.text(st.characters(), max_size=5), texts | words), min_size=1, max_size=5))
def test_any_groups_come_back(tmp_path_factory, drawn):
    store = stored(tmp_path_factory.mktemp("any"), drawn)
    assert list(store) == drawn == store[:]
    assert store.data_hash == data_hash(drawn)
    for judged, group in zip(store.judgements, drawn, strict=True):
        assert (judged.id, judged.rankings, judged.ratings) == (group.id, group.rankings, group.ratings)
        assert judged.responses == ("",) * len(group.responses)
    keys = [prompt_key(group, number) for number, group in enumerate(drawn)]
    assert store.prompt_units().tolist() == [list(dict.fromkeys(keys)).index(key) for key in keys]


def test_parts_are_sequences_too(tmp_path):
    store = stored(tmp_path, ODD)
    part = store.select([0, 2, 4])
    assert [group.id for group in part] == [ODD[number].id for number in (0, 2, 4)]
    assert [group.id for group in part.judgements[1:]] == ["tools", "meta"]
    assert part[-1] == ODD[4]
    assert part.select([1])[0] == ODD[2]
    assert part.together(store.select([1])).numbers.tolist() == [0, 1, 2, 4]
    # A part that is all of it is the same data, and has the same hash.
    assert part.together(store.select([1, 3])).digest == store.digest != part.digest
    assert part.data_hash is None
    with pytest.raises(IndexError):
        part[3]
    again = pickle.loads(pickle.dumps(part))
    assert list(again) == list(part)


def test_groups_that_differ_have_another_hash(tmp_path):
    other = [*ODD[:2], Group("tools", CALL, (CALL, "none"), tools=({**TOOL, "function": {"alpha": 1}},)), *ODD[3:]]
    turned = [*ODD[:2], Group("tools", CALL, (CALL, "none"), tools=(dict(reversed(TOOL.items())),)), *ODD[3:]]
    digests = set()
    for number, groups_ in enumerate((ODD, other, turned, ODD[::-1])):
        write_store(tmp_path / f"{number}", groups_)
        digests.add(GroupStore(tmp_path / f"{number}").digest)
    assert len(digests) == 4


def test_few_groups_stay_a_list_and_many_are_kept_once(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    assert keep_groups(iter(ODD)) == ODD
    assert not (tmp_path / "cache").exists()
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 10)
    first, second = keep_groups(ODD), keep_groups(iter(ODD))
    assert list(first) == ODD
    assert first.folder == second.folder
    assert keep_groups(first) is first
    assert np.array_equal(first.response_counts, second.response_counts)
    assert len([path for path in (tmp_path / "cache" / "groups").iterdir() if path.is_dir()]) == 1
