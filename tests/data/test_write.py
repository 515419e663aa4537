"""What is written is what was there; what a format cannot hold is counted."""

import gzip
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from group_strategies import groups, sets_of, words
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plaudit.data import Score, load_groups, split_groups, write_groups, write_scores
from plaudit.errors import DataError, NotFoundError
from plaudit.groups import Group, Ranking, Rating
from plaudit.storage.atomic import replacing

PAIR = Group("q", "P", ("a", "b"), (Ranking(((0,), (1,))),))
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(sets_of(groups()), st.sampled_from(["g.jsonl", "g.jsonl.gz"]))
def test_native_round_trip(tmp_path, some, name):
    assert write_groups(some, tmp_path / name, overwrite=True) == len(some)
    assert load_groups(tmp_path / name) == some


@settings(quick, max_examples=15)
@given(sets_of(groups(prompts=words, responses=words)))
def test_parquet_round_trip(tmp_path, some):
    pytest.importorskip("pyarrow")
    write_groups(some, tmp_path / "g.parquet", overwrite=True)
    assert load_groups(tmp_path / "g.parquet") == some


def test_parquet_of_messages_and_what_it_cannot_hold(tmp_path):
    pytest.importorskip("pyarrow")
    messages = ({"role": "user", "content": "P"},)
    talk = Group(
        "q", messages, ("a", "b"), (Ranking(((0, 1),), weight=2.0),), (Rating(1, 3, scale=(0, 4)),), meta={"x": [1]}
    )
    write_groups([talk], tmp_path / "g.parquet")
    assert load_groups(tmp_path / "g.parquet") == [talk]
    with pytest.raises(DataError, match=r"is text where others are messages; write \.jsonl"):
        write_groups([talk, PAIR], tmp_path / "mixed.parquet")
    named = Group("q", ({"role": "user", "content": "P", "name": "Ann"},), ("a",))
    with pytest.raises(DataError, match="'name', for which Parquet has no column"):
        write_groups([named], tmp_path / "named.parquet")
    assert not list(tmp_path.glob("*mixed*")) and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["g.jsonl", "g.parquet"])
