"""A picture's address that answers only when told to: with it, a test decides how long an edit runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ALLOWED = {
    "FETCHING__ALLOWED_NETWORKS": '["127.0.0.1/32"]',
    "FETCHING__PORTS": "[]",
    "FETCHING__TIMEOUT_S": "60",
}
"""Settings of a server that may fetch from `gated_picture`."""


class GatedPicture:
    """One picture on this machine.

    Args:
        data: The file's bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._arrivals = threading.Semaphore(0)
        self._gate = threading.Event()
        gated = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gated._arrivals.release()
                gated._gate.wait(60)
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "image/png")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # the edit was cancelled meanwhile

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/picture.png"

    def wait_for_edit(self) -> None:
        """Wait until one more edit, which therefore is running, asks for the picture."""
        assert self._arrivals.acquire(timeout=30), "nobody asked for the picture"

    def release(self) -> None:
        """Answer everybody, from now on at once."""
        self._gate.set()


@contextmanager
def gated_picture(data: bytes) -> Iterator[GatedPicture]:
    """Serve `data` at an address that is silent until released."""
    picture = GatedPicture(data)
    thread = threading.Thread(target=picture.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield picture
    finally:
        picture.release()
        picture.server.shutdown()
        picture.server.server_close()
