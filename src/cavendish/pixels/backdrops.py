"""Backdrops drawn by rule: surfaces and scenes out of focus, in linear light, with a ground for things to stand on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import LinearRGB
from cavendish.pixels.skies import draw_sky, noise

Floats = npt.NDArray[np.floating[Any]]
_Color = tuple[float, float, float]

_AREA = 700_000
"""Pixels a backdrop is drawn at: it is out of focus, and enlarged to the picture."""
_VIGNETTE = 0.35
_SKY_BLUR = 0.004
"""Of the width: behind a subject in focus a sky is not."""


@dataclass(frozen=True)
class Stage:
    """Where a backdrop is drawn.

    Args:
        size: (width, height) of the drawing in pixels.
        floor: Row from which there is ground, or None where nothing stands.
        middle: Column the subject is at.
        random: Decides on what differs between backdrops of a name.
    """

    size: tuple[int, int]
    floor: int | None
    middle: int
    random: np.random.Generator

    @property
    def grid(self) -> tuple[Floats, Floats]:
        """Rows and columns as shares of the longer side, (h×1, 1×w)."""
        width, height = self.size
        longer = max(self.size)
        return np.arange(height, dtype=np.float32)[:, None] / longer, np.arange(width, dtype=np.float32)[None] / longer


def draw_backdrop(
    name: str, size: tuple[int, int], *, ground: int | None, middle: float, random: np.random.Generator
) -> LinearRGB:
    """Draw a backdrop, at a size of its own.

    Args:
        name: One of `BACKDROPS`.
        size: (width, height) of the picture it is for.
        ground: Row of that picture in which the ground begins, or None where nothing stands in it.
        middle: The subject's place from left to right, 0–1.
        random: Decides on colors, lights and textures.

    Returns:
        Linear light, h×w×3 float32, of the picture's shape but at most 0.7 MP.

    Source:
        The look of a wide aperture: discs of light, Kosloff and Barsky, "Three techniques for rendering generalized
        depth of field effects", 2009. Light falls off towards the corners by the cosine law of lenses.
    """
    width, height = drawing_size(size)
    scale = height / size[1]
    floor = None if ground is None else min(max(round(ground * scale), 1), height - 1)
    stage = Stage((width, height), floor, round(middle * width), random)
    light = BACKDROPS[name](stage)
    return LinearRGB(np.maximum(light * _vignette(stage.size), 0).astype(np.float32))


def drawing_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) that what lies out of focus is drawn at for a picture of a size."""
    scale = min(1.0, math.sqrt(_AREA / (size[0] * size[1])))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _studio(stage: Stage) -> Floats:
    """Seamless paper lit from the front: wall and floor run into one another."""
    tone = _pick(stage, ((0.62, 0.62, 0.63), (0.6, 0.56, 0.5), (0.42, 0.47, 0.55), (0.5, 0.47, 0.5)))
    light = 0.42 + 0.75 * _pool(stage, reach=0.62, rise=0.42)
    if stage.floor is not None:
        light = light + 0.16 * _below(stage, softness=0.16)
    return np.asarray(light[..., None] * tone, np.float32)


def _spotlight(stage: Stage) -> Floats:
    """A dark stage with one pool of light."""
    tone = _pick(stage, ((0.9, 0.82, 0.7), (0.8, 0.85, 0.95), (0.9, 0.75, 0.6), (0.85, 0.7, 0.85)))
    light = 0.012 + 0.34 * _pool(stage, reach=0.33, rise=0.4) ** 1.6
    if stage.floor is not None:
        rows, columns = stage.grid
        longer = max(stage.size)
        off = ((rows - (stage.floor + 0.12 * stage.size[1]) / longer) / 0.07) ** 2 + (
            (columns - stage.middle / longer) / 0.3
        ) ** 2
        light = light + 0.5 * np.exp(-off) * _below(stage, softness=0.02)
    return np.asarray(light[..., None] * tone, np.float32)


def _bokeh_lights(stage: Stage) -> Floats:
    base = _pick(stage, ((0.03, 0.018, 0.01), (0.01, 0.014, 0.035), (0.03, 0.012, 0.02), (0.012, 0.022, 0.02)))
    scene = (
        np.ones((*stage.size[::-1], 1), np.float32) * base * (0.5 + 0.9 * _pool(stage, reach=0.7, rise=0.3))[..., None]
    )
    palettes = (
        ((1.0, 0.62, 0.22), (1.0, 0.8, 0.5)),
        ((0.35, 0.6, 1.0), (1.0, 0.75, 0.4)),
        ((1.0, 0.35, 0.5), (1.0, 0.7, 0.5)),
        ((0.3, 0.9, 0.7), (1.0, 0.85, 0.4)),
    )
    colors = palettes[int(stage.random.integers(len(palettes)))]
    lights = _discs(stage, count=70, radius=(0.012, 0.05), rows=(0.0, 0.85), strength=0.5, colors=colors)
    return scene + lights


