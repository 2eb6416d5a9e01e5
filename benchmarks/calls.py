"""A whole call over HTTP against decoding and encoding the same picture in process."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import httpx2

from benchmarks.files import LIMITS, photo
from benchmarks.timing import Row, median_ms
from cavendish.domain.request import OutputOptions
from cavendish.imaging.decode import decode_all
from cavendish.imaging.encode import encode_image


def rows() -> Iterator[Row]:
    """A tone edit whose input already has the answer's ratio."""
    file = encode_image(photo(), OutputOptions(), text={})
    key = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "cavendish", "serve", "--port", str(port), "--data-dir", folder]
        environment = os.environ | {"CAVENDISH_BOOTSTRAP_KEY": key, "CAVENDISH_LOG_LEVEL": "error"}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            yield _tone_row(f"http://127.0.0.1:{port}", key, file)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _tone_row(origin: str, key: str, file: bytes) -> Row:
    with httpx2.Client(
        base_url=origin, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
    ) as http:
        _await_ready(http)
        url = http.post("/v1/files", content=file).raise_for_status().json()["url"]
        body = {
            "model": "google/gemini-2.5-flash-image-edit",
            "prompt": "make it brighter",
            "image_urls": [url],
            "aspect_ratio": "4:3",
        }
        ours = median_ms(lambda: http.post("/v1/images/generations", json=body).raise_for_status(), runs=25)
    codec_ms = median_ms(lambda: encode_image(decode_all([file], LIMITS)[0], OutputOptions(), text={}), runs=25)
    return Row("tone edit over HTTP, 1 MP", "decode + encode of the same file", ours, codec_ms)


def _await_ready(http: httpx2.Client) -> None:
    for _ in range(600):
        try:
            if http.get("/health/ready").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the server did not get ready")
