"""Where the lettering is: lines of print, handwriting, signs, captions, dates in a corner."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box

    FloatBox = tuple[float, float, float, float]
    Points = npt.NDArray[np.floating[Any] | np.integer[Any]]
    """n×2: x, y."""

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Corners of a line as it is read, in pixels of the picture: top left, top right, bottom right, bottom left."""

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
_LEAST_DIRECTED = 1.5
"""Length / thickness from which a part's own direction is that of its line; the tilted box of an O is arbitrary."""

_Part = TypeVar("_Part")


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
    outlines, ratio = _marked(image, network)
    lines = [_to_picture(line, ratio, image.size) for line in _joined([*map(_part, outlines)], _one_line)]
    return tuple(sorted(lines, key=lambda box: (box[1], box[0])))


def find_text_quads(image: Image, network: TextNetwork) -> tuple[Quad, ...]:
    """Find the lettering of a picture as `find_text_boxes` does, each line in a box that is tilted as the line is.

    Args:
        image: The picture, any size from 1×1; what is transparent counts as gray.
        network: PP-OCR's text detector.

    Returns:
        One quad for each line, from the top down; corners may lie a little outside the picture. The first side runs
        along the line from left to right; in lines that are nearer to upright than to level, downwards where that is
        not decided by their tilt.

    Source:
        As above.
    """
    outlines, ratio = _marked(image, network)
    lines = [line * ratio for line in _joined([*map(_tilted_part, outlines)], _one_tilted_line)]
    return tuple(_as_quad(line) for line in sorted(lines, key=lambda line: (line[:, 1].min(), line[:, 0].min())))


def box_around(quad: Quad | Points, size: tuple[int, int]) -> Box:
    """The box around a quad.

    Args:
        quad: Its corners, in pixels; they may lie outside the picture.
        size: (width, height) of the picture.

    Returns:
        A box of at least one pixel, inside the picture.
    """
    xs, ys = zip(*quad, strict=True)
    left, top = (min(max(0, math.floor(min(v))), side - 1) for v, side in zip((xs, ys), size, strict=True))
    right, bottom = (min(max(1, math.ceil(max(v))), side) for v, side in zip((xs, ys), size, strict=True))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def part_of(quad: Quad, begin: float, end: float) -> Quad:
    """Cut a line across.

    Args:
        quad: Corners of the line.
        begin: Fraction of its length at which the part begins, 0–1.
        end: Fraction at which it ends.

    Returns:
        Corners of the part.
    """
    first, second, third, fourth = (np.array(corner) for corner in quad)
    top, bottom = second - first, third - fourth
    corners = (first + begin * top, first + end * top, fourth + end * bottom, fourth + begin * bottom)
    return _as_quad(np.array(corners))


