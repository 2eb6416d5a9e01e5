"""Pictures drawn by code, and reading answers back."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image


def scene(width: int = 640, height: int = 480, *, seed: int = 0) -> np.ndarray:
    """A soft landscape without a subject: sky, ground and grain, h×w×3 uint8."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    rng = np.random.default_rng(seed)
    sky = np.stack([120 + 80 * y / height, 160 + 60 * y / height, 230 - 20 * y / height], -1)
    ground = np.stack([110 + 30 * np.sin(x / 37), 120 + 20 * np.cos(x / 23), np.full_like(x, 70)], -1)
    blend = (1 / (1 + np.exp(-(y - 0.6 * height) / 6)))[..., None]
    return np.clip(sky * (1 - blend) + ground * blend + rng.normal(0, 3, sky.shape), 0, 255).astype(np.uint8)


def ball(width: int = 640, height: int = 480, *, center: tuple[float, float] = (0.5, 0.5), radius: float = 0.25):
    """A shaded red ball on a pale sheet, and its mask: (h×w×3 uint8, h×w bool)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    r = radius * height
    dx, dy = (x - center[0] * width) / r, (y - center[1] * height) / r
    inside = dx * dx + dy * dy <= 1
    light = np.clip(0.35 + 0.65 * (-0.5 * dx - 0.6 * dy + 0.6 * np.sqrt(np.clip(1 - dx * dx - dy * dy, 0, 1))), 0.1, 1)
    pixels = np.stack([215 + 10 * y / height, 210 + 12 * y / height, 200 + 20 * x / width], -1)
    pixels[inside] = (np.stack([210 * light, 40 * light, 35 * light], -1))[inside]
    grain = np.random.default_rng(1).normal(0, 2, pixels.shape)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8), inside


def encoded(pixels: np.ndarray, file_format: str = "PNG", **options) -> bytes:
    """A file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def data_uri(pixels: np.ndarray, file_format: str = "PNG") -> str:
    """The picture as `data:image/…;base64,…`."""
    kind = file_format.lower()
    return f"data:image/{kind};base64,{base64.b64encode(encoded(pixels, file_format)).decode()}"


def decoded(data: bytes) -> np.ndarray:
    """A file's pixels."""
    return np.asarray(Image.open(io.BytesIO(data)))
