"""The one place where results are written into pictures: patches on the same grid, canvases on a new one.

An op returns a `Patch` or a `Canvas`; nobody else touches pixels, so what lies outside a mask is bit-identical
to the source by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import Matrix, box_of, is_axis_aligned, translation, warp
from cavendish.pixels.fill import fill
from cavendish.pixels.matte import estimate_foreground
from cavendish.pixels.region import Box
from cavendish.pixels.warp import Stretch, deform

_ALPHA_FLOOR = 1 / 512
"""Below half a code of an 8-bit alpha nothing shows, so nothing is written."""

_DETAIL_MARGIN = 0.15
"""Of the shorter side of a face's or a line's box."""


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
class Transparent:
    """Uncovered canvas stays transparent."""


@dataclass(frozen=True)
class Solid:
    """Uncovered canvas gets one color: encoded R, G, B, 0–255."""

    color: tuple[int, int, int]


@dataclass(frozen=True)
class Surround:
    """Uncovered canvas gets a blurred, dimmed, enlarged copy of the picture."""


@dataclass(frozen=True)
class Continued:
    """Uncovered canvas continues what is beside it, as if the picture went on."""


Fill = Transparent | Solid | Surround | Continued


@dataclass(frozen=True)
class Canvas:
    """A new grid for a picture.

    Args:
        size: (width, height) of the new grid.
        matrix: Maps points of the new grid to points of the old one.
        fill: What uncovered places get.
        note: What the description should add; "" for nothing.
        frames: Earlier grids (matrix from the new grid, size) that also bound what may show.
        stretch: A deformation between the grid that `matrix` and `frames` speak of and the new grid, or None where
            they are one. Nothing can be merged behind it.
    """

    size: tuple[int, int]
    matrix: Matrix
    fill: Fill = field(default_factory=Transparent)
    note: str = ""
    frames: tuple[tuple[Matrix, tuple[int, int]], ...] = ()
    stretch: Stretch | None = None

    @property
    def grid(self) -> tuple[int, int]:
        """(width, height) of the grid before deformation."""
        return self.stretch.flat if self.stretch else self.size

    def keeps(self, size: tuple[int, int]) -> bool:
        """Whether every pixel of a picture of that size stays where it is."""
        return self.size == size and not self.frames and self.stretch is None and np.array_equal(self.matrix, np.eye(3))

    def move(self, box: Box) -> Box | None:
        """Where a box of the old grid lies on the new one (grown to whole pixels), or None where it is off it.

        A deformation is left out of account: it spares what matters.
        """
        placed = np.linalg.inv(self.matrix) @ translation(box[0], box[1])
        left, top, right, bottom = box_of(placed, (box[2] - box[0], box[3] - box[1]))
        moved = (
            max(0, int(left)),
            max(0, int(top)),
            min(self.size[0], int(right) + 1),
            min(self.size[1], int(bottom) + 1),
        )
        return moved if moved[0] < moved[2] and moved[1] < moved[3] else None

    def then(self, later: Canvas) -> Canvas:
        """This canvas followed by `later`, as one canvas over the original picture.

        What this canvas cut away stays away: its rectangle is remembered in `frames`.
        """
        assert self.stretch is None, "a deformed canvas is rendered before anything follows"
        frames = (*((matrix @ later.matrix, size) for matrix, size in self.frames), (later.matrix, self.size))
        return Canvas(
            size=later.size,
            matrix=self.matrix @ later.matrix,
            fill=self.fill if isinstance(later.fill, Transparent) else later.fill,
            note=" ".join(note for note in (self.note, later.note) if note),
            frames=frames,
            stretch=later.stretch,
        )


def whole(image: Image, pixels: EncodedRGB, *, alpha: Plane | None = None, note: str = "") -> Patch:
    """A patch as large as the picture; without `alpha` it replaces every pixel."""
    width, height = image.size
    covered = np.ones((height, width), np.float32) if alpha is None else alpha
    return Patch(pixels, covered, (0, 0, width, height), note=note)


def apply_patch(image: Image, patch: Patch) -> Image:
    """Write a patch into a copy of the picture's own values.

    Args:
        image: The picture.
        patch: Blended in linear light where 0 < alpha < 1, copied where alpha is 1.

    Returns:
        A picture of the same size; where `patch.alpha` is 0, and transparency is not replaced, bit-identical.
    """
    pixels = image.pixels.copy()
    left, top, right, bottom = patch.box
    target = pixels[top:bottom, left:right, :3]
    opaque = patch.alpha >= 1 - _ALPHA_FLOOR
    if opaque.all():
        target[...] = patch.pixels
    else:
        target[opaque] = patch.pixels[opaque]
        soft = (patch.alpha > _ALPHA_FLOOR) & ~opaque
        if soft.any():
            target[soft] = _blend(target[soft], patch.pixels[soft], patch.alpha[soft])
    if patch.opacity is None:
        return image.with_pixels(pixels)
    plane = np.rint(patch.opacity * 255).astype(np.uint8)
    return image.with_pixels(np.dstack([pixels[..., :3], plane]))


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
    light = np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(image.rgb))))
    opacity = image.opacity
    if image.alpha is not None:
        light = light * opacity[..., None]
    left, top, right, bottom = _uncut(canvas, image.size)
    matrix = translation(-left, -top) @ canvas.matrix
    moved = warp(light[top:bottom, left:right], matrix, canvas.grid)
    coverage = warp(opacity[top:bottom, left:right], matrix, canvas.grid)
    if coverage.max() > 1 + _ALPHA_FLOOR:  # bicubic weights overshoot beside an edge, in light and coverage alike
        moved = np.asarray(moved / np.maximum(coverage, 1)[..., None], np.float32)
    shown = np.clip(coverage, 0, 1)
    visible = _visibility(canvas)
    if visible is not None:
        moved, shown = moved * visible[..., None], shown * visible
    if canvas.stretch is not None:
        moved, shown = np.maximum(deform(moved, canvas.stretch), 0), np.clip(deform(shown, canvas.stretch), 0, 1)
    if isinstance(canvas.fill, Transparent) or (shown >= 1 - _ALPHA_FLOOR).all():
        return image.with_pixels(_straight(moved, shown))
    if isinstance(canvas.fill, Continued):
        sources = 1 - _keep_out(image.size, canvas, subject, details)
        pixels = fill(EncodedRGB(_straight(moved, shown)[..., :3].copy()), 1 - shown, sources=sources, check=check)
        return image.with_pixels(np.asarray(pixels))
    filled = moved + _fill_plane(canvas.fill, moved, shown) * (1 - shown)[..., None]
    return image.with_pixels(np.asarray(to_encoded(LinearRGB(filled))))


def _keep_out(size: tuple[int, int], canvas: Canvas, subject: Plane | None, details: Sequence[Box]) -> Plane:
    """What must not appear a second time, on the new grid."""
    boxes = np.zeros((size[1], size[0]), np.float32)
    for box in details:
        left, top, right, bottom = _with_margin(box)
        boxes[max(0, top) : bottom, max(0, left) : right] = 1
    return render_plane(boxes if subject is None else np.maximum(boxes, subject), canvas)


def _with_margin(box: Box) -> Box:
    """A box with room for what a detector's box cuts off: swashes, outlines, shadows of letters, hair."""
    left, top, right, bottom = box
    margin = 2 + round(_DETAIL_MARGIN * min(right - left, bottom - top))
    return left - margin, top - margin, right + margin, bottom + margin