def test_tools_survive(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    with_tools = Group("q", "P", ("a", "b"), (Ranking(((0,), (1,))),), tools=({"name": "weather", "parameters": {}},))
    write_groups([with_tools], tmp_path / name)
    assert load_groups(tmp_path / name) == [with_tools]


@pytest.mark.parametrize("name", ["g.csv", "g.TSV", "g.txt"])
def test_a_name_that_promises_another_kind_of_file_is_refused(tmp_path, name):
    with pytest.raises(DataError, match=r"JSON lines are written, which are no \.\w+; end the name in \.jsonl"):
        write_groups([PAIR], tmp_path / name)
    with pytest.raises(DataError, match=r"end the name in \.jsonl"):
        write_scores([Score("q", 0, 1.0, 3, False)], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_half_a_surrogate_pair_survives(tmp_path):
    odd = Group("q", "\ud800", ("a",))
    write_groups([odd], tmp_path / "g.jsonl")
    assert load_groups(tmp_path / "g.jsonl") == [odd]


def test_half_a_surrogate_pair_has_no_place_in_parquet(tmp_path):
    half = Group("q\ud83d", "P", ("a \ud83d", "b"), (Ranking(((0,), (1,)), annotator="\udc00"),), meta={"m": "\ud83d"})
    whole = Group("w", "Q", ("c",))
    lost = Counter()
    assert write_groups([half, whole], tmp_path / "x.parquet", lost=lost) == 2
    assert lost == {"groups with half a surrogate pair (U+FFFD stands for it)": 1}
    [read, same] = load_groups(tmp_path / "x.parquet")
    assert (read.id, read.responses, read.rankings[0].annotator) == ("q\ufffd", ("a \ufffd", "b"), "\ufffd")
    assert read.meta == {"m": "\ud83d"}  # JSON in text, which can hold it
    assert same == whole


@pytest.mark.parametrize("format", ["trl", "trl-conversational", "openrlhf"])
def test_pairs_come_back_as_the_same_comparisons(tmp_path, format):
    # A full order of three is three pairs; read again, they are one group with three rankings.
    group = Group("q", "P", ("a", "b", "c"), (Ranking(((2,), (0,), (1,)), 2, "x"),), subset="s")
    lost = Counter()
    assert write_groups([group], tmp_path / "g.jsonl", format, lost=lost) == 3
    assert not lost
    [back] = load_groups(tmp_path / "g.jsonl")
    pairs = {(back.responses[a], back.responses[b]) for r in back.rankings for a, b, _ in r.comparisons()}
    assert pairs == {("c", "a"), ("c", "b"), ("a", "b")}
    assert (back.id, back.subset) == ("q", "s")
    assert {(r.strength, r.annotator) for r in back.rankings} == {(2, "x")}


def test_openrlhf_holds_whole_conversations(tmp_path):
    write_groups([PAIR], tmp_path / "g.jsonl", "openrlhf")
    row = json.loads((tmp_path / "g.jsonl").read_text())
    prompt = {"role": "user", "content": "P"}
    assert row == {
        "chosen": [prompt, {"role": "assistant", "content": "a"}],
        "rejected": [prompt, {"role": "assistant", "content": "b"}],
        "id": "q",
    }


def test_trl_takes_both_kinds_for_what_they_are(tmp_path):
    data_utils = pytest.importorskip("trl.data_utils")
    for format, conversational in (("trl", False), ("trl-conversational", True)):
        write_groups([PAIR], tmp_path / "g.jsonl", format, overwrite=True)
        assert data_utils.is_conversational(json.loads((tmp_path / "g.jsonl").read_text())) is conversational


@pytest.mark.parametrize("name", ["g.jsonl", "g.jsonl.gz"])
def test_margins_are_in_every_row_or_in_none(tmp_path, name):
    other = Group("r", "Q", ("a", "b"), (Ranking(((0,), (1,)), 3),))
    write_groups([PAIR, other], tmp_path / name, "trl")
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "rt") as lines:
        assert [json.loads(line)["margin"] for line in lines] == [0, 3]
    write_groups([PAIR], tmp_path / name, "trl", overwrite=True)
    with opened(tmp_path / name, "rt") as lines:
        assert "margin" not in json.loads(lines.read())


def test_what_pairs_cannot_hold_is_counted(tmp_path):
    # Tiers ((0, 1), (2,)): one tie, two pairs. Response 3 is in nothing. One rating, one weight, one meta.
    group = Group(
        "q", "P", ("a", "b", "c", "d"), (Ranking(((0, 1), (2,)), weight=2.0),), (Rating(0, 1),), meta={"topic": "t"}
    )
    lost = Counter()
    assert write_groups([group], tmp_path / "g.jsonl", "trl", lost=lost) == 2
    assert lost == {
        "ties": 1,
        "ratings": 1,
        "weights other than 1": 1,
        "groups' own columns (meta)": 1,
        "responses in no untied comparison": 1,
    }
    with pytest.warns(UserWarning, match="no place for .*1 ties"):
        write_groups([group], tmp_path / "g.jsonl", "trl", overwrite=True)
    talk = Group("q", ({"role": "user", "content": "P"},), ("a", "b"), PAIR.rankings)
    with pytest.raises(DataError, match="use trl-conversational"):
        write_groups([talk], tmp_path / "g.jsonl", "trl", overwrite=True)


def test_an_interrupt_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "g.jsonl"
    write_groups([PAIR], path)
    before = path.read_bytes()

    def stopped():
        yield PAIR
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_groups(stopped(), path, overwrite=True)
    assert path.read_bytes() == before
    with pytest.raises(DataError, match="cannot be written: No space left"), replacing(path) as temporary:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_a_folder_is_no_file(tmp_path):
    target, link = tmp_path / "real" / "g.jsonl", tmp_path / "link.jsonl"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    write_groups([PAIR], link, overwrite=True)
    assert link.is_symlink()
    assert json.loads(target.read_text()) == PAIR.to_dict()
    with pytest.raises(DataError, match="it is a folder; give the name of a file"):
        write_groups([PAIR], target.parent)


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as reader:
        read = reader.submit(pipe.read_text)
        write_groups([PAIR], pipe)
    assert json.loads(read.result()) == PAIR.to_dict()
    assert pipe.is_fifo()


def test_stdout(capsysbinary):
    assert write_groups([PAIR], "-") == 1
    assert json.loads(capsysbinary.readouterr().out) == PAIR.to_dict()


def test_unknown_formats_and_parquet_pairs_are_refused(tmp_path):
    with pytest.raises(NotFoundError, match="the formats are native, trl, trl-conversational, openrlhf"):
        write_groups([PAIR], tmp_path / "g", "csv")
    with pytest.raises(DataError, match="only the native format"):
        write_groups([PAIR], tmp_path / "g.parquet", "trl")


@pytest.mark.parametrize("groups", ["pairs.jsonl", Path("pairs.jsonl"), [{"prompt": "P"}], 3, None])
def test_what_is_no_list_of_groups_is_a_type_error(tmp_path, groups):
    with pytest.raises(TypeError, match="takes groups as a list of Groups, not "):
        write_groups(groups, tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TypeError, match="takes groups as a list of Groups, not "):
        split_groups(groups)


def test_one_group_is_written_as_a_list_of_one(tmp_path):
    assert write_groups(Group("q", "P", ("a",)), tmp_path / "out.jsonl") == 1
