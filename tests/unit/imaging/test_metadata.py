"""Metadata: kept where asked, never the place, never an orientation that is already applied."""

import io

import numpy as np
import PIL.Image
import pytest
from PIL.ExifTags import IFD, Base

from cavendish.domain.limits import DecodeSettings
from cavendish.domain.request import OutputOptions
from cavendish.imaging.decode import decode_all
from cavendish.imaging.encode import encode_image
from cavendish.imaging.image import Metadata
from cavendish.imaging.metadata import png_chunks, read_metadata
from cavendish.imaging.png import write_png

FORMATS = ["png", "jpeg", "webp"]


def photographed(file_format, *, dpi=(300, 300)):
    """A file with maker, orientation, exposure time and a place."""
    exif = PIL.Image.Exif()
    exif[Base.Make] = "Cavendish Optics"
    exif[Base.Orientation] = 6
    exif.get_ifd(IFD.Exif)[Base.ExposureTime] = 0.5
    exif.get_ifd(IFD.GPSInfo)[2] = (51.0, 30.0, 0.0)
    buffer = io.BytesIO()
    picture = PIL.Image.fromarray(np.full((8, 12, 3), 90, np.uint8))
    picture.save(buffer, file_format, exif=exif, **({"dpi": dpi} if dpi else {}))
    return buffer.getvalue()


def decoded(data):
    return decode_all([data], DecodeSettings())[0]


def exif_of(data):
    return PIL.Image.open(io.BytesIO(data)).getexif()


@pytest.mark.parametrize("file_format", FORMATS)
def test_reading_drops_place_and_orientation_and_keeps_the_rest(file_format):
    metadata = decoded(photographed(file_format)).metadata
    kept = PIL.Image.Exif()
    kept.load(metadata.exif)
    assert metadata.format == file_format.upper()
    assert kept[Base.Make] == "Cavendish Optics"
    assert Base.Orientation not in kept
    assert not kept.get_ifd(IFD.GPSInfo)
    assert kept.get_ifd(IFD.Exif)[Base.ExposureTime] == 0.5


def test_reading_leaves_the_opened_picture_as_it_was():
    opened = PIL.Image.open(io.BytesIO(photographed("jpeg")))
    read_metadata(opened)
    assert opened.getexif()[Base.Orientation] == 6


@pytest.mark.parametrize("written", FORMATS)
@pytest.mark.parametrize("read", FORMATS)
def test_what_is_kept_is_found_in_the_answer_and_the_place_is_not(read, written):
    image = decoded(photographed(read))
    data = encode_image(image, OutputOptions(format=written, keep_metadata=True), text={})
    exif = exif_of(data)
    assert exif[Base.Make] == "Cavendish Optics"
    assert not exif.get_ifd(IFD.GPSInfo)
    assert Base.Orientation not in exif
    assert decoded(data).size == image.size


@pytest.mark.parametrize("written", FORMATS)
def test_nothing_is_kept_unless_asked(written):
    data = encode_image(decoded(photographed("jpeg")), OutputOptions(format=written), text={})
    assert not dict(exif_of(data))
    assert "dpi" not in PIL.Image.open(io.BytesIO(data)).info or written == "jpeg"
    assert b"Cavendish Optics" not in data


@pytest.mark.parametrize("written", FORMATS)
def test_resolution_is_kept(written):
    image = decoded(photographed("png", dpi=(300, 150)))
    data = encode_image(image, OutputOptions(format=written, keep_metadata=True), text={})
    picture = PIL.Image.open(io.BytesIO(data))
    exif = picture.getexif()
    kept = (exif[Base.XResolution], exif[Base.YResolution]) if written == "webp" else picture.info["dpi"]
    assert kept == pytest.approx((300, 150), abs=0.02)


def test_a_file_without_metadata_has_none():
    buffer = io.BytesIO()
    PIL.Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(buffer, "PNG")
    metadata = decoded(buffer.getvalue()).metadata
    assert metadata == Metadata(format="PNG")


@pytest.mark.parametrize("words", ["short", "long " * 500, "ünïcödé 猫 \N{BANANA}", ""])
def test_text_survives_compressed_or_not(words):
    pixels = np.zeros((2, 2, 3), np.uint8)
    tagged = write_png(pixels, chunks=png_chunks(text={"Comment": words}, metadata=None))
    picture = PIL.Image.open(io.BytesIO(tagged))
    picture.load()
    assert picture.text == {"Comment": words}
    assert len(tagged) < len(write_png(pixels)) + 200
