"""Result and upload files in one folder: written whole or not at all."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cavendish.storage.names import is_name


@dataclass(frozen=True)
class StorageSettings:
    """How long files live.

    Args:
        keep_s: Lifetime of results and uploads, in seconds; 7 days by default.
        sweep_every_s: Time between two sweeps for expired and orphaned files.
        orphan_after_s: Age at which a file no row knows is taken to be left over from a crash.
    """

    keep_s: float = 7 * 86_400
    sweep_every_s: float = 60
    orphan_after_s: float = 3_600


@dataclass(frozen=True)
class StoredFile:
    """One file as the rest of the server knows it."""

    name: str
    content_type: str
    size_bytes: int
    width: int
    height: int


class DirectoryStore:
    """Files in a folder.

    Args:
        folder: Created where absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where a file is; only for names that `is_name` accepts."""
        assert is_name(name), "checked where the name came in"
        return self._folder / name

    async def save(self, name: str, data: bytes) -> None:
        """Write a file durably: it appears under its name complete or not at all."""
        await asyncio.to_thread(self._save, name, data)

    def _save(self, name: str, data: bytes) -> None:
        partial = self.path(name).with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path(name))
        finally:
            partial.unlink(missing_ok=True)  # left only where the disk is full
        if os.name == "posix":  # elsewhere a folder cannot be opened, and a rename is durable by itself
            folder = os.open(self._folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    async def read(self, name: str) -> bytes | None:
        """A file's bytes, or None where it is gone."""
        try:
            return await asyncio.to_thread(self.path(name).read_bytes)
        except FileNotFoundError:
            return None

    async def discard(self, names: Iterable[str]) -> None:
        """Delete files; those already gone are fine."""
        await asyncio.to_thread(self._discard, tuple(names))

    def _discard(self, names: tuple[str, ...]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    async def older_than(self, age_s: float) -> list[str]:
        """Names of all files, half-written ones included, last changed longer ago than `age_s`."""
        return await asyncio.to_thread(self._older_than, time.time() - age_s)

    def _older_than(self, before: float) -> list[str]:
        old: list[str] = []
        with os.scandir(self._folder) as listing:
            for entry in listing:
                with suppress(FileNotFoundError):  # renamed or deleted since it was listed
                    old += [entry.name] if entry.stat().st_mtime < before else []
        return old
