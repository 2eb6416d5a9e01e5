"""A person drawn by numbers, with the landmarks and the true mask of every part."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from cavendish.imaging.image import Image
from cavendish.regions import face_contours as contours
from cavendish.regions.landmarks import Landmarks

SKIN, SHADE = (224, 172, 145), (190, 142, 118)
LIP, TOOTH, MOUTH_DARK = (190, 60, 80), (240, 238, 230), (60, 20, 20)
EYE_WHITE, IRIS = (235, 235, 235), (50, 110, 70)
BROW, HAIR = (60, 40, 30), (92, 60, 40)
SHIRT, TROUSERS, SHOES, BACKDROP = (40, 120, 60), (40, 60, 140), (30, 30, 30), (150, 160, 175)


@dataclass
class Portrait:
    """A standing person; lengths are in heights of the face, u to the right and v up from the chin.

    Args:
        unit_px: Height of the face.
        turn_deg: How far everything is turned about the chin, counterclockwise.
        hair: "short", "long" or "" for a bald head.
        mouth: Height of its opening.
        eyes: Half the height of their opening.
        frames: Color of a pair of glasses, or None.
    """

    unit_px: float = 60.0
    turn_deg: float = 0.0
    hair: str = "short"
    mouth: float = 0.05
    eyes: float = 0.035
    frames: tuple[int, int, int] | None = None
    truth: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.size = (round(4.4 * self.unit_px), round(7 * self.unit_px))
        self.chin = (2.2 * self.unit_px, 1.9 * self.unit_px)
        self.truth = {}
        self._canvas = np.full((self.size[1], self.size[0], 3), BACKDROP, np.uint8)
        self._person = np.zeros(self.size[::-1], np.uint8)
        self._draw_body()
        self._draw_face()
        self.landmarks = Landmarks(self._points())
        grain = np.random.default_rng(1).normal(0, 3, self._canvas.shape)
        self.image = Image((self._canvas + grain).clip(0, 255).astype(np.uint8))
        self.person = cv2.GaussianBlur(self._person.astype(np.float32), (0, 0), 0.8)

    def placed(self, uv: np.ndarray) -> np.ndarray:
        turn = np.radians(self.turn_deg)
        right = np.array([np.cos(turn), -np.sin(turn)])
        up = np.array([-np.sin(turn), -np.cos(turn)])
        uv = np.atleast_2d(uv)
        return np.asarray(self.chin) + self.unit_px * (uv[:, :1] * right + uv[:, 1:] * up)

    def _paint(self, name: str, color: tuple[int, int, int], outline: np.ndarray) -> None:
        mask = np.zeros(self.size[::-1], np.uint8)
        cv2.fillPoly(mask, [np.rint(self.placed(outline) * 16).astype(np.int32)], 1, shift=4)
        self._canvas[mask > 0] = color
        self._person |= mask
        covered = mask > 0
        earlier = {other: truth & ~covered for other, truth in self.truth.items()}
        self.truth = earlier | {name: earlier.get(name, False) | covered}

    def _draw_body(self) -> None:
        if self.hair:
            self._paint("hair", HAIR, ellipse(0, 0.72, 0.5, 0.6))
        if self.hair == "long":
            self._paint("hair", HAIR, box(-0.5, 0.5, -0.9, 0.7))
        self._paint("neck", SHADE, box(-0.17, 0.17, -0.4, 0.2))
        for side in (-1, 1):
            self._paint("arms", SKIN, box(side * 0.78, side * 1.0, -3.3, -1.0))
        self._paint("trousers", TROUSERS, box(-0.6, 0.6, -4.9, -2.4))
        self._paint("shirt", SHIRT, box(-0.75, 0.75, -2.7, -0.3))
        for side in (-1, 1):
            self._paint("shirt", SHIRT, box(side * 0.7, side * 1.05, -1.3, -0.35))
        if self.hair == "long":
            for side in (-1, 1):
                self._paint("hair", HAIR, box(side * 0.22, side * 0.5, -0.9, 0.4))

    def _draw_face(self) -> None:
        self._paint("face", SKIN, ellipse(0, 0.5, 0.38, 0.5))
        for side in (-1, 1):
            self._paint("brows", BROW, box(side * 0.08, side * 0.27, 0.72, 0.75))
            if self.eyes:
                self._paint("eyes", EYE_WHITE, ellipse(side * 0.17, 0.6, 0.09, self.eyes))
                self._paint("irises", IRIS, ellipse(side * 0.17, 0.6, 0.033, min(0.033, self.eyes)))
        self._paint("lips", LIP, ellipse(0, 0.22, 0.14, 0.03 + self.mouth / 2))
        if self.mouth:
            self._paint("teeth", TOOTH, ellipse(0, 0.22, 0.115, self.mouth / 2))
        if self.frames is not None:
            for side in (-1, 1):
                self._paint("glasses", self.frames, ring_between(side * 0.17, 0.58, 0.135, 0.11, 0.022))
            self._paint("glasses", self.frames, box(-0.05, 0.05, 0.6, 0.625))

    def _points(self) -> np.ndarray:
        uv = np.full((478, 2), np.nan)

        def put(indices: tuple[int, ...], values: np.ndarray) -> None:
            for index, value in zip(indices, values, strict=True):
                if np.isnan(uv[index, 0]):
                    uv[index] = value

        put(contours.OVAL, ellipse(0, 0.5, 0.38, 0.5, count=36, start_deg=90, clockwise=True))
        put(contours.LIPS_OUTER, ellipse(0, 0.22, 0.14, 0.03 + self.mouth / 2, count=20, start_deg=180))
        put(contours.LIPS_INNER, ellipse(0, 0.22, 0.115, self.mouth / 2, count=20, start_deg=180))
        for k, side in enumerate((-1, 1)):
            turn = {"start_deg": 180 if side < 0 else 0, "clockwise": side > 0}
            put(contours.EYES[k], ellipse(side * 0.17, 0.6, 0.09, self.eyes, count=16, **turn))
            put(contours.IRISES[k], np.vstack([[side * 0.17, 0.6], ellipse(side * 0.17, 0.6, 0.033, 0.033, count=4)]))
            out, low, high = np.linspace(0.27, 0.08, 5) * side, np.full(5, 0.72), np.full(5, 0.75)
            brow = np.vstack([np.column_stack([out, low]), np.column_stack([out[::-1], high])])
            put(contours.BROWS[k], brow)
            put(contours.NOSTRILS[k], ellipse(side * 0.025, 0.36, 0.012, 0.008, count=8))
            put(contours.CHEEKS[k], ellipse(side * 0.2, 0.38, 0.07, 0.07, count=13))
            put(contours.UNDER_EYES[k], ellipse(side * 0.17, 0.53, 0.09, 0.03, count=17, **turn))
            put(contours.EYE_SURROUNDS[k], ellipse(side * 0.17, 0.58, 0.16, 0.13, count=18))
        put(contours.NOSE, ellipse(0, 0.47, 0.06, 0.13, count=20, start_deg=90))
        put((9,), np.array([[0, 0.74]]))
        put(contours.NOSE_BRIDGE, np.column_stack([np.zeros(5), np.linspace(0.68, 0.5, 5)]))
        put(contours.CHIN[11:], np.column_stack([np.linspace(0.18, -0.18, 11), np.full(11, 0.13)]))
        uv[np.isnan(uv[:, 0])] = (0, 0.5)
        return self.placed(uv).astype(np.float32)


def ellipse(u, v, across, high, *, count=64, start_deg=0.0, clockwise=False) -> np.ndarray:
    turns = np.radians(start_deg) + np.linspace(0, 2 * np.pi, count, endpoint=False) * (-1 if clockwise else 1)
    return np.column_stack([u + across * np.cos(turns), v + high * np.sin(turns)])


def ring_between(u, v, across, high, width) -> np.ndarray:
    outer, inner = ellipse(u, v, across, high), ellipse(u, v, across - width, high - width)
    return np.vstack([outer, outer[:1], inner[:1], inner[::-1]])


def box(left, right, bottom, top) -> np.ndarray:
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]])


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of a soft mask cut at 0.5 and the truth."""
    found = mask > 0.5
    return np.count_nonzero(found & truth) / max(1, np.count_nonzero(found | truth))
