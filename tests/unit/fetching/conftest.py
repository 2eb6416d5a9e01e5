"""A local server, and fetchers that may talk to it."""

import time

import pytest

from cavendish.domain.context import EditContext
from cavendish.fetching.sources import Fetcher, FetchSettings

from .local_server import LocalServer


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def server(anyio_backend):
    local = LocalServer()
    await local.open()
    yield local
    await local.close()


@pytest.fixture
def context():
    return EditContext(deadline_s=time.monotonic() + 60)


@pytest.fixture
async def make_fetcher(anyio_backend):
    """Builds fetchers that may reach this machine unless told otherwise, and closes them afterwards."""
    made = []

    async def nothing_stored(_name):
        return None

    def make(*, read_stored=nothing_stored, resolve=None, **settings):
        chosen = FetchSettings(**({"allow_private": True} | settings))
        extra = {"resolve": resolve} if resolve else {}
        made.append(Fetcher(chosen, read_stored=read_stored, **extra))
        return made[-1]

    yield make
    for fetcher in made:
        await fetcher.close()
