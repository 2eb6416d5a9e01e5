"""The runner with gates in place of engines: bounds, fairness, deadline, cancellation, lost leases, drain."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from cavendish.database.tables import edits
from cavendish.errors import Cancelled, DeadlineExceeded, InternalFault, Overloaded, UnreadableImage
from cavendish.jobs.runner import JobSettings, Runner, repeat
from tests.support.bank import LEASE_S, PRICE

pytestmark = pytest.mark.anyio


class Script:
    """Work that says when it begins, waits to be let through, and then delivers."""

    def __init__(self, bank, *, gated=True):
        self.bank = bank
        self.begun = []
        self.contexts = []
        self.arrived = asyncio.Event()
        self.gate = asyncio.Event()
        if not gated:
            self.gate.set()

    async def __call__(self, edit, context):
        self.begun.append(edit.id)
        self.contexts.append(context)
        self.arrived.set()
        await self.gate.wait()
        context.check_cancelled()
        await self.bank.deliver(edit)

    async def begins(self):
        await asyncio.wait_for(self.arrived.wait(), 20)


@asynccontextmanager
async def running(bank, *, workers=1, **settings):
    runner = Runner(JobSettings(**settings), bank.jobs, workers=workers)
    runner.begin()
    try:
        yield runner
    finally:
        await runner.drain()


async def submit(runner, bank, edit_id, work, *, account="a", **options):
    with runner.place():
        edit = await bank.open(edit_id, account, **options)
        if not edit.replayed:
            runner.start(edit, work)
    return edit


async def state(bank, edit_id):
    async def work(connection):
        return (await connection.execute(select(edits.c.state).where(edits.c.id == edit_id))).scalar_one_or_none()

    return await bank.database.read(work)


async def outcome(runner, edit_id):
    return await asyncio.wait_for(runner.wait(edit_id), 20)


@pytest.fixture
async def rich(bank):
    for name in ("a", "b", "c"):
        await bank.account(name, 100 * PRICE)
    return bank


async def test_an_edit_runs_and_its_waiters_get_the_result(rich):
    work = Script(rich)
    async with running(rich) as runner:
        await submit(runner, rich, "e1", work)
        waiters = [asyncio.create_task(runner.wait("e1")) for _ in range(3)]
        await work.begins()
        assert await state(rich, "e1") == "running"
        assert not any(waiter.done() for waiter in waiters)
        work.gate.set()
        outcomes = await asyncio.gather(*waiters)
        assert [found.result.credits_charged for found in outcomes] == [PRICE] * 3
        assert (await outcome(runner, "e1")).result is not None  # also for one who asks later
    assert await rich.money("a") == (99 * PRICE, 99 * PRICE, 0)


async def test_a_full_queue_refuses_before_any_money_moves(rich):
    work = Script(rich)
    async with running(rich, queue=2) as runner:
        await submit(runner, rich, "e1", work)
        await submit(runner, rich, "e2", work)
        with pytest.raises(Overloaded) as refusal:
            await submit(runner, rich, "e3", work)
        assert refusal.value.retry_after_s >= 1
        assert await rich.money("a") == (100 * PRICE, 98 * PRICE, 2 * PRICE)
        assert await state(rich, "e3") is None
        work.gate.set()
        await outcome(runner, "e1")
        await outcome(runner, "e2")
        await submit(runner, rich, "e4", work)
        assert (await outcome(runner, "e4")).result is not None


async def test_a_place_is_held_while_the_row_is_written_and_freed_when_that_fails(rich):
    async with running(rich, queue=1) as runner:
        with runner.place(), pytest.raises(Overloaded), runner.place():
            raise AssertionError("two calls share the one place")
        with pytest.raises(RuntimeError), runner.place():
            raise RuntimeError("the row could not be written")
        with runner.place():
            pass


async def test_no_more_edits_than_workers_run_at_once(rich):
    work = Script(rich)
    async with running(rich, workers=2) as runner:
        for k in range(5):
            await submit(runner, rich, f"e{k}", work)
        await work.begins()
        await rich.database.write(_nothing)
        await rich.database.write(_nothing)  # both starts are written by now: writes take turns
        assert [await state(rich, f"e{k}") for k in range(5)] == ["running"] * 2 + ["queued"] * 3
        work.gate.set()
        for k in range(5):
            await outcome(runner, f"e{k}")
    assert work.begun == [f"e{k}" for k in range(5)]


async def _nothing(_connection):
    return None


async def test_a_busy_account_does_not_starve_the_others(rich):
    work = Script(rich)
    async with running(rich) as runner:
        for k in range(4):
            await submit(runner, rich, f"a{k}", work)
        await work.begins()
        await submit(runner, rich, "b0", work, account="b")
        await submit(runner, rich, "b1", work, account="b")
        await submit(runner, rich, "c0", work, account="c")
        work.gate.set()
        await asyncio.gather(*(outcome(runner, name) for name in ("a3", "b1", "c0")))
    assert work.begun == ["a0", "a1", "b0", "c0", "a2", "b1", "a3"]


async def test_the_deadline_ends_an_edit_and_gives_its_credits_back(rich):
    work = Script(rich)
    async with running(rich, deadline_s=0.05) as runner:
        await submit(runner, rich, "e1", work)
        assert isinstance((await outcome(runner, "e1")).error, DeadlineExceeded)
        assert work.contexts[0].cancelled  # threads that still work for it stop at their next check
        assert await state(rich, "e1") == "failed"
        assert await rich.money("a") == (100 * PRICE, 100 * PRICE, 0)


async def test_an_edit_that_waited_past_its_deadline_is_not_begun(rich):
    now_s = [0.0]
    runner = Runner(JobSettings(deadline_s=120), rich.jobs, workers=1, clock=lambda: now_s[0])
    work = Script(rich, gated=False)
    await submit(runner, rich, "e1", work)
    now_s[0] = 120.0
    runner.begin()
    assert isinstance((await outcome(runner, "e1")).error, DeadlineExceeded)
    await runner.drain()
    assert work.begun == []
    assert await rich.money("a") == (100 * PRICE, 100 * PRICE, 0)


async def test_cancelling_a_running_edit_releases_it_and_frees_its_worker(rich):
    work, free = Script(rich), Script(rich, gated=False)
    async with running(rich, workers=1) as runner:
        await submit(runner, rich, "e1", work)
        await submit(runner, rich, "e2", free)
        await work.begins()
        runner.cancel("e1")
        runner.cancel("e1")
        assert isinstance((await outcome(runner, "e1")).error, Cancelled)
        assert (await outcome(runner, "e2")).result is not None
    assert work.contexts[0].cancelled
    assert await state(rich, "e1") == "cancelled"
    assert await rich.money("a") == (99 * PRICE, 99 * PRICE, 0)


async def test_cancelling_a_queued_edit_releases_it_while_every_worker_is_busy(rich):
    work = Script(rich)
    async with running(rich, workers=1, queue=2) as runner:
        await submit(runner, rich, "e1", work)
        await submit(runner, rich, "e2", work)
        await work.begins()
        runner.cancel("e2")
        assert isinstance((await outcome(runner, "e2")).error, Cancelled)
        assert await state(rich, "e2") == "cancelled"
        assert await rich.money("a") == (100 * PRICE, 99 * PRICE, PRICE)
        await submit(runner, rich, "e3", work)  # its place in the queue is free as well
        work.gate.set()
        await outcome(runner, "e1")
        await outcome(runner, "e3")
    assert work.begun == ["e1", "e3"]


@pytest.mark.parametrize("turns", range(12))
async def test_an_edit_can_be_cancelled_at_any_moment(rich, turns):
    """After any number of turns of the event loop: queued, just taken, starting, running."""
    work = Script(rich)
    async with running(rich, lease_s=3_600) as runner:
        await submit(runner, rich, "e1", work)
        for _ in range(turns):
            await asyncio.sleep(0)
        runner.cancel("e1")
        assert isinstance((await outcome(runner, "e1")).error, Cancelled)
        assert await rich.money("a") == (100 * PRICE, 100 * PRICE, 0)
        runner.cancel("e1")  # long gone
        work.gate.set()
        await submit(runner, rich, "e2", work)
        assert (await outcome(runner, "e2")).result is not None


async def test_success_wins_over_a_cancellation_that_comes_while_it_is_written(rich):
    """The charge is committed or not; a client that leaves at that moment cannot leave it half done."""
    inside = asyncio.Event()

    async def work(edit, context):
        settling = asyncio.create_task(rich.deliver(edit))
        await asyncio.sleep(0)  # the transaction has been asked for
        inside.set()
        await settling

    async with running(rich) as runner:
        await submit(runner, rich, "e1", work)
        await inside.wait()
        runner.cancel("e1")
        assert (await outcome(runner, "e1")).result is not None
    assert await rich.money("a") == (99 * PRICE, 99 * PRICE, 0)


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (UnreadableImage("Not a picture.", param="image_urls[0]"), UnreadableImage),
        (ZeroDivisionError("a secret of ours"), InternalFault),
        (TimeoutError("a socket's own"), DeadlineExceeded),
    ],
)
async def test_a_failure_is_told_and_costs_nothing(rich, raised, kind):
    async def work(edit, context):
        raise raised

    async with running(rich) as runner:
        await submit(runner, rich, "e1", work, key="k")
        error = (await outcome(runner, "e1")).error
        assert error.code == kind.code
        assert "secret" not in error.public_message
        assert await state(rich, "e1") == "failed"
        again = await submit(runner, rich, "e2", Script(rich, gated=False), key="k")
        assert not again.replayed
        assert (await outcome(runner, "e2")).result is not None
    assert await rich.money("a") == (99 * PRICE, 99 * PRICE, 0)


async def test_a_call_with_the_same_key_attaches_to_the_running_edit(rich):
    work = Script(rich)
    async with running(rich) as runner:
        first = await submit(runner, rich, "e1", work, key="k")
        await work.begins()
        second = await submit(runner, rich, "e2", work, key="k")
        waiting = [asyncio.create_task(runner.wait(edit.id)) for edit in (first, second)]
        work.gate.set()
        one, two = await asyncio.gather(*waiting)
    assert (second.id, second.replayed) == ("e1", True)
    assert one.result == two.result
    assert work.begun == ["e1"]
    assert await rich.money("a") == (99 * PRICE, 99 * PRICE, 0)


async def test_a_lease_lost_meanwhile_discards_the_result(rich):
    """Another process took this one for dead; what it made must be neither delivered nor charged."""
    work = Script(rich)
    async with running(rich) as runner:
        await submit(runner, rich, "e1", work)
        await work.begins()
        rich.clock.now_s += LEASE_S + 1
        assert await rich.jobs.release_expired() == 1
        work.gate.set()
        assert isinstance((await outcome(runner, "e1")).error, DeadlineExceeded)
    assert await state(rich, "e1") == "failed"
    assert await rich.money("a") == (100 * PRICE, 100 * PRICE, 0)


async def test_a_heartbeat_keeps_queued_and_running_edits_alive(rich):
    """It renews before it looks for the dead, so even one that comes late releases nothing of this process's own."""
    work = Script(rich)
    async with running(rich, heartbeat_s=3_600) as runner:
        await submit(runner, rich, "e1", work)
        await submit(runner, rich, "e2", work)
        await work.begins()
        rich.clock.now_s += LEASE_S + 1
        await runner._keep_leases()
        assert [await state(rich, edit_id) for edit_id in ("e1", "e2")] == ["running", "queued"]
        rich.clock.now_s += LEASE_S
        assert await rich.jobs.release_expired() == 0
        work.gate.set()
        assert (await outcome(runner, "e1")).result is not None
        assert (await outcome(runner, "e2")).result is not None


