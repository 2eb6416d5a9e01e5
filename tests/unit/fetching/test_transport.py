"""Resolve once, check everything, connect to what was checked."""

import socket

import httpcore2
import pytest

from cavendish.errors import UnreachableSource, UnsafeUrl
from cavendish.fetching.address_policy import AddressPolicy
from cavendish.fetching.transport import GuardedBackend, resolve_host

pytestmark = pytest.mark.anyio

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Names:
    """A resolver with one prepared answer a call."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append((host, port))
        return self.answers[len(self.asked) - 1]


class RecordingStream(httpcore2.AsyncMockStream):
    tls_names: list[str | None]

    async def start_tls(self, ssl_context, server_hostname=None, timeout=None):  # noqa: ASYNC109 - httpcore2's interface
        self.tls_names.append(server_hostname)
        return self


class Recorder(httpcore2.AsyncNetworkBackend):
    """Notes where connections go; those to `dead` addresses fail."""

    def __init__(self, *dead):
        self.dead = dead
        self.connected = []
        self.tls_names = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109 - as above
        self.connected.append((host, port))
        if host in self.dead:
            raise httpcore2.ConnectError("refused")
        stream = RecordingStream([ANSWER])
        stream.tls_names = self.tls_names
        return stream


async def get(url, *, resolve, connector, policy=None):
    backend = GuardedBackend(policy or AddressPolicy(), resolve=resolve, connector=connector)
    async with httpcore2.AsyncConnectionPool(network_backend=backend) as pool:
        return await pool.request("GET", url)


async def test_a_name_that_changes_between_check_and_connect_gains_nothing():
    names, recorder = Names(("93.184.215.14",), ("127.0.0.1",)), Recorder()
    response = await get("http://pictures.example/", resolve=names, connector=recorder)
    assert response.content == b"ok"
    assert names.asked == [("pictures.example", 80)]
    assert recorder.connected == [("93.184.215.14", 80)]


@pytest.mark.parametrize(
    "addresses",
    [
        ("10.0.0.1",),
        ("93.184.215.14", "10.0.0.1"),
        ("10.0.0.1", "93.184.215.14"),
        ("2606:4700::1111", "::1"),
        ("fe80::1%2",),
    ],
)
async def test_one_refused_address_refuses_the_host(addresses):
    recorder = Recorder()
    with pytest.raises(UnsafeUrl):
        await get("http://pictures.example/", resolve=Names(addresses), connector=recorder)
    assert recorder.connected == []


async def test_the_next_checked_address_is_tried():
    recorder = Recorder("2606:4700::1111")
    await get("http://pictures.example/", resolve=Names(("2606:4700::1111", "93.184.215.14")), connector=recorder)
    assert recorder.connected == [("2606:4700::1111", 80), ("93.184.215.14", 80)]


@pytest.mark.parametrize("addresses", [(), ("93.184.215.14", "93.184.215.15")])
async def test_no_address_that_answers_is_unreachable(addresses):
    recorder = Recorder("93.184.215.14", "93.184.215.15")
    with pytest.raises(UnreachableSource) as caught:
        await get("http://pictures.example/", resolve=Names(addresses), connector=recorder)
    assert "93.184" not in caught.value.public_message


async def test_tls_verifies_the_name_not_the_address():
    recorder = Recorder()
    await get("https://pictures.example/", resolve=Names(("93.184.215.14",)), connector=recorder)
    assert recorder.connected == [("93.184.215.14", 443)]
    assert recorder.tls_names == ["pictures.example"]


async def test_an_unknown_name_is_unreachable():
    async def unknown(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(UnreachableSource, match="host name"):
        await get("http://pictures.example/", resolve=unknown, connector=Recorder())


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1"])
async def test_the_systems_resolver_sees_through_other_spellings_and_the_guard_refuses(host):
    recorder = Recorder()
    with pytest.raises(UnsafeUrl):
        await get(f"http://{host}/", resolve=resolve_host, connector=recorder)
    assert recorder.connected == []


async def test_the_systems_resolver_gives_each_address_once():
    addresses = await resolve_host("127.0.0.1", 80)
    assert list(addresses) == ["127.0.0.1"]
