"""What a camera adds to a thing: a placed one gets the blur and the grain of the scene it comes into."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.blur_level import blur_level, middle_of
from cavendish.pixels.grain import Grain, measure_grain

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_SHARP_PX = 0.9
"""Blur of a scene that is no softer than cameras are."""
_MOST_PX = 3.0
_SOFTER = 1.2
"""How much softer a scene must be than the thing, so that errors of measuring do not show."""
_LEAST_GRAIN = 0.25
"""Share of the scene's grain below which what a thing lacks of it does not show."""
_SEED = 5


@dataclass(frozen=True)
class Optics:
    """What a thing needs to look taken by the scene's camera.

    Args:
        blur_px: Standard deviation of the Gaussian it is to be blurred by, in pixels of its own picture; 0 for none.
        grain: The scene's, or None where the thing lacks none.
        share: How much of that grain's amplitude the thing lacks, 0–1.
    """

    blur_px: float = 0.0
    grain: Grain | None = None
    share: float = 0.0

    def soften(self, own: EncodedRGB, alpha: Plane) -> tuple[EncodedRGB, Plane]:
        """The thing's colors and its alpha, as soft as the scene."""
        if self.blur_px <= 0:
            return own, alpha
        soft: Any = cv2.GaussianBlur(own, (0, 0), self.blur_px, borderType=cv2.BORDER_REPLICATE)
        edge: Any = cv2.GaussianBlur(alpha, (0, 0), self.blur_px, borderType=cv2.BORDER_REPLICATE)
        return EncodedRGB(soft), edge

    def grained(self, codes: EncodedRGB, cover: Plane, *, seed: int) -> EncodedRGB:
        """The scene's grain where the thing is.

        Args:
            codes: h×w×3, rows of the picture with the thing in it.
            cover: h×w, 0–1: the thing.
            seed: Of the noise; equal seeds give equal noise.
        """
        if self.grain is None:
            return codes
        noise = self.grain.draw(codes.shape, np.random.default_rng((_SEED, seed)))
        noise *= (cover * np.float32(self.share))[..., None]
        noise += codes
        return EncodedRGB(np.rint(np.clip(noise, 0, 255, out=noise)).astype(np.uint8))


def match_optics(own: EncodedRGB, scene: EncodedRGB, *, shrink: float) -> Optics:
    """Compare a thing with the scene around its place; what is softer or grainier than the scene stays so.

    Args:
        own: h×w×3, the thing's part of its own picture.
        scene: h×w×3, the scene around its place.
        shrink: Pixels of its own picture that become one of the scene; below 1 it is enlarged.
    """
    own, scene = middle_of(own), middle_of(scene)
    soft_px, own_px = blur_level(scene), blur_level(own) / shrink
    blurred = soft_px > max(_SHARP_PX, _SOFTER * own_px)
    blur_px = min(math.sqrt(soft_px**2 - own_px**2), _MOST_PX) * shrink if blurred else 0.0
    grain = measure_grain(scene, np.ones(scene.shape[:2], np.bool_))
    share = 0.0 if grain is None else _lacking(grain, measure_grain(own, np.ones(own.shape[:2], np.bool_)), shrink)
    return Optics(blur_px, grain if share >= _LEAST_GRAIN else None, share)


def _lacking(wanted: Grain, own: Grain | None, shrink: float) -> float:
    """Share of the wanted amplitude that the own grain, averaged by shrinking, leaves to be added."""
    amplitude = float(np.linalg.norm(wanted.mixing))
    kept = 0.0 if own is None else float(np.linalg.norm(own.mixing)) / max(1.0, shrink)
    return math.sqrt(max(0.0, 1 - (kept / amplitude) ** 2))
