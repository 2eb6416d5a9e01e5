"""Things taken out of pictures and put into them, by sentences alone: the engine finds every mask itself.

    python -m benchmarks.objects [--bench ../shared/bench]

Removal is measured against OpenCV's Telea with radius 5 on the very same hole, in the given mask of the thing; `found
again` says whether the engine still finds what was removed. A placed thing is measured by what changed: in how many
pieces, how high, and where its foot is. Times are ratios to u2netp's own inference in the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.regions import BENCH
from cavendish.app import Weights, networks, restorers
from cavendish.domain.context import EditContext
from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import EditRequest
from cavendish.engines.base import EngineInput, Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.decode import decode_all
from cavendish.imaging.image import Image
from cavendish.planning.planner import PhrasePlanner
from cavendish.regions.networks import Networks
from cavendish.regions.resolve import RegionResolver
from cavendish.regions.salient import find_salient
from cavendish.settings import load

Pixels = npt.NDArray[np.uint8]
_FOREVER_S = 1e9
_MODEL = "google/gemini-2.5-flash-image-edit"


class Bench:
    """An engine with its networks, and the time its smallest one takes."""

    def __init__(self) -> None:
        weights = Weights(load())
        self.known: Networks = networks(weights)
        self._engine = EmbeddedEngine(workers=Workers(1), networks=self.known, restorers=restorers(weights))
        self._planner = PhrasePlanner()

    def edit(self, sentence: str, *images: Image) -> tuple[Image, float]:
        """The first picture after a sentence, and the seconds it took."""
        request = EditRequest(_MODEL, sentence, tuple("x" for _ in images), 1, "auto")
        given = EngineInput(images, self._planner.plan(request), request)
        started = time.perf_counter()
        result = self._engine.edit_now(given, EditContext(_FOREVER_S, seed=1))
        return result.pictures[0], time.perf_counter() - started

    def inference_s(self, image: Image) -> float:
        """The least time that looking for the subject takes."""
        network = self.known.saliency()
        times = []
        for _ in range(3):
            started = time.perf_counter()
            find_salient(image, network)
            times.append(time.perf_counter() - started)
        return statistics.median(times)


def removals(bench: Bench, folder: Path) -> Iterator[Mapping[str, Any]]:
    """One row a removal pair that has a mask and a target."""
    for pair in _pairs(folder):
        if pair["mask"] is None or not pair["id"].startswith(("gt-rm-", "gt-remove-")):
            continue
        image, target = (_read(folder / pair[name]) for name in ("image", "target"))
        mask = _read(folder / pair["mask"]).rgb[..., 0] > 127
        after, took_s = bench.edit(pair["instruction"], image)
        changed = (np.abs(after.rgb.astype(int) - image.rgb).max(axis=2) > 0).astype(np.uint8)
        hole = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        floor = np.asarray(cv2.inpaint(np.ascontiguousarray(image.rgb), hole, 5, cv2.INPAINT_TELEA), np.uint8)
        yield {
            "what": pair["id"],
            "hole": round(float(hole.mean()), 3),
            "covered": round(float((hole[mask] > 0).mean()), 3),
            "gain over Telea dB": round(_psnr(after.rgb, target.rgb, mask) - _psnr(floor, target.rgb, mask), 2),
            "gradient ratio": round(_energy(after.rgb, mask) / max(_energy(target.rgb, mask), 1e-6), 2),
            "found again": _found_again(bench, pair["instruction"], after, mask),
            "time in u2netp": round(took_s / bench.inference_s(image), 1),
        }


def placings(bench: Bench, folder: Path) -> Iterator[Mapping[str, Any]]:
    """One row a pair of two pictures of which the second's subject is put into the first."""
    for pair in _pairs(folder):
        if not pair["id"].startswith("gt-place-"):
            continue
        scene, thing = (_read(folder / name) for name in pair["image"])
        after, took_s = bench.edit(pair["instruction"], scene, thing)
        changed = (np.abs(after.rgb.astype(int) - scene.rgb).max(axis=2) > 12).astype(np.uint8)
        solid = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(solid)
        sizes = [int(row[cv2.CC_STAT_AREA]) for row in stats[1:]]
        rows = np.flatnonzero(solid.any(axis=1))
        yield {
            "what": pair["id"],
            "pieces": sum(size > max(sizes) / 50 for size in sizes) if count > 1 else 0,
            "height": round((rows[-1] - rows[0] + 1) / solid.shape[0], 2) if rows.size else 0,
            "foot": round((rows[-1] + 1) / solid.shape[0], 2) if rows.size else 0,
            "time in u2netp": round(took_s / bench.inference_s(scene), 1),
        }


def _pairs(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "pairs.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _read(path: Path) -> Image:
    return decode_all([path.read_bytes()], DecodeSettings())[0]


def _found_again(bench: Bench, sentence: str, after: Image, mask: npt.NDArray[np.bool_]) -> bool:
    steps, _ = PhrasePlanner().read(sentence, images=1)
    query = next((step.region for step in steps if step.region is not None), None)
    try:
        found = None if query is None else RegionResolver(bench.known).find(after, query)
    except UnsupportedEdit:
        return False
    return found is not None and float(found.alpha[mask].mean()) > 0.2


def _psnr(image: Pixels, target: Pixels, where: npt.NDArray[np.bool_]) -> float:
    error = float(((image.astype(np.float64) - target)[where] ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-6)))


def _energy(image: Pixels, where: npt.NDArray[np.bool_]) -> float:
    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY).astype(np.float64)
    slopes = [cv2.Sobel(gray, cv2.CV_64F, *order) for order in ((1, 0), (0, 1))]
    return float(np.hypot(*slopes)[where].mean())


def main() -> None:
    """Run and report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bench", type=Path, default=BENCH, help="folder with pairs.jsonl and images/")
    folder = options.parse_args().bench
    if not (folder / "images").is_dir():
        print(f"Skipped: no pictures in {folder / 'images'}.")
        return
    bench = Bench()
    for row in (*removals(bench, folder), *placings(bench, folder)):
        print(", ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
