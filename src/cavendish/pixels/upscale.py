"""Pictures made larger: by networks that were taught what detail looks like, kept true to the picture."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, Plane
from cavendish.imaging.resample import lifted
from cavendish.pixels.restorers import Run
from cavendish.pixels.strips import strips
from cavendish.pixels.tiles import enlarge

_PLAIN_ROUNDS, _IMAGINED_ROUNDS = 2, 1  # of back-projection; SPAN is true to the picture by itself
_SIDE_PX, _MARGIN_PX = 112, 8
_IMAGINED_SIDE_PX, _IMAGINED_MARGIN_PX = 56, 10  # two tiles of Real-ESRGAN take 0.9 GB


def upscale(
    image: EncodedRGB,
    run: Run | None,
    *,
    factor: int,
    size: tuple[int, int],
    check: Callable[[], None] = lambda: None,
) -> EncodedRGB:
    """Enlarge a picture without making anything up.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        run: SPAN for `factor`, or None for Lanczos.
        factor: 2 or 4.
        size: (width, height) wanted, at most `factor` times the picture's.
        check: Called between tiles; raises to stop.

    Returns:
        New array of that size.

    Source:
        Wan et al., "Swift parameter-free attention network for efficient super-resolution", 2024. Fallback: Duchon,
        "Lanczos filtering in one and two dimensions", 1979, with back-projection as in `imagine_larger`.
    """
    if run is None:
        plain = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
        return _shrinking_back(EncodedRGB(plain), image, rounds=_PLAIN_ROUNDS)
    return _resized(enlarge(image, run, factor=factor, side_px=_SIDE_PX, margin_px=_MARGIN_PX, check=check), size)


def imagine_larger(
    image: EncodedRGB, run: Run, *, size: tuple[int, int], check: Callable[[], None] = lambda: None
) -> EncodedRGB:
    """Enlarge a picture with detail that is made up, but shrinks back to what was there.

    Args:
        image: Encoded sRGB, h×w×3 uint8.
        run: Real-ESRGAN.
        size: (width, height) wanted, at most 4 times the picture's.
        check: Called between tiles; raises to stop.

    Returns:
        New array of that size.

    Source:
        Wang et al., "Real-ESRGAN: training real-world blind super-resolution with pure synthetic data", 2021;
        consistency: Irani and Peleg, "Improving resolution by image registration", 1991.
    """
    side_px, margin_px = _IMAGINED_SIDE_PX, _IMAGINED_MARGIN_PX
    drawn = enlarge(image, run, factor=4, side_px=side_px, margin_px=margin_px, check=check)
    return _shrinking_back(_resized(drawn, size), image, rounds=_IMAGINED_ROUNDS)


def blended(faithful: EncodedRGB, imagined: EncodedRGB, share: Plane) -> EncodedRGB:
    """Mix two enlargements.

    Args:
        faithful: H×W×3.
        imagined: H×W×3.
        share: Smaller h×w, 0–1: how much of `imagined` shows.

    Returns:
        New array, H×W×3.
    """
    out = np.empty(faithful.shape, np.uint8)
    shares = lifted(share, (faithful.shape[1], faithful.shape[0]))
    for strip in strips(out.shape):
        under = faithful[strip].astype(np.float32)
        out[strip] = np.rint(under + (imagined[strip] - under) * np.clip(shares(strip), 0, 1)[..., None])
    return EncodedRGB(out)


def _resized(image: npt.NDArray[np.uint8], size: tuple[int, int]) -> EncodedRGB:
    same = (image.shape[1], image.shape[0]) == size
    return EncodedRGB(image if same else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8))


def _shrinking_back(large: EncodedRGB, image: EncodedRGB, *, rounds: int) -> EncodedRGB:
    """Add what the shrunk enlargement lacks."""
    small = (image.shape[1], image.shape[0])
    for _ in range(rounds):
        lacking = image - cv2.resize(large, small, interpolation=cv2.INTER_AREA).astype(np.int16)
        added = lifted(lacking.astype(np.float32), (large.shape[1], large.shape[0]))
        for strip in strips(large.shape):
            large[strip] = np.clip(np.rint(large[strip] + added(strip)), 0, 255)
    return large
