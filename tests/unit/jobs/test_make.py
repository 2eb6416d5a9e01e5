"""Edits as files: what a sentence says of pixels and bytes is what the file has."""

import asyncio
import time

import numpy as np
import pytest

from cavendish.domain.context import EditContext
from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import EditRequest, OutputOptions, Principal
from cavendish.engines.base import Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.engines.router import Router
from cavendish.jobs.states import Edit
from cavendish.planning.planner import PhrasePlanner
from cavendish.regions.networks import Networks
from cavendish.service import make
from tests.support.pictures import decoded, encoded

MODEL = "google/gemini-2.5-flash-image-edit"


def made(prompt, *, aspect_ratio=None, file_format="png"):
    """The one file of an edit of a noisy picture of 640×480."""
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    request = EditRequest(
        MODEL, prompt, ("x",), aspect_ratio=aspect_ratio, seed=0, output=OutputOptions(format=file_format)
    )
    workers = Workers(1)
    plan = PhrasePlanner().plan(request)
    router = Router([EmbeddedEngine(workers=workers, networks=Networks())])
    edit = Edit("one", Principal("a", "k"), request, plan, router.open(request, plan), 0, 0)
    context = EditContext(time.monotonic() + 60)
    result = asyncio.run(make(edit, [encoded(pixels)], context, workers=workers, decode=DecodeSettings()))
    workers.close()
    ((data, size),) = result.files
    assert decoded(data).shape[1::-1] == size
    return data, size, result.description


@pytest.mark.parametrize("file_format", ["png", "jpeg"])
@pytest.mark.parametrize("aspect_ratio", [None, "auto"])
def test_a_file_size_that_is_asked_for_is_kept(file_format, aspect_ratio):
    data, size, description = made("make it under 200 kb", aspect_ratio=aspect_ratio, file_format=file_format)
    assert 100_000 < len(data) <= 200_000
    assert (f"scaled to {size[0]}×{size[1]}" in description) == (file_format == "png" or size[0] < 640)


@pytest.mark.parametrize(
    ("prompt", "size"),
    [("resize it to 300x200", (300, 200)), ("resize it to 50%", (320, 240)), ("make it 320 px wide", (320, 240))],
)
def test_pixels_that_are_asked_for_are_not_resized_again(prompt, size):
    assert made(prompt)[1] == size


def test_a_request_for_a_ratio_overrules_pixels_in_the_words():
    assert made("resize it to 300x200", aspect_ratio="1:1")[1] == (1024, 1024)
