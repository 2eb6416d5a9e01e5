"""What files carry besides pixels: EXIF and resolution in, PNG chunks out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import PIL.Image

from cavendish.imaging.exif import kept_block, read_exif
from cavendish.imaging.image import Metadata
from cavendish.imaging.png import chunk

_MOST_DPI = 65_536  # JPEG has 16 bits for it


def read_metadata(opened: PIL.Image.Image) -> Metadata:
    """Collect format, what may be kept of the EXIF, and resolution of an opened file."""
    return Metadata(
        format=str(opened.format),
        exif=kept_block(read_exif(opened)),
        dpi=_resolution(opened.info.get("dpi")),
    )


def _resolution(stated: object) -> tuple[float, float] | None:
    """Dots per inch, where they are a pair that a file can hold."""
    try:
        across, down = (float(side) for side in stated)  # type: ignore[attr-defined] # anything but a pair fails here
    except (TypeError, ValueError, ArithmeticError):
        return None
    return (across, down) if 0 < across < _MOST_DPI and 0 < down < _MOST_DPI else None


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
