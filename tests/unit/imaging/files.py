"""Picture files for the tests of decoding, some of kinds that no library here writes."""

import io
import struct
import zlib

import numpy as np
import PIL.Image
import tifffile

from cavendish.domain.limits import DecodeSettings
from cavendish.imaging.decode import decode_all


def saved(picture, file_format, **options):
    buffer = io.BytesIO()
    if isinstance(picture, np.ndarray):
        picture = PIL.Image.fromarray(np.ascontiguousarray(picture))
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def decode(data):
    return decode_all([data], DecodeSettings())[0]


def ramp(width=40, height=30):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 6, y * 8, (x + y) * 3], -1).astype(np.uint8)


def noise(channels, width=40, height=30, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


def tiff(pixels, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, metadata=None, **options)
    return buffer.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *, depth, color, rows, extra=b"", interlaced=0):
    """A PNG written by hand: rows without filters."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def exif_block(*entries, lead=b"Exif\0\0"):
    """An EXIF block of one directory; an entry is (tag, type, count, value bytes), whatever they claim."""
    table, body = b"", b""
    offset = 8 + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", offset + len(body))
        body += value if len(value) > 4 else b""
        table += struct.pack("<HHI", tag, kind, count) + place
    return lead + b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + bytes(4) + body