def render_plane(plane: Plane, canvas: Canvas) -> Plane:
    """Carry a mask through the same canvas; uncovered places are 0."""
    moved = np.clip(warp(plane, canvas.matrix, canvas.grid), 0, 1)
    visible = _visibility(canvas)
    moved = moved if visible is None else moved * visible
    return moved if canvas.stretch is None else np.clip(deform(moved, canvas.stretch), 0, 1)


def _straight(premultiplied: npt.NDArray[np.float32], alpha: Plane) -> npt.NDArray[np.uint8]:
    if (alpha >= 1 - _ALPHA_FLOOR).all():
        return np.asarray(to_encoded(LinearRGB(premultiplied)))
    color = np.asarray(premultiplied / np.maximum(alpha, 1e-6)[..., None], np.float32)
    color[alpha < _ALPHA_FLOOR] = 0
    return np.dstack([to_encoded(LinearRGB(color)), np.rint(alpha * 255).astype(np.uint8)])


def _uncut(canvas: Canvas, size: tuple[int, int]) -> Box:
    """Box of the source inside all earlier frames that lie straight on it; else its edge would mix with what is cut."""
    box: Box = (0, 0, *size)
    for matrix, frame in canvas.frames:
        to_source = canvas.matrix @ np.linalg.inv(matrix)
        if is_axis_aligned(to_source):
            left, top, right, bottom = map(round, box_of(to_source, frame))
            box = (max(box[0], left), max(box[1], top), min(box[2], right), min(box[3], bottom))
    return box if box[0] < box[2] and box[1] < box[3] else (0, 0, *size)


