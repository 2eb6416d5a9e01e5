"""Accounts, keys and entries as SQL. Money moves only inside the caller's transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, or_, select, update

from cavendish.accounts.keys import digest_of, is_key, matches, new_key, prefix_of
from cavendish.accounts.ledger import EntryKind
from cavendish.database.tables import accounts, api_keys, entries
from cavendish.domain.request import Principal
from cavendish.errors import InsufficientCredits, InvalidRequest, NotFound, Unauthorized

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from cavendish.database.engine import Database


MAX_CREDITS = 10**15
"""Most credits of one call: far beyond any bill, far below where a 64-bit sum would overflow."""


async def reserve(connection: AsyncConnection, account_id: str, credits_reserved: int) -> None:
    """Take credits out of the balance; the comparison and the change are one statement, so nothing is sold twice.

    Raises:
        InsufficientCredits: The balance does not cover it.
    """
    enough = or_(accounts.c.unlimited, accounts.c.balance_credits >= credits_reserved)
    changed = await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, enough)
        .values(balance_credits=accounts.c.balance_credits - credits_reserved)
    )
    if changed.rowcount != 1:
        raise InsufficientCredits(
            "You've run out of credits. Please top up your balance with `cavendish keys topup` to continue."
        )


async def give_back(connection: AsyncConnection, account_id: str, credits_released: int) -> None:
    """Return reserved credits to the balance, without an entry: failed calls never appear in the ledger."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(balance_credits=accounts.c.balance_credits + credits_released)
    )


async def add_entry(
    connection: AsyncConnection,
    account_id: str,
    kind: EntryKind,
    amount: int,
    *,
    now_s: float,
    edit_id: str | None = None,
) -> None:
    """Append to the ledger; `amount` is negative for a charge."""
    await connection.execute(
        insert(entries).values(
            account_id=account_id, kind=kind.value, credits=amount, edit_id=edit_id, created_at=now_s
        )
    )


@dataclass(frozen=True)
class IssuedKey:
    """A new key; the only time its secret is known."""

    key: str
    prefix: str
    account: str
    credits: int | None
    """The account's balance, or None where it is unlimited."""

    def to_json(self) -> dict[str, Any]:
        """As printed by the command line."""
        balance = "unlimited" if self.credits is None else self.credits
        return {"key": self.key, "prefix": self.prefix, "account": self.account, "credits": balance}


