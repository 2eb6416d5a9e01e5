"""What files carry besides pixels: EXIF and resolution in, PNG chunks out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import PIL.Image
from PIL.ExifTags import IFD, Base

from cavendish.imaging.image import Metadata
from cavendish.imaging.png import chunk


def read_metadata(opened: PIL.Image.Image) -> Metadata:
    """Collect format, EXIF (orientation and GPS dropped) and resolution of an opened file."""
    exif = PIL.Image.Exif()  # a copy: the picture still has to be turned by its own block
    exif.load(opened.getexif().tobytes())
    for tag in (Base.Orientation, IFD.GPSInfo):
        exif.pop(tag, None)
    dpi = opened.info.get("dpi")
    usable = isinstance(dpi, tuple) and len(dpi) == 2 and all(0 < float(side) < 1e5 for side in dpi)
    return Metadata(
        format=str(opened.format),
        # A TIFF's block is its whole directory, XMP with a location included; none of it is kept.
        exif=exif.tobytes() if len(exif) and opened.format != "TIFF" else b"",
        dpi=(float(dpi[0]), float(dpi[1])) if usable and dpi else None,
    )


def png_chunks(*, text: Mapping[str, str], metadata: Metadata | None) -> bytes:
    """The sRGB, iTXt and, where asked, pHYs and eXIf chunks of a PNG, to stand before its data.

    Args:
        text: Keyword to UTF-8 text, stored compressed where that is shorter.
        metadata: EXIF and DPI to keep, or None.

    Source:
        PNG, Third Edition (W3C 2025): sRGB 11.3.2.5, iTXt 11.3.3.4, pHYs 11.3.4.3, eXIf 11.3.4.5.
    """
    chunks = [chunk(b"sRGB", b"\x00")]
    if metadata and metadata.dpi:
        per_metre = [round(side / 0.0254) for side in metadata.dpi]
        chunks.append(chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if metadata and metadata.exif:
        chunks.append(chunk(b"eXIf", metadata.exif.removeprefix(b"Exif\x00\x00")))
    return b"".join([*chunks, *(_international_text(keyword, words) for keyword, words in text.items())])


def _international_text(keyword: str, words: str) -> bytes:
    plain = words.encode()
    packed = zlib.compress(plain)
    compressed = len(packed) < len(plain)
    body = packed if compressed else plain
    return chunk(b"iTXt", keyword.encode("latin-1") + b"\x00" + bytes([compressed, 0]) + b"\x00\x00" + body)
