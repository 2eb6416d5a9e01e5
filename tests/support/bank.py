"""Accounts and edits on a real database file in this process, with a clock the test sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cavendish.accounts.repository import AccountRepository, IssuedKey
from cavendish.database.engine import Database
from cavendish.domain.plan import EditPlan, Step
from cavendish.domain.request import EditRequest, Principal
from cavendish.engines.router import Route
from cavendish.engines.scripted import ScriptedEngine
from cavendish.jobs.repository import JobRepository
from cavendish.jobs.states import Edit, EditResult, Idempotency, fingerprint_of
from cavendish.storage.names import new_name
from cavendish.storage.store import StoredFile

MODEL = "google/gemini-2.5-flash-image-edit"
PRICE = 84_000
LEASE_S = 30.0
DAY_S = 86_400.0

_PLAN = EditPlan(steps=(Step("sepia", "hue", span="sepia"),))


@dataclass
class Clock:
    """A wall clock that moves only when told to."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


@dataclass
class Bank:
    """Everything that moves money, on one file."""

    path: Path
    database: Database
    accounts: AccountRepository
    jobs: JobRepository
    clock: Clock = field(default_factory=Clock)

    async def account(self, name: str, balance: int | None) -> None:
        """Make an account (and a key, which is not needed here); None is unlimited."""
        await self.accounts.create_key(name="test", account=name, credits_added=balance)

    async def open(
        self, edit_id: str, account: str, *, images: int = 1, key: str | None = None, prompt: str = "Sepia."
    ) -> Edit:
        """Open an edit at 84,000 credits a picture."""
        request = edit_request(num_images=images, prompt=prompt)
        principal = Principal(account, account[:8])
        idempotency = Idempotency(key, fingerprint_of(request))
        route = Route(ScriptedEngine())
        return await self.jobs.open(edit_id, principal, request, _PLAN, route, images * PRICE, idempotency=idempotency)

    async def deliver(self, edit: Edit, pictures: int = 1) -> None:
        """Settle a running edit with so many pictures."""
        await self.jobs.succeed(edit, edit_result(pictures), keep_s=DAY_S)

    async def money(self, account: str) -> tuple[int, int, int]:
        """(sum of entries, balance, open reservations)."""
        total, balance = await self.accounts.sums(account)
        return total, balance, await self.jobs.open_reservations(account)


def edit_request(*, num_images: int = 1, prompt: str = "Sepia.", **fields) -> EditRequest:
    """A request for some pictures of one picture."""
    return EditRequest(MODEL, prompt, ("https://example.com/a.png",), num_images=num_images, **fields)


def edit_result(pictures: int) -> EditResult:
    """A result with so many files, which exist only as rows."""
    names = [new_name("png", now_s=1_800_000_000) for _ in range(pictures)]
    files = tuple(StoredFile(name, "image/png", 10, 1, 1) for name in names)
    return EditResult(files, "Done.", {"engine": "scripted"}, pictures * PRICE, 1_800_000_000.0)


@asynccontextmanager
async def open_bank(path: Path) -> AsyncIterator[Bank]:
    """Open, and create where absent, the file at `path`."""
    clock = Clock()
    database = Database(path)
    await database.open()
    try:
        jobs = JobRepository(database, lease_s=LEASE_S, idempotency_s=DAY_S, now=clock)
        yield Bank(path, database, AccountRepository(database), jobs, clock)
    finally:
        await database.close()


def issue_key(data_dir: Path, amount: int | None) -> IssuedKey:
    """A key on a new account, made beside a running server; as `cavendish keys create`, without its start-up time."""

    async def work() -> IssuedKey:
        async with open_bank(data_dir / "cavendish.sqlite3") as bank:
            return await bank.accounts.create_key(name="test", account=None, credits_added=amount)

    return asyncio.run(work())