async def test_heartbeats_release_what_other_processes_left(rich):
    """Opened by a process that is gone: no runner here knows it."""
    await rich.open("e1", "a")
    rich.clock.now_s += LEASE_S + 1
    async with running(rich, heartbeat_s=0.01) as runner:
        assert isinstance((await outcome(runner, "e1")).error, DeadlineExceeded)
    assert await rich.money("a") == (100 * PRICE, 100 * PRICE, 0)


async def test_drain_refuses_new_edits_and_finishes_the_others(rich):
    work = Script(rich)
    async with running(rich) as runner:
        await submit(runner, rich, "e1", work)
        await submit(runner, rich, "e2", work)
        await work.begins()
        draining = asyncio.create_task(runner.drain())
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await submit(runner, rich, "e3", work)
        work.gate.set()
        await asyncio.wait_for(draining, 20)
        assert [await state(rich, edit_id) for edit_id in ("e1", "e2")] == ["succeeded"] * 2


async def test_drain_releases_what_does_not_finish_in_time(rich):
    work = Script(rich)
    async with running(rich, drain_s=0.05) as runner:
        await submit(runner, rich, "e1", work)
        await submit(runner, rich, "e2", work)
        await work.begins()
        await asyncio.wait_for(runner.drain(), 20)
        assert [await state(rich, edit_id) for edit_id in ("e1", "e2")] == ["cancelled"] * 2
        assert await rich.money("a") == (100 * PRICE, 100 * PRICE, 0)


async def test_background_work_survives_its_own_failures():
    calls, enough = [], asyncio.Event()

    async def work():
        calls.append(1)
        if len(calls) == 3:
            enough.set()
        raise RuntimeError("on purpose")

    task = asyncio.create_task(repeat(work, every_s=0.001))
    await asyncio.wait_for(enough.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
