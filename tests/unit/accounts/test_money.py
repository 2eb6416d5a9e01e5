"""Credits: where they come from, that none is sold twice, and that a failed sale leaves no trace."""

import asyncio

import pytest

from cavendish.accounts.pricing import PricingSettings, quote
from cavendish.domain.money import usd_of
from cavendish.errors import Cancelled, InsufficientCredits, InvalidRequest, NotFound
from cavendish.jobs.states import State
from tests.support.bank import PRICE

pytestmark = pytest.mark.anyio


async def entries(bank):
    async def work(connection):
        found = await connection.exec_driver_sql("SELECT account_id, kind, credits, edit_id FROM entries ORDER BY id")
        return [tuple(row) for row in found]

    return await bank.database.read(work)


@pytest.mark.parametrize(
    ("model", "images", "credits_due"),
    [("google/gemini-2.5-flash-image-edit", 1, 84_000), ("google/nano-banana-edit", 4, 336_000), ("dear", 3, 9)],
)
def test_prices_are_per_picture_and_by_model(model, images, credits_due):
    assert quote(model, images, PricingSettings(by_model={"dear": 3})) == credits_due


def test_a_picture_costs_4_2_cents():
    assert str(usd_of(PRICE)) == "0.042"


async def test_credits_start_add_up_and_say_where_they_came_from(bank):
    await bank.accounts.create_key(name="one", account="a", credits_added=10)
    second = await bank.accounts.create_key(name="two", account="a", credits_added=5)
    third = await bank.accounts.create_key(name="three", account="a", credits_added=0)
    assert (second.credits, third.credits) == (15, 15)
    assert await bank.accounts.topup("a", 100) == 115
    expected = [("a", "INIT", 10, None), ("a", "TOPUP", 5, None), ("a", "TOPUP", 100, None)]
    assert await entries(bank) == expected
    assert await bank.money("a") == (115, 115, 0)


async def test_an_account_can_become_unlimited_and_stay_so(bank):
    await bank.account("a", 10)
    issued = await bank.accounts.create_key(name="free", account="a", credits_added=None)
    assert issued.to_json()["credits"] == "unlimited"
    edit = await bank.open("e1", "a", images=4)
    await bank.jobs.start(edit)
    await bank.deliver(edit, 4)
    assert await bank.money("a") == (10 - 4 * PRICE, 10 - 4 * PRICE, 0)  # what it used stays on the books
    assert await bank.accounts.topup("a", 5) is None
    assert await bank.money("a") == (15 - 4 * PRICE, 15 - 4 * PRICE, 0)


@pytest.mark.parametrize("amount", [0, -1, 2**63])
async def test_a_topup_adds_a_sensible_number_to_a_known_account(bank, amount):
    await bank.account("a", 10)
    with pytest.raises(InvalidRequest):
        await bank.accounts.topup("a", amount)
    with pytest.raises(NotFound):
        await bank.accounts.topup("b", 1)
    assert await bank.money("a") == (10, 10, 0)


@pytest.mark.parametrize("amount", [-1, 2**63])
async def test_an_account_starts_with_a_sensible_number(bank, amount):
    with pytest.raises(InvalidRequest):
        await bank.accounts.create_key(name="x", account="a", credits_added=amount)
    assert await bank.accounts.list_keys() == []


async def test_many_at_once_buy_exactly_what_there_is(bank):
    """30 pictures' worth of credits, 50 buyers at the same time."""
    await bank.account("a", 30 * PRICE)
    sold = await asyncio.gather(*(bank.open(f"e{k}", "a") for k in range(50)), return_exceptions=True)
    refused = [edit for edit in sold if isinstance(edit, InsufficientCredits)]
    bought = [edit for edit in sold if not isinstance(edit, Exception)]
    assert (len(bought), len(refused)) == (30, 20)
    assert await bank.money("a") == (30 * PRICE, 0, 30 * PRICE)
    for edit in bought:
        await bank.jobs.start(edit)
        await bank.deliver(edit)
    assert await bank.money("a") == (0, 0, 0)


async def test_a_refused_call_leaves_no_row(bank):
    await bank.account("a", PRICE - 1)
    with pytest.raises(InsufficientCredits):
        await bank.open("e1", "a", key="k")
    await bank.accounts.topup("a", 1)
    assert not (await bank.open("e2", "a", key="k")).replayed  # its idempotency key was not used up either
    assert await bank.money("a") == (PRICE, 0, PRICE)


async def test_an_unknown_account_buys_nothing(bank):
    with pytest.raises(InsufficientCredits):
        await bank.open("e1", "nobody")


@pytest.mark.parametrize("delivered", [1, 2, 4])
async def test_only_delivered_pictures_are_charged(bank, delivered):
    await bank.account("a", 5 * PRICE)
    edit = await bank.open("e1", "a", images=4)
    assert await bank.money("a") == (5 * PRICE, PRICE, 4 * PRICE)
    await bank.jobs.start(edit)
    await bank.deliver(edit, delivered)
    assert await bank.money("a") == ((5 - delivered) * PRICE, (5 - delivered) * PRICE, 0)
    assert (await entries(bank))[1:] == [("a", "CHARGE", -delivered * PRICE, "e1")]


async def test_a_released_edit_never_appears_in_the_ledger(bank):
    await bank.account("a", 5 * PRICE)
    before = await entries(bank)
    await bank.open("e1", "a", images=4)
    assert await bank.jobs.release("e1", state=State.CANCELLED, error=Cancelled("left"))
    assert not await bank.jobs.release("e1", state=State.CANCELLED, error=Cancelled("left"))  # once is enough
    assert await bank.money("a") == (5 * PRICE, 5 * PRICE, 0)
    assert await entries(bank) == before
