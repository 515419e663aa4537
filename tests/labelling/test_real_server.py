"""The real server from end to end: a browser before it, and a model that is trained on what was judged."""

import re
import time
from contextlib import closing
from uuid import uuid4

import httpx2
import pytest
from labelling.page_steps import press, until

from plaudit.data import load_groups, read_groups
from plaudit.groups import Group
from plaudit.labelling import (
    Envelope,
    LabellingSettings,
    Project,
    add_person,
    create_invitation,
    export,
    owner_link,
    project_status,
    send,
    take,
)
from plaudit.labelling.server import running_labelling_server
from plaudit.labelling.wording import say

GROUPS = [Group(f"q{n}", f"What is {n} + 1?", (f"It is {n + 1}.", "No idea.", f"{n}?")) for n in range(30)]

# Mode -> settings, what is pressed for one question, and what each line of the export then says.
MODES = {
    "pair": ({}, ["1"], [((0,), (1,))]),
    "rank": ({}, ["1", "j", "2", "j", "3", "Enter"], [((0,), (1,), (2,))]),
    "best-worst": ({}, ["1", "3", "Enter"], [((0,), (2,)), ((0,), (1,)), ((1,), (2,))]),
}


@pytest.mark.parametrize("mode", MODES)
def test_what_is_pressed_is_what_comes_out(mode, chromium, tmp_path):
    settings, keys, tiers = MODES[mode]
    place = tmp_path / "project"
    project = Project.create(place, "Sums", LabellingSettings(mode=mode, gold_every=0, repeat_every=0, **settings))
    project.add(GROUPS)
    with running_labelling_server(project) as url:
        page = chromium.new_page(base_url=url)
        page.goto(owner_link(project, url))
        page.click("main button")
        page.wait_for_url("**/overview")
        page.goto("/judge")
        for number in range(3):
            page.wait_for_function("n => document.body.innerText.includes(`${n} done`)", arg=number)
            press(page, *keys)
        page.wait_for_function("document.body.innerText.includes('3 done')")
        until(page, lambda: project_status(project)["answers"] == 3)
        page.close()
    project = Project.open(place)
    assert export(project, tmp_path / "out").judgements == 3
    project.close()
    lines = list(read_groups(tmp_path / "out" / "judgements.jsonl", merge=False))
    assert [[ranking.tiers for ranking in group.rankings] for group in lines] == [tiers] * 3
    for group in lines:
        texts = next(one for one in GROUPS if one.id == group.id).responses
        assert group.responses == tuple(texts[number] for number in group.meta["judgement"]["order"])


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_name_or_a_password_that_is_refused_is_told_in_the_language_of_the_page(chromium, tmp_path, locale):
    project = Project.create(tmp_path / "project", "Sums", LabellingSettings())
    add_person(project, "Ann")
    link = f"/join/{create_invitation(project)}"
    with running_labelling_server(project) as url:
        page = chromium.new_page(base_url=url, locale={"en": "en-GB", "zh": "zh-CN"}[locale])
        for place, sentence in ((link, "entry.other_name"), ("/sign-in", "entry.wrong")):
            page.goto(place)
            for field in page.locator("main input").all():
                field.fill("ann")
            page.locator("main button").click()
            page.get_by_role("alert").get_by_text(say(sentence).plain(locale)).wait_for()
        page.close()


def signed_in(project, url):
    """A client of the owner's, as the page would be."""
    client = httpx2.Client(base_url=url, headers={"Origin": url}, timeout=600)
    token = owner_link(project, url).rpartition("/")[2]
    assert client.get(f"/join/{token}").status_code == 200
    assert client.post("/api/join", json={"token": token, "name": ""}).json() == {"to": "/"}
    page = client.get("/judge").text
    client.headers["X-CSRF-Token"] = re.search(r'name="csrf" content="([^"]+)"', page)[1]
    return client


def test_twenty_answers_end_in_a_model_and_its_report(tmp_path, monkeypatch):
    # A machine answers faster than a person may.
    monkeypatch.setattr("plaudit.labelling.routes.shared.SENDS", (1000, 1.0))
    place = tmp_path / "project"
    project = Project.create(place, "Sums", LabellingSettings(gold_every=0, repeat_every=0))
    project.add(GROUPS)
    with running_labelling_server(project) as url, closing(signed_in(project, url)) as owner:
        refused = owner.post("/api/training", json={"backbone": "bow", "count": 5})
        assert (refused.status_code, "judgements to train on" in refused.text) == (422, True)
        for _ in range(40):
            question = owner.post("/api/take", json={}).json()["question"]
            texts = [one["plain"] for one in question["responses"]]
            best = max((0, 1), key=lambda place: ("It is" in texts[place], "?" in texts[place]))
            answer = {"tiers": [[best], [1 - best]]}
            body = {"lease": question["lease"], "client_id": uuid4().hex, "answer": answer}
            assert owner.post("/api/send", json=body).status_code == 200
        assert owner.post("/api/training", json={"backbone": "bow", "count": 5}).status_code == 200
        assert owner.post("/api/training", json={"backbone": "bow", "count": 5}).status_code == 422
        ends = time.monotonic() + 3600
        while (run := owner.get("/api/training").json()["runs"][0])["state"] == "running":
            assert time.monotonic() < ends, run["log"]
            time.sleep(0.5)
        assert run["state"] == "done", run["log"]
        assert [line.split()[1] for line in run["commands"]] == ["train", "eval", "label"]
        assert run["accuracy"]["value"] > 0.5
        report = owner.get(f"/training/{run['number']}/report")
        assert "script" not in report.headers["Content-Security-Policy"]
        assert "<h1" in report.text
        # The server takes up what was chosen.
        owner.post("/api/take", json={})
        assert [file.suffix for file in (place / "waves").iterdir()] == [".applied"]


def test_a_crowd_of_one_through_functions(tmp_path):
    """What the page does, in Python."""
    project = Project.create(tmp_path / "project", "Sums", LabellingSettings(mode="rate", attributes=("right=0:4",)))
    project.add(GROUPS[:2])
    ann = add_person(project, "Ann")
    one = take(project, ann)
    answer = {"ratings": [{"response": place, "attribute": "right", "value": place} for place in range(3)]}
    send(project, ann, one.lease, answer, Envelope(client_id=uuid4().hex))
    export(project, tmp_path / "out")
    project.close()
    [group] = load_groups(tmp_path / "out" / "groups.jsonl")
    values = {rating.response: rating.value for rating in group.ratings}
    assert values == {number: float(place) for place, number in enumerate(one.shown)}
    assert {rating.scale for rating in group.ratings} == {(0, 4)}
