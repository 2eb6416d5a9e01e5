"""One writer, many readers, and transactions a cancelled caller cannot tear."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from cavendish.database.engine import Database
from cavendish.database.tables import accounts, api_keys

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def database(tmp_path, anyio_backend):
    opened = Database(tmp_path / "a?b#c.sqlite3", readers=2)
    await opened.open()
    yield opened
    await opened.close()


def add(name, balance=0, *, unlimited=False):
    async def work(connection):
        row = {"id": name, "balance_credits": balance, "unlimited": unlimited, "created_at": 0.0}
        await connection.execute(insert(accounts).values(**row))

    return work


async def names(connection):
    return [row.id for row in await connection.execute(select(accounts.c.id).order_by(accounts.c.id))]


async def test_what_is_written_is_in_the_named_file(database, tmp_path):
    await database.write(add("a", 5))
    with closing(sqlite3.connect(tmp_path / "a?b#c.sqlite3")) as connection:
        assert connection.execute("SELECT id, balance_credits FROM accounts").fetchall() == [("a", 5)]


async def test_a_cancelled_caller_neither_tears_nor_holds_the_transaction(database):
    inside, gate = asyncio.Event(), asyncio.Event()

    async def slow(connection):
        await add("first")(connection)
        inside.set()
        await gate.wait()
        await add("second")(connection)

    caller = asyncio.create_task(database.write(slow))
    await inside.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await database.read(names) == []  # still open: readers see nothing of it, and are not blocked
    gate.set()
    await database.write(add("third"))  # waits for the first transaction, on the same one connection
    assert await database.read(names) == ["first", "second", "third"]


async def test_a_caller_cancelled_while_waiting_for_the_writer_still_gets_its_write(database):
    inside, gate = asyncio.Event(), asyncio.Event()

    async def slow(connection):
        inside.set()
        await gate.wait()

    first = asyncio.create_task(database.write(slow))
    await inside.wait()
    waiting = asyncio.create_task(database.write(add("patient")))
    await asyncio.sleep(0)
    waiting.cancel()
    gate.set()
    await first
    await database.write(add("then"))
    assert await database.read(names) == ["patient", "then"]


async def test_close_finishes_what_runs(tmp_path):
    database = Database(tmp_path / "x.sqlite3")
    await database.open()
    inside, gate = asyncio.Event(), asyncio.Event()

    async def slow(connection):
        inside.set()
        await gate.wait()
        await add("late")(connection)

    caller = asyncio.create_task(database.write(slow))
    await inside.wait()
    closing_now = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(caller, closing_now)
    with closing(sqlite3.connect(tmp_path / "x.sqlite3")) as connection:
        assert connection.execute("SELECT id FROM accounts").fetchall() == [("late",)]


async def test_an_error_rolls_everything_back_and_leaves_the_writer_usable(database):
    async def failing(connection):
        await add("lost")(connection)
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await database.write(failing)
    await database.write(add("kept"))
    assert await database.read(names) == ["kept"]


async def test_writes_take_turns_so_that_read_then_write_loses_nothing(database):
    await database.write(add("a", 0))

    async def increment(connection):
        before = (await connection.execute(select(accounts.c.balance_credits))).scalar_one()
        await asyncio.sleep(0)
        await connection.execute(update(accounts).values(balance_credits=before + 1))

    await asyncio.gather(*(database.write(increment) for _ in range(25)))

    async def balance(connection):
        return (await connection.execute(select(accounts.c.balance_credits))).scalar_one()

    assert await database.read(balance) == 25


async def test_a_write_waits_for_another_process_instead_of_failing(database, tmp_path):
    other = sqlite3.connect(tmp_path / "a?b#c.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ours = asyncio.create_task(database.write(add("ours")))
    done, _ = await asyncio.wait([ours], timeout=0.2)  # held off for as long as the other holds the lock
    assert not done
    other.execute("COMMIT")
    other.close()
    await ours
    assert await database.read(names) == ["ours"]


async def test_what_a_write_has_read_cannot_change_before_it_writes(database, tmp_path):
    """The lock is taken before the first read: another process waits, rather than making our own write fail."""

    def from_outside():
        with closing(sqlite3.connect(tmp_path / "a?b#c.sqlite3", timeout=20)) as other, other:
            other.execute("INSERT INTO accounts VALUES ('outside', 0, 0, 0.0)")

    async def read_then_write(connection):
        assert await names(connection) == []
        outside = asyncio.create_task(asyncio.to_thread(from_outside))
        done, _ = await asyncio.wait([outside], timeout=0.2)  # held off for as long as we hold the lock
        assert not done
        await add("inside")(connection)
        return outside

    await (await database.write(read_then_write))
    assert await database.read(names) == ["inside", "outside"]


@pytest.mark.parametrize("balance", [-1, -84_000])
async def test_a_limited_balance_never_goes_below_zero(database, balance):
    with pytest.raises(IntegrityError, match="never_overdrawn"):
        await database.write(add("a", balance))
    await database.write(add("b", balance, unlimited=True))
    assert await database.read(names) == ["b"]


async def test_a_key_needs_its_account(database):
    row = {"prefix": "0" * 8, "digest": "", "account_id": "nobody", "name": "", "kind": "regular"}

    async def orphan(connection):
        await connection.execute(insert(api_keys).values(**row, disabled=False, created_at=0.0))

    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        await database.write(orphan)


async def test_every_connection_is_durable_and_checked(database):
    async def pragmas(connection):
        asked = ("journal_mode", "synchronous", "foreign_keys")
        return [(await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in asked]

    expected = ["wal", 2, 1]  # 2 is FULL: a commit that was answered survives a power cut
    assert await database.write(pragmas) == expected
    assert await asyncio.gather(*(database.read(pragmas) for _ in range(4))) == [expected] * 4
