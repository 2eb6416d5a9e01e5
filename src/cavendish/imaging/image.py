"""The picture value that every stage after decoding handles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Metadata:
    """What a file said of its picture besides the pixels.

    Args:
        format: Pillow's name of the file format, such as `JPEG`.
        exif: What may be kept of the EXIF block (see `exif.kept_block`), the orientation baked in; empty for none.
        dpi: Horizontal and vertical resolution in dots per inch, where the file states one.
        notes: Sentences the answer's description must carry, such as that only the first frame was read.
    """

    format: str = "PNG"
    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Image:
    """A decoded picture: sRGB-encoded, straight alpha, upright.

    Args:
        pixels: h×w×3 (RGB) or h×w×4 (RGBA) uint8, C-contiguous. Never written to after construction.
        metadata: What the file said besides.
    """

    pixels: npt.NDArray[np.uint8]
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """The color planes, h×w×3; a view."""
        return self.pixels[..., :3]

    @property
    def alpha(self) -> npt.NDArray[np.uint8] | None:
        """The alpha plane, h×w, or None for an opaque picture; a view."""
        return self.pixels[..., 3] if self.pixels.shape[2] == 4 else None

    @property
    def opacity(self) -> npt.NDArray[np.float32]:
        """The alpha plane as h×w float32 0–1; all ones for an opaque picture."""
        if self.pixels.shape[2] == 3:
            return np.ones(self.pixels.shape[:2], np.float32)
        return np.asarray(self.pixels[..., 3] * np.float32(1 / 255), np.float32)

    def with_pixels(self, pixels: npt.NDArray[np.uint8]) -> Image:
        """The same picture with other pixels."""
        return replace(self, pixels=np.ascontiguousarray(pixels))
