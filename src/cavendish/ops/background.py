"""Background: what is behind the subject becomes transparent, a color or another picture."""

from __future__ import annotations

import dataclasses

import numpy as np

from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import scaling, translation, warp
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, put_behind, whole
from cavendish.pixels.harmonize import match_light
from cavendish.pixels.matte import estimate_foreground


def remove_background(image: Image, foreground: Plane) -> Patch:
    """Make everything behind the foreground transparent.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.

    Returns:
        A patch that sets the alpha plane; half-covered pixels get the foreground's own color, so no rim of the old
        background remains, and fully transparent ones get black, so nothing removed survives in the file.
    """
    light = to_linear(EncodedRGB(np.ascontiguousarray(image.rgb)))
    color = np.asarray(to_encoded(estimate_foreground(light, foreground)))
    color[foreground <= 0] = 0
    opacity = foreground * image.opacity
    patch = whole(image, EncodedRGB(color), alpha=(foreground < 1).astype(np.float32))
    return dataclasses.replace(patch, opacity=opacity)


def background_color(image: Image, foreground: Plane, *, color: tuple[int, int, int]) -> Patch:
    """Put one color behind the foreground.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        color: Encoded R, G, B, 0–255.

    Returns:
        A patch that also makes the picture opaque.
    """
    plate = to_linear(EncodedRGB(np.full(image.rgb.shape, color, np.uint8)))
    return _opaque(image, put_behind(image, foreground, plate))


def replace_background(image: Image, foreground: Plane, scene: Image, *, match: float) -> Patch:
    """Put another picture behind the foreground.

    Args:
        image: The picture whose foreground stays.
        foreground: H×W alpha of what stays.
        scene: The new background; cropped to the picture's shape around its center, never squeezed.
        match: 0–1, how far the foreground's light is moved towards the scene's.

    Returns:
        A patch that also makes the picture opaque. With `match` 0 the solid foreground is bit-identical.
    """
    plate = _cover(scene, image.size)
    if match <= 0:
        return _opaque(image, put_behind(image, foreground, plate))
    light = to_linear(EncodedRGB(np.ascontiguousarray(image.rgb)))
    front = np.asarray(match_light(estimate_foreground(light, foreground), foreground, plate, amount=match))
    mixed = plate + (front - plate) * foreground[..., None]
    return _opaque(image, whole(image, to_encoded(LinearRGB(mixed))))


def _cover(scene: Image, size: tuple[int, int]) -> LinearRGB:
    """The scene scaled and center-cropped to fill `size`, over white where it is transparent."""
    light = np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(scene.rgb))))
    if scene.alpha is not None:
        light = 1 + (light - 1) * scene.opacity[..., None]
    width, height = scene.size
    shape = size[0] / size[1]
    window = (round(height * shape), height) if width / height > shape else (width, round(width / shape))
    left, top = (width - window[0]) // 2, (height - window[1]) // 2
    matrix = translation(left, top) @ scaling(max(1, window[0]) / size[0], max(1, window[1]) / size[1])
    return LinearRGB(warp(np.asarray(light, np.float32), matrix, size))


def _opaque(image: Image, patch: Patch) -> Patch:
    if image.alpha is None:
        return patch
    return dataclasses.replace(patch, opacity=np.ones(image.rgb.shape[:2], np.float32))


def _front(given: OpInput) -> Plane:
    assert given.foreground is not None, "the engine resolves declared needs"
    return given.foreground.alpha


def _color(given: OpInput) -> Patch:
    text = given.parameters["color"]
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    return background_color(given.image, _front(given), color=(red, green, blue))


def _replace(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    return replace_background(given.image, _front(given), given.other, match=given.parameters["match"])


_FOREGROUND = frozenset({Need.FOREGROUND})

OPS = {
    "remove_background": Op(lambda given: remove_background(given.image, _front(given)), _FOREGROUND),
    "background_color": Op(_color, _FOREGROUND),
    "replace_background": Op(_replace, _FOREGROUND | {Need.OTHER_IMAGE}),
}
