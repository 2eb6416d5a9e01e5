"""Background: what is behind the subject becomes transparent, a color, another picture or a drawn backdrop."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, LinearRGB, Plane, to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import Planes, lifted, scaling, warped
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels.backdrops import draw_backdrop, drawing_size
from cavendish.pixels.composite import Patch, Redrawn, apply_patch, put_behind, whole
from cavendish.pixels.cut_out import remove_background
from cavendish.pixels.harmonize import light_match, sample, sampled_light
from cavendish.pixels.reflection import find_reflection, mirror_sky
from cavendish.pixels.region import Region
from cavendish.pixels.shadow import contact_row, contact_shadow_rows
from cavendish.pixels.skies import deepened_sky, draw_sky
from cavendish.pixels.strips import LightRows, map_linear

_DITHER, _PLAIN = 20, 7
"""Seeds: of grain, and of what is drawn for the first picture."""
_GRAIN = np.float32(0.006)
_SHADOW, _BACKDROP_MATCH = 0.5, 0.35
_MARGIN = 0.04
"""Around an extracted subject, of its longer side."""
_DARKEST_EV = 3.0
_LUMINANCE = np.array((0.2126, 0.7152, 0.0722), np.float32)
_DEPTH, _LEAST_DEPTH, _MOST_DEPTH = 0.22, 0.06, 0.3
"""How far ground reaches back from a contact, of the height of what stands there; least and most, of the picture's."""
_DRAMATIC = "dramatic"
_LAND_LIGHT = {
    "day": (1.05, 1.03, 1.0), "sunset": (0.95, 0.74, 0.58), "dusk": (0.5, 0.47, 0.6), "night": (0.12, 0.15, 0.24),
    "overcast": (0.72, 0.76, 0.8), "stars": (0.09, 0.11, 0.18),
}  # fmt: skip
"""By sky, what the light on the land is multiplied by, R, G, B in linear light."""


def _never() -> None:
    return


def background_color(
    image: Image,
    foreground: Plane,
    *,
    color: tuple[int, int, int],
    shadow: bool = False,
    check: Callable[[], None] = _never,
) -> Patch:
    """Put one color behind the foreground.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        color: Encoded R, G, B, 0–255.
        shadow: Whether what stands in front darkens the ground at its foot.
        check: Called now and then; raises to stop.

    Returns:
        A patch that also makes the picture opaque.
    """
    plain = to_linear(EncodedRGB(np.array([[color]], np.uint8)))
    plate: LightRows = lambda _: plain  # noqa: E731
    if shadow:
        dark = contact_shadow_rows(foreground, strength=_SHADOW)
        plate = lambda rows: LinearRGB(plain * (1 - dark(rows))[..., None])  # noqa: E731
    return _opaque(image, put_behind(image, foreground, plate, check=check))


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


def background_gradient(
    image: Image,
    foreground: Plane,
    *,
    colors: Sequence[tuple[int, int, int]],
    angle_deg: float,
    check: Callable[[], None] = _never,
) -> Patch:
    """Put a gradient behind the foreground, dithered so that no bands show.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        colors: 2–5 encoded R, G, B, 0–255, evenly spaced along the gradient.
        angle_deg: Direction it runs in: 0 to the right, 90 downwards.
        check: Called now and then; raises to stop.

    Returns:
        A patch that also makes the picture opaque.
    """
    width, height = image.size
    stops = np.array(colors, np.float32)
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    reach = (abs(cos) * width + abs(sin) * height) / 2
    across = (np.arange(width, dtype=np.float32) - (width - 1) / 2) * cos

    def rows(wanted: slice) -> LinearRGB:
        down = (np.arange(wanted.start, wanted.stop, dtype=np.float32) - (height - 1) / 2) * sin
        at = (((across[None] + down[:, None]) / max(reach, 1e-6) + 1) / 2).clip(0, 1) * (len(stops) - 1)
        # Between encoded colors, as designers expect it; half a code of noise takes the place of steps.
        codes = np.stack([np.interp(at, np.arange(len(stops)), stops[:, k]) for k in range(3)], axis=-1)
        noise = np.random.default_rng([_DITHER, wanted.start]).uniform(-0.5, 0.5, (*at.shape, 1))
        return to_linear(EncodedRGB(np.rint(codes + noise).clip(0, 255).astype(np.uint8)))

    return _opaque(image, put_behind(image, foreground, rows, check=check))


