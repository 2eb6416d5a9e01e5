"""EXIF as a stranger's claim: read without trust, passed on by an allow-list.

A broken block says nothing of the pixels, so nothing here refuses a picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import PIL.Image
from PIL.ExifTags import IFD, Base

from cavendish.imaging.damage import DAMAGED

_KEPT = (
    Base.ImageDescription,
    Base.Make,
    Base.Model,
    Base.XResolution,
    Base.YResolution,
    Base.ResolutionUnit,
    Base.Software,
    Base.DateTime,
    Base.Artist,
    Base.Rating,
    Base.Copyright,
    Base.XPTitle,
    Base.XPAuthor,
)
"""Tags of the first directory: none that holds a place, another format's block, the file's layout or pixel sizes."""

_KEPT_OF_SHOT = (
    Base.ExposureTime,
    Base.FNumber,
    Base.ExposureProgram,
    Base.SpectralSensitivity,
    Base.ISOSpeedRatings,
    Base.SensitivityType,
    Base.StandardOutputSensitivity,
    Base.RecommendedExposureIndex,
    Base.ISOSpeed,
    Base.ExifVersion,
    Base.DateTimeOriginal,
    Base.DateTimeDigitized,
    Base.OffsetTime,
    Base.OffsetTimeOriginal,
    Base.OffsetTimeDigitized,
    Base.ShutterSpeedValue,
    Base.ApertureValue,
    Base.BrightnessValue,
    Base.ExposureBiasValue,
    Base.MaxApertureValue,
    Base.SubjectDistance,
    Base.MeteringMode,
    Base.LightSource,
    Base.Flash,
    Base.FocalLength,
    Base.UserComment,
    Base.SubsecTime,
    Base.SubsecTimeOriginal,
    Base.SubsecTimeDigitized,
    Base.FlashEnergy,
    Base.ExposureIndex,
    Base.SensingMethod,
    Base.FileSource,
    Base.SceneType,
    Base.CustomRendered,
    Base.ExposureMode,
    Base.WhiteBalance,
    Base.DigitalZoomRatio,
    Base.FocalLengthIn35mmFilm,
    Base.SceneCaptureType,
    Base.GainControl,
    Base.Contrast,
    Base.Saturation,
    Base.Sharpness,
    Base.SubjectDistanceRange,
    Base.CameraOwnerName,
    Base.BodySerialNumber,
    Base.LensSpecification,
    Base.LensMake,
    Base.LensModel,
    Base.LensSerialNumber,
)
"""Tags of the shot's directory, likewise; a maker's note may hold anything."""

_LONGEST_VALUE_BYTES = 4096
_LONGEST_BLOCK_BYTES = 65_533
"""What one JPEG segment holds."""


def read_exif(opened: PIL.Image.Image) -> PIL.Image.Exif:
    """The block of an opened file, empty where it has none or one that cannot be read."""
    try:
        return opened.getexif()
    except DAMAGED:
        return PIL.Image.Exif()


def orientation_of(opened: PIL.Image.Image) -> int:
    """How an opened file is to be turned; 1, upright, where it does not say so sanely.

    Source:
        TIFF 6.0, tag 274: 1–8.
    """
    with suppress(*DAMAGED):
        stated = read_exif(opened)[Base.Orientation]
        return int(stated) if stated in range(1, 9) else 1
    return 1


def settle_orientation(opened: PIL.Image.Image) -> None:
    """Leave of an opened file's EXIF only the orientation, so that Pillow can turn the picture by it unharmed."""
    orientation = orientation_of(opened)
    exif = read_exif(opened)
    for block in ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"):
        opened.info.pop(block, None)
    for tag in list(exif):
        del exif[tag]
    exif[Base.Orientation] = orientation


def kept_block(exif: PIL.Image.Exif) -> bytes:
    """What an edited picture may say of its shot: no place, orientation, thumbnail, maker's note or pixel size.

    Returns:
        A block that begins with `Exif`, or nothing where there is nothing to keep.

    Source:
        CIPA DC-008 (Exif 3.0), tables 4 to 12.
    """
    kept = PIL.Image.Exif()
    for tag, value in _sound(exif, _KEPT):
        kept[tag] = value
    with suppress(*DAMAGED):
        shot = dict(_sound(exif.get_ifd(IFD.Exif), _KEPT_OF_SHOT))
        if shot:
            kept[IFD.Exif] = shot
    block = kept.tobytes() if len(kept) else b""
    return block if len(block) <= _LONGEST_BLOCK_BYTES else b""


def _sound(source: Mapping[int, Any], tags: Iterable[int]) -> Iterable[tuple[int, Any]]:
    """Those of `tags` whose value can be read and written again."""
    for tag in tags:
        with suppress(*DAMAGED):
            if tag not in source:
                continue
            value = source[tag]
            alone = PIL.Image.Exif()
            alone[tag] = value
            if len(alone.tobytes()) <= _LONGEST_VALUE_BYTES:
                yield tag, value
