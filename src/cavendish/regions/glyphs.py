"""The strokes of lettering, so that taking it out of a picture leaves what lies between the letters alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.regions.lettering import box_around
from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box
    from cavendish.regions.lettering import Quad
    from cavendish.regions.reading import Line, Word

    Floats = npt.NDArray[np.floating[Any] | np.integer[Any]]
    Mask = npt.NDArray[np.bool_]

_WORKING_PIXELS = 0.15e6
"""Pixels of a line that are looked at; larger lettering is separated on a copy, and its mask lifted."""
_CLUSTERS = 8
"""Colors that a line and its ground are summed up in; with fewer, thin outlines get none of their own."""
_SAMPLES = 6_000

# Lengths in heights of the line.
_GROWTH = 0.15
"""Around the quad: nearly everything of a line is inside."""
_TAIL = 0.3
"""Above and below the quad, for tails of letters that begin in it."""
_RIM = ((-0.05, -0.06), (0.05, 0.12))
"""From where to where the rim reaches, along the line and across it: mostly ground, even between lines set tight."""

_LEAST_STRAY, _MOST_STRAY = 0.05, 0.45
"""Shares of the rim that are unlike the rest of it: less on ground that is surely plain, more on one that is not."""
_STRAY_COST = 3.0
"""How much ink in the line outweighs the same share of ink at its rim."""
_CONTRAST, _MOST_GRAIN = 6.0, 18.0
"""Distances in CIELAB from a plain ground: less is always grain, more never."""
_FAINTEST = 0.3
"""Share of the contrast of the letters that their shadows have, and the rules of a page do not."""
_INK = 0.7
"""Evidence, in logarithms of a likelihood ratio, from which a color is that of ink."""
_LEAST_RATIO, _MOST_RATIO = 1.5, 4.0
"""How many times denser within a line than at its rim a color must be to be ink; and may count as."""
_CLEAR = 0.1
"""Share of a line that must be of such colors."""
_LEAST_SHARE, _MOST_SHARE = 0.02, 0.75
"""Shares of a quad that letters fill."""
_INSIDE = 0.3
"""Share of a stroke that lies in the quad proper; what has less is a neighbor's."""
_HOLE = 0.6
"""Thickness of dots in letters that belong to them, in stroke widths."""
_LEAST_MARGIN_PX, _MARGIN = 1.0, 0.12
"""Margin around the strokes, in working pixels and, on top of it, in stroke widths."""

_HALO = 0.08
"""Reach of outlines that have a color of the ground, in heights of the line."""
_HEAVY = 0.45
"""Share of the quad from which letters are so heavy that nothing between them is away from them."""
_LEAST_SEEN = 0.05
"""Share of a window that must be away from the letters for a comparison."""
_OUTLINING = (0.3, 2.5, 0.1)
"""Least share of an outline's color close to the letters: by itself, and as a multiple of its share away from them."""


@dataclass(frozen=True)
class _Patch:
    """The surroundings of a line, at working size.

    Args:
        box: Where it is in the picture.
        height: Of the line, in working pixels.
        lab: CIELAB colors, h×w×3.
        core: The quad itself.
        near: The quad and what is close to it.
        rim: A thin band along the border of the quad.
        allowed: What the mask does not leave.
    """

    box: Box
    height: float
    lab: Floats
    core: Mask
    near: Mask
    rim: Mask
    allowed: Mask


def glyph_mask(image: Image, lettering: Sequence[Line | Word]) -> Plane:
    """Mark the strokes of lettering with their outline, shadow and soft rim.

    On plain ground ink is what differs from it. On other ground, ink has the colors that are frequent within the line,
    rare at its rim and not connected with what lies outside. Either way it may be lighter or darker, and of several
    colors. Where neither tells ink from ground, all of the quad is marked.

    Args:
        image: The picture that the lettering was found in.
        lettering: Lines, or words of them.

    Returns:
        h×w float32 0–1: 1 on the strokes and a margin of about a pixel, falling to 0 within the next; 0 elsewhere.
    """
    mask: Plane = np.zeros(image.rgb.shape[:2], np.float32)
    for piece in lettering:
        patch = _patch(image, piece.quad)
        strokes = _strokes(patch)
        shown = patch.core.astype(np.float32) if strokes is None else _with_margin(strokes, patch.allowed)
        left, top, right, bottom = patch.box
        part = mask[top:bottom, left:right]
        np.maximum(part, cv2.resize(shown, (right - left, bottom - top)), out=part)
    return mask


def ink_contrast(image: Image, piece: Line | Word) -> float | None:
    """How much lettering stands out.

    Args:
        image: The picture that the lettering was found in.
        piece: A line, or a word of one.

    Returns:
        Median distance in CIELAB (0 to about 100) of the strokes from the ground beside them; None where they are not
        told apart.
    """
    patch = _patch(image, piece.quad)
    strokes = _strokes(patch)
    if strokes is None:
        return None
    ground = patch.near & (_distance(strokes) > _LEAST_MARGIN_PX + 1)
    if not ground.any():
        return None
    beside = _local_mean(patch.lab, ground, patch.height)
    return float(np.median(np.linalg.norm(patch.lab - beside, axis=2)[strokes]))


