"""Where the scenery is: sky, grass, water, the ground, told by color, texture and place, without a network."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, to_linear, to_oklab
from cavendish.pixels.color_range import ColorRange
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.reflection import find_shore
from cavendish.pixels.region import Region
from cavendish.regions.small_copy import small_copy

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image

    Mask = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float32]

_LONGEST = 256
_LEAST_SIDE = 16
_SOFTENING_PX = 0.7
_EXCLUDED = 0.5

_PLAUSIBLE, _HARDLY = 0.4, 0.05
"""Likeness of a color that a kind of scenery has, and below which it cannot be part of it."""
_THRESHOLDS = (0.006, 0.009, 0.013, 0.018, 0.025, 0.035)
"""Changes of Oklab from pixel to pixel up to which a flood runs on."""
_AS_CLEAR = 0.8
"""Of the floods that end about as clearly as the clearest the one that runs least far is taken."""
_DEPTH = 0.93
"""Share of the height that a flood from the upper edge may fill: a sky ends above something."""
_INNER_PX, _SHORE_PX, _OUTER_PX = 8, 2, 7
_SHORE_SCATTER = 0.05

_LEAST_SKY_SHARE = 0.04
_LEAST_TOP = 0.5
"""Share of the upper edge that a sky or a wall takes at least."""
_MOST_BOTTOM = 0.3
"""Share of a sky's columns that reach the depth at most: studio backdrops run down beside their subject."""
_UNBROKEN, _UNBROKEN_WALL = 0.85, 0.6
"""Share of a region that nothing hides from the upper edge; blurred backgrounds and lights hang down in tatters."""
_SHORE = {"blue": 1.2, "white": 2.5, "sunset": 1.5, "night": 0.6}
"""How clearly a sky of each kind ends at least, see `_shore`."""
_WALL_SHORE, _FLOOR_SHORE = 1.5, 1.0
_SURE_OF = {"blue": 0.85, "white": 0.65, "sunset": 0.7, "night": 0.75}
_NAMED_SHORE, _NAMED_EDGES, _ALL_BLUE, _SURE_OF_NAMED = 0.4, 0.006, 0.8, 0.55
"""How clearly a sky that is spoken of ends, its median change of Oklab from pixel to pixel, its share of blue."""
_NAMED_TURN = 0.02
"""Least distance in Oklab of its highest fifth from its lowest."""
_ALL_WHITE = 0.85
_BRIGHTER = 0.02
"""How much brighter than all but the brightest tenth of the rest a white sky is."""
_MOST_WARM = 0.004
"""Most a or b of Oklab of a white sky: paper, walls and studio backdrops are warmer by a little."""
_PALER, _CLOUDY, _GREENERY = 0.65, 0.05, 0.04
"""What tells blue sky from a blue wall: saturation low down as a share of that high up, share of white, of green."""
_FIERY, _FIERY_SHARE = 0.12, 0.10
"""Saturation of the glow that an evening sky has somewhere, and how much of it has it."""
_STILL = 0.004
"""Median change of Oklab from pixel to pixel below which the dark is a night sky rather than blurred lights."""
_LARGEST_CLOUD, _SOFT_EDGE = 0.1, 0.065

_LEAST_TEXTURE = 0.012
"""Standard deviation of lightness below which there is no texture: paint and cloth are smoother than plants."""
_LEAST_DENSITY = 0.35
_FINE = 0.45
"""Part of the roughness that is between neighboring pixels: blades of grass, against leaves and blurred trees."""
_LEAFY = 0.03
_PALE_OF_BLUE, _LEAST_CLOUD_SHARE = 0.6, 0.02
_STREAKS = 1.15
"""How much stronger edges are down than across water at least: waves lie."""
_COLORLESS = 0.01
"""Mean chroma below which a picture is black and white, where sand, snow and roads look alike."""
_GROUND_SHARE = 0.1
_LEAST_ROAD = 0.04
_PLAIN, _PAPER = 0.012, 0.97
"""Most roughness of a wall, and a lightness that all of a cut-out's white backdrop exceeds."""


