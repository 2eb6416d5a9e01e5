"""The one place where results are written into pictures: patches on the same grid, canvases on a new one.

An op returns a `Patch` or a `Canvas`; nobody else touches pixels, so what lies outside a mask is bit-identical
to the source by construction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import (
    Matrix,
    Planes,
    Reader,
    Rows,
    box_of,
    is_axis_aligned,
    lifted,
    scaling,
    translation,
    warp,
    warped,
)
from cavendish.pixels.canvas import Canvas, Continued, Fill, Mirrored, Solid, Surround, Transparent
from cavendish.pixels.fill import fill
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.region import Box
from cavendish.pixels.sheet import laid_out, printed
from cavendish.pixels.strips import LightRows, light_rows, strips
from cavendish.pixels.warp import deform

_ALPHA_FLOOR = 1 / 512
"""Below half a code of an 8-bit alpha nothing shows, so nothing is written."""

_DETAIL_MARGIN = 0.15
"""Of the shorter side of a face's or a line's box."""

_CONTINUED_AREA = 12_000_000
"""Most pixels of a canvas that is continued in full detail; on larger ones new ground is made at this size, and
enlarged."""

_FREE_RIM = 0.03
"""Of the picture's side: reframing extends no side that a face or a line comes nearer to."""


@dataclass(frozen=True)
class Patch:
    """New pixels for a part of a picture, on the picture's own grid.

    Args:
        pixels: h×w×3 encoded, the size of `box`.
        alpha: h×w, how much of `pixels` replaces the picture; 0 leaves it untouched, bit for bit.
        box: Where it goes, inside the picture.
        opacity: A new alpha plane for the whole picture (H×W, 0–1), or None to leave transparency as it is.
        subject: H×W, what now stands in front because of this patch (a placed thing), or None.
        note: What the description should add about how it was done; "" for nothing.
    """

    pixels: EncodedRGB
    alpha: Plane
    box: Box
    opacity: Plane | None = None
    subject: Plane | None = None
    note: str = ""


@dataclass(frozen=True)
class Redrawn:
    """The picture drawn anew: on a finer or coarser grid of the same frame, or of a part of it.

    Args:
        image: The new picture.
        note: What the description should add; "" for nothing.
        window: The part of the old frame that it shows, in the old pixels; None for all of it.
    """

    image: Image
    note: str = ""
    window: Box | None = None

    def grid(self, size: tuple[int, int]) -> Canvas:
        """The new grid over a picture of that (width, height), for what has to move along."""
        width, height = self.image.size
        left, top, right, bottom = self.window or (0, 0, *size)
        return Canvas(
            (width, height), translation(left, top) @ scaling((right - left) / width, (bottom - top) / height)
        )


def whole(image: Image, pixels: EncodedRGB, *, alpha: Plane | None = None, note: str = "") -> Patch:
    """A patch as large as the picture; without `alpha` it replaces every pixel."""
    width, height = image.size
    covered = np.broadcast_to(np.float32(1), (height, width)) if alpha is None else alpha
    return Patch(pixels, covered, (0, 0, width, height), note=note)


def apply_patch(image: Image, patch: Patch) -> Image:
    """Write a patch into a copy of the picture's own values.

    Args:
        image: The picture.
        patch: Blended in linear light where 0 < alpha < 1, copied where alpha is 1.

    Returns:
        A picture of the same size; where `patch.alpha` is 0, and transparency is not replaced, bit-identical.
    """
    if patch.opacity is None:
        pixels = image.pixels.copy()
    else:
        pixels = np.empty((*image.pixels.shape[:2], 4), np.uint8)
        pixels[..., :3] = image.rgb
    left, top, right, bottom = patch.box
    target = pixels[top:bottom, left:right, :3]
    for strip in strips(target.shape):
        _write(target[strip], patch.pixels[strip], patch.alpha[strip])
    if patch.opacity is not None:
        for strip in strips(pixels.shape):
            pixels[strip][..., 3] = np.rint(patch.opacity[strip] * 255)
    return image.with_pixels(pixels)


def _write(target: npt.NDArray[np.uint8], new: npt.NDArray[np.uint8], alpha: Plane) -> None:
    opaque = alpha >= 1 - _ALPHA_FLOOR
    if opaque.all():
        target[...] = new
        return
    target[opaque] = new[opaque]
    soft = (alpha > _ALPHA_FLOOR) & ~opaque
    if soft.any():
        target[soft] = _blend(target[soft], new[soft], alpha[soft])


