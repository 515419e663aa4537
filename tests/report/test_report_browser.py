"""The page in a real browser: opened from disk, without a network."""

import re

import pytest
from report_samples import HOSTILE, evaluation, explanation, found, measured, metrics, probe, voted

from plaudit.report import ReportInputs, render_report, worst_mistakes


def material(name, language="en"):
    long = f"{name} " * 200
    group = voted("g", [(0, 1, name)], (name, long), long)
    short = voted("h", [(0, 1, name)], ("one", "two"), name)
    wrong = worst_mistakes([group, short], [[0.0, 2.0], [0.0, 1.0]])
    explained = [explanation("h", 0, name)]
    return ReportInputs(
        evaluation=evaluation(metrics(name)),
        mistakes=wrong,
        kinds={"longer": measured(found(0.6))},
        explanations=explained,
        command=f"plaudit eval {name}",
        title=name,
        language=language,
    )


@pytest.fixture
def opened(open_file):
    return lambda material, *width, **context: open_file(render_report(material), *width, **context)


def visible_languages(page):
    return {name for name in ("en", "zh") if page.locator(f"main .{name}").first.is_visible()}


def test_it_opens_without_asking_for_anything(opened):
    page = opened(material("chat"))
    assert page.title() == "How far can this reward be trusted? · chat"
    assert page.locator("main > section").count() == 9


@pytest.mark.parametrize("scripts", [True, False])
def test_the_language_is_switched_with_and_without_scripts(opened, scripts):
    page = opened(material("chat"), java_script_enabled=scripts)
    assert visible_languages(page) == {"en"}
    page.locator("label:has(#to-zh)").click()
    assert visible_languages(page) == {"zh"}
    assert page.locator("h2:visible").nth(1).inner_text() == "一览"


def test_it_opens_in_chinese_where_that_is_asked_for(opened):
    assert visible_languages(opened(material("chat", "zh"))) == {"zh"}


def colours(page, selector="body"):
    """Of text, and of what it stands on."""
    return page.locator(selector).first.evaluate(
        """element => {
            const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
            const paint = colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); };
            const read = () => [...canvas.getImageData(0, 0, 1, 1).data];
            const backs = [];
            for (let one = element; one; one = one.parentElement) backs.unshift(getComputedStyle(one).backgroundColor);
            backs.forEach(paint);
            const back = read();
            paint(getComputedStyle(element).color);
            return [read(), back];
        }"""
    )


def luminance(colour):
    """WCAG 2's relative luminance of an 8-bit sRGB colour."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(pair):
    low, high = sorted(map(luminance, pair))
    return (high + 0.05) / (low + 0.05)


TEXTS = (
    "h1",
    ".eyebrow",
    ".word",
    ".headline",
    ".cautions",
    ".side li",
    "nav a",
    "figcaption p",
    ".value span",
    "td.n",
    "tr.bad small",
    ".legend",
    "summary",
    ".plain th",
    ".choice h4",
    ".text",
    ".text .plus2",
    ".text .minus4",
    ".fold label",
    ".command code",
    "footer p",
    ".switch input:checked + span",
    ".switch label > span",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(opened, scheme):
    page = opened(material("chat"), color_scheme=scheme)
    poor = {text: ratio for text in TEXTS if (ratio := contrast(colours(page, text))) < 4.5}
    assert poor == {}


def test_light_and_dark_follow_the_system_and_then_the_switch(opened):
    page = opened(material("chat"), color_scheme="dark")
    dark = colours(page)
    page.locator("label:has(#to-light)").click()
    light = colours(page)
    page.locator("label:has(#to-dark)").click()
    assert colours(page) == dark != light
    assert luminance(dark[0]) > luminance(dark[1])
    assert luminance(light[0]) < luminance(light[1])


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["chat", "x" * 300, "很长的名字" * 60])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_never_wider_than_the_window(opened, width, name, language):
    page = opened(material(name, language), width)
    page.locator("summary:visible").evaluate_all("all => all.forEach(one => one.click())")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_does_nothing(opened, name):
    page = opened(material(name))
    page.locator(".text").first.hover()
    assert page.locator("img, iframe, script").count() == 0


def test_everything_can_be_reached_with_the_keyboard(opened):
    page = opened(material("chat"))
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"to-en", "to-auto", "A", "SUMMARY"} <= reached
    assert any(re.match(r"t1", name) for name in reached)
    page.locator("#t1p").focus()
    page.keyboard.press("Space")
    assert page.locator(".fold.long .less:visible").count() == 1


def test_a_long_text_is_folded_until_it_is_asked_for(opened):
    page = opened(material("chat"))
    text = page.locator(".choice .fold.long .text").first
    before = text.bounding_box()["height"]
    page.locator(".choice .fold.long label").first.click()
    assert text.bounding_box()["height"] > 1.5 * before


def test_print_shows_what_is_folded_and_hides_what_cannot_be_pressed(opened):
    page = opened(material("chat"), color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert luminance(colours(page)[0]) < luminance(colours(page)[1])
    assert page.locator(".switches").is_hidden()
    assert page.locator(".fold label").first.is_hidden()
    assert page.locator("details table").first.bounding_box()["height"] > 0
    text = page.locator(".fold.long .text").first
    assert text.evaluate("text => text.scrollHeight - text.clientHeight") <= 1


def test_marks_lie_inside_their_plots(opened):
    page = opened(material("chat"), 360)
    outside = page.locator(".track .dot:visible").evaluate_all(
        """all => all.filter(dot => {
            const [a, b] = [dot.getBoundingClientRect(), dot.closest(".track").getBoundingClientRect()];
            return a.left < b.left - 1 || a.right > b.right + 1;
        }).length"""
    )
    assert outside == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_telephone_shows_every_column_of_a_table(opened, language):
    """Cells stand under each other with their headings; none lies beyond the window."""
    page = opened(material("chat", language), 360)
    table = page.locator("#trust table.stacked")
    assert table.locator("thead").is_hidden()
    headings = table.locator("tr:first-child td .of").all_inner_texts()
    assert (
        headings
        == {
            "en": ["Value", "Compare with", "With fitted temperature"],
            "zh": ["值", "对照", "拟合温度后"],
        }[language]
    )
    ends = page.locator("table.stacked td:visible").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert max(ends) <= 360


def test_headings_stand_once_where_there_is_room(opened):
    table = opened(material("chat")).locator("#trust table.stacked")
    assert table.locator("thead").is_visible()
    assert table.locator(".of").first.is_hidden()


def test_an_interval_beyond_the_plot_ends_in_a_mark_inside_it(opened):
    row = metrics("chat")
    row["probes"]["probes"] = [probe(f"p{i}", "tone", i / 10, "sound") for i in range(6)]
    row["probes"]["probes"][0]["effect"] = found(0.1, 9.0)
    page = opened(ReportInputs(evaluation=evaluation(row)), 360)
    tips = page.locator("#probed path.beyond:visible").evaluate_all(
        """all => all.filter(tip => tip.closest(".track")).map(tip => {
            const [a, b] = [tip.getBoundingClientRect(), tip.closest(".track").getBoundingClientRect()];
            return [a.left - b.left, b.right - a.right];
        })"""
    )
    assert len(tips) == 2
    assert min(map(min, tips)) >= -1
    assert page.locator("#probed .legend").inner_text().count("beyond the plot") == 1
