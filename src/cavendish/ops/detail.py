"""Detail: sharpness, texture, noise and grain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cavendish.errors import require_within
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels import denoise as noise_removal
from cavendish.pixels import sharpness
from cavendish.pixels.composite import Patch, whole
from cavendish.pixels.film_grain import film_grain
from cavendish.pixels.noise_level import noise_level
from cavendish.pixels.region import Box, Region
from cavendish.pixels.restorers import PLAIN_NOTE, Run

_FACTOR, _LEAST_SIGMA = 1.84, 4.0
"""At full strength: times the measured noise, and the noise in codes assumed even where less was measured, since
whoever asks sees some. At the default of one half they are what measures best."""

_MARGIN_PX = 32
"""Around a region, for what looks at the surroundings."""


def _never() -> None:
    return


def sharpen(image: Image, *, amount: float, radius_px: float = 1.2, check: Callable[[], None] = _never) -> EncodedRGB:
    """Make edges crisper, without halos and without sharpening the noise.

    Args:
        image: The picture.
        amount: 0 (identity) to 1.
        radius_px: 0.3–20, how wide the softness is.
        check: Called between strips; raises to stop.

    Returns:
        New pixels, h×w×3.

    Raises:
        ParameterOutOfRange: An amount is outside its range.

    Source:
        See `pixels.sharpness.sharpen`.
    """
    require_within("amount", amount, 0, 1)
    require_within("radius_px", radius_px, 0.3, 20)
    rgb = EncodedRGB(image.rgb)
    return sharpness.sharpen(rgb, noise_level(rgb), amount=amount, radius_px=radius_px, check=check)


def adjust_texture(image: Image, *, amount: float, check: Callable[[], None] = _never) -> EncodedRGB:
    """Bring texture out or calm it down; edges and the finest detail keep their contrast.

    Args:
        image: The picture.
        amount: −1 (calm) to +1 (rough). 0 is identity.
        check: Called between strips; raises to stop.

    Returns:
        New pixels, h×w×3.

    Raises:
        ParameterOutOfRange: `amount` is outside −1 to +1.

    Source:
        See `pixels.sharpness.adjust_texture`.
    """
    require_within("amount", amount, -1, 1)
    rgb = EncodedRGB(image.rgb)
    return sharpness.adjust_texture(rgb, noise_level(rgb), amount=amount, check=check)


def denoise(
    image: Image, run: Run | None, *, strength: float, box: Box | None = None, check: Callable[[], None] = _never
) -> EncodedRGB:
    """Take noise and grain out, as much as is measured, and color noise more than the rest.

    Args:
        image: The picture; its noise is measured all over.
        run: FFDNet's convolutions, or None for non-local means.
        strength: 0 (identity) to 1; 0.5 takes out what was measured.
        box: The part to clean; None for all of it.
        check: Called between tiles; raises to stop.

    Returns:
        New pixels of the box.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        See `pixels.denoise.denoise`.
    """
    require_within("strength", strength, 0, 1)
    left, top, right, bottom = box or (0, 0, *image.size)
    part = EncodedRGB(np.ascontiguousarray(image.rgb[top:bottom, left:right]))
    if strength == 0:
        return part
    level = noise_level(EncodedRGB(image.rgb))
    factor, floor = _FACTOR * strength, _LEAST_SIGMA * strength
    return noise_removal.denoise(part, level, run, factor=factor, floor=floor, check=check)


def add_grain(
    image: Image, *, amount: float, size: float = 0.3, seed: int = 0, check: Callable[[], None] = _never
) -> EncodedRGB:
    """Add film grain, strongest in middle tones.

    Args:
        image: The picture.
        amount: 0 (identity) to 1.
        size: 0 (finest) to 1 (coarse).
        seed: Equal seeds give equal grain.
        check: Called between strips; raises to stop.

    Returns:
        New pixels, h×w×3.

    Raises:
        ParameterOutOfRange: `amount` or `size` is outside 0 to 1.

    Source:
        See `pixels.film_grain`.
    """
    require_within("amount", amount, 0, 1)
    require_within("size", size, 0, 1)
    return film_grain(EncodedRGB(image.rgb), amount=amount, size=size, seed=seed, check=check)


def _patch(given: OpInput, pixels: EncodedRGB) -> Patch:
    return whole(given.image, pixels, alpha=given.region.alpha if given.region else None)


def _sharpen(given: OpInput) -> Patch:
    amounts = given.parameters
    radius_px = amounts["radius_px"]
    return _patch(given, sharpen(given.image, amount=amounts["amount"], radius_px=radius_px, check=given.check))


def _texture(given: OpInput) -> Patch:
    return _patch(given, adjust_texture(given.image, amount=given.parameters["amount"], check=given.check))


def _denoise(given: OpInput) -> Patch:
    run = given.restorers.denoiser()
    box = _box_around(given.region, given.image.size)
    pixels = denoise(given.image, run, strength=given.parameters["strength"], box=box, check=given.check)
    left, top, right, bottom = box
    alpha = (
        np.ones(pixels.shape[:2], np.float32) if given.region is None else given.region.alpha[top:bottom, left:right]
    )
    return Patch(pixels, alpha, box, note="" if run else PLAIN_NOTE)


def _box_around(region: Region | None, size: tuple[int, int]) -> Box:
    """What has to be worked on for a region to change: far less than the picture, often."""
    if region is None:
        return 0, 0, *size
    rows, columns = (np.flatnonzero((region.alpha > 0).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return 0, 0, 1, 1
    left, top = max(0, int(columns[0]) - _MARGIN_PX), max(0, int(rows[0]) - _MARGIN_PX)
    return left, top, min(size[0], int(columns[-1]) + 1 + _MARGIN_PX), min(size[1], int(rows[-1]) + 1 + _MARGIN_PX)


def _grain(given: OpInput) -> Patch:
    seed = 0 if given.random is None else int(given.random.integers(1, 1 << 31))
    amounts = given.parameters
    return _patch(
        given, add_grain(given.image, amount=amounts["amount"], size=amounts["size"], seed=seed, check=given.check)
    )


_WHERE = frozenset({Need.MASK})

OPS = {
    "sharpen": Op(_sharpen, _WHERE),
    "adjust_texture": Op(_texture, _WHERE),
    "denoise": Op(_denoise, _WHERE),
    "add_grain": Op(_grain, _WHERE),
}