@dataclass(frozen=True)
class _Found:
    mask: Mask
    confidence: float
    doubt: str = ""

    @property
    def there(self) -> bool:
        return self.confidence >= 0.5


@dataclass(frozen=True)
class _Scene:
    """The small copy that is judged: its colors, and what of it is scenery at all."""

    rgb: npt.NDArray[np.uint8]
    lab: Floats
    seen: Mask

    @property
    def nothing(self) -> _Found:
        return _Found(np.zeros(self.seen.shape, bool), 0.0)

    @cached_property
    def edges(self) -> Floats:
        """Change of Oklab from pixel to pixel."""
        smooth = cv2.GaussianBlur(self.lab, (0, 0), 0.8)
        across, down = (cv2.Sobel(smooth, -1, *axes, scale=1 / 8) for axes in ((1, 0), (0, 1)))
        return np.asarray(np.sqrt((across**2 + down**2).sum(axis=2)), np.float32)

    @cached_property
    def saturation(self) -> Floats:
        """Chroma as a multiple of lightness."""
        return np.asarray(np.hypot(self.lab[..., 1], self.lab[..., 2]) / np.maximum(self.lab[..., 0], 1e-3), np.float32)

    @cached_property
    def rough(self) -> Floats:
        """Standard deviation of the lightness around each pixel."""
        light = self.lab[..., 0]
        mean = cv2.blur(light, (5, 5))
        return np.sqrt(np.maximum(cv2.blur(light * light, (5, 5)) - mean * mean, 0))

    @cached_property
    def upside_down(self) -> _Scene:
        return _Scene(np.ascontiguousarray(self.rgb[::-1]), np.ascontiguousarray(self.lab[::-1]), self.seen[::-1])

    @cached_property
    def heights(self) -> tuple[float, Mask]:
        return _heights(self)

    @cached_property
    def sky(self) -> _Found:
        return _sky(self)

    @cached_property
    def vegetation(self) -> Mask:
        return _vegetation(self)

    @cached_property
    def below_sky(self) -> Mask:
        """What lies lower than the sky of its column, or than the sky commonly reaches."""
        rows = np.arange(self.seen.shape[0])[:, np.newaxis]
        lowest = np.where(self.sky.mask, rows, -1).max(axis=0)
        common = int(np.median(lowest[lowest >= 0])) if (lowest >= 0).any() else 0
        return rows > np.where(lowest >= 0, lowest, common)

    @cached_property
    def outdoors(self) -> bool:
        return self.sky.there or float(self.vegetation.mean()) > 0.25

    def likeness(self, kind: str) -> Floats:
        ranges = _colors()[kind].values()
        return np.asarray(np.max([colors.likeness(self.lab) for colors in ranges], axis=0) * self.seen, np.float32)


def find_scenery(image: Image, kind: str, *, exclude: Plane | None = None) -> Region:
    """Find one kind of scenery in a picture.

    The rules prefer to miss scenery over seeing it where there is none: indoors, behind a portrait, on a product.

    Args:
        image: The picture, any size from 1×1.
        kind: One of `SCENERY`.
        exclude: h×w, 0–1: known things, which are no scenery; None where nothing is known.

    Returns:
        The scenery, its edge drawn from the picture's own colors. Confidence is 0 and the alpha empty where it is not
        there; below 0.5 it is doubtful.

    Raises:
        UnsupportedEdit: `kind` is none of `SCENERY`.

    Source:
        The sky as what ends at the clearest edge: after Shen and Wang, "Sky region detection in a single image for
        autonomous ground robot navigation", 2013. Its colors: Rother, Kolmogorov, Blake, "GrabCut", 2004.
    """
    finder = _FINDERS.get(kind)
    if finder is None:
        raise UnsupportedEdit(f"“{kind}” is not a kind of scenery known here")
    found = finder(_scene(image, exclude)) if min(image.size) >= _LEAST_SIDE else None
    if found is None or found.confidence == 0 or not found.mask.any():
        return Region(np.zeros(image.rgb.shape[:2], np.float32), 0.0, kind)
    soft = cv2.GaussianBlur(found.mask.astype(np.float32), (0, 0), _SOFTENING_PX)
    alpha = refine_alpha(EncodedRGB(image.rgb), np.asarray(cv2.resize(soft, image.size), np.float32))
    if exclude is not None:
        alpha *= 1 - exclude
    return Region(alpha, found.confidence, kind, found.doubt)


