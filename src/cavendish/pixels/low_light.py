"""Pictures that lack light: taken in the dark, or of somebody who stands against the light."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, luma, to_encoded, to_linear
from cavendish.pixels.base_light import lightness, local_lines, looked_at, relight_by_base, small_light
from cavendish.pixels.region import Box
from cavendish.pixels.strips import strips
from cavendish.pixels.tone_curves import smooth_step, strongest_channel

Floats = npt.NDArray[np.float32]

_WHITE = 0.95
_MOST_EV = 4.0
_BRIGHT_ENOUGH, _NIGHT = 0.39, 0.2
"""Mean encoded luma of usual pictures taken by day, and of night skies with lights."""
_STRONGEST_GAMMA = 0.42
_TOE = 0.0015
"""Of white: below it light is scaled instead of raised to a power, whose slope at black is infinite."""
_SEEN_NOISE = 2.0
"""Codes of noise from which it shows."""
_NOISE_RADIUS_PX = 3
_MARGIN_PX = 4 * _NOISE_RADIUS_PX

_LIT = 0.6
"""Lightness of a face in good light; skin reflects a fifth to a third."""
_MOST_BACKLIT_EV = 2.6
_LEAST_RISE = 0.25
"""Of contrast between two neighboring brightnesses at least this is left where shadows are lifted."""


@dataclass(frozen=True)
class Brightening:
    """How a dark picture is brightened.

    Args:
        gain: Of linear light, so that the brightest half percent is near white.
        gamma: Power of linear light after that, at most 1.
    """

    gain: float
    gamma: float

    def curve(self, light: Floats) -> Floats:
        """Of each channel by itself: dark colors are too strong as the camera's tone curve left them."""
        toe = np.float32(_TOE)
        x = np.minimum(light * np.float32(self.gain), 1)
        low = toe**self.gamma
        return np.asarray(((x + toe) ** np.float32(self.gamma) - low) / ((1 + toe) ** self.gamma - low), np.float32)

    def apply(self, light: LinearRGB) -> LinearRGB:
        """Brighten; bright colored lights keep their color."""
        table_at = np.linspace(0, 1, 4096, dtype=np.float32) ** 2
        table = self.curve(table_at)
        raised = table[(np.sqrt(np.clip(light, 0, 1)) * 4095).astype(np.int16)]
        strongest = strongest_channel(light)[..., None]
        share = strongest_channel(LinearRGB(raised))[..., None] / np.maximum(strongest, np.float32(1e-6))
        lamp = np.float32(0.6) * smooth_step(strongest * np.float32(self.gain), 0.3, 0.9)
        return LinearRGB(raised + (light * share - raised) * lamp)


