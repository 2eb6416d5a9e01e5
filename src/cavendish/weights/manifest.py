"""The list of weight files as values: which file, out of which package, with which checksum and licence."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePosixPath


@dataclass(frozen=True)
class WeightFile:
    """One row of `manifest.toml`.

    Args:
        name: File name in the weights folder.
        package: Name of the carrier on the package index.
        version: The carrier's exact version.
        member: Path of the file inside the carrier's wheel.
        sha256: Checksum of the file, 64 lower-case hex digits.
        bytes: Size of the file.
        licence: SPDX identifier of the weights' licence.
        source: Address where the weights were first published.
        capability: What the file is for, in words for an operator.
        group: Set of files that are installed together.

    Raises:
        ValueError: `name` or `member` would lead outside the folder it is meant for.
    """

    name: str
    package: str
    version: str
    member: str
    sha256: str
    bytes: int
    licence: str
    source: str
    capability: str
    group: str

    def __post_init__(self) -> None:
        if self.name != PurePosixPath(self.name).name or _leaves_its_folder(self.name):
            raise ValueError(f"{self.name!r} is not a plain file name")
        if _leaves_its_folder(self.member):
            raise ValueError(f"{self.member!r} leads outside its package")

    @property
    def requirement(self) -> str:
        """The carrier as pip reads it, `name==version`."""
        return f"{self.package}=={self.version}"


def _leaves_its_folder(path: str) -> bool:
    return not path or "\\" in path or ":" in path or path.startswith("/") or ".." in PurePosixPath(path).parts


@cache
def load_manifest() -> tuple[WeightFile, ...]:
    """The files named in `manifest.toml`, in its order."""
    text = resources.files(__package__).joinpath("manifest.toml").read_text(encoding="utf-8")
    return tuple(WeightFile(**row) for row in tomllib.loads(text)["file"])
