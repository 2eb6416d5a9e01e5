"""How well and how fast holes are filled, against OpenCV's Telea with radius 5 in the same run.

The pictures are scikit-image's own with holes over real texture; where the folder `../shared/bench` exists, its removal
pairs with their given masks are measured too. Each mask is widened by 2 px, as the pairs' own baseline is; the pairs'
masks are also taken as they are given.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.fill import fill

Pixels = npt.NDArray[np.uint8]
_PAIRS = Path(__file__).parents[2] / "shared" / "bench"
_KINDS = ("gt-remove", "gt-rm-", "gt-scratch")
_RUNS = 3


@dataclass(frozen=True)
class Case:
    """A damaged picture, the truth, what counts (`where`) and what is filled (`hole`)."""

    name: str
    image: Pixels
    truth: Pixels
    where: npt.NDArray[np.bool_]
    hole: npt.NDArray[np.bool_]
    text: bool = False


def measure() -> list[dict[str, Any]]:
    """One row a case: in-mask PSNR of both, gradient energy against the truth's, and time against Telea's."""
    return [_measured(case) for case in (*_own_cases(), *_pair_cases())]


def _measured(case: Case) -> dict[str, Any]:
    mask = case.hole.astype(np.uint8)
    ours = fill(EncodedRGB(case.image), mask.astype(np.float32), text=case.text)
    floor = np.asarray(cv2.inpaint(case.image, mask, 5, cv2.INPAINT_TELEA), np.uint8)
    ours_ms = _median_ms(lambda: fill(EncodedRGB(case.image), mask.astype(np.float32), text=case.text))
    floor_ms = _median_ms(lambda: cv2.inpaint(case.image, mask, 5, cv2.INPAINT_TELEA))
    return {
        "what": case.name,
        "hole": round(float(mask.mean()), 4),
        "psnr_db": round(_psnr(ours, case), 2),
        "telea_psnr_db": round(_psnr(floor, case), 2),
        "gradient_ratio": round(_energy(ours, case) / _energy(case.truth, case), 3),
        "telea_gradient_ratio": round(_energy(floor, case) / _energy(case.truth, case), 3),
        "ours_ms": round(ours_ms, 1),
        "telea_ms": round(floor_ms, 1),
        "time_ratio": round(ours_ms / floor_ms, 2),
    }


def _median_ms(function: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        function()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def _psnr(image: Pixels, case: Case) -> float:
    error = float(((image.astype(np.float64) - case.truth)[case.where] ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-6)))


def _energy(image: Pixels, case: Case) -> float:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    slopes = [cv2.Sobel(gray, cv2.CV_64F, *order) for order in ((1, 0), (0, 1))]
    return float(np.hypot(*slopes)[case.where].mean())


def _own_cases() -> Iterator[Case]:
    photo = np.asarray(cv2.resize(data.chelsea(), (1248, 832), interpolation=cv2.INTER_CUBIC), np.uint8)
    yield _holed("cat, 12 % of 1 MP", photo, 0.12, (0.75, 0.65))
    for name, texture in (("grass", data.grass()), ("gravel", data.gravel()), ("brick", data.brick())):
        yield _holed(name, np.repeat(texture[..., None], 3, axis=2), 0.08, (0.5, 0.5))
    sky = np.ascontiguousarray(data.rocket()[:300])
    yield _holed("sky", sky, 0.03, (0.55, 0.2))
    coffee = np.ascontiguousarray(data.coffee())
    strokes = np.zeros(coffee.shape[:2], np.uint8)
    for start, end in (((20, 20), (560, 350)), ((590, 40), (90, 390)), ((300, 5), (320, 395))):
        cv2.line(strokes, start, end, 1, 2)
    yield _damaged("scratches on coffee", coffee, strokes > 0)
    letters = np.zeros(coffee.shape[:2], np.uint8)
    cv2.putText(letters, "COFFEE", (60, 360), cv2.FONT_HERSHEY_SIMPLEX, 3, 1, 10)
    yield _damaged("letters on coffee", coffee, letters > 0, text=True)


def _holed(name: str, truth: Pixels, share: float, middle: tuple[float, float]) -> Case:
    """A wavy blob that covers the given share of the picture."""
    height, width = truth.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    down, across = rows - middle[1] * height, columns - middle[0] * width
    angle = np.arctan2(down, across)
    radius = np.hypot(down, across) / (1 + 0.15 * np.cos(3 * angle + 1) + 0.1 * np.sin(5 * angle))
    return _damaged(name, np.ascontiguousarray(truth), radius <= np.quantile(radius, share))


def _damaged(name: str, truth: Pixels, where: npt.NDArray[np.bool_], *, text: bool = False) -> Case:
    image = truth.copy()
    image[where] = (255, 0, 255)
    return Case(name, image, truth, where, _widened(where), text)


def _widened(where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray(cv2.dilate(where.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _pair_cases() -> Iterator[Case]:
    lines = (_PAIRS / "pairs.jsonl").read_text("utf-8").splitlines() if _PAIRS.is_dir() else []
    for pair in map(json.loads, lines):
        if pair["id"].startswith(_KINDS):
            truth = _read(pair["target"])
            mask = cv2.cvtColor(_read(pair["mask"]), cv2.COLOR_RGB2GRAY)
            where = cv2.resize(mask, (truth.shape[1], truth.shape[0]), interpolation=cv2.INTER_NEAREST) > 0
            text = pair["id"].startswith(("gt-rm-text", "gt-rm-date"))
            image = _read(pair["image"])
            yield Case(pair["id"], image, truth, where, _widened(where), text)
            yield Case(pair["id"] + ", mask as given", image, truth, where, where, text)


def _read(path: str) -> Pixels:
    return np.asarray(cv2.cvtColor(cv2.imread(str(_PAIRS / path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


if __name__ == "__main__":
    for row in measure():
        print(json.dumps(row))
