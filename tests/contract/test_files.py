"""Uploads and result files: how they come in, how they are served, and when they are gone."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import time
from contextlib import closing

import httpx2
import pytest

from cavendish.accounts.repository import AccountRepository
from cavendish.app import sweep
from cavendish.database.engine import Database
from cavendish.imaging.decode import FORMATS
from cavendish.storage.names import new_name
from cavendish.storage.repository import FileRepository
from cavendish.storage.store import DirectoryStore, StoredFile
from tests.support.calls import huge_png_header, refusal
from tests.support.pictures import encoded, scene

PIXELS = scene(64, 48, seed=5)
PNG = encoded(PIXELS)
NAME = re.compile(r"\d{13}-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.[a-z]{3,4}")
"""Milliseconds and a random UUID (version 4, RFC 9562: 122 random bits)."""


@pytest.fixture(scope="module")
def anyone():
    """A client without a key."""
    with httpx2.Client(trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def stored(api) -> str:
    """The address of an uploaded picture."""
    return api.upload(PNG)


# --- uploading


@pytest.mark.parametrize(
    "file_format", ["PNG", "JPEG", "WEBP", *(name for name in ("GIF", "BMP", "TIFF") if name in FORMATS)]
)
@pytest.mark.parametrize("form", ["raw", "multipart"])
def test_uploads(api, anyone, server, file_format, form):
    data = encoded(PIXELS, file_format)
    media = f"image/{file_format.lower()}"
    before = int(time.time())
    if form == "raw":
        response = api.http.post("/v1/files", content=data, headers={"Content-Type": media})
    else:
        response = api.http.post("/v1/files", files={"file": ("holiday.gif", data, "image/gif")}, data={"purpose": "x"})
    assert response.status_code == 200, response.text
    file = response.json()
    assert set(file) == {"id", "object", "url", "bytes", "content_type", "width", "height", "created_at", "expires_at"}
    assert (file["object"], file["bytes"], file["content_type"]) == ("file", len(data), media)
    assert (file["width"], file["height"]) == (64, 48)
    assert NAME.fullmatch(file["id"])
    assert file["id"].endswith(f".{file_format.lower()}"), "the bytes decide, not the given name"
    assert file["url"] == f"{server.origin}/files/{file['id']}"
    assert before <= file["created_at"] <= time.time()
    assert file["expires_at"] - file["created_at"] == 7 * 86_400
    assert api.edit(image_urls=[file["url"]])["data"]
    kept = anyone.get(file["url"])
    assert (kept.content, kept.headers["content-type"]) == (data, media)


@pytest.mark.parametrize(
    "content",
    [b"", b"words", b"<svg/>", PNG[:20], huge_png_header(60_000, 60_000)],
    ids=["", "text", "svg", "cut", "bomb"],
)
def test_a_bad_upload_is_refused(api, content):
    raw = refusal(api.http.post("/v1/files", content=content), status=400)
    assert (raw.kind, raw.param) == ("err_validation", "file")
    parts = refusal(api.http.post("/v1/files", files={"file": ("a.png", content)}), status=400)
    assert (parts.kind, parts.param) == ("err_validation", "file")


def test_multipart_without_the_field_or_without_sense(api):
    problem = refusal(api.http.post("/v1/files", files={"picture": ("a.png", PNG)}), status=400)
    assert problem.param == "file"
    assert problem.message.startswith('Required at "file"')
    text = refusal(api.http.post("/v1/files", files={"other": (None, b"x")}, data={"file": "words"}), status=400)
    assert text.param == "file"
    for media in ("multipart/form-data", "multipart/form-data; boundary=b"):
        broken = api.http.post("/v1/files", content=b"--b\r\nnonsense\r\n\r\n", headers={"Content-Type": media})
        assert refusal(broken, status=400).param == "file"


# --- serving


def test_a_file_is_served_safely_to_anyone(anyone, stored):
    response = anyone.get(stored)
    assert response.status_code == 200
    assert response.content == PNG
    headers = response.headers
    assert headers["content-type"] == "image/png"
    assert headers["content-length"] == str(len(PNG))
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["accept-ranges"] == "bytes"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "cross-origin"


def test_a_key_is_accepted_and_not_needed(anyone, stored):
    for authorization in ("Bearer nonsense", "Basic x"):
        assert anyone.get(stored, headers={"Authorization": authorization}).status_code == 200


def test_head_is_get_without_the_body(anyone, stored):
    head, full = anyone.head(stored), anyone.get(stored)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag", "accept-ranges", "last-modified"):
        assert head.headers[name] == full.headers[name]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-9", 0, 9),
        ("100-", 100, len(PNG) - 1),
        ("-7", len(PNG) - 7, len(PNG) - 1),
        ("10-999999999", 10, len(PNG) - 1),
    ],
)
def test_ranges(anyone, stored, asked, first, last):
    response = anyone.get(stored, headers={"Range": f"bytes={asked}"})
    assert response.status_code == 206
    assert response.content == PNG[first : last + 1]
    assert response.headers["content-range"] == f"bytes {first}-{last}/{len(PNG)}"
    assert response.headers["content-length"] == str(last - first + 1)
    assert response.headers["access-control-allow-origin"] == "*"


def test_a_range_behind_the_end_is_416(anyone, stored):
    response = anyone.get(stored, headers={"Range": f"bytes={len(PNG)}-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(PNG)}"
    assert response.headers["access-control-allow-origin"] == "*"


def test_if_range_with_another_etag_gives_the_whole_file(anyone, stored):
    etag = anyone.head(stored).headers["etag"]
    assert anyone.get(stored, headers={"Range": "bytes=0-3", "If-Range": etag}).status_code == 206
    assert anyone.get(stored, headers={"Range": "bytes=0-3", "If-Range": '"other"'}).content == PNG


def test_result_names_cannot_be_guessed(api):
    names = {api.edit()["data"][0]["url"].rpartition("/")[2] for _ in range(5)}
    assert len(names) == 5
    assert all(NAME.fullmatch(name) for name in names)
    assert len({name[14:22] for name in names}) == 5, "the random parts differ"


# --- gone, or never there

UNKNOWN = "1790000000000-00000000-0000-4000-8000-000000000000.png"


@pytest.mark.parametrize(
    "name",
    [
        UNKNOWN,
        "..",
        "%2e%2e",
        "..%2fcavendish.sqlite3",
        "%2e%2e%2fcavendish.sqlite3",
        "..%5ccavendish.sqlite3",
        "%2fetc%2fpasswd",
        f"{UNKNOWN}%00",
        f"{UNKNOWN}%0a",
        f"./{UNKNOWN}",
        "cavendish.sqlite3",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_names_that_are_none(api, server, name, method):
    response = api.http.request(method, httpx2.URL(server.origin).copy_with(raw_path=f"/files/{name}".encode()))
    assert response.status_code == 404
    if method == "GET":
        assert refusal(response, status=404).kind == "err_not_found"


def test_a_half_written_file_is_not_served(api, server):
    name = "1790000000000-00000000-0000-4000-8000-000000000001.png"
    path = server.data_dir / "files" / name
    path.write_bytes(PNG)  # as a crash between file and row would leave it
    try:
        assert refusal(api.http.get(f"/files/{name}"), status=404).kind == "err_not_found"
    finally:
        path.unlink()


def test_an_expired_file_is_gone_for_readers_and_for_edits(api, server):
    address = api.upload(PNG)
    name = address.rpartition("/")[2]
    assert api.edit(image_urls=[address])["data"]
    with closing(sqlite3.connect(server.data_dir / "cavendish.sqlite3", timeout=10)) as database, database:
        database.execute("UPDATE files SET expires_at = ? WHERE name = ?", (time.time() - 1, name))
    assert refusal(api.http.get(address), status=404).kind == "err_not_found"
    assert "no longer kept" in api.refused(image_urls=[address]).message


def test_the_sweeper_deletes_what_is_over_and_nothing_else(tmp_path):
    async def scenario() -> tuple[set[str], dict[str, str], list[bool]]:
        database = Database(tmp_path / "books.sqlite3")
        await database.open()
        await AccountRepository(database).open_unlimited("someone")
        store, kept = DirectoryStore(tmp_path / "files"), FileRepository(database)
        now_s = time.time()
        names = {role: new_name("png", now_s=now_s) for role in ("expired", "fresh", "orphan", "arriving", "gone")}
        for role, name in names.items():
            if role != "gone":
                await store.save(name, PNG)
        for role, age_s in (("expired", 101), ("fresh", 99), ("gone", 101)):
            file = StoredFile(names[role], "image/png", len(PNG), 64, 48)
            await kept.add_upload(file, account_id="someone", now_s=now_s - age_s, keep_s=100)
        leftover = (tmp_path / "files" / names["orphan"]).with_suffix(".partial")
        leftover.write_bytes(PNG[:9])
        for path in (leftover, store.path(names["orphan"]), store.path(names["fresh"])):
            os.utime(path, (now_s - 4000, now_s - 4000))  # older than a file without a row may be
        await sweep(store, kept, orphan_after_s=3600)
        await sweep(store, kept, orphan_after_s=3600)  # twice is as good as once
        known = [await kept.is_kept(names[role], now_s=now_s) for role in ("expired", "fresh", "gone")]
        await database.close()
        return {path.name for path in (tmp_path / "files").iterdir()}, names, known

    left, names, known = asyncio.run(scenario())
    assert left == {names["fresh"], names["arriving"]}
    assert known == [False, True, False]
