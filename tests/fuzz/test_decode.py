"""Broken files of every format: no crash, no hang, bounded memory; in a child, which a crash would not outlive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cavendish.domain.limits import DecodeSettings
from cavendish.imaging.decode import decode_all
from tests.fuzz.corpus import corpus


def _fuzz(count: int, seed: int) -> None:
    command = [sys.executable, "-m", "tests.fuzz.corpus", str(count), str(seed)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-3000:]


def test_500_broken_files():
    _fuzz(500, 1)


@pytest.mark.long
def test_5000_broken_files():
    _fuzz(5000, 2)


@pytest.mark.parametrize(("name", "data"), corpus(), ids=[name for name, _ in corpus()])
def test_the_corpus_itself_is_readable(name, data):
    (image,) = decode_all([data], DecodeSettings())
    sideways = name in {"jpeg", "webp-lossless"}  # saved with EXIF orientation 6
    assert image.size == ((48, 64) if sideways else (64, 48))
    assert bool(image.metadata.notes) == (name in {"apng", "gif", "webp-animated", "tiff-pages"})
