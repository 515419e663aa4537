"""One run writes to a folder at a time: the second is refused, and the first loses nothing."""

import multiprocessing
import os
import signal
import threading

import pytest

from plaudit.errors import InvalidInputError
from plaudit.settings import Settings
from plaudit.training.run.lock import FolderLock
from plaudit.training.run.resumable import ResumableRun

fork = multiprocessing.get_context("fork")


def run_in(folder, **options):
    return ResumableRun(folder, Settings(), {"stage": "test"}, **{"resume": False, "overwrite": False, **options})


def hold(folder, tell):
    lock = FolderLock(folder)
    lock.take()
    tell.send("locked")
    threading.Event().wait()


@pytest.fixture
def other(tmp_path):
    """A process that writes to the folder until it is killed."""
    hear, tell = fork.Pipe(duplex=False)
    process = fork.Process(target=hold, args=(tmp_path, tell))
    process.start()
    assert hear.recv() == "locked"
    yield process
    process.kill()
    process.join()


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"overwrite": True}])
def test_a_folder_that_another_process_writes_to_is_refused_until_it_ends(other, tmp_path, options):
    run = run_in(tmp_path, **options)
    with pytest.raises(InvalidInputError, match=r"a run writes to .* now; wait until"), run.whole_or_gone():
        run.open()
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    with run.whole_or_gone():
        run.open()


def test_of_two_that_begin_at_once_one_is_refused_and_removes_nothing(tmp_path):
    folder = tmp_path / "new"
    first, second = run_in(folder), run_in(folder)
    with first.whole_or_gone():
        first.open()
        with pytest.raises(InvalidInputError, match="a run writes to"), second.whole_or_gone():
            second.open()
            first.begin()
            before = sorted(folder.rglob("*"))
            second.begin()
        assert sorted(folder.rglob("*")) == before != []


def test_a_run_lets_go_when_it_ends_or_fails(tmp_path):
    for error in (None, KeyboardInterrupt):
        run = run_in(tmp_path / "new", overwrite=True)
        try:
            with run.whole_or_gone():
                run.open()
                run.begin()
                if error:
                    raise error
        except KeyboardInterrupt:
            pass
        after = FolderLock(tmp_path / "new")
        after.take()
        after.release()


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    FolderLock(tmp_path).take()