def straightened(image: Image, quad: Quad, *, height: int, most_columns: int) -> npt.NDArray[np.uint8]:
    """Cut a line out of the full picture and lay it level.

    Args:
        image: The picture; what is transparent counts as gray.
        quad: Corners of the line.
        height: Rows of the strip.
        most_columns: Longer lines are squeezed.

    Returns:
        RGB, `height`×w×3, as wide as the quad's aspect ratio says, at least 8 columns.
    """
    corners = np.array(quad, np.float32)
    length = max(math.dist(quad[0], quad[1]), math.dist(quad[3], quad[2]), 1.0)
    thickness = max(math.dist(quad[0], quad[3]), math.dist(quad[1], quad[2]), 1.0)
    width = min(max(8, round(height * length / thickness)), most_columns)
    left, top, right, bottom = box_around(quad, image.size)
    crop = image.with_pixels(image.pixels[top:bottom, left:right])
    # Warping does not antialias, so large letters shrink before it.
    scale = min(1.0, 1.5 * height / thickness)
    small = (max(1, round(crop.size[0] * scale)), max(1, round(crop.size[1] * scale)))
    placed = (corners - (left, top)) * np.divide(small, crop.size)
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    warp = cv2.getPerspectiveTransform((placed - 0.5).astype(np.float32), target - np.float32(0.5))
    strip = cv2.warpPerspective(
        small_copy(crop, size=small), warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(strip, np.uint8)


def _marked(image: Image, network: TextNetwork) -> tuple[list[cv2.typing.MatLike], tuple[float, float]]:
    """Outlines of the cores of words and lines on the small copy, and how many pixels one of its pixels stands for."""
    size = _network_size(image.size)
    probability = network(_tensor(small_copy(image, size=size))).reshape(size[1], size[0])
    return _outlines(probability), (image.size[0] / size[0], image.size[1] / size[1])


def _network_size(size: tuple[int, int]) -> tuple[int, int]:
    """Size of the copy; small pictures are enlarged, since letters of five pixels are not recognized as such."""
    scale = min(_LONGEST / max(size), _LARGEST_ZOOM)
    width, height = (max(1, round(side * scale / _MULTIPLE)) * _MULTIPLE for side in size)
    return width, height


def _tensor(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What the network was trained on: blue, green, red, normalized with constants meant for red, green, blue."""
    scaled = rgb[..., ::-1].astype(np.float32) / 255
    return np.ascontiguousarray(((scaled - _MEAN) / _STD).transpose(2, 0, 1)[np.newaxis])


def _outlines(probability: npt.NDArray[np.float32]) -> list[cv2.typing.MatLike]:
    """The cores of words and lines that the network marks."""
    cores = (probability > _INK).astype(np.uint8)
    outlines, _ = cv2.findContours(cores, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [
        outline
        for outline in outlines
        if min(cv2.minAreaRect(outline)[1]) >= _LEAST_CORE and _is_text(outline, probability)
    ]


def _growth(outline: cv2.typing.MatLike) -> float:
    """By how many pixels of the small copy a part is larger than its core, on each side."""
    thickness, length = sorted(cv2.minAreaRect(outline)[1])
    return _UNCLIP * length * thickness / (2 * (length + thickness))


def _part(outline: cv2.typing.MatLike) -> FloatBox:
    left, top, width, height = cv2.boundingRect(outline)
    growth = _growth(outline)
    return left - growth, top - growth, left + width + growth, top + height + growth


def _tilted_part(outline: cv2.typing.MatLike) -> Points:
    """Corners of a part, 4×2."""
    directed = _tilted(np.asarray(outline, np.float32).reshape(-1, 2))
    return _from_box(_bounds(directed, _axes(directed)), _axes(directed), growth=_growth(outline))


def _tilted(points: Points) -> Points:
    """Corners of the smallest box around points, in the order in which its line is read."""
    corners = cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32)))
    sides = corners - np.roll(corners, 1, axis=0)
    short, long = sorted(sides[:2], key=lambda side: float(np.hypot(*side)))
    directed = np.hypot(*long) >= _LEAST_DIRECTED * np.hypot(*short)
    along = long / max(float(np.hypot(*long)), 1e-6) if directed else np.array([1.0, 0.0])
    if (round(float(along[0]), 3), along[1]) < (0, 0):
        along = -along
    axes = np.array([along, (-along[1], along[0])])
    return _from_box(_bounds(points, axes), axes)


def _axes(corners: Points) -> Points:
    """Unit vectors along a line and across it, 2×2."""
    along = corners[1] - corners[0]
    x, y = along / max(float(np.hypot(*along)), 1e-6)
    return np.array([(x, y), (-y, x)])


def _bounds(points: Points, axes: Points) -> FloatBox:
    placed = points @ axes.T
    (left, top), (right, bottom) = placed.min(axis=0).tolist(), placed.max(axis=0).tolist()
    return left, top, right, bottom


def _from_box(box: FloatBox, axes: Points, *, growth: float = 0.0) -> Points:
    left, top, right, bottom = box[0] - growth, box[1] - growth, box[2] + growth, box[3] + growth
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) @ axes


def _as_quad(corners: Points) -> Quad:
    first, second, third, fourth = ((float(x), float(y)) for x, y in corners)
    return first, second, third, fourth


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


def _joined(parts: list[_Part], join: Callable[[_Part, _Part], _Part | None]) -> list[_Part]:
    """Lines, from parts in any order; a line that has grown may reach a part it did not reach before."""
    lines: list[_Part] = []
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        for k, line in enumerate(lines):
            whole = join(part, line)
            if whole is not None:
                waiting.append(whole)
                del lines[k]
                break
        else:
            lines.append(part)
    return lines


def _one_line(a: FloatBox, b: FloatBox) -> FloatBox | None:
    return _around(a, b) if _of_one_line(a, b) else None


def _one_tilted_line(a: Points, b: Points) -> Points | None:
    """The line of two parts, judged in the direction of the longer one."""
    if _far_apart(a, b):
        return None
    axes = _axes(max(a, b, key=lambda corners: math.dist(corners[0], corners[1])))
    return _tilted(np.concatenate([a, b])) if _of_one_line(_bounds(a, axes), _bounds(b, axes)) else None


def _far_apart(a: Points, b: Points) -> bool:
    """Whether two parts cannot be of one line, told from their diagonals: nearly all pairs on a page of many words."""
    (left, top), (right, bottom) = a[0].tolist(), a[2].tolist()
    (other_left, other_top), (other_right, other_bottom) = b[0].tolist(), b[2].tolist()
    size, other = math.hypot(right - left, bottom - top), math.hypot(other_right - other_left, other_bottom - other_top)
    across, down = left + right - other_left - other_right, top + bottom - other_top - other_bottom
    return math.hypot(across, down) / 2 > (size + other) / 2 + _WORD_GAP * min(size, other)


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
