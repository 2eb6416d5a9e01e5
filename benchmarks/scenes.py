"""Pictures with known things in them: cut-outs of `../shared/bench` set on photographed or drawn ground.

`python -m benchmarks.regions --sheet DIR` shows them. Masks come with the cut-outs or from U²-Net; the known mask of a
thing is its visible part, since later things stand in front of earlier ones. All of it is computed when it runs; the
seed of a scene's grain is its name, so that every run gives the same pictures.
"""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, Plane, to_encoded, to_linear
from cavendish.pixels.matte import estimate_foreground
from cavendish.settings import load
from cavendish.weights.runtimes import open_onnx

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

_MASKED = {
    "cat": ("compose/bwcat.jpg", "compose/bwcat_mask.png"),
    "skater": ("compose/skater.jpg", "compose/skater_mask.png"),
    "teddy": ("compose/teddy.jpg", "compose/teddy_mask.png"),
    "toycar": ("compose/toycar.jpg", "compose/toycar_mask.png"),
    "lemur": ("matting/lemur.png", "matting/lemur_alpha.png"),
    "farmdog": ("gt/rm-dog-farm_in.png", "gt/rm-dog-farm_mask.png"),
    "man": ("gt/rm-man-road_in.png", "gt/rm-man-road_mask.png"),
}
_BY_NETWORK = {
    "backpacker": "dreambooth/backpack_00.jpg",
    "plushie": "dreambooth/bear_plushie_03.jpg",
    "candle": "dreambooth/candle_01.jpg",
    "browndog": "dreambooth/dog7_00.jpg",
    "duck": "dreambooth/duck_toy_01.jpg",
    "rccar": "dreambooth/rc_car_01.jpg",
    "sneaker": "dreambooth/shiny_sneaker_01.jpg",
    "vase": "dreambooth/vase_02.jpg",
    "corgi": "gt/rm-date-dog6_target.png",
    "coffee": "photos/coffee.png",
    "mug": "reference/blue-mug.jpg",
    "portrait": "reference/blurred-face.jpeg",
    "mushroom": "reference/mushroom.jpg",
    "presenter": "reference/news-presenter.jpg",
    "dinosaur": "reference/t-rex.png",
}
_BY_HAND = {  # points (x, y) as shares of the photo
    "chelsea": (
        "photos/chelsea.png",
        (
            *((0.07, 0), (0.88, 0), (0.84, 0.13), (0.795, 0.26), (0.81, 0.42), (0.77, 0.62), (0.8, 0.74), (0.86, 1)),
            *((0, 1), (0, 0.42), (0.07, 0.38), (0.075, 0.2)),
        ),
    ),
}
_PAINTS = {  # CIELAB lightness the middle goes to, contrast that is kept, and the two color axes
    "red": (42, 0.8, 58, 38),
    "blue": (40, 0.8, 12, -48),
    "green": (45, 0.8, -42, 34),
    "yellow": (78, 0.6, 2, 68),
    "black": (17, 0.5, 0, 0),
    "white": (86, 0.6, 1, 7),
    "brown": (40, 0.9, 12, 24),
}
_GRAIN = 2.2
"""Standard deviation, of 255, of the noise that the whole picture shares, so that soft and sharp sources look alike."""


@dataclass(frozen=True)
class Thing:
    """One cut-out in a scene.

    Args:
        id: Its name in the scene.
        cut: Which cut-out it is.
        x: Where its middle is, as a share of the picture's width.
        foot: Where its lowest row is, as a share of the picture's height.
        tall: Its height as a share of the picture's.
        flip: Whether left and right are swapped.
        paint: The color its clothing (people) or its coat gets, or "".
        hue_deg: How far all its colors are turned.
        own: Whether it stays where its photo, which lies behind the scene, has it.
    """

    id: str
    cut: str
    x: float = 0.5
    foot: float = 1.0
    tall: float = 0.5
    flip: bool = False
    paint: str = ""
    hue_deg: float = 0.0
    own: bool = False


