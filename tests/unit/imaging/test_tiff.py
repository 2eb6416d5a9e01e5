"""TIFF: depths, layouts and pages, against tifffile's reading."""

import io
import struct

import numpy as np
import pytest
import tifffile

from tests.unit.imaging.files import decode, noise, ramp, tiff

KINDS = {
    "gray": (1, "minisblack", {}),
    "gray from white": (1, "miniswhite", {}),
    "rgb": (3, "rgb", {}),
    "rgb in planes": (3, "rgb", {"planarconfig": "separate"}),
    "rgba": (4, "rgb", {"extrasamples": ["unassalpha"]}),
    "rgba in planes": (4, "rgb", {"planarconfig": "separate", "extrasamples": ["unassalpha"]}),
    "rgb in tiles": (3, "rgb", {"tile": (16, 16)}),
    "rgb in strips": (3, "rgb", {"rowsperstrip": 4}),
    "rgb in planes in strips": (3, "rgb", {"planarconfig": "separate", "rowsperstrip": 4}),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("packing", [None, "lzw", "zlib"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_reads_as_tifffile_reads_it(kind, order, packing, dtype):
    channels, photometric, options = KINDS[kind]
    pixels = noise(channels, dtype=dtype)
    stored = pixels[..., 0] if channels == 1 else pixels
    if "planarconfig" in options:
        stored = np.ascontiguousarray(stored.transpose(2, 0, 1))
    data = tiff(stored, photometric=photometric, byteorder=order, compression=packing, **options)
    read = tifffile.imread(io.BytesIO(data))
    if "planarconfig" in options:
        read = read.transpose(1, 2, 0)
    expected = np.rint(read / (np.iinfo(dtype).max / 255))
    expected = 255 - expected if photometric == "miniswhite" else expected
    expected = expected.reshape(30, 40, channels)
    image = decode(data)
    assert image.pixels.shape[2] == max(3, channels)
    tolerance = 0 if dtype == np.uint8 else 1  # Pillow keeps the upper byte of color samples
    assert np.abs(image.pixels - expected).max() <= tolerance


def test_twelve_bit_gray_is_not_almost_black():
    codes = np.linspace(0, 4095, 40).astype(np.uint16)[None].repeat(30, axis=0)
    assert np.abs(decode(twelve_bit(codes)).pixels[..., 0] - codes / 4095 * 255).max() <= 1


def twelve_bit(codes):
    """An uncompressed TIFF of packed 12-bit samples, by hand."""
    high, low = codes[:, ::2].astype(int), codes[:, 1::2].astype(int)
    packed = np.stack([high >> 4, (high & 15) << 4 | low >> 8, low & 255], -1).astype(np.uint8).tobytes()
    height, width = codes.shape
    entries = [
        (256, width),
        (257, height),
        (258, 12),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height),
        (279, len(packed)),
    ]
    table = b"".join(struct.pack("<HHII", tag, 4 if tag in {273, 279} else 3, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + struct.pack("<H", len(entries)) + table + bytes(4)


@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_further_pages_are_said_to_be_left_out(order, big):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, byteorder=order, bigtiff=big) as writer:
        for page in (ramp(), 255 - ramp(), ramp()):
            writer.write(page, photometric="rgb", metadata=None)
    image = decode(buffer.getvalue())
    assert np.array_equal(image.pixels, ramp())
    assert image.metadata.notes == ("Only the first page of image_urls[0] was used.",)


@pytest.mark.parametrize("big", [False, True])
def test_a_single_page_has_nothing_to_say(big):
    assert decode(tiff(ramp(), photometric="rgb", bigtiff=big)).metadata.notes == ()


def test_a_long_chain_of_pages_is_not_walked():
    """Walking it takes Pillow a time that grows with the square of its length."""
    data = bytearray(tiff(ramp(), photometric="rgb"))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    length = 2 + 12 * count
    for _ in range(50_000):  # each page's directory is the first's again, and the last leads back
        struct.pack_into("<I", data, len(data) - 4 if len(data) > 10_000 else start + length, len(data))
        data += data[start : start + length] + bytes(4)
    struct.pack_into("<I", data, len(data) - 4, start)
    assert decode(bytes(data)).metadata.notes == ("Only the first page of image_urls[0] was used.",)
