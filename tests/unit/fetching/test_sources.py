"""The strings of `image_urls` as a request sends them, through the fetcher."""

import asyncio
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.errors import Cancelled, InvalidRequest, TooLarge, UnreachableSource, UnreadableImage, UnsafeUrl
from cavendish.fetching.sources import SourceKind, classify

from .local_server import PNG, ok, redirect

pytestmark = pytest.mark.anyio

BASE64 = base64.b64encode(PNG).decode()
DATA_URI = "data:image/png;base64," + BASE64


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        *[("http://example.com/a.png", SourceKind.URL), ("HTTPS://example.com", SourceKind.URL)],
        *[
            (DATA_URI, SourceKind.DATA),
            (BASE64, SourceKind.BASE64),
            (f"\n{BASE64[:60]}\n{BASE64[60:]}\n", SourceKind.BASE64),
        ],
        *[("/files/1794000000123-ab.png", SourceKind.STORED), ("  http://example.com ", SourceKind.URL)],
    ],
)
def test_every_kind_is_told_apart(source, kind):
    assert classify(source) is kind


@pytest.mark.parametrize(
    "source",
    [
        *["", " ", "picture.png", "C:\\picture.png", "/etc/passwd", "ftp://example.com/a.png", "file:///etc/passwd"],
        *["http://", "https:///a", "http:example.com", "http://example.com/" + "a" * 8192, "javascript:alert(1)"],
        *["/files/", "/files/..", "/files/.hidden", "/files/a/b", "/files/a%2fb", "/files/" + "a" * 129, "/files/a\nb"],
        *["data:image/png,%89PNG", "data:text/plain;base64,AAAA", "A" * 100, base64.b64encode(bytes(99)).decode()],
    ],
)
def test_anything_else_is_an_invalid_url(source):
    with pytest.raises(InvalidRequest, match=r"^Invalid url"):
        classify(source)


@given(st.text(max_size=300))
def test_any_text_is_classified_or_refused(text):
    try:
        kind = classify(text)
    except InvalidRequest:
        return
    assert isinstance(kind, SourceKind)


async def test_all_kinds_together_come_back_in_order(server, make_fetcher, context):
    kept = {"a.png": PNG + b"stored"}

    async def read_stored(name):
        return kept.get(name)

    first_may_answer = asyncio.Event()

    async def slow(_reader, writer):
        await first_may_answer.wait()
        writer.write(ok(PNG + b"slow"))
        await writer.drain()

    async def fast(_reader, writer):
        writer.write(ok(PNG + b"fast"))
        await writer.drain()
        first_may_answer.set()

    server.answers = {"/slow": slow, "/fast": fast}
    fetched = await make_fetcher(read_stored=read_stored).fetch(
        [server.url("/slow"), server.url("/fast"), DATA_URI, BASE64, "/files/a.png"], context=context
    )
    assert fetched == (PNG + b"slow", PNG + b"fast", PNG, PNG, PNG + b"stored")


async def test_no_sources_give_no_pictures(make_fetcher, context):
    assert await make_fetcher().fetch([], context=context) == ()


async def test_too_many_pictures(make_fetcher, context):
    with pytest.raises(InvalidRequest, match="At most 2") as caught:
        await make_fetcher(max_images=2).fetch([BASE64] * 3, context=context)
    assert caught.value.param == "image_urls"


async def test_a_failure_names_the_picture_and_the_reason(server, make_fetcher, context):
    server.answers = {"/gone": b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nsecret"}
    with pytest.raises(UnreachableSource) as caught:
        await make_fetcher().fetch([BASE64, server.url("/gone")], context=context)
    assert caught.value.public_message == ("Picture 2 (image_urls[1]) could not be fetched: the server answered 404.")
    assert caught.value.param == "image_urls[1]"


async def test_a_mask_is_named_as_one_and_is_none_of_the_pictures(server, make_fetcher, context):
    server.answers = {"/": ok(), "/gone": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}
    fetcher, names = make_fetcher(max_images=1), ("image_urls[0]", "mask")
    assert await fetcher.fetch([BASE64, server.url("/")], names=names, context=context) == (PNG, PNG)
    with pytest.raises(UnreachableSource) as caught:
        await fetcher.fetch([BASE64, server.url("/gone")], names=names, context=context)
    assert caught.value.public_message == "The mask could not be fetched: the server answered 404."
    assert caught.value.param == "mask"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!doctype html><title>Log in</title>", "(it looks like a web page)"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "(it looks like an SVG drawing)"),
        (b"PK\x03\x04", "(it looks like a ZIP archive)"),
        (b"", "(it looks like an empty file)"),
        (b"plain words", "could not be read: it is not a picture."),
    ],
)
async def test_what_is_no_picture_is_unreadable_whatever_its_type_says(server, make_fetcher, context, body, words):
    server.answers = {"/": ok(body, "Content-Type: image/png")}
    with pytest.raises(UnreadableImage) as caught:
        await make_fetcher().fetch([server.url("/")], context=context)
    assert words in caught.value.public_message
    assert caught.value.param == "image_urls[0]"