def brighten_low_light(
    image: EncodedRGB,
    *,
    strength: float,
    seen: npt.NDArray[np.bool_] | None = None,
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Make a scene visible that had too little light; noise that would show is calmed.

    Args:
        image: h×w×3 encoded, any size.
        strength: 0 (identity) to 1 (as bright as by day); 0.5 goes three quarters of the way.
        seen: Which pixels tell how dark it is, at any size; None for all.
        check: Called once a strip; raises to stop.

    Returns:
        New array.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        Percentile gain and power law in linear light, Gonzalez & Woods, Digital Image Processing, 3.2; noise: Immerkær,
        "Fast noise variance estimation", 1996, and He, Sun & Tang, "Guided image filtering", 2013.
    """
    require_within("strength", strength, 0, 1)
    if strength == 0:
        return EncodedRGB(image.copy())
    brightening = measure_darkness(image, seen, share=1 - (1 - strength) ** 2)
    noise = _noise_after(image, brightening)
    out = np.empty(image.shape, np.uint8)
    for rows in strips(image.shape):
        check()
        padded = slice(max(0, rows.start - _MARGIN_PX), min(image.shape[0], rows.stop + _MARGIN_PX))
        light = to_linear(EncodedRGB(np.ascontiguousarray(image[padded])))
        strip = to_encoded(brightening.apply(light))
        if noise > _SEEN_NOISE:
            strip = _calm(strip, noise)
        out[rows] = strip[rows.start - padded.start : rows.stop - padded.start]
    return EncodedRGB(out)


def measure_darkness(image: EncodedRGB, seen: npt.NDArray[np.bool_] | None, *, share: float) -> Brightening:
    """The gain and the power that make a dark picture as bright as usual ones, `share` (0–1) of the way."""
    pixels = _sampled(image, seen)
    bright = float(np.quantile(pixels.max(axis=-1), 0.997))
    gain = 2 ** min(max(math.log2(_WHITE / max(bright, 1e-4)), 0.0), _MOST_EV)
    gained = luma(to_encoded(LinearRGB(pixels[None] * np.float32(gain))))
    target = _NIGHT + (_BRIGHT_ENOUGH - _NIGHT) * float(smooth_step(np.median(gained), 0.05, 0.15))
    weakest, strongest = _STRONGEST_GAMMA, 1.0
    for _ in range(10):
        gamma = (weakest + strongest) / 2
        shown = to_encoded(LinearRGB(Brightening(gain, gamma).curve(pixels)[None]))
        if float(luma(shown).mean()) > target:
            weakest = gamma
        else:
            strongest = gamma
    # Exposure comes first: at half the way to white a picture is not half as good.
    return Brightening(gain ** min(1.0, 4 * share / 3), strongest**share)


def _sampled(image: EncodedRGB, seen: npt.NDArray[np.bool_] | None) -> Floats:
    """Linear light of at most about a quarter of a million pixels, n×3."""
    step = max(1, math.isqrt(image.shape[0] * image.shape[1] // (1 << 18)))
    codes = np.ascontiguousarray(image[::step, ::step])
    light = np.asarray(to_linear(EncodedRGB(codes)), np.float32)
    return light[looked_at(seen, light.shape)]


def _noise_after(image: EncodedRGB, brightening: Brightening) -> float:
    """Codes of noise in the brightened picture, told from a piece of the middle."""
    height, width = image.shape[:2]
    top, left = max(0, height // 2 - 512), max(0, width // 2 - 512)
    piece = np.ascontiguousarray(image[top : top + 1024, left : left + 1024])
    shown = brightening.apply(to_linear(EncodedRGB(piece)))
    gray = np.asarray(luma(to_encoded(shown)) * np.float32(255), np.float32)
    if min(gray.shape) < 3:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    # The median and not the mean: texture covers less of a dark picture than noise does.
    return float(np.median(np.abs(cv2.filter2D(gray, -1, kernel)))) / 0.6745


def _calm(strip: EncodedRGB, noise: float) -> EncodedRGB:
    """Smooth what is not more than noise: color strongly, brightness half."""
    planes = cv2.cvtColor(np.asarray(strip), cv2.COLOR_RGB2YCrCb).astype(np.float32) / np.float32(255)
    guide = np.ascontiguousarray(planes[..., 0])
    variance = (1.5 * noise / 255) ** 2
    for k, (kept, widen) in enumerate(((0.4, 1), (0.0, 4), (0.0, 4))):
        target = np.ascontiguousarray(planes[..., k])
        radius = widen * _NOISE_RADIUS_PX / max(guide.shape)
        slope, offset = local_lines(guide, target, radius=radius, variance=variance)
        planes[..., k] = kept * target + (1 - kept) * (slope * guide + offset)
    codes = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
    return EncodedRGB(np.asarray(cv2.cvtColor(codes, cv2.COLOR_YCrCb2RGB), np.uint8))


def brighten_backlit(
    image: EncodedRGB,
    *,
    strength: float,
    faces: Sequence[Box] = (),
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Lighten who stands against the light, and leave the light behind them.

    Args:
        image: h×w×3 encoded, any size.
        strength: 0 (identity) to 1 (the subject in good light); 0.5 goes three quarters of the way.
        faces: Boxes whose brightness counts; without any, that of the dark side of the picture does.
        check: Called once a strip; raises to stop.

    Returns:
        New array; a picture without dark parts hardly changes.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        Base and detail as in Durand & Dorsey, "Fast bilateral filtering for the display of high-dynamic-range images",
        2002, with the guided filter of He, Sun & Tang, 2013; two sides of a picture: Otsu, "A threshold selection
        method from gray-level histograms", 1979.
    """
    require_within("strength", strength, 0, 1)
    dark, wanted_ev = _shade(image, faces)
    lift_ev = wanted_ev * (1 - (1 - strength) ** 2)
    if lift_ev <= 0.01:
        return EncodedRGB(image.copy())
    return relight_by_base(image, lambda base: lifted_gain(base, dark, lift_ev), check=check)


def lifted_gain(base: Plane, dark: float, lift_ev: float) -> Plane:
    """Gain of surroundings by their lightness: `lift_ev` stops up to `dark`, falling just so fast that order stays.

    Args:
        base: Lightness 0–1, any shape.
        dark: Lightness about which all is lifted, above 0.
        lift_ev: Stops, 0–2.6.
    """
    # A cubic step falls by at most 1.5 of its height per width; lightness is the cube root of light.
    steepest = 1.5 * math.log(2) / 3 * lift_ev / (1 - _LEAST_RISE) / 2
    dark = min(1.15 * dark, 0.7)
    bright = min(max(dark * (1 + steepest) / max(1 - steepest, 0.1), dark + 0.15), 0.98)
    return np.asarray(np.exp2(np.float32(lift_ev) * smooth_step(base, bright, dark)), np.float32)


def _shade(image: EncodedRGB, faces: Sequence[Box]) -> tuple[float, float]:
    """Lightness of what stands in the shade, and the stops it lacks."""
    small = lightness(small_light(image))
    scale = small.shape[1] / image.shape[1]
    levels = [float(np.median(part)) for box in faces if (part := _middle_of(small, box, scale)).size]
    shaded = [level for level in levels if level < _LIT]
    if shaded:
        dark = max(float(np.mean(shaded)), 0.08)
        return dark, min(3 * math.log2(_LIT / dark), _MOST_BACKLIT_EV)
    codes = np.rint(small * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(codes, 0, 255, cv2.THRESH_OTSU)
    below, above = small[codes <= threshold], small[codes > threshold]
    if below.size == 0 or above.size == 0:
        return 0.5, 0.0
    dark = max(float(np.median(below)), 0.08)
    apart = float(smooth_step(float(np.median(above)) - dark, 0.12, 0.35))
    return dark, apart * min(max(3 * math.log2(_LIT / dark), 0.0), _MOST_BACKLIT_EV)


def _middle_of(plane: Plane, box: Box, scale: float) -> Plane:
    """The middle half of a box each way, on a smaller grid: skin rather than hair and background."""
    left, top, right, bottom = (edge * scale for edge in box)
    x, y, across, down = (left + right) / 2, (top + bottom) / 2, (right - left) / 4, (bottom - top) / 4
    rows = slice(max(0, round(y - down)), max(0, round(y + down)) + 1)
    return plane[rows, max(0, round(x - across)) : max(0, round(x + across)) + 1]
