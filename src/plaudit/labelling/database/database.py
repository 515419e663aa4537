"""A project's database: one gate for those who write, and readers beside it.

On SQLite all writing goes through one connection behind one lock. With a connection for each thread the busy handler of
SQLite is unfair: of 50 people the slowest hundredth waited more than six seconds, behind a lock a quarter of one. And
before 3.51.3 two connections that write or checkpoint at the same instant can corrupt the file. So there is one server
for a file, which a lock file ensures. PostgreSQL orders writers itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool, StaticPool

from plaudit.errors import InvalidInputError, NotFoundError, OverloadedError

FILE = "labels.db"
"""In a project's folder."""


class Database:
    """Where a project's rows are.

    Args:
        place: the project's folder, or a URL of PostgreSQL.

    Attributes:
        url: of SQLAlchemy.
        path: of the file; None: it is PostgreSQL.

    Example:
        >>> Database("my-project").path
        PosixPath('my-project/labels.db')
        >>> Database("postgresql://label@db/label").url.drivername
        'postgresql+pg8000'
    """

    def __init__(self, place: str | Path) -> None:
        self.path: Path | None = None
        if is_url(place):
            # pg8000 is pure Python, and under a licence that lets everybody ship it.
            self.url = make_url(str(place)).set(drivername="postgresql+pg8000")
            self._writers = self._readers = _postgres_engine(self.url)
        else:
            self.path = Path(place) / FILE
            self.url = make_url(f"sqlite:///{self.path}")
            self._writers = _sqlite_engine(self.path, reads=False)
            self._readers = _sqlite_engine(self.path, reads=True)
        self._gate = threading.Lock()
        self._server_lock: FileLock | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: it is whole, or nothing of it.

        Raises:
            OverloadedError: if the disk is full, or the database cannot be reached now.
        """
        with self._gate if self.path else nullcontext(), _plain_errors(), self._writers.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of all tables, and changes nothing."""
        with _plain_errors(), self._readers.begin() as connection:
            yield connection

    def claim(self) -> None:
        """Become the one server of a file; the claim ends with the process.

        Raises:
            InvalidInputError: if another has it.
        """
        if self.path is None:
            return
        lock = FileLock(self.path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InvalidInputError(
                f"{self.path.parent} is being served already", remedy="stop that server first, or use its page"
            ) from None
        self._server_lock = lock

    def close(self) -> None:
        """Give everything back."""
        self._writers.dispose()
        self._readers.dispose()
        if self._server_lock is not None:
            self._server_lock.release()
            self._server_lock = None

    def must_exist(self) -> None:
        """Raise where there is no such file.

        Raises:
            NotFoundError: with how to make one.
        """
        if self.path is not None and not self.path.exists():
            raise NotFoundError(
                f"there is no project in {self.path.parent}", remedy="make one with plaudit label new PROJECT FILES..."
            )


def is_url(place: str | Path) -> bool:
    """Whether a place is a database's URL, and no folder.

    Example:
        >>> is_url("postgresql://db/label"), is_url("labels")
        (True, False)
    """
    return str(place).startswith(("postgresql://", "postgresql+", "postgres://"))


def _postgres_engine(url: Any) -> Engine:
    return create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True)


def _sqlite_engine(path: Path, *, reads: bool) -> Engine:
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 8} if reads else {"poolclass": StaticPool}
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 10}, **pool)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        # Transactions are begun by the listener below, not by the driver.
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if reads:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


# What SQLite says of a state of affairs, where anything else it says is a fault of ours.
_PASSING = {
    "database is locked": "try again later",
    "database or disk is full": "free some disk",
    "disk I/O error": "look at the disk",
    "attempt to write a readonly database": "make the file and its folder writable",
    "unable to open database file": "make the folder writable",
}


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the database cannot do now, in a sentence."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        reason = str(error.orig)
        remedy = next((remedy for words, remedy in _PASSING.items() if words in reason), None)
        if error.connection_invalidated or "Can't create a connection" in reason:
            remedy = "see that PostgreSQL runs, and that the URL is right"
        if remedy is None:
            raise
        raise OverloadedError(f"the database cannot do that now: {reason}", remedy=remedy) from error
