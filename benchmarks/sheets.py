"""Contact sheets to look at: each op at three strengths on six photos.

    python -m benchmarks.sheets DIR [--family tone] [--op sepia] [--bench ../shared/bench]

One sheet an op: a row a photo, the input on the left. An op of many names or of colors is shown at each of them, one
that varies at its low, normal and high amount. What an op mends is done to its photos first. Why a step was refused
stands below its gray tile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks import tone
from cavendish.app import Weights, networks, restorers
from cavendish.domain.context import EditContext
from cavendish.domain.plan import EditPlan, Step
from cavendish.domain.queries import SUBJECT, RegionQuery
from cavendish.domain.request import EditRequest
from cavendish.engines.base import EngineInput, Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.ops.base import Need
from cavendish.ops.catalog import OpRow, Parameter, catalog
from cavendish.settings import load

Pixels = npt.NDArray[np.uint8]

_BENCH = Path(__file__).parents[2] / "shared" / "bench"
_PHOTOS = (
    "reference/news-presenter.jpg", "dreambooth/dog7_00.jpg", "reference/landscape.jpg",
    "compose/toycar.jpg", "photos/astronaut.png", "reference/blue-mug.jpg",
)  # fmt: skip
"""A portrait, an animal, a landscape, a thing at dusk, a person with lettering, a thing on a table."""
_OTHER = "gt/rm-man-road_target.png"
"""What ops of two pictures get as the second."""
_SIDE_PX, _TILE_PX, _LABEL_PX = 960, 400, 16
_LADDER = {"low": 0.5, "normal": 1.0, "high": 1.8}
_FEW = 3
_COLORS = ("#C02030", "#2060C0", "#F0F0F0")


def _at_most(path: Path) -> Pixels:
    """A picture file, RGB, made smaller where it is large."""
    pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)
    scale = min(1.0, _SIDE_PX / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.asarray(small, np.uint8)[..., ::-1])


def _blurred(image: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.8), np.uint8)


def _noisy(image: Pixels) -> Pixels:
    noise = np.random.default_rng(0).normal(0, 18, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _compressed(image: Pixels) -> Pixels:
    _, code = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 18])
    return np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])


def _scratched(image: Pixels) -> Pixels:
    random, out = np.random.default_rng(3), image.copy()
    height, width = image.shape[:2]
    for _ in range(7):
        start, end = random.uniform(0, 1, (2, 2)) * (width, height)
        cv2.line(out, start.astype(int).tolist(), end.astype(int).tolist(), (235, 232, 225), 2, cv2.LINE_AA)
    return out


def _tilted(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 4, 1.12)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC), np.uint8)


_BEFORE: Mapping[str, Callable[[Pixels], Pixels]] = {
    "deblur": _blurred,
    "denoise": _noisy,
    "remove_jpeg_artifacts": _compressed,
    "remove_scratches": _scratched,
    "repair_old_photo": _scratched,
    "restore_fading": tone.flat,
    "straighten": _tilted,
    "brighten_low_light": partial(tone.exposed, stops=-2.5),
    "brighten_backlit": partial(tone.exposed, stops=-1.2),
    "white_balance": partial(tone.cast, temperature_k=4600),
    "dehaze": lambda image: np.rint(image * 0.55 + 105).astype(np.uint8),
}
"""What an op mends, done to its photos."""


_OF_ALL = frozenset({"tone", "hue", "detail", "restore"})
"""Families whose ops are shown on the whole picture."""
_ALSO: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "crop": {"box": {"box": (0.2, 0.1, 0.8, 0.9)}, "ratio": {"ratio": "1:1"}, "size": {"size": (400, 300)}},
    "resize": {"": {"scale": 0.5}},
}
"""By op and what `to` is: what it does not do without."""
_PLACED = frozenset({"move_object", "duplicate_object"})


def variants(row: OpRow) -> list[tuple[str, dict[str, Any]]]:
    """Labelled sets of parameters that show what an op can do."""
    choices = {name: spec.choices for name, spec in row.parameters.items() if spec.kind == "choice"}
    colors = {name: _COLORS for name, spec in row.parameters.items() if spec.kind == "color"}
    several = {name: words for name, words in (choices | colors).items() if len(words) > _FEW or not row.varies}
    for name, words in several.items():
        return [(f"{name} {word}", {name: word}) for word in words]
    if not row.varies:
        return [("", {})]
    spec = row.parameters[row.varies]
    return [(label, {row.varies: _scaled(spec, factor)}) for label, factor in _LADDER.items()]


def _scaled(spec: Parameter, factor: float) -> float:
    start = spec.default or 0.4 * spec.high
    amount = min(max(start * factor, spec.low), spec.high)
    return round(amount) if spec.whole else float(amount)


class Sheets:
    """Draws contact sheets.

    Args:
        bench: Folder that holds `images`.
    """

    def __init__(self, bench: Path) -> None:
        self._bench = bench
        weights = Weights(load())
        self._engine = EmbeddedEngine(workers=Workers(1), networks=networks(weights), restorers=restorers(weights))

    def draw(self, row: OpRow) -> Iterator[Pixels]:
        """The sheets of one op: six photos down, the input and three variants across."""
        photos = [_BEFORE.get(row.name, lambda image: image)(self._photo(path)) for path in _PHOTOS]
        shown = variants(row)
        for start in range(0, len(shown), 3):
            rows = [[_tile(photo, "input")] for photo in photos]
            for label, parameters in shown[start : start + 3]:
                for tiles, photo in zip(rows, photos, strict=True):
                    tiles.append(_tile(*self._edited(row, photo, parameters, label)))
            tall = [max(tile.shape[0] for tile in tiles) for tiles in rows]
            yield np.vstack(
                [np.hstack([_padded(tile, height) for tile in tiles]) for tiles, height in zip(rows, tall, strict=True)]
            )

    def _photo(self, path: str) -> Pixels:
        return _at_most(self._bench / "images" / path)

    def _edited(self, row: OpRow, photo: Pixels, parameters: Mapping[str, Any], label: str) -> tuple[Pixels, str]:
        needs = row.load().needs
        region = RegionQuery(SUBJECT) if Need.MASK in needs and row.family not in _OF_ALL else None
        parameters = {**parameters, **_ALSO.get(row.name, {}).get(str(parameters.get("to", "")), {})}
        placement = "right" if row.name in _PLACED else ""
        step = Step(row.name, row.family, region=region, parameters=parameters, image=1, placement=placement)
        pictures = (Image(photo), Image(self._photo(_OTHER)))
        request = EditRequest("embedded", "look", ("-",) * len(pictures), aspect_ratio="auto")
        try:
            given = EngineInput(pictures, EditPlan((step,)), request)
            made = self._engine.edit_now(given, EditContext(time.monotonic() + 600)).pictures[0]
        except UnsupportedEdit as refusal:
            return np.full_like(photo, 128), f"{label}: {refusal.public_message}"
        return _over_checks(made), label


def _over_checks(image: Image) -> Pixels:
    """Transparency over a checkerboard."""
    rgb = np.ascontiguousarray(image.rgb)
    if image.alpha is None:
        return rgb
    y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    checks = np.where((x // 16 + y // 16) % 2, 205, 150)[..., None]
    return (checks + (rgb - checks) * image.opacity[..., None]).astype(np.uint8)


def _tile(pixels: Pixels, label: str) -> Pixels:
    scale = _TILE_PX / max(pixels.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=method), np.uint8)
    tile = np.full((small.shape[0] + _LABEL_PX, _TILE_PX + 4, 3), 255, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    text = label.encode("ascii", "replace").decode()[:64]
    cv2.putText(tile, text, (2, tile.shape[0] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def _padded(tile: Pixels, height: int) -> Pixels:
    below = height - tile.shape[0]
    return np.asarray(cv2.copyMakeBorder(tile, 0, below, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8)


def main() -> None:
    """Draw the sheets asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--family", action="append", default=[])
    options.add_argument("--op", action="append", default=[])
    options.add_argument("--bench", type=Path, default=_BENCH, help="folder that holds images/")
    given = options.parse_args()
    sheets = Sheets(given.bench)
    given.folder.mkdir(parents=True, exist_ok=True)
    for row in catalog().values():
        wanted = row.available and (not given.op or row.name in given.op)
        if not wanted or (given.family and row.family not in given.family):
            continue
        for number, sheet in enumerate(sheets.draw(row), start=1):
            cv2.imwrite(str(given.folder / f"{row.name}-{number}.png"), sheet[..., ::-1])
            print(f"{row.name}-{number}.png", flush=True)


if __name__ == "__main__":
    main()
