"""Files in and out, against the fastest library calls for the same job."""

from __future__ import annotations

import io
from collections.abc import Iterator

import cv2
import imagecodecs
import numpy as np
import PIL.Image
from skimage import data

from benchmarks.timing import Row, median_ms
from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import OutputOptions
from cavendish.imaging.decode import decode_all
from cavendish.imaging.encode import encode_image
from cavendish.imaging.image import Image
from cavendish.imaging.png import write_png
from cavendish.imaging.resample import scaling
from cavendish.pixels.canvas import Canvas
from cavendish.pixels.composite import render

SIZE = (1184, 864)
LIMITS = DecodeSettings()


def photo(size: tuple[int, int] = SIZE) -> Image:
    """A photograph of that size, with the grain that enlarging would have smoothed away."""
    enlarged = cv2.resize(data.chelsea(), size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    grained = enlarged + np.random.default_rng(0).normal(0, 2.5, enlarged.shape)
    return Image(np.clip(np.rint(grained), 0, 255).astype(np.uint8))


def rows() -> Iterator[Row]:
    """PNG of a photograph, a cut-out and flat art; decoding; shrinking; draft decoding."""
    picture = photo()
    for name, pixels in (("photograph", picture.pixels), ("cut-out", _cut_out(picture)), ("flat art", _flat())):
        floor = median_ms(lambda pixels=pixels: imagecodecs.png_encode(pixels, level=1, strategy=3, filter=0x80))
        ours = median_ms(lambda pixels=pixels: write_png(pixels))
        yield Row(f"PNG encode, {name}", "imagecodecs level 1, RLE, Paeth", ours, floor)
    png = write_png(picture.pixels)
    buffer = np.frombuffer(png, np.uint8)
    floor = median_ms(lambda: cv2.imdecode(buffer, cv2.IMREAD_COLOR))
    yield Row("PNG decode", "cv2.imdecode", median_ms(lambda: decode_all([png], LIMITS)), floor)
    large = photo((4000, 3000))
    jpeg = encode_image(large, OutputOptions(format="jpeg", compression=90), text={})
    floor = median_ms(lambda: PIL.Image.open(io.BytesIO(jpeg)).load(), runs=3)
    ours = median_ms(lambda: decode_all([jpeg], LIMITS, enough=[SIZE]), runs=3)
    yield Row("12 MP JPEG decoded for a 1 MP answer", "Pillow, all pixels", ours, floor)
    canvas = Canvas(SIZE, scaling(4000 / SIZE[0], 3000 / SIZE[1]))
    floor = median_ms(lambda: cv2.resize(large.pixels, SIZE, interpolation=cv2.INTER_AREA), runs=3)
    yield Row(
        "12 MP to 1 MP in linear light",
        "cv2.resize AREA, encoded",
        median_ms(lambda: render(large, canvas), runs=3),
        floor,
    )


def sizes() -> Iterator[dict[str, object]]:
    """Bytes of our PNG over Pillow's default."""
    for name, pixels in (("photograph", photo().pixels), ("cut-out", _cut_out(photo())), ("flat art", _flat())):
        buffer = io.BytesIO()
        PIL.Image.fromarray(pixels).save(buffer, "PNG")
        yield {"what": f"PNG bytes, {name}", "of Pillow's default": round(len(write_png(pixels)) / buffer.tell(), 3)}


def _cut_out(picture: Image) -> np.ndarray:
    alpha = np.zeros(picture.size[::-1], np.uint8)
    cv2.circle(alpha, (590, 430), 330, 255, -1, cv2.LINE_AA)
    return np.dstack([picture.rgb * (alpha > 0)[..., None], alpha])


def _flat() -> np.ndarray:
    art = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    cv2.circle(art, (600, 400), 300, (200, 30, 40), -1, cv2.LINE_AA)
    cv2.putText(art, "Cavendish", (100, 700), cv2.FONT_HERSHEY_DUPLEX, 5, (10, 20, 30), 8, cv2.LINE_AA)
    return art
