"""Filling holes from what surrounds them: smoothly behind a subject before a blur, in full detail where it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane
from cavendish.imaging.resample import Reader, scaling, warped
from cavendish.pixels.fill_bleed import without_bleed
from cavendish.pixels.fill_scene import Filled, Floats, Mask, Scene
from cavendish.pixels.fill_surface import fill_membrane, is_smooth
from cavendish.pixels.grain import add_grain
from cavendish.pixels.strips import strips

_SOFT = 1 / 64  # below this a pixel of the mask's soft edge shows nothing of what is removed
_THIN = 5.0  # pixels of half width, at 1 MP, up to which a hole is a stroke
_GUESS_AREA = 110_000  # pixels: texture shows at this size, and search takes a second at most
_LAYOUT_AREA = _GUESS_AREA // 4  # pixels: at this size, only structure shows
_SEAM_AREA = 1_500_000  # pixels: above, seams are laid at a smaller size, so that memory stays bounded
_STROKE_RADIUS = 3

_Window = tuple[slice, slice]
_Floats = npt.NDArray[np.floating[Any]]
Mask8 = npt.NDArray[np.uint8]


def _carry_on() -> None:
    return


def fill(
    image: EncodedRGB,
    hole: Plane,
    *,
    sources: Plane | Mask8 | None = None,
    text: bool = False,
    row_prior: float = 1.0,
    seed: int = 0,
    check: Callable[[], None] = _carry_on,
) -> EncodedRGB:
    """Fill a hole so that it looks as if nothing had been there.

    Strokes are closed from their sides; holes with a smooth rim get a smooth surface with the grain around them;
    everything else is copied from the rest of the picture, piece by piece, with quiet seams.

    Args:
        image: Encoded sRGB, h×w×3 uint8. What is in the hole only tells whether it bleeds over the mask's edge.
        hole: h×w, 0–1. 0.5 and above is filled entirely; below, filling and picture are blended.
        sources: h×w, 0–1, in floats or bytes: from where may be copied (0.5 and above); None allows everything outside
            the hole. What is excluded does not color the filling either.
        text: The hole is lettering: close its strokes from their sides however wide they are.
        row_prior: How strongly patches should come from the same height of the picture: 0 not at all, 1 as
            landscapes need.
        seed: Equal seeds give equal pixels.
        check: Called between rounds and tiles; raises to stop.

    Returns:
        New array, same shape; bit-identical to `image` where `hole` is 0.

    Raises:
        UnsupportedEdit: No pixel is left to fill from.

    Source:
        See `fill_patches`, `fill_quilt`, `fill_seams` and `fill_surface`; strokes: Bertalmio, Bertozzi and Sapiro,
        "Navier-Stokes, fluid dynamics, and image and video inpainting", 2001.
    """
    solid = hole >= 0.5
    if not solid.any():
        return EncodedRGB(image.copy())
    missing = hole > _SOFT
    if missing.all():
        missing = solid
    usable = ~missing if sources is None else ~missing & (sources >= 0.5)
    if not usable.any():
        raise UnsupportedEdit("The mask covers everything that may be copied from: nothing is left to fill from.")
    filled = EncodedRGB(image.copy())
    strokes = missing if text else _strokes(missing)
    for window, part in _groups(strokes, usable, margin=16, context=0):
        check()
        filled[window][part] = _close_strokes(EncodedRGB(filled[window]), part, usable[window])[part]
    for window, part in _groups(missing & ~strokes, usable, margin=64, context=1):
        rng = np.random.default_rng([seed, window[0].start, window[1].start])
        new = _fill_window(EncodedRGB(filled[window]), part, usable[window], row_prior=row_prior, rng=rng, check=check)
        filled[window][part] = new[part]
    return _blend_edge(image, filled, hole)


def _blend_edge(image: EncodedRGB, filled: EncodedRGB, hole: Plane) -> EncodedRGB:
    soft = (hole < 0.5) & (hole > 0)
    share = 2 * hole[soft][:, None]
    filled[soft] = np.rint(image[soft] + (filled[soft].astype(np.float32) - image[soft]) * share).astype(np.uint8)
    return filled


def _strokes(missing: Mask) -> Mask:
    """The connected parts of the hole that are thin nearly everywhere; crossings and dots are a little thicker."""
    box = _box_around(missing)
    part = missing[box].astype(np.uint8)
    depth = np.asarray(cv2.distanceTransform(np.pad(part, 1), cv2.DIST_L2, 5), np.float32)[1:-1, 1:-1][part > 0]
    count, labels = cv2.connectedComponents(part)
    parts = np.asarray(labels[part > 0], np.intp)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, parts, depth)
    mean = np.bincount(parts, depth, count) / np.maximum(np.bincount(parts, minlength=count), 1)
    limit = _THIN * min(max((missing.size / 1e6) ** 0.5, 1), 2)
    thin = (2 * mean - 1 <= limit) & (deepest <= 1.6 * limit)  # depths of a stroke run from 1 to its half width
    thin[0] = False
    strokes = np.zeros_like(missing)
    strokes[box] = thin[labels]
    return strokes


def _box_around(mask: Mask, *, margin: int = 0) -> _Window:
    ends = [np.flatnonzero(mask.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    rows, columns = (slice(max(0, int(first) - margin), int(last) + margin + 1) for first, last in ends)
    return rows, columns


def _groups(holes: Mask, usable: Mask, *, margin: int, context: float) -> Iterator[tuple[_Window, Mask]]:
    """Holes near one another, with the part of the picture that each group needs to see.

    Args:
        holes: What is to be filled.
        usable: What may be copied from.
        margin: The least number of pixels to see around a group.
        context: How far to see, in multiples of the group's longer side; half as far again along rows, since things
            at the same height look most alike.
    """
    if not holes.any():
        return
    box = _box_around(holes, margin=margin)
    near = cv2.dilate(holes[box].astype(np.uint8), np.ones((margin // 2 + 1, margin // 2 + 1), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(near)
    for group in range(1, count):
        left, top, width, height = (int(value) for value in boxes[group, :4])
        own = (
            slice(box[0].start + top, box[0].start + top + height),
            slice(box[1].start + left, box[1].start + left + width),
        )
        reach = max(margin, round(context * max(width, height)))
        window = _widened(own, reach)
        mine = np.zeros_like(holes)
        mine[own] = holes[own] & (labels[top : top + height, left : left + width] == group)
        if usable[window].sum() < np.count_nonzero(mine[own]) / 4:
            window = slice(0, holes.shape[0]), slice(0, holes.shape[1])
        yield window, mine[window]


def _widened(box: _Window, reach: int) -> _Window:
    """The box and its surroundings, half as far again along rows."""
    rows, columns = box
    across = 3 * reach // 2
    return slice(max(0, rows.start - reach), rows.stop + reach), slice(
        max(0, columns.start - across), columns.stop + across
    )


def _close_strokes(image: EncodedRGB, part: Mask, usable: Mask) -> EncodedRGB:
    around = np.rint(_veiled(image.astype(np.float32), usable)).astype(np.uint8)
    return EncodedRGB(np.asarray(cv2.inpaint(around, part.astype(np.uint8), _STROKE_RADIUS, cv2.INPAINT_NS), np.uint8))


def _veiled(colors: Floats, usable: Mask) -> Floats:
    """The colors with a smooth continuation wherever nothing may be seen of what is there."""
    return np.asarray(fill_smooth(LinearRGB(colors), usable.astype(np.float32)))


def _fill_window(
    image: EncodedRGB,
    part: Mask,
    usable: Mask,
    *,
    row_prior: float,
    rng: np.random.Generator,
    check: Callable[[], None],
) -> EncodedRGB:
    """Fill one group of holes from the part of the picture around it."""
    from cavendish.pixels.fill_seams import copy_enlarged  # noqa: PLC0415

    check()
    usable = without_bleed(image, part, usable)
    middle, small = _scene(image, part, usable, _SEAM_AREA), _veiled_scene(image, part, usable, _GUESS_AREA)
    copied = None
    if not is_smooth(small):
        rough = partial(_veiled_scene, image, part, usable, _LAYOUT_AREA)
        copied = _copy(middle, small, rough, row_prior=row_prior, rng=rng, check=check)
    computed = copied or fill_membrane(middle)
    if computed.colors.shape == image.shape:
        filled = EncodedRGB(np.rint(computed.colors).astype(np.uint8))
    else:
        filled = copy_enlarged(image, part, usable, computed, check=check)
    if copied is None:
        filled = add_grain(filled, part, like=filled, usable=usable, rng=rng)
    if all(_is_gray(image[strip], usable[strip]) for strip in strips(usable.shape)):
        filled[part] = filled[part][:, 1:2]  # rounding differs by channel; a gray picture must stay gray
    return filled


def _copy(
    middle: Scene,
    small: Scene,
    rougher: Callable[[], Scene],
    *,
    row_prior: float,
    rng: np.random.Generator,
    check: Callable[[], None],
) -> Filled | None:
    """Fill the hole from elsewhere in the window; None where there is nothing to copy."""
    # SciPy, behind these, costs a quarter of a second that a server start and most edits need not pay.
    from cavendish.pixels.fill_lines import lines_through, smooth_under  # noqa: PLC0415
    from cavendish.pixels.fill_offsets import guess_texture  # noqa: PLC0415
    from cavendish.pixels.fill_patches import guess_hole  # noqa: PLC0415
    from cavendish.pixels.fill_quilt import quilt  # noqa: PLC0415
    from cavendish.pixels.fill_seams import copy_with_seams  # noqa: PLC0415
    from cavendish.pixels.fill_trend import resized, shaded, trend  # noqa: PLC0415

    texture = guess_texture(small)
    if texture is not None:
        return copy_with_seams(middle, small, texture, check=check)
    expected, rough = trend(small), rougher()
    layout = guess_hole(rough, expected, row_prior=row_prior, rng=rng, check=check)
    if layout is None:
        return None
    lines = lines_through(small)
    lined = smooth_under(resized(layout.colors, small.hole.shape), lines)
    pieces = quilt(small, lined, lines, row_prior=row_prior, rng=rng, check=check)
    copied = copy_with_seams(middle, *((rough, layout) if pieces is None else (small, pieces)), check=check)
    return shaded(copied, middle.hole, expected)


def _is_gray(image: npt.NDArray[np.uint8], where: Mask) -> bool:
    alike = (image[..., 0] == image[..., 1]) & (image[..., 1] == image[..., 2])
    return bool(alike[where].all())


def _scene(image: EncodedRGB, part: Mask, usable: Mask, area: int) -> Scene:
    """The window shrunk to at most `area` pixels; what is unusable beside the hole is filled with it."""
    scale = min(1.0, (area / part.size) ** 0.5)
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    if scale < 1:
        colors, seen = _shrunk_usable(image, usable, size)
        hole = _shrunk(part, size) > 0.01
        clean = (seen > 0.99) & ~hole
    else:
        colors, hole, clean = image.astype(np.float32), part, usable
    beside = cv2.dilate(hole.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    return Scene(colors, hole | (beside & ~clean), clean)


def _veiled_scene(image: EncodedRGB, part: Mask, usable: Mask, area: int) -> Scene:
    scene = _scene(image, part, usable, area)
    return replace(scene, colors=_veiled(scene.colors, scene.usable))


def _shrunk_usable(image: EncodedRGB, usable: Mask, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Means of the usable colors, and how much of each pixel is usable; the others count where there are none."""

    def read(rows: slice, columns: slice) -> Floats:
        weight = np.maximum(usable[rows, columns], np.float32(1e-3))[..., None]
        return np.concatenate([image[rows, columns] * weight, weight], axis=2)

    shrunk = _averaged(read, usable.shape, size)
    return shrunk[..., :3] / shrunk[..., 3:], shrunk[..., 3]


