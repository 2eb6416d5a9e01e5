"""A real server in a process of its own, its keys, and its books."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

MODEL = "google/gemini-2.5-flash-image-edit"
PRICE = 84_000


@dataclass
class Server:
    """A running server."""

    origin: str
    data_dir: Path
    process: subprocess.Popen

    def client(self, key: str, **options) -> httpx2.Client:
        """An HTTP client with the key set."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx2.Client(base_url=self.origin, headers=headers, timeout=60, trust_env=False, **options)

    def kill(self) -> None:
        """SIGKILL: no handler runs."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_server(data_dir: Path, *arguments: str, **environment: str) -> Iterator[Server]:
    """Start `cavendish serve`, wait until it is ready, stop it at the end.

    Environment names are given without their prefix, such as `JOBS__LEASE_S="1"`.
    """
    port = free_port()
    settings = {f"CAVENDISH_{name}": value for name, value in environment.items()}
    command = [sys.executable, "-m", "cavendish", "serve", "--port", str(port), "--data-dir", str(data_dir), *arguments]
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("ab") as stderr:
        process = subprocess.Popen(command, env=os.environ | settings, stderr=stderr)
        server = Server(f"http://127.0.0.1:{port}", data_dir, process)
        try:
            await_ready(server)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=60)


def await_ready(server: Server, *, timeout_s: float = 30) -> float:
    """Wait for `/health/ready`; return the seconds it took."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    started = time.monotonic()
    while time.monotonic() - started < timeout_s:
        assert server.process.poll() is None, "the server ended"
        try:
            with opener.open(f"{server.origin}/health/ready", timeout=5):
                return time.monotonic() - started
        except OSError:
            time.sleep(0.02)  # polling another process; nothing is assumed about how long it takes
    raise AssertionError("the server did not get ready")


def create_key(data_dir: Path, *, amount: int | str = "unlimited", account: str | None = None) -> dict:
    """`cavendish keys create`: {"key", "prefix", "account", "credits"}."""
    command = [sys.executable, "-m", "cavendish", "keys", "create", "--data-dir", str(data_dir)]
    command += ["--credits", str(amount), "--name", "test", "--json"]
    command += ["--account", account] if account else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@dataclass(frozen=True)
class Books:
    """An account's money: the invariant is `entries == balance + reserved`."""

    entries: int
    balance: int
    reserved: int


def books(data_dir: Path, account: str) -> Books:
    """Read an account's books straight from the database file."""
    with closing(sqlite3.connect(data_dir / "cavendish.sqlite3", timeout=10)) as connection:
        query = (
            "SELECT (SELECT COALESCE(SUM(credits), 0) FROM entries WHERE account_id = :a),"
            " (SELECT balance_credits FROM accounts WHERE id = :a),"
            " (SELECT COALESCE(SUM(reserved_credits), 0) FROM edits WHERE account_id = :a)"
        )
        return Books(*connection.execute(query, {"a": account}).fetchone())


def rows(data_dir: Path, query: str) -> list[tuple]:
    """Any query on the database file."""
    with closing(sqlite3.connect(data_dir / "cavendish.sqlite3", timeout=10)) as connection:
        return connection.execute(query).fetchall()
