"""How often one may try to come in: what fails is counted, what does not is not."""

import httpx2
import pytest

from plaudit.labelling import LabellingSettings, Project, add_person, create_invitation
from plaudit.labelling.people import OWNER
from plaudit.labelling.routes.shared import SIGN_INS
from plaudit.labelling.server import running_labelling_server

TRIES, _ = SIGN_INS
PASSWORD = "correct horse battery"


@pytest.fixture
def address(tmp_path, monkeypatch):
    # However long the machine takes, no try is free again meanwhile.
    monkeypatch.setattr("plaudit.labelling.routes.shared.SIGN_INS", (TRIES, 1e6))
    project = Project.create(tmp_path / "project", "Sums", LabellingSettings())
    add_person(project, "Ann", OWNER, PASSWORD)
    with running_labelling_server(project) as url:
        yield url, create_invitation(project)


def join(url, token, name):
    return post(url, "join", {"token": token, "name": name})


def sign_in(url, password):
    return post(url, "sign-in", {"name": "Ann", "password": password})


def post(url, name, body):
    return httpx2.post(f"{url}/api/{name}", json=body, headers={"Origin": url}, timeout=600).status_code


def test_a_class_comes_in_behind_one_address(address):
    url, token = address
    assert {join(url, token, f"Pupil {number}") for number in range(3 * TRIES)} == {200}
    # A name that somebody has is no guess.
    assert {join(url, token, "Pupil 1") for _ in range(2 * TRIES)} == {422}
    assert {sign_in(url, PASSWORD) for _ in range(TRIES + 2)} == {200}


def test_wrong_passwords_and_links_are_counted_together(address):
    url, token = address
    assert {sign_in(url, f"wrong {number}") for number in range(TRIES - 3)} == {422}
    assert {join(url, f"guess {number}", "Eve") for number in range(3)} == {404}
    assert sign_in(url, PASSWORD) == join(url, token, "Eve") == 429
