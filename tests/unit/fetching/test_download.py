"""Bounds and redirects of one download, against a real local server where one is possible."""

import asyncio
import time

import httpcore2
import pytest

from cavendish.domain.context import EditContext
from cavendish.errors import Cancelled, DeadlineExceeded, TooLarge, UnreachableSource, UnsafeUrl
from cavendish.fetching.download import download
from cavendish.fetching.limits import ByteBudget, FetchSettings
from cavendish.fetching.transport import GuardedBackend

from .local_server import PNG, ok, redirect

pytestmark = pytest.mark.anyio


@pytest.fixture
def get(context):
    async def get(url, *, within=context, budget=None, resolve=None, connector=None, **settings):
        chosen = FetchSettings(**({"allow_private": True} | settings))
        parts = {"resolve": resolve} if resolve else {}
        backend = GuardedBackend(chosen.policy, connector=connector, **parts)
        async with httpcore2.AsyncConnectionPool(network_backend=backend) as pool:
            return await download(
                url, settings=chosen, pool=pool, context=within, budget=budget or ByteBudget(chosen.max_total_bytes)
            )

    return get


async def test_a_picture_arrives_whole_with_and_without_its_length(server, get):
    server.answers = {"/known": ok(), "/unknown": ok(length=False)}
    assert await get(server.url("/known")) == PNG
    assert await get(server.url("/unknown")) == PNG


