"""What a spawned process runs in tests: it imports by name, and has no more on its path than this folder."""

import os
import time


def ask(reward, queue, prompt, completion):
    queue.put(reward([prompt], [completion]))


def cache_slowly(folder):
    """Fill a folder of the cache, and wait half-way until somebody says to go on."""
    from plaudit.storage import cached

    cached(folder, _write_slowly)


def _write_slowly(folder):
    with (folder.parent / "writers.txt").open("a") as writers:
        writers.write(f"{os.getpid()}\n")
    (folder / "first.txt").write_text("half")
    while not (folder.parent / "go on").exists():
        time.sleep(0.01)
    (folder / "second.txt").write_text("whole")
