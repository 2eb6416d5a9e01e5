"""Hair and fur: the alpha of an edge from the rule that colors lie on a line between subject and background.

Levin's rule holds for each window of 3×3 pixels, so strands are followed as far as they can be seen. Only the band of
unknown pixels is solved for: a few per cent of the picture, and as thin as a tape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import sparse

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_Floats = npt.NDArray[np.floating[Any]]
_Mask = npt.NDArray[np.bool_]
_Indices = npt.NDArray[np.intp]

_REGULARIZATION = 1e-5  # variance, in units of white², below which a window tells nothing about alpha
_TOLERANCE = 2e-3  # of the first residual, in the norm of the preconditioner; a smaller one lowers no error
_MOST_STEPS = 80
_REACH = 2  # two pixels of one window lie at most so far apart
_SPAN = 2 * _REACH + 1
_BLOCK = 1 << 12  # windows whose 9×9 matrices are held at a time; so few stay in the cache

_HAIRY = 0.25  # of 24 pictures: 18–86 % of the band of animals, under 1 % of seven smooth things; vague edges pass too


def hairy_parts(alpha: Plane, band: _Mask, *, strand_px: int, reach_px: int) -> _Mask:
    """Find where an edge consists of strands rather than of one line.

    There alpha also changes along the outline, not only across it, and half tones are wider than an edge is blurred.

    Args:
        alpha: h×w float32, 0–1, already following the picture's structure.
        band: h×w, the surroundings of the edge.
        strand_px: Structure of the outline below this length may be strands.
        reach_px: The answer is taken over so many pixels around each.

    Returns:
        h×w: the hairy parts of the band.
    """
    slope_x, slope_y = _slope(alpha)
    outline: Any = cv2.GaussianBlur(alpha, (0, 0), strand_px, borderType=cv2.BORDER_REPLICATE)
    normal_x, normal_y = _slope(outline)
    length = np.hypot(normal_x, normal_y)
    normal_x /= length + 1e-6
    normal_y /= length + 1e-6
    # Only where the outline is decided: broad haze has half tones too.
    decided = np.clip(2.5 * strand_px * length - 0.3, 0, 1) * band
    along, total, halftone, edge = (
        cv2.blur(decided * plane, (2 * reach_px + 1, 2 * reach_px + 1), borderType=cv2.BORDER_REPLICATE)
        for plane in (
            (slope_x * normal_y - slope_y * normal_x) ** 2,
            slope_x**2 + slope_y**2,
            4 * alpha * (1 - alpha),
            length,
        )
    )
    return (along * halftone > _HAIRY * (total + 1e-6) * (edge + 1e-6)) & band


def _slope(plane: Plane) -> tuple[_Floats, _Floats]:
    """Change of a plane per pixel to the right and downwards."""
    horizontal: Any = cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
    vertical: Any = cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
    return horizontal, vertical


def matte_band(image: npt.NDArray[np.float32], unknown: _Mask, alpha: Plane, *, trust: float) -> Plane:
    """Solve for the alpha of the unknown pixels, all others being as given.

    Args:
        image: h×w×3 float32, 0–1, the colors in which mixing is linear.
        unknown: h×w, where alpha is solved for.
        alpha: h×w float32, 0–1: exact outside `unknown`; inside it a first guess.
        trust: At least 0: how strongly the guess holds against the rule; 0 leaves it to the rule alone.

    Returns:
        New h×w float32, 0–1; equal to `alpha` outside `unknown`.

    Source:
        Levin, Lischinski and Weiss, "A closed-form solution to natural image matting", 2008.
    """
    # A rim of two pixels, so that every pixel's neighbors have a place; no equation looks at them.
    wide = np.pad(image, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), mode="edge")
    wanted = np.pad(unknown, _REACH)
    known = np.pad(alpha, _REACH, mode="edge").astype(np.float32).ravel()
    places = np.flatnonzero(wanted)
    solved = np.array(alpha, np.float32)
    if places.size == 0:
        return solved
    rows = _laplacian_rows(wide, wanted, places)
    rows[:, rows.shape[1] // 2] += trust
    matrix, pull = _split(rows, wanted, known, places)
    guess = known[places]
    solution = _conjugate_gradient(matrix, pull + trust * guess, guess)
    solved[unknown] = np.clip(solution, 0, 1)
    return solved


def _laplacian_rows(image: npt.NDArray[Any], wanted: _Mask, places: _Indices) -> _Floats:
    """Rows of the matting Laplacian for the wanted pixels: n×25, by the offsets of a 5×5 square."""
    width = wanted.shape[1]
    around = np.array([y * width + x for y in (-1, 0, 1) for x in (-1, 0, 1)])
    near = np.zeros(wanted.size, bool)
    for offset in around:
        near[places + offset] = True
    inner = np.zeros(wanted.shape, bool)
    inner[_REACH + 1 : -_REACH - 1, _REACH + 1 : -_REACH - 1] = True  # windows that do not look beyond the frame
    centers = np.flatnonzero(near & inner.ravel())
    row_of = np.full(wanted.size, places.size)  # what is known shares a row more, which is dropped
    row_of[places] = np.arange(places.size)
    rows = np.zeros((places.size + 1, _SPAN, _SPAN), np.float32)
    colors = np.ascontiguousarray(image, np.float32).reshape(-1, 3)
    for first in range(0, centers.size, _BLOCK):
        members = centers[first : first + _BLOCK] + around[:, None]
        affinity = _affinity(colors[members])
        for i in range(9):
            # No two windows hold the same pixel at the same place, so each addition meets a row once.
            down, across = _REACH - i // 3, _REACH - i % 3
            rows[row_of[members[i]], down : down + 3, across : across + 3] += affinity[:, i].reshape(-1, 3, 3)
    return rows[:-1].reshape(places.size, -1)


def _affinity(colors: _Floats) -> _Floats:
    """Each window's part of the Laplacian, n×9×9, by the colors of its pixels, 9×n×3."""
    count = colors.shape[0]
    red, green, blue = np.ascontiguousarray((colors - colors.mean(axis=0)).transpose(2, 1, 0))

    def covariance(one: _Floats, other: _Floats) -> _Floats:
        return np.asarray(np.einsum("ni,ni->n", one, other, dtype=np.float64) / count)

    spread = _REGULARIZATION / count
    rr, gg, bb = (covariance(color, color) + spread for color in (red, green, blue))
    rg, rb, gb = covariance(red, green), covariance(red, blue), covariance(green, blue)
    # The inverse of a symmetric 3×3 matrix by its cofactors: a hundred thousand small ones at once.
    cofactors = (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg)
    scale = 1 / (count * (rr * cofactors[0] + rg * cofactors[1] + rb * cofactors[2]))
    a, b, c = ((cofactor * scale).astype(np.float32)[:, None] for cofactor in cofactors)
    d, e, f = (
        (cofactor * scale).astype(np.float32)[:, None]
        for cofactor in (rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg)
    )
    explained = (a * red + b * green + c * blue)[:, :, None] * red[:, None, :]
    explained += (b * red + d * green + e * blue)[:, :, None] * green[:, None, :]
    explained += (c * red + e * green + f * blue)[:, :, None] * blue[:, None, :]
    return np.asarray(np.eye(count, dtype=np.float32) - np.float32(1 / count) - explained)


