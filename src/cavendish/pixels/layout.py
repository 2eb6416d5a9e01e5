"""Several pictures on one canvas: beside one another, in rows, divided by a line, or as one exposure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import Planes, scaling, translation, warped
from cavendish.pixels.strips import LightRows, strips

_WHITE = 255


@dataclass(frozen=True)
class Cell:
    """Where one picture goes: its box on the canvas, in pixels, which it fills from its middle outwards."""

    left: int
    top: int
    width: int
    height: int


def beside(sizes: Sequence[tuple[int, int]], *, gutter_px: int) -> tuple[tuple[int, int], list[Cell]]:
    """Lay pictures of those (width, height) out from left to right, as high as the first one.

    Returns:
        Size of the canvas, and a cell for each, of its picture's own shape.
    """
    height = sizes[0][1]
    widths = [max(1, round(w * height / h)) for w, h in sizes]
    lefts = [sum(widths[:k]) + k * gutter_px for k in range(len(sizes))]
    cells = [Cell(left, 0, width, height) for left, width in zip(lefts, widths, strict=True)]
    return (lefts[-1] + widths[-1], height), cells


def stacked(sizes: Sequence[tuple[int, int]], *, gutter_px: int) -> tuple[tuple[int, int], list[Cell]]:
    """The same from the top down, as wide as the first one."""
    turned, cells = beside([(h, w) for w, h in sizes], gutter_px=gutter_px)
    return turned[::-1], [Cell(cell.top, cell.left, cell.height, cell.width) for cell in cells]


def in_grid(sizes: Sequence[tuple[int, int]], *, gutter_px: int) -> tuple[tuple[int, int], list[Cell]]:
    """Equal cells of the first picture's shape, as nearly as many across as down."""
    across = math.ceil(math.sqrt(len(sizes)))
    width, height = sizes[0]
    down = math.ceil(len(sizes) / across)
    steps = width + gutter_px, height + gutter_px
    cells = [Cell((k % across) * steps[0], (k // across) * steps[1], width, height) for k in range(len(sizes))]
    return (across * steps[0] - gutter_px, down * steps[1] - gutter_px), cells


def in_rows(sizes: Sequence[tuple[int, int]], *, gutter_px: int) -> tuple[tuple[int, int], list[Cell]]:
    """Rows of equal width in which every picture keeps its shape; about as many rows as pictures in a row."""
    rows = max(1, round(math.sqrt(len(sizes))))
    parts = [list(part) for part in np.array_split(np.arange(len(sizes)), rows)]
    width = max(sizes[0][0], *(beside([sizes[k] for k in part], gutter_px=gutter_px)[0][0] for part in parts))
    cells: list[Cell] = []
    top = 0
    for part in parts:
        room = width - gutter_px * (len(part) - 1)
        height = max(1, round(room / sum(sizes[k][0] / sizes[k][1] for k in part)))
        left = 0
        for k in part:
            wide = round(sizes[k][0] / sizes[k][1] * height)
            wide = width - left if k == part[-1] else max(1, wide)
            cells.append(Cell(left, top, wide, height))
            left += wide + gutter_px
        top += height + gutter_px
    return (width, top - gutter_px), cells


def arranged(
    images: Sequence[Image], size: tuple[int, int], cells: Sequence[Cell], *, check: Callable[[], None] = lambda: None
) -> EncodedRGB:
    """Show pictures in their cells on white.

    Args:
        images: As many as `cells`.
        size: (width, height) of the canvas.
        cells: Where each goes; a picture of another shape is cropped around its middle.
        check: Called now and then; raises to stop.

    Returns:
        h×w×3 encoded sRGB; a picture that has its cell's size keeps its values.
    """
    canvas = np.full((size[1], size[0], 3), _WHITE, np.uint8)
    for image, cell in zip(images, cells, strict=True):
        target = canvas[cell.top : cell.top + cell.height, cell.left : cell.left + cell.width]
        if image.size == (cell.width, cell.height) and image.alpha is None:
            target[:] = image.rgb
            continue
        rows = covering(image, (cell.width, cell.height))
        for strip in strips(target.shape):
            check()
            target[strip] = to_encoded(rows(strip))
    return EncodedRGB(canvas)


def covering(image: Image, size: tuple[int, int]) -> LightRows:
    """A picture at a (width, height) that it covers, cropped around its middle; over white where transparent."""
    width, height = image.size
    scale = min(width / size[0], height / size[1])
    shift = translation((width - scale * size[0]) / 2, (height - scale * size[1]) / 2)

    def read(down: slice, across: slice) -> Planes:
        part = Image(image.pixels[down, across])
        light = np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(part.rgb))))
        return light if part.alpha is None else np.asarray(1 + (light - 1) * part.opacity[..., None], np.float32)

    rows = warped(read, (width, height), shift @ scaling(scale, scale), size)
    return lambda wanted: LinearRGB(np.clip(rows(wanted), 0, 1))


def divided(
    image: Image, other: Image, *, position: float, check: Callable[[], None] = lambda: None
) -> tuple[EncodedRGB, int]:
    """The left of one picture and the right of another, with a white line between them.

    Args:
        image: The picture on the left.
        other: The one on the right; made to cover the same frame.
        position: Of the line, 0–1 from the left.
        check: Called now and then; raises to stop.

    Returns:
        The new picture, and the first column that is changed.
    """
    width, height = image.size
    column, half = round(position * width), max(1, round(0.0015 * max(width, height)))
    pixels, rows = EncodedRGB(np.array(image.rgb, order="C")), covering(other, image.size)
    for strip in strips(pixels.shape):
        check()
        pixels[strip, column:] = to_encoded(rows(strip))[:, column:]
    first = max(0, column - half)
    pixels[:, first : column + half] = _WHITE
    return pixels, first


def exposed_twice(image: Image, other: Image, *, amount: float) -> LightRows:
    """Two pictures as one exposure: light adds up, and what is bright in either stays bright.

    Args:
        image: The first exposure.
        other: The second; made to cover the same frame.
        amount: 0 shows the first alone, 1 the second, 0.5 both in full.

    Returns:
        Makes the picture.

    Source:
        The screen of W3C Compositing and Blending Level 1, 2015, in linear light.
    """
    shares = np.float32(min(1.0, 2 - 2 * amount)), np.float32(min(1.0, 2 * amount))
    first, second = covering(image, image.size), covering(other, image.size)

    def rows(wanted: slice) -> LinearRGB:
        return LinearRGB(1 - (1 - shares[0] * first(wanted)) * (1 - shares[1] * second(wanted)))

    return rows
