"""From a box to the whole thing in it: the crop around the box is shown to the saliency network by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.salient import find_salient

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.regions.objects import FloatBox
    from cavendish.regions.salient import SaliencyNetwork

Networks = Sequence[Callable[[], "SaliencyNetwork | None"]]
"""What cuts out, the cheapest first; a later one is opened only when the earlier are unsure."""

MARGIN = 0.12
"""Of the box's sides, on each side: the network needs to see what the thing stands apart from."""
_OUTSIDE = 0.06
"""How far a thing may reach out of its box, of the box's sides."""
_SURE = 0.9
_WHOLE = 0.97
"""Share of the box from which an answer is the box itself, not a thing in it."""
_SPILL = 0.15
"""Share of the margin from which an answer goes on outside the box."""
_LEAST = 0.06
_LONGEST = 640
_GRABCUT_LONGEST = 240


def cut_out(image: Image, box: FloatBox, networks: Networks, *, others: Sequence[FloatBox] = ()) -> Region:
    """Find the pixels of the thing in a box.

    Args:
        image: The picture; opaque.
        box: Around the thing, in pixels of the picture.
        networks: What cuts out; may open nothing.
        others: Boxes of other things, which the thing does not include.

    Returns:
        The thing, soft at its edge, the size of the picture; its confidence is that of the network.

    Source:
        Saliency in the box instead of in the picture is the crop-and-segment of Kirillov et al., "Panoptic
        Segmentation", CVPR 2019, with a class-free network. GrabCut (Rother et al. 2004) where no network answers.
    """
    window = _window(box, image.size)
    crop = Image(np.ascontiguousarray(image.rgb[window]))
    own = _within(box, window)
    coarse, confidence = _by_network(crop, networks)
    if coarse is None or not _is_part_of(coarse, own):
        coarse, confidence = _by_color(crop.rgb, own), 0.5
    coarse = _own_part(coarse, own, [_within(other, window) for other in others])
    alpha = np.zeros(image.rgb.shape[:2], np.float32)
    alpha[window] = coarse
    return Region(alpha, confidence)


def _window(box: FloatBox, size: tuple[int, int]) -> tuple[slice, slice]:
    left, top, right, bottom = box
    across, down = MARGIN * (right - left), MARGIN * (bottom - top)
    x0, y0 = max(0, int(left - across)), max(0, int(top - down))
    x1, y1 = min(size[0], int(right + across) + 1), min(size[1], int(bottom + down) + 1)
    return slice(y0, max(y1, y0 + 1)), slice(x0, max(x1, x0 + 1))


def _within(box: FloatBox, window: tuple[slice, slice]) -> FloatBox:
    top, left = window[0].start, window[1].start
    return box[0] - left, box[1] - top, box[2] - left, box[3] - top


def _by_network(crop: Image, networks: Networks) -> tuple[Plane | None, float]:
    """The answer of the first network that is sure, or else of the surest."""
    best: Region | None = None
    for open_network in networks:
        network = open_network()
        if network is None:
            continue
        found = find_salient(crop, network)
        if best is None or found.confidence > best.confidence:
            best = found
        if found.confidence >= _SURE:
            break
    return (None, 0.0) if best is None else (best.alpha, best.confidence)


def _is_part_of(alpha: Plane, own: FloatBox) -> bool:
    """Whether an answer is a thing in the box, rather than nothing or everything; a screen may fill its box."""
    inner = _slices(own, alpha.shape)
    share = float((alpha[inner] > 0.5).mean()) if alpha[inner].size else 0.0
    around = np.ones(alpha.shape, bool)
    around[inner] = False
    ends_there = bool(around.any()) and float((alpha[around] > 0.5).mean()) < _SPILL
    return _LEAST <= share <= _WHOLE or (share > _WHOLE and ends_there)


def _slices(box: FloatBox, shape: tuple[int, ...], *, grow: float = 0.0) -> tuple[slice, slice]:
    left, top, right, bottom = box
    across, down = grow * (right - left), grow * (bottom - top)
    rows = slice(max(0, int(top - down)), max(0, min(shape[0], int(bottom + down) + 1)))
    return rows, slice(max(0, int(left - across)), max(0, min(shape[1], int(right + across) + 1)))


def _own_part(alpha: Plane, own: FloatBox, others: Sequence[FloatBox]) -> Plane:
    """Without what lies outside the box, nearer to another thing's middle than to its own, or in islands."""
    kept = np.zeros_like(alpha)
    inner = _slices(own, alpha.shape, grow=_OUTSIDE)
    kept[inner] = alpha[inner]
    for other in others:
        _leave_out(kept, own, other)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((kept > 0.3).astype(np.uint8))
    if count > 2:
        largest = stats[1:, cv2.CC_STAT_AREA].max()
        small = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < 0.08 * largest)
        kept[np.isin(labels, small[small > 0])] = 0
    return kept


def _leave_out(alpha: Plane, own: FloatBox, other: FloatBox) -> None:
    """Give the pixels both boxes hold to the box whose middle is nearer, in units of its size."""
    rows, columns = _slices(other, alpha.shape)
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    y, x = np.mgrid[rows, columns].astype(np.float32)
    nearer = _distance(x, y, other) < _distance(x, y, own)
    alpha[rows, columns][nearer] = 0


def _distance(x: Plane, y: Plane, box: FloatBox) -> Plane:
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    across, down = max(1.0, box[2] - box[0]), max(1.0, box[3] - box[1])
    return np.asarray(np.hypot((x - middle[0]) / across, (y - middle[1]) / down), np.float32)


def _by_color(rgb: npt.NDArray[np.uint8], own: FloatBox) -> Plane:
    """GrabCut in the box: what its rim does not show is the thing."""
    scale = min(1.0, _GRABCUT_LONGEST / max(rgb.shape[:2]))
    height, width = (max(8, round(side * scale)) for side in rgb.shape[:2])
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    inner = _slices((own[0] * scale, own[1] * scale, own[2] * scale, own[3] * scale), labels.shape, grow=-0.02)
    labels[inner] = cv2.GC_PR_FGD
    labels[:1] = labels[-1:] = labels[:, :1] = labels[:, -1:] = cv2.GC_BGD
    if not (labels == cv2.GC_PR_FGD).any():
        return np.zeros(rgb.shape[:2], np.float32)
    cv2.setRNGSeed(0)
    cv2.grabCut(small, labels, (0, 0, width, height), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.float32)
    size = (rgb.shape[1], rgb.shape[0])
    return np.asarray(cv2.resize(cv2.GaussianBlur(found, (0, 0), 0.7), size), np.float32)
