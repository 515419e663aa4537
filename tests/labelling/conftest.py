"""A browser before the fake server, whose every complaint fails the test, and projects on both databases."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from plaudit.labelling.project import Project
from plaudit.labelling.settings import LabellingSettings

# What a browser says of a request that did not come through is no complaint of the page.
NETWORK = "Failed to load resource"


@pytest.fixture
def judging(chromium):
    """Open a page of a project: `judging(project)`, with `touch=True` on a phone, `tab_of=page` in a second tab."""
    from labelling.fake_server import serving

    trouble = []
    with contextlib.ExitStack() as stack:
        servers = {}

        def open_page(project, path="/judge", *, touch=False, tab_of=None, width=None, **context):
            if id(project) not in servers:
                servers[id(project)] = stack.enter_context(serving(project))
            url = servers[id(project)]
            size = {"width": width or (390 if touch else 1280), "height": 844}
            if tab_of is None:
                one = chromium.new_context(viewport=size, has_touch=touch, is_mobile=touch, base_url=url, **context)
                stack.callback(one.close)
                one.on("request", lambda request: request.url.startswith(url) or trouble.append(request.url))
            else:
                one = tab_of.context
            page = one.new_page()
            page.on("console", lambda message: NETWORK in message.text or trouble.append(message.text))
            page.on("pageerror", lambda error: trouble.append(str(error)))
            page.goto(url + path)
            return page

        yield open_page
    assert trouble == []


VARIABLE = "PLAUDIT_TEST_POSTGRES"


@contextlib.contextmanager
def _alone(owner: Engine) -> Iterator[Connection]:
    """A connection, while no other worker has one so: two that grant rights on a database at once fail."""
    with owner.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(1)"))
        try:
            yield connection
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(1)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a project can be made: a folder, or a schema of its own."""
    if request.param == "sqlite":
        yield str(tmp_path / "project")
        return
    url = os.environ.get(VARIABLE)
    if url is None:
        pytest.skip(f"{VARIABLE} names no PostgreSQL (.ci/run starts one)")
    # The schema of a user's name is where that user's tables are, so that other processes find it by the URL alone.
    user = f"test_{secrets.token_hex(6)}"
    owner = create_engine(url, isolation_level="AUTOCOMMIT")
    with _alone(owner) as connection:
        connection.execute(text(f"CREATE ROLE {user} LOGIN"))
        connection.execute(text(f"GRANT CREATE ON DATABASE {owner.url.database} TO {user}"))
        connection.execute(text(f"CREATE SCHEMA {user} AUTHORIZATION {user}"))
    yield make_url(url).set(username=user).render_as_string(hide_password=False)
    with _alone(owner) as connection:
        connection.execute(text(f"DROP OWNED BY {user} CASCADE"))
        connection.execute(text(f"DROP ROLE {user}"))
    owner.dispose()


@pytest.fixture
def make(place: str) -> Iterator[Callable[..., Project]]:
    """Make a project of such settings, there."""
    made = []

    def one(**settings: object) -> Project:
        made.append(Project.create(place, "Test", LabellingSettings(**settings)))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for project in made:
        project.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    """The server's clock, in the test's hands."""
    hands = Clock()
    monkeypatch.setattr("plaudit.labelling.clock.time", hands)
    return hands


@pytest.fixture
def fresh_places(place: str) -> Callable[[], str]:
    """Where one project after another can be made, each gone when the next begins."""
    count = 0

    def fresh() -> str:
        nonlocal count
        count += 1
        if not place.startswith("postgresql"):
            return f"{place}-{count}"
        engine = create_engine(place, isolation_level="AUTOCOMMIT")
        schema = make_url(place).username
        with engine.connect() as connection:
            connection.execute(text(f"DROP OWNED BY {schema} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        engine.dispose()
        return place

    return fresh


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def time(self) -> float:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += seconds