@dataclass(frozen=True)
class Scene:
    """A picture to compose, things from back to front."""

    name: str
    behind: str
    size: tuple[int, int]
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class Composed:
    """A picture (h×w×3 RGB) with the visible part of each thing in it."""

    name: str
    pixels: Pixels
    masks: Mapping[str, Mask] = field(default_factory=dict)


@dataclass(frozen=True)
class CutOut:
    """A thing's own colors and its alpha, both of the size of the photo it comes from."""

    pixels: Pixels
    alpha: Plane


def scenes(table: Mapping[str, Any]) -> dict[str, Scene]:
    """The scenes of the sheet, by name."""
    rows = [
        Scene(row["name"], row["behind"], tuple(row["size"]), tuple(Thing(**thing) for thing in row["things"]))
        for row in table["scene"]
    ]
    return {scene.name: scene for scene in rows}


class Studio:
    """Composes scenes from the pictures of one bench folder.

    Args:
        bench: The folder that holds `images`.
    """

    def __init__(self, bench: Path) -> None:
        self._images = bench / "images"
        self._cut_out = functools.cache(self._loaded)

    def photo(self, path: str) -> Pixels:
        """A picture of the folder, RGB."""
        return _read(self._images / path)

    def compose(self, scene: Scene) -> Composed:
        """Set the things on the ground, one after the other."""
        ground = self._ground(scene)
        canvas = ground.astype(np.float32)
        alphas: dict[str, Floats] = {}
        for thing in scene.things:
            layer, alpha = self._placed(thing, scene.size)
            if not thing.own:
                shadow = _contact_shadow(alpha)
                canvas *= 1 - shadow[..., None]
                canvas = canvas * (1 - alpha[..., None]) + layer * alpha[..., None]
            alphas = {name: other * (1 - alpha) for name, other in alphas.items()} | {thing.id: alpha}
        noise = np.random.default_rng(zlib.crc32(scene.name.encode())).normal(0, _GRAIN, (*canvas.shape[:2], 1))
        pixels = np.clip(canvas + noise + 0.5, 0, 255).astype(np.uint8)
        return Composed(scene.name, pixels, {name: alpha > 0.5 for name, alpha in alphas.items()})

    def _ground(self, scene: Scene) -> Pixels:
        width, height = scene.size
        if draw := _DRAWN.get(scene.behind):
            return draw(self, width, height)
        return np.asarray(_covering(self.photo(scene.behind), scene.size), np.uint8)

    def _placed(self, thing: Thing, size: tuple[int, int]) -> tuple[Floats, Floats]:
        """The thing's colors and alpha on an empty picture."""
        width, height = size
        cut = self._cut_out(thing.cut)
        if thing.own:
            return np.zeros((height, width, 3), np.float32), _covering(cut.alpha, size)
        cut = _dressed(_trimmed(cut), thing)
        factor = thing.tall * height / cut.alpha.shape[0]
        wide, tall = max(1, round(cut.alpha.shape[1] * factor)), max(1, round(thing.tall * height))
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        premultiplied = np.dstack([cut.pixels * cut.alpha[..., None], cut.alpha])
        small = np.asarray(cv2.resize(premultiplied, (wide, tall), interpolation=method), np.float32)
        if thing.flip:
            small = small[:, ::-1]
        full = np.zeros((height, width, 4), np.float32)
        _paste(full, small, left=round(thing.x * width - wide / 2), top=round(thing.foot * height) - tall)
        alpha = np.clip(full[..., 3], 0, 1)
        return np.clip(full[..., :3] / np.maximum(alpha, 1e-3)[..., None], 0, 255), alpha

    def _loaded(self, name: str) -> CutOut:
        path = (_MASKED.get(name) or _BY_HAND.get(name) or (_BY_NETWORK[name],))[0]
        pixels = self.photo(path)
        alpha = self._alpha(name, pixels)
        own = to_encoded(estimate_foreground(to_linear(EncodedRGB(pixels)), alpha))
        return CutOut(np.asarray(own, np.uint8), alpha)

    def _alpha(self, name: str, pixels: Pixels) -> Plane:
        if name in _BY_HAND:
            return _filled(_BY_HAND[name][1], (pixels.shape[1], pixels.shape[0]))
        if name in _BY_NETWORK:
            return _salient(pixels)
        alpha = np.ascontiguousarray(self.photo(_MASKED[name][1])[..., 0], np.float32) / np.float32(255)
        if name == "lemur":
            return alpha
        tight = cv2.erode(alpha, np.ones((3, 3), np.uint8))  # the others are hard and a pixel too wide
        return np.asarray(cv2.GaussianBlur(tight, (0, 0), 0.7), np.float32)