def _blend(
    under: npt.NDArray[np.uint8], over: npt.NDArray[np.uint8], alpha: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    low = to_linear(EncodedRGB(under[:, None, :]))
    high = to_linear(EncodedRGB(over[:, None, :]))
    mixed = low + (high - low) * alpha[:, None, None]
    return np.asarray(to_encoded(LinearRGB(np.asarray(mixed, np.float32))))[:, 0, :]


def render(
    image: Image,
    canvas: Canvas,
    *,
    subject: Plane | None = None,
    details: Sequence[Box] = (),
    check: Callable[[], None] = lambda: None,
) -> Image:
    """Resample a picture onto a canvas, once, premultiplied and in linear light, and fill what it does not cover.

    Args:
        image: The picture.
        canvas: The new grid.
        subject: H×W on the picture's grid; never copied from where the fill continues the surroundings.
        details: Boxes of faces and lettering on the picture's grid; never copied from either.
        check: Called now and then during long fills; raises to stop.
    """
    if canvas.keeps(image.size):
        return image
    if canvas.sheet is not None:
        photo = replace(canvas, size=canvas.sheet.photo, sheet=None)
        return printed(render(image, photo, subject=subject, details=details, check=check), canvas.sheet)
    if isinstance(canvas.fill, Mirrored):
        return _mirrored(image, canvas, check)
    rows = _moved(image, canvas)
    if isinstance(canvas.fill, Continued):
        shrink = math.sqrt(canvas.size[0] * canvas.size[1] / _CONTINUED_AREA)
        if shrink <= 1 or canvas.stretch is not None:
            return _continued(image, canvas, rows, 1 - _keep_out(image.size, canvas, subject, details), check)
        small = canvas.then(_smaller(canvas.size, shrink))
        ground = render(image, small, subject=subject, details=details, check=check)
        behind = lifted(np.asarray(to_linear(EncodedRGB(ground.rgb))), canvas.size)
        return _backed(image, canvas.size, rows, behind, check)
    return _backed(image, canvas.size, rows, _backdrop(canvas.fill, rows, canvas.size), check)


def _smaller(size: tuple[int, int], shrink: float) -> Canvas:
    small = (max(1, round(size[0] / shrink)), max(1, round(size[1] / shrink)))
    return Canvas(small, scaling(size[0] / small[0], size[1] / small[1]), Continued())


def _backed(image: Image, size: tuple[int, int], rows: Rows, behind: Rows | None, check: Callable[[], None]) -> Image:
    """The moved picture over its backdrop, strip by strip."""
    width, height = size
    pixels = np.empty((height, width, 3), np.uint8)
    opacity = np.empty((height, width), np.uint8)
    for strip in strips(pixels.shape):
        check()
        moved = rows(strip)
        if behind is not None and _coverage_of(moved).min() < 1 - _ALPHA_FLOOR:
            moved[..., :3] += behind(strip) * (1 - moved[..., 3:])
            moved[..., 3] = 1
        pixels[strip], opacity[strip] = _straight(moved)
    return image.with_pixels(pixels if opacity.min() == 255 else np.dstack([pixels, opacity]))


def _continued(image: Image, canvas: Canvas, rows: Rows, sources: Plane, check: Callable[[], None]) -> Image:
    width, height = canvas.size
    color, hole = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.float32)
    for strip in strips(color.shape):
        check()
        moved = rows(strip)
        color[strip] = _straight(moved)[0]
        hole[strip] = 1 - moved[..., 3]
    return image.with_pixels(np.asarray(fill(EncodedRGB(color), hole, sources=sources, check=check)))


def _mirrored(image: Image, canvas: Canvas, check: Callable[[], None]) -> Image:
    """The part that shows the picture, with itself mirrored around it; a slanted picture has no edges to mirror at."""
    frames = [(canvas.matrix, image.size), *canvas.frames]
    if canvas.stretch is not None or not all(is_axis_aligned(matrix) for matrix, _ in frames):
        return render(image, replace(canvas, fill=Surround()), check=check)
    edges = [np.rint(box_of(np.linalg.inv(matrix), frame)).astype(int) for matrix, frame in frames]
    left, top, right, bottom = (
        int(pick([edge[side] for edge in edges] + [limit]))
        for side, (pick, limit) in enumerate(((max, 0), (max, 0), (min, canvas.size[0]), (min, canvas.size[1])))
    )
    if right <= left or bottom <= top:
        return render(image, replace(canvas, fill=Transparent()), check=check)
    corner = translation(left, top)
    inner = replace(
        canvas,
        size=(right - left, bottom - top),
        matrix=canvas.matrix @ corner,
        fill=Transparent(),
        frames=tuple((matrix @ corner, frame) for matrix, frame in canvas.frames),
    )
    shown = render(image, inner, check=check)
    margins = top, canvas.size[1] - bottom, left, canvas.size[0] - right
    return shown.with_pixels(np.asarray(cv2.copyMakeBorder(shown.pixels, *margins, cv2.BORDER_REFLECT)))


