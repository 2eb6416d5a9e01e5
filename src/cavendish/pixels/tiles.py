"""Pictures through networks a tile at a time, so that memory stays bounded and an edit can be stopped in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cavendish.pixels.region import Box
from cavendish.pixels.restorers import Run

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_AT_ONCE = 2  # tiles: networks that enlarge run in one thread each, since threads of one run wait for each other


def tiles(size: tuple[int, int], *, side_px: int) -> Iterator[Box]:
    """Cover a picture of `size` (width, height) with boxes of about `side_px` each way, row by row."""
    width, height = size
    for top, bottom in _cuts(height, side_px):
        for left, right in _cuts(width, side_px):
            yield left, top, right, bottom


def _cuts(length: int, side: int) -> Iterator[tuple[int, int]]:
    count = -(-length // side)
    ends = [round(length * k / count / 2) * 2 for k in range(count)]  # even, as 2×2 blocks need
    return ((low, high) for low, high in pairwise([*ends, length]) if low < high)


def around(image: npt.NDArray[np.uint8], box: Box, *, margin_px: int, even: bool = False) -> Pixels:
    """What a network sees of a box: the box and a margin, mirrored where the picture ends.

    Args:
        image: h×w×C.
        box: Inside the picture.
        margin_px: On every side.
        even: Lengthen odd sides by one pixel, to the right and below.
    """
    left, top, right, bottom = box
    more_x, more_y = ((right - left) % 2, (bottom - top) % 2) if even else (0, 0)
    rows = _mirrored(top - margin_px, bottom + margin_px + more_y, image.shape[0])
    columns = _mirrored(left - margin_px, right + margin_px + more_x, image.shape[1])
    return np.asarray(image[rows[:, None], columns])


def _mirrored(start: int, stop: int, length: int) -> npt.NDArray[np.intp]:
    period = max(1, 2 * length - 2)
    places = np.arange(start, stop) % period
    return np.where(places < length, places, period - places)


def enlarge(
    image: Pixels, run: Run, *, factor: int, side_px: int, margin_px: int, check: Callable[[], None] = lambda: None
) -> Pixels:
    """Put a picture through a network that enlarges.

    Args:
        image: Encoded RGB, h×w×3 uint8.
        run: 1×3×h×w, 0–1, to `factor` times that.
        factor: 2 or 4.
        side_px: Longest side of a tile, without the margin.
        margin_px: How far beside a tile the network looks.
        check: Called before every two tiles; raises to stop.

    Returns:
        New array, factor·h × factor·w × 3 uint8.
    """
    height, width = image.shape[:2]
    out = np.empty((factor * height, factor * width, 3), np.uint8)

    def draw(box: Box) -> None:
        seen = around(image, box, margin_px=margin_px).transpose(2, 0, 1)[None] * np.float32(1 / 255)
        drawn = run(np.ascontiguousarray(seen))[0].transpose(1, 2, 0)
        left, top, right, bottom = (factor * value for value in box)
        inner = drawn[factor * margin_px :, factor * margin_px :][: bottom - top, : right - left]
        out[top:bottom, left:right] = np.clip(np.rint(inner * 255), 0, 255)

    boxes = list(tiles((width, height), side_px=side_px))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, len(boxes), _AT_ONCE):
            check()
            list(pool.map(draw, boxes[first : first + _AT_ONCE]))
    return out