async def test_a_picture_is_taken_whatever_its_type_says(server, make_fetcher, context):
    server.answers = {"/": ok(PNG, "Content-Type: text/html")}
    assert await make_fetcher().fetch([server.url("/")], context=context) == (PNG,)


async def test_a_data_uri_of_something_else_is_unreadable(make_fetcher, context):
    page = "data:image/png;base64," + base64.b64encode(b"<html></html>").decode()
    with pytest.raises(UnreadableImage, match="web page"):
        await make_fetcher().fetch([page], context=context)


@pytest.mark.parametrize("source", [DATA_URI[:-3] + "*==", BASE64[:100] + "!" + BASE64[100:]])
async def test_damaged_base64_is_refused(make_fetcher, context, source):
    with pytest.raises(InvalidRequest, match=r"image_urls\[0\]\) could not be read: it is not valid Base64"):
        await make_fetcher().fetch([source], context=context)


@pytest.mark.parametrize("size", [1_000, 200_000])
async def test_small_and_large_inline_pictures_decode_alike(make_fetcher, context, size):
    data = PNG + bytes(size)
    text = base64.urlsafe_b64encode(data).decode()
    fetched = await make_fetcher().fetch([text, "data:image/png;base64," + text], context=context)
    assert fetched == (data, data)


async def test_every_way_in_is_held_to_the_cap_of_one_picture(server, make_fetcher, context):
    async def read_stored(_name):
        return PNG

    server.answers = {"/known": ok(), "/unknown": ok(length=False)}
    fetcher = make_fetcher(max_source_bytes=len(PNG) - 1, read_stored=read_stored)
    for source in (server.url("/known"), server.url("/unknown"), DATA_URI, BASE64, "/files/a.png"):
        with pytest.raises(TooLarge) as caught:
            await fetcher.fetch([source], context=context)
        assert caught.value.param == "image_urls[0]"


async def test_every_way_in_counts_towards_the_cap_of_all_pictures(server, make_fetcher, context):
    async def read_stored(_name):
        return PNG

    server.answers = {"/": ok()}
    sources = [server.url("/"), DATA_URI, BASE64, "/files/a.png"]
    enough = make_fetcher(max_total_bytes=4 * len(PNG), read_stored=read_stored)
    assert await enough.fetch(sources, context=context) == (PNG,) * 4
    with pytest.raises(TooLarge, match="together"):
        await make_fetcher(max_total_bytes=4 * len(PNG) - 1, read_stored=read_stored).fetch(sources, context=context)


@pytest.mark.parametrize(
    "source",
    [
        *["/files/a.png", "http://127.0.0.1:8000/files/a.png", "HTTP://127.0.0.1:8000/files/a.png?x=1#y"],
        *["https://cavendish.example/files/a.png", "https://Cavendish.Example:443/files/a.png"],
    ],
)
async def test_own_files_are_read_from_the_store(make_fetcher, context, source):
    names = []

    async def read_stored(name):
        names.append(name)
        return PNG

    fetcher = make_fetcher(read_stored=read_stored, allow_private=False)
    own = frozenset({"http://127.0.0.1:8000", "https://cavendish.example", "not an origin"})
    assert await fetcher.fetch([source], context=context, own_origins=own) == (PNG,)
    assert names == ["a.png"]


async def test_an_own_file_that_is_gone_says_so(make_fetcher, context):
    with pytest.raises(UnreachableSource, match=r"image_urls\[0\]\) could not be fetched: it is no longer kept here"):
        await make_fetcher().fetch(["/files/a.png"], context=context)


