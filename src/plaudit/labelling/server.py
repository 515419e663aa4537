"""A labelling server's life: claim the project, bind, answer, end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from plaudit.errors import InvalidInputError
from plaudit.labelling import invitations, people
from plaudit.labelling.app import create_app
from plaudit.labelling.jobs import Jobs
from plaudit.labelling.project import Project
from plaudit.web import bind, host_and_port, is_loopback

_LOCAL = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a project is served.

    Attributes:
        host: an address or a name of this machine.
        port: 0: any that is free.
        origin: the address under which people come, where it is another: `https://label.example.org`.
        proxy: the address of a proxy whose word on who asks is taken.

    Example:
        >>> Address(host="0.0.0.0").check(has_password=False)
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: 0.0.0.0 can be reached from other machines, and no owner has a password; ...
    """

    host: str = "127.0.0.1"
    port: int = 8080
    origin: str | None = None
    proxy: str | None = None

    def check(self, has_password: bool) -> None:
        """Raise where other machines could come, and it is not certain that they find a door.

        Raises:
            InvalidInputError: with what to do.
        """
        if self.origin is not None:
            checked_origin(self.origin)
        if is_loopback(self.host) and self.origin is None:
            return
        if not has_password:
            raise InvalidInputError(
                f"{self.host} can be reached from other machines, and no owner has a password",
                remedy="give one with plaudit label invite PROJECT NAME --role owner --password",
            )
        if self.host in ("0.0.0.0", "::", "") and self.origin is None:
            raise InvalidInputError(
                f"{self.host or 'no host'} says nothing of the name under which people come",
                remedy="give it with --origin http://NAME:PORT",
            )

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return (self.origin or "").startswith("https://")

    def hosts(self, bound: str) -> list[str]:
        """Names under which the server answers; `bound` is the host and port that it got."""
        port = bound.rpartition(":")[2]
        names = [bound, *(f"{name}:{port}" for name in _LOCAL), f"{self.host}:{port}"]
        return names if self.origin is None else [*names, urlsplit(self.origin).netloc]


def checked_origin(text: str) -> str:
    """An address under which people come, without the slash at its end.

    Raises:
        InvalidInputError: if it is none.

    Example:
        >>> checked_origin("https://label.example.org/")
        'https://label.example.org'
    """
    origin = text.removesuffix("/")
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
        raise InvalidInputError(f"the origin is {text!r}", remedy="give it as https://label.example.org")
    return origin


def serve(
    project: Project,
    address: Address | None = None,
    *,
    tell: Callable[[str], None] = lambda line: None,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve a project until told to stop.

    Args:
        project: to serve; it is claimed, so that no second server writes to its file.
        address: where.
        tell: is told in one line what there is to know.
        ready: is told the address once the server answers.

    Raises:
        PlauditError: if the project is served already, or it may not or cannot listen there.

    Example:
        >>> serve(Project.open("my-project"), Address(host="0.0.0.0"))
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: 0.0.0.0 can be reached from other machines, and no owner has a password; ...
    """
    address = address or Address()
    server, listener, url = _prepared(project, address, tell)

    def started() -> None:
        while not server.started and not server.should_exit:
            threading.Event().wait(0.02)
        if server.started:
            ready(url)

    threading.Thread(target=started, daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        project.close()


@contextmanager
def running_labelling_server(project: Project, address: Address | None = None) -> Iterator[str]:
    """Serve a project from a thread of this process, for as long as a block runs.

    Yields:
        The address.

    Example:
        >>> import httpx2
        >>> with running_labelling_server(Project.open("my-project")) as url:
        ...     httpx2.get(f"{url}/sign-in").status_code
        200
    """
    server, listener, url = _prepared(project, address or Address(port=0), lambda line: None)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            threading.Event().wait(0.02)
        yield url
    finally:
        server.should_exit = True
        thread.join()
        project.close()


def owner_link(project: Project, url: str) -> str:
    """A link by which whoever starts the server signs in as its owner; it works once.

    Example:
        >>> owner_link(Project.open("my-project"), "http://127.0.0.1:8080").startswith("http://127.0.0.1:8080/join/")
        True
    """
    whose = people.owner_called(project, people.OWNER)
    return f"{url}/join/{invitations.create_return_link(project, whose)}"


class _Server(uvicorn.Server):
    """Ends the training that goes on beside it, before it lets a signal end the process."""

    def __init__(self, config: uvicorn.Config, jobs: Jobs) -> None:
        super().__init__(config)
        self._jobs = jobs

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        await super().shutdown(sockets)
        self._jobs.close()


def _prepared(project: Project, address: Address, tell: Callable[[str], None]) -> tuple[uvicorn.Server, Any, str]:
    address.check(people.has_password(project))
    project.database.claim()
    listener = bind(address.host, address.port)
    bound = host_and_port(listener)
    url = f"http://{bound}" if address.origin is None else checked_origin(address.origin)
    if not address.secure and not is_loopback(address.host):
        tell("people come without TLS: passwords and answers can be read on the way; a proxy with https mends that")
    app = create_app(project, hosts=address.hosts(bound), secure=address.secure)
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=address.proxy is not None,
        forwarded_allow_ips=address.proxy,
        timeout_graceful_shutdown=10,
    )
    return _Server(config, app.state.server.jobs), listener, url


def default_folder(files: list[str]) -> Path:
    """Where a project of files is made that nobody has named: beside the first.

    Example:
        >>> default_folder(["data/pairs.jsonl.gz"])
        PosixPath('data/pairs-labels')
    """
    first = Path(files[0])
    name = first.name.split(".")[0] if first.suffix else first.name
    return first.parent / f"{name or 'labels'}-labels"
