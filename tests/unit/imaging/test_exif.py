"""EXIF: a broken block says nothing of the pixels, and what is passed on holds neither place nor stale sizes."""

import io

import numpy as np
import PIL.Image
import pytest
from PIL.ExifTags import GPS, IFD, Base

from cavendish.domain.request import OutputOptions
from cavendish.imaging.encode import encode_image
from tests.unit.imaging.files import FORMATS, ODD, decode, ramp, saved, tiff, with_exif


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("block", ODD.values(), ids=ODD)
def test_an_odd_block_does_not_touch_the_pixels(block, file_format):
    if file_format == "HEIF":
        pytest.importorskip("pillow_heif")
    image = decode(with_exif(block, file_format, ramp()))
    assert image.size == (40, 30)
    assert np.abs(image.rgb.astype(int) - ramp()).mean() < 2
    for written in ("png", "jpeg", "webp"):
        assert encode_image(image, OutputOptions(format=written, keep_metadata=True), text={})


@pytest.mark.parametrize("packing", [None, "zlib"])
@pytest.mark.parametrize(
    ("tag", "kind", "value"),
    [(274, "s", "6"), (274, "B", 200), (34665, "s", "abc"), (34665, "I", 2**31), (34853, "I", 8), (33434, "s", "x")],
)
def test_an_odd_directory_of_a_tiff_does_not_touch_the_pixels(tag, kind, value, packing):
    data = tiff(
        ramp(), photometric="rgb", extratags=[(tag, kind, 0 if kind == "s" else 1, value, True)], compression=packing
    )
    assert np.array_equal(decode(data).pixels, ramp())


def photographed(file_format):
    """A file whose block holds what may be kept and everything that may not."""
    exif = PIL.Image.Exif()
    exif[Base.Make], exif[Base.Artist], exif[Base.Orientation] = "Cavendish Optics", "Ada", 6
    if file_format != "TIFF":  # where they are the picture's
        exif[Base.ImageWidth], exif[Base.ImageLength] = 9999, 9998
    exif[700] = b"<x:xmpmeta>secret place</x:xmpmeta>"
    exif[33723] = b"secret caption"
    within = exif.get_ifd(IFD.Exif)
    within[Base.ExposureTime], within[Base.DateTimeOriginal] = 0.5, "2026:01:02 03:04:05"
    within[Base.MakerNote] = b"secret place of the maker"
    within[Base.ExifImageWidth], within[Base.ExifImageHeight] = 9999, 9998
    within[Base.SubjectLocation] = (1, 2)
    within[IFD.GPSInfo] = 8  # a place nested where it does not belong
    place = exif.get_ifd(IFD.GPSInfo)
    place[GPS.GPSLatitude], place[GPS.GPSMapDatum] = (51.0, 30.0, 0.0), "secret datum"
    if file_format == "TIFF":  # whose writer takes no directories apart
        exif[IFD.Exif], exif[IFD.GPSInfo] = {k: v for k, v in within.items() if k != IFD.GPSInfo}, place
    options = dict(FORMATS.get(file_format, {}))
    if file_format in {"JPEG", "WEBP", "AVIF"}:
        options["xmp"] = b"<x:xmpmeta>secret place</x:xmpmeta>"
    return saved(ramp(), file_format, exif=exif, **options)


@pytest.mark.parametrize("written", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("read", [*FORMATS, "TIFF"])
def test_what_is_kept_holds_the_shot_and_neither_place_nor_stale_sizes(read, written):
    if read == "HEIF":
        pytest.importorskip("pillow_heif")
    data = photographed(read)
    image = decode(data)
    assert image.size == ((40, 30) if read == "HEIF" else (30, 40))  # its writer does not turn
    answer = encode_image(image, OutputOptions(format=written, keep_metadata=True), text={})
    assert b"secret" not in answer
    picture = PIL.Image.open(io.BytesIO(answer))
    exif = picture.getexif()
    assert (exif[Base.Make], exif[Base.Artist]) == ("Cavendish Optics", "Ada")
    within = exif.get_ifd(IFD.Exif)
    assert (within[Base.ExposureTime], within[Base.DateTimeOriginal]) == (0.5, "2026:01:02 03:04:05")
    assert not exif.get_ifd(IFD.GPSInfo)
    assert not {Base.Orientation, Base.ImageWidth, Base.ImageLength, 700, 33723} & set(exif)
    assert not {Base.MakerNote, Base.ExifImageWidth, Base.ExifImageHeight, Base.SubjectLocation, IFD.GPSInfo} & set(
        within
    )
    assert "xmp" not in picture.info


def test_a_tiff_keeps_nothing_of_its_layout():
    exif = PIL.Image.Exif()
    exif[Base.Software] = "Cavendish"
    kept = PIL.Image.Exif()
    kept.load(decode(saved(ramp(), "TIFF", exif=exif, compression="tiff_lzw")).metadata.exif)
    assert dict(kept) == {Base.Software: "Cavendish"}


def test_a_block_that_no_jpeg_could_hold_is_not_kept():
    exif = PIL.Image.Exif()
    exif[Base.Make], exif[Base.ImageDescription] = "Cavendish Optics", "long " * 20_000
    image = decode(saved(ramp(), "PNG", exif=exif))
    answer = encode_image(image, OutputOptions(format="jpeg", keep_metadata=True), text={})
    assert PIL.Image.open(io.BytesIO(answer)).getexif()[Base.Make] == "Cavendish Optics"
