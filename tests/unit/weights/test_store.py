from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cavendish.errors import WeightsUnavailable
from cavendish.weights.manifest import load_manifest
from cavendish.weights.store import WeightSettings, WeightStore, default_folder

from .fakes import weight_file

NAMES = ("a.onnx", "b.onnx", "c.onnx")


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


@pytest.fixture
def manifest():
    return [weight_file(name, name.encode()) for name in NAMES]


def test_locate_gives_the_path_of_a_verified_file(folder, manifest):
    assert WeightStore(folder, manifest=manifest).locate("a.onnx") == folder / "a.onnx"


def test_a_missing_file_says_how_to_install_it(tmp_path, manifest):
    store = WeightStore(tmp_path / "absent", manifest=manifest)
    with pytest.raises(WeightsUnavailable, match="not installed; run `cavendish weights install`") as caught:
        store.locate("a.onnx")
    assert str(tmp_path) not in caught.value.public_message


@pytest.mark.parametrize("content", [b"a.onny", b"a.onnx and more", b""])
def test_a_tampered_file_is_not_located(folder, manifest, content):
    (folder / "a.onnx").write_bytes(content)
    with pytest.raises(WeightsUnavailable, match="does not match its checksum"):
        WeightStore(folder, manifest=manifest).locate("a.onnx")


def test_a_name_outside_the_manifest_is_a_mistake_of_the_caller(folder, manifest):
    with pytest.raises(KeyError):
        WeightStore(folder, manifest=manifest).locate("d.onnx")


def test_a_file_is_read_once_while_it_stays_the_same(folder, manifest):
    store = WeightStore(folder, manifest=manifest)
    path = store.locate("a.onnx")
    stamp = path.stat().st_mtime_ns
    path.write_bytes(b"A.ONNX")
    os.utime(path, ns=(stamp, stamp))
    assert store.locate("a.onnx") == path


def test_a_file_installed_while_the_service_runs_is_found(folder, manifest):
    (folder / "a.onnx").unlink()
    store = WeightStore(folder, manifest=manifest)
    with pytest.raises(WeightsUnavailable):
        store.locate("a.onnx")
    (folder / "a.onnx").write_bytes(b"a.onnx")
    assert store.locate("a.onnx").is_file()


def test_a_file_replaced_while_the_service_runs_is_checked_again(folder, manifest):
    store = WeightStore(folder, manifest=manifest)
    path = store.locate("a.onnx")
    path.write_bytes(b"A.ONNX")
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightsUnavailable):
        store.locate("a.onnx")


def test_status_tells_verified_tampered_and_missing_apart(folder, manifest):
    (folder / "b.onnx").write_bytes(b"B.ONNX")
    (folder / "c.onnx").unlink()
    status = WeightStore(folder, manifest=manifest).status()
    assert [(line.name, line.installed, line.verified) for line in status] == [
        ("a.onnx", True, True),
        ("b.onnx", True, False),
        ("c.onnx", False, False),
    ]
    assert status[0].licence == "Apache-2.0"
    assert status[0].source == "https://example.org/weights"
    assert status[0].capability == "dream of sheep"
    assert status[0].bytes == len(b"a.onnx")


def test_the_shipped_manifest_is_the_default(tmp_path):
    names = [line.name for line in WeightStore(tmp_path).status()]
    assert names == [file.name for file in load_manifest()]


def test_threads_that_ask_together_share_one_network(folder, manifest):
    store = WeightStore(folder, manifest=manifest)
    together = threading.Barrier(4)
    opened = []

    def open_network(path: Path) -> object:
        opened.append(path)
        return object()

    def ask(_: int) -> object:
        together.wait(timeout=10)
        return store.session("a.onnx", open_network)

    with ThreadPoolExecutor(4) as pool:
        networks = set(pool.map(ask, range(4)))
    assert len(networks) == 1
    assert opened == [folder / "a.onnx"]


def test_opening_one_network_does_not_hold_up_another(folder, manifest):
    store = WeightStore(folder, manifest=manifest)
    opening, other_done = threading.Event(), threading.Event()

    def slow(_path: Path) -> bool:
        opening.set()
        return other_done.wait(timeout=10)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(store.session, "a.onnx", slow)
        assert opening.wait(timeout=10)
        assert store.session("b.onnx", lambda path: path.name) == "b.onnx"
        other_done.set()
        assert first.result(timeout=10) is True


def test_the_least_recently_used_network_is_closed(folder, manifest):
    store = WeightStore(folder, manifest=manifest, max_sessions=2)
    opened = []

    def open_network(path: Path) -> str:
        opened.append(path.name)
        return path.name

    for name in ("a.onnx", "b.onnx", "a.onnx", "c.onnx", "a.onnx", "b.onnx"):
        assert store.session(name, open_network) == name
    assert opened == ["a.onnx", "b.onnx", "c.onnx", "b.onnx"]


def test_a_network_that_failed_to_open_is_tried_again(folder, manifest):
    store = WeightStore(folder, manifest=manifest)

    def fail(_path: Path) -> str:
        raise MemoryError

    with pytest.raises(MemoryError):
        store.session("a.onnx", fail)
    assert store.session("a.onnx", lambda path: path.name) == "a.onnx"


def test_a_session_is_never_opened_from_a_tampered_file(folder, manifest):
    (folder / "a.onnx").write_bytes(b"A.ONNX")
    opened = []
    with pytest.raises(WeightsUnavailable):
        WeightStore(folder, manifest=manifest).session("a.onnx", opened.append)
    assert opened == []


def test_a_store_keeps_at_least_one_network(folder):
    with pytest.raises(ValueError, match="at least 1"):
        WeightStore(folder, max_sessions=0)


def test_default_folder_is_below_the_users_data():
    assert default_folder(Path("data")) == Path("data/cavendish/weights")


def test_zero_threads_means_every_core():
    assert WeightSettings().threads == os.cpu_count()
    assert WeightSettings(compute_threads=3).threads == 3
