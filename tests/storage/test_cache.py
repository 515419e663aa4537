"""Folders of the cache: whole or absent, whoever is killed and however many want them."""

import errno
import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from spawned import cache_slowly

from plaudit.errors import DataError
from plaudit.storage import cached

SPAWNED = multiprocessing.get_context("spawn")


def until(condition):
    end = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def started(folder, count):
    processes = [SPAWNED.Process(target=cache_slowly, args=(folder,)) for _ in range(count)]
    for process in processes:
        process.start()
    return processes


def test_what_a_killed_writer_left_is_never_taken_for_the_folder(tmp_path):
    folder = tmp_path / "entry"
    (process,) = started(folder, 1)
    until(lambda: (tmp_path / ".part-entry" / "first.txt").exists())
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not folder.exists()
    cached(folder, lambda place: (place / "second.txt").write_text("anew"))
    assert [path.name for path in folder.iterdir()] == ["second.txt"]
    assert not (tmp_path / ".part-entry").exists()


def test_of_two_processes_one_writes_and_both_have_it(tmp_path):
    folder = tmp_path / "entry"
    processes = started(folder, 2)
    until(lambda: (tmp_path / "writers.txt").exists())
    assert not folder.exists()
    (tmp_path / "go on").touch()
    for process in processes:
        process.join(600)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len((tmp_path / "writers.txt").read_text().splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["first.txt", "second.txt"]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    def write(place):
        (place / "half").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(
        DataError, match=r"entry: it cannot be written: No space left on device; make room, or set"
    ) as e:
        cached(tmp_path / "entry", write)
    assert len(str(e.value).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == [".entry.lock"]


def test_an_error_of_whoever_writes_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="no luck"):
        cached(tmp_path / "entry", lambda place: (_ for _ in ()).throw(ValueError("no luck")))
    assert not (tmp_path / "entry").exists()
    assert not (tmp_path / ".part-entry").exists()


def test_whoever_waits_for_a_writer_that_fails_writes_itself(tmp_path):
    begun, fail = Event(), Event()

    def failing(folder):
        begun.set()
        fail.wait(300)
        raise DataError("a bad row")

    folder = tmp_path / "cache" / "0123"
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cached, folder, failing)
        begun.wait(300)
        second = threads.submit(cached, folder, lambda place: (place / "a.txt").write_text("whole"))
        fail.set()
        assert second.result(300) == folder
        with pytest.raises(DataError, match="a bad row"):
            first.result(300)
    assert (folder / "a.txt").read_text() == "whole"


def test_what_takes_much_of_the_disk_is_said(tmp_path, caplog):
    def write(place):
        with (place / "sparse").open("wb") as file:
            file.truncate(149 * 10**6)

    cached(tmp_path / "large", write)
    cached(tmp_path / "large", write)
    cached(tmp_path / "small", lambda place: (place / "a").write_text("a"))
    (line,) = caplog.messages
    assert line == f"0.1 GB are kept in {tmp_path / 'large'} for later runs; delete it when no run reads it"
