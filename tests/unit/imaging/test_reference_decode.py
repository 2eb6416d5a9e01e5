"""Seventy files against other decoders: OpenCV, tifffile, littleCMS, and the codecs' libraries by other bindings."""

from __future__ import annotations

import io
import itertools

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage import data

from cavendish.domain.limits import DecodeSettings
from cavendish.imaging.decode import HEIC, decode_all
from tests.unit.imaging.files import tiff
from tests.unit.imaging.profiles import P3, matrix_profile, table_profile

SOURCE = np.ascontiguousarray(data.astronaut()[::4, ::3])  # 128×171: no symmetry, no multiple of a block


MUTED = (96 + 0.4 * SOURCE).astype(np.uint8)  # in every gamut


def _file(mode: str, file_format: str, source: np.ndarray = SOURCE, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(source).convert(mode).save(buffer, file_format, **options)
    return buffer.getvalue()


def _by_opencv(file: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)  # applies EXIF orientation too
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _by_tifffile(file: bytes) -> np.ndarray:
    pixels = tifffile.imread(io.BytesIO(file))
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels[..., :3]


def _with_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def _deep(channels: int) -> np.ndarray:
    """The source at 16 bits, its lower bytes filled with other values than its upper ones."""
    planes = np.dstack([SOURCE, 255 - SOURCE[..., :1]])[..., :channels].astype(np.uint16)
    return np.squeeze(planes * 256 + planes[::-1])


def _deep_tiffs() -> dict[str, tuple]:
    planes = {"planarconfig": "separate"}
    kinds = {
        "gray": (1, {"photometric": "minisblack"}),
        "from-white": (1, {"photometric": "miniswhite"}),
        "rgb": (3, {"photometric": "rgb"}),
        "planes": (3, {"photometric": "rgb"} | planes),
        "rgba": (4, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        "rgba-planes": (4, {"photometric": "rgb", "extrasamples": ["unassalpha"]} | planes),
    }
    cases = {}
    for (name, (channels, options)), order, packing in itertools.product(kinds.items(), "<>", (None, "lzw")):
        pixels = _deep(channels)
        stored = np.moveaxis(pixels, -1, 0).copy() if "planarconfig" in options else pixels
        file = tiff(stored, byteorder=order, compression=packing, **options)
        cases[f"{name}{order}{packing}"] = (file, _by_tifffile_16, 1)
    return cases


def _by_tifffile_16(file: bytes) -> np.ndarray:
    with tifffile.TiffFile(io.BytesIO(file)) as opened:
        page = opened.pages[0]
        pixels = np.moveaxis(page.asarray(), 0, -1) if page.planarconfig == 2 and page.ndim == 3 else page.asarray()
        pixels = 65535 - pixels if page.photometric == 0 else pixels
    return _eight_bit(pixels)


def _by_imagecodecs_16(file: bytes) -> np.ndarray:
    return _eight_bit(imagecodecs.png_decode(file))


def _eight_bit(pixels: np.ndarray) -> np.ndarray:
    codes = np.rint(pixels / 257).astype(int)
    return np.repeat(codes[..., None], 3, axis=2) if codes.ndim == 2 else codes[..., :3]


PROFILE, TABLE = matrix_profile(P3), table_profile(P3, 1.8)


def _by_littlecms(file: bytes) -> np.ndarray:
    """Relative colorimetric, and perceptual for a table."""
    picture = Image.open(io.BytesIO(file))
    source = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
    intent = 0 if picture.info["icc_profile"] == TABLE else 1
    srgb = ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(picture.convert("RGB"), source, srgb, renderingIntent=intent))


JPEGS = {
    "444": {"quality": 95, "subsampling": 0},
    "420": {"quality": 75},
    "progressive": {"progressive": True},
    "optimized": {"optimize": True, "quality": 30},
}
TIFFS = [None, "tiff_lzw", "tiff_deflate", "packbits", "tiff_adobe_deflate"]
CASES = [
    *[(f"png-{mode}", _file(mode, "PNG"), _by_opencv, 0) for mode in ("RGB", "L", "P", "1")],
    *[
        (f"png-level-{level}", _file("RGB", "PNG", compress_level=level), imagecodecs.png_decode, 0)
        for level in (0, 4, 9)
    ],
    ("png-rgba", _file("RGBA", "PNG"), lambda file: imagecodecs.png_decode(file)[..., :3], 0),
    *[(f"jpeg-{name}", _file("RGB", "JPEG", **options), _by_opencv, 2) for name, options in JPEGS.items()],
    *[
        (f"jpeg-{name}-imagecodecs", _file("RGB", "JPEG", **options), imagecodecs.jpeg8_decode, 2)
        for name, options in JPEGS.items()
    ],
    ("jpeg-gray", _file("L", "JPEG"), _by_opencv, 2),
    *[(f"jpeg-turned-{k}", _file("RGB", "JPEG", quality=95, exif=_with_exif(k)), _by_opencv, 2) for k in range(1, 9)],
    ("webp", _file("RGB", "WEBP", quality=90), lambda file: imagecodecs.webp_decode(file)[..., :3], 2),
    ("webp-lossless", _file("RGB", "WEBP", lossless=True), lambda file: imagecodecs.webp_decode(file)[..., :3], 0),
    *[(f"tiff-{packing}", _file("RGB", "TIFF", compression=packing), _by_tifffile, 0) for packing in TIFFS],
    ("tiff-gray", _file("L", "TIFF"), _by_tifffile, 0),
    *[(f"bmp-{mode}", _file(mode, "BMP"), _by_opencv, 0) for mode in ("RGB", "L", "P", "1")],
    ("gif", _file("P", "GIF"), lambda file: imagecodecs.gif_decode(file)[..., :3], 0),
    ("avif", _file("RGB", "AVIF", quality=90), lambda file: imagecodecs.avif_decode(file)[..., :3], 3),
    *[(f"tiff-16-{name}", *case) for name, case in _deep_tiffs().items()],
    *[(f"png-16-{channels}", imagecodecs.png_encode(_deep(channels)), _by_imagecodecs_16, 1) for channels in (1, 3, 4)],
    *[
        (f"{kind}-p3", _file("RGB", kind, MUTED, lossless=True, icc_profile=PROFILE), _by_littlecms, 2)
        for kind in ("PNG", "WEBP")
    ],
    ("png-table-profile", _file("RGB", "PNG", icc_profile=TABLE), _by_littlecms, 0),
    ("png-table-profile-alpha", _file("RGBA", "PNG", icc_profile=TABLE), _by_littlecms, 0),
    ("tiff-table-profile", _file("RGB", "TIFF", icc_profile=TABLE), _by_littlecms, 0),
    ("gif-interlaced", _file("P", "GIF", interlace=1), lambda file: imagecodecs.gif_decode(file)[..., :3], 0),
    *([("heic", _file("RGB", "HEIF", quality=90), lambda _: SOURCE, 90)] if HEIC else []),
]


def test_there_are_seventy():
    assert len(CASES) >= 70


@pytest.mark.parametrize(
    ("file", "reference", "tolerance"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_pixels_equal_the_reference(file, reference, tolerance):
    """Lossless formats exactly; lossy ones within the rounding in which decoders of one standard may differ."""
    (image,) = decode_all([file], DecodeSettings())
    expected = np.asarray(reference(file))
    assert image.rgb.shape == expected.shape
    difference = np.abs(image.rgb.astype(int) - expected)
    assert difference.max() <= tolerance
    assert difference.mean() <= max(0.5 * (tolerance > 0), 0.03 * tolerance)


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_a_large_jpeg_is_decoded_no_larger_than_needed(scale):
    large = np.ascontiguousarray(np.kron(SOURCE, np.ones((8, 8, 1), np.uint8)))
    buffer = io.BytesIO()
    Image.fromarray(large).save(buffer, "JPEG", quality=95)
    least = (large.shape[1] // scale, large.shape[0] // scale)
    (image,) = decode_all([buffer.getvalue()], DecodeSettings(), enough=[least])
    assert image.size == least
    reference = cv2.resize(large, least, interpolation=cv2.INTER_AREA)
    assert np.abs(image.rgb.astype(int) - reference).mean() < 2.5


def test_draft_decoding_counts_against_the_cap_as_what_it_decodes():
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((800, 800, 3), np.uint8)).save(buffer, "JPEG")
    tight = DecodeSettings(max_pixels=640_000, max_total_pixels=100_000)
    assert decode_all([buffer.getvalue()] * 5, tight, enough=[(100, 100)] * 5)[0].size == (100, 100)
