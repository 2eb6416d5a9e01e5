"""Files known by their first bytes."""

import io

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.fetching.signatures import SIGNATURE_BYTES, describe_other, sniff


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        *[("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
        *[("BMP", "image/bmp"), ("TIFF", "image/tiff")],
    ],
)
def test_what_pillow_writes_is_recognized_also_from_its_start_alone(form, media_type):
    file = io.BytesIO()
    PIL.Image.new("RGB", (40, 30), "red").save(file, form)
    assert sniff(file.getvalue()) == media_type
    assert sniff(file.getvalue()[:SIGNATURE_BYTES]) == media_type


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avif", "image/avif"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1miafavif\x00\x00\x00\x00", "image/avif"),
        (b"GIF87a" + bytes(20), "image/gif"),
        (b"MM\x00*" + bytes(20), "image/tiff"),
    ],
)
def test_other_signatures(data, media_type):
    assert sniff(data) == media_type


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\xef\xbb\xbf\n  <HTML lang=en>", "a web page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">', "an SVG drawing"),
        (b'<?xml version="1.0"?>\n<svg>', "an SVG drawing"),
        (b"PK\x03\x04 rest", "a ZIP archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42", "a video"),
        (b'{"error": "no"}', "JSON text"),
        (b"", "an empty file"),
        (b"BMX is a sport on bicycles", ""),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", ""),
    ],
)
def test_what_is_no_picture_is_named_where_possible(data, name):
    assert sniff(data) is None
    assert describe_other(data) == name


@given(st.binary(max_size=64))
def test_any_bytes_are_judged(data):
    assert sniff(data) is None or sniff(data).startswith("image/")
    assert isinstance(describe_other(data), str)