def _shrunk(mask: Mask, size: tuple[int, int]) -> Floats:
    return _averaged(lambda rows, columns: mask[rows, columns].astype(np.float32), mask.shape, size)


def _averaged(read: Reader, shape: tuple[int, ...], size: tuple[int, int]) -> Floats:
    matrix = scaling(shape[1] / size[0], shape[0] / size[1])
    return warped(read, (shape[1], shape[0]), matrix, size)(slice(0, size[1]))


def fill_smooth(image: LinearRGB, known: Plane) -> LinearRGB:
    """Fill the unknown part of a picture with a smooth continuation of the known part.

    Each unknown pixel takes the weighted mean of the known ones at the finest scale that reaches any, so that a hole
    of any size is filled in time linear in the picture's area.

    Args:
        image: Linear-light sRGB, h×w×3 float32; finite also where unknown.
        known: h×w float32, 0–1: how far each pixel is to be believed.

    Returns:
        New array, same shape. Pixels with known = 1 are bit-identical to `image`; those in between are a blend. Where
        nothing at all is known, the mean of the picture, which serves a blur better than black would.

    Source:
        Knutsson and Westin, "Normalized and differential convolution", 1993, at every scale of a pyramid as in the
        pull-push of Gortler et al., "The Lumigraph", 1996.
    """
    if not known.any():
        return LinearRGB(np.broadcast_to(image.mean(axis=(0, 1)), image.shape).astype(np.float32))
    weighted = image * _tripled(known)
    filled = weighted + _tripled(1 - known) * _finer(_fill_level(*_coarser(weighted, known)), known.shape)
    np.copyto(filled, image, where=_tripled(known) == 1)
    return LinearRGB(filled.astype(np.float32, copy=False))


def _fill_level(weighted: _Floats, weight: _Floats) -> _Floats:
    """Colors of one pyramid level: its own means where it has some, else those of the next coarser level."""
    if weight.size == 1 or float(weight.min()) >= 0.5:
        return cast("_Floats", weighted / _tripled(np.maximum(weight, 1e-12)))
    # A level that is half known there already has a mean as good as the coarser one's, and from nearer by.
    trust = np.minimum(2 * weight, 1)
    own = weighted * _tripled(trust / np.maximum(weight, 1e-12))
    return cast("_Floats", own + _tripled(1 - trust) * _finer(_fill_level(*_coarser(weighted, weight)), weight.shape))


def _coarser(weighted: _Floats, weight: _Floats) -> tuple[_Floats, _Floats]:
    return cast("_Floats", cv2.pyrDown(weighted)), cast("_Floats", cv2.pyrDown(weight))


def _finer(level: _Floats, shape: tuple[int, ...]) -> _Floats:
    return cast("_Floats", cv2.pyrUp(level, dstsize=(shape[1], shape[0])))


def _tripled(plane: _Floats) -> _Floats:
    return cast("_Floats", cv2.merge([plane, plane, plane]))
