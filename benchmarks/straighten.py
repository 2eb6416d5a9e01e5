"""How well pictures are leveled: forty pictures turned by known angles, and how far from level they are afterwards.

    python -m benchmarks.straighten [--sheet FILE.png]

Seven scenes with clear lines are drawn, and three photographs of scikit-image with upright or level lines join them;
each is turned by four angles between 0.6 and 12 degrees and cropped so that no corner gives it away. A picture counts
as level within 0.5 degrees. The motorcycle's garage was photographed 0.7 degrees off, which is its own truth.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

from cavendish.imaging.image import Image
from cavendish.ops.geometry import rotate, straighten
from cavendish.pixels.composite import render
from cavendish.regions.horizon import find_tilt

Pixels = npt.NDArray[np.uint8]

WITHIN_DEG = 0.5
_WIDTH, _HEIGHT = 900, 600
_TURNS_DEG = ((0.6, -2.3, 5.1, -11.4), (-0.9, 1.7, -6.2, 9.8), (1.2, -3.4, 7.7, -8.6), (-1.5, 2.8, -4.4, 12.0))
_TILE = (300, 200)
_GARAGE_DEG = 0.7


@dataclass(frozen=True)
class Result:
    """One turned picture: by how much it leans, what was found (None for nothing), and how long it took."""

    name: str
    turned: Image
    lean_deg: float
    found_deg: float | None
    milliseconds: float

    @property
    def error_deg(self) -> float:
        """How far from level the picture is after straightening; all of its lean where nothing was found."""
        return abs(self.lean_deg - (self.found_deg or 0.0))


def scenes() -> Mapping[str, tuple[Pixels, float]]:
    """Pictures by name, with the angle by which each leans clockwise."""
    draws: tuple[Callable[[], Pixels], ...] = (_sea, _street, _facade, _shelf, _tiles, _fields, _fence)
    drawn = {draw.__name__.lstrip("_"): draw() for draw in draws}
    gray = np.repeat(np.asarray(data.camera(), np.uint8)[..., None], 3, axis=2)
    photos = {
        "rocket": (np.asarray(data.rocket(), np.uint8), 0.0),
        "camera": (gray, 0.0),
        "garage": (np.asarray(data.stereo_motorcycle()[0], np.uint8), _GARAGE_DEG),
    }
    return {name: (_grainy(name, pixels), 0.0) for name, pixels in drawn.items()} | photos


def results() -> Iterator[Result]:
    """Turn every scene and find out."""
    for k, (name, (pixels, lean)) in enumerate(scenes().items()):
        image = Image(np.ascontiguousarray(pixels))
        for turn in _TURNS_DEG[k % len(_TURNS_DEG)]:
            turned = render(image, rotate(image.size, angle_deg=turn, fill=None))
            started = time.perf_counter()
            tilt = find_tilt(turned)
            elapsed = (time.perf_counter() - started) * 1000
            yield Result(name, turned, turn + lean, None if tilt is None else tilt.angle_deg, elapsed)


def _canvas(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Pixels:
    share = np.linspace(0, 1, _HEIGHT)[:, None, None]
    ramp = np.asarray(top) * (1 - share) + np.asarray(bottom) * share
    return np.ascontiguousarray(np.broadcast_to(ramp, (_HEIGHT, _WIDTH, 3)).astype(np.uint8))


def _sea() -> Pixels:
    image = _canvas((120, 170, 225), (215, 225, 235))
    image[330:] = _canvas((40, 90, 120), (20, 60, 80))[330:]
    for k in range(60):
        x, y = (k * 151) % _WIDTH, 345 + (k * 67) % 250
        cv2.line(image, (x, y), (x + 14 + y // 12, y), (90, 140, 165), 1, cv2.LINE_AA)
    cv2.fillPoly(image, [np.array([[620, 332], [690, 332], [678, 345], [632, 345]])], (60, 30, 25))
    cv2.fillPoly(image, [np.array([[654, 250], [654, 328], [700, 328]])], (240, 240, 235))
    return image


def _street() -> Pixels:
    """Houses on both sides, their lines running to one point; only uprights tell what is level."""
    image = _canvas((150, 180, 215), (225, 225, 220))
    vanishing = np.array([430, 350])
    for side, color in ((0, (150, 110, 90)), (_WIDTH, (120, 120, 130))):
        near = np.array([side, -150]), np.array([side, 800])
        far = [point + (vanishing - point) * 0.8 for point in near]
        cv2.fillPoly(image, [np.array([near[0], far[0], far[1], near[1]]).astype(int)], color, cv2.LINE_AA)
        for share in np.linspace(0.1, 0.78, 9):
            top, foot = (point + (vanishing - point) * share for point in near)
            ends = (top * 0.9 + foot * 0.1).astype(int), (top * 0.15 + foot * 0.85).astype(int)
            cv2.line(image, (int(top[0]), ends[0][1]), (int(top[0]), ends[1][1]), (60, 50, 50), 4, cv2.LINE_AA)
    ground = [[0, 600], [340, 390], [520, 390], [900, 600]]
    cv2.fillPoly(image, [np.array(ground)], (95, 95, 100), cv2.LINE_AA)
    return image


def _facade() -> Pixels:
    image = _canvas((190, 175, 150), (165, 150, 130))
    for x in range(60, _WIDTH - 80, 120):
        for y in range(40, _HEIGHT - 90, 140):
            cv2.rectangle(image, (x, y), (x + 62, y + 92), (70, 85, 105), -1)
            cv2.rectangle(image, (x, y), (x + 62, y + 92), (235, 235, 230), 4)
            cv2.line(image, (x + 31, y), (x + 31, y + 92), (235, 235, 230), 3)
    return image


def _shelf() -> Pixels:
    image = _canvas((120, 85, 55), (100, 70, 45))
    for k, y in enumerate((180, 370, 560)):
        x = 20
        while x < _WIDTH - 60:
            thick, high = 18 + (x * 7 + k * 13) % 26, 110 + (x * 11 + k * 29) % 50
            shade = ((x * 37) % 200 + 30, (x * 53 + k * 90) % 200 + 30, (x * 91) % 180 + 40)
            cv2.rectangle(image, (x, y - high), (x + thick, y), shade, -1)
            x += thick + 2
        cv2.rectangle(image, (0, y), (_WIDTH, y + 14), (170, 125, 80), -1)
    return image


def _tiles() -> Pixels:
    image = _canvas((225, 228, 226), (205, 210, 210))
    for x in range(0, _WIDTH, 75):
        cv2.line(image, (x, 0), (x, _HEIGHT), (150, 155, 155), 3)
    for y in range(0, _HEIGHT, 75):
        cv2.line(image, (0, y), (_WIDTH, y), (150, 155, 155), 3)
    cv2.circle(image, (450, 330), 150, (90, 120, 160), -1, cv2.LINE_AA)
    return image


def _fields() -> Pixels:
    """A plain to the horizon, with hedges that lean every way."""
    image = _canvas((140, 175, 225), (230, 235, 240))
    image[260:] = _canvas((150, 165, 80), (95, 120, 50))[260:]
    for x in (-900, -300, 100, 420, 700, 1300, 1900):
        cv2.line(image, (450 + (x - 450) // 9, 262), (x, 620), (70, 95, 45), 5, cv2.LINE_AA)
    for k in range(7):
        cv2.circle(image, (80 + 131 * k, 256), 9 + 5 * (k % 3), (60, 90, 50), -1, cv2.LINE_AA)
    return image


def _fence() -> Pixels:
    image = _canvas((170, 195, 220), (120, 150, 90))
    for y in (300, 420):
        cv2.rectangle(image, (0, y), (_WIDTH, y + 16), (200, 195, 185), -1)
    for x in range(12, _WIDTH, 56):
        post = np.array([[x, 250], [x + 15, 230], [x + 30, 250], [x + 30, 520], [x, 520]])
        cv2.fillPoly(image, [post], (240, 238, 232), cv2.LINE_AA)
    return image


def _grainy(name: str, image: Pixels) -> Pixels:
    soft = cv2.GaussianBlur(image, (0, 0), 0.7).astype(np.float32)
    noise = np.random.default_rng(zlib.crc32(name.encode())).normal(0, 4, soft.shape)
    return np.clip(soft + noise, 0, 255).astype(np.uint8)


def _tile(image: Image, label: str) -> Pixels:
    tile = cv2.resize(image.pixels, _TILE, interpolation=cv2.INTER_AREA)
    cv2.line(tile, (0, _TILE[1] // 2), (_TILE[0], _TILE[1] // 2), (255, 60, 60), 1)
    return np.asarray(cv2.putText(tile, label, (5, 16), 0, 0.45, (255, 60, 60), 1, cv2.LINE_AA), np.uint8)


def _sheet(found: list[Result]) -> Pixels:
    """Each picture turned, and next to it straightened."""
    tiles = []
    for result in found:
        canvas = straighten(result.turned.size, angle_deg=-(result.found_deg or 0.0))
        after = render(result.turned, canvas)
        pair = [
            _tile(result.turned, f"{result.name} {result.lean_deg:+.1f}"),
            _tile(after, f"{result.error_deg:.2f} off"),
        ]
        tiles.append(np.hstack(pair))
    rows = [np.hstack(tiles[at : at + 4]) for at in range(0, len(tiles), 4)]
    return np.asarray(np.vstack(rows), np.uint8)


def main() -> None:
    """Print the table; write the sheet where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path)
    found = list(results())
    print("| picture | leans deg | found deg | off deg | ms |\n|---|---:|---:|---:|---:|")
    for result in found:
        said = "–" if result.found_deg is None else f"{result.found_deg:.2f}"
        numbers = f"{result.lean_deg:.2f} | {said} | {result.error_deg:.2f} | {result.milliseconds:.0f}"
        print(f"| {result.name} | {numbers} |")
    errors = [result.error_deg for result in found]
    level = sum(error <= WITHIN_DEG for error in errors)
    print(f"\n{level} of {len(found)} within {WITHIN_DEG}°; median {np.median(errors):.2f}°, worst {max(errors):.2f}°")
    if sheet := parser.parse_args().sheet:
        cv2.imwrite(str(sheet), cv2.cvtColor(_sheet(found), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
