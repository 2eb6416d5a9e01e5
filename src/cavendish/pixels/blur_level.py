"""How blurred a picture is: by how wide its sharpest edges are."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB

Floats = npt.NDArray[np.float32]

_AREA = 2_000_000  # pixels looked at: of larger pictures, the middle
_SCALES = ((1.0, 2.0), (2.0, 4.0), (4.0, 8.0))  # pixels: pairs of blurs compared, for ever wider edges
_STRONG = 0.93  # quantile of the slopes from which on something is an edge
_LEAST_SLOPE = 0.8  # codes a pixel
_SHARPEST = 0.25  # quantile of the edges' widths: behind and before the focus there are wider ones
_LEAST_EDGES = 50
_WIDEST_PX = 12.0


def blur_level(image: EncodedRGB) -> float:
    """Estimate the blur of the sharpest parts of a picture.

    Args:
        image: h×w×3.

    Returns:
        Standard deviation in pixels, 0 to 12, of the Gaussian that makes an ideal step as wide; about 0.6 for a sharp
        photograph. 0 where there are no edges to tell by.

    Source:
        Zhuo and Sim, "Defocus map estimation from a single image", 2011: the ratio of an edge's slopes before and
        after a known blur.
    """
    gray = np.asarray(cv2.cvtColor(middle_of(image), cv2.COLOR_RGB2GRAY), np.float32)
    sigma = 0.0
    for narrow, wide in _SCALES:
        found = _edge_width(gray, narrow, wide)
        if found is None:
            return sigma
        sigma = found
        if sigma < 1.2 * wide:
            break
    return min(sigma, _WIDEST_PX)


def middle_of(image: EncodedRGB) -> EncodedRGB:
    """The middle two megapixels of a larger picture, at full resolution: enough to measure blur and noise on."""
    height, width = image.shape[:2]
    share = min(1.0, math.sqrt(_AREA / (height * width)))
    rows, columns = round(height * share), round(width * share)
    top, left = (height - rows) // 2, (width - columns) // 2
    return EncodedRGB(np.ascontiguousarray(image[top : top + rows, left : left + columns]))


def _edge_width(gray: Floats, narrow: float, wide: float) -> float | None:
    slope, ridge = _slope(gray, narrow)
    softer, _ = _slope(gray, wide)
    limit = max(_LEAST_SLOPE / narrow, float(np.quantile(slope[::3, ::3], _STRONG)))
    edges = ridge & (slope > limit)
    if np.count_nonzero(edges) < _LEAST_EDGES:
        return None
    ratio = np.maximum(slope[edges] / np.maximum(softer[edges], 1e-3), 1.0005) ** 2
    squared = (wide**2 - ratio * narrow**2) / (ratio - 1)
    return math.sqrt(max(0.0, float(np.quantile(squared, _SHARPEST))))


def _slope(gray: Floats, sigma: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Steepness of the picture after a blur, in codes a pixel, and where it is the greatest across an edge."""
    soft = cv2.GaussianBlur(gray, (0, 0), sigma)
    across = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), np.float32)
    down = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8), np.float32)
    slope = np.asarray(cv2.magnitude(across, down), np.float32)
    beside = np.where(
        np.abs(across) >= np.abs(down),
        np.maximum(np.roll(slope, 1, axis=1), np.roll(slope, -1, axis=1)),
        np.maximum(np.roll(slope, 1, axis=0), np.roll(slope, -1, axis=0)),
    )
    return slope, slope >= beside
