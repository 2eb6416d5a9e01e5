"""A server for real clients, and two pictures on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.calls import Caller
from tests.support.pictures import ball, encoded, scene
from tests.support.server import Server, running_server

KEY = "ba5eba11" * 4


@pytest.fixture(scope="session")
def client_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with default settings and an unlimited key."""
    with running_server(tmp_path_factory.mktemp("clients") / "data", BOOTSTRAP_KEY=KEY, API__PUBLIC_URL="") as running:
        yield running


@pytest.fixture(scope="session")
def uploads(client_server: Server) -> tuple[str, str]:
    """Addresses of two uploaded pictures: a scene with a ball, and another ball."""
    first, shown = ball(320, 240, center=(0.5, 0.55), radius=0.3)
    first[~shown] = scene(320, 240)[~shown]
    second = ball(240, 180)[0]
    with client_server.client(KEY) as client:
        caller = Caller(client)
        return caller.upload(encoded(first)), caller.upload(encoded(second, "JPEG", quality=95))


@pytest.fixture(scope="session")
def child_environment() -> dict[str, str]:
    """Keeps child processes from asking a proxy for this machine's own address."""
    return {"NO_PROXY": "*", "no_proxy": "*", "PYTHONIOENCODING": "utf-8"}
