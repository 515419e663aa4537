"""A project's database: one gate for those who write, and readers beside it.

On SQLite all writing goes through one connection behind one lock. With a connection for each thread the busy handler of
SQLite is unfair: of 50 people the slowest hundredth waited more than six seconds, behind a lock a quarter of one. And
before 3.51.3 two connections that write or checkpoint at the same instant can corrupt the file. So there is one server
for a file, which a lock file ensures. PostgreSQL orders writers itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool, StaticPool

from plaudit.errors import DataError, InvalidInputError, NotFoundError, OverloadedError

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
            self._writers: Engine = _postgres_engine(self.url)
            # Every statement of a reader sees the state that its first one saw.
            self._readers: Engine = self._writers.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        elif "://" in str(place):
            scheme = str(place).partition("://")[0]
            raise InvalidInputError(f"a project cannot be in {scheme}", remedy="give a folder, or a URL of PostgreSQL")
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
            DataError: if the file is damaged or no database, or the URL is wrong.
        """
        with self._gate if self.path else nullcontext(), _plain_errors(), self._writers.begin() as connection:
            yield connection

    @contextmanager
    def upgrading(self) -> Iterator[Connection]:
        """A transaction that may change tables.

        SQLite does so by copying, and would count the rows of the old table as taken from under those that point to
        them; so they are checked at the end instead.
        """
        if self.path is None:
            with self.writing() as connection:
                yield connection
            return
        with self._gate, _plain_errors(), self._writers.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                        raise RuntimeError(f"the upgrade leaves rows that point nowhere: {broken[:3]}")
            finally:
                driver.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of all tables, and changes nothing."""
        with _plain_errors(), self._readers.begin() as connection:
            yield connection

    @property
    def name(self) -> str:
        """The place, for people; without a password."""
        return str(self.path.parent) if self.path else self.url.render_as_string()

    def claim(self) -> None:
        """Become the one who writes to a file, or stay it; the claim ends with the process.

        Raises:
            InvalidInputError: if another has it.
        """
        if self.path is None or self._server_lock is not None:
            return
        lock = FileLock(self.path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InvalidInputError(
                f"{self.path.parent} is being served already", remedy="stop that server first, or use its page"
            ) from None
        self._server_lock = lock

    def tidy(self) -> None:
        """Leave nothing in the log of a file that its rows do not hold any more."""
        if self.path is not None:
            with self._gate, _plain_errors(), self._writers.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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
            DataError: if one may not look.
        """
        try:
            there = self.path is None or self.path.exists()
        except OSError as error:
            raise DataError(f"{self.name} cannot be looked into: {error.strerror}") from error
        if not there:
            raise NotFoundError(
                f"there is no project in {self.name}", remedy="make one with plaudit label new PROJECT FILES..."
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
        # What is taken out of a row is overwritten: people may ask to be forgotten.
        for pragma in _PRAGMAS:
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
    "disk I/O error": "free some disk, or look whether it is sound",
    "attempt to write a readonly database": "make the file and its folder writable",
    "unable to open database file": "make the folder writable",
}
_DAMAGED = {
    "file is not a database": "choose another folder, or move the file away",
    "database disk image is malformed": "go back to a copy of the file",
}

# The same of PostgreSQL, by the beginnings of its codes.
_POSTGRES_PASSING = {
    "25006": "the server takes no changes; look at it",
    "53100": "free some disk on the server",
    "53": "the server is short of something; try again later",
    "57P": "see that PostgreSQL runs",
    "40": "try again",
}
_POSTGRES_URL = {"28": "look at the user and the password in the URL", "3D": "look at the database in the URL"}


_PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON", "secure_delete=ON")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the database cannot do now, in a sentence."""
    try:
        yield
    except PoolTimeoutError as error:
        what = "the database cannot do that now: all its connections have been busy for long"
        raise OverloadedError(what, remedy="try again later") from error
    except DBAPIError as error:
        reason, code = _reason(error)
        if remedy := _first(_DAMAGED, reason) or _by_code(_POSTGRES_URL, code):
            raise DataError(f"the database cannot be read: {reason}", remedy=remedy) from error
        remedy = _first(_PASSING, reason) or _by_code(_POSTGRES_PASSING, code)
        if error.connection_invalidated or (code == "" and isinstance(error, InterfaceError)):
            remedy = "see that PostgreSQL runs, and that the URL is right"
        if remedy is None:
            raise
        raise OverloadedError(f"the database cannot do that now: {reason}", remedy=remedy) from error


def _reason(error: DBAPIError) -> tuple[str, str]:
    """What the database says, and PostgreSQL's code for it."""
    parts = getattr(error.orig, "args", ())
    if parts and isinstance(parts[0], dict):
        return str(parts[0].get("M", error.orig)), str(parts[0].get("C", ""))
    return str(error.orig), ""


def _first(remedies: Mapping[str, str], reason: str) -> str | None:
    return next((remedy for words, remedy in remedies.items() if words in reason), None)


def _by_code(remedies: Mapping[str, str], code: str) -> str | None:
    return next((remedy for beginning, remedy in remedies.items() if code.startswith(beginning)), None)
