"""Samples of other than 8 bits: rescaled to 8, which Pillow clips, and with the transparent value it then misses."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import PIL.Image
from PIL import TiffImagePlugin
from PIL.ExifTags import Base
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

TiffImagePlugin.READ_LIBTIFF = True  # Pillow's own reader takes uncompressed planes of 16 bits for 8
TiffImagePlugin.OPEN_INFO[b"MM", 0, (1,), 1, (16,), ()] = ("I;16B", "I;16B")  # 0 is white: missing in its table

_WIDE_MODES = ("I", "F")  # with `I;16` and its kin
_FULL = 65_535
_WHITE_IS_ZERO = 0
_ROWS = 16


@dataclass(frozen=True)
class WideGray:
    """How gray samples wider than 8 bits are to be read.

    Args:
        white: The value of white, or of black where `from_white`.
        from_white: Whether 0 is white.
        clear: The value that is transparent, if any.
    """

    white: float
    from_white: bool
    clear: int | None

    def narrow(self, tile: PIL.Image.Image) -> PIL.Image.Image:
        """The tile with rounded 8-bit samples: mode L, or LA where a value is transparent. NaN is 0."""
        values = np.asarray(tile)
        codes = np.nan_to_num(values.astype(np.float32)) * np.float32(255 / self.white)
        codes = np.rint(np.clip(codes, 0, 255))
        gray = (255 - codes if self.from_white else codes).astype(np.uint8)
        if self.clear is None:
            return PIL.Image.fromarray(gray)
        return PIL.Image.fromarray(np.dstack([gray, np.where(values == self.clear, 0, 255).astype(np.uint8)]), "LA")


def wide_gray(picture: PIL.Image.Image) -> WideGray | None:
    """How to read a loaded picture of more than 8 bits; None for any other."""
    if not picture.mode.startswith(_WIDE_MODES):
        return None
    tags = picture.tag_v2 if isinstance(picture, TiffImageFile) else {}
    return WideGray(
        white=_white(picture, tags.get(Base.BitsPerSample, ())),
        from_white=tags.get(Base.PhotometricInterpretation) == _WHITE_IS_ZERO,
        clear=picture.info.get("transparency"),
    )


def _white(picture: PIL.Image.Image, bits: object) -> float:
    if picture.mode == "F":
        top = float(picture.getextrema()[1])  # type: ignore[arg-type] # one band
        return top if np.isfinite(top) and top > 1 else 1.0
    return 4095.0 if bits == (12,) else float(_FULL)


def settle_color_key(opened: PIL.Image.Image, data: bytes) -> PIL.Image.Image | None:
    """Make a PNG's transparent color fit the 8-bit samples Pillow will decode.

    Args:
        opened: The file just opened; the color of 2- and 4-bit gray is rescaled in it.
        data: The file.

    Returns:
        An alpha plane where samples of 16 bits must be compared to tell, mode L; else None.

    Source:
        PNG, Third Edition (W3C 2025), 11.3.1.1: the color is compared at the file's own depth.
    """
    if not isinstance(opened, PngImageFile) or "transparency" not in opened.info:
        return None
    depth = opened.tile[0].args
    if depth in {"L;2", "L;4"}:
        opened.info["transparency"] *= 85 if depth == "L;2" else 17
    if depth != "RGB;16B":
        return None
    key = np.array(opened.info.pop("transparency"))
    upper, lower = _decoded_as(data, "RGB;16B"), _decoded_as(data, "RGB;16L")  # the latter: every second byte
    clear = PIL.Image.new("L", opened.size)
    for top in range(0, opened.height, _ROWS):
        box = (0, top, opened.width, min(top + _ROWS, opened.height))
        same = (_samples(upper, box) == key >> 8) & (_samples(lower, box) == (key & 255))
        clear.paste(PIL.Image.fromarray(np.where(same.all(axis=-1), 0, 255).astype(np.uint8)), box)
    return clear


def _decoded_as(data: bytes, depth: str) -> PIL.Image.Image:
    with PIL.Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        picture.tile = [picture.tile[0]._replace(args=depth)]
        picture.load()
        return picture


def _samples(picture: PIL.Image.Image, box: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    return np.asarray(picture.crop(box))
