"""`image_urls`: everything a picture may be named by, and what happens to what is no picture."""

from __future__ import annotations

import base64

import pytest

from tests.support.calls import huge_png_header
from tests.support.pictures import data_uri, decoded, encoded, scene

PIXELS = scene(64, 48, seed=3)
PNG = encoded(PIXELS)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'
HTML = b"<!DOCTYPE html><html><body>Not found</body></html>"


def b64(data: bytes) -> str:
    """Standard Base64."""
    return base64.b64encode(data).decode()


def mirrored(api, source: str):
    """What comes back of a picture that is to be flipped."""
    return decoded(api.result(api.edit(prompt="flip it horizontally", image_urls=[source])))


def test_all_ways_to_name_a_picture_give_the_same_pixels(api, web, server):
    stored = api.upload(PNG)
    ways = {
        "data URI": f"data:image/png;base64,{b64(PNG)}",
        "data URI of another type": f"data:image/jpeg;base64,{b64(PNG)}",
        "bare Base64": b64(PNG),
        "bare Base64, URL-safe, unpadded": base64.urlsafe_b64encode(PNG).decode().rstrip("="),
        "http": web.put("/picture.png", PNG),
        "http, typed as text": web.put("/picture", PNG, media="text/plain"),
        "http, with a query": web.put("/picture?size=1", PNG),
        "our own file": stored,
        "our own file, without the origin": stored.removeprefix(server.origin),
        "our own file, padded": f"  {stored}\n",
    }
    for name, source in ways.items():
        assert (mirrored(api, source) == PIXELS[:, ::-1]).all(), name


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_formats_that_are_read(api, file_format):
    assert mirrored(api, data_uri(PIXELS, file_format)).shape == PIXELS.shape


def test_a_result_can_be_edited_on(api):
    first = api.edit(prompt="rotate it 90 degrees", image_urls=[b64(PNG)])
    second = api.edit(prompt="rotate it 90 degrees", image_urls=[first["data"][0]["url"]])
    assert (decoded(api.result(first)) == PIXELS.transpose(1, 0, 2)[:, ::-1]).all()
    assert (decoded(api.result(second)) == PIXELS[::-1, ::-1]).all()


def test_a_stored_file_is_read_from_the_store_and_not_fetched(guarded):
    """The guarded server's public name resolves nowhere, and it may not fetch from itself either."""
    address = guarded.upload(PNG)
    assert address.startswith("https://images.example/files/")
    assert guarded.edit(image_urls=[address])["data"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "picture.png",
        "/etc/passwd",
        "/files/../secret.png",
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "gopher://example.com/",
        "http://",
        "https:///a.png",
        "javascript:alert(1)",
        "data:text/html;base64,PGI+",
        "data:image/png,notbase64",
        b64(b"just some text that is long enough to be mistaken for a picture" * 3),
    ],
)
def test_what_is_no_picture_by_its_looks(api, source):
    problem = api.refused(image_urls=[b64(PNG), source])
    assert (problem.kind, problem.param) == ("err_validation", "image_urls[1]")
    assert problem.lines[0].startswith("Invalid url")
    assert problem.message.endswith('at "image_urls[1]"')


BAD_FILES = {
    "text": b"hello, this is not a picture at all, only words in a row, one after the other",
    "HTML": HTML,
    "SVG": SVG,
    "GIF without pixels": b"GIF89a\x01\x00\x01\x00",
    "PDF": b"%PDF-1.7 " + b"x" * 100,
    "truncated PNG": PNG[: len(PNG) // 2],
    "truncated JPEG": encoded(PIXELS, "JPEG")[:400],
    "PNG without pixels": PNG[:33],
    "PNG with a broken header": PNG[:16] + b"\0" * 8 + PNG[24:],
    "signature alone": PNG[:8],
    "empty": b"",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
def test_what_is_no_picture_by_its_bytes_inline(api, content):
    problem = api.refused(image_urls=[b64(PNG), f"data:image/png;base64,{b64(content)}"])
    assert (problem.kind, problem.param) == ("err_validation", "image_urls[1]")


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
def test_what_is_no_picture_by_its_bytes_fetched(api, web, content):
    address = web.put("/bad.png", content)
    problem = api.refused(image_urls=[b64(PNG), address])
    assert (problem.kind, problem.param) == ("err_validation", "image_urls[1]")


def test_markup_is_named_as_what_it_is(api, web):
    page = api.refused(image_urls=[web.put("/page.png", HTML)])
    assert "web page" in page.message
    drawing = api.refused(image_urls=[web.put("/drawing.svg", SVG, media="image/svg+xml")])
    assert "SVG" in drawing.message


@pytest.mark.parametrize("status", [404, 403, 500, 204])
def test_an_address_that_answers_with_an_error(api, web, status):
    address = web.put(f"/status-{status}", b"" if status == 204 else PNG, status=status)
    problem = api.refused(image_urls=[address])
    assert (problem.kind, problem.param) == ("err_validation", "image_urls[0]")
    if status != 204:
        assert str(status) in problem.message


def test_an_address_where_nobody_listens(api):
    problem = api.refused(image_urls=["http://127.0.0.1:1/a.png"])
    assert (problem.kind, problem.param) == ("err_validation", "image_urls[0]")


def test_a_file_that_is_not_kept_here(api, server):
    unknown = "1790000000000-00000000-0000-4000-8000-000000000000.png"
    for source in (f"{server.origin}/files/{unknown}", f"/files/{unknown}"):
        problem = api.refused(image_urls=[source])
        assert (problem.kind, problem.param) == ("err_validation", "image_urls[0]")
        assert "no longer kept" in problem.message


def test_a_private_address_is_refused_and_never_asked(guarded, web):
    web.put("/private.png", PNG)
    port = web.origin.rpartition(":")[2]
    addresses = [
        f"http://{host}:{port}/private.png"
        for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "127.1", "[::ffff:127.0.0.1]")
    ]
    asked = len(web.asked)
    for address in [*addresses, "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/a.png"]:
        problem = guarded.refused(image_urls=[b64(PNG), address])
        assert (problem.kind, problem.param) == ("err_validation", "image_urls[1]"), address
    assert len(web.asked) == asked


def test_a_picture_that_claims_to_be_enormous_is_refused_unread(api, web):
    bomb = huge_png_header(60_000, 60_000)
    for source in (f"data:image/png;base64,{b64(bomb)}", b64(bomb), web.put("/bomb.png", bomb)):
        problem = api.refused(image_urls=[b64(PNG), source])
        assert (problem.kind, problem.param) == ("err_validation", "image_urls[1]")
        assert "60000×60000" in problem.message
        assert "50,000,000" in problem.message


def test_pictures_that_are_too_many_pixels_together(api):
    """Each may be 50 million pixels, all together 100 million; the sum is known from the headers alone."""
    bombs = [f"data:image/png;base64,{b64(huge_png_header(7000, 7000))}"] * 3
    problem = api.refused(image_urls=bombs)
    assert (problem.kind, problem.param) == ("err_validation", "image_urls")
    assert "147,000,000" in problem.message