def backdrop(
    image: Image,
    foreground: Plane,
    *,
    name: str,
    random: np.random.Generator,
    check: Callable[[], None] = _never,
) -> Patch:
    """Put a drawn backdrop behind the foreground, with a ground and a contact shadow where the foreground stands.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        name: One of `pixels.backdrops.BACKDROPS`.
        random: Decides on its colors and lights.
        check: Called now and then; raises to stop.

    Returns:
        A patch that also makes the picture opaque. The foreground's light is moved a little towards the backdrop's.
    """
    columns = np.flatnonzero((foreground >= 0.5).any(axis=0))
    middle = float(columns.mean()) / foreground.shape[1] if columns.size else 0.5
    drawn = draw_backdrop(name, image.size, ground=_ground(foreground), middle=middle, random=random)
    shadow = contact_shadow_rows(foreground, strength=_SHADOW)
    own, theirs = sampled_light(EncodedRGB(image.rgb), foreground), sample(drawn).reshape(-1, 3)
    relight = light_match(own, LinearRGB(theirs), amount=_BACKDROP_MATCH)
    plate = _enlarged(drawn, image.size)

    def rows(wanted: slice) -> LinearRGB:
        return LinearRGB(plate(wanted) * (1 - shadow(wanted))[..., None])

    return _opaque(image, put_behind(image, foreground, rows, relight=relight, check=check))


def _ground(foreground: Plane) -> int | None:
    """Row in which the ground begins: as far behind the contact as what stands there reaches back."""
    contact, box = contact_row(foreground), Region(foreground).box
    if contact is None or box is None:
        return None
    height: int = foreground.shape[0]
    return contact - int(min(max(_DEPTH * (box[3] - box[1]), _LEAST_DEPTH * height), _MOST_DEPTH * height))


def extract_subject(
    image: Image,
    foreground: Plane,
    *,
    color: tuple[int, int, int],
    tight: bool,
    check: Callable[[], None] = _never,
) -> Redrawn | Patch:
    """Show the foreground alone on a color.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays.
        color: Encoded R, G, B, 0–255.
        tight: Crop to the foreground with a margin.
        check: Called now and then; raises to stop.

    Returns:
        A patch that also makes the picture opaque; with `tight`, a smaller picture.
    """
    patch = background_color(image, foreground, color=color, check=check)
    box = Region(foreground).box
    if not tight or box is None:
        return patch
    margin = round(_MARGIN * max(box[2] - box[0], box[3] - box[1]))
    left, top = max(0, box[0] - margin), max(0, box[1] - margin)
    right, bottom = min(image.size[0], box[2] + margin), min(image.size[1], box[3] + margin)
    alone = apply_patch(image, patch)
    return Redrawn(Image(np.ascontiguousarray(alone.rgb[top:bottom, left:right])), window=(left, top, right, bottom))


def replace_sky(
    image: Image,
    sky: Plane,
    new: LightRows,
    *,
    land_light: tuple[float, float, float],
    check: Callable[[], None] = _never,
) -> Patch:
    """Put another sky in, light the land by it and show it in still water.

    Args:
        image: The picture.
        sky: H×W alpha of its sky.
        new: Makes the new sky, as large as the picture.
        land_light: What the light on the land is multiplied by, R, G, B in linear light.
        check: Called now and then; raises to stop.

    Returns:
        A patch of the whole picture.
    """
    gain = np.array(land_light, np.float32)
    patch = put_behind(image, 1 - sky, new, relight=lambda front: LinearRGB(front * gain), check=check)
    old = EncodedRGB(image.rgb)
    reflection = find_reflection(old, sky)
    if reflection is None:
        return patch
    return dataclasses.replace(patch, pixels=mirror_sky(old, patch.pixels, new, reflection, check=check))


def tone_background(
    image: Image, foreground: Plane, function: Callable[[LinearRGB], LinearRGB], *, check: Callable[[], None] = _never
) -> Patch:
    """Change the light of everything behind the foreground, each pixel by itself.

    Args:
        image: The picture.
        foreground: H×W alpha of what stays; unchanged, bit for bit, where it is solid.
        function: Maps linear light.
        check: Called between strips; raises to stop.
    """

    def strip(light: LinearRGB) -> LinearRGB:
        check()
        return function(light)

    return whole(image, map_linear(EncodedRGB(image.rgb), strip), alpha=1 - foreground)


