"""Who may call, and that nobody pays for a refusal."""

from __future__ import annotations

import subprocess
import sys

import httpx2
import numpy as np
import pytest

from tests.contract.conftest import KEY
from tests.support.calls import ABSENT, GENERATIONS, SMALL, Caller, refusal
from tests.support.pictures import data_uri
from tests.support.server import books, create_key, rows

FIRST_SENTENCE = "This request requires a valid API key."


def edits_so_far(server) -> int:
    """How many requests were accepted."""
    return rows(server.data_dir, "SELECT COUNT(*) FROM edits")[0][0]


@pytest.fixture(scope="module")
def disabled(server) -> str:
    """A key that worked once."""
    made = create_key(server.data_dir, amount=84_000)
    command = [sys.executable, "-m", "cavendish", "keys", "disable", made["prefix"], "--data-dir", str(server.data_dir)]
    subprocess.run(command, check=True, capture_output=True)
    return made["key"]


def test_every_way_to_have_no_key_is_told_the_same(server, api, disabled):
    before = edits_so_far(server)
    wrong_ways = {
        "missing": None,
        "empty": "",
        "no scheme": KEY,
        "another scheme": f"Basic {KEY}",
        "a scheme alone": "Bearer",
        "malformed": "Bearer <YOUR_AIMLAPI_KEY>",
        "upper case": f"Bearer {KEY.upper()}",
        "too long": f"Bearer {KEY}0",
        "right prefix": f"Bearer {KEY[:8]}{'0' * 24}",
        "unknown": f"Bearer {'0' * 32}",
        "disabled": f"Bearer {disabled}",
        "not ASCII": "Bearer clé".encode(),
    }
    messages = {}
    with httpx2.Client(base_url=server.origin, trust_env=False) as anyone:
        for name, value in wrong_ways.items():
            headers = {} if value is None else {"Authorization": value}
            response = anyone.post(GENERATIONS, json=api.body(), headers=headers)
            problem = refusal(response, status=401)
            assert (problem.kind, problem.param) == ("err_unauthorized", None), name
            assert response.headers["www-authenticate"] == "Bearer", name
            assert response.json()["error"]["type"] == "authentication_error", name
            messages[name] = problem.message
    assert len(set(messages.values())) == 1, messages
    assert messages["missing"].startswith(FIRST_SENTENCE)
    assert edits_so_far(server) == before


def test_uploads_need_a_key_too(server):
    with httpx2.Client(base_url=server.origin, trust_env=False) as anyone:
        assert refusal(anyone.post("/v1/files", content=b"x"), status=401).kind == "err_unauthorized"


def test_a_refused_call_costs_nothing_and_a_delivered_one_its_price(server, payer):
    account = payer["account"]
    with server.client(payer["key"]) as client:
        caller = Caller(client)
        start = books(server.data_dir, account)
        assert start.balance == 840_000
        for wrong in (
            {"prompt": ABSENT},
            {"prompt": "make him smile"},
            {"model": "acme/paint"},
            {"image_urls": [f"{server.origin}/files/1790000000000-00000000-0000-4000-8000-000000000000.png"]},
            {"image_urls": ["data:image/png;base64,iVBORw0KGgo="]},
            {"image_urls": [data_uri(np.zeros((8, 16_400, 3), np.uint8))], "output_format": "webp"},
        ):
            caller.refused(**wrong)
            assert books(server.data_dir, account) == start, wrong
        caller.edit()
        after = books(server.data_dir, account)
        assert (after.balance, after.reserved) == (start.balance - 84_000, 0)
        assert after.entries == after.balance
        caller.edit(num_images=3, image_urls=[SMALL])  # black and white cannot vary: one is delivered
        after = books(server.data_dir, account)
        assert (after.entries, after.balance, after.reserved) == (672_000, 672_000, 0)


def test_without_credits_the_answer_is_403_with_the_vendors_kind(server):
    poor = create_key(server.data_dir, amount=84_000)
    with server.client(poor["key"]) as client:
        response = Caller(client).send(prompt="brighten it", num_images=2)
        problem = refusal(response, status=403)
        assert problem.kind == "err_insufficent_credits"
        assert problem.message.startswith("You've run out of credits. ")
        assert response.json()["title"] == "Forbidden"
        assert Caller(client).edit()["data"]
        assert refusal(Caller(client).send(), status=403).kind == "err_insufficent_credits"
    assert books(server.data_dir, poor["account"]).balance == 0
