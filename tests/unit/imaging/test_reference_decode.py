"""Forty files against other decoders than ours: OpenCV, libpng, libjpeg, libwebp and libtiff through other bindings."""

from __future__ import annotations

import io

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage import data

from cavendish.domain.limits import DecodeSettings
from cavendish.imaging.decode import HEIC, decode_all
from cavendish.imaging.icc import read_matrix_profile

SOURCE = np.ascontiguousarray(data.astronaut()[::4, ::3])  # 128×171: no symmetry, no multiple of a block


def _file(mode: str, file_format: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(SOURCE).convert(mode).save(buffer, file_format, **options)
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
    *([("heic", _file("RGB", "HEIF", quality=90), lambda _: SOURCE, 90)] if HEIC else []),
]


def test_there_are_forty():
    assert len(CASES) >= 40


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


def _profile(primaries: tuple[tuple[float, float], ...], gamma: float) -> bytes:
    """An RGB matrix profile with D65 white, adapted to the D50 of the connection space by Bradford."""
    xy = np.array(primaries)
    xyz = np.stack([xy[:, 0] / xy[:, 1], np.ones(3), (1 - xy.sum(1)) / xy[:, 1]])
    white = np.array([0.95047, 1.0, 1.08883])
    to_xyz = xyz * np.linalg.solve(xyz, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ np.array([0.96422, 1.0, 0.82521])) / (bradford @ white)
    pcs = np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ to_xyz
    return _matrix_profile(pcs, gamma)


def _matrix_profile(pcs: np.ndarray, gamma: float) -> bytes:
    """The smallest valid profile with those colorants (ICC.1:2022)."""

    def fixed(value: float) -> bytes:
        return round(float(value) * 65536).to_bytes(4, "big", signed=True)

    tags = {f"{name}XYZ".encode(): b"XYZ \0\0\0\0" + b"".join(map(fixed, pcs[:, k])) for k, name in enumerate("rgb")}
    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + b"\0\0"
    tags |= {f"{name}TRC".encode(): curve for name in "rgb"}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + b"".join(map(fixed, (0.96422, 1.0, 0.82521)))
    tags[b"desc"] = b"desc\0\0\0\0" + (5).to_bytes(4, "big") + b"test\0" + bytes(78)
    tags[b"cprt"] = b"text\0\0\0\0none\0"
    table, body = len(tags).to_bytes(4, "big"), b""
    offset = 132 + 12 * len(tags)
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += name + (offset + len(body)).to_bytes(4, "big") + len(padded).to_bytes(4, "big")
        body += padded
    size = (offset + len(body)).to_bytes(4, "big")
    header = size + bytes(4) + bytes([2, 64, 0, 0]) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    header += b"".join(map(fixed, (0.96422, 1.0, 0.82521))) + bytes(128 - len(header) - 12)
    return header + table + body


P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))


@pytest.mark.parametrize(("primaries", "gamma"), [(P3, 2.2), (ADOBE, 2.19921875)], ids=["display-p3", "adobe-rgb"])
def test_wide_profiles_agree_with_littlecms_where_nothing_is_out_of_gamut(primaries, gamma):
    profile = _profile(primaries, gamma)
    assert read_matrix_profile(profile) is not None
    muted = (96 + 0.4 * SOURCE).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(muted).save(buffer, "PNG", icc_profile=profile)
    (image,) = decode_all([buffer.getvalue()], DecodeSettings())
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    reference = np.asarray(
        ImageCms.profileToProfile(Image.fromarray(muted), source, ImageCms.createProfile("sRGB"), renderingIntent=1)
    )
    assert np.abs(image.rgb.astype(int) - reference).max() <= 2
    assert np.abs(muted.astype(int) - reference).max() > 5  # the profile does change something


def test_a_gradient_beyond_srgb_stays_a_gradient():
    """The most saturated greens of Display P3: cut off they would all be one color."""
    greens = np.zeros((1, 64, 3), np.uint8)
    greens[0, :, 1] = 255
    greens[0, :, 0] = np.linspace(0, 110, 64)
    buffer = io.BytesIO()
    Image.fromarray(np.repeat(greens, 8, 0)).save(buffer, "PNG", icc_profile=_profile(P3, 2.2))
    (image,) = decode_all([buffer.getvalue()], DecodeSettings())
    red = image.rgb[0, :, 0].astype(int)
    assert (np.diff(red) >= 0).all()
    assert len(np.unique(red)) > 12
    assert image.rgb[0, :, 1].min() >= 250
