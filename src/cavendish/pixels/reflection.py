"""Still water: where the picture stands upside down in it, and a new sky mirrored there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_oklab
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.strips import LightRows, light_rows, shrunk_light, shrunk_plane, strips

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

    Floats = npt.NDArray[np.floating[Any]]

_LONGEST = 256
_SPAN, _DEEPEST, _LEAST_REACH = (0.3, 0.8), 0.45, 4
"""Where a shore may lie, and how far up and down pictures are compared, of the height; and at least, in rows."""
_MIRRORED, _STEP = 0.6, 0.12
"""Least correlation, and most median distance in Oklab, of what is mirrored with what is above."""
_LEAST_TEXTURE = 0.012
_ALIKE, _FAR = 0.13, 10.0
"""Distance in Oklab at which water hardly shows the sky any more, as boats and banks do, and one that nothing has."""
_SWAY = 12
"""Rows of the small copy by which what is mirrored may be drawn out."""
_DIMMEST, _RIPPLE, _RIPPLE_PX = 0.3, (0.75, 1.35), 0.02
"""Least light that water gives back; how much ripples change it; width over which they are told, of the picture's."""
_LUMINANCE = np.array((0.2126, 0.7152, 0.0722), np.float32)


@dataclass(frozen=True)
class Reflection:
    """Water that mirrors a sky.

    Args:
        shore: Row of the line about which the picture is mirrored, in pixels.
        shown: h×w, 0–1: where it mirrors the sky.
        dimming: Light of the mirrored sky in that of the sky.
    """

    shore: int
    shown: Plane
    dimming: float


def find_shore(lab: Floats) -> tuple[int, float] | None:
    """The row below which a picture stands upside down, and the correlation of the two halves; None where none does.

    Args:
        lab: Oklab of a small copy, h×w×3.
    """
    height = lab.shape[0]
    light = np.asarray(cv2.GaussianBlur(np.ascontiguousarray(lab[..., 0]), (0, 0), 2), np.float32)
    best, shore = 0.0, 0
    for row in range(round(_SPAN[0] * height), round(_SPAN[1] * height)):
        reach = min(row, height - row, round(_DEEPEST * height))
        if reach < _LEAST_REACH:
            continue
        above, under = lab[row - reach : row][::-1], lab[row : row + reach]
        if np.median(np.linalg.norm(above - under, axis=2)) > _STEP:
            continue
        similar = _correlation(light[row - reach : row][::-1], light[row : row + reach])
        if similar > best:
            best, shore = similar, row
    return (shore, best) if best >= _MIRRORED else None


def _correlation(first: Floats, second: Floats) -> float:
    """Correlation of what is left of two pictures without the means of their rows and columns."""
    first, second = (
        part - part.mean(axis=0) - part.mean(axis=1, keepdims=True) + part.mean() for part in (first, second)
    )
    spread = min(float(first.std()), float(second.std()))
    return float((first * second).mean() / (first.std() * second.std())) if spread > _LEAST_TEXTURE else 0.0


def find_reflection(image: EncodedRGB, sky: Plane) -> Reflection | None:
    """Where water mirrors the sky.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        sky: h×w, 0–1.

    Returns:
        The reflection, or None where no still water lies under a sky.
    """
    factor = min(1.0, _LONGEST / max(sky.shape))
    size = (max(1, round(sky.shape[1] * factor)), max(1, round(sky.shape[0] * factor)))
    light = shrunk_light(light_rows(image), image.shape, size)
    lab = np.asarray(to_oklab(light))
    found = find_shore(lab)
    if found is None:
        return None
    shore = found[0]
    above = _mirrored(np.arange(size[1]), shore, size[1])
    below = np.arange(size[1]) >= shore
    heaven = shrunk_plane(sky, size) > 0.5
    own = np.where(heaven[..., None], lab, np.float32(_FAR))
    near = [_mirrored(np.arange(size[1]) + by, shore, size[1]) for by in range(-_SWAY, _SWAY + 1)]
    off = np.min([np.linalg.norm(lab - own[rows], axis=2) for rows in near], axis=0)
    alike = np.asarray(np.exp(-((off / _ALIKE) ** 2)) * below[:, None], np.float32)
    seen = heaven[above] & (alike > 0.5)
    if not seen.any():
        return None
    water, above_it = (
        float((plane[seen] @ _LUMINANCE).mean()) for plane in (np.asarray(light), np.asarray(light)[above])
    )
    shown = refine_alpha(image, np.asarray(cv2.resize(cv2.blur(alike, (3, 3)), sky.shape[::-1]), np.float32))
    dimming = min(max(water / max(above_it, 1e-4), _DIMMEST), 1.0)
    return Reflection(round(shore * sky.shape[0] / size[1]), shown, dimming)


def mirror_sky(
    image: EncodedRGB,
    pixels: EncodedRGB,
    new: LightRows,
    reflection: Reflection,
    *,
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Show a new sky in the water that mirrored the old one, its ripples kept.

    Args:
        image: The picture with the old sky, h×w×3.
        pixels: The picture with the new sky, h×w×3.
        new: Makes the new sky, as large as the picture.
        reflection: Of the old sky.
        check: Called between strips; raises to stop.

    Returns:
        New array; below the shore, what mirrors the sky is another.
    """
    height, width = reflection.shown.shape
    light, changed = light_rows(image), light_rows(pixels)
    mirrored = pixels.copy()
    across = round(_RIPPLE_PX * width) | 1
    for rows in strips(reflection.shown.shape):
        check()
        if rows.stop <= reflection.shore:
            continue
        above = _mirrored(np.arange(rows.start, rows.stop), reflection.shore, height)
        lowest, highest = int(above.min()), int(above.max()) + 1
        own = np.asarray(light(rows)) @ _LUMINANCE
        ripples = np.clip(own / np.maximum(cv2.blur(own, (across, 1)), 1e-4), *_RIPPLE)
        heaven = np.asarray(new(slice(lowest, highest)))[above - lowest]
        water = np.float32(reflection.dimming) * heaven * ripples[..., None]
        before = np.asarray(changed(rows))
        shown = reflection.shown[rows][..., None]
        mirrored[rows] = to_encoded(LinearRGB(np.clip(before + shown * (water - before), 0, 1)))
    return EncodedRGB(mirrored)


def _mirrored(rows: npt.NDArray[np.intp], shore: int, height: int) -> npt.NDArray[np.intp]:
    """The rows that stand upside down in some rows of water; the uppermost one where the picture ends."""
    return np.clip(2 * shore - 1 - rows, 0, height - 1)