def _local_mean(colors: Floats, where: Mask, window: float) -> Floats:
    """Mean of the chosen pixels around each pixel; of all of them where there are none."""
    size = (2 * round(window) + 1,) * 2
    share = cv2.blur(where.astype(np.float32), size) + np.float32(1e-4)
    total = cv2.blur(colors * where[..., None], size) + np.float32(1e-4) * colors[where].mean(axis=0)
    return cast("Floats", total / share[..., None])


def _patch(image: Image, quad: Quad) -> _Patch:
    corners = np.array(quad)
    height = max(1.0, (math.dist(quad[0], quad[3]) + math.dist(quad[1], quad[2])) / 2)
    box = box_around(_grown(corners, _GROWTH * height, _TAIL * height), image.size)
    crop = image.with_pixels(image.pixels[box[1] : box[3], box[0] : box[2]])
    scale = min(1.0, math.sqrt(_WORKING_PIXELS / (crop.size[0] * crop.size[1])))
    size = (max(1, round(crop.size[0] * scale)), max(1, round(crop.size[1] * scale)))
    colors = small_copy(crop, size=size).astype(np.float32) / np.float32(255)
    ratio = np.divide(size, crop.size)
    core, near, inner, outer, allowed = (
        _filled((_grown(corners, along * height, across * height) - box[:2]) * ratio, size)
        for along, across in ((0, 0), (_GROWTH, _GROWTH), *_RIM, (_GROWTH, _TAIL))
    )
    return _Patch(box, height * scale, cv2.cvtColor(colors, cv2.COLOR_RGB2LAB), core, near, outer & ~inner, allowed)


def _grown(corners: Floats, along: float, across: float) -> Floats:
    """A quad larger by as many pixels at both ends, and above and below."""
    first, second, third, fourth = corners
    x, y = (
        v / max(float(np.hypot(*v)), 1e-6) for v in (second - first + third - fourth, fourth - first + third - second)
    )
    shifts = [-along * x - across * y, along * x - across * y, along * x + across * y, -along * x + across * y]
    return cast("Floats", corners + np.array(shifts))


def _filled(corners: Floats, size: tuple[int, int]) -> Mask:
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners - 0.5).astype(np.int32), 1)
    return mask > 0


def _strokes(patch: _Patch) -> Mask | None:
    """The ink of a line, or None where it is not told from the ground."""
    if not patch.rim.any() or not (patch.core & ~patch.rim).any():
        return None
    ink = _unlike_ground(patch)
    if ink is None or ink[patch.rim].mean() > _LEAST_STRAY:
        inks = [found for found in (ink, _ink_by_color(patch)) if found is not None]
        ink = max(inks, key=lambda found: _clearness(found, patch), default=None)
    if ink is None:
        return None
    strokes = _of_line(ink & patch.allowed, patch.core)
    share = np.count_nonzero(strokes & patch.core) / np.count_nonzero(patch.core)
    return _without_dots(strokes) if _LEAST_SHARE < share < _MOST_SHARE else None


def _clearness(ink: Mask, patch: _Patch) -> float:
    return float(ink[patch.core].mean()) - _STRAY_COST * float(ink[patch.rim].mean())


def _unlike_ground(patch: _Patch) -> Mask | None:
    """What differs from the color of the rim near by; None where much of the rim does."""
    distance = np.linalg.norm(patch.lab - _nearby_ground(patch), axis=2)
    grain = float(np.median(distance[patch.rim]))
    threshold = min(max(_CONTRAST, 3 * grain), _MOST_GRAIN)
    far = distance[patch.core & (distance > threshold)]
    threshold = max(threshold, _FAINTEST * float(np.median(far)) if far.size else 0)
    differing: Mask = distance > threshold
    return differing if differing[patch.rim].mean() < _MOST_STRAY else None