@pytest.mark.parametrize(
    "source",
    [
        *["http://127.0.0.1:8000/files/../secret", "http://127.0.0.1:8000/files/..", "http://127.0.0.1:8000/v1/keys"],
        *["http://127.0.0.1:8001/files/a.png", "http://user@127.0.0.1:8000/files/a.png"],
        *["http://127.0.0.1:8000/files/a%2e.png", "http://127.0.0.1:8000//files/a.png"],
    ],
)
async def test_what_only_resembles_an_own_file_is_neither_read_nor_fetched(make_fetcher, context, source):
    async def read_stored(_name):
        pytest.fail("the store must not be asked")

    fetcher = make_fetcher(read_stored=read_stored, allow_private=False, ports=())
    with pytest.raises(UnsafeUrl):
        await fetcher.fetch([source], context=context, own_origins=frozenset({"http://127.0.0.1:8000"}))


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost", "127.1", "127.0.0.1", "[::1]", "0", "0177.1"]
)
async def test_no_spelling_of_this_machine_is_fetched_by_default(server, make_fetcher, context, host):
    with pytest.raises(UnsafeUrl) as caught:
        await make_fetcher(allow_private=False, ports=()).fetch([server.url("/", host=host)], context=context)
    assert "127.0.0.1" not in caught.value.public_message
    assert caught.value.param == "image_urls[0]"
    assert server.heads == []


async def test_a_redirect_into_the_private_network_is_refused(server, make_fetcher, context):
    async def public_name(host, _port):
        return {"outside.example": ["127.0.0.1"]}[host]

    server.answers = {"/": redirect("http://192.168.0.1/admin")}
    fetcher = make_fetcher(allow_private=False, allowed_networks=("127.0.0.1/32",), ports=(), resolve=public_name)
    with pytest.raises(UnsafeUrl):
        await fetcher.fetch([server.url("/", host="outside.example")], context=context)
    assert len(server.heads) == 1


async def test_every_picture_is_resolved_and_checked_afresh(server, make_fetcher, context):
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def rebinding(_host, _port):
        return next(answers)

    async def keep_alive(reader, writer):
        while True:
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(PNG)}\r\n\r\n".encode() + PNG)
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")  # a second picture over the first one's connection

    server.answers = {"/": keep_alive}
    fetcher = make_fetcher(
        allow_private=False, allowed_networks=("127.0.0.1/32",), ports=(), resolve=rebinding, concurrency=1
    )
    url = server.url("/", host="pictures.example")
    with pytest.raises(UnsafeUrl) as caught:
        await fetcher.fetch([url, url], context=context)
    assert caught.value.param == "image_urls[1]"
    assert [f"Host: pictures.example:{server.port}" in head for head in server.heads] == [True]


async def test_pictures_are_fetched_together_but_no_more_than_allowed(server, make_fetcher, context):
    running, peak, two_at_once = 0, 0, asyncio.Event()

    async def counted(_reader, writer):
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        if running == 2:
            two_at_once.set()
        await two_at_once.wait()
        running -= 1
        writer.write(ok())
        await writer.drain()

    server.answers = {"/": counted}
    assert len(await make_fetcher(concurrency=2).fetch([server.url("/")] * 6, context=context)) == 6
    assert peak == 2


async def test_the_first_failure_stops_the_others(server, make_fetcher, context):
    async def fail_once_the_other_runs(_reader, writer):
        await server.started.wait()
        writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    server.answers = {"/stall": server.stall, "/fail": fail_once_the_other_runs}
    with pytest.raises(UnreachableSource, match="500") as caught:
        await make_fetcher().fetch([server.url("/stall"), server.url("/fail")], context=context)
    assert caught.value.param == "image_urls[1]"
    await server.hung_up.wait()


async def test_cancelling_the_caller_closes_the_connection(server, make_fetcher, context):
    server.answers = {"/": server.stall}
    task = asyncio.create_task(make_fetcher().fetch([server.url("/")], context=context))
    await server.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.hung_up.wait()


async def test_a_caller_that_left_fetches_nothing(server, make_fetcher, context):
    context.cancel()
    with pytest.raises(Cancelled) as caught:
        await make_fetcher().fetch([server.url("/"), BASE64], context=context)
    assert caught.value.param is None
    assert server.heads == []


async def test_a_fault_of_our_own_is_not_hidden_behind_a_pictures(make_fetcher, context):
    async def broken(_name):
        raise RuntimeError("disk")

    with pytest.raises(ExceptionGroup) as caught:
        await make_fetcher(read_stored=broken).fetch(["/files/a.png"], context=context)
    assert isinstance(caught.value.exceptions[0], RuntimeError)
