"""Whatever happens in whatever order, Σ entries == balance + open reservations, and nobody limited is overdrawn."""

import asyncio
import itertools
import shutil
import sqlite3
import tempfile
from contextlib import AsyncExitStack, closing
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from cavendish.database.engine import migrate
from cavendish.errors import InsufficientCredits, InternalFault
from cavendish.jobs.repository import LeaseLost
from cavendish.jobs.states import State
from tests.support.bank import LEASE_S, PRICE, open_bank

_FOLDER = tempfile.TemporaryDirectory()

_BOOKS = """
SELECT id, balance_credits, (SELECT COALESCE(SUM(credits), 0) FROM entries WHERE account_id = a.id),
(SELECT COALESCE(SUM(reserved_credits), 0) FROM edits WHERE account_id = a.id) FROM accounts AS a
"""


@cache
def _template():
    """A migrated file, made once: every example starts from a copy."""
    path = Path(_FOLDER.name) / "template.sqlite3"
    migrate(path)
    return path


class Books(RuleBasedStateMachine):
    """The real repositories on a real file, beside a model of a few lines that says what the balances must be."""

    accounts = Bundle("accounts")
    edits = Bundle("edits")

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        path = Path(self.folder.name) / "books.sqlite3"
        shutil.copy(_template(), path)
        self.bank = self.run(self.stack.enter_async_context(open_bank(path)))
        self.numbers = itertools.count()
        self.balances = {}
        self.unlimited = set()
        self.reserved = {}
        self.leases = {}
        self.running = set()

    def run(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def teardown(self):
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    @rule(target=accounts, pictures=st.none() | st.integers(0, 6), rest=st.integers(0, PRICE - 1))
    def create(self, pictures, rest):
        name = f"account{len(self.balances)}"
        start = None if pictures is None else pictures * PRICE + rest
        self.run(self.bank.account(name, start))
        self.balances[name] = start or 0
        if start is None:
            self.unlimited.add(name)
        return name

    @rule(account=accounts, amount=st.integers(1, 3 * PRICE))
    def topup(self, account, amount):
        self.run(self.bank.accounts.topup(account, amount))
        self.balances[account] += amount

    @rule(target=edits, account=accounts, images=st.integers(1, 4))
    def reserve(self, account, images):
        price = images * PRICE
        affordable = account in self.unlimited or self.balances[account] >= price
        try:
            edit = self.run(self.bank.open(f"edit{next(self.numbers)}", account, images=images))
        except InsufficientCredits:
            assert not affordable
            return multiple()
        assert affordable
        self.balances[account] -= price
        self.reserved[edit.id] = price
        self.leases[edit.id] = self.bank.clock.now_s + LEASE_S
        return edit

    @rule(target=edits, account=accounts, images=st.integers(1, 4))
    def reserve_and_start(self, account, images):
        """The usual beginning in one rule, so that most runs get as far as money."""
        edit = self.reserve(account=account, images=images)
        if edit != multiple():
            self.start(edit=edit)
        return edit

    @rule(edit=edits)
    def start(self, edit):
        startable = edit.id in self.reserved and edit.id not in self.running
        try:
            self.run(self.bank.jobs.start(edit))
        except LeaseLost:
            assert not startable
        else:
            assert startable
            self.running.add(edit.id)
            self.leases[edit.id] = self.bank.clock.now_s + LEASE_S

    @rule(edit=edits, data=st.data())
    def succeed(self, edit, data):
        delivered = data.draw(st.integers(1, edit.request.num_images))
        running = edit.id in self.reserved and edit.id in self.running
        try:
            self.run(self.bank.deliver(edit, delivered))
        except InternalFault:
            assert not running
        else:
            assert running
            self.balances[edit.principal.account_id] += self.forget(edit.id) - delivered * PRICE

    @rule(edit=edits)
    def release(self, edit):
        done = self.run(self.bank.jobs.release(edit.id, state=State.FAILED, error=InternalFault("on purpose")))
        assert done == (edit.id in self.reserved)
        if done:
            self.balances[edit.principal.account_id] += self.forget(edit.id)

    @rule(edit=edits)
    def heartbeat(self, edit):
        self.run(self.bank.jobs.renew([edit.id]))
        if edit.id in self.reserved:
            self.leases[edit.id] = self.bank.clock.now_s + LEASE_S

    @precondition(lambda self: self.leases)
    @rule(seconds=st.sampled_from([LEASE_S / 3, LEASE_S + 1]))
    def expire(self, seconds):
        self.bank.clock.now_s += seconds
        dead = [edit for edit, until in self.leases.items() if until < self.bank.clock.now_s]
        assert self.run(self.bank.jobs.release_expired()) == len(dead)
        for edit in dead:
            self.balances[self.owner(edit)] += self.forget(edit)

    @rule(edit=consumes(edits))
    def forgotten(self, edit):
        """Nothing more happens to this edit, except that its lease may expire."""

    def forget(self, edit_id):
        del self.leases[edit_id]
        return self.reserved.pop(edit_id)

    def owner(self, edit_id):
        async def work(connection):
            found = await connection.exec_driver_sql("SELECT account_id FROM edits WHERE id = ?", (edit_id,))
            return found.scalar_one()

        return self.run(self.bank.database.read(work))

    @invariant()
    def the_books_balance(self):
        if not hasattr(self, "bank"):
            return
        seen = {}
        with closing(sqlite3.connect(self.bank.path)) as connection:
            for account, balance, total, reserved in connection.execute(_BOOKS):
                assert total == balance + reserved
                assert balance >= 0 or account in self.unlimited
                seen[account] = balance
        assert seen == self.balances


class LongBooks(Books):
    """The same, for longer."""


Books.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
LongBooks.TestCase.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
TestBooks = Books.TestCase
TestLongBooks = pytest.mark.long(LongBooks.TestCase)
