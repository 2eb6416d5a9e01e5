"""Picture code: strips against whole frames, masks, blurs and whole edits against what they cannot do without."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from benchmarks.files import LIMITS, SIZE, photo
from benchmarks.timing import Row, median_ms
from cavendish.domain.context import EditContext
from cavendish.domain.request import EditRequest, OutputOptions
from cavendish.engines.base import EngineInput, Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.decode import decode_all
from cavendish.imaging.encode import encode_image
from cavendish.imaging.image import Image
from cavendish.ops.hue import adjust_saturation
from cavendish.pixels.bokeh import blur_background
from cavendish.pixels.matte import estimate_foreground, refine_alpha
from cavendish.pixels.strips import light_rows, map_linear
from cavendish.planning.planner import PhrasePlanner
from cavendish.regions.networks import Networks
from cavendish.settings import load
from cavendish.weights.runtimes import open_onnx
from cavendish.weights.store import WeightStore

MODEL = "google/gemini-2.5-flash-image-edit"


def strip_rows() -> Iterator[Row]:
    """The same float operation in strips and on the whole frame."""

    def saturate(light: LinearRGB) -> LinearRGB:
        return adjust_saturation(light, amount=0.3)

    for megapixels, size in ((1, SIZE), (12, (4000, 3000)), (50, (8160, 6120))):
        image = EncodedRGB(np.ascontiguousarray(np.resize(photo().pixels, (size[1], size[0], 3))))
        runs = 5 if megapixels == 1 else 1
        ours = median_ms(lambda image=image: map_linear(image, saturate), runs=runs)
        floor = median_ms(lambda image=image: to_encoded(saturate(to_linear(image))), runs=runs)
        yield Row(f"saturation in strips, {megapixels} MP", "the same on the whole frame", ours, floor)


def edit_rows() -> Iterator[Row]:
    """Masks and whole edits."""
    picture = photo()
    network = _network()
    tensor = np.zeros((1, 3, 320, 320), np.float32)
    network_ms = median_ms(lambda: network(tensor))
    light = to_linear(EncodedRGB(picture.pixels))
    alpha = np.zeros(picture.size[::-1], np.float32)
    cv2.circle(alpha, (590, 430), 280, 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 6)
    floor = "u2netp inference"
    yield Row(
        "matte: refine the alpha", floor, median_ms(lambda: refine_alpha(EncodedRGB(picture.pixels), alpha)), network_ms
    )
    yield Row("matte: foreground colors", floor, median_ms(lambda: estimate_foreground(light, alpha)), network_ms)
    rows, whole = light_rows(EncodedRGB(picture.pixels)), slice(0, SIZE[1])
    blurred = median_ms(lambda: blur_background(rows, alpha, radius_px=20).light(whole))
    yield Row("blurred plate", floor, blurred, network_ms)
    edit_ms = _editor(picture, network)
    for prompt in ("remove the background", "blur the background", "put a café behind it", "make the subject red"):
        yield Row(prompt, floor, edit_ms(prompt), network_ms)
    file = encode_image(picture, OutputOptions(), text={})
    codec_ms = median_ms(lambda: encode_image(decode_all([file], LIMITS)[0], OutputOptions(), text={}))
    for prompt in ("make it brighter", "more saturated", "black and white", "sepia", "improve this photo"):
        yield Row(prompt, "decode + encode of the same file", edit_ms(prompt), codec_ms)


def _network() -> Callable[[np.ndarray], np.ndarray]:
    settings = load()
    path = WeightStore(settings.weights_folder).locate("u2netp.onnx")
    return open_onnx(path, threads=settings.weights.threads).run


def _editor(picture: Image, network: Callable[[np.ndarray], np.ndarray]) -> Callable[[str], float]:
    engine = EmbeddedEngine(workers=Workers(1), networks=Networks(saliency=lambda: network))

    def edit_ms(prompt: str) -> float:
        request = EditRequest(MODEL, prompt, ("-",), aspect_ratio="auto")
        given = EngineInput((picture,), PhrasePlanner().plan(request), request)
        return median_ms(lambda: engine.edit_now(given, EditContext(time.monotonic() + 60)), runs=5)

    return edit_ms
