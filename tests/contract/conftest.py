"""One server for the whole contract, and a second one with other settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.calls import Caller, Web, running_web
from tests.support.server import Server, create_key, running_server

KEY = "c0ffee00" * 4
"""The unlimited key both servers start with."""

BODY_CAP_BYTES = 200_000


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may fetch from this machine."""
    data_dir = tmp_path_factory.mktemp("contract") / "data"
    with running_server(
        data_dir, BOOTSTRAP_KEY=KEY, FETCHING__ALLOW_PRIVATE="true", FETCHING__PORTS="[]", API__PUBLIC_URL=""
    ) as running:
        yield running


@pytest.fixture(scope="session")
def api(server: Server) -> Iterator[Caller]:
    """A caller with an unlimited key."""
    with server.client(KEY) as client:
        yield Caller(client)


@pytest.fixture(scope="session")
def payer(server: Server) -> dict:
    """A key on an account with credits to count."""
    return create_key(server.data_dir, amount=10 * 84_000)


@pytest.fixture(scope="session")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that fetches nothing private from any port, takes small bodies only and has a public name."""
    data_dir: Path = tmp_path_factory.mktemp("guarded") / "data"
    with running_server(
        data_dir,
        BOOTSTRAP_KEY=KEY,
        FETCHING__ALLOW_PRIVATE="false",
        FETCHING__PORTS="[]",
        API__MAX_BODY_BYTES=str(BODY_CAP_BYTES),
        API__PUBLIC_URL="https://images.example/",
    ) as running:
        yield running


@pytest.fixture(scope="session")
def guarded(guarded_server: Server) -> Iterator[Caller]:
    """A caller of the guarded server."""
    with guarded_server.client(KEY) as client:
        yield Caller(client)


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    """A web server on this machine."""
    with running_web() as running:
        yield running
