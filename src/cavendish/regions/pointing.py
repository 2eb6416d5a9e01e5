"""Where a caller points: a thing at a point, the thing in a box, or a mask painted by hand."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cavendish.errors import InvalidRequest, UnsupportedEdit
from cavendish.pixels.region import Region
from cavendish.regions.objects import FloatBox, area

if TYPE_CHECKING:
    from cavendish.domain.request import Pointing
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.regions.evidence import Evidence

_SHAPE_SLACK = 0.02
_LEAST_SCORE = 0.28
_REACH = 0.15
"""Half the side of the box around a point where nothing is known there, by the longer side of the picture."""


def find_pointed(evidence: Evidence, pointing: Pointing, mask: Image | None) -> Region:
    """Find what is pointed at.

    Args:
        evidence: What is known of the picture.
        pointing: Points, a box, or neither.
        mask: The picture of a mask, where there is one; it is taken as it is, resized to the picture.

    Returns:
        Everything that is pointed at, as one region.

    Raises:
        InvalidRequest: The mask has another shape than the picture.
        UnsupportedEdit: Nothing was found where it was pointed, or the mask is empty.
    """
    if mask is not None:
        return _painted(mask, evidence.image.size)
    width, height = evidence.view.size
    planes = [_at_point(evidence, (x * width, y * height)) for x, y in pointing.points]
    if pointing.box:
        left, top, right, bottom = pointing.box
        planes.append(evidence.mask((left * width, top * height, right * width, bottom * height)).alpha)
    alpha = evidence.lifted(reduce(np.maximum, planes))
    if not (alpha >= 0.5).any():
        raise UnsupportedEdit("nothing was found where it was pointed at")
    return Region(alpha, 1.0, "what was pointed at")


def _painted(mask: Image, size: tuple[int, int]) -> Region:
    """White is where to act; in a mask with transparent pixels these are, as OpenAI's clients paint them."""
    if abs(mask.size[0] / mask.size[1] / (size[0] / size[1]) - 1) > _SHAPE_SLACK:
        raise InvalidRequest("The mask has another shape than the first picture.", param="mask")
    clear = mask.alpha is not None and bool((mask.alpha == 0).any())
    plane = 255 - mask.pixels[..., 3] if clear else cv2.cvtColor(np.ascontiguousarray(mask.rgb), cv2.COLOR_RGB2GRAY)
    smaller = size[0] < mask.size[0]
    resized = cv2.resize(plane, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    alpha: Plane = resized.astype(np.float32) / np.float32(255)
    if not (alpha >= 0.5).any():
        raise UnsupportedEdit("the mask marks nothing")
    return Region(alpha, 1.0, "what the mask marks")


def _at_point(evidence: Evidence, point: tuple[float, float]) -> Plane:
    """The smallest known thing whose pixels are at a point, or else what stands apart there."""
    column = min(int(point[0]), evidence.view.size[0] - 1)
    row = min(int(point[1]), evidence.view.size[1] - 1)
    boxes = [d.box for d in evidence.objects if d.score >= _LEAST_SCORE] + list(evidence.salient_boxes)
    for box in sorted((box for box in boxes if _holds(box, point)), key=area):
        alpha = evidence.mask(box).alpha
        if alpha[row, column] >= 0.5:
            return alpha
    reach = _REACH * max(evidence.view.size)
    return evidence.mask((point[0] - reach, point[1] - reach, point[0] + reach, point[1] + reach)).alpha


def _holds(box: FloatBox, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
