"""What tests of the judge's page do over and over."""

from time import monotonic

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
    """Wait for something to become so, on the server."""
    ends = monotonic() + 300
    while not condition():
        assert monotonic() < ends, "it did not happen"
        # Not `time.sleep`: the browser's events are heard meanwhile.
        page.wait_for_timeout(20)


def ready(page, text=None, *, ahead=False):
    """Wait until a question with such a text takes a press; with `ahead`, until the next one is there as well."""
    if text is not None:
        page.get_by_text(text).wait_for()
    page.locator(f"#question[data-ready]{'[data-ahead]' if ahead else ''}:has(.answers)").wait_for()


def settled(page):
    """Wait until a press counts, whatever stands there."""
    page.locator("#question[data-ready]").wait_for()


def press(page, *keys):
    """Press each key when the page takes it, and wait for what comes of the last."""
    for key in keys:
        settled(page)
        page.keyboard.press(key)
        settled(page)


def without_haste(page):
    """Load the page again, to wait for every answer of the server as long as it takes, where it would for 20 s."""
    page.add_init_script("AbortSignal.timeout = () => new AbortController().signal")
    page.reload()


def shown(page):
    """The number of the question on the page."""
    return int(page.locator(".prompt .text").first.inner_text().split()[1].rstrip(":"))
