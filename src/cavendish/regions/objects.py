"""Which things are where: boxes of the classes an object detector knows, large ones and small ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cavendish.imaging.image import Image
from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.regions.networks import LabelledNetwork, Run

    Floats = npt.NDArray[np.float32]

FloatBox = tuple[float, float, float, float]
"""(left, top, right, bottom) in pixels of the picture."""

_SIDE = 320
_GRAY = 128
_LEVELS = (40, 20, 10, 5, 3)
"""Cells a side of the detector's five grids."""
_OCTAVES = (0, 1 / 3, 2 / 3)
_ASPECTS = (1.0, 2.0, 0.5)
_ANCHOR_SCALE = 3

_CANDIDATE = 0.2
_LONGEST = 1440
"""Longer side of the copy that is searched tile by tile."""
_TILE, _STEP = 480, 360
"""A person of 60 pixels was missed in the whole picture and found in tiles of 480 (methods of the field: sliced
inference, Akyon et al. 2022)."""
_WORTH_TILES = 640
_CUT = 4
"""A box that comes this near to an inner edge of its tile, in pixels, is a part of something."""
_SAME = 0.5
"""Shared area by joint area from which two boxes are one thing."""
_PART, _LEAST_PART = 0.7, 0.12
"""Share of a box inside another, and of the other's area, from which it is a part of that."""


@dataclass(frozen=True)
class Detection:
    """Something the detector found.

    Args:
        box: Around it, inside the picture.
        scores: How much it looks like each class, 0–1 each; they do not add up to 1.
    """

    box: FloatBox
    scores: dict[str, float]

    @property
    def score(self) -> float:
        """Of the class it looks most like."""
        return max(self.scores.values())

    @property
    def label(self) -> str:
        """The class it looks most like."""
        return max(self.scores, key=lambda name: self.scores[name])


def detect_objects(image: Image, network: LabelledNetwork | None) -> tuple[Detection, ...]:
    """Find the things of a picture, from about 3 % of its longer side.

    The detector looks at the whole picture and, where that is large enough to hide small things, at overlapping tiles.

    Args:
        image: The picture, any size from 1×1; what is transparent counts as gray.
        network: EfficientDet-Lite0 with COCO's class names; None to do without.

    Returns:
        The things, surest first, from a score of 0.2; none without a network.

    Source:
        Tan, Pang, Le, "EfficientDet: Scalable and Efficient Object Detection", CVPR 2020.
    """
    if network is None:
        return ()
    shrink = min(1.0, _LONGEST / max(image.size))
    size = (max(1, round(image.size[0] * shrink)), max(1, round(image.size[1] * shrink)))
    copy = small_copy(image, size=size)
    found = [look(copy, network.run)]
    if max(size) >= _WORTH_TILES:
        found += [_look_at_tile(copy, network.run, *corner) for corner in _corners(size)]
    boxes = np.concatenate([boxes for boxes, _ in found])
    scores = np.concatenate([scores for _, scores in found])
    whole = np.arange(len(boxes)) < len(found[0][0])
    scores = scores * np.array([label != "???" for label in network.labels], np.float32)
    kept = [(i, merged) for i, merged in _without_repeats(boxes, scores, whole) if merged.max() >= _CANDIDATE]
    return tuple(_detection(boxes[i] / shrink, merged, network.labels, image.size) for i, merged in kept)