async def test_a_chunked_picture_arrives_whole(server, get):
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (PNG[:9], PNG[9:]))
    server.answers = {"/": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"}
    assert await get(server.url("/")) == PNG


async def test_the_request_names_itself_and_carries_nothing_else(server, get):
    server.answers = {"/a?b=c": ok()}
    await get(server.url("/a?b=c#fragment"))
    line, *headers = server.heads[0].strip().split("\r\n")
    assert line == "GET /a?b=c HTTP/1.1"
    sent = dict(header.lower().split(": ", 1) for header in headers)
    assert sent.pop("user-agent").startswith("cavendish/")
    assert sent == {"host": f"127.0.0.1:{server.port}", "accept": "image/*", "accept-encoding": "identity"}


async def test_environment_proxies_are_not_used(server, get, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers = {"/": ok()}
    assert await get(server.url("/")) == PNG


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_relative_ones_too(server, get, status):
    server.answers = {"/a/start": redirect("../b", status), "/b": ok()}
    assert await get(server.url("/a/start")) == PNG


async def test_a_redirect_loop_ends(server, get):
    server.answers = {"/loop": redirect("/loop")}
    with pytest.raises(UnreachableSource, match="more than 3 times"):
        await get(server.url("/loop"), max_redirects=3)
    assert server.paths == ["/loop"] * 4


@pytest.mark.parametrize(
    "location",
    [
        *[
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "//[::1]/x",
            "http://127.1/",
            "http://0x7f.1/",
        ],
        *[
            "file:///etc/passwd",
            "data:image/png;base64,AAAA",
            "http://user@127.0.0.1/",
            "http://[::1",
            "ftp://1.1.1.1/",
        ],
    ],
)
async def test_a_redirect_to_somewhere_unsafe_is_refused(server, get, location):
    server.answers = {"/": redirect(location)}
    with pytest.raises(UnsafeUrl):
        await get(server.url("/"), allow_private=False, allowed_networks=("127.0.0.1/32",), ports=(server.port,))


async def test_a_redirect_to_a_name_inside_is_refused(server, get):
    async def inside(host, _port):
        return {"outside.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"]}[host]

    server.answers = {"/": redirect(f"http://inside.example:{server.port}/secret")}
    with pytest.raises(UnsafeUrl):
        await get(
            server.url("/", host="outside.example"),
            resolve=inside,
            allow_private=False,
            allowed_networks=("127.0.0.1/32",),
            ports=(),
        )
    assert server.paths == ["/"]


async def test_a_redirect_from_https_to_http_is_refused(get):
    async def public(_host, _port):
        return ["93.184.215.14"]

    with pytest.raises(UnsafeUrl, match="https to http"):
        await get(
            "https://pictures.example/",
            resolve=public,
            connector=httpcore2.AsyncMockBackend([redirect("http://pictures.example/")]),
        )


async def test_a_redirect_without_a_location_is_unreachable(server, get):
    server.answers = {"/": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"}
    with pytest.raises(UnreachableSource, match="nowhere"):
        await get(server.url("/"))


@pytest.mark.parametrize("status", [204 + 100, 400, 401, 404, 418, 500, 503])
async def test_an_error_answer_is_named_and_its_body_is_not_repeated(server, get, status):
    server.answers = {"/": f"HTTP/1.1 {status} X\r\nContent-Length: 6\r\n\r\nsecret".encode()}
    with pytest.raises(UnreachableSource) as caught:
        await get(server.url("/"))
    assert str(status) in caught.value.public_message
    assert "secret" not in caught.value.public_message


async def test_an_announced_size_over_the_cap_is_refused_before_the_body(server, get):
    async def head_only(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        await writer.drain()
        await reader.read()  # a client that waited for the body would wait for ever

    server.answers = {"/": head_only}
    with pytest.raises(TooLarge, match="1 MiB"):
        await get(server.url("/"), max_source_bytes=1024 * 1024)


async def test_an_endless_body_of_unknown_size_is_cut_at_the_cap(server, get):
    sent = 0

    async def endless(_reader, writer):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(4096))
            sent += 4096
            await writer.drain()
            await asyncio.sleep(0)

    server.answers = {"/": endless}
    with pytest.raises(TooLarge):
        await get(server.url("/"), max_source_bytes=100_000)
    assert sent < 32 * 1024 * 1024  # what was in flight in socket buffers, not the default cap


async def test_a_body_exactly_at_the_cap_is_taken(server, get):
    server.answers = {"/": ok(length=False)}
    assert await get(server.url("/"), max_source_bytes=len(PNG)) == PNG


async def test_the_budget_of_the_whole_request_is_kept(server, get):
    server.answers = {"/": ok()}
    budget = ByteBudget(2 * len(PNG) - 1)
    await get(server.url("/"), budget=budget)
    with pytest.raises(TooLarge, match="together"):
        await get(server.url("/"), budget=budget)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip"])
async def test_a_compressed_answer_is_refused(server, get, coding):
    server.answers = {"/": ok(PNG, f"Content-Encoding: {coding}")}
    with pytest.raises(UnreachableSource, match="compressed"):
        await get(server.url("/"))


async def test_an_answer_coded_as_identity_is_taken(server, get):
    server.answers = {"/": ok(PNG, "Content-Encoding: identity")}
    assert await get(server.url("/")) == PNG


@pytest.mark.parametrize(
    "answer",
    [b"", b"not http\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", b"HTTP/1.1 200 OK\r\n"],
)
async def test_a_broken_answer_is_unreachable(server, get, answer):
    server.answers = {"/": answer}
    with pytest.raises(UnreachableSource, match="broke"):
        await get(server.url("/"))


async def test_a_refused_connection_is_unreachable(server, get):
    url = server.url("/")
    await server.close()
    with pytest.raises(UnreachableSource, match="does not accept a connection") as caught:
        await get(url)
    assert "127.0.0.1" not in caught.value.public_message


async def test_https_to_a_server_without_tls_is_unreachable(get):
    async def plain(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(UnreachableSource, match="secure connection"):
            await get(f"https://127.0.0.1:{port}/")


async def test_a_stalled_body_ends_at_the_timeout(server, get):
    server.answers = {"/": server.stall}
    with pytest.raises(UnreachableSource, match=r"longer than 0\.05 s"):
        await get(server.url("/"), timeout_s=0.05)
    await server.hung_up.wait()


async def test_a_slow_drip_ends_at_the_timeout_although_bytes_keep_coming(server, get):
    async def drip(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0)  # lets the client run; drain alone never yields while the buffer has room

    server.answers = {"/": drip}
    with pytest.raises(UnreachableSource, match="longer"):
        await get(server.url("/"), timeout_s=0.05, max_source_bytes=10**12)


async def test_the_edits_deadline_wins_over_a_longer_timeout(server, get):
    server.answers = {"/": server.stall}
    soon = EditContext(deadline_s=time.monotonic() + 0.05)
    with pytest.raises(DeadlineExceeded):
        await get(server.url("/"), within=soon)


async def test_a_passed_deadline_sends_nothing(server, get):
    with pytest.raises(DeadlineExceeded):
        await get(server.url("/"), within=EditContext(deadline_s=time.monotonic() - 1))
    assert server.heads == []


async def test_cancellation_is_noticed_between_chunks(server, get, context):
    async def cancel_midway(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PNG)
        await writer.drain()
        context.cancel()
        writer.write(PNG)
        await writer.drain()
        await reader.read()

    server.answers = {"/": cancel_midway}
    with pytest.raises(Cancelled):
        await get(server.url("/"))
