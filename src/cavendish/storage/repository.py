"""Rows of the files table: who owns a file and until when it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from cavendish.database.tables import files
from cavendish.storage.store import StoredFile

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from cavendish.database.engine import Database


async def insert_files(
    connection: AsyncConnection,
    stored: Iterable[StoredFile],
    *,
    account_id: str,
    edit_id: str | None,
    now_s: float,
    keep_s: float,
) -> None:
    """Add rows inside the caller's transaction."""
    rows = [
        {
            "name": file.name,
            "account_id": account_id,
            "edit_id": edit_id,
            "content_type": file.content_type,
            "size_bytes": file.size_bytes,
            "width": file.width,
            "height": file.height,
            "created_at": now_s,
            "expires_at": now_s + keep_s,
        }
        for file in stored
    ]
    await connection.execute(insert(files), rows)


class FileRepository:
    """Reads and deletes file rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_upload(self, file: StoredFile, *, account_id: str, now_s: float, keep_s: float) -> None:
        """Record an uploaded file."""

        async def work(connection: AsyncConnection) -> None:
            await insert_files(connection, [file], account_id=account_id, edit_id=None, now_s=now_s, keep_s=keep_s)

        await self._database.write(work)

    async def is_kept(self, name: str, *, now_s: float) -> bool:
        """Whether a file exists and its lifetime has not ended."""

        async def work(connection: AsyncConnection) -> bool:
            found = await connection.execute(
                select(files.c.name).where(files.c.name == name, files.c.expires_at > now_s)
            )
            return found.first() is not None

        return await self._database.read(work)

    async def take_expired(self, *, now_s: float) -> list[str]:
        """Delete the rows of expired files and return their names."""

        async def work(connection: AsyncConnection) -> list[str]:
            gone = await connection.execute(delete(files).where(files.c.expires_at <= now_s).returning(files.c.name))
            return [str(name) for (name,) in gone]

        return await self._database.write(work)

    async def unknown(self, names: Collection[str]) -> list[str]:
        """Those of `names` that no row knows."""

        async def work(connection: AsyncConnection) -> set[str]:
            known = await connection.execute(select(files.c.name))
            return {str(name) for (name,) in known}

        known = await self._database.read(work) if names else set()
        return [name for name in names if name not in known]