class AccountRepository:
    """Accounts and their keys.

    Args:
        database: An open database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_key(
        self, *, name: str, account: str | None, credits_added: int | None, key: str | None = None
    ) -> IssuedKey:
        """Make a key, and its account where that is new.

        Args:
            name: For people.
            account: An account id; None makes a new account named after the key's prefix.
            credits_added: Credits to start with or, for an existing account, to add; None makes the account unlimited.
            key: A key of the operator's choice, in the form of `new_key`; None mints one.

        Raises:
            InvalidRequest: Credits out of range, `key` is not of that form, or its prefix is taken.
        """
        secret = new_key() if key is None else key
        if not is_key(secret):
            raise InvalidRequest("A key must be 32 hexadecimal characters in lower case.", param="key")
        if credits_added is not None and not 0 <= credits_added <= MAX_CREDITS:
            raise InvalidRequest(f"Credits must be 0 to {MAX_CREDITS:,}.", param="credits")
        prefix, now_s = prefix_of(secret), time.time()
        owner = account or f"account-{prefix}"

        async def work(connection: AsyncConnection) -> IssuedKey:
            if (await connection.execute(select(api_keys.c.prefix).where(api_keys.c.prefix == prefix))).first():
                raise InvalidRequest("A key with the same first 8 characters exists already.", param="key")
            await _credit(connection, owner, credits_added, now_s=now_s)
            await connection.execute(
                insert(api_keys).values(
                    prefix=prefix,
                    digest=digest_of(secret),
                    account_id=owner,
                    name=name,
                    kind="regular",
                    disabled=False,
                    created_at=now_s,
                )
            )
            return IssuedKey(secret, prefix, owner, await _balance(connection, owner))

        return await self._database.write(work)

    async def open_unlimited(self, account: str) -> None:
        """Make sure an unlimited account exists, for a server that asks for no keys."""

        async def work(connection: AsyncConnection) -> None:
            await _credit(connection, account, None, now_s=time.time())

        await self._database.write(work)

    async def find(self, key: str) -> Principal:
        """The owner of a key.

        Raises:
            Unauthorized: No such key, or it is disabled; which of the two is not said.
        """

        async def work(connection: AsyncConnection) -> Any:
            wanted = select(api_keys).where(api_keys.c.prefix == prefix_of(key))
            return (await connection.execute(wanted)).first()

        row = await self._database.read(work) if is_key(key) else None
        if row is None or not matches(key, row.digest) or row.disabled:
            raise Unauthorized(
                "This request requires a valid API key. You can create a new API key with `cavendish keys create`."
            )
        return Principal(account_id=row.account_id, key_prefix=row.prefix)

    async def has_keys(self) -> bool:
        """Whether any key exists."""

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(select(api_keys.c.prefix).limit(1))).first() is not None

        return await self._database.read(work)

    async def list_keys(self) -> list[dict[str, Any]]:
        """Every key with its account and balance, oldest first; never a secret."""

        async def work(connection: AsyncConnection) -> list[dict[str, Any]]:
            joined = (
                select(api_keys, accounts.c.balance_credits, accounts.c.unlimited)
                .join(accounts, accounts.c.id == api_keys.c.account_id)
                .order_by(api_keys.c.created_at)
            )
            return [
                {
                    "prefix": row.prefix,
                    "name": row.name,
                    "account": row.account_id,
                    "credits": "unlimited" if row.unlimited else row.balance_credits,
                    "disabled": row.disabled,
                    "created_at": row.created_at,
                }
                for row in await connection.execute(joined)
            ]

        return await self._database.read(work)

    async def disable(self, prefix: str) -> None:
        """Stop a key from working.

        Raises:
            NotFound: No key has that prefix.
        """

        async def work(connection: AsyncConnection) -> int:
            changed = await connection.execute(
                update(api_keys).where(api_keys.c.prefix == prefix).values(disabled=True)
            )
            return changed.rowcount

        if not await self._database.write(work):
            raise NotFound(f"No key has the prefix {prefix!r}.")

    async def topup(self, account: str, credits_added: int) -> int | None:
        """Add credits to an account and return its balance (None where it is unlimited).

        Raises:
            NotFound: No such account.
            InvalidRequest: Credits out of range.
        """
        if not 1 <= credits_added <= MAX_CREDITS:
            raise InvalidRequest(f"Credits must be 1 to {MAX_CREDITS:,}.", param="credits")

        async def work(connection: AsyncConnection) -> int | None:
            if (await connection.execute(select(accounts.c.id).where(accounts.c.id == account))).first() is None:
                raise NotFound(f"No account is called {account!r}.")
            await _credit(connection, account, credits_added, now_s=time.time())
            return await _balance(connection, account)

        return await self._database.write(work)

    async def sums(self, account: str) -> tuple[int, int]:
        """(sum of the account's entries, its balance), for checking the books."""

        async def work(connection: AsyncConnection) -> tuple[int, int]:
            total = await connection.execute(
                select(func.coalesce(func.sum(entries.c.credits), 0)).where(entries.c.account_id == account)
            )
            balance = await connection.execute(select(accounts.c.balance_credits).where(accounts.c.id == account))
            return int(total.scalar_one()), int(balance.scalar_one())

        return await self._database.read(work)


async def _credit(connection: AsyncConnection, account: str, amount: int | None, *, now_s: float) -> None:
    """Create the account or add to it; None makes it unlimited."""
    existing = (await connection.execute(select(accounts.c.id).where(accounts.c.id == account))).first()
    if existing is None:
        await connection.execute(
            insert(accounts).values(id=account, balance_credits=amount or 0, unlimited=amount is None, created_at=now_s)
        )
        await add_entry(connection, account, EntryKind.INIT, amount or 0, now_s=now_s)
    elif amount is None:
        await connection.execute(update(accounts).where(accounts.c.id == account).values(unlimited=True))
    elif amount:
        await give_back(connection, account, amount)
        await add_entry(connection, account, EntryKind.TOPUP, amount, now_s=now_s)


async def _balance(connection: AsyncConnection, account: str) -> int | None:
    row = (await connection.execute(select(accounts).where(accounts.c.id == account))).one()
    return None if row.unlimited else int(row.balance_credits)
