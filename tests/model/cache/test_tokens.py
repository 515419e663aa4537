"""Tokens on disk are those in memory, are made once, and warn of the same."""

import os

import numpy as np
import pytest
from group_strategies import groups, words
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_tokenizer

from plaudit.data import GroupStore, write_store
from plaudit.errors import DataError, TooLongError
from plaudit.groups import Group, Ranking
from plaudit.model import TokenCheck, part_of, rendered_on_disk
from plaudit.model.rendering import Renderer

PAIR = (Ranking(((0,), (1,))),)
# What is cut, what becomes the same tokens, half a pair of surrogates, a conversation of several turns.
TURNS = tuple({"role": role, "content": f"{role} speaks"} for role in ("user", "assistant", "user"))
GROUPS = [
    Group("plain", "Why?", ("Because.", "\ud83d"), PAIR),
    Group("long", "word " * 60, ("short", "other"), PAIR),
    Group("turns", TURNS, ("one", "two", "three"), PAIR),
    Group("spaces", "How?", ("the same", "the same "), PAIR),
]


def renderer(family="llama", **options):
    """The renderer of a tiny tokenizer; ChatML of a decoder trims nothing, so a template that does is given here."""
    length = options.pop("max_length", 64)
    trims = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] | trim + '\n' }}{% endfor %}"
    tokenizer = tiny_tokenizer(family, **({"chat_template": trims} if family == "llama" else {}))
    tokenizer.chat_template = options.pop("template", tokenizer.chat_template)
    return Renderer(tokenizer, max_length=length, causal=family == "llama", segments=family == "bert", **options)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tokens"


def stored(folder, groups):
    write_store(folder, groups)
    return GroupStore(folder)


def same(one, other):
    """Whether two rendered groups have the same tokens, segment ids, dtypes and cuts."""
    arrays = [(*item.sequences, *(item.types or ())) for item in (one, other)]
    return (
        len(arrays[0]) == len(arrays[1])
        and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(*arrays, strict=True))
        and (one.cost, one.prompt_cut, one.response_cut) == (other.cost, other.prompt_cut, other.response_cut)
        and (one.types is None) is (other.types is None)
        and one.group.rankings == other.group.rankings
    )


def folders(cache):
    return sum(path.is_dir() for path in cache.iterdir())


@pytest.mark.parametrize("family", ["llama", "bert"])
def test_the_tokens_and_the_warnings_are_those_in_memory(tmp_path, family, cache, monkeypatch):
    texts = GROUPS if family == "llama" else [group for group in GROUPS if group.id != "turns"]
    store, reader, check = stored(tmp_path / "store", texts), renderer(family), TokenCheck()
    in_memory = list(reader.render(texts))
    for item in in_memory:
        check.add(reader, item)
    rendered_on_disk(reader, store)
    # From the cache: nothing is rendered.
    monkeypatch.setattr(Renderer, "render", None)
    items = rendered_on_disk(renderer(family), store)
    assert all(map(same, items, in_memory))
    assert items.response_counts.tolist() == [len(group.responses) for group in texts]
    again = TokenCheck()
    again.add_counts(items.counts)
    assert again.warnings() == check.warnings()
    assert again.to_json() == check.to_json()
    assert len(check.warnings()) == (2 if family == "llama" else 1)
    assert folders(cache) == 1


@given(st.lists(groups(words, words), min_size=1, max_size=4))
def test_any_groups_have_the_tokens_they_have_in_memory(tmp_path_factory, drawn):
    folder, reader = tmp_path_factory.mktemp("any"), renderer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAUDIT_CACHE", str(folder / "cache"))
        items = rendered_on_disk(reader, stored(folder / "store", drawn), truncate_responses=True)
    assert all(map(same, items, reader.render(drawn, truncate_responses=True)))


def test_parts_of_the_groups_read_the_same_tokens(tmp_path, cache):
    store, reader = stored(tmp_path / "store", GROUPS), renderer()
    whole = store.select([0, 1, 3])
    items, in_memory = rendered_on_disk(reader, whole), list(reader.render(GROUPS))
    part = part_of(items, whole, store.select([1, 3]))
    assert [item.group.id for item in part] == ["long", "spaces"]
    assert same(part[0], in_memory[1])
    assert same(part[1], in_memory[3])
    assert part.response_counts.tolist() == [2, 2]
    assert [item.cost for item in part[1:]] == [in_memory[3].cost]


def test_other_data_another_tokenizer_template_or_option_is_another_folder(tmp_path, cache):
    store = stored(tmp_path / "store", GROUPS[:2])
    turned = stored(tmp_path / "turned", GROUPS[:2][::-1])
    for groups_, reader, cut in [
        (store, renderer(), False),
        (turned, renderer(), False),
        (store.select([0]), renderer(), False),
        (store, renderer(max_length=48), False),
        (store, renderer(template="{% for m in messages %}{{ m['content'] }}{% endfor %}"), False),
        (store, renderer(padding=3), False),
        (store, renderer("bert"), False),
        (store, renderer(), True),
    ]:
        rendered_on_disk(reader, groups_, truncate_responses=cut)
    assert folders(cache) == 8
    added = renderer()
    added.tokenizer.add_tokens(["because"])
    rendered_on_disk(added, store)
    assert folders(cache) == 9


def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path, cache):
    store = stored(tmp_path / "store", [*GROUPS, Group("too long", "p", ("word " * 300, "x"), PAIR)])
    for _ in range(2):
        with pytest.raises(TooLongError, match="response 0 of group 'too long'"):
            rendered_on_disk(renderer(), store)
    assert [path.name for path in cache.iterdir() if path.suffix != ".lock"] == []
    items = rendered_on_disk(renderer(), store, truncate_responses=True)
    assert items[4].response_cut == (True, False)


def test_a_file_that_somebody_has_cut_is_no_shorter_answer(tmp_path, cache):
    store = stored(tmp_path / "store", GROUPS[:2])
    items = rendered_on_disk(renderer(), store)
    tokens = items.folder / "tokens.i32"
    os.truncate(tokens, tokens.stat().st_size - 4)
    assert items[0].cost == sum(map(len, items[0].sequences))
    with pytest.raises(DataError, match=r"tokens\.i32: it ends too soon; delete its folder"):
        items[1]
    tokens.unlink()
    with pytest.raises(DataError, match=r"tokens\.i32: it cannot be read: No such file or directory; start the"):
        items[1]
