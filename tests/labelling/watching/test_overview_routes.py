"""Routes of the owner's page: who may what, the tag of the figures, what the owner changes, and exports."""

import json

import pytest
from simulated_crowds import asked

from plaudit.labelling import invitations

SEEN = [
    ("GET", "/overview", None),
    ("GET", "/overview/parts", None),
    ("GET", "/api/overview", None),
    ("GET", "/export/groups.jsonl", None),
    ("GET", "/export/judgements.jsonl", None),
]
CHANGED = [
    ("POST", "/api/overview/invite", {}),
    ("POST", "/api/overview/return-link", {"person": "0" * 32}),
    ("POST", "/api/overview/pause", {"paused": False}),
    ("POST", "/api/overview/revoke", {"invite": 10_000}),
    ("POST", "/api/overview/role", {"person": "0" * 32, "role": "reviewer"}),
    ("POST", "/api/overview/withdraw", {"groups": ["nowhere"]}),
    ("POST", "/api/overview/guidelines", {"text": "Be fair.", "revision": 99}),
    ("POST", "/api/overview/overlap", {"overlap": 3}),
    ("POST", "/api/overview/aside", {"question": 1}),
    ("POST", "/api/overview/again", {"question": 1}),
    ("POST", "/api/overview/gold", {"question": 1, "answer": {"tiers": [[0], [1]]}}),
]
# To nobody and to annotators the page itself shows the way.
NOWHERE = {f"/api/overview/{name}" for name in ("return-link", "role", "revoke", "withdraw", "gold")}
STATUS = {
    "owner": lambda method, path: 404 if path in NOWHERE else 409 if path == "/api/overview/guidelines" else 200,
    "reviewer": lambda method, path: 200 if method == "GET" else 403,
    "annotator": lambda method, path: 303 if path == "/overview" else 403,
    "nobody": lambda method, path: 303 if path == "/overview" else 401,
}


@pytest.mark.parametrize("role", STATUS)
def test_each_role_on_each_route(served, role):
    visitor = served.visitor(role)
    for method, path, body in SEEN + CHANGED:
        answer = visitor.get(path) if method == "GET" else visitor.post(path, body)
        assert answer.status_code == STATUS[role](method, path), (role, path, answer.text[:300])


def test_the_table_above_has_every_route(served):
    from plaudit.labelling.app import create_app

    app = create_app(served.project, hosts=["host"])
    paths = {route.path for route in app.routes if "overview" in route.path or "export" in route.path}
    assert paths == {"/export/{name}"} | {path for _, path, _ in SEEN + CHANGED if "export" not in path}


def test_a_change_needs_the_pages_token_and_its_origin(served):
    owner = served.visitor("owner")
    assert owner.post("/api/overview/pause", {"paused": True}, **{"X-CSRF-Token": "other"}).status_code == 403
    assert owner.post("/api/overview/pause", {"paused": True}, Origin="http://evil.example").status_code == 403
    assert not owner.get("/api/overview").json()["project"]["paused"]


