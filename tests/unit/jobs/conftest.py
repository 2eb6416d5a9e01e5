"""A bank on a real file."""

import pytest

from tests.support.bank import open_bank


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def bank(tmp_path, anyio_backend):
    async with open_bank(tmp_path / "cavendish.sqlite3") as opened:
        yield opened
