"""`cavendish demo`: a real server, a real two-picture edit over HTTP, and a sheet that shows it."""

from __future__ import annotations

import io
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from cavendish.errors import InternalFault

_PICTURES = ("terrace.jpg", "mug.jpg")
_BODY = {
    "model": "google/gemini-2.5-flash-image-edit",
    "prompt": "Put the mug from the second picture on the table in the first one, on the right. "
    "Blur the background slightly to create a bokeh effect.",
    "aspect_ratio": "4:3",
}
_START_S = 30

# Our own server on loopback: a proxy of the environment has no business in between.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def run_demo(out: Path) -> None:
    """Do the demo.

    Args:
        out: Folder that gets `input-1.jpg`, `input-2.jpg`, `output.png`, `response.json` and `sheet.jpg`.

    Raises:
        InternalFault: The server did not start.
    """
    out.mkdir(parents=True, exist_ok=True)
    inputs = [files("cavendish.cli").joinpath("pictures", name).read_bytes() for name in _PICTURES]
    for k, data in enumerate(inputs):
        (out / f"input-{k + 1}.jpg").write_bytes(data)
    key = secrets.token_hex(16)
    with _server(key) as origin:
        urls = [_call(f"{origin}/v1/files", key, data, "image/jpeg")["url"] for data in inputs]
        body = _BODY | {"image_urls": urls}
        print(f"POST {origin}/v1/images/generations\n{json.dumps(body, indent=2)}\n")
        started = time.perf_counter()
        answer = _call(f"{origin}/v1/images/generations", key, json.dumps(body).encode(), "application/json")
        print(f"{json.dumps(answer, indent=2, ensure_ascii=False)}\n")
        print(f"Answered in {time.perf_counter() - started:.1f} s.")
        with _open(answer["data"][0]["url"]) as result:
            output = result.read()
    (out / "output.png").write_bytes(output)
    (out / "response.json").write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _sheet([*inputs, output], str(_BODY["prompt"])).save(out / "sheet.jpg", quality=92)
    print(f"Inputs, output and a sheet of all three are in {out}/ — open {out / 'sheet.jpg'}.")


@contextmanager
def _server(key: str) -> Iterator[str]:
    """A server on a free port with a temporary data folder, stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="cavendish-demo-") as folder:
        command = [sys.executable, "-m", "cavendish", "serve", "--port", str(port), "--data-dir", folder]
        environment = os.environ | {"CAVENDISH_BOOTSTRAP_KEY": key, "CAVENDISH_LOG_LEVEL": "warning"}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 - ourselves
        try:
            _await_ready(origin, process)
            yield origin
        finally:
            process.terminate()
            process.wait(timeout=30)


def _await_ready(origin: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with _open(f"{origin}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise InternalFault("The demo server did not start; run `cavendish serve` to see why.")


def _call(url: str, key: str, body: bytes, content_type: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": content_type}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - our own server's address
    try:
        with _open(request, timeout=150) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise InternalFault(f"The demo request failed: {error.read().decode()}") from error


def _sheet(pictures: list[bytes], caption: str) -> Image.Image:
    """Inputs and output side by side at one height, with the sentence below."""
    height, gap = 480, 12
    opened = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    scaled = [picture.resize((round(picture.width * height / picture.height), height)) for picture in opened]
    width = sum(picture.width for picture in scaled) + gap * (len(scaled) + 1)
    sheet = Image.new("RGB", (width, height + 2 * gap + 28), "white")
    x = gap
    for picture in scaled:
        sheet.paste(picture, (x, gap))
        x += picture.width + gap
    ImageDraw.Draw(sheet).text((gap, height + 2 * gap), caption, fill="black", font_size=16)
    return sheet