def look(rgb: npt.NDArray[np.uint8], run: Run) -> tuple[Floats, Floats]:
    """Run the detector once over a picture.

    Args:
        rgb: h×w×3, any size.
        run: The detector.

    Returns:
        n×4 boxes in pixels of `rgb` and n×classes scores, repeats included.
    """
    height, width = rgb.shape[:2]
    scale = _SIDE / max(height, width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    tensor = np.full((1, _SIDE, _SIDE, 3), _GRAY, np.uint8)
    tensor[0, : inner[1], : inner[0]] = small_copy(Image(rgb), size=inner)
    outputs = [output.reshape(-1, output.shape[-1]) for output in run(tensor)]
    shifts, scores = sorted(outputs, key=lambda output: output.shape[-1])
    likely = scores.max(axis=1) >= _CANDIDATE
    anchors, shifts = _ANCHORS[likely], shifts[likely]
    centers = shifts[:, :2] * anchors[:, 2:] + anchors[:, :2]
    halves = np.exp(shifts[:, 2:]) * anchors[:, 2:] / 2
    boxes = np.concatenate([centers - halves, centers + halves], axis=1)[:, [1, 0, 3, 2]] / scale
    return boxes.astype(np.float32), scores[likely]


def _look_at_tile(copy: npt.NDArray[np.uint8], run: Run, left: int, top: int) -> tuple[Floats, Floats]:
    """What is whole in one tile, in pixels of the copy."""
    height, width = copy.shape[:2]
    tile = copy[top : top + _TILE, left : left + _TILE]
    boxes, scores = look(np.ascontiguousarray(tile), run)
    inner = (left > 0, top > 0, left + _TILE < width, top + _TILE < height)
    edge = np.array([_CUT, _CUT, tile.shape[1] - _CUT, tile.shape[0] - _CUT], np.float32)
    cut = np.column_stack([boxes[:, :2] < edge[:2], boxes[:, 2:] > edge[2:]]) & np.array(inner)
    whole = ~cut.any(axis=1)
    return boxes[whole] + np.array([left, top, left, top], np.float32), scores[whole]


def _corners(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    lefts, tops = (_starts(side) for side in size)
    return ((left, top) for top in tops for left in lefts)


def _starts(length: int) -> list[int]:
    slack = max(0, length - _TILE)
    count = math.ceil(slack / _STEP) + 1
    return [round(slack * k / max(1, count - 1)) for k in range(count)]


def _without_repeats(boxes: Floats, scores: Floats, whole: npt.NDArray[np.bool_]) -> list[tuple[int, Floats]]:
    """Indices of one box a thing, surest first, each with the best score any of its repeats has for each class.

    What was seen in the whole picture goes first: in a tile, the parts of a large thing look like things.
    """
    kept: list[tuple[int, Floats]] = []
    for i in sorted(range(len(boxes)), key=lambda i: (not whole[i], -scores[i].max())):
        repeat = next((e for e in kept if _is_repeat(boxes[i], scores[i], boxes[e[0]], e[1])), None)
        if repeat is None:
            kept.append((i, scores[i].copy()))
        else:
            np.maximum(repeat[1], scores[i], out=repeat[1])
    return sorted(kept, key=lambda entry: -entry[1].max())


def _is_repeat(box: Floats, scores: Floats, other: Floats, others: Floats) -> bool:
    """Whether a box is the same thing as another, or a part of it of some size that looks like the same."""
    if shared(box, other) >= _SAME:
        return True
    alike = others[scores.argmax()] >= _CANDIDATE
    return bool(alike) and inside(box, other) >= _PART and area(box) >= _LEAST_PART * area(other)


def shared(a: Any, b: Any) -> float:
    """Shared area of two boxes by their joint area."""
    overlap = _overlap(a, b)
    return overlap / max(area(a) + area(b) - overlap, 1e-6)


def inside(a: Any, b: Any) -> float:
    """Part of box `a` that lies in box `b`."""
    return _overlap(a, b) / max(area(a), 1e-6)


def area(box: Any) -> float:
    """Area of a box in square pixels."""
    return float(max(0, box[2] - box[0]) * max(0, box[3] - box[1]))


def _overlap(a: Any, b: Any) -> float:
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def _detection(box: Floats, scores: Floats, labels: tuple[str, ...], size: tuple[int, int]) -> Detection:
    left, top, right, bottom = (float(edge) for edge in box)
    clipped = (max(0.0, left), max(0.0, top), min(float(size[0]), right), min(float(size[1]), bottom))
    named = {name: float(s) for name, s in zip(labels, scores, strict=True) if s >= _CANDIDATE / 2 and name != "???"}
    return Detection(clipped, named)


def _anchors() -> Floats:
    """Center (y, x) and size (height, width) in pixels of the tensor that each of the 19,206 answers is relative to."""
    parts = []
    for cells in _LEVELS:
        stride = _SIDE / cells
        y, x = np.mgrid[:cells, :cells].astype(np.float32)
        centers = (np.stack([y, x], axis=-1) + 0.5).reshape(-1, 1, 2) * stride
        bases = [_ANCHOR_SCALE * stride * 2**octave for octave in _OCTAVES]
        sizes = np.array([(b / math.sqrt(a), b * math.sqrt(a)) for b in bases for a in _ASPECTS], np.float32)
        spread = np.broadcast_to(sizes, (len(centers), *sizes.shape))
        parts.append(np.concatenate([np.broadcast_to(centers, spread.shape), spread], axis=-1).reshape(-1, 4))
    return np.concatenate(parts).astype(np.float32)


_ANCHORS = _anchors()
