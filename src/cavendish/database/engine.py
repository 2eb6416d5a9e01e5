"""The database handle: any number of readers, one writer, transactions that a cancelled caller cannot tear."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cavendish.database.migrations import HEAD
from cavendish.errors import InvalidRequest

T = TypeVar("T")

_BUSY_MS = 10_000
"""How long a write waits for another process, such as `cavendish keys`, to finish its own."""


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the ledger lives.

    Args:
        file: SQLite file name inside the data folder.
        readers: Most reading connections at once.
    """

    file: str = "cavendish.sqlite3"
    readers: int = 4


class Database:
    """One SQLite file in WAL mode with full durability.

    Args:
        path: The file; created, and migrated, by `open`.
        readers: Most reading connections at once.
    """

    def __init__(self, path: Path, *, readers: int = 4) -> None:
        self._path = path
        url = URL.create("sqlite+aiosqlite", database=str(path))  # built, not parsed: a folder's name may hold a "?"
        self._writer = _engine(url, connections=1, writes=True)
        self._reader = _engine(url, connections=readers, writes=False)
        self._running: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Create or migrate the file where it is not at the newest revision."""
        await asyncio.to_thread(migrate, self._path)

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in a read-only transaction."""
        return await self._whole(self._reader, work)

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in a write transaction, one at a time; commit, or roll back if it raises."""
        return await self._whole(self._writer, work)

    async def _whole(self, engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run a transaction in a task of its own: a caller that is cancelled meanwhile neither tears nor holds it.

        A driver interrupted in the middle of a call would also leave its thread behind, and the process with it.
        """
        task = asyncio.ensure_future(_transact(engine, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Finish running transactions and close every connection."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._writer.dispose()
        await self._reader.dispose()


async def _transact(engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async with engine.begin() as connection:
        return await work(connection)


def _engine(url: URL, *, connections: int, writes: bool) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=connections, max_overflow=0, pool_timeout=600)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin ourselves; the driver would begin too late
        cursor = connection.cursor()
        access = "query_only=OFF" if writes else "query_only=ON"
        for pragma in (f"busy_timeout={_BUSY_MS}", "foreign_keys=ON", "synchronous=FULL", access):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock first, so that two processes wait for each other instead of failing midway.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a file to WAL; SQLite does not keep its busy timeout for this, so two processes that meet wait here."""
    give_up_s = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_s:
                raise
            time.sleep(0.01)
        else:
            return


def migrate(path: Path) -> None:
    """Bring the file at `path` to the newest revision; does nothing, and imports nothing, where it is there already.

    Raises:
        InvalidRequest: The file is of a newer version than this program.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=_BUSY_MS / 1000)) as connection:
        _use_wal(connection)
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0] if known else ""
        if version == HEAD:
            return
        if version > HEAD:
            raise InvalidRequest(f"{path} was written by a newer version of Cavendish (revision {version}).")
    from cavendish.database.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic costs a fifth of a second

    upgrade(path)