def _cafe(stage: Stage) -> Floats:
    """A warm room: a window on one side, shelves, hanging lamps, tables; all far out of focus."""
    width, height = stage.size
    scene = np.full((height, width, 3), (0.13, 0.07, 0.035), np.float32)
    flip = stage.random.random() < 0.5

    def box(left: float, top: float, right: float, bottom: float, color: _Color) -> None:
        if flip:
            left, right = 1 - right, 1 - left
        scene[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = color

    scene[: round(0.14 * height)] *= 0.55
    box(0.0, 0.08, 0.3, 0.62, (0.1, 0.06, 0.03))
    for pane in range(2):
        box(0.02 + 0.14 * pane, 0.1, 0.145 + 0.14 * pane, 0.6, (1.5, 1.25, 0.95))
    for shelf in range(4):
        top = 0.16 + 0.11 * shelf
        box(0.52, top + 0.07, 0.98, top + 0.085, (0.05, 0.025, 0.012))
        for left in np.arange(0.53, 0.96, 0.026):
            tall = stage.random.uniform(0.03, 0.062)
            warm = stage.random.uniform(0.1, 0.75)
            color = (warm, warm * stage.random.uniform(0.42, 0.8), warm * stage.random.uniform(0.12, 0.45))
            box(left, top + 0.07 - tall, left + 0.018, top + 0.07, color)
    box(0.33, 0.5, 1.0, 0.66, (0.07, 0.035, 0.018))
    box(0.33, 0.49, 1.0, 0.505, (0.34, 0.2, 0.1))
    for left in np.arange(0.05, 0.95, 0.17):
        box(left, 0.66, left + 0.1, 0.69, (0.2, 0.11, 0.055))
        box(left + 0.045, 0.69, left + 0.055, 0.82, (0.05, 0.03, 0.02))
    scene *= (0.75 + 0.6 * _pool(stage, reach=0.8, rise=0.25))[..., None]
    blurred = _defocus(scene, 0.026 * max(stage.size))
    lamps, candles = ((1.0, 0.66, 0.3), (1.0, 0.74, 0.42)), ((1.0, 0.7, 0.34),)
    blurred += _discs(stage, count=11, radius=(0.022, 0.036), rows=(0.04, 0.26), strength=1.3, colors=lamps)
    blurred += _discs(stage, count=30, radius=(0.014, 0.026), rows=(0.2, 0.62), strength=0.28, colors=candles)
    return blurred if stage.floor is None else _on_boards(stage, blurred, (0.2, 0.105, 0.05))


def _night_lights(stage: Stage) -> Floats:
    """A city at night across a wet street."""
    width, height = stage.size
    line = stage.floor if stage.floor is not None else round(0.72 * height)
    scene = np.full((height, width, 3), (0.008, 0.011, 0.026), np.float32)
    left = 0
    while left < width:
        wide, tall = (round(stage.random.uniform(low, high) * height) for low, high in ((0.06, 0.16), (0.2, 0.62)))
        tone = np.array((0.011, 0.013, 0.022)) * stage.random.uniform(0.7, 1.8)
        scene[max(0, line - tall) : line, left : left + wide] = tone
        left += wide
    colors = ((1.0, 0.66, 0.3), (1.0, 0.85, 0.6), (0.5, 0.7, 1.0), (1.0, 0.3, 0.25), (0.4, 1.0, 0.7))
    share = line / height
    lights = _discs(stage, count=150, radius=(0.006, 0.02), rows=(0.15 * share, share), strength=0.9, colors=colors)
    lit = _defocus(scene, 0.012 * max(stage.size)) + lights
    below = lit[max(0, 2 * line - height) : line][::-1]
    if below.shape[0]:
        streaks = cv2.blur(np.ascontiguousarray(below), (3, max(3, round(0.1 * height)) | 1))
        lit[line : line + below.shape[0]] = 0.5 * streaks.reshape(below.shape)
    return lit


def _sky(name: str) -> Callable[[Stage], Floats]:
    def draw(stage: Stage) -> Floats:
        width, height = stage.size
        horizon = 1.02 if stage.floor is None else max(stage.floor / height, 0.2)
        sky = draw_sky(name, stage.size, horizon=horizon, random=stage.random)
        sky = LinearRGB(np.asarray(cv2.GaussianBlur(sky, (0, 0), _SKY_BLUR * width), np.float32))
        if stage.floor is None:
            return sky
        near = sky[max(0, stage.floor - 3) : stage.floor].mean(axis=(0, 1))
        ground = near * np.array((0.26, 0.28, 0.22), np.float32)
        rough = noise(stage.size, coarsest_px=0.03 * width, random=stage.random)
        far = _below(stage, softness=0.5)
        plane = ground * (0.8 + 0.5 * far + 0.06 * rough * far)[..., None]
        share = _below(stage, softness=0.05)[..., None]
        return np.asarray(sky * (1 - share) + plane * share, np.float32)

    return draw


def _stars(stage: Stage) -> Floats:
    return np.asarray(draw_sky("stars", stage.size, horizon=1.0, random=stage.random), np.float32)


def _paper(stage: Stage) -> Floats:
    tone = _pick(stage, ((0.82, 0.77, 0.68), (0.86, 0.85, 0.82), (0.62, 0.47, 0.33), (0.74, 0.78, 0.8)))
    fibers = noise(stage.size, coarsest_px=7, random=stage.random)
    waves = noise(stage.size, coarsest_px=0.3 * max(stage.size), random=stage.random, slope=2.2)
    light = 0.9 + 0.16 * _pool(stage, reach=0.8, rise=0.5) + 0.022 * fibers + 0.03 * waves
    return np.asarray(light[..., None] * tone, np.float32)


def _gradient_wall(stage: Stage) -> Floats:
    tone = _pick(stage, ((0.55, 0.53, 0.5), (0.33, 0.43, 0.46), (0.58, 0.42, 0.35), (0.42, 0.46, 0.38)))
    across = stage.grid[1] / max(float(stage.grid[1].max()), 1e-6)
    slope = 1.05 - 0.55 * (across if stage.random.random() < 0.5 else 1 - across)
    plaster = noise(stage.size, coarsest_px=0.09 * max(stage.size), random=stage.random)
    light = slope * (0.7 + 0.4 * _pool(stage, reach=0.8, rise=0.4)) * (1 + 0.045 * plaster)
    if stage.floor is not None:
        edge = _below(stage, softness=0.03)
        light = light * (1 - edge) + edge * (0.62 + 0.25 * _below(stage, softness=0.5)) * slope
    return np.asarray(light[..., None] * tone, np.float32)


def _table(stage: Stage) -> Floats:
    wall = _pick(stage, ((0.42, 0.41, 0.4), (0.3, 0.36, 0.4), (0.46, 0.38, 0.31), (0.2, 0.21, 0.23)))
    scene = (0.55 + 0.6 * _pool(stage, reach=0.75, rise=0.4))[..., None] * wall
    wood = _pick(stage, ((0.34, 0.2, 0.1), (0.5, 0.36, 0.22), (0.2, 0.12, 0.07), (0.62, 0.56, 0.48)))
    floor = stage.floor if stage.floor is not None else round(0.7 * stage.size[1])
    return _on_boards(Stage(stage.size, floor, stage.middle, stage.random), _defocus(scene, 6.0), tuple(wood))


BACKDROPS: Mapping[str, Callable[[Stage], Floats]] = {
    "studio": _studio, "spotlight": _spotlight, "bokeh_lights": _bokeh_lights, "cafe": _cafe,
    "night_lights": _night_lights, "sky_day": _sky("day"), "sky_sunset": _sky("sunset"), "sky_dusk": _sky("dusk"),
    "sky_night": _sky("night"), "sky_overcast": _sky("overcast"), "stars": _stars, "paper": _paper,
    "gradient_wall": _gradient_wall, "table": _table,
}  # fmt: skip
"""By name, what draws each, in linear light."""


def _pick(stage: Stage, colors: tuple[_Color, ...]) -> Floats:
    return np.array(colors[int(stage.random.integers(len(colors)))], np.float32)


def _pool(stage: Stage, *, reach: float, rise: float) -> Floats:
    """Light that falls off around a point behind the subject, 0–1, h×w."""
    rows, columns = stage.grid
    longer = max(stage.size)
    off = (rows - rise * stage.size[1] / longer) ** 2 + (columns - stage.middle / longer) ** 2
    return np.asarray(np.exp(-off / (2 * reach * reach * 0.25)), np.float32)


def _below(stage: Stage, *, softness: float) -> Floats:
    """0 on the wall, 1 on the floor, with a bend of that share of the height between them; h×w."""
    width, height = stage.size
    floor = height if stage.floor is None else stage.floor
    rows = (np.arange(height, dtype=np.float32) - floor) / max(1.0, softness * height) + 0.5
    share = np.clip(rows, 0, 1)
    return np.repeat((share * share * (3 - 2 * share))[:, None], width, axis=1).astype(np.float32)


def _discs(
    stage: Stage,
    *,
    count: int,
    radius: tuple[float, float],
    rows: tuple[float, float],
    strength: float,
    colors: tuple[_Color, ...],
) -> Floats:
    """Lights as a lens shows them out of focus: flat discs with a slightly brighter rim."""
    width, height = stage.size
    light = np.zeros((height, width, 3), np.float32)
    for _ in range(count):
        size = stage.random.uniform(*radius) * max(stage.size)
        x, y = stage.random.uniform(0, width), stage.random.uniform(*rows) * height
        color = np.array(colors[int(stage.random.integers(len(colors)))], np.float32)
        color = color * strength * min(float(stage.random.lognormal(-0.7, 0.7)), 3.0)
        reach = math.ceil(size) + 2
        left, top = max(0, int(x) - reach), max(0, int(y) - reach)
        right, bottom = min(width, int(x) + reach + 1), min(height, int(y) + reach + 1)
        if left >= right or top >= bottom:
            continue
        down, across = np.mgrid[top:bottom, left:right].astype(np.float32)
        distance = np.hypot(down - y, across - x)
        disc = np.clip((size - distance) / 1.6 + 0.5, 0, 1) * (0.82 + 0.3 * np.clip(distance / size, 0, 1) ** 6)
        light[top:bottom, left:right] += disc[..., None] * color
    return light


def _defocus(scene: Floats, radius: float) -> Floats:
    side = 2 * math.ceil(radius) + 1
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.float32)
    blurred = cv2.filter2D(scene.astype(np.float32), -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)


