"""The shadow that a lamp or the sun lets a thing throw over the ground, read off one thing and drawn for another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from cavendish.imaging.resample import Rows, lifted
from cavendish.pixels.region import Region
from cavendish.pixels.shadow import contact_row
from cavendish.pixels.strips import shrunk_plane

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

_LEAST_ASIDE = 0.3
"""How far to a side of the foot a shadow's middle must lie, of the thing's width; under it, it tells no direction."""
_LEAST_DENSITY = 0.25
_LEAST_SLANT = 0.06
"""Rows by which the shadow of a thing as tall as one row moves, at least; flatter ones would be lines."""
_LONGEST = 2.5
"""Of the thing's height; longer shadows are other things' as well."""
_TIP = 0.95
"""Quantile of the distance from the foot that is taken for the shadow's end."""
_SOFT, _FADED = 0.02, 0.4
"""Blur of the whole, of the thing's height, and the part of its density that the shadow of the top has lost."""
_ENOUGH_PIXELS = 1e6


@dataclass(frozen=True)
class CastLight:
    """How shadows fall on the ground.

    Args:
        across: Where the shadow of a thing's top falls, from its foot, to the right, in heights of the thing.
        down: The same downwards; negative where shadows fall away from the viewer.
        density: Share of the linear light that shaded ground loses, 0–1.
    """

    across: float
    down: float
    density: float


def read_light(alpha: Plane, shadow: Plane) -> CastLight | None:
    """Tell from a thing and its shadow how shadows fall.

    Args:
        alpha: h×w, 0–1: the thing.
        shadow: h×w, 0–1: the share of light that its shadow takes.

    Returns:
        None where the shadow lies all around the foot, is faint or its thing does not stand in the picture.
    """
    box, contact = Region(alpha).box, contact_row(alpha)
    dense = float(np.quantile(shadow[shadow > 0], 0.9)) if (shadow > 0).any() else 0.0
    if box is None or contact is None or dense < _LEAST_DENSITY:
        return None
    wide, tall = box[2] - box[0], box[3] - box[1]
    foot = np.flatnonzero(alpha[max(0, contact - round(0.1 * tall)) : contact + 1].max(axis=0) > 0.5)
    rows, columns = np.nonzero(shadow > 0.5 * dense)
    away = np.stack([columns - foot.mean(), rows - contact], axis=1)
    middle = away.mean(axis=0)
    if abs(middle[0]) < _LEAST_ASIDE * wide:
        return None
    direction = middle / np.hypot(*middle)
    length = min(float(np.quantile(away @ direction, _TIP)) / tall, _LONGEST)
    down = float(direction[1] * length)
    down = math.copysign(max(abs(down), _LEAST_SLANT), down)
    return CastLight(float(direction[0] * length), down, dense)


def cast_shadow(alpha: Plane, light: CastLight) -> Plane:
    """Let a thing that stands upright throw its shadow over level ground.

    Args:
        alpha: h×w, 0–1: the thing where it stands.
        light: How shadows fall there.

    Returns:
        New h×w float32, 0–`light.density`: the share of light that the ground loses; zero where nothing stands.

    Source:
        Planar projected shadows: Blinn, "Me and my (fake) shadow", 1988.
    """
    contact, box = contact_row(alpha), Region(alpha).box
    if contact is None or box is None:
        return np.zeros(alpha.shape, np.float32)
    tall = max(1, contact - box[1])
    ground = contact + 1.0
    onto_ground = np.array([[1, -light.across, light.across * ground], [0, -light.down, ground * (1 + light.down)]])
    shade: Any = cv2.warpAffine(alpha[: contact + 1], onto_ground, alpha.shape[::-1], flags=cv2.INTER_LINEAR)
    shade = cv2.GaussianBlur(shade, (0, 0), max(0.6, _SOFT * tall))
    height = np.clip((np.arange(alpha.shape[0], dtype=np.float32) - ground) / np.float32(light.down * tall), 0, 1)
    return np.asarray(shade * (np.float32(light.density) * (1 - np.float32(_FADED) * height))[:, None], np.float32)


def cast_shadow_rows(alpha: Plane, light: CastLight | None) -> Rows:
    """The same a few rows at a time, drawn on at most a megapixel; nothing without a light."""
    height, width = alpha.shape
    if light is None:
        return lambda rows: np.zeros((rows.stop - rows.start, width), np.float32)
    factor = min(1.0, math.sqrt(_ENOUGH_PIXELS / alpha.size))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return lifted(cast_shadow(shrunk_plane(alpha, size), light), (width, height))