def _moved(image: Image, canvas: Canvas) -> Rows:
    """Rows of the new grid, h×w×4: premultiplied linear light and how far it covers."""
    left, top, right, bottom = _uncut(canvas, image.size)
    read = _premultiplied(image, (slice(top, bottom), slice(left, right)))
    rows = warped(read, (right - left, bottom - top), translation(-left, -top) @ canvas.matrix, canvas.grid)
    frames = _cutting_frames(canvas)

    def part(wanted: slice) -> Planes:
        moved = rows(wanted)
        if (
            _coverage_of(moved).max() > 1 + _ALPHA_FLOOR
        ):  # bicubic overshoots beside an edge, in light and coverage alike
            moved /= np.maximum(moved[..., 3:], 1)
        for frame in frames:
            moved *= frame(wanted)[..., None]
        np.clip(moved[..., 3], 0, 1, out=moved[..., 3])
        return np.ascontiguousarray(moved)

    if canvas.stretch is None:
        return part
    stretched = np.maximum(deform(part(slice(0, canvas.grid[1])), canvas.stretch), 0)
    np.minimum(stretched[..., 3], 1, out=stretched[..., 3])
    return lambda wanted: stretched[wanted].copy()


def _premultiplied(image: Image, part: tuple[slice, slice]) -> Reader:
    pixels = image.pixels[part]

    def read(rows: slice, columns: slice) -> Planes:
        codes = pixels[rows, columns]
        light = to_linear(EncodedRGB(np.ascontiguousarray(codes[..., :3])))
        covered = np.asarray(cv2.cvtColor(light, cv2.COLOR_RGB2RGBA), np.float32)
        if image.alpha is not None:
            covered *= codes[..., 3:] * np.float32(1 / 255)
        return covered

    return read


def _keep_out(size: tuple[int, int], canvas: Canvas, subject: Plane | None, details: Sequence[Box]) -> Plane:
    """What must not appear a second time, on the new grid."""
    boxes = np.zeros((size[1], size[0]), np.float32)
    for box in details:
        left, top, right, bottom = _with_margin(box, size)
        boxes[top:bottom, left:right] = 1
    return render_plane(boxes if subject is None else np.maximum(boxes, subject), canvas)


def _with_margin(box: Box, size: tuple[int, int]) -> Box:
    """A box with room for what a detector's box cuts off: swashes, outlines, shadows of letters, hair.

    The margin leaves a rim of the picture free: new ground could not join it otherwise.
    """
    left, top, right, bottom = box
    margin = 2 + round(_DETAIL_MARGIN * min(right - left, bottom - top))
    rim_x, rim_y = (round(_FREE_RIM * side) for side in size)
    return (
        min(left, max(rim_x, left - margin)),
        min(top, max(rim_y, top - margin)),
        max(right, min(size[0] - rim_x, right + margin)),
        max(bottom, min(size[1] - rim_y, bottom + margin)),
    )


def render_plane(plane: Plane, canvas: Canvas) -> Plane:
    """Carry a mask through the same canvas; uncovered places are 0."""
    everything = slice(0, canvas.grid[1])
    moved = np.clip(warp(plane, canvas.matrix, canvas.grid), 0, 1)
    for frame in _cutting_frames(canvas):
        moved *= frame(everything)
    if canvas.sheet is not None:
        return laid_out(moved, canvas.sheet)
    return moved if canvas.stretch is None else np.clip(deform(moved, canvas.stretch), 0, 1)


