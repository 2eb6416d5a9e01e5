"""The shadow a thing throws on the ground, as its own region: what must go or move together with the thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, to_linear
from cavendish.pixels.region import Region
from cavendish.pixels.shadow import contact_row

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image

_Floats = npt.NDArray[np.floating[Any]]
_Mask = npt.NDArray[np.bool_]

_LABEL = "its shadow"
_WORKING_SIDE = 256  # shadows are soft, and averaging takes the texture off the ground
_SURROUNDINGS = 0.9  # of the thing's longer side: how far around it is looked
_BEHIND = 0.45  # of the thing's height: how far above its contact the ground behind it may be shaded
_FOOT = 0.33  # of the thing's height: the part of it that a shadow touches
_BASE = 0.12  # of the thing's height: what ends further above its lowest row is a wall behind it
_RIM = 2  # small pixels around the thing that hold a share of it
_VEIL = 0.01  # of white: stray light, below which ratios of light are noise
_SMOOTHINGS = (1.2, 2.5, 5.0)  # small pixels; the least is taken that levels the ground's texture
_LEVEL = 0.07  # scatter of level ground, log of a ratio of light
_FEATHER = 1.2  # small pixels
_THINNEST = 11  # small pixels; narrower dark parts are cracks and seams, unless they lie along the thing
_GROUND_REACH = 0.6  # of the thing's size: the unshaded ground is smooth over so much
_ROUNDS = 6

_FAINTEST = 0.07  # log of a ratio of light; a fainter shadow is not seen
_SCATTERS = 2.0  # darker by so many times the scatter of the ground is more than its texture
_TINT, _TINT_BY_DEPTH = 0.10, 0.35  # a shadow is lit by the sky, so the deeper the bluer it may be
_DARKEST = 3.5  # log of a ratio of light: grounds in full shadow keep at least 3 % of it
_LEAST_SHARE = 0.015  # of the thing's area
_MOST_SHARE = 2.5
_LEAST_CONTACT = 0.12  # of the thing's width


def find_shadow(image: Image, thing: Plane) -> Region:
    """Find the shadow of a thing on the ground it stands on: contact and cast shadow in one.

    A shadow is the ground's own color times a number. So the unshaded ground is estimated around the thing, and
    what is darker than it by one ratio in all three channels, and reaches the thing's contact, is its shadow.

    Args:
        image: The picture.
        thing: h×w float32, 0–1: the thing.

    Returns:
        The share of linear light that the shadow takes, 0–1, zero inside the thing: like `contact_shadow` draws it,
        so a faint shadow has low values everywhere. Confidence is below 0.5 when there is probably none.

    Source:
        Color ratios across shadow borders: Finlayson, Hordley, Lu and Drew, "On the removal of shadows from images",
        2006. Robust smooth ground by reweighting: Holland and Welsch, "Robust regression using iteratively reweighted
        least-squares", 1977.
    """
    density = np.zeros(thing.shape, np.float32)
    window = _window(thing)
    if window is None:
        return Region(density, 0.0, _LABEL)
    rgb, opacity = _small(image.rgb[window], thing[window])
    drop, scatter, allowed = _darkening(rgb, opacity)
    found = _attached((drop > max(_FAINTEST, _SCATTERS * scatter)) & allowed, opacity)
    if not found.any():
        return Region(density, 0.0, _LABEL)
    confidence = _confidence(drop, scatter, found, opacity)
    # The rim holds some of the thing; its darkness is carried on from beside it.
    shaded = _grown(found, _RIM + 1) & (allowed | _grown(opacity > 0.05, _RIM))
    soft = (shaded * (1 - np.exp(-np.maximum(drop, 0)))).astype(np.float32)
    soft *= _blur(_grown(found, _RIM + 1).astype(np.float32), _FEATHER)
    shape = density[window].shape
    lifted = np.asarray(cv2.resize(soft, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
    density[window] = lifted * (1 - thing[window])
    return Region(density, confidence, _LABEL)


def _window(thing: Plane) -> tuple[slice, slice] | None:
    """Rows and columns in which the thing's shadow is looked for; None when it stands nowhere in the frame."""
    box = Region(thing).box
    if box is None or contact_row(thing) is None:
        return None
    left, top, right, bottom = box
    around = int(_SURROUNDINGS * max(right - left, bottom - top)) + 1
    return slice(max(0, top - around), bottom + around), slice(max(0, left - around), right + around)


def _small(rgb: npt.NDArray[np.uint8], thing: Plane) -> tuple[npt.NDArray[np.uint8], _Floats]:
    scale = min(1.0, _WORKING_SIDE / max(thing.shape))
    size = (max(1, round(thing.shape[1] * scale)), max(1, round(thing.shape[0] * scale)))
    small: Any = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    opacity: Any = cv2.resize(thing, size, interpolation=cv2.INTER_AREA)
    return small, opacity


