"""Edits as SQL. Every change of state that moves money is one transaction with the money."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from cavendish.accounts.ledger import EntryKind
from cavendish.accounts.repository import add_entry, give_back, reserve
from cavendish.database.tables import edits
from cavendish.errors import CavendishError, DeadlineExceeded, IdempotencyMismatch, InternalFault
from cavendish.jobs.states import Edit, EditResult, Idempotency, State, log_of
from cavendish.storage.repository import insert_files

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from cavendish.database.engine import Database
    from cavendish.domain.plan import EditPlan
    from cavendish.domain.request import EditRequest, Principal
    from cavendish.engines.router import Route

_OPEN = (State.QUEUED.value, State.RUNNING.value)


class LeaseLost(InternalFault):
    """Another process took the edit for dead and gave its credits back; this result must not be delivered."""


@dataclass(frozen=True)
class Outcome:
    """How an edit ended: a result, or the error its callers get."""

    result: EditResult | None
    error: CavendishError | None


class JobRepository:
    """The edits table.

    Args:
        database: An open database.
        lease_s: Seconds a claim on an edit holds without a heartbeat.
        idempotency_s: Seconds an idempotency key is remembered.
        now: Wall clock, seconds since 1970.
    """

    def __init__(self, database: Database, *, lease_s: float, idempotency_s: float, now: Callable[[], float]) -> None:
        self._database = database
        self._lease_s = lease_s
        self._idempotency_s = idempotency_s
        self._now = now

    async def open(
        self,
        edit_id: str,
        principal: Principal,
        request: EditRequest,
        plan: EditPlan,
        route: Route,
        price_credits: int,
        *,
        idempotency: Idempotency,
    ) -> Edit:
        """Write the row and reserve the price, or find the edit an earlier call opened with the same key.

        Raises:
            InsufficientCredits: The balance does not cover the price; nothing was written.
            IdempotencyMismatch: The key was used with another body.
        """
        seed = secrets.randbelow(2**32) if request.seed is None else request.seed
        edit = Edit(edit_id, principal, request, plan, route, price_credits, seed)

        async def work(connection: AsyncConnection) -> Edit:
            earlier = await self._earlier(connection, principal, idempotency)
            if earlier is not None:
                return Edit(earlier.id, principal, request, plan, route, price_credits, earlier.seed, replayed=True)
            await reserve(connection, principal.account_id, price_credits)
            await connection.execute(insert(edits).values(**self._row(edit, idempotency)))
            return edit

        return await self._database.write(work)

    async def knows(self, principal: Principal, idempotency: Idempotency) -> bool:
        """Whether an earlier call with the same idempotency key opened an edit that has not failed."""

        async def work(connection: AsyncConnection) -> bool:
            same = (edits.c.account_id == principal.account_id) & (edits.c.idempotency_key == idempotency.key)
            return (await connection.execute(select(edits.c.id).where(same))).first() is not None

        return idempotency.key is not None and await self._database.read(work)

    def _row(self, edit: Edit, idempotency: Idempotency) -> dict[str, Any]:
        now_s = self._now()
        return {
            "id": edit.id,
            "account_id": edit.principal.account_id,
            "key_prefix": edit.principal.key_prefix,
            "model": edit.request.model,
            "engine": edit.route.engine.name,
            "state": State.QUEUED.value,
            "request": log_of(edit.request),
            "plan": json.dumps(edit.plan.to_json()),
            "seed": edit.seed,
            "reserved_credits": edit.price_credits,
            "charged_credits": 0,
            "lease_until": now_s + self._lease_s,
            "idempotency_key": idempotency.key,
            "fingerprint": idempotency.fingerprint,
            "created_at": now_s,
        }

    async def _earlier(
        self, connection: AsyncConnection, principal: Principal, idempotency: Idempotency
    ) -> Row[Any] | None:
        if idempotency.key is None:
            return None
        same = (edits.c.account_id == principal.account_id) & (edits.c.idempotency_key == idempotency.key)
        outdated = same & (edits.c.created_at <= self._now() - self._idempotency_s) & edits.c.state.not_in(_OPEN)
        await connection.execute(update(edits).where(outdated).values(idempotency_key=None))
        row = (await connection.execute(select(edits).where(same))).first()
        if row is not None and row.fingerprint != idempotency.fingerprint:
            raise IdempotencyMismatch("This Idempotency-Key was used before with another request body.")
        return row

    async def start(self, edit: Edit) -> None:
        """Mark a queued edit as running.

        Raises:
            LeaseLost: It was released meanwhile.
        """

        async def work(connection: AsyncConnection) -> int:
            mine = (edits.c.id == edit.id) & (edits.c.state == State.QUEUED.value)
            lease = self._now() + self._lease_s
            started = await connection.execute(
                update(edits).where(mine).values(state=State.RUNNING.value, lease_until=lease)
            )
            return started.rowcount

        if not await self._database.write(work):
            raise LeaseLost("Internal server error")

    async def succeed(self, edit: Edit, result: EditResult, *, keep_s: float) -> None:
        """State, result, files and charge: all in one transaction.

        Raises:
            LeaseLost: The edit was released meanwhile; nothing was written.
        """

        async def work(connection: AsyncConnection) -> None:
            now_s = self._now()
            closed = await connection.execute(
                update(edits)
                .where(edits.c.id == edit.id, edits.c.state == State.RUNNING.value)
                .values(
                    state=State.SUCCEEDED.value,
                    result=result.to_text(),
                    reserved_credits=0,
                    charged_credits=result.credits_charged,
                    lease_until=None,
                    finished_at=now_s,
                )
            )
            if closed.rowcount != 1:
                raise LeaseLost("Internal server error")
            account = edit.principal.account_id
            await give_back(connection, account, edit.price_credits - result.credits_charged)
            await add_entry(
                connection, account, EntryKind.CHARGE, -result.credits_charged, now_s=now_s, edit_id=edit.id
            )
            await insert_files(
                connection, result.files, account_id=account, edit_id=edit.id, now_s=now_s, keep_s=keep_s
            )

        await self._database.write(work)

    async def release(self, edit_id: str, *, state: State, error: CavendishError) -> bool:
        """End an edit without a result and give its credits back; False where it had ended already.

        Its idempotency key is free again.
        """

        async def work(connection: AsyncConnection) -> bool:
            return await self._release(connection, edit_id, state, error)

        return await self._database.write(work)

    async def _release(self, connection: AsyncConnection, edit_id: str, state: State, error: CavendishError) -> bool:
        still_open = (edits.c.id == edit_id) & edits.c.state.in_(_OPEN)
        row = (await connection.execute(select(edits).where(still_open))).first()
        if row is None:
            return False
        problem = {
            "code": error.code,
            "message": error.public_message,
            "param": error.param,
            "retry_after_s": error.retry_after_s,
        }
        await connection.execute(
            update(edits)
            .where(edits.c.id == edit_id)
            .values(
                state=state.value,
                error=json.dumps(problem),
                reserved_credits=0,
                lease_until=None,
                idempotency_key=None,
                finished_at=self._now(),
            )
        )
        await give_back(connection, row.account_id, row.reserved_credits)
        return True

    async def renew(self, edit_ids: Collection[str]) -> None:
        """Heartbeat: extend the leases of edits this process works on."""

        async def work(connection: AsyncConnection) -> None:
            mine = edits.c.id.in_(list(edit_ids)) & edits.c.state.in_(_OPEN)
            await connection.execute(update(edits).where(mine).values(lease_until=self._now() + self._lease_s))

        if edit_ids:
            await self._database.write(work)

    async def release_expired(self) -> int:
        """Give back the credits of edits whose process died; returns how many there were."""

        async def work(connection: AsyncConnection) -> int:
            dead = select(edits.c.id).where(edits.c.state.in_(_OPEN), edits.c.lease_until < self._now())
            ids = [row.id for row in await connection.execute(dead)]
            reason = DeadlineExceeded("The server stopped before the edit was done; nothing was charged.")
            for edit_id in ids:
                await self._release(connection, edit_id, State.FAILED, reason)
            return len(ids)

        return await self._database.write(work)

    async def outcome(self, edit_id: str) -> Outcome | None:
        """How an edit ended, or None while it is open."""

        async def work(connection: AsyncConnection) -> Row[Any]:
            return (await connection.execute(select(edits).where(edits.c.id == edit_id))).one()

        row = await self._database.read(work)
        if not State(row.state).final:
            return None
        if row.result:
            return Outcome(EditResult.from_text(row.result), None)
        return Outcome(None, _error_from(json.loads(row.error)))

    async def open_reservations(self, account_id: str) -> int:
        """Credits reserved by the account's open edits, for checking the books."""

        async def work(connection: AsyncConnection) -> int:
            total = select(func.coalesce(func.sum(edits.c.reserved_credits), 0)).where(edits.c.account_id == account_id)
            return int((await connection.execute(total)).scalar_one())

        return await self._database.read(work)


def _error_from(problem: dict[str, Any]) -> CavendishError:
    """The error a row remembers, as the kind it was raised as."""
    kinds = {kind.code: kind for kind in _all_kinds(CavendishError)}
    kind = kinds.get(problem["code"], InternalFault)
    return kind(problem["message"], param=problem["param"], retry_after_s=problem["retry_after_s"])


def _all_kinds(kind: type[CavendishError]) -> list[type[CavendishError]]:
    return [deeper for sub in kind.__subclasses__() for deeper in _all_kinds(sub)] + [kind]
