"""The owner's page in a browser: readable at any width, in both languages and schemes; it looks again by itself."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from plaudit.groups import Group, Rating
from plaudit.labelling import Envelope, LabellingSettings, Project, invitations, people, send, take
from plaudit.labelling.database.tables import items
from plaudit.labelling.server import running_labelling_server


@pytest.fixture
def opened(chromium, served):
    """Opens the page as somebody; `page.trouble` has what the browser complained of."""
    contexts = []

    def open_page(role="owner", width=1280, scheme="light", locale="en", at=served):
        language = {"zh": "zh-CN", "en": "en"}[locale]
        size = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, color_scheme=scheme, locale=language)
        contexts.append(context)
        context.add_cookies([{"name": "plaudit", "value": at.visitor(role).token, "url": at.url}])
        page = context.new_page()
        page.trouble = []
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("console", lambda line: page.trouble.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(f"{at.url}/overview")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_any_width(opened, locale, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for width in (1280, 390):
        page = opened(width=width, scheme=scheme, locale=locale)
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        violations = axe.run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.trouble == []


def test_a_sheet_passes_axe_as_well(opened):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(width=390)
    for name in ("invite", "write-guidelines", "raise", "train", "withdraw", "role"):
        page.locator(f'[data-opens="{name}"]').first.click()
        assert [one["id"] for one in axe.run(page).response["violations"]] == []
        page.keyboard.press("Escape")
    page.locator("[data-confirm]").first.click()
    assert [one["id"] for one in axe.run(page).response["violations"]] == []


def test_who_is_named_stands_there_in_words(opened):
    page = opened()
    assert "Felix prefers what is shown first: 100%" in page.inner_text(".named").replace("\n", " ")
    assert "Felix 偏爱先显示的回答" in opened(locale="zh").inner_text(".named")


def test_a_reviewer_has_nothing_to_press_but_exports(opened):
    page = opened("reviewer")
    assert page.locator("[data-act], [data-opens], dialog").count() == 0
    assert page.locator("a[download]").count() == 2


def test_new_figures_come_by_themselves_and_what_is_open_stays(opened, served):
    page = opened()
    page.click("details[data-key=slowest] > summary")
    page.focus("[data-key=pause-project]")
    served.visitor("owner").post("/api/overview/pause", {"paused": True})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".banner >> text=The project is paused")
    assert page.evaluate("document.activeElement.dataset.key") == "pause-project"
    assert page.evaluate("document.querySelector('details[data-key=slowest]').open")
    with page.expect_response("**/overview/parts") as answer:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert answer.value.status == 304


def test_an_owner_invites_pauses_and_changes_guidelines(opened, served):
    page = opened()
    page.click('[data-opens="invite"]')
    page.fill("#invite-most", "3")
    page.click("#invite button:not([type])")
    page.wait_for_selector("#link[open]")
    link = page.input_value("#link-text")
    assert invitations.invitation(served.project, link.rpartition("/")[2]).role == "annotator"
    page.keyboard.press("Escape")
    page.click("tbody tr:has-text('Felix') [data-act=pause]")
    page.wait_for_selector("tbody tr:has-text('Felix') >> text=paused")
    page.click('[data-opens="write-guidelines"]')
    for text in ("Be fair.", "Be kind."):
        page.fill("#guidelines-text", text)
        page.click("#write-guidelines button:not([type])")
        page.wait_for_selector("#told:has-text('Saved')")
        page.click('[data-opens="write-guidelines"]')
    assert page.trouble == []


def test_what_takes_something_away_is_asked_about_first(opened, served):
    invitations.create_invitation(served.project, "reviewer")
    page = opened()
    page.click("[data-act=revoke]")
    page.click("#confirm >> text=Cancel")
    assert invitations.invitations(served.project)[0]["holds"]
    page.click("[data-act=revoke]")
    page.click("#confirm-yes:has-text('Revoke')")
    page.wait_for_selector("[data-act=revoke]", state="detached")
    assert not invitations.invitations(served.project)[0]["holds"]
    article = page.locator("details[data-key=disputed] .asked").first
    article.locator("[data-act=withdraw]").click()
    page.click("#confirm-yes")
    page.wait_for_selector("details[data-key=withdrawn]")
    page.click("details[data-key=withdrawn] > summary")
    page.click("details[data-key=withdrawn] [data-act=withdraw]")
    page.wait_for_selector("details[data-key=withdrawn]", state="detached")
    assert page.trouble == []


def test_a_role_is_changed_and_groups_are_withdrawn_by_their_ids(opened):
    page = opened(locale="zh")
    page.click("tbody tr:has-text('Felix') [data-opens=role]")
    assert page.input_value("#role-role") == "annotator"
    page.select_option("#role-role", "reviewer")
    page.click("#role button:not([type])")
    page.wait_for_selector("tbody tr:has-text('Felix') >> text=审阅者")
    page.click("[data-opens=withdraw]")
    page.fill("#withdraw-groups", "q1\nnope\n")
    page.click("#withdraw button:not([type])")
    page.wait_for_selector("#withdraw .problem >> text=没有成功：没有分组 'nope'")
    page.fill("#withdraw-groups", "q1\n\n q2 ")
    page.click("#withdraw button:not([type])")
    page.wait_for_selector("details[data-key=withdrawn] .quiet >> text=2")


def test_known_ratings_are_changed_on_the_page(opened, served):
    """In a project of ratings; which value is known stands in the form."""
    settings = LabellingSettings(mode="rate", attributes=("true=0:4",), gold_every=1, repeat_every=0)
    project = Project.create(served.project.folder.parent / "rated", "Rated", settings)
    known = Group("g", "What is 1 + 1?", ("2", "3"), ratings=(Rating(0, 4.0, "true"), Rating(1, 1.0, "true")))
    project.add([known], gold=True)
    project.add([Group(f"q{number}", f"What is {number} + 1?", ("2", "3")) for number in range(9)])
    ann, kind = people.add_person(project, "Ann"), None
    low = [{"response": place, "attribute": "true", "value": 0} for place in range(2)]
    while kind != "gold":
        one = take(project, ann)
        kind = one.kind
        send(project, ann, one.lease, {"ratings": low}, Envelope(client_id=uuid4().hex))
    with running_labelling_server(project) as url:
        page = opened(at=type(served)(project, url))
        page.click("details[data-key=failed] > summary")
        page.click("details[data-key^=failed-known] > summary")
        fields = page.locator("form[data-do=gold] input")
        assert [field.input_value() for field in fields.all()] == ["4", "1"]
        fields.nth(1).fill("2")
        page.click("form[data-do=gold] button")
        page.wait_for_selector("#told:has-text('Saved')")
        with project.database.reading() as connection:
            gold = connection.scalar(select(items.c.gold).where(items.c.group_id == "g"))
    assert {(one["response"], one["value"]) for one in gold["ratings"]} == {(0, 4), (1, 2)}


def test_a_form_that_is_being_filled_in_is_not_taken_away(opened, served):
    page = opened()
    page.click("details[data-key=failed] > summary")
    page.click("details[data-key^=failed-known] > summary")
    page.check("input[name=best][value='1']")
    ann = people.find_person(served.project, "Ann")
    people.pause(served.project, ann, True)
    served.visitor("owner").post("/api/overview/pause", {"paused": True})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".banner >> text=The project is paused")
    assert page.is_checked("input[name=best][value='1']")
    page.click("form[data-do=gold] button")
    page.wait_for_selector("#told:has-text('Saved')")
    page.wait_for_selector("details[data-key=failed] >> text=Every known answer", state="attached")


def test_without_the_server_the_page_says_how_old_it_is(opened):
    page = opened()
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#told.alarm >> text=does not answer")
    page.context.set_offline(False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#told:empty", state="attached")