def _straight(premultiplied: Planes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Encoded colors and alpha of h×w×4 premultiplied light."""
    alpha = _coverage_of(premultiplied)
    color = np.asarray(cv2.cvtColor(premultiplied, cv2.COLOR_RGBA2RGB), np.float32)
    if alpha.min() >= 1 - _ALPHA_FLOOR:
        return np.asarray(to_encoded(LinearRGB(color))), np.full(alpha.shape, 255, np.uint8)
    color /= np.maximum(alpha, 1e-6)[..., None]
    color[alpha < _ALPHA_FLOOR] = 0
    opacity = np.where(alpha >= 1 - _ALPHA_FLOOR, 255, np.rint(alpha * 255))
    return np.asarray(to_encoded(LinearRGB(color))), opacity.astype(np.uint8)


def _coverage_of(premultiplied: Planes) -> Plane:
    return np.asarray(cv2.extractChannel(premultiplied, 3), np.float32)


def _uncut(canvas: Canvas, size: tuple[int, int]) -> Box:
    """Box of the source inside all earlier frames that lie straight on it; else its edge would mix with what is cut."""
    box: Box = (0, 0, *size)
    for matrix, frame in canvas.frames:
        to_source = canvas.matrix @ np.linalg.inv(matrix)
        if is_axis_aligned(to_source):
            left, top, right, bottom = map(round, box_of(to_source, frame))
            box = (max(box[0], left), max(box[1], top), min(box[2], right), min(box[3], bottom))
    return box if box[0] < box[2] and box[1] < box[3] else (0, 0, *size)


def _cutting_frames(canvas: Canvas) -> list[Rows]:
    """Coverage of each earlier frame that cuts anything."""
    cutting = []
    for matrix, frame in canvas.frames:
        left, top, right, bottom = box_of(matrix, canvas.grid)
        whole_canvas_inside = left >= -1e-6 and top >= -1e-6 and right <= frame[0] + 1e-6 and bottom <= frame[1] + 1e-6
        if not whole_canvas_inside:
            cutting.append(_coverage(matrix, frame, canvas.grid))
    return cutting


def _coverage(matrix: Matrix, frame: tuple[int, int], size: tuple[int, int]) -> Rows:
    everywhere = np.broadcast_to(np.float32(1), (frame[1], frame[0]))
    rows = warped(lambda down, across: np.ascontiguousarray(everywhere[down, across]), frame, matrix, size)
    return lambda wanted: np.clip(rows(wanted), 0, 1)


def _backdrop(fill: Fill, rows: Rows, size: tuple[int, int]) -> Rows | None:
    """What shows where the canvas is uncovered, in linear light; None for nothing."""
    if isinstance(fill, Solid):
        color = to_linear(EncodedRGB(np.array([[fill.color]], np.uint8)))
        return lambda _: np.asarray(color)
    if not isinstance(fill, Surround):
        return None
    copy = cache(lambda: _surround(rows, size))  # most canvases are covered after all

    def part(wanted: slice) -> Planes:
        lit = lifted(copy(), size)(wanted)
        noise = np.random.default_rng(wanted.start).uniform(0.996, 1.004, (*lit.shape[:2], 1))
        return lit * noise.astype(np.float32)  # half a code, so that the smooth ramps do not band

    return part


def _surround(rows: Rows, size: tuple[int, int]) -> Planes:
    """A small blurred copy that covers the canvas, dimmed so that the picture stays the eye's first stop."""
    small = (max(1, size[0] // 8), max(1, size[1] // 8))
    enlarge = scaling(size[0] / small[0], size[1] / small[1])
    moved = warped(lambda down, across: rows(down)[:, across], size, enlarge, small)(slice(0, small[1]))
    shown = moved[..., 3] > 0.5
    down, across = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if down.size == 0:
        return np.zeros((*shown.shape, 3), np.float32)
    picture = moved[down[0] : down[-1] + 1, across[0] : across[-1] + 1, :3]
    cover = max(small[0] / picture.shape[1], small[1] / picture.shape[0])
    scaled = (max(small[0], round(picture.shape[1] * cover)), max(small[1], round(picture.shape[0] * cover)))
    copy = cv2.resize(np.ascontiguousarray(picture), scaled, interpolation=cv2.INTER_LINEAR)
    x, y = (scaled[0] - small[0]) // 2, (scaled[1] - small[1]) // 2
    copy = copy[y : y + small[1], x : x + small[0]]
    blurred = cv2.GaussianBlur(copy, (0, 0), max(small) / 28, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred * np.float32(0.5), np.float32)


def put_behind(
    image: Image,
    foreground: Plane,
    plate: LightRows,
    *,
    relight: Callable[[LinearRGB], LinearRGB] | None = None,
    check: Callable[[], None] = lambda: None,
) -> Patch:
    """Replace what is behind a foreground; where the foreground is solid nothing changes.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays in front.
        plate: Makes the new background, as large as the picture.
        relight: Changes the foreground's colors too, each pixel by itself; then solid parts change as well.
        check: Called between strips; raises to stop.

    Returns:
        A patch over the whole picture whose alpha is 1 wherever `foreground` is below 1.
    """
    front_rows = foreground_rows(light_rows(EncodedRGB(image.rgb)), foreground)
    pixels = np.empty(image.rgb.shape, np.uint8)
    for strip in strips(pixels.shape):
        check()
        front = front_rows(strip)
        behind = plate(strip)
        lit = front if relight is None else relight(front)
        pixels[strip] = to_encoded(LinearRGB(behind + (lit - behind) * foreground[strip][..., None]))
    alpha = None if relight else (foreground < 1 - _ALPHA_FLOOR).astype(np.float32)
    return whole(image, EncodedRGB(pixels), alpha=alpha)