def _scene(image: Image, exclude: Plane | None) -> _Scene:
    scale = min(1.0, _LONGEST / max(image.size))
    size = (max(1, round(image.size[0] * scale)), max(1, round(image.size[1] * scale)))
    rgb = small_copy(image, size=size)
    seen = np.ones(rgb.shape[:2], bool)
    if image.alpha is not None:
        seen &= cv2.resize(image.alpha, size, interpolation=cv2.INTER_AREA) > 127
    if exclude is not None:
        seen &= cv2.resize(exclude, size, interpolation=cv2.INTER_AREA) < _EXCLUDED
    return _Scene(rgb, np.asarray(to_oklab(to_linear(EncodedRGB(rgb))), np.float32), seen)


@cache
def _colors() -> Mapping[str, Mapping[str, ColorRange]]:
    table = tomllib.loads(files("cavendish.regions").joinpath("scenery.toml").read_text("utf-8"))
    return {
        kind: {
            name: ColorRange(tuple(entry["hue"]), tuple(entry["saturation"]), tuple(entry["lightness"]))
            for name, entry in ranges.items()
        }
        for kind, ranges in table.items()
    }


def _sky(scene: _Scene) -> _Found:
    shore, grown = scene.heights
    name = _kind_of_sky(scene, grown)
    if name == "" or shore < _SHORE[name] or not _runs_along_top(grown, scene.seen, most_bottom=_MOST_BOTTOM):
        return scene.nothing
    return _Found(grown, _SURE_OF[name])


def _heights(scene: _Scene) -> tuple[float, Mask]:
    """How clearly it ends, and what may be sky by its colors and hangs from the upper edge."""
    plausible = scene.likeness("sky")
    shore, flood = _flood(scene, plausible > _PLAUSIBLE)
    if not flood.any():
        return 0.0, flood
    possible = plausible > _HARDLY
    core = _with_clouds(scene, flood, possible)
    grown = _with_clouds(scene, _with_its_colors(scene, core, possible=possible), possible)
    return max(shore, _shore(grown, scene)), grown


def _named_sky(scene: _Scene) -> _Found:
    """The sky; where somebody says that there is one, also one that may be a blue wall, with doubt."""
    shore, grown = scene.heights
    if scene.sky.there or shore < _NAMED_SHORE:
        return scene.sky
    colors = _colors()["sky"]
    blue = np.max([colors[name].likeness(scene.lab[grown]) for name in ("blue", "dusk", "night")], axis=0) > _PLAUSIBLE
    smooth = np.median(scene.edges[grown]) < _NAMED_EDGES
    rows = np.nonzero(grown)[0]
    high, low = (scene.lab[grown][part] for part in (rows <= np.quantile(rows, 0.2), rows >= np.quantile(rows, 0.8)))
    turns = np.linalg.norm(np.median(low, axis=0) - np.median(high, axis=0)) > _NAMED_TURN  # walls are painted evenly
    wide = _runs_along_top(grown, scene.seen, most_bottom=_MOST_BOTTOM)
    seen = blue.mean() > _ALL_BLUE and smooth and turns and wide
    return _Found(grown, _SURE_OF_NAMED, "what is blue above was taken for the sky") if seen else scene.sky


