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


RATIONAL, UNDEFINED, ASCII, SHORT, LONG = 5, 7, 2, 3, 4
ODD = {
    "orientation as text": exif_block((274, ASCII, 2, b"6\0")),
    "orientation as bytes": exif_block((274, UNDEFINED, 4, b"\6\0\0\0")),
    "orientation twice": exif_block((274, SHORT, 2, b"\1\0\6\0")),
    "orientation huge": exif_block((274, LONG, 1, b"\xff\xff\xff\xff")),
    "orientation zero over zero": exif_block((274, RATIONAL, 1, bytes(8))),
    "orientation of unknown type": exif_block((274, 99, 1, b"\6\0\0\0")),
    "orientation counted to death": exif_block((274, SHORT, 0xFFFFFFFF, b"\6\0\0\0")),
    "exposure as text": exif_block((34665, LONG, 1, b"\x1a\0\0\0")) + struct.pack("<HHHI", 1, 33434, 2, 4) + b"abc\0",
    "directory outside": exif_block((34665, LONG, 1, b"\xff\xff\xff\x7f")),
    "directory as text": exif_block((34665, ASCII, 4, b"abc\0")),
    "directory that is itself": exif_block((34665, LONG, 1, b"\x08\0\0\0")),
    "place as text": exif_block((34853, ASCII, 4, b"abc\0")),
    "interop as text": exif_block((40965, ASCII, 4, b"abc\0")),
    "resolution as text": exif_block((282, ASCII, 4, b"abc\0"), (283, ASCII, 4, b"abc\0"), (296, SHORT, 1, b"\3\0")),
    "resolution over zero": exif_block((282, RATIONAL, 1, struct.pack("<II", 300, 0)), (296, SHORT, 1, b"\2\0")),
    "maker as number": exif_block((271, LONG, 1, b"\1\2\3\4")),
    "maker as signed bytes": exif_block((271, 6, 3, b"\xff\xfe\xfd")),
    "rating as fraction": exif_block((18246, RATIONAL, 1, struct.pack("<II", 1, 0))),
    "not a directory": b"Exif\0\0" + b"\xff" * 40,
    "cut short": exif_block((274, SHORT, 1, b"\6\0"))[:12],
    "empty": b"Exif\0\0",
    "no entries": b"Exif\0\0II*\0\x08\0\0\0",
    "far away": b"Exif\0\0II*\0\xff\xff\xff\xff",
}
FORMATS = {
    "PNG": {},
    "WEBP": {"lossless": True, "exact": True},
    "JPEG": {"quality": 100, "subsampling": 0},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "HEIF": {"quality": 100},
}


def with_exif(block, file_format, picture):
    """A file with that block, put in unread."""
    if file_format == "PNG":
        plain = saved(picture, "PNG")
        return plain[:33] + chunk(b"eXIf", block.removeprefix(b"Exif\0\0")) + plain[33:]
    if file_format == "JPEG":
        plain = saved(picture, "JPEG", **FORMATS["JPEG"])
        return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + plain[2:]
    if file_format in {"AVIF", "HEIF"}:  # their writers read the block: write a good one of that length over
        good = exif_block((271, UNDEFINED, 200, bytes(200)))
        plain = saved(picture, file_format, exif=good, **FORMATS[file_format])
        good, block = (part.removeprefix(b"Exif\0\0") for part in (good, block))
        assert plain.count(good) == 1
        return plain.replace(good, block.ljust(len(good), b"\0"))
    return saved(picture, file_format, exif=block, **FORMATS[file_format])
