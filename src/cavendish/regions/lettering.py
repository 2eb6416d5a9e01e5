"""Where the lettering is: lines of print, handwriting, signs, captions, dates in a corner."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box

    FloatBox = tuple[float, float, float, float]

TextNetwork = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""Maps a float32 tensor 1×3×h×w (BGR, ImageNet-normalized, sides multiples of 32) to 1×1×h×w probabilities."""

_LONGEST = 736
_LARGEST_ZOOM = 2.0
_MULTIPLE = 32
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)

_INK = 0.3
"""Probability from which a pixel belongs to the core of a line of text."""
_SURE = 0.8
"""Mean probability of a core below which it is no text; whole lines of print have 0.88 and more."""
_LEAST_CORE = 4
"""Pixels of the small copy; what is thinner is a speck, or too small to be missed."""
_THICK = 0.05
_LEAST_ASPECT = 2.5
"""The network also marks single things, as if each were a letter that fills the picture: a mug, a dog, a shoe. Of
the cores thicker than 5 % of the longer side, lines of text are at least this much longer than thick."""
_LEAST_FILL = 0.55
_LEAST_FILL_UPRIGHT = 0.8
"""Share of its tilted box that a core fills. Legs and lamp posts are marked as ragged upright lines."""
_UNCLIP = 1.6
"""The network is trained on lines shrunk by their area / perimeter; growing by this multiple restores them."""
_WORD_GAP = 1.0
"""Widest gap inside a line, in thicknesses of the line."""
_MOST_UNLIKE = 2.0
"""Ratio of heights from which two boxes side by side are not of one line."""


def find_text_boxes(image: Image, network: TextNetwork | None) -> tuple[Box, ...]:
    """Find the lettering of a picture, on a small copy of it.

    Args:
        image: The picture, any size from 1×1; what is transparent counts as gray.
        network: PP-OCR's text detector; None to do without.

    Returns:
        One box for each line, from the top down; none without a network. Slanted and curved lines get
        the box around them. Letters of less than about 1 % of the longer side are missed.

    Source:
        Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", AAAI 2020.
    """
    if network is None:
        return ()
    size = _network_size(image.size)
    probability = network(_tensor(small_copy(image, size=size))).reshape(size[1], size[0])
    ratio = (image.size[0] / size[0], image.size[1] / size[1])
    lines = [_to_picture(line, ratio, image.size) for line in _joined(_parts(probability))]
    return tuple(sorted(lines, key=lambda box: (box[1], box[0])))


def _network_size(size: tuple[int, int]) -> tuple[int, int]:
    """Size of the copy; small pictures are enlarged, since letters of five pixels are not recognized as such."""
    scale = min(_LONGEST / max(size), _LARGEST_ZOOM)
    width, height = (max(1, round(side * scale / _MULTIPLE)) * _MULTIPLE for side in size)
    return width, height


def _tensor(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What the network was trained on: blue, green, red, normalized with constants meant for red, green, blue."""
    scaled = rgb[..., ::-1].astype(np.float32) / 255
    return np.ascontiguousarray(((scaled - _MEAN) / _STD).transpose(2, 0, 1)[np.newaxis])


def _parts(probability: npt.NDArray[np.float32]) -> list[FloatBox]:
    """Boxes of words and lines in pixels of the small copy, grown from the cores the network marks."""
    cores = (probability > _INK).astype(np.uint8)
    outlines, _ = cv2.findContours(cores, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    parts = []
    for outline in outlines:
        thickness, length = sorted(cv2.minAreaRect(outline)[1])
        if thickness < _LEAST_CORE or not _is_text(outline, probability):
            continue
        left, top, width, height = cv2.boundingRect(outline)
        growth = _UNCLIP * length * thickness / (2 * (length + thickness))
        parts.append((left - growth, top - growth, left + width + growth, top + height + growth))
    return parts


def _is_text(outline: cv2.typing.MatLike, probability: npt.NDArray[np.float32]) -> bool:
    """Whether a marked core of some thickness is a word or a line rather than a thing."""
    thickness, length = sorted(cv2.minAreaRect(outline)[1])
    _, _, width, height = cv2.boundingRect(outline)
    if thickness > _THICK * max(probability.shape) and length < _LEAST_ASPECT * thickness:
        return False
    least_fill = _LEAST_FILL if width >= height else _LEAST_FILL_UPRIGHT
    if cv2.contourArea(outline) < least_fill * length * thickness:
        return False
    return _mean_inside(probability, outline) >= _SURE


def _mean_inside(probability: npt.NDArray[np.float32], outline: cv2.typing.MatLike) -> float:
    left, top, width, height = cv2.boundingRect(outline)
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, [outline - (left, top)], 0, 1, cv2.FILLED)
    return cv2.mean(probability[top : top + height, left : left + width], mask)[0]


def _joined(parts: list[FloatBox]) -> list[FloatBox]:
    """Lines, from parts in any order; a line that has grown may reach a part it did not reach before."""
    lines: list[FloatBox] = []
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        neighbor = next((line for line in lines if _of_one_line(part, line)), None)
        if neighbor is None:
            lines.append(part)
        else:
            lines.remove(neighbor)
            waiting.append(_around(part, neighbor))
    return lines


def _of_one_line(a: FloatBox, b: FloatBox) -> bool:
    low, high = sorted((a[3] - a[1], b[3] - b[1]))
    thickness = min(low, a[2] - a[0], b[2] - b[0])
    side_by_side = min(a[3], b[3]) - max(a[1], b[1]) > low / 2
    gap = max(a[0], b[0]) - min(a[2], b[2])
    return high < _MOST_UNLIKE * low and side_by_side and gap < _WORD_GAP * thickness


def _around(a: FloatBox, b: FloatBox) -> FloatBox:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _to_picture(box: FloatBox, ratio: tuple[float, float], size: tuple[int, int]) -> Box:
    """A box of the small copy in whole pixels of the picture, which it does not leave."""
    left, top, right, bottom = box
    return (
        max(0, math.floor(left * ratio[0])),
        max(0, math.floor(top * ratio[1])),
        min(size[0], math.ceil(right * ratio[0])),
        min(size[1], math.ceil(bottom * ratio[1])),
    )