def _darkening(rgb: npt.NDArray[np.uint8], opacity: _Floats) -> tuple[_Floats, float, _Mask]:
    """Log of the share of light that each pixel misses, its scatter on lit ground, and where it may be shadow at all.

    May be shadow: ground whose color is that of the lit ground around it, but for darkness.
    """
    ground = ~_grown(opacity > 0.05, _RIM)
    near = ground & _reachable(opacity)
    weight = ground.astype(np.float32)
    light = to_linear(EncodedRGB(rgb)) * weight[..., None]
    for smoothing in _SMOOTHINGS:
        share = _blur(weight, smoothing)[..., None]
        smooth = np.log(_blur(light, smoothing) / (share + np.float32(1e-4)) + np.float32(_VEIL))
        lit, scatter = _lit_ground(smooth, near, opacity)
        if scatter <= _LEVEL:
            break
    missing = lit - smooth
    drop = missing.mean(axis=2)
    tint = np.abs(missing - drop[..., None]).max(axis=2)
    allowed = near & (tint < _TINT + _TINT_BY_DEPTH * np.maximum(drop, 0)) & (drop < _DARKEST)
    return drop, scatter, allowed


def _reachable(opacity: _Floats) -> _Mask:
    """Rows where the ground may be: from somewhat above the thing's contact downwards."""
    rows = np.flatnonzero((opacity > 0.5).any(axis=1))
    reachable = np.zeros(opacity.shape, bool)
    if rows.size:
        reachable[max(0, int(rows[-1] - _BEHIND * (rows[-1] - rows[0] + 1))) :] = True
    return reachable


def _lit_ground(smooth: _Floats, near: _Mask, opacity: _Floats) -> tuple[_Floats, float]:
    """The color the ground would have without the shadow, as log light, and how much lit ground scatters about it."""
    reach = max(1, int(_GROUND_REACH * np.sqrt(np.count_nonzero(opacity > 0.5))))
    brightness = smooth.mean(axis=2)
    middle = float(np.median(brightness[near])) if near.any() else 0.0
    weight = np.where(near, np.where(brightness >= middle, 1.0, 0.3), 0.0).astype(np.float32)
    scatter, lit = 0.3, smooth
    for _ in range(_ROUNDS):
        share = _mean(weight, reach)
        overall = (smooth * weight[..., None]).sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
        lit = (_mean(smooth * weight[..., None], reach) + 0.02 * overall) / (share + 0.02)[..., None]
        drop = (lit - smooth).mean(axis=2)
        taken = near & (np.abs(drop) < 2.5 * scatter)
        if taken.any():
            scatter = max(0.02, 1.48 * float(np.median(np.abs(drop[taken]))))
        # Shaded ground counts less each round, so that the estimate climbs out of the shadow; glints count half.
        off = np.maximum(drop, -0.5 * drop) / (2 * scatter)
        weight = np.where(near, np.exp(-(off**2)), 0.0).astype(np.float32)
    return lit, scatter


def _attached(dark: _Mask, opacity: _Floats) -> _Mask:
    """The dark parts that touch the thing where it stands, unless they are no size for a shadow or walls behind it."""
    solid = opacity > 0.5
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        return np.zeros(solid.shape, bool)
    whole = (dark | _grown(opacity > 0.05, _RIM)).astype(np.uint8)
    closed = cv2.morphologyEx(whole, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THINNEST, _THINNEST))
    thick = dark & (cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel) > 0)
    count, labels = cv2.connectedComponents(thick.astype(np.uint8), connectivity=4)

    def counted(where: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        return np.bincount(where.ravel(), minlength=count)

    area, height, least = np.count_nonzero(solid), rows[-1] - rows[0] + 1, _LEAST_CONTACT * columns.size
    foot, contact, behind = (max(0, int(rows[-1] - share * height)) for share in (_FOOT, _BASE, _BEHIND))
    beside = _grown(opacity > 0.05, 2 * _RIM)
    kept = counted(labels[foot:][beside[foot:]]) >= max(2, least)
    kept &= counted(labels[contact:]) > 0
    kept &= counted(labels[behind]) < least
    sizes = counted(labels)
    kept &= (sizes <= _MOST_SHARE * area) & (sizes >= _LEAST_SHARE * area)
    kept[0] = False
    return np.asarray(kept[labels], bool)


def _confidence(drop: _Floats, scatter: float, found: _Mask, opacity: _Floats) -> float:
    """How far the shadow stands out from the ground's texture, less where it runs out of the frame, 0–1."""
    depth = float(drop[found].mean())
    stands_out = float(np.interp(depth / scatter, (2.0, 5.0), (0.2, 1.0)))
    size = float(np.interp(found.sum() / max(1, np.count_nonzero(opacity > 0.5)), (_LEAST_SHARE, 0.06), (0.4, 1.0)))
    rim = np.concatenate([found[-1], found[:, 0], found[:, -1]])
    return stands_out * size * (1 - float(rim.mean()))


def _grown(mask: _Mask, by: int) -> _Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def _blur(planes: _Floats, sigma: float) -> _Floats:
    blurred: Any = cv2.GaussianBlur(planes, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred)


def _mean(planes: _Floats, reach: int) -> _Floats:
    mean: Any = cv2.blur(planes, (2 * reach + 1, 2 * reach + 1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(mean)
