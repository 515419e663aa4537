"""Large files are read once; what reading warned of and set aside is said again."""

import json
import logging
import shutil

import pytest

from plaudit.data import GroupStore, ReadReport, keep_groups, load_groups, on_disk, open_groups, write_store
from plaudit.data.read_report import RejectsFile
from plaudit.errors import DataError
from plaudit.groups import Group
from plaudit.judgements import majority
from plaudit.logs import muted


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1)
    return tmp_path / "cache" / "groups"


def entries(cache):
    return {path.name for path in cache.iterdir() if path.is_dir()}


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def pairs(count, **more):
    return [{"prompt": f"Question {n % 7}?", "chosen": f"yes {n}", "rejected": f"no {n}", **more} for n in range(count)]


def test_the_groups_are_those_of_load_groups_and_read_once(tmp_path, cache, caplog):
    file = write(tmp_path / "pairs.jsonl", pairs(20))
    groups = open_groups(file)
    assert isinstance(groups, GroupStore)
    assert list(groups) == load_groups(file)
    with caplog.at_level(logging.INFO, "plaudit.data"):
        report = ReadReport()
        assert list(open_groups(file, report=report)) == load_groups(file)
    assert caplog.messages == [f"groups read from {groups.folder}"]
    assert (report.groups, report.rows) == (7, 0)
    assert len(entries(cache)) == 1


def test_other_bytes_or_another_way_of_reading_is_another_entry(tmp_path, cache):
    file = write(tmp_path / "pairs.jsonl", [{**row, "other": "The same?"} for row in pairs(4)])
    open_groups(file)
    assert [group.prompt for group in open_groups(file, columns={"prompt": "other"})] == ["The same?"]
    assert len(open_groups(file, change=majority)) == 4
    write(file, pairs(5))
    assert len(open_groups(file)) == 5
    assert len(entries(cache)) == 4
    assert list(open_groups([file, file])) == load_groups([file, file])


def test_warnings_are_said_again(tmp_path, caplog):
    one, two = (
        write(
            tmp_path / f"{file}.jsonl",
            [{"prompt": "Why?", "response": f"{file} {n}", "value": 1 + by * n} for n in range(30)],
        )
        for file, by in (("one", 1), ("two", 100))
    )
    # The one who reads is muted, as all but one of several processes are; whoever comes after it is not.
    with muted("plaudit"):
        open_groups([one, two])
    assert caplog.messages == []
    open_groups([one, two])
    open_groups([two, one])
    assert len(caplog.messages) == 2
    assert all("have another range in another file" in message for message in caplog.messages)


def test_rejects_are_set_aside_again_and_nothing_is_replaced_unasked(tmp_path):
    file = write(tmp_path / "pairs.jsonl", [*pairs(3), {"prompt": "No answers"}])
    with pytest.raises(DataError, match=r"pairs.jsonl:4"):
        open_groups(file)
    reports = [ReadReport(), ReadReport()]
    for number, report in enumerate(reports):
        assert len(open_groups(file, rejects=tmp_path / f"rejects-{number}.jsonl", report=report)) == 3
    assert reports[0].rejected == reports[1].rejected != []
    lines = [(tmp_path / f"rejects-{number}.jsonl").read_text() for number in (0, 1)]
    assert lines[0] == lines[1]
    assert json.loads(lines[0])["row"] == {"prompt": "No answers"}
    with pytest.raises(DataError, match="exists already"):
        open_groups(file, rejects=tmp_path / "rejects-0.jsonl")
    first = open_groups(file, rejects=RejectsFile(tmp_path / "rejects-0.jsonl", overwrite=True))
    # As the other processes of a run do, which write no rejects and read the same.
    assert open_groups(file, report=ReadReport(keep_going=True)).folder == first.folder


def test_a_folder_is_its_files_and_a_stream_is_kept_too(tmp_path, monkeypatch, cache):
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder" / "a.jsonl", pairs(3))
    assert len(open_groups(tmp_path / "folder")) == 3
    write(tmp_path / "folder" / "b.jsonl", [{**row, "prompt": "Another?"} for row in pairs(1)])
    groups = open_groups(tmp_path / "folder")
    assert groups[3].prompt == "Another?"

    class Stdin:
        buffer = (tmp_path / "folder" / "a.jsonl").open("rb")

    monkeypatch.setattr("sys.stdin", Stdin)
    streamed = open_groups("-")
    assert isinstance(streamed, GroupStore)
    assert list(streamed) == list(groups)[:3]
    Stdin.buffer.close()
    assert len(entries(cache)) == 3


def test_small_files_are_lists(tmp_path, monkeypatch, cache):
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1 << 20)
    file = write(tmp_path / "pairs.jsonl", pairs(8))
    assert open_groups(file) == load_groups(file)
    assert open_groups(file, change=lambda group: Group(group.id, "x", group.responses))[0].prompt == "x"
    assert not cache.exists()


def test_a_large_list_is_written_once_and_by_its_name_found_again(tmp_path, monkeypatch, cache):
    groups = [Group(f"q{n}", f"{n} + 1?", (f"{n + 1}", "No idea.")) for n in range(9)]
    spooled = keep_groups(iter(groups))
    assert keep_groups(groups).folder == spooled.folder
    shutil.rmtree(spooled.folder)
    writers = []
    monkeypatch.setattr(on_disk, "write_store", lambda *where: writers.append(where[0]) or write_store(*where))
    # What many processes hold as a list each of them would spool, if a list were spooled.
    monkeypatch.setattr(on_disk.tempfile, "TemporaryDirectory", None)
    kept = [keep_groups(groups) for _ in range(2)]
    assert [list(one) for one in kept] == [groups, groups]
    assert kept[0].folder == spooled.folder and len(writers) == 1
