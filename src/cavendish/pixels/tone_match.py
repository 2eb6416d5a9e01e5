"""Another picture's light: its distribution of tones, and the tint of its shadows, middle tones and highlights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import LinearRGB, OklabImage, from_oklab, to_oklab
from cavendish.pixels.tone_curves import smooth_step, within_gamut

Floats = npt.NDArray[np.float32]

_SHARES = (0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995)
_LEAST_SLOPE, _GREATEST_SLOPE = 0.5, 2.0
"""Of the curve: flatter would lose detail, steeper would show bands and noise."""
_GREATEST_SHIFT = 0.2
_GREATEST_TINT = 0.035
_ZONES = (0.25, 0.5, 0.78)
_NEUTRAL_CHROMA = 0.12


@dataclass(frozen=True)
class ToneMatch:
    """How a picture gets another's light.

    Args:
        inputs: Oklab lightness, rising.
        outputs: Where it goes.
        tints: 3×2, Oklab a, b per lightness, to be added to shadows, middle tones and highlights.
    """

    inputs: Floats
    outputs: Floats
    tints: Floats

    def apply(self, light: LinearRGB, *, strength: float) -> LinearRGB:
        """Move tones and tint, each pixel by itself.

        Args:
            light: Linear-light sRGB, h×w×3, 0–1.
            strength: 0 (identity) to 1.

        Raises:
            ParameterOutOfRange: `strength` is outside 0 to 1.
        """
        require_within("strength", strength, 0, 1)
        if strength == 0:
            return LinearRGB(light.copy())
        lab = np.asarray(to_oklab(light)).copy()
        before = np.clip(lab[..., 0], 0, 1)
        table = np.interp(np.linspace(0, 1, 4096), self.inputs, self.outputs).astype(np.float32)
        after = before + np.float32(strength) * (table[(before * 4095 + 0.5).astype(np.int16)] - before)
        # Chroma follows lightness, but less than all the way: skin that is lifted would flush, and noise glow.
        lab[..., 1:] *= np.clip(after / np.maximum(before, np.float32(0.02)), 0.4, 1.6)[..., None] ** np.float32(0.6)
        shadow, light_part = smooth_step(before, 0.5, 0.2), smooth_step(before, 0.5, 0.8)
        weights = np.stack([shadow, 1 - shadow - light_part, light_part], axis=-1)
        lab[..., 1:] += np.float32(strength) * (weights @ self.tints) * after[..., None]
        lab[..., 0] = after
        return within_gamut(from_oklab(OklabImage(lab)))


def match_tones(own: LinearRGB, other: LinearRGB) -> ToneMatch:
    """Learn from two pictures how the first gets the light of the second.

    Args:
        own: n×3, colors of the picture.
        other: m×3, colors of the picture whose light is wanted.

    Returns:
        A monotone curve between the tones of equal rank, and tints of what is nearly gray.

    Source:
        Histogram specification, Gonzalez & Woods, Digital Image Processing, 3.3.2, with bounded slopes; zones as in
        Reinhard et al., "Color transfer between images", 2001.
    """
    mine, theirs = (to_oklab(LinearRGB(np.ascontiguousarray(colors)[None]))[0] for colors in (own, other))
    inputs = np.concatenate([[0.0], np.quantile(mine[:, 0], _SHARES), [1.0]])
    wanted = np.concatenate([[0.0], np.quantile(theirs[:, 0], _SHARES), [1.0]])
    inputs = np.maximum.accumulate(inputs + np.arange(len(inputs)) * 1e-5)
    slopes = np.clip(np.diff(wanted) / np.diff(inputs), _LEAST_SLOPE, _GREATEST_SLOPE)
    outputs = np.concatenate([[0.0], np.cumsum(slopes * np.diff(inputs))])
    # Bounded slopes add up to another height; the middle tone is what must fit.
    shift = float(np.clip(np.median(wanted[1:-1] - outputs[1:-1]), -_GREATEST_SHIFT, _GREATEST_SHIFT))
    outputs = np.clip(outputs + shift * np.sin(np.pi * np.clip(inputs, 0, 1)), 0, 1)
    tints = np.stack([_tint(theirs, zone) - _tint(mine, zone) for zone in _ZONES])
    length = np.linalg.norm(tints, axis=1, keepdims=True)
    tints *= np.minimum(1, _GREATEST_TINT / np.maximum(length, 1e-6))
    return ToneMatch(*(np.asarray(part, np.float32) for part in (inputs, np.maximum.accumulate(outputs), tints)))


def _tint(lab: npt.NDArray[np.float32], zone: float) -> Floats:
    """Oklab a and b per lightness of nearly gray colors about that light."""
    tone = lab[:, 1:] / np.maximum(lab[:, :1], 0.05)
    weight = np.exp(-(((lab[:, 0] - zone) / 0.18) ** 2)) * np.exp(
        -((np.linalg.norm(tone, axis=1) / _NEUTRAL_CHROMA) ** 2)
    )
    return np.asarray((weight[:, None] * tone).sum(axis=0) / (weight.sum() + 0.002 * len(lab)), np.float32)
