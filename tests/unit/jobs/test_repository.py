"""Rows of edits: idempotency, leases, and how an edit's end is remembered."""

import asyncio
import dataclasses
import json

import pytest
from sqlalchemy import select

from cavendish.database.tables import edits, files
from cavendish.domain.request import Pointing
from cavendish.errors import (
    Cancelled,
    DeadlineExceeded,
    IdempotencyMismatch,
    InsufficientCredits,
    UnreadableImage,
)
from cavendish.jobs.repository import LeaseLost
from cavendish.jobs.states import EditResult, State, fingerprint_of, log_of
from tests.support.bank import DAY_S, LEASE_S, PRICE, edit_request, edit_result

pytestmark = pytest.mark.anyio


async def row(bank, edit_id):
    async def work(connection):
        return (await connection.execute(select(edits).where(edits.c.id == edit_id))).one()

    return await bank.database.read(work)


async def kept_files(bank):
    async def work(connection):
        return [(found.name, found.edit_id) for found in await connection.execute(select(files))]

    return await bank.database.read(work)


@pytest.fixture
async def account(bank):
    await bank.account("a", 10 * PRICE)
    return "a"


async def test_the_same_key_and_body_is_the_same_edit_and_costs_once(bank, account):
    first = await bank.open("e1", account, key="k")
    while_queued = await bank.open("e2", account, key="k")
    await bank.jobs.start(first)
    while_running = await bank.open("e3", account, key="k")
    await bank.deliver(first)
    afterwards = await bank.open("e4", account, key="k")
    again = (while_queued, while_running, afterwards)
    assert not first.replayed
    assert [(edit.id, edit.seed, edit.replayed) for edit in again] == [("e1", first.seed, True)] * 3
    assert await bank.money(account) == (9 * PRICE, 9 * PRICE, 0)


async def test_many_at_once_with_one_key_open_one_edit(bank, account):
    opened = await asyncio.gather(*(bank.open(f"e{k}", account, key="k") for k in range(20)))
    assert len({edit.id for edit in opened}) == 1
    assert sum(not edit.replayed for edit in opened) == 1
    assert await bank.money(account) == (10 * PRICE, 9 * PRICE, PRICE)


async def test_without_a_key_every_call_is_an_edit_of_its_own(bank, account):
    opened = [await bank.open(f"e{k}", account) for k in range(2)]
    assert [edit.replayed for edit in opened] == [False, False]
    assert await bank.money(account) == (10 * PRICE, 8 * PRICE, 2 * PRICE)


async def test_a_key_used_with_another_body_is_refused_whatever_its_state(bank, account):
    first = await bank.open("e1", account, key="k")
    for step in (lambda: bank.jobs.start(first), lambda: bank.deliver(first), None):
        with pytest.raises(IdempotencyMismatch):
            await bank.open("e2", account, key="k", prompt="Black and white.")
        if step:
            await step()
    assert await bank.money(account) == (9 * PRICE, 9 * PRICE, 0)


async def test_a_replay_needs_no_credits(bank):
    await bank.account("poor", PRICE)
    first = await bank.open("e1", "poor", key="k")
    assert (await bank.open("e2", "poor", key="k")).id == first.id
    with pytest.raises(InsufficientCredits):
        await bank.open("e3", "poor", key="other")


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
async def test_a_failed_edit_frees_its_key_for_any_body(bank, account, state):
    await bank.open("e1", account, key="k")
    await bank.jobs.release("e1", state=state, error=UnreadableImage("bad"))
    second = await bank.open("e2", account, key="k", prompt="Black and white.")
    assert (second.id, second.replayed) == ("e2", False)


async def test_a_key_is_forgotten_after_exactly_a_day(bank, account):
    first = await bank.open("e1", account, key="k")
    await bank.jobs.start(first)
    await bank.deliver(first)
    bank.clock.now_s += DAY_S - 0.001
    assert (await bank.open("e2", account, key="k")).id == "e1"
    bank.clock.now_s += 0.001
    second = await bank.open("e3", account, key="k", prompt="Black and white.")
    assert (second.id, second.replayed) == ("e3", False)
    assert (await row(bank, "e1")).state == State.SUCCEEDED  # the row itself stays, as the log of what was bought


async def test_an_edit_still_open_after_a_day_keeps_its_key(bank, account):
    await bank.open("e1", account, key="k")
    bank.clock.now_s += 2 * DAY_S
    assert (await bank.open("e2", account, key="k")).id == "e1"


async def test_accounts_do_not_share_keys(bank, account):
    await bank.account("b", PRICE)
    mine = await bank.open("e1", account, key="k")
    theirs = await bank.open("e2", "b", key="k", prompt="Black and white.")
    assert (mine.replayed, theirs.id, theirs.replayed) == (False, "e2", False)


async def test_success_is_one_row_of_state_money_and_files(bank, account):
    edit = await bank.open("e1", account, images=2)
    await bank.jobs.start(edit)
    result = edit_result(2)
    await bank.jobs.succeed(edit, result, keep_s=60.0)
    outcome = await bank.jobs.outcome("e1")
    assert (outcome.result, outcome.error) == (result, None)
    assert sorted(await kept_files(bank)) == sorted((file.name, "e1") for file in result.files)
    found = await row(bank, "e1")
    assert (found.state, found.reserved_credits, found.charged_credits) == ("succeeded", 0, 2 * PRICE)
    assert (found.lease_until, found.finished_at) == (None, bank.clock.now_s)