def _split(rows: _Floats, wanted: _Mask, known: _Floats, places: _Indices) -> tuple[Any, _Floats]:
    """The equations' matrix over the unknown pixels, and what the known ones contribute to the right side."""
    width = wanted.shape[1]
    steps = np.arange(-_REACH, _REACH + 1)
    neighbors = places[:, None] + (steps[:, None] * width + steps).ravel()
    unknown = wanted.ravel()[neighbors]
    pull = -(rows * np.where(unknown, np.float32(0), known[neighbors])).sum(axis=1)
    row_of = np.zeros(wanted.size, np.int32)
    row_of[places] = np.arange(places.size)
    ends = np.concatenate([[0], np.cumsum(unknown.sum(axis=1))])
    matrix = sparse.csr_array((rows[unknown], row_of[neighbors[unknown]], ends), shape=(places.size, places.size))
    return matrix, pull


def _conjugate_gradient(matrix: Any, right: _Floats, start: _Floats) -> _Floats:
    """Solve a positive definite system, preconditioned by its diagonal."""
    solution = start.copy()
    residual = right - matrix @ solution
    scale = 1 / np.maximum(matrix.diagonal(), 1e-12)
    step = scale * residual
    direction = step.copy()
    energy = _product(residual, step)
    enough = _TOLERANCE**2 * energy
    for _ in range(_MOST_STEPS):
        if energy <= enough:
            break
        moved = matrix @ direction
        length = energy / _product(direction, moved)
        solution += length * direction
        residual -= length * moved
        step = scale * residual
        last, energy = energy, _product(residual, step)
        direction *= energy / last
        direction += step
    return solution


def _product(left: _Floats, right: _Floats) -> float:
    # Not by BLAS: its threads wait for each other by spinning, ten times as long where the cores are busy.
    return float(np.einsum("i,i->", left, right))
