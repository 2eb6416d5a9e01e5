"""Glasses on a face: their frames, and lenses one does not see through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from cavendish.regions import face_contours as contours
from cavendish.regions.face_study import SHARP_PX, FaceStudy, blurred, disk, touching

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane

    Points = npt.NDArray[np.float32]

_UNLIKE_SKIN = (-6.0, -1.0)
"""Negative log densities, from skin to what is none."""
_FRAME_PX = 12
_BRIDGE_WIDTH = 0.35
"""Part of the distance between the eyes in which the bridge is looked for."""
_EYE_CONTRAST = 0.15
_BRIDGE_SAMPLES = 33
_BRIDGE_DEPTH = 0.035
"""Oklab distance: of faces without glasses none reached 0.015, of drawn ones thin gold frames gave 0.034 to 0.13."""
_DARK_LENS = 0.4
"""Lightness under the eyes, in that of the cheeks, from which down they are behind dark glass."""


def worn_glasses(study: FaceStudy) -> Plane:
    """Mask the glasses on a face.

    Args:
        study: Of the face.

    Returns:
        h×w of the close-up: frames, and lenses as far as they hide the skin; all 0 where nothing is sure to be worn,
        which includes rimless glasses and frames as pale as the skin.
    """
    worn, skin = _worn(study), study.cheek_colors
    if not worn or skin is None:
        return study.nothing
    unlike = np.interp(-skin.log_density(study.view.oklab), _UNLIKE_SKIN, (0, 1)).astype(np.float32)
    surrounds = [study.hull(study.outline(around)) for around in contours.EYE_SURROUNDS]
    # Hair is no more like skin than frames are, so the zone ends before it.
    zone = cv2.dilate(study.filled([*surrounds, *worn]), disk(_FRAME_PX)) * cv2.erode(study.silhouette, disk(_FRAME_PX))
    frames = touching(np.asarray(zone * unlike, np.float32), study.filled(worn) > 0.5)
    clear = [eye for eye in study.open_eyes if _sees(study, eye)]
    return blurred(frames * (1 - cv2.dilate(study.filled(clear), disk(_FRAME_PX // 2))), SHARP_PX)


def _worn(study: FaceStudy) -> list[Points]:
    """Outlines of what gives glasses away: the bridge, which crosses the nose, or lenses too dark to see through."""
    lightness = study.view.oklab[..., 0]
    bridge = _bridge(study)
    if bridge is not None:
        return [bridge]
    cheeks = lightness[study.cheeks > 0.9]
    lenses = [study.outline(under) for under in contours.UNDER_EYES]
    behind = [lightness[study.filled([lens]) > 0.5] for lens in lenses]
    if not cheeks.size or any(not lens.size for lens in behind):
        return []
    dark = all(np.median(lens) < _DARK_LENS * np.quantile(cheeks, 0.75) for lens in behind)
    return lenses if dark else []


def _sees(study: FaceStudy, eye: Points) -> bool:
    """Whether an eye is seen through its lens: there is as much light and dark in it as eyes have."""
    lightness = study.view.oklab[..., 0][study.filled([eye]) > 0.5]
    return lightness.size > 0 and float(np.ptp(np.quantile(lightness, (0.05, 0.95)))) > _EYE_CONTRAST


def _bridge(study: FaceStudy) -> Points | None:
    """Outline of a narrow line across the nose between the eyes, of another color than the skin above and below it.

    Skin itself changes slowly there, in light and in shade.
    """
    along = study.outline(contours.NOSE_BRIDGE)
    inner = study.outline([ends[1] for ends in contours.EYE_CORNERS])
    across = (inner[1] - inner[0]) * _BRIDGE_WIDTH
    steps = np.linspace(0, len(along) - 1, _BRIDGE_SAMPLES)
    spine = np.stack([np.interp(steps, range(len(along)), along[:, axis]) for axis in (0, 1)], axis=-1)
    sides = np.linspace(-0.5, 0.5, _BRIDGE_SAMPLES)[:, np.newaxis, np.newaxis] * across
    grid = (spine + sides).astype(np.float32)
    colors = blurred(study.view.oklab, SHARP_PX)
    profiles = cv2.remap(colors, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    crossing = np.median(profiles, axis=0)
    usual = median_filter(crossing, size=(_BRIDGE_SAMPLES // 2, 1), mode="nearest")
    depths = np.linalg.norm(crossing - usual, axis=1)
    depths[: _BRIDGE_SAMPLES // 8] = 0  # frowns
    if depths.max() < _BRIDGE_DEPTH:
        return None
    low = spine[max(0, int(depths.argmax()) - 1)], spine[min(len(spine) - 1, int(depths.argmax()) + 1)]
    return np.asarray([low[0] - across / 2, low[0] + across / 2, low[1] + across / 2, low[1] - across / 2], np.float32)