async def test_success_that_cannot_be_written_whole_is_not_written_at_all(bank, account):
    edit = await bank.open("e1", account, images=2)
    await bank.jobs.start(edit)
    twice = edit_result(1).files * 2  # the same name twice: the last statement of the transaction fails
    broken = EditResult(twice, "Done.", {}, 2 * PRICE, 0.0)
    with pytest.raises(Exception, match="UNIQUE"):
        await bank.jobs.succeed(edit, broken, keep_s=60.0)
    assert (await row(bank, "e1")).state == "running"
    assert await bank.money(account) == (10 * PRICE, 8 * PRICE, 2 * PRICE)
    assert await kept_files(bank) == []


async def test_an_edit_is_delivered_once(bank, account):
    edit = await bank.open("e1", account)
    with pytest.raises(LeaseLost):
        await bank.deliver(edit)  # not even started
    await bank.jobs.start(edit)
    with pytest.raises(LeaseLost):
        await bank.jobs.start(edit)
    await bank.deliver(edit)
    with pytest.raises(LeaseLost):
        await bank.deliver(edit)
    assert not await bank.jobs.release("e1", state=State.FAILED, error=Cancelled("late"))
    assert (await row(bank, "e1")).state == "succeeded"
    assert await bank.money(account) == (9 * PRICE, 9 * PRICE, 0)


async def test_an_open_edit_has_no_outcome_and_a_released_one_says_why(bank, account):
    edit = await bank.open("e1", account)
    assert await bank.jobs.outcome("e1") is None
    await bank.jobs.start(edit)
    assert await bank.jobs.outcome("e1") is None
    why = UnreadableImage("Not a picture.", param="image_urls[0]")
    await bank.jobs.release("e1", state=State.FAILED, error=why)
    error = (await bank.jobs.outcome("e1")).error
    assert (error.code, error.public_message, error.param) == (why.code, "Not a picture.", "image_urls[0]")


async def test_a_lease_holds_without_heartbeat_for_its_time_only(bank, account):
    queued, running = await bank.open("e1", account), await bank.open("e2", account)
    await bank.jobs.start(running)
    bank.clock.now_s += LEASE_S
    assert await bank.jobs.release_expired() == 0
    bank.clock.now_s += 0.001
    assert await bank.jobs.release_expired() == 2
    assert await bank.money(account) == (10 * PRICE, 10 * PRICE, 0)
    for edit in (queued, running):
        assert isinstance((await bank.jobs.outcome(edit.id)).error, DeadlineExceeded)


async def test_a_heartbeat_keeps_exactly_the_named_edits(bank, account):
    for edit_id in ("alive", "dead"):
        await bank.jobs.start(await bank.open(edit_id, account))
    for _ in range(3):
        bank.clock.now_s += LEASE_S / 2
        await bank.jobs.renew(["alive"])
    assert await bank.jobs.release_expired() == 1
    assert [(await row(bank, edit_id)).state for edit_id in ("alive", "dead")] == ["running", "failed"]


async def test_a_heartbeat_does_not_revive_the_dead(bank, account):
    edit = await bank.open("e1", account)
    await bank.jobs.start(edit)
    bank.clock.now_s += LEASE_S + 1
    await bank.jobs.release_expired()
    await bank.jobs.renew(["e1"])
    assert (await row(bank, "e1")).lease_until is None
    with pytest.raises(LeaseLost):
        await bank.deliver(edit)
    assert await bank.money(account) == (10 * PRICE, 10 * PRICE, 0)


async def test_every_edit_draws_a_seed_of_its_own_and_its_row_keeps_it(bank, account):
    opened = [await bank.open(f"e{k}", account) for k in range(5)]
    seeds = [edit.seed for edit in opened]
    assert len(set(seeds)) == 5  # two alike of 2^32: once in 400 million runs
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert [(await row(bank, edit.id)).seed for edit in opened] == seeds


def test_a_fingerprint_tells_bodies_apart_but_not_the_servers_address():
    base = edit_request(seed=1, own_origins=frozenset({"http://a"}))
    same = edit_request(seed=1, own_origins=frozenset({"http://b"}))
    changed = [
        edit_request(seed=2),
        edit_request(seed=None),
        edit_request(seed=1, prompt="sepia."),
        edit_request(seed=1, num_images=2),
        edit_request(seed=1, aspect_ratio="1:1"),
        edit_request(seed=1, partial="refuse"),
        edit_request(seed=1, pointing=Pointing(points=((0.5, 0.5),))),
        edit_request(seed=1, pointing=Pointing(box=(0.0, 0.0, 0.5, 0.5))),
        edit_request(seed=1, pointing=Pointing(mask="/files/a.png")),
    ]
    prints = {fingerprint_of(request) for request in (base, *changed)}
    assert fingerprint_of(same) == fingerprint_of(base)
    assert len(prints) == 1 + len(changed)


def test_pictures_sent_inline_are_not_kept_in_the_row():
    request = dataclasses.replace(
        edit_request(), images=("https://example.com/a.png", "data:image/png;base64," + "A" * 100_000)
    )
    logged = json.loads(log_of(request))
    assert logged["images"] == ["https://example.com/a.png", "(inline picture, 100022 characters)"]
    assert logged["prompt"] == "Sepia."
    assert logged["pointing"] is None


def test_of_what_is_pointed_at_the_row_keeps_all_but_the_pixels():
    shown = Pointing(points=((0.25, 0.5),), box=(0.0, 0.0, 0.5, 1.0))
    logged = json.loads(log_of(edit_request(pointing=shown)))
    assert logged["pointing"] == {"points": [[0.25, 0.5]], "box": [0.0, 0.0, 0.5, 1.0], "mask": ""}
    painted = json.loads(log_of(edit_request(pointing=Pointing(mask="A" * 100_000))))
    assert painted["pointing"]["mask"] == "(inline picture, 100000 characters)"
    linked = json.loads(log_of(edit_request(pointing=Pointing(mask="/files/a.png"))))
    assert linked["pointing"]["mask"] == "/files/a.png"