def _read(path: Path) -> Pixels:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FileNotFoundError(path)
    return np.ascontiguousarray(pixels[..., ::-1])


@functools.cache
def _network() -> Callable[[Floats], Floats]:
    return open_onnx(load().weights_folder / "u2net.onnx", threads=2).run


def _salient(pixels: Pixels) -> Plane:
    """The largest thing that stands out, by U²-Net, its edge made steeper."""
    small = cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    tensor = ((small - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).transpose(2, 0, 1)[None].astype(np.float32)
    answer = _network()(np.ascontiguousarray(tensor)).squeeze()
    alpha = cv2.resize(answer, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_CUBIC)
    alpha = np.clip((alpha - 0.35) / 0.4, 0, 1)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.1).astype(np.uint8))
    return cast("Plane", np.where(labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax(), alpha, 0).astype(np.float32))


def _filled(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Plane:
    mask = np.zeros(size[::-1], np.float32)
    return cast("Plane", cv2.fillPoly(mask, [np.rint(np.multiply(points, size)).astype(np.int32)], 1.0))


def _trimmed(cut: CutOut) -> CutOut:
    rows, columns = np.flatnonzero((cut.alpha > 0.1).any(axis=1)), np.flatnonzero((cut.alpha > 0.1).any(axis=0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return CutOut(cut.pixels[inside], cut.alpha[inside])


def _dressed(cut: CutOut, thing: Thing) -> CutOut:
    pixels = cut.pixels
    if thing.hue_deg:
        hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int16) + round(thing.hue_deg / 2)) % 180
        pixels = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
    if thing.paint:
        pixels = _painted(pixels, cut.alpha, thing)
    return CutOut(pixels, cut.alpha)


def _painted(pixels: Pixels, alpha: Plane, thing: Thing) -> Pixels:
    """The clothing or coat in another color, light and shade kept."""
    lab = np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    where = _garment(lab, thing.cut) * (alpha > 0.05)
    soft = cv2.GaussianBlur(where.astype(np.float32), (0, 0), 1.0)[..., None]
    middle, contrast, red_green, yellow_blue = _PAINTS[thing.paint]
    light = middle + (lab[..., 0] - float(lab[..., 0][where > 0].mean())) * contrast
    strength = np.clip(np.minimum(light / 25, (100 - light) / 30), 0, 1)
    new = np.dstack([np.clip(light, 0, 100), red_green * strength, yellow_blue * strength]).astype(np.float32)
    mixed = cv2.cvtColor(lab * (1 - soft) + new * soft, cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(mixed * 255 + 0.5, 0, 255), np.uint8)


def _garment(lab: Floats, cut: str) -> Mask:
    """Which pixels the paint goes on: a shirt is pale, a jacket red, a coat everything."""
    down, across = np.mgrid[0 : 1 : lab.shape[0] * 1j, 0 : 1 : lab.shape[1] * 1j]
    light, red_green, yellow_blue = lab[..., 0], lab[..., 1], lab[..., 2]
    if cut == "skater":
        shirt = (down > 0.17) & (down < 0.47) & (light > 38) & (yellow_blue < 12) & (across > 0.1) & (across < 0.85)
        return _closed(shirt)
    if cut == "man":
        return _closed((down > 0.2) & (down < 0.8) & (light > 38) & (red_green + np.maximum(yellow_blue, 0) < 14))
    if cut == "presenter":
        neck = (down - 0.5) / 0.36 + np.abs(across - 0.48) / 0.24 < 1
        return _closed((down > 0.5) & ~neck & (red_green > 16) & (light < 60))
    return np.ones(light.shape, np.bool_)


def _closed(mask: Mask) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, kernel) > 0)


