"""Every route of the application: who may come there, and that no body or address makes the server fail."""

import json
from uuid import uuid4

import httpx2
import pytest
from labelling.crowds import LEFT, some_gold, some_groups

from plaudit.labelling import invitations, people
from plaudit.labelling.app import create_app
from plaudit.labelling.project import Project
from plaudit.labelling.routes import shared
from plaudit.labelling.server import running_labelling_server
from plaudit.labelling.settings import LabellingSettings

EVERYBODY = {"nobody", "annotator", "reviewer", "owner"}
SIGNED_IN = EVERYBODY - {"nobody"}
LOOKING = {"reviewer", "owner"}
OWNER = {"owner"}

# Route -> who may use it, and a body that it takes.
ROUTES = {
    ("GET", "/"): (SIGNED_IN, None),
    ("GET", "/judge"): (SIGNED_IN, None),
    ("GET", "/guidelines"): (SIGNED_IN, None),
    ("GET", "/sign-in"): (EVERYBODY, None),
    ("GET", "/join/{token}"): (EVERYBODY, None),
    ("POST", "/api/join"): (EVERYBODY, {"token": "none", "name": "Dan", "locale": "en"}),
    ("POST", "/api/sign-in"): (EVERYBODY, {"name": "Dan", "password": "nothing at all"}),
    ("POST", "/api/take"): (SIGNED_IN, {"besides": []}),
    ("POST", "/api/send"): (
        SIGNED_IN,
        {"lease": "0" * 32, "client_id": "a-uuid-of-the-browser", "answer": LEFT, "comment": "", "reasons": []}
        | {"seconds_active": 1, "seconds_open": 1, "how": {}},
    ),
    ("POST", "/api/extend"): (SIGNED_IN, {"lease": "0" * 32}),
    ("POST", "/api/release"): (SIGNED_IN, {"lease": "0" * 32}),
    ("GET", "/api/mine"): (SIGNED_IN, None),
    ("GET", "/api/mine/{lease}"): (SIGNED_IN, None),
    ("GET", "/api/difference/{lease}"): (SIGNED_IN, None),
    ("GET", "/api/guidelines"): (SIGNED_IN, None),
    ("POST", "/api/guidelines-seen"): (SIGNED_IN, {"revision": 0}),
    ("POST", "/api/locale"): (SIGNED_IN, {"locale": "en"}),
    ("GET", "/api/training"): (LOOKING, None),
    ("POST", "/api/training"): (OWNER, {"backbone": "bow", "count": 5}),
    ("POST", "/api/training/cancel"): (OWNER, {}),
    ("GET", "/training/{number}/report"): (LOOKING, None),
    ("GET", "/overview"): (LOOKING, None),
    ("GET", "/overview/parts"): (LOOKING, None),
    ("GET", "/api/overview"): (LOOKING, None),
    ("GET", "/export/{name}"): (LOOKING, None),
    ("POST", "/api/overview/invite"): (OWNER, {"role": "annotator", "label": "", "most": 1, "days": 1}),
    ("POST", "/api/overview/return-link"): (OWNER, {"person": "0" * 32}),
    ("POST", "/api/overview/revoke"): (OWNER, {"invite": 10_000}),
    ("POST", "/api/overview/role"): (OWNER, {"person": "0" * 32, "role": "reviewer"}),
    ("POST", "/api/overview/withdraw"): (OWNER, {"groups": ["nowhere"], "withdrawn": True}),
    ("POST", "/api/overview/pause"): (OWNER, {"paused": False, "person": None}),
    ("POST", "/api/overview/guidelines"): (OWNER, {"text": "Be fair.", "revision": 99}),
    ("POST", "/api/overview/overlap"): (OWNER, {"overlap": 1}),
    ("POST", "/api/overview/aside"): (OWNER, {"question": 1}),
    ("POST", "/api/overview/again"): (OWNER, {"question": 1}),
    ("POST", "/api/overview/gold"): (OWNER, {"question": 1, "answer": LEFT}),
    ("POST", "/api/sign-out"): (SIGNED_IN, {}),
}
PLACES = {"{token}": "none", "{lease}": "0" * 32, "{number}": "1", "{name}": "groups.jsonl"}


class Site:
    """A server, and clients of it."""

    def __init__(self, project, url):
        self.project, self.url = project, url

    def client(self, role):
        """Somebody of that role who has just come in."""
        headers = {"Origin": self.url}
        if role == "nobody":
            return httpx2.Client(base_url=self.url, headers=headers, timeout=600)
        whose = people.add_person(self.project, f"{role} {uuid4().hex[:8]}", role)
        token = invitations.accept(self.project, invitations.create_return_link(self.project, whose), "")
        headers["X-CSRF-Token"] = people.signed_in(self.project, token).csrf
        return httpx2.Client(base_url=self.url, headers=headers, cookies={"plaudit": token}, timeout=600)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    project = Project.create(tmp_path_factory.mktemp("site") / "project", "Test", LabellingSettings())
    project.add(some_gold(2), gold=True)
    project.add(some_groups(20))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SIGN_INS", "SENDS"):
            patch.setattr(shared, name, (10**6, 60.0))
        with running_labelling_server(project) as url:
            yield Site(project, url)


