"""Files that end early in good order: their decoder makes up the rest, or leaves it out, and does not complain."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import PIL.Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    ArithmeticError,
    struct.error,
)
"""What Pillow raises on damaged files."""

Size = tuple[int, int]

_MARKED_ROWS = 2
"""Interlaced or not, a PNG's data ends in the last row or the last but one."""

_MARKED_COLUMNS = 256

_BLOCK = 8
_MADE_UP_TONE = 128
"""What libjpeg fills blocks with for which there is no data."""

_MORE_DATA = bytes(range(1, 255))
"""Coded data to offer to a decoder that may still want some; without 0xFF it can hold no marker."""

_MOST_SCANS = 100
"""Each costs the decoder a pass over the whole picture, whether it holds data or not; encoders write about ten."""

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_SEARCH_BYTES = 1 << 14
_IS_MARKER = np.ones(256, bool)  # after 0xFF; not stuffing, restarts (ITU-T T.81, B.1.1.2) and fill bytes
_IS_MARKER[[0x00, *range(0xD0, 0xD8), 0xFF]] = False


def load_whole(picture: PIL.Image.Image, data: bytes, *, least: Size | None = None) -> None:
    """Decode an opened picture and make sure that its last part came from the file.

    Args:
        picture: Opened from `data`; a PNG that is loaded already is taken for whole.
        data: The file.
        least: For a JPEG, the least stored (width, height) that is needed, or None for all pixels.

    Raises:
        OSError: The coded data ends before the picture does. Besides, one of `DAMAGED` on other damage.
    """
    if isinstance(picture, PngImageFile):
        lacking = bool(picture.tile) and _lacks_rows(picture, data)
    elif isinstance(picture, JpegImageFile):
        lacking = _lacks_blocks(picture, data, least)
    else:
        picture.load()
        lacking = False
    if lacking:
        raise OSError("the coded data ends before the picture does")


def _lacks_rows(picture: PngImageFile, data: bytes) -> bool:
    """Decode over marks; where a row still shows them, they may be its content, so do it again over others."""
    untouched = _marked_rows(picture, flipped=0)
    if not untouched:
        return False
    with PIL.Image.open(io.BytesIO(data), formats=("PNG",)) as again:
        return bool(untouched & _marked_rows(again, flipped=0xFF))


def _marked_rows(picture: PIL.Image.Image, *, flipped: int) -> set[int]:
    """Decode; which of the last rows are still as they were before."""
    width, height = picture.size
    columns, rows = min(width, _MARKED_COLUMNS), min(height, _MARKED_ROWS)
    noise = np.random.default_rng(0).integers(0, 256, 4 * rows * columns, np.uint8) ^ np.uint8(flipped)
    canvas = PIL.Image.new(picture.mode, picture.size)
    length = len(PIL.Image.new(picture.mode, (columns, rows)).tobytes())
    marks = PIL.Image.frombytes(picture.mode, (columns, rows), noise.tobytes()[:length])
    canvas.paste(marks, (0, height - rows))
    picture.im = canvas.im
    picture.load()
    decoded = picture.crop((0, height - rows, columns, height))
    boxes = {row: (0, row, columns, row + 1) for row in range(rows)}
    return {row for row, box in boxes.items() if decoded.crop(box).tobytes() == marks.crop(box).tobytes()}


def _lacks_blocks(picture: JpegImageFile, data: bytes, least: Size | None) -> bool:
    """Decode; where it looks as if data had run out, see whether the decoder would take more."""
    stored = picture.size
    if least is not None:
        picture.draft(None, least)
    scans = _scans(data)
    first = next(scans, None)
    if first is None:
        picture.load()
        return False
    progressive = "progressive" in picture.info
    if not progressive and len(first.components) == picture.layers:
        picture.load()
        return _ends_in_made_up_tone(picture, stored) and _takes_more(picture, data, first, least)
    several = [first, *islice(scans, _MOST_SCANS)]
    if len(several) > _MOST_SCANS:
        raise OSError("implausibly many scans")
    picture.load()
    return not _is_complete(several, picture) or (not progressive and _takes_more(picture, data, several[-1], least))


def _ends_in_made_up_tone(picture: JpegImageFile, stored: Size) -> bool:
    """Whether the last coded unit is plain gray; its tone alone, since color is smoothed across units."""
    across = max(h for _, h, _, _ in picture.layer) if picture.layers > 1 else 1
    down = max(v for _, _, v, _ in picture.layer) if picture.layers > 1 else 1
    scale = round(stored[0] / picture.width)
    left, top = (
        (length - 1) // (_BLOCK * units) * (_BLOCK * units) // scale
        for length, units in zip(stored, (across, down), strict=True)
    )
    unit = picture.crop((min(left, picture.width - 1), min(top, picture.height - 1), *picture.size))
    tone = unit.convert("L") if unit.mode == "RGB" else unit.getchannel(len(unit.getbands()) - 1)
    return bool(np.abs(np.asarray(tone, np.int16) - _MADE_UP_TONE).max() <= 2)


def _takes_more(picture: JpegImageFile, data: bytes, scan: _Scan, least: Size | None) -> bool:
    """Whether coded data added to the scan changes the picture: one that has all its data ignores what follows."""
    end = _next_marker(data, scan.start)
    longer = b"".join([data[:end], _MORE_DATA, data[end:]])
    with PIL.Image.open(io.BytesIO(longer), formats=("JPEG",)) as again:
        if least is not None:
            again.draft(None, least)
        again.load()
        rows = [(0, top, picture.width, min(top + 64, picture.height)) for top in range(0, picture.height, 64)]
        return any(picture.crop(box).tobytes() != again.crop(box).tobytes() for box in rows)


@dataclass(frozen=True)
class _Scan:
    """A JPEG scan's header: component ids, first and last coefficient, bits still missing, where its data starts."""

    components: Sequence[int]
    first: int
    last: int
    missing_bits: int
    start: int


def _is_complete(scans: Sequence[_Scan], picture: JpegImageFile) -> bool:
    """Whether every coefficient of every component comes down to its last bit.

    Source:
        ITU-T T.81, annex G.1: successive approximation and spectral selection.
    """
    missing = {component: [16] * 64 for component, *_ in picture.layer}
    for scan in scans:
        for component in scan.components:
            missing[component][scan.first : scan.last + 1] = [scan.missing_bits] * (scan.last + 1 - scan.first)
    return not any(any(bits) for bits in missing.values())


def _scans(data: bytes) -> Iterator[_Scan]:
    """The scan headers up to the end of the picture, read only as far as asked for.

    Source:
        ITU-T T.81, B.1 and B.2.3.
    """
    at = 2
    while (at := _next_marker(data, at)) + 4 < len(data) and data[at + 1] != _END_OF_IMAGE:
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        start = at + 2 + length
        if data[at + 1] == _START_OF_SCAN and len(body) >= 6:
            first, last, bits = body[-3:]
            yield _Scan(body[1 : 1 + 2 * body[0] : 2], first, last, bits & 15, start)
        at = start


def _next_marker(data: bytes, at: int) -> int:
    """Where the next marker begins, or the file's length."""
    for start in range(at, len(data) - 1, _SEARCH_BYTES):
        part = np.frombuffer(data, np.uint8, min(_SEARCH_BYTES + 1, len(data) - start), start)
        found = np.flatnonzero((part[:-1] == 0xFF) & _IS_MARKER[part[1:]])
        if found.size:
            return start + int(found[0])
    return len(data)