def _nearby_ground(patch: _Patch) -> Floats:
    """The median color of the rim along the line, in windows as long as two lines are high: h×1×3 or 1×w×3."""
    upright = patch.core.shape[0] > patch.core.shape[1]
    lab, rim = (patch.lab.swapaxes(0, 1), patch.rim.T) if upright else (patch.lab, patch.rim)
    reach, length = rim.shape
    count = max(1, length // reach)
    places, medians = [], []
    for middle in (np.arange(count) + 0.5) * length / count:
        window = slice(max(0, int(middle) - reach), int(middle) + reach)
        colors = lab[:, window][rim[:, window]]
        if len(colors):
            places.append(middle)
            medians.append(np.median(colors[:: 1 + len(colors) // _SAMPLES], axis=0))
    known = np.array(medians)
    ground = np.stack([np.interp(np.arange(length), places, known[:, c]) for c in range(3)], axis=-1)
    return ground[:, None].astype(np.float32) if upright else ground[None].astype(np.float32)


def _ink_by_color(patch: _Patch) -> Mask | None:
    """Pixels of the colors that are ink; None where there are hardly more of them in the line than at its rim."""
    inside = patch.core & ~patch.rim
    samples = [patch.lab[where] for where in (inside, patch.rim)]
    centers = _clusters(np.concatenate([values[:: 1 + len(values) // _SAMPLES] for values in samples]))
    labels = _nearest(patch.lab.reshape(-1, 3), centers).reshape(inside.shape)
    within, around = (
        np.bincount(labels[where], minlength=len(centers)) / np.count_nonzero(where) for where in (inside, patch.rim)
    )
    ratio = (within + 1e-3) / (around + 1e-3)
    reaching = np.array([_reaching_share((labels == k) & patch.near, patch.near) for k in range(len(centers))])
    evidence = np.log(np.minimum(ratio, _MOST_RATIO)) + 1 - 2 * reaching
    is_ink = (evidence > _INK) & (ratio > _LEAST_RATIO)
    if (within - around)[is_ink].sum() < _CLEAR:
        return None
    return _with_halo(is_ink[labels], labels, patch)


def _with_halo(ink: Mask, labels: npt.NDArray[np.intp], patch: _Patch) -> Mask:
    """Ink with its outline, whose color may be in the ground as well, but is rare away from the letters near by."""
    if ink[patch.core].mean() > _HEAVY:
        return ink
    reach = max(2.0, _HALO * patch.height)
    distance = _distance(_of_line(ink & patch.allowed, patch.core))
    close, away = (distance > 1) & (distance <= reach), patch.allowed & (distance > 1.5 * reach)
    window = (round(patch.height) + 1,) * 2
    seen_close, seen_away = (cv2.blur(where.astype(np.float32), window) for where in (close, away))
    whole = ink.copy()
    least, times, more = _OUTLINING
    for label in np.unique(labels[close & ~ink]):
        here = labels == label
        near = cv2.blur((here & close).astype(np.float32), window) / np.maximum(seen_close, np.float32(1e-3))
        far = cv2.blur((here & away).astype(np.float32), window) / np.maximum(seen_away, np.float32(1e-3))
        whole |= here & close & (seen_away > _LEAST_SEEN) & (near > least) & (near > times * far + more)
    return whole


def _clusters(colors: Floats) -> Floats:
    cv2.setRNGSeed(0)  # k-means draws from OpenCV's per-thread generator; equal pictures get equal masks
    ends = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 20, 0.5)
    unused: Any = None
    count = min(_CLUSTERS, len(colors))
    return cv2.kmeans(colors.astype(np.float32), count, unused, ends, 1, cv2.KMEANS_PP_CENTERS)[2]


def _nearest(colors: Floats, centers: Floats) -> npt.NDArray[np.intp]:
    """Number of the nearest center for each of n×3 colors."""
    return cast("npt.NDArray[np.intp]", ((centers**2).sum(axis=1) - 2 * colors @ centers.T).argmin(axis=1))


def _reaching_share(mask: Mask, bounds: Mask) -> float:
    """Share of a mask that is connected with the border of its bounds, as strokes of letters seldom are."""
    border = bounds & (cv2.erode(np.pad(bounds.astype(np.uint8), 1), np.ones((3, 3), np.uint8))[1:-1, 1:-1] == 0)
    labels, sizes = _components(mask)
    return float(sizes[np.unique(labels[border & mask])].sum() / max(1, sizes.sum()))


def _components(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """Numbers of the connected parts of a mask, 0 for none, and their sizes in pixels, 0 for none."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    sizes = np.bincount(labels.ravel(), minlength=count)
    sizes[0] = 0
    return np.asarray(labels, np.int32), sizes


def _of_line(ink: Mask, core: Mask) -> Mask:
    """Ink without the parts that reach in from neighboring lines and words."""
    labels, sizes = _components(ink)
    inside = np.bincount(labels[core], minlength=len(sizes))
    kept = (inside >= _INSIDE * sizes) & (sizes > 0)
    return kept[labels]


def _without_dots(strokes: Mask) -> Mask:
    """Strokes with the small holes in them filled: ornaments, grain and the glint of outlines."""
    width = _stroke_width(strokes)
    holes = cv2.morphologyEx((~strokes).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    labels, _ = _components(holes > 0)
    depth = cv2.distanceTransform(holes, cv2.DIST_L2, 3)
    is_small = np.ones(int(labels.max()) + 1, np.bool_)
    is_small[labels[2 * depth >= _HOLE * width]] = False
    return is_small[labels] | strokes


def _stroke_width(strokes: Mask) -> float:
    """Thickness of the thicker strokes in pixels, read off their middle lines."""
    depth = cv2.distanceTransform(strokes.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = depth[strokes & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
    return 2 * float(np.quantile(ridge, 0.75)) if ridge.size else 0.0


def _with_margin(strokes: Mask, allowed: Mask) -> Plane:
    margin = _LEAST_MARGIN_PX + _MARGIN * _stroke_width(strokes)
    return np.asarray(np.clip(margin + 1 - _distance(strokes), 0, 1) * allowed, np.float32)


def _distance(strokes: Mask) -> Floats:
    """Distance of each pixel to the nearest stroke."""
    return cv2.distanceTransform((~strokes).astype(np.uint8), cv2.DIST_L2, 5)
