"""Settings of every test, made before torch is imported. No test reaches the network."""

import gc
import os
import shutil
import signal

# Started in the background by a shell, Python ignores Ctrl-C, and so would every process a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A tiny model computes faster on one thread than it can wake a second.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# What terminals print follows the locale.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Ray keeps a token in the home of whoever starts it, and asks for it in every session of a process.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")

import pytest  # noqa: E402 - after the environment is set
from hypothesis import HealthCheck, settings  # noqa: E402
from typechecking import install  # noqa: E402

# These machines are noisy: how long an example takes says nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Shapes are checked where a function takes or gives arrays. Installed before plaudit is imported.
install()


# transformers collects garbage after every run it trains, and would look through torch, all imported modules and all
# test items each time: a third of the time of such tests. What is there between two files is there to stay.
def _set_aside():
    gc.collect()
    gc.freeze()


def pytest_collection_finish():
    _set_aside()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    if nextitem is not None and nextitem.path != item.path:
        _set_aside()


PATIENCE = 300_000
"""Milliseconds for what a page takes none for, on a machine that has much else to do."""


def patient(make):
    def made(**options):
        one = make(**options)
        one.set_default_timeout(PATIENCE)
        return one

    return made


# Not once for all: as long as it is there, its loop runs in this thread, and no other can.
@pytest.fixture(scope="module")
def chromium():
    """A real browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE
        )
        browser.new_context, browser.new_page = patient(browser.new_context), patient(browser.new_page)
        yield browser
        browser.close()
