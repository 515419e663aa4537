"""Rows dealt to shards are the rows that were read, wherever they waited."""

import json

import pytest

from plaudit.data import BadRow, DealtRows, RowReading, Table, dealt_rows, read_groups, shard_of, source_hash
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import Group


@pytest.fixture
def source(tmp_path):
    rows = [{"prompt": f"p{n % 50}", "responses": ["a" * n, "b"], "by": n} for n in range(90)]
    rows.insert(40, {"prompt": "nobody answered"})
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(tmp_path / "rows.jsonl")


def rows_of(dealt, shards):
    return [row for shard in range(shards) for row in dealt.rows(shard)]


@pytest.mark.parametrize("buffer", [1, 1000, 1 << 30])
def test_the_rows_of_all_shards_are_all_rows(source, tmp_path, monkeypatch, buffer):
    monkeypatch.setattr(dealt_rows, "BUFFER", buffer)
    with DealtRows(source, 7, range(7), keep_going=True) as dealt:
        rows = rows_of(dealt, 7)
        assert rows_of(dealt, 7) == rows
        assert sum(dealt.sizes.values()) == 91
    good = sorted(row for row in rows if not isinstance(row, BadRow))
    expected = list(read_groups(source, merge=False, rejects=tmp_path / "rejects.jsonl"))
    # Their ids say how often a prompt was met before, over all rows.
    assert [row.group for row in good] == expected
    assert [row.place for row in good] == list(range(90))
    (bad,) = (row for row in rows if isinstance(row, BadRow))
    assert bad.line == (tmp_path / "rejects.jsonl").read_text()


def test_only_what_is_wanted_is_kept(source):
    with DealtRows(source, 5, [3], keep_going=True) as dealt:
        for row in dealt.rows(3):
            assert isinstance(row, BadRow) or shard_of(row.group, 5) == 3
        assert list(dealt.sizes) == [3]
        with pytest.raises(ValueError):
            list(dealt.rows(2))


def test_a_shard_follows_from_prompt_subset_and_tools(source):
    group = Group("q", "Why?", ("x",))
    # From the command line: printf Why? | b2sum -l 64
    assert shard_of(group, 1 << 64) == 0xD48A1CEB3DF4B237
    assert shard_of(group, 97) == shard_of(Group("r", "Why?", ("y", "z")), 97)
    assert shard_of(group, 97) != shard_of(Group("q", "Why?", ("x",), subset="s"), 97)


def test_the_first_bad_row_is_an_error(source):
    with pytest.raises(DataError, match=r"rows\.jsonl:41: "):
        DealtRows(source, 2, [0])


def test_no_room_for_temporary_files(source, monkeypatch):
    class Full:
        def seek(self, *_):
            return 0

        def write(self, part):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(dealt_rows, "BUFFER", 100)
    monkeypatch.setattr(dealt_rows.tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(DataError, match="No space left on device; set TMPDIR to a folder with more room"):
        DealtRows(source, 2, [0, 1], RowReading(format="candidates"), keep_going=True)


def test_the_hash_of_what_is_read(source, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.jsonl").write_bytes((tmp_path / "rows.jsonl").read_bytes())
    (tmp_path / "folder" / "notes.md").write_text("no data")
    assert source_hash(source) == source_hash(tmp_path / "folder") == source_hash([source])
    assert source_hash([source, source]) != source_hash(source)
    (tmp_path / "folder" / "a.jsonl").write_text("{}")
    assert source_hash(source) != source_hash(tmp_path / "folder")
    for once in ("-", Table("t", "t", iter(()))):
        with pytest.raises(InvalidInputError, match="can be read again"):
            source_hash(once)


def test_the_hash_of_a_split(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = {"prompt": ["p", "q"], "response": ["r", "s"]}
    sets = {name: datasets.Dataset.from_dict(rows | {"n": [number] * 2}) for number, name in enumerate("ab")}
    datasets.DatasetDict(sets).save_to_disk(str(tmp_path / "saved"))
    one, other = (source_hash(f"{tmp_path / 'saved'}@{name}") for name in "ab")
    assert one != other