def address(path):
    for name, value in PLACES.items():
        path = path.replace(name, value)
    return path


def test_the_table_has_every_route(site):
    app = create_app(site.project, hosts=["host"])
    routes = {(method, one.path) for one in app.routes if hasattr(one, "methods") for method in one.methods - {"HEAD"}}
    assert routes == set(ROUTES)


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_role_on_every_route(site, role):
    with site.client(role) as client:
        for (method, path), (allowed, body) in ROUTES.items():
            answer = client.request(method, address(path), json=body)
            refused = answer.status_code in (401, 403) or answer.headers.get("location") in ("/sign-in", "/judge")
            # An annotator's way from `/` leads there by right.
            refused &= (role, path) != ("annotator", "/")
            assert refused == (role not in allowed), (role, method, path, answer.status_code, answer.text[:200])


def test_no_change_without_the_pages_token_or_from_another_page(site):
    changes = [
        (path, body) for (method, path), (allowed, body) in ROUTES.items() if method == "POST" and body is not None
    ]
    with site.client("owner") as client:
        for path, body in changes:
            if "nobody" in ROUTES["POST", path][0]:
                continue
            assert client.post(path, json=body, headers={"X-CSRF-Token": "another"}).status_code == 403, path
        for path, body in changes:
            assert client.post(path, json=body, headers={"Origin": "http://evil.example"}).status_code == 403, path


NAN, INFINITY = float("nan"), float("inf")
ODD = [
    None,
    -1,
    2**31,
    2**63,
    NAN,
    "",
    "\ud800",
    "a\0b",
    "9" * 300,
    [],
    [2**70],
    ["\ud800"],
    {"x": NAN},
    {"\ud800": "\0"},
]
ODD_ANSWERS = [
    {"tiers": [[2**70], [0]]},
    {"skip": "\ud800"},
    {"best": {}, "worst": []},
    {"ratings": [{"response": NAN}]},
]


def test_no_field_makes_the_server_fail(site):
    with site.client("owner") as client:
        lease = client.post("/api/take", json={}).json()["question"]["lease"]
        for (method, path), (_, body) in ROUTES.items():
            if method != "POST" or path == "/api/sign-out":
                continue
            for field, value in [(name, odd) for name in body for odd in (ODD_ANSWERS if name == "answer" else ODD)]:
                known = {"client_id": uuid4().hex, "lease": lease}
                sent = {name: known.get(name, usual) for name, usual in body.items()} | {field: value}
                answer = client.post(path, content=json.dumps(sent), headers={"Content-Type": "application/json"})
                assert answer.status_code < 500, (path, field, str(value)[:80], answer.text[:200])


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff", b'"x"', b"1" * 5000, b"[" * 100_000])
def test_what_is_no_body_is_refused(site, body):
    with site.client("owner") as client:
        for method, path in ROUTES:
            if method == "POST" and path not in ("/api/sign-out", "/api/training/cancel"):
                answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
                assert answer.status_code in (400, 413, 422), (path, answer.text[:200])


def test_no_address_makes_the_server_fail(site):
    odd = [
        "%00",
        "%ff",
        "%ed%a0%80",
        "9" * 25,
        "9" * 300,
        "9" * 5000,
        "-1",
        "..%2f..",
        "x" * 5000,
        "%F0%9F%98%80",
        "1.5",
    ]
    paths = [path for method, path in ROUTES if method == "GET" and "{" in path]
    paths += [f"{path}?locale={{}}" for path in ("/judge", "/overview", "/overview/parts", "/sign-in", "/guidelines")]
    with site.client("owner") as client:
        for path in paths:
            for one in odd:
                filled = path.partition("{")[0] + one + path.partition("}")[2]
                assert client.get(filled).status_code < 500, filled[:100]


def test_what_one_page_sends_of_itself_spoils_no_export(site):
    """NaN is no JSON, though Python reads it; and a page has little to say of itself."""
    with site.client("annotator") as client:
        for how in ({"x": NAN}, {"x": "x" * 20_000}, {"x": {"y": INFINITY}}):
            lease = client.post("/api/take", json={}).json()["question"]["lease"]
            sent = {"lease": lease, "client_id": uuid4().hex, "answer": LEFT, "how": how}
            answer = client.post("/api/send", content=json.dumps(sent), headers={"Content-Type": "application/json"})
            assert (answer.status_code, "how is" in answer.text) == (422, True)
    with site.client("owner") as client:
        assert client.get("/export/judgements.jsonl").status_code == 200


def test_somebody_who_is_called_owner_and_is_none_keeps_no_owner_out(tmp_path):
    project = Project.create(tmp_path / "project", "Test", LabellingSettings())
    people.add_person(project, "Owner", "annotator")
    owner = people.owner_called(project, "owner")
    assert owner == people.owner_called(project, "owner") != people.find_person(project, "owner")
    assert people.find_person(project, "owner 2") == owner
    project.close()
