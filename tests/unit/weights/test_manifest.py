from __future__ import annotations

import re

import pytest

from cavendish.weights.manifest import load_manifest

from .fakes import weight_file


def test_every_row_names_a_pinned_checked_and_licensed_file():
    files = load_manifest()
    assert [file.name for file in files] == sorted({file.name for file in files})
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert re.fullmatch(r"\d+(\.\d+)+", file.version)
        assert file.bytes > 0
        assert file.licence
        assert file.source.startswith("https://")


def test_requirement_is_pinned():
    assert weight_file("a.onnx", b"x", package="some-carrier").requirement == "some-carrier==1.0"


@pytest.mark.parametrize("name", ["../a.onnx", "/a.onnx", "sub/a.onnx", "..", "", "c:\\a.onnx", "a\\b"])
def test_a_name_that_leaves_the_weights_folder_is_refused(name):
    with pytest.raises(ValueError, match="plain file name"):
        weight_file(name, b"x", member="carrier/a.onnx")


@pytest.mark.parametrize("member", ["../a.onnx", "carrier/../../a.onnx", "/etc/passwd", "c:/a.onnx", "a\\..\\b"])
def test_a_member_that_leaves_its_package_is_refused(member):
    with pytest.raises(ValueError, match="outside its package"):
        weight_file("a.onnx", b"x", member=member)