def _on_boards(stage: Stage, behind: Floats, wood: Any) -> Floats:
    """A wooden surface from the floor's row down, sharper towards the viewer, with the room's light on it."""
    assert stage.floor is not None, "only where there is ground"
    width, height = stage.size
    deep = max(1, height - stage.floor)
    # Rows of a plane seen at a slant: the further away, the closer together.
    near = (np.arange(deep, dtype=np.float32) + 1) / deep
    texture = noise((width, 2 * height), coarsest_px=0.5 * height, random=stage.random, slope=2.2) * 0.12
    lines = stage.random.standard_normal((2 * height, max(2, width // 60))).astype(np.float32)
    grain = cv2.resize(lines, (width, 2 * height), interpolation=cv2.INTER_CUBIC)
    plane = 1 + texture + 0.07 * np.asarray(grain, np.float32)
    at = np.repeat(((2 * height - 1) * near**0.6)[:, None], width, axis=1).astype(np.float32)
    columns = np.repeat(np.arange(width, dtype=np.float32)[None], deep, axis=0)
    seen = np.asarray(cv2.remap(plane.astype(np.float32), columns, at, cv2.INTER_LINEAR), np.float32)
    soft = np.asarray(cv2.GaussianBlur(seen, (0, 0), max(1.0, 0.008 * height)), np.float32)
    share = np.clip(near * 1.6 - 0.2, 0, 1)[:, None]
    shading = (0.65 + 0.75 * near[:, None]) * (soft * (1 - share) + seen * share)
    mirrored = behind[max(0, stage.floor - deep) : stage.floor][::-1]
    glow = np.zeros((deep, width, 3), np.float32)
    glow[: mirrored.shape[0]] = cv2.GaussianBlur(np.ascontiguousarray(mirrored), (0, 0), 0.03 * max(stage.size))
    ground = (
        shading[..., None]
        * np.array(wood, np.float32)
        * (0.6 + 0.5 * _pool(stage, reach=0.9, rise=0.8)[stage.floor :])[..., None]
        + 0.1 * glow
    )
    scene = behind.copy()
    edge = np.clip(near * deep / max(1.0, 0.012 * height), 0, 1)[:, None, None]
    scene[stage.floor :] = scene[stage.floor :] * (1 - edge) + ground * edge
    return scene


def _vignette(size: tuple[int, int]) -> Floats:
    width, height = size
    across = (np.arange(width, dtype=np.float32)[None] - width / 2) / (max(size) / 2)
    down = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / (max(size) / 2)
    falloff = 1 / (1 + _VIGNETTE * (across**2 + down**2)) ** 2
    return np.asarray(falloff[..., None] / falloff.max(), np.float32)
