"""What a file is by its first bytes, whatever its name or its server says."""

from __future__ import annotations

import re

SIGNATURE_BYTES = 48
"""Bytes that `sniff` needs to see of a picture; fewer are judged as they are."""

_PREFIXES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"II+\x00": "image/tiff",
    b"MM\x00+": "image/tiff",
}
_BITMAP_HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
}
_OTHERS = (
    (re.compile(rb"\s*<(!doctype html|html|head|body|script|!--)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!doctype svg[^>]*>\s*)?<svg", re.IGNORECASE), "an SVG drawing"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb".{4}ftyp|\x1aE\xdf\xa3", re.DOTALL), "a video"),
    (re.compile(rb"\s*[{\[]"), "JSON text"),
)


def sniff(data: bytes) -> str | None:
    """The media type of a picture, or None for anything else.

    Source:
        PNG: ISO/IEC 15948 section 5.2. JPEG: ITU-T T.81 annex B. WebP: RFC 9649. GIF: GIF89a section 17.
        TIFF: TIFF 6.0 section 2 and BigTIFF. BMP: the BITMAPFILEHEADER structure. HEIC and AVIF: ISO/IEC 14496-12
        section 4.3, ISO/IEC 23008-12 annex B, AVIF 1.1 section 6.
    """
    for prefix, media_type in _PREFIXES.items():
        if data.startswith(prefix):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if _is_bitmap(data):
        return "image/bmp"
    return _brand_type(data) if data[4:8] == b"ftyp" else None


def describe_other(data: bytes) -> str:
    """What bytes that are no picture look like, for a message: `a web page`, or "" where nothing is recognized."""
    if not data:
        return "an empty file"
    start = data[:1024].removeprefix(b"\xef\xbb\xbf")  # a byte order mark may precede text
    return next((name for pattern, name in _OTHERS if pattern.match(start)), "")


def _is_bitmap(data: bytes) -> bool:
    # "BM" alone begins too many texts, so the size of the header that follows must be one that exists
    return data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BITMAP_HEADER_BYTES


def _brand_type(data: bytes) -> str | None:
    # Major brand first, then the compatible ones: files of the generic brand mif1 say there what they are
    box_bytes = min(int.from_bytes(data[:4], "big"), SIGNATURE_BYTES)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, box_bytes, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)