def _window(size: tuple[int, int], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the largest part around the middle with another picture's shape."""
    width, height = size
    ratio = shape[0] / shape[1]
    across, down = (round(height * ratio), height) if width / height > ratio else (width, round(width / ratio))
    across, down = max(1, across), max(1, down)
    left, top = (width - across) // 2, (height - down) // 2
    return slice(top, top + down), slice(left, left + across)


def _enlarged(drawn: LinearRGB, size: tuple[int, int]) -> LightRows:
    """A drawing at a picture's size, with a little grain, which also keeps smooth tones from showing steps."""
    plate = lifted(drawn, size)

    def rows(wanted: slice) -> LinearRGB:
        light = np.maximum(plate(wanted), 0)
        noise = np.random.default_rng([_DITHER, wanted.start]).standard_normal((*light.shape[:2], 1), np.float32)
        return LinearRGB(np.maximum(light + _GRAIN * np.sqrt(light + np.float32(1e-4)) * noise, 0))

    return rows


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
    shadow = given.parameters["shadow"] != "none"
    color = _rgb(given.parameters["color"])
    return background_color(given.image, _front(given), color=color, shadow=shadow, check=given.check)


def _rgb(text: str) -> tuple[int, int, int]:
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _replace(given: OpInput) -> Patch:
    assert given.other is not None, "the engine resolves declared needs"
    match = given.parameters["match"]
    return replace_background(given.image, _front(given), given.other, match=match, check=given.check)


def _gradient(given: OpInput) -> Patch:
    colors = [_rgb(text) for text in given.parameters["colors"]]
    angle = given.parameters["angle_deg"]
    return background_gradient(given.image, _front(given), colors=colors, angle_deg=angle, check=given.check)


def _chance(given: OpInput) -> np.random.Generator:
    return given.random or np.random.default_rng(_PLAIN)


def _backdrop(given: OpInput) -> Patch:
    name = given.parameters["name"]
    return backdrop(given.image, _front(given), name=name, random=_chance(given), check=given.check)


def _extract(given: OpInput) -> Redrawn | Patch:
    color, tight = _rgb(given.parameters["color"]), given.parameters["tight"]
    return extract_subject(given.image, _front(given), color=color, tight=tight, check=given.check)


def _sky(given: OpInput) -> Patch:
    assert given.sky is not None, "the engine resolves declared needs"
    name, sky = given.parameters["name"], given.sky.alpha
    if given.other is not None:
        rows = _scaled(given.other.pixels[_window(given.other.size, given.image.size)], given.image.size)
        return replace_sky(given.image, sky, rows, land_light=(1.0, 1.0, 1.0), check=given.check)
    if name == _DRAMATIC:
        deepened = deepened_sky(EncodedRGB(given.image.rgb), sky)
        if deepened is not None:
            patch = replace_sky(given.image, sky, deepened, land_light=(1.0, 1.0, 1.0), check=given.check)
            return dataclasses.replace(patch, note="it is the old one with its own clouds made stronger")
        name = "overcast"
    lowest = np.flatnonzero((sky >= 0.5).any(axis=1))
    horizon = (float(lowest[-1]) + 1) / sky.shape[0] if lowest.size else 1.0
    drawn = draw_sky(name, drawing_size(given.image.size), horizon=horizon, random=_chance(given))
    patch = replace_sky(
        given.image, sky, _enlarged(drawn, given.image.size), land_light=_LAND_LIGHT[name], check=given.check
    )
    return dataclasses.replace(patch, note="the sky is synthetic")


def _desaturate(given: OpInput) -> Patch:
    amount = np.float32(given.parameters["amount"])

    def fade(light: LinearRGB) -> LinearRGB:
        gray = (light @ _LUMINANCE)[..., None]
        return LinearRGB(light + (gray - light) * amount)

    return tone_background(given.image, _front(given), fade, check=given.check)


def _darken(given: OpInput) -> Patch:
    left = 2.0 ** (-_DARKEST_EV * given.parameters["amount"])
    return tone_background(
        given.image, _front(given), lambda light: LinearRGB(light * np.float32(left)), check=given.check
    )


def _remove(given: OpInput) -> Patch:
    return remove_background(given.image, _front(given), check=given.check)


_FOREGROUND = frozenset({Need.FOREGROUND})

OPS = {
    "background_gradient": Op(_gradient, _FOREGROUND),
    "backdrop": Op(_backdrop, _FOREGROUND),
    "desaturate_background": Op(_desaturate, _FOREGROUND),
    "darken_background": Op(_darken, _FOREGROUND),
    "extract_subject": Op(_extract, _FOREGROUND),
    "replace_sky": Op(_sky, frozenset({Need.SKY, Need.OTHER_IMAGE_IF_ANY})),
    "remove_background": Op(_remove, _FOREGROUND),
    "background_color": Op(_color, _FOREGROUND),
    "replace_background": Op(_replace, _FOREGROUND | {Need.OTHER_IMAGE}),
}
