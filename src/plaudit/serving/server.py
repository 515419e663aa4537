"""A server's life: bind, load, answer, reload, drain, end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import uvicorn

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.model import check_model
from plaudit.serving.access import Access, address_of
from plaudit.serving.app import create_app
from plaudit.serving.metrics import ServerMetrics
from plaudit.serving.registry import HostedModels
from plaudit.serving.settings import ServingSettings

logger = logging.getLogger(__name__)

# Thousands of connections may be opened at once, by trainers that open one a sample.
_BACKLOG = 4096


@checked
def serve(
    sources: Mapping[str, str],
    settings: ServingSettings | None = None,
    access: Access | None = None,
    *,
    tell: Callable[[str], None] = lambda line: None,
    **options: Any,
) -> None:
    """Serve models until told to stop by SIGTERM or SIGINT; what waits then is worked off. SIGHUP loads them anew.

    Args:
        sources: name -> what `open_model` takes.
        settings: of the server.
        access: where, and for whom.
        tell: is told in one line when the server is ready, when it reloads and when it stops.
        options: of `open_model`.

    Raises:
        PlauditError: if it may not or cannot listen there, or a model cannot be loaded.

    Example:
        >>> from plaudit.serving import Access
        >>> serve({"mine": "my-bow"}, access=Access(host="0.0.0.0"))
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: 0.0.0.0 can be reached from other machines, and there is no token; ...
    """
    access = access or Access()
    raise_file_limit()
    server, listener = _prepared(sources, settings or ServingSettings(), access, tell, options)
    try:
        server.run(sockets=[listener])
    finally:
        server.finish()
        access.release(listener)
    if server.failure:
        raise server.failure


@contextmanager
def running_server(
    sources: Mapping[str, str],
    settings: ServingSettings | None = None,
    access: Access | None = None,
    **options: Any,
) -> Iterator[str]:
    """Serve models from a thread of this process, for as long as a block runs. Arguments are those of `serve`, but
    without `access` it is any free port of this machine.

    Yields:
        The server's address, when its models are loaded.

    Raises:
        PlauditError: as `serve`.

    Example:
        >>> from plaudit.model import open_model
        >>> with running_server({"mine": "my-bow"}) as address:
        ...     remote = open_model(address).rank("What is 2 + 2?", ["It is 4."])[0].score
        >>> abs(remote - open_model("my-bow").rank("What is 2 + 2?", ["It is 4."])[0].score) < 1e-6
        True
    """
    access = access or Access(port=0)
    server, listener = _prepared(sources, settings or ServingSettings(), access, lambda line: None, options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="plaudit-server", daemon=True)
    thread.start()
    try:
        while not server.loaded.wait(0.1) and thread.is_alive():
            pass
        if server.failure:
            raise server.failure
        yield server.address
    finally:
        server.handle_exit(signal.SIGTERM, None)
        thread.join()
        server.finish()
        access.release(listener)


def _prepared(
    sources: Mapping[str, str],
    settings: ServingSettings,
    access: Access,
    tell: Callable[[str], None],
    options: dict[str, Any],
) -> tuple[ModelServer, socket.socket]:
    """The server, and the socket it will listen on."""
    if not sources:
        raise InvalidInputError("there is no model to serve", remedy="name one")
    access.check()
    for source in sources.values():
        check_model(source)
    listener = access.bind()
    hosted = HostedModels(sources, settings, ServerMetrics(), **options)
    app = create_app(hosted, tokens=access.tokens, admin_tokens=access.admin_tokens, origins=access.origins)
    config = uvicorn.Config(
        app,
        # h11 reads the body of a request that asks for an upgrade (curl --http2 does); httptools loses it.
        http="h11",
        ws="none",
        lifespan="off",
        backlog=_BACKLOG,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=max(1, round(settings.drain)),
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
    )
    return ModelServer(config, hosted, tell=tell, address=address_of(access, listener)), listener


class ModelServer(uvicorn.Server):
    """uvicorn's server, which loads models while it already says that it is alive, and works off what waits before it
    ends.

    Attributes:
        address: where it listens.
        failure: why the models could not be loaded at the start.
        loaded: set when they were, or could not be.
    """

    def __init__(
        self, config: uvicorn.Config, hosted: HostedModels, *, tell: Callable[[str], None], address: str
    ) -> None:
        super().__init__(config)
        self.address = address
        self.failure: Exception | None = None
        self.loaded = threading.Event()
        self._hosted = hosted
        self._tell = tell
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._load_first, name="plaudit-loading", daemon=True).start()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals mean: end (in order), and load anew. uvicorn would raise them again afterwards, and end with -15."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers: dict[int, Callable[[int, Any], None]] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            handlers[number] = self.handle_exit
        if hasattr(signal, "SIGHUP"):  # Windows has none.
            handlers[signal.SIGHUP] = self._reload
        before = {caught: signal.signal(caught, handler) for caught, handler in handlers.items()}
        try:
            yield
        finally:
            for caught, handler in before.items():
                signal.signal(caught, handler)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """The first time: say `not ready`, take nothing new after the delay, work off the rest. Then: end."""
        if self._hosted.draining:
            self.force_exit = self.should_exit = True
            return
        self._hosted.draining = True
        self._tell("stopping: what waits is worked off; a second signal ends at once")
        delay = self._hosted.settings.drain_delay
        if self._loop is None or not delay:
            self.should_exit = True
            return
        # A loop that is closed has nothing left to end.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.call_later, delay, setattr, self, "should_exit", True)

    def finish(self) -> None:
        """Work off what waits, now that nothing new comes."""
        self._hosted.close(0 if self.failure else self._hosted.settings.drain)

    def _load_first(self) -> None:
        try:
            self._hosted.load()
        except Exception as error:
            # Whoever stops a server that loads wants no more of it.
            self.failure = None if self._hosted.draining else error
            self.should_exit = True
            return
        finally:
            self.loaded.set()
        for model in self._hosted.models:
            self._tell(f"serving {model.name} (version {model.version}) on {self.address}")

    def _reload(self, sig: int, frame: Any) -> None:
        threading.Thread(target=self._load_anew, name="plaudit-reloading", daemon=True).start()

    def _load_anew(self) -> None:
        try:
            self._hosted.load()
        except PlauditError as error:
            self._tell(f"nothing was reloaded: {error}")
        except Exception:
            logger.exception("nothing was reloaded")
        else:
            versions = ", ".join(f"{model.name} (version {model.version})" for model in self._hosted.models)
            self._tell(f"reloaded {versions}")


def raise_file_limit() -> None:
    """Let this process open as many files, and so connections, as the system lets it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # macOS has a limit below the hard one.
            logger.warning("this process may open %d files, and so connections", soft)


def log_requests(stream: TextIO | None = None) -> None:
    """Write the line of each request to a stream, stderr by default.

    Example:
        >>> log_requests()
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    requests = logging.getLogger("plaudit.web.request_log")
    requests.setLevel(logging.INFO)
    requests.propagate = False
    requests.addHandler(handler)
