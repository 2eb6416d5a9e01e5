"""Cut-outs beside rembg's, with the same U²-Net file, and the memory that all core networks take.

`python -m benchmarks.cutouts --rembg PYTHON` takes an interpreter that has rembg (`pip install "rembg[cpu]"` into a
virtual environment of its own); without it only memory is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import skimage.data
from PIL import Image as Picture

from benchmarks.files import LIMITS
from cavendish.app import Weights, networks
from cavendish.domain.context import EditContext
from cavendish.domain.request import EditRequest, OutputOptions
from cavendish.engines.base import EngineInput, Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.decode import decode_all
from cavendish.imaging.encode import encode_image
from cavendish.imaging.image import Image
from cavendish.planning.planner import PhrasePlanner
from cavendish.regions.resolve import RegionResolver
from cavendish.settings import load

MODEL = "google/gemini-2.5-flash-image-edit"
RUNS = 7
PICTURES = ("astronaut", "chelsea")
"""One that the small saliency network is sure of, and one for which the large one is asked as well."""
EVERYTHING = (
    "remove the cup", "remove the helmet", "make her lips red", "remove the text", "remove the person", "blur the dog",
)  # fmt: skip
"""Sentences that between them open every core network."""

PEER = """
import json, sys, time
from rembg import new_session, remove
data = open(sys.argv[1], "rb").read()
session = new_session("u2net")
for line in sys.stdin:
    started = time.perf_counter()
    remove(data, session=session, alpha_matting=json.loads(line))
    print((time.perf_counter() - started) * 1000, flush=True)
"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rembg", type=Path, help="interpreter that has rembg")
    given = options.parse_args()
    if given.rembg is not None:
        for name in PICTURES:
            file = Path("bench-out") / f"{name}.png"
            file.parent.mkdir(exist_ok=True)
            square = Picture.fromarray(getattr(skimage.data, name)())
            square.resize((1000, 1000), Picture.Resampling.LANCZOS).save(file)
            _compare(file, given.rembg)
    _memory()


def _compare(file: Path, python: Path) -> None:
    data = file.read_bytes()
    engine = EmbeddedEngine(workers=Workers(1), networks=networks(Weights(load())))
    peer = _peer(file, python)
    cut = _cutter(engine, data)
    for matting in (False, True):
        try:
            pairs = [(_timed(cut), peer(matting=matting)) for _ in range(RUNS + 1)][1:]
        except (ValueError, BrokenPipeError):  # it does not solve every matte
            print(f"{file.stem}, 1 MP: rembg failed")
            return
        ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
        peer_name = "rembg with alpha matting" if matting else "rembg"
        print(f"{file.stem}, 1 MP: {ours:.0f} ms, {peer_name} {theirs:.0f} ms: {ours / theirs:.2f}")


def _cutter(engine: EmbeddedEngine, data: bytes) -> Callable[[], object]:
    """Bytes to bytes, as the peer does it."""
    request = EditRequest(MODEL, "remove the background", ("-",), aspect_ratio="auto")
    plan = PhrasePlanner().plan(request)

    def cut() -> bytes:
        images = decode_all([data], LIMITS)
        result = asyncio.run(engine.edit(EngineInput(images, plan, request), EditContext(time.monotonic() + 60)))
        return encode_image(result.pictures[0], OutputOptions(), text={})

    return cut


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _peer(file: Path, python: Path) -> Callable[..., float]:
    environment = {**os.environ, "U2NET_HOME": str(load().weights_folder)}
    process = subprocess.Popen(
        [str(python), "-c", PEER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdin is not None, "a pipe"
    assert process.stdout is not None, "a pipe"
    wishes, answers = process.stdin, process.stdout

    def remove(*, matting: bool) -> float:
        wishes.write(f"{json.dumps(matting)}\n")
        wishes.flush()
        return float(answers.readline())

    return remove


def _memory() -> None:
    """Peak of this process after every core network was used once, at 1 MP."""
    picture = Image(skimage.data.astronaut().repeat(2, axis=0).repeat(2, axis=1))
    resolver = RegionResolver(networks(Weights(load())))
    for sentence in EVERYTHING:
        steps, _ = PhrasePlanner().read(sentence, images=1)
        for region in (step.region for step in steps if step.region is not None):
            try:
                resolver.find(picture, region)
            except UnsupportedEdit:
                continue
    scale = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6
    print(f"peak memory with every core network used once: {peak:.0f} MB")


if __name__ == "__main__":
    main()