def test_the_same_figures_are_not_sent_twice(served):
    reviewer = served.visitor("reviewer")
    for path in ("/api/overview", "/overview/parts"):
        first = reviewer.get(path)
        again = reviewer.get(path, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert reviewer.get(path, **{"If-None-Match": 'W/"other", W/' + first.headers["ETag"]}).status_code == 304
        assert reviewer.get(path, **{"If-None-Match": '"other"'}).status_code == 200
    served.visitor("owner").post("/api/overview/pause", {"paused": True})
    assert reviewer.get(path, **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_parts_differ_by_language_and_role(served):
    owner, reviewer = served.visitor("owner"), served.visitor("reviewer")
    answers = [one.get(f"/overview/parts?locale={lang}") for one in (owner, reviewer) for lang in ("en", "zh")]
    assert len({answer.headers["ETag"] for answer in answers}) == 4
    assert "data-act" not in answers[2].text
    assert "data-act" in answers[0].text
    assert "评判者" in answers[1].text


def test_nothing_out_of_the_data_is_markup(served):
    text = served.visitor("owner").get("/overview").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "style=" not in text


def test_an_invitation_and_a_way_back(served):
    owner = served.visitor("owner")
    link = owner.post("/api/overview/invite", {"role": "reviewer", "most": 1}).json()["link"]
    assert invitations.invitation(served.project, link.removeprefix("/join/")).role == "reviewer"
    ann = next(one for one in owner.get("/api/overview").json()["people"] if one["name"] == "Ann")
    back = owner.post("/api/overview/return-link", {"person": ann["person"]}).json()["link"]
    assert invitations.invitation(served.project, back.removeprefix("/join/")).name == "Ann"


def test_an_invitation_is_revoked(served):
    owner = served.visitor("owner")
    link = owner.post("/api/overview/invite", {"role": "reviewer", "label": "class 7b", "most": 3}).json()["link"]
    (one,) = owner.get("/api/overview").json()["invitations"]
    assert (one["role"], one["label"], one["uses"], one["most"]) == ("reviewer", "class 7b", 0, 3)
    assert owner.post("/api/overview/revoke", {"invite": one["id"]}).status_code == 200
    assert owner.get("/api/overview").json()["invitations"] == []
    assert invitations.invitation(served.project, link.removeprefix("/join/")) is None


def test_a_person_gets_another_role_and_comes_in_anew(served):
    owner, ann = served.visitor("owner"), served.visitor("annotator")
    people = {one["name"]: one for one in owner.get("/api/overview").json()["people"]}
    told = {"person": people["the annotator"]["person"], "role": "reviewer"}
    assert owner.post("/api/overview/role", told).status_code == 200
    assert ann.get("/api/overview").status_code == 401
    assert {one["name"]: one["role"] for one in owner.get("/api/overview").json()["people"]}[
        "the annotator"
    ] == "reviewer"
    itself = {"person": people["the owner"]["person"], "role": "annotator"}
    assert owner.post("/api/overview/role", itself).json()["error"]["code"] == "last_owner"
    assert owner.post("/api/overview/role", told | {"role": "owner"}).status_code == 200
    assert owner.post("/api/overview/role", itself).status_code == 200
    assert owner.get("/api/overview").status_code == 401


def test_groups_are_withdrawn_and_restored(served):
    owner = served.visitor("owner")
    before = owner.get("/api/overview").json()["progress"]["questions"]
    assert owner.post("/api/overview/withdraw", {"groups": ["q7", "q9"]}).json() == {"groups": 2}
    told = owner.get("/api/overview").json()
    assert told["withdrawn"] == ["q9", "q7"]
    assert told["progress"]["questions"]["withdrawn"] == 2
    assert '"q7"' not in owner.get("/export/groups.jsonl").text
    assert owner.post("/api/overview/withdraw", {"groups": ["q7", "q9"], "withdrawn": False}).json() == {"groups": 2}
    assert owner.get("/api/overview").json()["progress"]["questions"] == before


@pytest.mark.parametrize(
    "path, body, code, en, zh",
    [
        (
            "overview/overlap",
            {"overlap": 1},
            "overlap_lower",
            "the overlap is 3 already; it can only be raised",
            "每题已有 3 人",
        ),
        ("overview/withdraw", {"groups": ["nope"]}, "no_group", "there is no group 'nope'", "没有分组 'nope'"),
        (
            "overview/guidelines",
            {"text": "", "revision": 9},
            "conflict",
            "somebody has changed the guidelines",
            "期间已有人改动",
        ),
        ("overview/aside", {"question": 10_000}, "not_found", "there is no question 10000", "它已不在"),
        ("overview/aside", {"question": "x"}, "invalid_input", "question: Input should be a valid integer", "无法接受"),
        ("take", {"besides": "x"}, "invalid_input", "besides: Input should be a valid list", "无法接受"),
    ],
)
def test_a_refusal_is_told_in_the_language_of_the_page(served, path, body, code, en, zh):
    for language, words in (("en", en), ("zh-CN,zh;q=0.9", zh)):
        answer = served.visitor("owner").post(f"/api/{path}", body, **{"Accept-Language": language})
        assert answer.json()["error"]["code"] == code
        assert words in answer.json()["error"]["message"]
    # What was chosen on the page counts before what the browser asks for.
    owner = served.visitor("owner")
    owner.post("/api/locale", {"locale": "zh"})
    assert zh in owner.post(f"/api/{path}", body, **{"Accept-Language": "en"}).json()["error"]["message"]


def test_a_person_and_the_project_are_paused_and_go_on(served):
    owner = served.visitor("owner")
    ann = next(one for one in owner.get("/api/overview").json()["people"] if one["name"] == "Ann")
    for paused in (True, False):
        owner.post("/api/overview/pause", {"paused": paused, "person": ann["person"]})
        owner.post("/api/overview/pause", {"paused": paused})
        told = owner.get("/api/overview").json()
        assert told["project"]["paused"] is paused
        assert next(one for one in told["people"] if one["name"] == "Ann")["paused"] is paused


def test_guidelines_are_not_written_over_a_newer_text(served):
    owner = served.visitor("owner")
    answer = owner.post("/api/overview/guidelines", {"text": "Be fair.", "revision": 1})
    assert answer.json() == {"revision": 2}
    assert owner.post("/api/overview/guidelines", {"text": "Be kind.", "revision": 1}).status_code == 409
    assert owner.get("/api/overview").json()["project"]["guidelines"] == "Be fair."


def test_more_opinions_on_all_and_on_one(served):
    owner = served.visitor("owner")
    assert owner.post("/api/overview/overlap", {"overlap": 2}).status_code == 422
    assert owner.post("/api/overview/again", {"question": 1}).status_code == 200
    assert owner.get("/api/overview").json()["progress"]["answers"]["left"] == 2
    assert owner.post("/api/overview/overlap", {"overlap": 5}).json() == {"questions": 61}
    told = owner.get("/api/overview").json()
    assert told["project"]["overlap"] == 5
    assert told["progress"]["questions"]["done"] == 0


def test_a_question_is_put_aside_and_asked_again(served):
    owner = served.visitor("owner")
    question = asked(served.project, "q7")
    owner.post("/api/overview/aside", {"question": question})
    assert owner.get("/api/overview").json()["progress"]["questions"]["aside"] == 1
    owner.post("/api/overview/again", {"question": question})
    assert owner.get("/api/overview").json()["progress"]["questions"]["aside"] == 0
    assert owner.post("/api/overview/aside", {"question": 10_000}).status_code == 404


def test_another_known_answer_makes_old_results_not_comparable(served):
    owner = served.visitor("owner")
    before = owner.get("/api/overview").json()
    (gold,) = before["questions"]["failed"]
    owner.post("/api/overview/gold", {"question": gold["question"], "answer": {"tiers": [[1], [0]]}})
    after = owner.get("/api/overview").json()
    assert before["everyone"]["gold"] == {"passed": 1, "failed": 1, "not_comparable": 1}
    assert after["everyone"]["gold"] == {"passed": 0, "failed": 0, "not_comparable": 3}


def test_exports_are_whole_and_hide_names_unless_asked(served):
    owner = served.visitor("owner")
    groups = owner.get("/export/groups.jsonl")
    assert groups.headers["Content-Disposition"] == 'attachment; filename="groups.jsonl"'
    assert len([json.loads(line) for line in groups.text.splitlines()]) == 61
    lines = [json.loads(line) for line in owner.get("/export/judgements.jsonl").text.splitlines()]
    told = owner.get("/api/overview").json()
    assert len(lines) == told["everyone"]["judgements"] + told["everyone"]["skips"]
    assert "Felix" not in groups.text
    assert "Felix" in owner.get("/export/groups.jsonl?names=true").text
    assert owner.get("/export/secrets.jsonl").status_code == 404


ACCURACY = {"value": 0.71, "low": 0.62, "high": 0.79, "n": 120}


def trained(served, number, **what):
    """A run that is over."""
    folder = served.project.folder / "training" / f"{number:04d}"
    folder.mkdir(parents=True)
    run = {"state": "done", "commands": [], "judgements": 140, "accuracy": ACCURACY, "number": number, "report": False}
    (folder / "run.json").write_text(json.dumps(run | what), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "low, high, words",
    [
        (0.01, 0.09, "Asking by a model is ahead: +5.0\xa0[+1.0,\xa0+9.0] points"),
        (-0.09, -0.01, "Asking by a model is behind: −5.0\xa0[−9.0,\xa0−1.0] points"),
        (-0.02, 0.1, "Nothing shows that asking by a model is better or worse: +4.0\xa0[−2.0,\xa0+10.0] points"),
    ],
)
def test_asking_by_a_model_stands_beside_asking_at_random(served, low, high, words):
    reviewer = served.visitor("reviewer")
    # What an older Plaudit wrote knows nothing of it.
    trained(served, 1)
    assert "Not compared yet" in reviewer.get("/overview/parts").text
    for number, judgements in ((2, 240), (3, 260)):
        difference = ACCURACY | {"value": (low + high) / 2, "low": low, "high": high}
        figures = {"informed": ACCURACY, "random": ACCURACY, "difference": difference}
        told = {"judgements": judgements, "shared": 200, **figures}
        trained(served, number, backbone="bow", comparison=told)
    # Another backbone is not drawn beside these.
    trained(served, 4, backbone="tiny", comparison=None)
    page = reviewer.get("/overview/parts").text
    assert words in page
    assert "200 of them shared" in page
    picture = page[page.index('<svg class="curve"') : page.index("</figure>")]
    assert picture.count("<circle") - 1 == picture.count('class="random square"') - 1 == 2
    assert picture.count("<polygon") - 1 == 2


def test_models_that_were_trained_stand_there_with_their_log(served):
    folder = trained(served, 1)
    reviewer = served.visitor("reviewer")
    before = reviewer.get("/overview/parts")
    assert "71%\xa0[62,\xa079]" in before.text
    (folder / "log.txt").write_text("$ plaudit train <train.jsonl>\n", encoding="utf-8")
    after = reviewer.get("/overview/parts", **{"If-None-Match": before.headers["ETag"]})
    assert "$ plaudit train &lt;train.jsonl&gt;" in after.text