def _visibility(canvas: Canvas) -> Plane | None:
    """Product of the earlier frames' coverage; None where no frame cuts anything."""
    product: Plane | None = None
    for matrix, frame in canvas.frames:
        left, top, right, bottom = box_of(matrix, canvas.grid)
        whole_canvas_inside = left >= -1e-6 and top >= -1e-6 and right <= frame[0] + 1e-6 and bottom <= frame[1] + 1e-6
        if not whole_canvas_inside:
            part = _frame(matrix, frame, canvas.grid)
            product = part if product is None else product * part
    return product


def _frame(matrix: Matrix, frame: tuple[int, int], size: tuple[int, int]) -> Plane:
    return np.clip(warp(np.ones((frame[1], frame[0]), np.float32), matrix, size), 0, 1)


def _fill_plane(fill: Fill, moved: npt.NDArray[np.float32], shown: Plane) -> npt.NDArray[np.float32]:
    if isinstance(fill, Solid):
        color = to_linear(EncodedRGB(np.array([[fill.color]], np.uint8)))
        return np.broadcast_to(color, moved.shape)
    return _surround(moved, shown)


def _surround(moved: npt.NDArray[np.float32], shown: Plane) -> npt.NDArray[np.float32]:
    """A blurred copy that covers the canvas, dimmed so that the picture stays the eye's first stop.

    Blurring at an eighth of the size costs nothing; half a code of noise keeps the smooth ramps from banding.
    """
    height, width = shown.shape
    rows, columns = np.flatnonzero(shown.max(axis=1) > 0.5), np.flatnonzero(shown.max(axis=0) > 0.5)
    if rows.size == 0:
        return np.zeros_like(moved)
    picture = moved[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = (max(1, width // 8), max(1, height // 8))
    cover = max(small[0] / picture.shape[1], small[1] / picture.shape[0])
    scaled = (max(small[0], round(picture.shape[1] * cover)), max(small[1], round(picture.shape[0] * cover)))
    copy = cv2.resize(picture, scaled, interpolation=cv2.INTER_AREA)
    x, y = (scaled[0] - small[0]) // 2, (scaled[1] - small[1]) // 2
    copy = copy[y : y + small[1], x : x + small[0]]
    copy = cv2.GaussianBlur(copy, (0, 0), max(small) / 28, borderType=cv2.BORDER_REPLICATE) * np.float32(0.5)
    noise = np.random.default_rng(0).uniform(0.996, 1.004, (height, width, 1)).astype(np.float32)
    return np.asarray(cv2.resize(copy, (width, height), interpolation=cv2.INTER_CUBIC) * noise)


def put_behind(image: Image, foreground: Plane, plate: LinearRGB, *, note: str = "") -> Patch:
    """Replace what is behind a foreground; where the foreground is solid nothing changes.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays in front.
        plate: H×W×3 new background in linear light.
        note: For the description.

    Returns:
        A patch over the whole picture whose alpha is 1 wherever `foreground` is below 1.
    """
    light = to_linear(EncodedRGB(np.ascontiguousarray(image.rgb)))
    front = np.asarray(estimate_foreground(light, foreground))
    mixed = plate + (front - plate) * foreground[..., None]
    behind = (foreground < 1 - _ALPHA_FLOOR).astype(np.float32)
    return whole(image, to_encoded(LinearRGB(mixed)), alpha=behind, note=note)
