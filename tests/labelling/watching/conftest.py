"""A small simulated project behind a real server, and a client of each role."""

import time

import httpx2
import pytest
from simulated_crowds import Member, always_first, careful, extras, pairs, project_of, write

from plaudit.labelling import invitations, people
from plaudit.labelling.project import set_guidelines
from plaudit.labelling.server import running_labelling_server


class Visitor:
    """Somebody who is signed in, or nobody.

    Args:
        url: of the server.
        token: of the session.
        csrf: of the session.
    """

    def __init__(self, url, token="", csrf=""):
        self.url, self.token, self.csrf = url, token, csrf

    def get(self, path, **headers):
        return httpx2.get(self.url + path, cookies=self._cookies, headers=headers, timeout=600)

    def post(self, path, body, **headers):
        sent = {"Origin": self.url, "X-CSRF-Token": self.csrf} | headers
        return httpx2.post(self.url + path, json=body, cookies=self._cookies, headers=sent, timeout=600)

    @property
    def _cookies(self):
        return {"plaudit": self.token} if self.token else {}


class Served:
    """A project, its server's address, and who may come."""

    def __init__(self, project, url):
        self.project, self.url = project, url

    def visitor(self, role):
        if role == "nobody":
            return Visitor(self.url)
        name = f"the {role}"
        whose = people.find_person(self.project, name) or people.add_person(self.project, name, role)
        token = invitations.accept(self.project, invitations.create_return_link(self.project, whose), "")
        return Visitor(self.url, token, people.signed_in(self.project, token).csrf)


@pytest.fixture
def served(tmp_path):
    project = project_of(tmp_path / "rivers", overlap=3, both_bad=True)
    set_guidelines(project, "Prefer *true* answers.")
    members = [
        *(Member(name, careful()) for name in ("Ann", "Bob", "Eve", "王小明")),
        Member("Felix", always_first, 1.2),
    ]
    write(project, pairs(60, subsets=("chat", "code")), members, overlap=3, begin=time.time() - 6 * 86400, every=2500)
    extras(project)
    with running_labelling_server(project) as url:
        yield Served(project, url)
