"""Killed in the middle of an edit, again and again: the books balance after every kill, and nothing stays behind."""

import asyncio
import threading
import time
from collections import Counter

import httpx2
import pytest

from tests.support.bank import issue_key, open_bank
from tests.support.pictures import encoded, scene
from tests.support.poll import until
from tests.support.server import MODEL, PRICE, Books, books, rows, running_server

SHORT_LEASE = {"JOBS__LEASE_S": "1", "JOBS__HEARTBEAT_S": "0.3"}
START_CREDITS = 1_000 * PRICE
PICTURES = 4
FILE = None
MOMENTS = (0.0, FILE, 0.2, 0.1, 0.3, 0.0, 0.4)
PROMPT = "Make it brighter, increase the contrast and increase the saturation."


class Customer:
    """Posts one large edit from a thread of its own; the server may die meanwhile."""

    def __init__(self, server, key, image):
        body = {"model": MODEL, "prompt": PROMPT, "image_urls": [image]}
        self._call = (
            f"{server.origin}/v1/images/generations",
            key,
            body | {"num_images": PICTURES, "aspect_ratio": "auto"},
        )
        self.answer = None
        self._thread = threading.Thread(target=self._post)
        self._thread.start()

    def _post(self):
        url, key, body = self._call
        try:
            headers = {"Authorization": f"Bearer {key}"}
            self.answer = httpx2.post(url, json=body, headers=headers, timeout=60, trust_env=False)
        except httpx2.TransportError:
            pass  # the server was killed, as intended

    def join(self):
        self._thread.join()


def files_on_disk(data_dir):
    return {path.name for path in (data_dir / "files").iterdir()}


def states(data_dir):
    return Counter(state for (state,) in rows(data_dir, "SELECT state FROM edits"))


def assert_books_balance(data_dir, account):
    found = books(data_dir, account)
    assert found.entries == found.balance + found.reserved, found
    assert found.balance >= 0


def kill_mid_edit(data_dir, key, image, moment):
    """Start a server, let a customer's edit get as far as `moment` says, and kill the server there.

    Args:
        moment: Seconds after the edit was seen to run, so that kills fall into different stages (nothing is assumed
            about which); or FILE, once the first file of its result is being written.
    """
    with running_server(data_dir, **SHORT_LEASE) as server:
        files, earlier = files_on_disk(data_dir), states(data_dir).total()
        customer = Customer(server, key, image)

        def begun():
            mine = rows(data_dir, f"SELECT state FROM edits ORDER BY created_at LIMIT 1 OFFSET {earlier}")
            return mine not in ([], [("queued",)])

        until(begun)
        if moment is FILE:
            until(lambda: files_on_disk(data_dir) - files)
        else:
            time.sleep(moment)
        server.kill()
        customer.join()
        return customer.answer


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(300)])])
def test_killed_mid_edit(tmp_path, kills):
    data_dir = tmp_path / "data"
    customer = issue_key(data_dir, START_CREDITS)
    with running_server(data_dir, **SHORT_LEASE) as server, server.client(customer.key) as client:
        image = "/files/" + client.post("/v1/files", content=encoded(scene(3000, 2000), "JPEG")).json()["id"]
    delivered = 0
    for kill in range(kills):
        answer = kill_mid_edit(data_dir, customer.key, image, moment=MOMENTS[kill % len(MOMENTS)])
        delivered += answer is not None and answer.status_code == 200
        assert_books_balance(data_dir, customer.account)
    seen = states(data_dir)
    assert seen.total() == kills
    assert seen["succeeded"] <= kills / 2, "the kills came too late; the picture is too small for this machine"

    with running_server(data_dir, **SHORT_LEASE, STORAGE__ORPHAN_AFTER_S="0", STORAGE__SWEEP_EVERY_S="0.2"):
        until(lambda: books(data_dir, customer.account).reserved == 0)
        known = "SELECT name FROM files"
        until(lambda: files_on_disk(data_dir) == {name for (name,) in rows(data_dir, known)})
    final, ended = books(data_dir, customer.account), states(data_dir)
    assert final.entries == final.balance == START_CREDITS - ended["succeeded"] * PICTURES * PRICE
    assert set(ended) <= {"succeeded", "failed"}
    assert ended.total() == kills
    assert ended["succeeded"] >= delivered  # who got an answer paid for it, and nobody else did unless it was written
    results = rows(data_dir, "SELECT count(*) FROM files WHERE edit_id IS NOT NULL")
    assert results == [(ended["succeeded"] * PICTURES,)]


@pytest.mark.parametrize(("ago_s", "reserved"), [(3_600, 0), (0, PRICE)])
def test_a_start_releases_the_dead_but_not_the_living(tmp_path, ago_s, reserved):
    """Before the first heartbeat: a lease long expired is given back, one that another process still holds is not."""
    data_dir = tmp_path / "data"
    customer = issue_key(data_dir, START_CREDITS)

    async def leave_one_open():
        async with open_bank(data_dir / "cavendish.sqlite3") as bank:
            bank.clock.now_s = time.time() - ago_s
            await bank.jobs.start(await bank.open("left", customer.account))

    asyncio.run(leave_one_open())
    with running_server(data_dir, JOBS__HEARTBEAT_S="3600", JOBS__LEASE_S="3600"):
        assert books(data_dir, customer.account) == Books(START_CREDITS, START_CREDITS - reserved, reserved)