def _with_clouds(scene: _Scene, mask: Mask, possible: Mask) -> Mask:
    """A sky with the clouds inside it: softer at their edges than kites, planes and pictures on a wall, or aglow."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - np.pad(mask, 1).astype(np.uint8), connectivity=4)
    labels = labels[1:-1, 1:-1]
    filled = mask.copy()
    for label in range(1, count):
        hole = labels == label
        if stats[label, cv2.CC_STAT_AREA] < _LARGEST_CLOUD * mask.sum() and possible[hole].mean() > 0.5:
            soft = np.quantile(scene.edges[hole], 0.9) < _SOFT_EDGE
            filled |= hole & (soft or np.median(scene.saturation[hole]) > _FIERY)
    return filled


def _flood(scene: _Scene, plausible: Mask, *, depth: float = _DEPTH) -> tuple[float, Mask]:
    """What can be reached from the upper edge without crossing an edge, and how clearly it ends."""
    allowed = plausible & scene.seen
    allowed[round(depth * allowed.shape[0]) :] = False
    floods = []
    for threshold in _THRESHOLDS:
        reached = _from_top((scene.edges < threshold) & allowed)
        mask = cv2.morphologyEx(reached.astype(np.uint8), cv2.MORPH_CLOSE, _square(1)) > 0
        if mask.mean() >= _LEAST_SKY_SHARE / 2:
            floods.append((_shore(mask, scene), mask & scene.seen))
    clearest = max((shore for shore, _ in floods), default=0.0)
    nothing = (0.0, np.zeros(allowed.shape, bool))
    return next((flood for flood in floods if flood[0] >= _AS_CLEAR * clearest), nothing)


def _from_top(mask: Mask) -> Mask:
    """The part of a mask that hangs together with the upper edge."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    hanging: Mask = np.isin(labels, np.unique(labels[0][mask[0]])) & mask
    return hanging


def _shore(mask: Mask, scene: _Scene) -> float:
    """How far apart the colors inside and outside the edge of a mask are, as a multiple of the scatter inside."""
    outside = 1 - mask.astype(np.uint8)
    near, far = (cv2.dilate(1 - outside, _square(reach)) for reach in (_SHORE_PX, _OUTER_PX))
    ring = (far > 0) & (near == 0) & scene.seen
    inner = mask & (cv2.dilate(outside, _square(_INNER_PX)) > 0) & (cv2.dilate(outside, _square(1)) == 0)
    if np.count_nonzero(ring) < 20 or np.count_nonzero(inner) < 20:
        return 0.0
    distance = np.linalg.norm(scene.lab[inner].mean(axis=0) - scene.lab[ring].mean(axis=0))
    scatter = np.sqrt(scene.lab[mask].var(axis=0).sum())
    return float(distance / (scatter + _SHORE_SCATTER))


def _square(reach_px: int) -> npt.NDArray[np.uint8]:
    return np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)


