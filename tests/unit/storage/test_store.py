"""Files that are whole or absent, and the sweep that removes what is not wanted any more."""

import os
import stat
import time

import pytest

from cavendish.app import sweep
from cavendish.storage.names import new_name
from cavendish.storage.repository import FileRepository
from cavendish.storage.store import DirectoryStore, StoredFile
from tests.support.bank import open_bank

pytestmark = pytest.mark.anyio

HOUR_S = 3_600


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "files")


@pytest.fixture
async def kept(tmp_path, anyio_backend):
    async with open_bank(tmp_path / "x.sqlite3") as bank:
        await bank.account("a", 0)
        yield FileRepository(bank.database)


def a_file(now_s=1.0):
    return StoredFile(new_name("png", now_s=now_s), "image/png", 3, 1, 1)


def age(path, seconds):
    changed = path.stat().st_mtime - seconds
    os.utime(path, (changed, changed))


async def test_what_is_saved_can_be_read_and_discarded_twice(store):
    name = new_name("png", now_s=1.0)
    await store.save(name, b"abc")
    assert await store.read(name) == b"abc"
    assert [path.name for path in store.path(name).parent.iterdir()] == [name]  # no half-written twin is left
    await store.discard([name])
    await store.discard([name])
    assert await store.read(name) is None


async def test_a_file_that_cannot_be_written_whole_does_not_appear(store, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    name = new_name("png", now_s=1.0)
    with pytest.raises(OSError, match="No space"):
        await store.save(name, b"abc")
    assert list(store.path(name).parent.iterdir()) == []


async def test_a_saved_file_is_on_the_disk_before_its_name_is(store, monkeypatch):
    """Bytes first, then the name, then the folder: a row that is committed next never points at an absent file."""
    done = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor):
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "bytes")
        real_fsync(descriptor)

    def replace(source, target, **options):
        done.append("name")
        real_replace(source, target, **options)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    await store.save(new_name("png", now_s=1.0), b"abc")
    assert done == ["bytes", "name", "folder"]


@pytest.mark.parametrize("name", ["../x.png", "/etc/passwd", "x.png"])
def test_only_our_own_names_become_paths(store, name):
    with pytest.raises(AssertionError):
        store.path(name)


async def test_old_files_are_listed_half_written_ones_included(store, tmp_path):
    old, new = new_name("png", now_s=1.0), new_name("png", now_s=1.0)
    for name in (old, new):
        await store.save(name, b"abc")
    half = tmp_path / "files" / new_name("png", now_s=1.0).replace(".png", ".partial")
    half.write_bytes(b"a")
    age(store.path(old), HOUR_S + 60)
    age(half, HOUR_S + 60)
    assert sorted(await store.older_than(HOUR_S)) == sorted([old, half.name])


async def test_a_file_that_vanishes_while_the_folder_is_listed_is_no_error(store, monkeypatch):
    """A half-written file gets its final name at any moment, also between listing and looking."""
    name = new_name("png", now_s=1.0)
    await store.save(name, b"abc")
    real = os.scandir

    class Listing:
        def __init__(self, folder):
            self.entries = list(real(folder))
            store.path(name).unlink()

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(os, "scandir", Listing)
    assert await store.older_than(-1) == []


async def test_a_file_is_kept_until_exactly_its_time(kept):
    file = a_file()
    await kept.add_upload(file, account_id="a", now_s=100.0, keep_s=10.0)
    assert await kept.is_kept(file.name, now_s=109.999)
    assert not await kept.is_kept(file.name, now_s=110.0)
    assert not await kept.is_kept(a_file().name, now_s=100.0)
    assert await kept.take_expired(now_s=109.999) == []
    assert await kept.take_expired(now_s=110.0) == [file.name]
    assert await kept.take_expired(now_s=110.0) == []


async def test_the_sweep_deletes_expired_and_orphaned_files_and_nothing_else(store, kept):
    now_s = time.time()
    expired, current, fresh_orphan, old_orphan = (a_file() for _ in range(4))
    for file in (expired, current, fresh_orphan, old_orphan):
        await store.save(file.name, b"abc")
    await kept.add_upload(expired, account_id="a", now_s=0.0, keep_s=1.0)
    await kept.add_upload(current, account_id="a", now_s=now_s, keep_s=10 * HOUR_S)
    for file in (current, old_orphan):
        age(store.path(file.name), 2 * HOUR_S)
    await sweep(store, kept, orphan_after_s=HOUR_S)
    left = [file for file in (expired, current, fresh_orphan, old_orphan) if store.path(file.name).exists()]
    assert left == [current, fresh_orphan]
    assert not await kept.is_kept(expired.name, now_s=0.5)
