"""Where the weights are on disk, whether they are the right ones, and the networks opened from them."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from cavendish.errors import WeightsUnavailable
from cavendish.weights.manifest import load_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cavendish.weights.manifest import WeightFile

T = TypeVar("T")


@dataclass(frozen=True)
class WeightSettings:
    """The `weights` section of the settings.

    Args:
        folder: Where weight files are kept; None for `default_folder`.
        compute_threads: Threads a network may use; 0 for one per core.
        max_sessions: Networks kept open at once, at least 1; the least recently used is closed first.
    """

    folder: Path | None = None
    compute_threads: int = 0
    max_sessions: int = 8

    @property
    def threads(self) -> int:
        """Threads a network may use, with 0 resolved to the number of cores."""
        return self.compute_threads or os.cpu_count() or 1


@dataclass(frozen=True)
class WeightStatus:
    """What `cavendish weights list` says of one file.

    Args:
        name: File name in the weights folder.
        licence: SPDX identifier of the weights' licence.
        source: Address where the weights were first published.
        capability: What the file is for.
        bytes: Size of the file.
        installed: A file of this name is in the folder.
        verified: It has the checksum the manifest names.
    """

    name: str
    licence: str
    source: str
    capability: str
    bytes: int
    installed: bool
    verified: bool


def default_folder(user_data: Path) -> Path:
    """Where weights go when the settings name no folder.

    Args:
        user_data: The platform's folder for a user's application data, such as `~/.local/share`. Passed in,
            because only the settings read the environment.
    """
    return user_data / "cavendish" / "weights"


def is_verified(path: Path, file: WeightFile) -> bool:
    """Whether `path` holds exactly the bytes the manifest names; False where there is no file."""
    if not path.is_file() or path.stat().st_size != file.bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


class WeightStore:
    """Verified weight files of one folder and an LRU of the networks opened from them. Safe from any thread.

    Args:
        folder: Where `cavendish weights install` wrote; it need not exist.
        manifest: The files that may be asked for; the shipped manifest by default.
        max_sessions: Networks kept open at once. An evicted network lives on while someone still runs it.
    """

    def __init__(self, folder: Path, *, manifest: Iterable[WeightFile] | None = None, max_sessions: int = 8) -> None:
        if max_sessions < 1:
            raise ValueError("max_sessions must be at least 1")
        self._folder = folder
        self._files = {file.name: file for file in (load_manifest() if manifest is None else manifest)}
        self._max_sessions = max_sessions
        self._guard = threading.Lock()
        self._verdicts: dict[str, tuple[tuple[int, int], bool]] = {}
        self._sessions: OrderedDict[str, object] = OrderedDict()
        # One lock per file: opening a large network must not hold up those who want another one.
        self._opening = {name: threading.Lock() for name in self._files}

    def locate(self, name: str) -> Path:
        """The path of a file whose checksum is right. A file is hashed once, and again only if it changes.

        Raises:
            KeyError: the manifest has no file of this name.
            WeightsUnavailable: the file is missing, or is not the one the manifest names.
        """
        file = self._files[name]
        path = self._folder / name
        if self._verified(path, file):
            return path
        fault = "does not match its checksum" if path.exists() else "is not installed"
        raise WeightsUnavailable(
            f"The network file {name} ({file.capability}) {fault}; run `cavendish weights install`."
        )

    def status(self) -> list[WeightStatus]:
        """One entry per file of the manifest, in its order."""
        return [self._status(file) for file in self._files.values()]

    def session(self, name: str, open_network: Callable[[Path], T]) -> T:
        """The network of a file, opened at the first call and kept while it is among the recently used.

        Args:
            name: File name in the manifest. One name is always opened by the same function.
            open_network: Called with the verified path, once, however many threads ask at the same time.

        Raises:
            KeyError: the manifest has no file of this name.
            WeightsUnavailable: the file is missing, or is not the one the manifest names.
        """
        with self._opening[name]:
            with self._guard:
                if name in self._sessions:
                    self._sessions.move_to_end(name)
                    return cast("T", self._sessions[name])
            network = open_network(self.locate(name))
            with self._guard:
                self._sessions[name] = network
                while len(self._sessions) > self._max_sessions:
                    self._sessions.popitem(last=False)
            return network

    def _verified(self, path: Path, file: WeightFile) -> bool:
        try:
            stat = path.stat()
        except OSError:
            return False
        stamp = (stat.st_size, stat.st_mtime_ns)
        with self._guard:
            seen = self._verdicts.get(file.name)
        if seen is not None and seen[0] == stamp:
            return seen[1]
        verdict = is_verified(path, file)
        with self._guard:
            self._verdicts[file.name] = (stamp, verdict)
        return verdict

    def _status(self, file: WeightFile) -> WeightStatus:
        path = self._folder / file.name
        return WeightStatus(
            name=file.name,
            licence=file.licence,
            source=file.source,
            capability=file.capability,
            bytes=file.bytes,
            installed=path.is_file(),
            verified=self._verified(path, file),
        )