def _with_its_colors(scene: _Scene, core: Mask, *, possible: Mask) -> Mask:
    """A core that hangs from the upper edge, with what else is of its colors rather than of the rest's."""
    labels = np.where(possible & scene.seen, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
    labels[round(_DEPTH * labels.shape[0]) :] = cv2.GC_BGD
    labels[core] = cv2.GC_FGD
    if not (labels == cv2.GC_FGD).any() or np.count_nonzero(labels != cv2.GC_FGD) < 20:
        return core
    cv2.setRNGSeed(0)  # its k-means draws from OpenCV's per-thread generator; equal pictures get equal masks
    unused = (0, 0, *labels.shape[::-1])
    cv2.grabCut(scene.rgb, labels, unused, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    return _from_top((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))


def _kind_of_sky(scene: _Scene, mask: Mask) -> str:
    """Blue, white, sunset or night; nothing where the colors are of no sky."""
    if not mask.any():
        return ""
    colors = _colors()["sky"]
    share = {name: float((colors[name].likeness(scene.lab[mask]) > _PLAUSIBLE).mean()) for name in colors}
    if share["night"] > 0.6:
        return "night" if np.median(scene.edges[mask]) < _STILL else ""
    if share["blue"] > 0.35:
        return "blue" if _is_open_sky(scene, mask) else ""
    if share["sunset"] > 0.3 and (scene.saturation[mask] > _FIERY).mean() > _FIERY_SHARE:
        return "sunset"
    return "white" if share["white"] > _ALL_WHITE and _is_overcast(scene, mask) else ""


def _is_open_sky(scene: _Scene, mask: Mask) -> bool:
    """Whether something blue pales downwards, has clouds, or has green below it: blue walls do not."""
    saturation = scene.saturation
    rows = np.nonzero(mask)[0]
    high, low = (saturation[mask][part] for part in (rows <= np.quantile(rows, 0.2), rows >= np.quantile(rows, 0.8)))
    pales = np.median(low) < _PALER * np.median(high)
    white = _colors()["sky"]["white"].likeness(scene.lab[mask]) > _PLAUSIBLE
    green = scene.likeness("vegetation") * (scene.rough > _LEAST_TEXTURE)
    return bool(pales or white.mean() > _CLOUDY or (green > _PLAUSIBLE).mean() > _GREENERY)


def _is_overcast(scene: _Scene, mask: Mask) -> bool:
    """Whether something white is brighter than all below it, not warm, and above ground with texture: no wall."""
    rest = ~mask & scene.seen
    if np.count_nonzero(rest) < 20:
        return False
    light, redness, warmth = scene.lab[mask].mean(axis=0)
    brightest = light > np.percentile(scene.lab[..., 0][rest], 90) + _BRIGHTER
    return bool(brightest and max(redness, warmth) < _MOST_WARM and np.median(scene.rough[rest]) > _LEAST_TEXTURE)


def _runs_along_top(mask: Mask, seen: Mask, *, most_bottom: float, unbroken: float = _UNBROKEN) -> bool:
    """Whether a region runs along the upper edge, unbroken downwards, and ends above the ground in most columns."""
    columns = mask.any(axis=0)
    if mask.mean() < _LEAST_SKY_SHARE or mask[0].sum() < _LEAST_TOP * max(1, seen[0].sum()):
        return False
    bottom = mask[round(_DEPTH * len(mask)) - 2][columns].mean()
    first_runs = (np.cumprod(mask | ~seen, axis=0) & mask).sum() / mask.sum()
    return bool(bottom <= most_bottom and first_runs > unbroken)


def _vegetation(scene: _Scene) -> Mask:
    """Green with texture, seen a little blurred so that gaps between leaves and blades belong to it."""
    textured = np.clip((scene.rough - _LEAST_TEXTURE) / _LEAST_TEXTURE, 0, 1)
    density = cv2.blur(scene.likeness("vegetation") * textured, (9, 9))
    return np.asarray((density > _LEAST_DENSITY) & scene.seen & ~scene.sky.mask, bool)


def _plants(scene: _Scene, *, lying: bool) -> _Found:
    """Grass where the green lies on the ground, else leaves."""
    parts = []
    for part in _parts(scene.vegetation, least_share=0.015):
        if _at_border(part) or _is_tree(part, scene):
            lawn = _lawn(part, scene)
            parts.append(lawn if lying else part & ~lawn)
    mask = np.logical_or.reduce([scene.nothing.mask, *parts])
    if mask.mean() < 0.01:
        return scene.nothing
    likeness = float(scene.likeness("vegetation")[mask].mean())
    return _Found(mask, 0.5 + 0.4 * min(1.0, likeness + 0.2) if likeness > 0.35 else 0.4)


def _parts(mask: Mask, *, least_share: float) -> list[Mask]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    return [labels == label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= least_share * mask.size]


def _at_border(part: Mask) -> bool:
    """Whether enough of a part lies at the picture's edge: shirts, cars and toys stand inside."""
    border = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    return float(border.mean()) > 0.04


def _is_tree(part: Mask, scene: _Scene) -> bool:
    """Whether green that stands by itself under the sky is as rough as leaves are."""
    return scene.sky.there and float(np.median(scene.rough[part])) > _LEAFY


def _lawn(part: Mask, scene: _Scene) -> Mask:
    """What of a green part lies on the ground: it is fine, low and wide; what rises above its full width stands."""
    light = scene.lab[..., 0]
    fine = np.abs(light - cv2.GaussianBlur(light, (0, 0), 1.0))[part].mean() / max(
        float(scene.rough[part].mean()), 1e-4
    )
    widths = part.sum(axis=1)
    first = int(np.argmax(widths > 0.5 * widths.max()))
    lawn = part.copy()
    lawn[:first] = False
    low = float(np.nonzero(lawn)[0].mean()) / len(lawn)
    wide = float(lawn.any(axis=0).mean())
    return lawn if fine > _FINE and wide > 0.3 and (low > 0.55 or lawn.mean() > 0.4) else np.zeros_like(part)


def _clouds(scene: _Scene) -> _Found:
    sky = scene.sky
    if not sky.there:
        return scene.nothing
    kind = _kind_of_sky(scene, sky.mask)
    if kind != "blue":
        return _Found(sky.mask, 0.6) if kind in {"white", "sunset"} else scene.nothing
    # The sky pales towards the horizon by itself: a cloud is paler than the bluest of its own rows.
    blue = np.where(sky.mask, scene.saturation, 0).max(axis=1)
    blue = np.minimum(blue, np.median(blue[blue > 0]) * 2)[:, np.newaxis]
    mask = sky.mask & (scene.saturation < _PALE_OF_BLUE * blue)
    mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _square(1)) > 0
    share = float(mask.sum() / sky.mask.sum())
    return _Found(mask, 0.75) if share > _LEAST_CLOUD_SHARE else scene.nothing


def _water(scene: _Scene) -> _Found:
    if not scene.sky.there:
        return scene.nothing
    mirrored = _mirror(scene)
    if mirrored is not None:
        return mirrored
    across, down = (np.abs(cv2.Sobel(scene.lab[..., 0], -1, *axes)) for axes in ((1, 0), (0, 1)))
    candidates = (scene.likeness("water") > _PLAUSIBLE) & scene.below_sky & (scene.rough < 0.06)
    candidates = cv2.morphologyEx(candidates.astype(np.uint8), cv2.MORPH_CLOSE, _square(1)) > 0
    parts = [
        part
        for part in _parts(candidates, least_share=0.05)
        if part.any(axis=0).mean() > 0.4
        and (part[:, 0].any() or part[:, -1].any())
        and down[part].sum() > _STREAKS * across[part].sum()
    ]
    return _Found(np.logical_or.reduce(parts), 0.75) if parts else scene.nothing


def _mirror(scene: _Scene) -> _Found | None:
    """Still water, in which what is above stands upside down."""
    found = find_shore(scene.lab)
    if found is None:
        return None
    shore, likeness = found
    rows = np.arange(scene.seen.shape[0])[:, np.newaxis]
    return _Found((rows >= shore) & scene.seen & ~scene.sky.mask, min(0.9, likeness))


def _open_ground(scene: _Scene, kind: str, *, least_share: float, most_rough: float) -> _Found:
    """Sand, snow or a road: of its color, under the sky, and reaching the lower edge."""
    if not scene.outdoors or np.hypot(scene.lab[..., 1], scene.lab[..., 2]).mean() < _COLORLESS:
        return scene.nothing
    candidates = (scene.likeness(kind) > _PLAUSIBLE) & scene.below_sky & (scene.rough < most_rough) & ~scene.vegetation
    closed = cv2.morphologyEx(candidates.astype(np.uint8), cv2.MORPH_CLOSE, _square(2)) > 0
    opened = cv2.morphologyEx(closed.astype(np.uint8), cv2.MORPH_OPEN, _square(2)) > 0
    mask = _from_top(opened[::-1])[::-1] & scene.seen
    return _Found(mask, 0.7) if mask.mean() > least_share else scene.nothing


def _sand(scene: _Scene) -> _Found:
    if not scene.sky.there:
        return scene.nothing
    found = _open_ground(scene, "sand", least_share=0.05, most_rough=0.05)
    if not found.there:
        return found
    tops = np.argmax(found.mask, axis=0)[found.mask.any(axis=0)] / len(found.mask)
    level = np.median(tops) > 0.45 and np.subtract(*np.quantile(tops, (0.8, 0.2))) < 0.15
    return found if level else scene.nothing


def _snow(scene: _Scene) -> _Found:
    if not scene.sky.there:
        return scene.nothing
    return _open_ground(scene, "snow", least_share=0.08, most_rough=0.06)


def _road(scene: _Scene) -> _Found:
    found = _open_ground(scene, "road", least_share=_LEAST_ROAD, most_rough=0.05)
    if not found.there:
        return found
    widths = found.mask.sum(axis=1)[::-1]
    narrowest = np.minimum.accumulate(widths)
    length = int(np.argmax(widths > 1.5 * narrowest + 3)) or int(np.count_nonzero(widths))  # up to where it vanishes
    mask = found.mask.copy()
    mask[: len(mask) - length] = False
    narrows = widths[: length // 4 + 1].mean() > 1.4 * widths[length - length // 4 - 1 : length].mean()
    return _Found(mask, 0.7) if narrows and mask.mean() > _LEAST_ROAD else scene.nothing


def _wall(scene: _Scene) -> _Found:
    if scene.outdoors:
        return scene.nothing
    shore, mask = _flood(scene, scene.seen, depth=1)
    if shore < _WALL_SHORE or mask.mean() < 0.1:
        return scene.nothing
    plain = np.median(scene.rough[mask]) < _PLAIN and scene.lab[mask][:, 0].min() < _PAPER
    runs = _runs_along_top(mask, scene.seen, most_bottom=1, unbroken=_UNBROKEN_WALL)
    return _Found(mask, 0.6) if plain and runs else scene.nothing


def _floor(scene: _Scene) -> _Found:
    if scene.outdoors:
        return scene.nothing
    wall = _wall(scene)
    return _bottom(scene, scene.seen & ~wall.mask, at_any_rate=wall.there)


def _ground(scene: _Scene) -> _Found:
    if not scene.outdoors:
        return _floor(scene)
    known = [_plants(scene, lying=True), _sand(scene), _snow(scene), _road(scene)]
    under = scene.seen & scene.below_sky & ~_water(scene).mask
    masks = [found.mask & under for found in known if found.there]
    if sum(float(mask.mean()) for mask in masks) < _GROUND_SHARE:
        masks.append(_bottom(scene, under, at_any_rate=True).mask)
    mask = np.logical_or.reduce(masks)
    return _Found(mask, 0.7) if mask.any() else scene.nothing


def _bottom(scene: _Scene, possible: Mask, *, at_any_rate: bool) -> _Found:
    """What runs along the lower edge in one kind of color, and ends before the upper.

    At any rate, what has the colors of the lower edge where nothing ends clearly.
    """
    turned = scene.upside_down
    shore, mask = _flood(turned, possible[::-1])
    if shore > _FLOOR_SHORE and mask.mean() > 0.1 and _runs_along_top(mask, turned.seen, most_bottom=_MOST_BOTTOM):
        return _Found(mask[::-1], 0.6)
    if not at_any_rate:
        return scene.nothing
    strip = np.zeros(mask.shape, bool)
    strip[: round(0.06 * len(strip))] = True
    mask = _with_its_colors(turned, strip & possible[::-1], possible=possible[::-1])
    mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _square(1)) > 0
    return _Found(mask[::-1], 0.55) if mask.mean() > 0.1 else scene.nothing


def _grass(scene: _Scene) -> _Found:
    return _plants(scene, lying=True)


def _foliage(scene: _Scene) -> _Found:
    return _plants(scene, lying=False)


_FINDERS: Mapping[str, Callable[[_Scene], _Found]] = {
    "sky": _named_sky,
    "clouds": _clouds,
    "grass": _grass,
    "foliage": _foliage,
    "water": _water,
    "sand": _sand,
    "snow": _snow,
    "road": _road,
    "ground": _ground,
    "wall": _wall,
    "floor": _floor,
}

SCENERY = tuple(_FINDERS)
"""The kinds of scenery that `find_scenery` knows."""
