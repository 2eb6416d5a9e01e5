"""Background: what is behind the subject becomes transparent, a color or another picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import Planes, scaling, warped
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.composite import Patch, put_behind, whole
from cavendish.pixels.harmonize import light_match, sample, sampled_light
from cavendish.pixels.matte import foreground_rows
from cavendish.pixels.strips import LightRows, light_rows, strips


def _never() -> None:
    return


def remove_background(image: Image, foreground: Plane, *, check: Callable[[], None] = _never) -> Patch:
    """Make everything behind the foreground transparent.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        check: Called now and then; raises to stop.

    Returns:
        A patch that sets the alpha plane; half-covered pixels get the foreground's own color, so no rim of the old
        background remains, and fully transparent ones get black, so nothing removed survives in the file.
    """
    rows = foreground_rows(light_rows(EncodedRGB(image.rgb)), foreground)
    color = np.empty(image.rgb.shape, np.uint8)
    for strip in strips(color.shape):
        check()
        color[strip] = to_encoded(rows(strip))
        color[strip][foreground[strip] <= 0] = 0
    patch = whole(image, EncodedRGB(color), alpha=(foreground < 1).astype(np.float32))
    return dataclasses.replace(patch, opacity=foreground if image.alpha is None else foreground * image.opacity)


def background_color(
    image: Image, foreground: Plane, *, color: tuple[int, int, int], check: Callable[[], None] = _never
) -> Patch:
    """Put one color behind the foreground.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        color: Encoded R, G, B, 0–255.
        check: Called now and then; raises to stop.

    Returns:
        A patch that also makes the picture opaque.
    """
    plate = to_linear(EncodedRGB(np.array([[color]], np.uint8)))
    return _opaque(image, put_behind(image, foreground, lambda _: plate, check=check))


def replace_background(
    image: Image, foreground: Plane, scene: Image, *, match: float, check: Callable[[], None] = _never
) -> Patch:
    """Put another picture behind the foreground.

    Args:
        image: The picture whose foreground stays.
        foreground: H×W alpha of what stays.
        scene: The new background; cropped to the picture's shape around its center, never squeezed.
        match: 0–1, how far the foreground's light is moved towards the scene's.
        check: Called now and then; raises to stop.

    Returns:
        A patch that also makes the picture opaque. With `match` 0 the solid foreground is bit-identical.
    """
    window = _window(scene.size, image.size)
    relight = None
    if match > 0:
        around = _over_white(Image(sample(scene.pixels[window]))).reshape(-1, 3)
        relight = light_match(sampled_light(EncodedRGB(image.rgb), foreground), LinearRGB(around), amount=match)
    plate = _scaled(scene.pixels[window], image.size)
    return _opaque(image, put_behind(image, foreground, plate, relight=relight, check=check))


def _window(size: tuple[int, int], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the largest part around the middle with another picture's shape."""
    width, height = size
    ratio = shape[0] / shape[1]
    across, down = (round(height * ratio), height) if width / height > ratio else (width, round(width / ratio))
    across, down = max(1, across), max(1, down)
    left, top = (width - across) // 2, (height - down) // 2
    return slice(top, top + down), slice(left, left + across)


def _scaled(pixels: npt.NDArray[np.uint8], size: tuple[int, int]) -> LightRows:
    height, width = pixels.shape[:2]
    matrix = scaling(width / size[0], height / size[1])
    rows = warped(lambda down, across: _over_white(Image(pixels[down, across])), (width, height), matrix, size)
    return lambda wanted: LinearRGB(rows(wanted))


def _over_white(part: Image) -> Planes:
    """Linear light, over white where the picture is transparent."""
    light = np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(part.rgb))))
    return light if part.alpha is None else np.asarray(1 + (light - 1) * part.opacity[..., None], np.float32)


def _opaque(image: Image, patch: Patch) -> Patch:
    if image.alpha is None:
        return patch
    return dataclasses.replace(patch, opacity=np.broadcast_to(np.float32(1), image.rgb.shape[:2]))


def _front(given: OpInput) -> Plane:
    assert given.foreground is not None, "the engine resolves declared needs"
    return given.foreground.alpha


def _color(given: OpInput) -> Patch:
    text = given.parameters["color"]
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    return background_color(given.image, _front(given), color=(red, green, blue), check=given.check)


def _replace(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    match = given.parameters["match"]
    return replace_background(given.image, _front(given), given.other, match=match, check=given.check)


def _remove(given: OpInput) -> Patch:
    return remove_background(given.image, _front(given), check=given.check)


_FOREGROUND = frozenset({Need.FOREGROUND})

OPS = {
    "remove_background": Op(_remove, _FOREGROUND),
    "background_color": Op(_color, _FOREGROUND),
    "replace_background": Op(_replace, _FOREGROUND | {Need.OTHER_IMAGE}),
}