def _paste(full: Floats, part: Floats, *, left: int, top: int) -> None:
    height, width = full.shape[:2]
    rows = slice(max(top, 0), min(top + part.shape[0], height))
    columns = slice(max(left, 0), min(left + part.shape[1], width))
    full[rows, columns] = part[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def _contact_shadow(alpha: Floats) -> Floats:
    """Darkness below a thing, h×w 0–1; none where the picture's edge cuts the thing off."""
    rows = np.flatnonzero((alpha > 0.5).any(axis=1))
    shadow = np.zeros_like(alpha)
    if rows.size == 0 or rows[-1] >= alpha.shape[0] - 2:
        return shadow
    tall = rows[-1] - rows[0] + 1
    columns = np.flatnonzero((alpha[rows[-1] - max(2, tall // 9) : rows[-1] + 1] > 0.5).any(axis=0))
    wide = columns[-1] - columns[0] + 1
    middle = (int(columns.mean()), int(rows[-1] - wide * 0.05))
    cv2.ellipse(shadow, middle, (max(2, int(wide * 0.58)), max(2, int(wide * 0.15))), 0, 0, 360, 0.55, -1)
    return cast("Floats", cv2.GaussianBlur(shadow, (0, 0), max(1.0, wide * 0.06)))


def _covering(pixels: Any, size: tuple[int, int]) -> Any:
    """A picture enlarged or reduced to cover the size; what is over is cut off evenly."""
    width, height = size
    factor = max(width / pixels.shape[1], height / pixels.shape[0])
    wide, tall = max(width, round(pixels.shape[1] * factor)), max(height, round(pixels.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(pixels, (wide, tall), interpolation=method)
    left, top = (wide - width) // 2, (tall - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


def _in_perspective(texture: Pixels, width: int, height: int, *, horizon: float, repeat: float) -> Floats:
    """A texture that lies on the ground below the horizon (a share of the height), seen from eye level."""
    rows = np.arange(height, dtype=np.float32)[:, None] - horizon * height
    far = (1 - horizon) * height / np.maximum(rows, 2)
    columns = np.arange(width, dtype=np.float32)[None] - width / 2
    side = texture.shape[0]
    tile = np.vstack([np.hstack([texture, texture[:, ::-1]])] * 2)
    tile[side:] = tile[side:][::-1]  # mirrored both ways, so that it has no seam
    u = ((columns / width * far * repeat + 0.37) * side) % (2 * side)
    v = np.broadcast_to(far * repeat * 1.4 * side % (2 * side), u.shape)
    places = u.astype(np.float32), v.astype(np.float32)
    near = cv2.remap(tile, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).astype(np.float32)
    average = np.float32(texture.mean())
    clear = np.clip(2.2 / far, 0, 1)  # far off, the texture is finer than the pixels
    return cast("Floats", average + (near - average) * clear)


def _rgb(*color: float) -> Floats:
    return np.array(color, np.float32)


def _colored(gray: Floats, color: tuple[int, int, int]) -> Floats:
    return cast("Floats", np.clip(gray[..., None] / max(float(gray.mean()), 1) * _rgb(*color), 0, 255))


def _ramp(width: int, height: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Floats:
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    return cast("Floats", np.broadcast_to(_rgb(*top) * (1 - share) + _rgb(*bottom) * share, (height, width, 3)))


def _below(upper: Floats, lower: Floats, horizon: float) -> Pixels:
    """The lower picture from the horizon down, the border blurred as what is out of focus."""
    height = upper.shape[0]
    lower_half = (np.arange(height) >= round(horizon * height)).astype(np.float32)
    weight = np.asarray(cv2.GaussianBlur(lower_half[:, None], (0, 0), 2.0), np.float32)[..., None]
    return np.clip(upper * (1 - weight) + lower * weight, 0, 255).astype(np.uint8)


def _noise(width: int, height: int, *, across_px: float, down_px: float, seed: int) -> Floats:
    """Smooth noise of deviation 1 with the given feature lengths."""
    rng = np.random.default_rng(seed)
    coarse = (max(2, math.ceil(width / across_px)), max(2, math.ceil(height / down_px)))
    field_ = rng.standard_normal(coarse[::-1]).astype(np.float32)
    return cast("Floats", cv2.resize(field_, (width, height), interpolation=cv2.INTER_CUBIC))


def _lawn(studio: Studio, width: int, height: int) -> Pixels:
    grass = studio.photo("photos/grass.png")[..., 0]
    ground = _colored(_in_perspective(grass, width, height, horizon=0.36, repeat=0.7), (96, 122, 52))
    sky = _ramp(width, height, (120, 165, 215), (255, 250, 240))
    trees = 0.31 + 0.012 * _noise(width, 1, across_px=width / 45, down_px=1, seed=5)[0]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    wood = np.clip((down - trees[None]) * height / 6, 0, 1)[..., None]
    leaves = _noise(width, height, across_px=width / 90, down_px=width / 90, seed=6)
    far = _rgb(58, 84, 48) + leaves[..., None] * 9
    return _below(sky * (1 - wood) + far * wood, ground, 0.36)


def _yard(studio: Studio, width: int, height: int) -> Pixels:
    gravel = studio.photo("photos/gravel.png")[..., 0]
    ground = _colored(_in_perspective(gravel, width, height, horizon=0.25, repeat=1.7), (150, 142, 130))
    return _below(_bricks(width, height), ground, 0.5)


def _bricks(width: int, height: int) -> Floats:
    """A wall of bricks in rows, every second row half a brick further."""
    tall, wide, joint = height // 32, height // 11, max(1, height // 300)
    rng = np.random.default_rng(11)
    wall = np.full((height, width, 3), (176, 168, 158), np.float32)
    for row, top in enumerate(range(0, height, tall)):
        for left in range(-(row % 2) * wide // 2, width, wide):
            color = _rgb(150, 84, 66) * rng.uniform(0.8, 1.15) + rng.normal(0, 4, 3).astype(np.float32)
            wall[top + joint : top + tall, max(0, left + joint) : max(0, left + wide)] = color
    rough = _noise(width, height, across_px=4, down_px=4, seed=12)[..., None] * 6
    return cast("Floats", cv2.GaussianBlur(wall + rough, (0, 0), height / 900))


def _table(_: Studio, width: int, height: int) -> Pixels:
    wood = _noise(width, height, across_px=width / 3, down_px=height / 160, seed=7) * 7
    wood += _noise(width, height, across_px=width / 2, down_px=height / 30, seed=8) * 6
    top = _rgb(168, 122, 82) + wood[..., None]
    return _below(_wall(width, height), np.asarray(top, np.float32), 0.48)


def _room(_: Studio, width: int, height: int) -> Pixels:
    side = 512
    planks = np.full((side, side), 150, np.float32) + _noise(side, side, across_px=8, down_px=200, seed=9) * 8
    for index, left in enumerate(range(0, side, 64)):
        planks[:, left : left + 64] += (-9, 4, 8, -3)[index % 4]
        planks[:, left : left + 2] -= 45
    floor = _in_perspective(planks.astype(np.uint8), width, height, horizon=0.2, repeat=0.9)
    return _below(_wall(width, height), _colored(floor, (150, 116, 84)), 0.45)


def _wall(width: int, height: int) -> Floats:
    shade = _noise(width, height, across_px=width / 2, down_px=height / 2, seed=10)[..., None] * 5
    return cast("Floats", _ramp(width, height, (196, 200, 198), (222, 220, 212)) + shade)


_DRAWN: dict[str, Callable[[Studio, int, int], Pixels]] = {
    "lawn": _lawn,
    "yard": _yard,
    "table": _table,
    "room": _room,
}
