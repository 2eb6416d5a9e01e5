"""`make bench`: run every row, print a table, write `bench-out/bench.json` and `bench-out/bench.md`."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
from skimage import data

from cavendish.domain.context import EditContext
from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import EditRequest, OutputOptions
from cavendish.engines.base import EngineInput, Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.imaging.decode import decode_all
from cavendish.imaging.encode import encode_image
from cavendish.imaging.image import Image
from cavendish.planning.planner import PhrasePlanner
from cavendish.regions.resolve import Networks
from cavendish.settings import load
from cavendish.weights.runtimes import open_onnx
from cavendish.weights.store import WeightStore


@dataclass(frozen=True)
class Row:
    """One comparison: `ratio` is ours over the floor, both medians of the same run."""

    what: str
    floor: str
    ours_ms: float
    floor_ms: float

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.floor_ms


def median_ms(function: Callable[[], object], *, runs: int = 7) -> float:
    """Median wall time of a call, after one call to warm up."""
    function()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        function()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def photo() -> Image:
    """A photograph of 1184×864 (scikit-image's own), the contract's 4:3."""
    return Image(np.ascontiguousarray(cv2.resize(data.chelsea(), (1184, 864), interpolation=cv2.INTER_CUBIC)))


def png_rows(picture: Image) -> Iterable[Row]:
    """PNG writing and reading against the fastest steady library settings."""
    plain = OutputOptions()
    raw = picture.pixels
    floor = median_ms(lambda: imagecodecs.png_encode(raw, level=1, strategy=3, filter=0x80))
    yield Row(
        "PNG encode", "imagecodecs level 1, RLE, Paeth", median_ms(lambda: encode_image(picture, plain, text={})), floor
    )
    file = encode_image(picture, plain, text={})
    buffer = np.frombuffer(file, np.uint8)
    ours = median_ms(lambda: decode_all([file], DecodeSettings()))
    yield Row("PNG decode", "cv2.imdecode", ours, median_ms(lambda: cv2.imdecode(buffer, cv2.IMREAD_COLOR)))


def edit_rows(picture: Image) -> Iterable[Row]:
    """Whole edits in the engine against what they cannot do without."""
    settings = load()
    path = WeightStore(settings.weights_folder).locate("u2netp.onnx")
    network = open_onnx(path, threads=settings.weights.threads).run
    engine = EmbeddedEngine(workers=Workers(1), networks=Networks(saliency=lambda: network))
    file = encode_image(picture, OutputOptions(), text={})
    codec_ms = median_ms(lambda: encode_image(decode_all([file], DecodeSettings())[0], OutputOptions(), text={}))
    tensor = np.zeros((1, 3, 320, 320), np.float32)
    network_ms = median_ms(lambda: network(tensor))

    def edit_ms(prompt: str) -> float:
        request = EditRequest("google/gemini-2.5-flash-image-edit", prompt, ("-",), aspect_ratio="auto")
        given = EngineInput((picture,), PhrasePlanner().plan(request), request)
        return median_ms(lambda: engine.edit_now(given, EditContext(time.monotonic() + 60)), runs=5)

    codec = "decode + encode of the same file"
    yield Row("make it brighter", codec, edit_ms("make it brighter"), codec_ms)
    yield Row("more saturated", codec, edit_ms("more saturated"), codec_ms)
    yield Row("black and white", codec, edit_ms("black and white"), codec_ms)
    yield Row("remove the background", "u2netp inference", edit_ms("remove the background"), network_ms)
    yield Row("blur the background", "u2netp inference", edit_ms("blur the background"), network_ms)


def main() -> None:
    """Run and report."""
    picture = photo()
    rows = [*png_rows(picture), *edit_rows(picture)]
    lines = ["| what | floor | ours ms | floor ms | ratio |", "|---|---|---:|---:|---:|"]
    lines += [f"| {r.what} | {r.floor} | {r.ours_ms:.1f} | {r.floor_ms:.1f} | {r.ratio:.2f} |" for r in rows]
    out = Path("bench-out")
    out.mkdir(exist_ok=True)
    (out / "bench.md").write_text("\n".join(lines) + "\n", "utf-8")
    (out / "bench.json").write_text(
        json.dumps([asdict(r) | {"ratio": r.ratio} for r in rows], indent=2) + "\n", "utf-8"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
