"""Every page in both languages and both schemes: accessible, under its own policy, and remembered."""

import pytest
from labelling.page_steps import LONG, SEVERAL, press, project, ready, settled

from plaudit.labelling.wording import say

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello " * 900},
    {"role": "assistant", "content": "Hello. " * 900},
    {"role": "user", "content": "What is *a river*?"},
]
RICH = [
    (
        CHAT,
        ["**Water** that [flows](https://example.org)\n\n```python\nx = 1  # metres\n```\n\n|a|b|\n|-|-|\n|1|2|", LONG],
    )
]

PAGES = {
    "pair": ("/judge", {"questions": RICH, "strength": 3, "both_bad": True}, []),
    "pair with ratings": ("/judge", {"questions": RICH, "attributes": ("true=0:4",), "reasons": ("facts",)}, ["c"]),
    "rank": ("/judge", {"mode": "rank", "both_bad": True}, ["j", "1", "j", "x"]),
    "best-worst": ("/judge", {"mode": "best-worst"}, ["1", "2"]),
    "rate": ("/judge", {"mode": "rate", "attributes": ("true=0:4",)}, ["1"]),
    "keys": ("/judge", {}, ["?"]),
    "skip": ("/judge", {}, ["s"]),
    "guidelines sheet": ("/judge", {"guidelines_seen": 0}, []),
    "changed": ("/judge", {"guidelines_revision": 2}, ["1", "u"]),
    "practice": ("/judge", {"training": 1}, ["1"]),
    "paused": ("/judge", {"paused": True}, []),
    "join": ("/join/token", {}, []),
    "join with an old link": ("/join/old", {}, []),
    "sign in": ("/sign-in", {}, []),
    "guidelines": ("/guidelines", {}, []),
}


def violations(page):
    if page.locator("#question").count():
        settled(page)
    # Between two colours a text may be too pale.
    page.wait_for_function("document.getAnimations().length === 0")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    broken = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in broken]


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(judging, name, locale):
    path, settings, keys = PAGES[name]
    page = judging(project(locale=locale, **settings), path, color_scheme="light", bypass_csp=True)
    press(page, *keys)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[locale]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_phone(judging, name):
    path, settings, _ = PAGES[name]
    page = judging(project(**settings), path, touch=True, bypass_csp=True)
    assert violations(page) == []


def test_the_language_is_switched_in_the_middle_of_a_question(judging):
    work = project("rank")
    page = judging(work)
    ready(page)
    press(page, "1", "j", "2")
    page.get_by_role("button", name="中文").click()
    page.get_by_role("heading", name="给回答排序，最好的在前").wait_for()
    assert work.locale == "zh"
    assert "A › B" in page.locator(".order").inner_text()
    assert page.locator(".place").first.inner_text() == "第 1 名"


def test_who_is_not_signed_in_may_choose_a_language_too(judging):
    work = project(signed_out=True)
    page = judging(work, "/join/token")
    page.get_by_role("button", name="中文").click()
    page.get_by_role("heading", name="邀请您来评判回答").wait_for()
    page.get_by_label("您的名字").fill("小安")
    work.signed_out = False
    page.get_by_role("button", name="开始").click()
    ready(page)


def test_a_text_says_its_language_where_its_script_tells(judging):
    chat = [{"role": "system", "content": "請簡短回答。"}, {"role": "user", "content": "Which river is longer?"}]
    page = judging(project(questions=[(chat, ["長江は黄河より長い。", "نهر اليانغتسي"])]))
    ready(page)
    assert [text.get_attribute("lang") for text in page.locator(".prompt .text").all()] == ["zh", None]
    assert [text.get_attribute("lang") for text in page.locator(".answer .text").all()] == ["ja", None]
    assert page.locator(".answer").nth(1).evaluate("one => getComputedStyle(one.querySelector('p')).direction") == "rtl"


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_wrong_password_is_told_in_the_language_of_the_page(judging, locale):
    page = judging(project(locale=locale), "/sign-in")
    page.locator("#name").fill("Ann")
    page.locator("#password").fill("wrong")
    page.locator("main button").click()
    page.get_by_role("alert").get_by_text(say("entry.wrong").plain(locale)).wait_for()


def test_the_appearance_is_chosen_and_kept(judging):
    page = judging(project(), color_scheme="light")
    ready(page)
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Menu").click()
    page.get_by_label("Dark").check()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark


@pytest.mark.parametrize("mode", ["pair", "rank", "best-worst", "rate"])
def test_what_is_in_focus_is_not_below_the_bar(judging, mode):
    """WCAG 2.4.11, at every stop of the Tab key."""
    questions = [
        (prompt, [f"{text} [more](https://example.org)\n\n{LONG[:1500]}" for text in texts[:2]])
        for prompt, texts in SEVERAL
    ]
    page = judging(project(mode, questions=questions, attributes=("helpful=0:4",)))
    ready(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            """() => {
                const one = document.activeElement, bar = document.getElementById("bar");
                const hidden = one.getBoundingClientRect().top >= bar.getBoundingClientRect().top;
                return hidden && !bar.contains(one) && one !== document.body ? one.outerHTML.slice(0, 200) : null;
            }"""
        )
        assert covered is None


def test_nothing_is_written_into_the_page(judging):
    page = judging(project())
    ready(page)
    assert page.locator("body [style], [onclick], style, script:not([src]):not([type='application/json'])").count() == 0
