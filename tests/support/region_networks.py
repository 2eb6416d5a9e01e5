"""Stand-ins for the networks regions are found with: each knows things by the color they are drawn in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import cv2
import numpy as np
import pytest

from cavendish.regions.networks import LabelledNetwork, Networks
from cavendish.weights.runtimes import open_onnx, open_tflite
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder

GRAY = (118, 118, 118)
RED, GREEN, BLUE = (210, 30, 30), (30, 170, 50), (30, 60, 210)
YELLOW, PURPLE, WHITE, BLACK = (230, 210, 30), (150, 30, 170), (250, 250, 250), (5, 5, 5)

_LIKE = 60
"""Largest difference of a channel up to which a pixel has a color."""

Color = tuple[int, int, int]
Box = tuple[int, int, int, int]


def drawn(size: tuple[int, int], *things: tuple[Color, Box], backdrop: Color = GRAY) -> np.ndarray:
    """A sheet of one color with rectangles on it, h×w×3 uint8."""
    pixels = np.full((size[1], size[0], 3), backdrop, np.uint8)
    for color, (left, top, right, bottom) in things:
        pixels[top:bottom, left:right] = color
    return pixels


def rounded(size: tuple[int, int], *things: tuple[Color, Box], backdrop: Color = GRAY) -> np.ndarray:
    """A sheet of one color with ellipses on it that touch the sides of their boxes, h×w×3 uint8."""
    pixels = np.full((size[1], size[0], 3), backdrop, np.uint8)
    for color, box in things:
        pixels[disc_in(box, size)] = color
    return pixels


def disc_in(box: Box, size: tuple[int, int]) -> np.ndarray:
    """The pixels of the ellipse in a box, h×w bool."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    left, top, right, bottom = box
    across, down = (2 * x - left - right) / (right - left), (2 * y - top - bottom) / (bottom - top)
    return across * across + down * down <= 1


