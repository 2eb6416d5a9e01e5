"""Encoding: what is written is what a reader gets back, in the format asked for, tagged sRGB."""

import io
import json
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import ImageCms

from cavendish.domain.request import OutputOptions
from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.encode import encode_image, encode_within, flatten_on_white
from cavendish.imaging.image import Image, Metadata

TEXT = {"Software": "Cavendish", "cavendish:edit": json.dumps({"prompt": "café → 猫", "n": list(range(200))})}
PICTURES = st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([3, 4])).flatmap(
    lambda shape: arrays.arrays(np.uint8, shape)
)


def noise(channels, width=37, height=23):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


def smooth(channels, width=64, height=48):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 3, y * 4, 255 - x * 3, x * 4][:channels], -1).astype(np.uint8)


def opened(data):
    return PIL.Image.open(io.BytesIO(data))


def encode(pixels, file_format="png", *, metadata=None, text=TEXT, **options):
    image = Image(pixels, metadata or Metadata())
    return encode_image(image, OutputOptions(format=file_format, **options), text=text)


@settings(max_examples=60)
@given(PICTURES)
def test_png_keeps_every_bit(pixels):
    assert np.array_equal(np.asarray(opened(encode(pixels))), pixels)


def test_png_keeps_color_under_full_transparency():
    pixels = noise(4)
    pixels[..., 3] = 0
    assert np.array_equal(np.asarray(opened(encode(pixels))), pixels)


@pytest.mark.parametrize("channels", [3, 4])
def test_png_chunks_are_valid_and_in_order(channels):
    data = encode(noise(channels))
    opened(data).verify()
    kinds, at = [], 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(data[at + 4 : at + 8 + length]), kind
        kinds.append(kind)
        at += 12 + length
    assert kinds[0] == b"IHDR"
    assert kinds[-1] == b"IEND"
    assert kinds.index(b"sRGB") < kinds.index(b"IDAT")
    assert kinds.count(b"iTXt") == len(TEXT)


def test_png_text_reads_back():
    picture = opened(encode(noise(3)))
    assert dict(picture.text) == TEXT


def test_png_without_text_has_none():
    assert opened(encode(noise(3), text={})).text == {}


def test_jpeg_carries_the_srgb_profile_and_its_size():
    picture = opened(encode(smooth(3), "jpeg"))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (64, 48))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert np.abs(np.asarray(picture).astype(int) - smooth(3)).mean() < 2


def test_jpeg_shows_transparency_as_white():
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:, 16:] = 200, 0, 0, 255
    shown = np.asarray(opened(encode(pixels, "jpeg")))
    assert shown[:, :8].min() > 250
    assert np.abs(shown[:, 24:].astype(int) - (200, 0, 0)).max() < 6


def test_webp_keeps_alpha_exactly():
    picture = opened(encode(smooth(4), "webp"))
    assert (picture.format, picture.mode) == ("WEBP", "RGBA")
    assert np.array_equal(np.asarray(picture)[..., 3], smooth(4)[..., 3])
    assert b"acsp" in picture.info["icc_profile"]


def test_webp_of_an_opaque_picture_has_no_alpha():
    assert opened(encode(smooth(3), "webp")).mode == "RGB"


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
def test_compression_is_the_quality(file_format):
    low, high = (encode(noise(3, 96, 96), file_format, compression=quality) for quality in (20, 95))
    assert len(low) < 0.6 * len(high)


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_the_same_picture_gives_the_same_bytes(file_format):
    assert encode(noise(3), file_format) == encode(noise(3), file_format)


@pytest.mark.parametrize(("file_format", "most"), [("jpeg", 65_500), ("webp", 16_383)])
@pytest.mark.parametrize("upright", [False, True])
def test_a_format_that_cannot_hold_the_picture_is_the_callers_error(file_format, most, upright):
    def strip(length):
        return np.zeros((length, 1, 3) if upright else (1, length, 3), np.uint8)

    assert max(opened(encode(strip(most), file_format)).size) == most
    with pytest.raises(ParameterOutOfRange, match=f"at most {most:,} pixels a side") as refused:
        encode(strip(most + 1), file_format)
    assert refused.value.param == "output_format"
    assert opened(encode(strip(70_000))).size in {(70_000, 1), (1, 70_000)}


@given(st.integers(0, 255), st.integers(0, 255))
def test_flattening_is_over_white_in_encoded_values(code, alpha):
    image = Image(np.array([[[code, code, code, alpha]]], np.uint8))
    exact = (code * alpha + 255 * (255 - alpha)) / 255
    assert abs(int(flatten_on_white(image)[0, 0, 0]) - exact) <= 0.5


def test_flattening_is_the_same_in_every_row():
    pixels = noise(4, 5, 200)
    flat = flatten_on_white(Image(pixels))
    alpha = pixels[..., 3:] / 255
    assert np.abs(flat - (pixels[..., :3] * alpha + 255 * (1 - alpha))).max() <= 0.51
    assert flat.flags.c_contiguous


def test_flattening_an_opaque_picture_changes_nothing():
    assert np.array_equal(flatten_on_white(Image(noise(3))), noise(3))


# --- at most so many bytes ---


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
def test_a_file_within_its_bytes_loses_quality_before_pixels(file_format):
    image = Image(noise(3, 200, 160))
    whole = len(encode(image.pixels, file_format, text={}))
    made = encode_within(image, OutputOptions(format=file_format), text={}, max_bytes=whole * 7 // 10)
    assert made.size == image.size
    assert whole * 5 // 10 < len(made.data) <= whole * 7 // 10
    assert opened(made.data).size == image.size


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_what_does_not_fit_otherwise_gets_fewer_pixels_of_the_same_shape(file_format):
    image = Image(noise(3, 400, 300))
    made = encode_within(image, OutputOptions(format=file_format), text={}, max_bytes=15_000)
    assert len(made.data) <= 15_000
    assert opened(made.data).size == made.size
    assert made.size[0] < 400
    assert made.size[0] / made.size[1] == pytest.approx(4 / 3, rel=0.03)
    assert len(made.data) > 6_000, "no more is given up than need be"


def test_a_file_that_is_small_enough_is_the_plain_file():
    image = Image(smooth(4))
    made = encode_within(image, OutputOptions(), text=TEXT, max_bytes=1_000_000)
    assert made.data == encode(image.pixels)


def test_a_file_that_cannot_be_so_small_is_refused():
    with pytest.raises(ParameterOutOfRange, match="1,024 bytes"):
        encode_within(Image(noise(3)), OutputOptions(), text={"a": str(list(range(9000)))}, max_bytes=1024)
