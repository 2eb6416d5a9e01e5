"""How well pictures are restored, as gains over leaving them alone, and how long that takes against the network alone.

Every picture is one of scikit-image's own, damaged here. Without the weights the plain fallbacks are measured.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

from cavendish.app import Weights, restorers
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.ops import detail, remove, restore
from cavendish.pixels.restorers import Restorers, Run
from cavendish.pixels.scratches import find_scratches
from cavendish.settings import load

Pixels = npt.NDArray[np.uint8]


@dataclass
class Stopwatch:
    """A network that counts the time it takes."""

    run: Run
    seconds: float = 0.0

    def __call__(self, tensor: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        started = time.perf_counter()
        output = self.run(tensor)
        self.seconds += time.perf_counter() - started
        return output


def measure() -> Iterator[dict[str, Any]]:
    """One row a damage and picture."""
    known = restorers(Weights(load()))
    for name, truth in photos():
        noisy = np.clip(np.rint(truth + np.random.default_rng(1).normal(0, 15, truth.shape)), 0, 255).astype(np.uint8)
        yield _row(f"{name}, noise 15", noisy, truth, known, _denoised)
        for quality in (15, 40):
            yield _row(f"{name}, JPEG {quality}", compressed(truth, quality), truth, known, _unblocked)
        for sigma in (1.5, 3.0):
            blurred = compressed(np.asarray(cv2.GaussianBlur(truth, (0, 0), sigma), np.uint8), 90)
            yield _row(f"{name}, blur {sigma}", blurred, truth, known, _deblurred)
        yield _scratched(f"{name}, scratches", truth, *scratch(truth, seed=len(name)))
        yield _scratched(f"{name}, scratches of 1 px", truth, *hairlines(truth, seed=len(name)))


def photos() -> Iterator[tuple[str, Pixels]]:
    """Four photographs of about 0.2 MP."""
    yield "cat", np.ascontiguousarray(data.chelsea())
    yield "astronaut", np.ascontiguousarray(data.astronaut())
    yield "coffee", np.ascontiguousarray(data.coffee())
    yield "rocket", np.ascontiguousarray(data.rocket())


def compressed(pixels: Pixels, quality: int) -> Pixels:
    """Through a JPEG of that quality and back."""
    coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def scratch(pixels: Pixels, *, seed: int) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """Eight bent scratches down to the paper and fifteen specks, and where they are."""
    random = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    for _ in range(8):
        point, angle = random.uniform((0, 0), (width, height)), random.uniform(0, np.pi)
        length, bend = random.uniform(0.15, 0.9) * max(height, width), random.uniform(-0.4, 0.4)
        points = [point]
        for part in np.linspace(0, 1, 20):
            turned = angle + bend * part
            points.append(points[-1] + length / 20 * np.array([np.cos(turned), np.sin(turned)]))
        cv2.polylines(
            layer,
            [np.array(points, np.int32)],
            isClosed=False,
            color=255,
            thickness=int(random.integers(2, 5)),
            lineType=cv2.LINE_AA,
        )
    for x, y in random.uniform((0, 0), (width, height), (15, 2)):
        cv2.circle(layer, (int(x), int(y)), int(random.integers(2, 5)), 255, -1, cv2.LINE_AA)
    share = layer[..., None] / 255
    return np.rint(pixels * (1 - share) + np.array([247, 244, 238]) * share).astype(np.uint8), layer > 128


def hairlines(pixels: Pixels, *, seed: int) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """Fourteen straight white scratches of one pixel, and where they are."""
    random = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    given, where = pixels.copy(), np.zeros((height, width), np.uint8)
    for _ in range(14):
        start, angle = random.uniform((0, 0), (width, height)), random.uniform(0, np.pi)
        end = start + random.uniform(0.1, 0.8) * height * np.array([np.cos(angle), np.sin(angle)])
        ends = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
        cv2.line(given, *ends, (255, 255, 255), 1)
        cv2.line(where, *ends, 1, 1)
    return given, where > 0


def _row(
    what: str, given: Pixels, truth: Pixels, known: Restorers, restored: Callable[[Image, Restorers], EncodedRGB]
) -> dict[str, Any]:
    run = known.denoiser()
    watch = Stopwatch(run) if run else None
    watched = dataclasses.replace(known, denoiser=lambda: watch, imaginer=lambda: None)
    started = time.perf_counter()
    result = restored(Image(given), watched)
    took = time.perf_counter() - started
    gain = psnr(result, truth) - psnr(given, truth)
    ratio = round(took / watch.seconds, 2) if watch and watch.seconds else None
    return {
        "what": what,
        "nothing_db": round(psnr(given, truth), 2),
        "gain_db": round(gain, 2),
        "time_to_network": ratio,
    }


def _denoised(image: Image, known: Restorers) -> EncodedRGB:
    return detail.denoise(image, known.denoiser(), strength=0.5)


def _unblocked(image: Image, known: Restorers) -> EncodedRGB:
    return restore.remove_jpeg_artifacts(image, known.denoiser(), strength=0.5)


def _deblurred(image: Image, known: Restorers) -> EncodedRGB:
    return restore.deblur(image, known, strength=0.5)[0]


def _scratched(what: str, truth: Pixels, given: Pixels, where: npt.NDArray[np.bool_]) -> dict[str, Any]:
    found = find_scratches(EncodedRGB(given)) > 0
    near = cv2.dilate(where.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    result, _ = remove.remove_scratches(Image(given))
    return {
        "what": what,
        "nothing_db": round(psnr(given, truth), 2),
        "gain_db": round(psnr(result, truth) - psnr(given, truth), 2),
        "recall": round(float(found[where].mean()), 3),
        "precision": round(float(near[found].mean()), 3),
    }


def psnr(image: Pixels, truth: Pixels) -> float:
    """In decibels of 255."""
    return float(10 * np.log10(255**2 / ((image.astype(np.float64) - truth) ** 2).mean()))


if __name__ == "__main__":
    for row in measure():
        print(json.dumps(row))
