"""The service from submit to settled, with a scripted engine, a real file store and a real database."""

import asyncio
import threading
from dataclasses import dataclass

import pytest

from cavendish.accounts.pricing import PricingSettings
from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import Principal
from cavendish.engines.base import Workers
from cavendish.engines.router import Router
from cavendish.engines.scripted import ScriptedEngine
from cavendish.errors import Cancelled, CavendishError, DeadlineExceeded, Overloaded
from cavendish.jobs.runner import JobSettings, Runner
from cavendish.planning.planner import PhrasePlanner
from cavendish.service import EditService, Stages
from cavendish.storage.repository import FileRepository
from cavendish.storage.store import DirectoryStore
from tests.support.bank import DAY_S, LEASE_S, PRICE, Bank, edit_request
from tests.support.pictures import encoded, scene

pytestmark = pytest.mark.anyio

CALLER = Principal("a", "aaaaaaaa")


class OnePicture:
    """Stands for the fetcher: every address is the same small picture."""

    async def fetch(self, sources, *, names, context, own_origins):
        return [encoded(scene(32, 32))] * len(sources)


class SignallingEngine(ScriptedEngine):
    """The scripted engine, which also says when it begins."""

    def __init__(self, gate):
        super().__init__(gate)
        self.begun = asyncio.Event()

    async def edit(self, given, context):
        self.begun.set()
        return await super().edit(given, context)


@dataclass
class Shop:
    """A service and what the tests look into."""

    service: EditService
    bank: Bank
    engine: SignallingEngine
    gate: asyncio.Event
    workers: Workers
    store: DirectoryStore
    folder: object

    async def submit(self, edit_id, **fields):
        return await self.service.submit(CALLER, edit_request(prompt="Make it brighter.", **fields), edit_id=edit_id)

    async def ends(self, edit):
        return await asyncio.wait_for(self.service.wait(edit), 20)

    async def begun(self):
        await asyncio.wait_for(self.engine.begun.wait(), 20)

    def files(self):
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
async def shop(bank, tmp_path):
    await bank.account("a", 10 * PRICE)
    gate, workers, folder = asyncio.Event(), Workers(1), tmp_path / "files"
    engine, store = SignallingEngine(gate), DirectoryStore(folder)
    runner = Runner(JobSettings(queue=2), bank.jobs, workers=1)
    stages = Stages(
        workers=workers,
        planner=PhrasePlanner(),
        router=Router((engine,)),
        pricing=PricingSettings(),
        jobs=bank.jobs,
        runner=runner,
        fetcher=OnePicture(),
        decode=DecodeSettings(),
        store=store,
        files=FileRepository(bank.database),
        keep_files_s=DAY_S,
        now=bank.clock,
    )
    runner.begin()
    yield Shop(EditService(stages), bank, engine, gate, workers, store, folder)
    gate.set()
    await runner.drain()
    workers.close()


async def test_a_delivered_edit_is_stored_settled_and_readable(shop):
    edit = await shop.submit("e1", num_images=3)
    assert await shop.bank.money("a") == (10 * PRICE, 7 * PRICE, 3 * PRICE)
    shop.gate.set()
    result = (await shop.ends(edit)).result
    names = sorted(file.name for file in result.files)
    assert (len(names), shop.files()) == (3, names)
    assert [file.size_bytes for file in result.files] == [
        len(await shop.service.read_file(file.name)) for file in result.files
    ]
    assert await shop.bank.money("a") == (7 * PRICE, 7 * PRICE, 0)
    shop.bank.clock.now_s += DAY_S
    assert await shop.service.read_file(names[0]) is None  # its time is over, swept or not


async def test_the_result_of_a_lost_lease_is_deleted_and_not_charged(shop):
    edit = await shop.submit("e1", num_images=2)
    await shop.begun()
    shop.bank.clock.now_s += LEASE_S + 1
    assert await shop.bank.jobs.release_expired() == 1  # another process took this one for dead
    shop.gate.set()
    assert isinstance((await shop.ends(edit)).error, DeadlineExceeded)
    assert shop.files() == []
    assert await shop.bank.money("a") == (10 * PRICE, 10 * PRICE, 0)


async def test_a_cancelled_edit_stores_nothing(shop):
    edit = await shop.submit("e1")
    await shop.begun()
    shop.service.cancel(edit)
    assert isinstance((await shop.ends(edit)).error, Cancelled)
    assert shop.files() == []
    assert await shop.bank.money("a") == (10 * PRICE, 10 * PRICE, 0)


async def test_a_full_disk_costs_nothing_and_leaves_nothing(shop, monkeypatch):
    """The second of three files cannot be written; the first must not stay behind."""
    save, saved = shop.store.save, []

    async def full(name, data):
        if saved:
            raise OSError(28, "No space left on device")
        saved.append(name)
        await save(name, data)

    monkeypatch.setattr(shop.store, "save", full)
    shop.gate.set()
    outcome = await shop.ends(await shop.submit("e1", num_images=3))
    assert isinstance(outcome.error, CavendishError)
    assert "space" not in outcome.error.public_message
    assert len(saved) == 1
    assert shop.files() == []
    assert await shop.bank.money("a") == (10 * PRICE, 10 * PRICE, 0)


async def test_a_refusal_does_not_wait_for_pixels(shop):
    """With every pixel thread busy, a call that finds the queue full is told at once."""
    release = threading.Event()
    busy = asyncio.create_task(shop.workers.run(release.wait))
    await asyncio.sleep(0)  # its thread is taken
    try:
        for k in range(2):
            await asyncio.wait_for(shop.submit(f"e{k}"), 20)
        with pytest.raises(Overloaded):
            await asyncio.wait_for(shop.submit("e2"), 20)
        assert await shop.bank.money("a") == (10 * PRICE, 8 * PRICE, 2 * PRICE)
    finally:
        release.set()
        await busy