def inside_of(box: Box, size: tuple[int, int]) -> np.ndarray:
    """The pixels of a box, h×w bool."""
    mask = np.zeros(size[::-1], bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def overlap(alpha: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of a soft mask cut at 0.5 and the truth."""
    found = alpha > 0.5
    return np.count_nonzero(found & truth) / max(1, np.count_nonzero(found | truth))


def _has(pixels: np.ndarray, color: Color) -> np.ndarray:
    """1 where pixels, h×w×3 uint8 or float32, have a color."""
    low, high = (np.clip(np.array(color) + off, 0, 255) for off in (-_LIKE, _LIKE))
    return cv2.inRange(pixels, low, high) // 255


class ColorDetector:
    """An object detector that takes each patch of a color, from 10 pixels of its tensor, for the thing of that color.

    It answers on the anchor of the right size, shape and place like EfficientDet does. `tensors` are what it was shown.

    Args:
        things: The color and the score of each class.
    """

    def __init__(self, things: Mapping[str, tuple[Color, float]]) -> None:
        self.things = things
        self.labels = (*things, *["???"] * 5)
        self.tensors: list[np.ndarray] = []

    @property
    def calls(self) -> int:
        return len(self.tensors)

    def __call__(self, tensor: np.ndarray) -> tuple[np.ndarray, ...]:
        """1×320×320×3 uint8 to 1×19206×4 shifts and 1×19206×n scores."""
        assert tensor.shape == (1, 320, 320, 3)
        assert tensor.dtype == np.uint8
        self.tensors.append(tensor)
        shifts, scores = np.zeros((1, 19206, 4), np.float32), np.zeros((1, 19206, len(self.labels)), np.float32)
        for k, (color, score) in enumerate(self.things.values()):
            _, _, stats, _ = cv2.connectedComponentsWithStats(_has(tensor[0], color))
            for left, top, width, height, _ in stats[1:]:
                if min(width, height) >= 10:
                    row, shift = _answer(left, top, width, height)
                    scores[0, row, k], shifts[0, row] = score, shift
        return shifts, scores

    def opened(self) -> LabelledNetwork:
        return LabelledNetwork(self, self.labels)


def _answer(left: float, top: float, width: float, height: float) -> tuple[int, list[float]]:
    """Row of the answers for a box, and how the box differs from that row's anchor."""
    x, y, longer = left + width / 2, top + height / 2, math.sqrt(width * height)
    first = 0
    for cells in (40, 20, 10, 5, 3):
        stride = 320 / cells
        if longer <= 3 * stride * 1.4 or cells == 3:
            break
        first += 9 * cells * cells
    octave = min(range(3), key=lambda k: abs(math.log(longer / (3 * stride * 2 ** (k / 3)))))
    shape = min(range(3), key=lambda k: abs(math.log(width / height / (1.0, 2.0, 0.5)[k])))
    side = 3 * stride * 2 ** (octave / 3)
    across, down = side * math.sqrt((1.0, 2.0, 0.5)[shape]), side / math.sqrt((1.0, 2.0, 0.5)[shape])
    column, line = min(int(x / stride), cells - 1), min(int(y / stride), cells - 1)
    off = (y - (line + 0.5) * stride) / down, (x - (column + 0.5) * stride) / across
    row = first + 9 * (line * cells + column) + 3 * octave + shape
    return row, [*off, math.log(height / down), math.log(width / across)]


class ColorRecognizer:
    """A recognizer whose probability of each name is the share of its color in what it is shown.

    The rest is spread over names of nothing in particular.
    """

    def __init__(self, things: Mapping[str, Color]) -> None:
        self.things = things
        self.labels = (*things, *(f"nothing {k}" for k in range(20)))
        self.calls = 0

    def __call__(self, tensor: np.ndarray) -> tuple[np.ndarray]:
        """1×224×224×3 float32, −1 to 1, to 1×n probabilities."""
        assert tensor.shape == (1, 224, 224, 3)
        assert tensor.dtype == np.float32
        self.calls += 1
        pixels = np.ascontiguousarray(tensor[0, ::4, ::4] * 128 + 127, np.float32)
        shares = [float(_has(pixels, color).mean()) for color in self.things.values()]
        return (np.array([[*shares, *[max(0.0, 1 - sum(shares)) / 20] * 20]], np.float32),)

    def opened(self) -> LabelledNetwork:
        return LabelledNetwork(self, self.labels)


class ColorfulNetwork:
    """A saliency network that finds whatever is no gray, as surely as it is told to."""

    def __init__(self, *, sure: float = 1.0) -> None:
        self.sure = sure
        self.calls = 0

    def __call__(self, tensor: np.ndarray) -> np.ndarray:
        """1×3×320×320 normalized RGB to a map of 320×320."""
        self.calls += 1
        rgb = (
            tensor[0] * np.array([0.229, 0.224, 0.225])[:, None, None] + np.array([0.485, 0.456, 0.406])[:, None, None]
        )
        return (np.ptp(rgb, axis=0) > 0.25).astype(np.float32) * self.sure


@cache
def real_networks() -> Networks:
    """The installed networks but the large one for saliency, which takes seconds; skips the test without weights."""
    files = (
        *("u2netp.onnx", "object_detector.tflite", "object_recognizer.tflite", "face_detector.tflite"),
        *("face_landmarker.task", "text_detector.onnx", "text_recognizer.onnx"),
    )
    folders = [weight_folder(name) for name in files]
    if None in folders:
        pytest.skip("weights are not installed")
    store = WeightStore(folders[0], max_sessions=len(files))

    def run(name: str, **options):
        open_network = open_onnx if name.endswith(".onnx") else open_tflite
        return lambda: store.session(name, lambda path: open_network(path, threads=2, **options)).run

    def labelled(name: str):
        open_network = open_onnx if name.endswith(".onnx") else open_tflite

        def opened() -> LabelledNetwork:
            network = store.session(name, lambda path: open_network(path, threads=2))
            return LabelledNetwork(network.run_all, network.labels)

        return opened

    return Networks(
        saliency=run("u2netp.onnx"),
        objects=labelled("object_detector.tflite"),
        recognizer=labelled("object_recognizer.tflite"),
        faces=run("face_detector.tflite"),
        landmarks=run("face_landmarker.task", member="face_landmarks_detector.tflite"),
        lettering=run("text_detector.onnx"),
        reading=labelled("text_recognizer.onnx"),
    )
