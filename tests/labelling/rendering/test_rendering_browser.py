"""What a browser makes of rendered text: it draws formulas and boxes, runs nothing and asks nobody for anything."""

import pytest
from hostile_texts import ATTACKS, ATTRIBUTES, MATHS, MATHS_ATTRIBUTES

from plaudit.labelling.rendering import render_plain, render_text
from plaudit.labelling.rendering.code_colours import STYLE_SHEET

STYLE = "".join(sheet.read_text("utf-8") for sheet in sorted(STYLE_SHEET.parent.glob("*.css")))
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title><style>{}</style><main>{}</main></html>'
ELEMENTS = """() => [...document.querySelectorAll('main *')].map(e => [e.localName, e.getAttributeNames().join(' ')])"""


@pytest.fixture
def shown(chromium):
    """Shows texts at a width; the page has `requests` and `dialogs` that they made."""
    pages = []

    def show(*html, width=390):
        page = chromium.new_page(viewport={"width": width, "height": 800})
        pages.append(page)
        page.requests, page.dialogs = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
        page.set_content(PAGE.format(STYLE, "".join(f'<div class="text">{one}</div>' for one in html)))
        return page

    yield show
    for page in pages:
        page.close()


def test_a_browser_reads_nothing_that_is_not_on_the_list(shown):
    attacks = [attack for attack in ATTACKS if len(attack) < 3_000]
    page = shown(*map(render_text, attacks), *map(render_plain, attacks))
    for tag, names in {tuple(one) for one in page.evaluate(ELEMENTS)}:
        assert tag in ATTRIBUTES or tag in MATHS, tag
        assert set(names.split()) <= ATTRIBUTES.get(tag, MATHS_ATTRIBUTES), (tag, names)
    # Two frames on, whatever loads or runs has begun.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert (page.requests, page.dialogs) == ([], [])
    assert page.locator("main > .text").count() == 2 * len(attacks)


@pytest.mark.parametrize(
    "text",
    [
        "|" + "a long head|" * 12 + "\n|" + "-|" * 12 + "\n|" + "cell|" * 12,
        "```\n" + "x" * 500 + "\n```",
        "x" * 500,
        "$$" + " + ".join(["x^2"] * 80) + "$$",
        r"so \[" + " + ".join(["x^2"] * 80) + r"\] so",
        "- ראשון\n  - שני\n\n> ציטוט",
        "https://a.example/" + "x" * 300,
        "> " * 30 + "deep",
    ],
)
def test_nothing_is_wider_than_a_phone(shown, text):
    page = shown(render_text(text), render_plain(text))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_formulas_are_drawn(shown):
    page = shown(render_text(r"$\boxed{42}$ $\frac{1}{2}$ \(\begin{aligned}a&=b\\cc&=d\end{aligned}\)"))
    assert page.evaluate("getComputedStyle(document.querySelector('.boxed')).borderTopWidth") == "1px"
    top, bottom = (page.locator("mfrac > mrow").nth(i).bounding_box() for i in (0, 1))
    assert top["y"] + top["height"] <= bottom["y"] + 1
    ends = [page.locator("mtd.right > mi").nth(i).bounding_box() for i in (0, 1)]
    right = [page.locator("mtd.right").nth(i).bounding_box() for i in (0, 1)]
    assert right[0]["x"] == right[1]["x"]
    assert ends[0]["x"] + ends[0]["width"] == pytest.approx(right[0]["x"] + right[0]["width"], abs=2)


def test_hebrew_runs_from_the_right(shown):
    page = shown(render_text("- שלום\n\nEnglish\n\nשלום"), width=800)
    directions = page.evaluate("[...document.querySelectorAll('ul, p')].map(e => getComputedStyle(e).direction)")
    assert directions == ["rtl", "ltr", "rtl"]


def test_plain_text_keeps_its_first_line_break(shown):
    page = shown(render_plain("\n\na"))
    assert page.evaluate("document.querySelector('pre').textContent") == "\n\na"
