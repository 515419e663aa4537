"""What tests of the judge's page do over and over."""

from labelling.fake_server import FakeProject

from plaudit.labelling.settings import LabellingSettings

LONG = "\n\n".join(f"Paragraph {i}: the river flows on, and on, and meets the sea near Cuxhaven." for i in range(80))

PAIRS = [
    (f"Question {i}: which river is longer?", [f"The Elbe, of course. ({i})", f"The Rhine. ({i})"]) for i in range(9)
]
SEVERAL = [(f"Question {i}: name a city.", ["Hamburg", "Dresden", "Prague", "Berlin"]) for i in range(9)]


def project(mode="pair", questions=None, pause=0.03, **settings):
    """A project of nine questions."""
    own = {name: settings.pop(name) for name in list(settings) if name in FakeProject.__dataclass_fields__}
    questions = questions or (PAIRS if mode == "pair" else SEVERAL)
    return FakeProject(LabellingSettings(mode=mode, pause_seconds=pause, **settings), questions, **own)


def until(page, condition):
    """Wait for something to become so, here or on the server."""
    for _ in range(250):
        if condition():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it did not happen")


def ready(page, text=None):
    """Wait for a question, and for its first moments to pass."""
    page.locator(".answers").wait_for()
    if text is not None:
        page.get_by_text(text).wait_for()
    page.wait_for_timeout(60)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(60)


def shown(page):
    """The number of the question on the page."""
    return int(page.locator(".prompt .text").first.inner_text().split()[1].rstrip(":"))
