"""What color a person's skin has, in light and in shade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cavendish.imaging.color import OklabImage, Plane

    Floats = npt.NDArray[np.float32]

_LEAST_SAMPLES = 30
_LEAST_SPREAD = 0.03
"""Standard deviation of a/L and b/L that every skin is allowed: make-up, blood and the color of reflected light."""
_FREE, _FALL = 1.5, 1.0
"""Deviations that are skin without doubt, and how fast the likeness falls beyond them."""
_SHADE = (0.35, 0.55)
"""Lightness, in that of the face, up to which it is too dark to be told, and from which it is told well."""


@dataclass(frozen=True)
class SkinTone:
    """The skin's chromaticity a/L, b/L in Oklab, which does not change with the amount of light.

    Args:
        mean: Two values.
        precision: 2×2, the inverse of their covariance.
        lightness: Oklab L of the lit skin.
    """

    mean: Floats
    precision: Floats
    lightness: float

    def likeness(self, oklab: OklabImage, *, strictness: Plane | float = 1.0) -> Plane:
        """How much each pixel looks like this skin, 0–1.

        Args:
            oklab: h×w×3.
            strictness: What differences of tone are multiplied with, for all pixels or each.
        """
        lightness = np.maximum(oklab[..., 0], 1e-3)
        off = np.stack([oklab[..., 1] / lightness, oklab[..., 2] / lightness], axis=-1) - self.mean
        distance = np.sqrt(np.einsum("...i,ij,...j->...", off, self.precision, off))
        beyond = np.maximum(strictness * distance - _FREE, 0) / _FALL
        lit = np.interp(lightness, np.multiply(_SHADE, self.lightness), (0, 1))
        return np.asarray(np.exp(-0.5 * beyond**2) * lit, np.float32)

    def distance(self, color: Floats) -> float:
        """Between the tone of one color (L, a, b) and this one, in a/L and b/L."""
        return float(np.linalg.norm(color[1:] / max(float(color[0]), 1e-3) - self.mean))


def skin_tone(samples: Floats) -> SkinTone | None:
    """Learn the tone from pixels of the face, some of which may be hair, glasses or highlights.

    Args:
        samples: n×3, Oklab.

    Returns:
        The tone, or None where the samples are too few or have no color of skin: gray pictures, black silhouettes.
    """
    lit = samples[samples[:, 0] > np.quantile(samples[:, 0], 0.25)] if len(samples) else samples
    if len(lit) < _LEAST_SAMPLES or float(np.median(lit[:, 0])) < 0.1:
        return None
    tones = lit[:, 1:] / lit[:, :1]
    middle = np.median(tones, axis=0)
    distance = np.linalg.norm(tones - middle, axis=1)
    usual = tones[distance <= np.quantile(distance, 0.8)]
    covariance = np.cov(usual.T) + _LEAST_SPREAD**2 * np.eye(2)
    precision = np.linalg.inv(covariance).astype(np.float32)
    return SkinTone(middle.astype(np.float32), precision, float(np.median(lit[:, 0])))
