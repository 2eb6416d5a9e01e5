"""Three edits from sentence to file, compared with stored results.

Codecs and linear algebra differ between machines, so 40 dB is asked for, not equality: about two codes on average.
After a wanted change look at the new pictures and store them with `python -m tests.golden.test_edits`.
"""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from cavendish.domain.context import EditContext
from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import EditRequest, Principal
from cavendish.engines.base import Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.engines.router import Router
from cavendish.jobs.states import Edit
from cavendish.planning.planner import PhrasePlanner
from cavendish.regions.networks import Networks
from cavendish.service import make
from tests.support.networks import RednessNetwork
from tests.support.pictures import encoded

FOLDER = Path(__file__).parent
LEAST_PSNR_DB = 40
MOST_BYTES = 20_000


def landscape(width=144, height=108):
    """Sky, sun, hills and a path: smooth, in many colors, with a few hard edges."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y / height, x / width
    picture = np.stack([90 + 120 * y, 150 + 70 * y, 235 - 30 * y], -1)
    sun = np.hypot(x - 0.75, (y - 0.25) * height / width) < 0.07
    picture[sun] = 255, 240, 180
    for level, depth, color in ((0.55, 0.06, (120, 150, 130)), (0.68, 0.09, (70, 120, 70))):
        hill = y > level + depth * np.sin(7 * x + 20 * depth)
        picture[hill] = np.array(color) * (1.15 - 0.35 * y[hill, None])
    path = np.abs(x - 0.45 - 0.1 * np.sin(6 * y)) < 0.12 * (y - 0.68)
    picture[path] = 200, 180, 150
    return np.clip(picture, 0, 255).astype(np.uint8)


def ball(width=144, height=108):
    """A shaded red ball on a pale sheet, its edge antialiased."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = 0.32 * height
    dx, dy = (x - 0.45 * width) / radius, (y - 0.52 * height) / radius
    distance = np.hypot(dx, dy)
    shade = np.clip(0.4 + 0.6 * (-0.5 * dx - 0.6 * dy + 0.6 * np.sqrt(np.clip(1 - distance**2, 0, 1))), 0.45, 1)
    sheet = np.stack([224 - 20 * y / height, 220 - 14 * y / height, 206 + 10 * x / width], -1)
    cover = np.clip((1 - distance) * radius + 0.5, 0, 1)[..., None]
    return np.rint(sheet + (np.stack([215 * shade, 45 * shade, 40 * shade], -1) - sheet) * cover).astype(np.uint8)


EDITS = {
    "tilted_sepia": ([landscape()], "Increase the contrast, rotate it 8 degrees and give it a sepia tone."),
    "ball_in_the_landscape": ([landscape(), ball()], "Put the ball from the second picture on the left, large."),
    "ball_cut_out": ([ball()], "Remove the background and flip it horizontally."),
}


def edited(name: str) -> bytes:
    """The file a server would deliver, at the picture's own size."""
    pictures, prompt = EDITS[name]
    request = EditRequest(
        "google/gemini-2.5-flash-image-edit", prompt, tuple("x" for _ in pictures), aspect_ratio="auto", seed=0
    )
    workers = Workers(1)
    engine = EmbeddedEngine(workers=workers, networks=Networks(saliency=RednessNetwork))
    plan = PhrasePlanner().plan(request)
    edit = Edit("golden", Principal("a", "k"), request, plan, Router([engine]).open(request, plan), 0, 0)
    context = EditContext(time.monotonic() + 60)
    sources = [encoded(picture) for picture in pictures]
    made = asyncio.run(make(edit, sources, context, workers=workers, decode=DecodeSettings()))
    workers.close()
    assert "Not done" not in made.description
    ((data, _),) = made.files
    return data


def over_gray(data: bytes) -> np.ndarray:
    """Pixels over middle gray, so that only visible differences count, and alpha beside them."""
    pixels = np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGBA")).astype(np.float64)
    alpha = pixels[..., 3:] / 255
    return np.dstack([pixels[..., :3] * alpha + 128 * (1 - alpha), pixels[..., 3]])


@pytest.mark.parametrize("name", EDITS)
def test_edits_look_as_they_did(name):
    stored = (FOLDER / f"{name}.png").read_bytes()
    assert len(stored) <= MOST_BYTES
    expected, result = over_gray(stored), over_gray(edited(name))
    assert result.shape == expected.shape
    error = np.mean((result - expected) ** 2)
    assert error == 0 or 10 * np.log10(255**2 / error) >= LEAST_PSNR_DB


def test_the_comparison_notices_a_small_change():
    """A picture three codes brighter everywhere would fail."""
    assert 10 * np.log10(255**2 / 3**2) < LEAST_PSNR_DB


if __name__ == "__main__":
    for each in EDITS:
        small = io.BytesIO()
        PIL.Image.open(io.BytesIO(edited(each))).save(small, "PNG", optimize=True)
        (FOLDER / f"{each}.png").write_bytes(small.getvalue())
