"""What people call red, brown or light blue: named ranges of OkLCh with soft borders."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, to_linear, to_oklab

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

    Pair = tuple[float, float]

HUE_SLACK_DEG = 12.0
"""Beside a range's hues, where a color is less and less of the range."""

LEAST_SATURATION_SLACK = 0.035
"""The same beside its saturations; up to about as much a color is a gray."""

_SATURATION_SLACK = 0.5
_LIGHTNESS_SLACK = 0.10

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_FILLER = re.compile(r"[ -]colou?r(?:ed)?$")

_EDITED = (
    *("red", "orange", "yellow", "green", "cyan", "blue", "purple", "magenta", "pink", "brown"),
    *("white", "gray", "black", "maroon", "gold", "olive", "teal", "turquoise", "navy", "sky blue"),
    *("lavender", "tan", "beige"),
)
"""Names whose whole range is meant where a color of theirs is to be changed."""

_MEANT = 0.5


@dataclass(frozen=True)
class ColorRange:
    """The colors that one name stands for, in OkLCh.

    Args:
        hue_deg: From and to, clockwise; a full circle where the hue does not matter.
        saturation: Least and most chroma as a multiple of the lightness, which a shadow leaves as it is.
        lightness: Least and most, 0–1.
    """

    hue_deg: Pair
    saturation: Pair
    lightness: Pair

    def likeness(self, lab: npt.NDArray[np.float32], *, softness: float = 1.0) -> Plane:
        """How much colors are of the range, 1 inside it and fading to 0 beside it.

        Args:
            lab: …×3: lightness, a and b of Oklab.
            softness: What the width of the fading is multiplied with: 1 to tell colors apart as people do, 2 to change
                them without an edge in smooth skies.

        Returns:
            Array of the leading shape, 0–1.
        """
        light = np.maximum(lab[..., 0], 1e-3)
        saturation = np.hypot(lab[..., 1], lab[..., 2]) / light
        result = _inside(saturation, self.saturation, self._saturation_slack(), softness)
        result *= _inside(lab[..., 0], self.lightness, (_LIGHTNESS_SLACK, _LIGHTNESS_SLACK), softness)
        low, high = self.hue_deg
        if high - low < 360:
            hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
            half = ((high - low) % 360) / 2
            distance = np.abs((hue - low - half + 180) % 360 - 180)
            result *= np.clip(1 - (distance - half) / (HUE_SLACK_DEG * softness), 0, 1)
        return np.asarray(result, np.float32)

    def off_center(self, lab: npt.NDArray[np.float32]) -> float:
        """How far one color is from the middle of the range's hues and lightness; 1 on the border of either."""
        light, _, hue = lch(lab)
        (low, high), (dark, bright) = self.hue_deg, self.lightness
        half = max(((high - low) % 360) / 2, 1.0)
        across = 0.0 if high - low >= 360 else abs((hue - low - half + 180) % 360 - 180) / half
        return float(np.hypot(across, (light - (dark + bright) / 2) / ((bright - dark) / 2)))

    def _saturation_slack(self) -> Pair:
        low, high = self.saturation
        return max(low * _SATURATION_SLACK, 1e-3), max(high * _SATURATION_SLACK, LEAST_SATURATION_SLACK)


@lru_cache(maxsize=256)
def color_range(name: str) -> ColorRange | None:
    """The range of a name, its shades applied from the last to the first.

    Args:
        name: Such as “red”, “light blue”, “dark-gray” or “#F80”, in English.

    Returns:
        The range; None for a name that is not known.
    """
    words = _FILLER.sub("", name.strip().lower().replace("grey", "gray").replace("-", " "))
    if _HEX.fullmatch(words):
        return _around(words)
    vocabulary = _vocabulary()
    if words in vocabulary["same"]:
        return color_range(vocabulary["same"][words])
    if words in vocabulary["colors"]:
        entry = vocabulary["colors"][words]
        return ColorRange(tuple(entry["hue"]), tuple(entry["saturation"]), tuple(entry["lightness"]))
    first, _, rest = words.partition(" ")
    if not rest:
        return None
    if first in vocabulary["like"]["words"]:
        return color_range(rest)
    base = color_range(rest) if first in vocabulary["shades"] else None
    return None if base is None else _shaded(base, vocabulary["shades"][first])


@lru_cache(maxsize=256)
def range_meant(code: str) -> ColorRange:
    """The range a sentence means where it names a color to be changed: all blues, though it gives one blue.

    Args:
        code: #RRGGBB.

    Returns:
        The range of the name that fits the color best; what looks like the color where no name does.
    """
    lab = _lab_of(code)
    known = [found for name in _EDITED if (found := color_range(name)) is not None]
    fitting = [found for found in known if found.likeness(lab) >= _MEANT]
    return min(fitting, key=lambda found: found.off_center(lab), default=_around(code.lower()))


def _shaded(base: ColorRange, shade: dict[str, Any]) -> ColorRange:
    low, high = base.lightness
    start, stop = (min(1.0, max(0.0, low + part * (high - low))) for part in shade["lightness"])
    return ColorRange(base.hue_deg, (base.saturation[0] * shade["saturation"], base.saturation[1]), (start, stop))


def _around(code: str) -> ColorRange:
    """What looks like one given color, in more or less light."""
    digits = code[1:] if len(code) == 7 else "".join(2 * digit for digit in code[1:])
    light, saturation, hue = lch(_lab_of("#" + digits))
    lightness = (max(0.0, light - 0.15), min(1.0, light + 0.15))
    if saturation < LEAST_SATURATION_SLACK or light < 0.15:
        return ColorRange((0, 360), (0, max(saturation, 0.03)), lightness)
    return ColorRange((hue - 10, hue + 10), (0.6 * saturation, 1.5 * saturation), lightness)


def _lab_of(code: str) -> npt.NDArray[np.float32]:
    rgb = np.frombuffer(bytes.fromhex(code[1:]), np.uint8).reshape(1, 1, 3)
    return np.asarray(to_oklab(to_linear(EncodedRGB(rgb)))[0, 0], np.float32)


def _inside(
    values: npt.NDArray[np.floating[Any]], limits: Pair, slack: Pair, softness: float
) -> npt.NDArray[np.float32]:
    """1 between the limits, falling to 0 at the slack outside them."""
    above = (values - limits[0]) / np.float32(slack[0] * softness)
    below = (limits[1] - values) / np.float32(slack[1] * softness)
    return np.asarray(np.clip(1 + np.minimum(above, below), 0, 1), np.float32)


@cache
def _vocabulary() -> dict[str, Any]:
    return tomllib.loads(files("cavendish.pixels").joinpath("colors.toml").read_text("utf-8"))


def lch(color: npt.NDArray[np.floating[Any]]) -> tuple[float, float, float]:
    """Lightness, saturation and hue in degrees of one color of Oklab."""
    light, a, b = (float(value) for value in color)
    return light, float(np.hypot(a, b)) / max(light, 1e-3), float(np.degrees(np.arctan2(b, a)))
