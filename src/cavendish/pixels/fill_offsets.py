"""Filling a hole in an even texture: whole pieces of it, moved so that the rim fits.

Averaging patches, as `fill_patches` does, turns gravel into mud. Where the surroundings look alike all round, it is
enough to find a few shifts of the picture under which the rim matches itself. Called by `fill` and `fill_patches`.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from cavendish.pixels.fill_scene import Floats, Guess, Indices, Mask, Scene

_SHIFTS = 8
_COVERING_ROUNDS = 4
_EVEN = 0.55  # of coarse to fine contrast in the surroundings: below, they are one texture
_DIRECTED = 0.25
_REPEATING = 0.3  # of mismatch to contrast: below, the picture repeats itself


def guess_texture(scene: Scene) -> Guess | None:
    """Choose for each pixel of the hole one of a few shifts: the one under which the nearest part of the rim fits best.

    Args:
        scene: At most about 0.2 MP.

    Returns:
        The guess, all of it copied; None where the surroundings are no even texture and do not repeat themselves, or
        where no shifts can be found that cover the hole.

    Source:
        A few shifts are enough: He and Sun, "Statistics of patch offsets for image completion", 2012.
    """
    rim = _around(scene.hole, min(max(5, round(0.25 * float(scene.hole.sum()) ** 0.5)), 24)) & scene.usable
    if rim.sum() < 16:
        return None
    shifts, mismatch = whole_shifts(scene, rim, most=_SHIFTS)
    if len(shifts) == 0:
        return None
    contrast = float(scene.colors[rim].var(axis=0).sum())
    if mismatch[0] > _REPEATING**2 * contrast and not _is_even(scene):
        return None
    for _ in range(_COVERING_ROUNDS):
        bare = scene.hole & ~np.any([moved(scene, shift)[1] for shift in shifts], axis=0)
        if not bare.any():
            return Guess(scene.colors, _sectors(scene, rim, shifts), trusted=False)
        shifts = np.concatenate([shifts, whole_shifts(replace(scene, hole=bare), rim, most=2)[0]])
    return None


def whole_shifts(scene: Scene, rim: Mask, *, most: int, row_cost: float = 0.0) -> tuple[Indices, Floats]:
    """Shifts of the whole picture under which the rim of the hole looks most like itself.

    Args:
        scene: At most about 0.2 MP.
        rim: h×w, what must match.
        most: How many to find, no two within three pixels of each other.
        row_cost: Squared codes for each squared pixel of vertical movement.

    Returns:
        n×2 shifts (rows, columns), best first, and the mean squared mismatch of each, n, summed over the channels.
    """
    height, width = scene.hole.shape
    y, x = np.nonzero(rim | scene.hole)
    part = (slice(y.min(), y.max() + 1), slice(x.min(), x.max() + 1))
    pad = ((height // 2, height // 2), (width // 2, width // 2))
    wide = np.pad(scene.colors, (*pad, (0, 0)), mode="edge")
    blocked = np.pad((~scene.usable).astype(np.float32), pad, constant_values=1)
    rim_part, hole_part = rim[part].astype(np.float32), scene.hole[part].astype(np.float32)
    unlike = cv2.matchTemplate(wide, scene.colors[part], cv2.TM_SQDIFF, mask=cv2.merge([rim_part] * 3)) / rim_part.sum()
    empty = cv2.matchTemplate(blocked, hole_part, cv2.TM_CCORR) / hole_part.sum()
    off_rim = cv2.matchTemplate(blocked, rim_part, cv2.TM_CCORR) / rim_part.sum()
    down, across = np.mgrid[: unlike.shape[0], : unlike.shape[1]]
    down, across = down - int(y.min()) - height // 2, across - int(x.min()) - width // 2
    far = np.abs(down) / height + np.abs(across) / width  # decides between equals
    cost = (np.maximum(unlike, 1) + row_cost * down**2) * (1 + 4 * empty + off_rim + 0.1 * far)
    cost[(empty > 0.5) | (off_rim > 0.5)] = np.inf
    found: list[tuple[int, int, float]] = []
    while len(found) < most and np.isfinite(cost).any():
        best = np.unravel_index(np.argmin(cost), cost.shape)
        found.append((int(down[best]), int(across[best]), float(unlike[best])))
        cost[(np.abs(down - down[best]) <= 3) & (np.abs(across - across[best]) <= 3)] = np.inf
    table = np.array(found, np.float64).reshape(-1, 3)
    return table[:, :2].astype(np.intp), table[:, 2].astype(np.float32)


def moved(scene: Scene, shift: Indices) -> tuple[Floats, Mask]:
    """The picture as seen from `shift` pixels further on, and where that shows usable pixels."""
    matrix = np.array([[1, 0, -shift[1]], [0, 1, -shift[0]]], np.float32)
    size = (scene.hole.shape[1], scene.hole.shape[0])
    colors = cv2.warpAffine(scene.colors, matrix, size, flags=cv2.INTER_NEAREST)
    usable = cv2.warpAffine(scene.usable.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    return np.asarray(colors, np.float32), np.asarray(usable > 0)


def _around(mask: Mask, reach: int) -> Mask:
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > mask)


def _is_even(scene: Scene) -> bool:
    """Whether the wide surroundings differ more from pixel to pixel than from place to place."""
    wide = _around(scene.hole, max(8, round(0.5 * float(scene.hole.sum()) ** 0.5))) & scene.usable
    weight = scene.usable.astype(np.float32)
    local = (
        cv2.blur(scene.colors * weight[..., None], (15, 15)) / np.maximum(cv2.blur(weight, (15, 15)), 1e-3)[..., None]
    )
    coarse = float(local[wide].var(axis=0).sum())
    fine = float(((scene.colors - local)[wide] ** 2).sum(axis=1).mean())
    return coarse < _EVEN**2 * fine and _directedness(scene, wide) < _DIRECTED


def _directedness(scene: Scene, where: Mask) -> float:
    """How much one direction prevails: 0 for gravel, 1 for stripes. Pieces of a brick wall would not join up."""
    gray = scene.colors.mean(axis=2)
    slope_x, slope_y = (cv2.Sobel(gray, cv2.CV_32F, *order)[where] for order in ((1, 0), (0, 1)))
    xx, yy, xy = (float((a * b).mean()) for a, b in ((slope_x, slope_x), (slope_y, slope_y), (slope_x, slope_y)))
    return float(((xx - yy) ** 2 + 4 * xy**2) ** 0.5 / max(xx + yy, 1e-6))


def _sectors(scene: Scene, rim: Mask, shifts: Indices) -> Indices:
    """The best shift of each pixel of the hole, judged by the rim nearest to it; whole fits count a little."""
    weight = cv2.GaussianBlur(rim.astype(np.float32), (0, 0), 8) + np.float32(1e-4)
    costs = []
    for shift in shifts:
        colors, usable = moved(scene, shift)
        unlike = ((colors - scene.colors) ** 2).sum(axis=2)
        unlike = np.where(rim & usable, unlike, np.where(rim, 3e4, 0)).astype(np.float32)
        average = unlike[rim].mean()
        near = (cv2.GaussianBlur(unlike, (0, 0), 8) + np.float32(1e-4) * average) / weight
        costs.append(near + 0.3 * average + np.where(usable, 0, np.float32(1e9)))
    return np.asarray(shifts[np.argmin(costs, axis=0)])
