"""Wide gamuts: colors that sRGB holds are exact, the others keep hue and shading; color math by hand in doubles."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from cavendish.imaging.icc import read_matrix_profile
from tests.unit.imaging.files import decode, saved
from tests.unit.imaging.profiles import (
    ADOBE,
    P3,
    SRGB,
    colorants,
    gray_profile,
    matrix_profile,
    srgb_light,
    table_profile,
)

SPACES = {"display-p3": (P3, None), "adobe-rgb": (ADOBE, 2.19921875)}
CODES = np.arange(0, 256, 15)
GRID = np.stack(np.meshgrid(CODES, CODES, CODES, indexing="ij"), -1).reshape(18 * 18, 18, 3).astype(np.uint8)
TO_LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def linear_srgb(codes, primaries, gamma):
    light = srgb_light(codes / 255) if gamma is None else (codes / 255) ** gamma
    return light @ (np.linalg.inv(colorants(SRGB)) @ colorants(primaries)).T


def oklab(linear):
    return np.cbrt(linear @ np.transpose(TO_LMS)) @ np.transpose(TO_LAB)


def hue(lab):
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))


def by_littlecms(codes, profile):
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    answer = ImageCms.profileToProfile(
        Image.fromarray(codes), source, ImageCms.createProfile("sRGB"), renderingIntent=1, outputMode="RGB"
    )
    return np.asarray(answer).astype(int)


def converted(codes, profile):
    return decode(saved(np.asarray(codes, np.uint8), "PNG", icc_profile=profile)).rgb.astype(int)


@pytest.mark.parametrize("space", SPACES)
def test_what_srgb_can_hold_is_exact(space):
    profile = matrix_profile(*SPACES[space])
    assert read_matrix_profile(profile) is not None
    linear = linear_srgb(GRID.astype(float), *SPACES[space])
    inside = ((linear >= 0) & (linear <= 1)).all(axis=-1)
    assert inside.sum() > 1000
    assert np.abs(converted(GRID, profile) - by_littlecms(GRID, profile))[inside].max() <= 1


@pytest.mark.parametrize(
    "color",
    [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255), (128, 0, 0), (0, 0, 9)],
)
def test_the_purest_colors_of_srgb_stay_as_pure_in_a_wider_space(color):
    """To within what eight bits of the wider space can say: the same tolerance as rounding its code either way."""
    to_p3 = np.linalg.inv(colorants(P3)) @ colorants(SRGB)
    light = np.clip(to_p3 @ srgb_light(np.array(color) / 255), 0, 1)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    code = np.rint(encoded * 255)[None, None]
    found = converted(code, matrix_profile(P3))[0, 0]
    cut_off = np.clip(linear_srgb(code, P3, None), 0, 1)[0, 0]
    exact = np.where(cut_off <= 0.0031308, cut_off * 12.92, 1.055 * cut_off ** (1 / 2.4) - 0.055) * 255
    assert np.abs(found - exact).max() <= 1.5
    assert np.abs(found - color).max() <= 12  # one step of the code, near black on sRGB's curve


@pytest.mark.parametrize("space", SPACES)
def test_what_srgb_cannot_hold_keeps_its_hue_and_ends_at_the_border(space):
    linear = linear_srgb(GRID.astype(float), *SPACES[space])
    beyond = (np.abs(linear - 0.5) > 0.52).any(axis=-1)
    assert beyond.sum() > 300
    found = converted(GRID, matrix_profile(*SPACES[space]))[beyond]
    before, after = oklab(linear[beyond]), oklab(srgb_light(found / 255))
    turned = np.abs((hue(after) - hue(before) + 180) % 360 - 180)
    chroma_before, chroma_after = (np.hypot(lab[:, 1], lab[:, 2]) for lab in (before, after))
    visible = after[:, 0] > 0.2
    assert (turned * np.radians(1) * chroma_after)[visible].max() < 0.012  # below what an eye tells apart
    assert np.median(turned) < 0.6
    assert (chroma_after < chroma_before + 0.01).all()
    assert ((found.min(axis=-1) <= 8) | (found.max(axis=-1) >= 253)).all()
    assert np.abs(after[:, 0] - before[:, 0]).max() < 0.08


@pytest.mark.parametrize(
    ("start", "stop", "least"),
    [
        ((234, 51, 35), (255, 0, 0), 25),  # sRGB red to Display P3 red
        ((0, 255, 0), (110, 255, 0), 40),
        ((255, 0, 0), (255, 60, 0), 30),
        ((120, 0, 0), (255, 0, 0), 60),
        ((0, 60, 0), (0, 255, 0), 60),
    ],
)
def test_a_gradient_beyond_srgb_stays_a_smooth_gradient(start, stop, least):
    codes = np.rint(np.linspace(start, stop, 64))[None]
    found = converted(codes, matrix_profile(P3))[0]
    shades = oklab(srgb_light(found / 255))
    assert len(np.unique(found, axis=0)) >= min(least, len(np.unique(codes[0], axis=0)))
    assert np.linalg.norm(np.diff(shades, axis=0), axis=-1).max() < 0.02  # no step that an eye sees


def test_a_matrix_profile_of_srgb_itself_changes_nothing():
    assert np.array_equal(converted(GRID, matrix_profile(SRGB)), GRID)


ALPHA = np.arange(GRID.shape[0] * 18, dtype=np.uint8).reshape(-1, 18)


@pytest.mark.parametrize("alpha", [False, True])
def test_a_table_based_profile_is_applied_with_and_without_alpha(alpha):
    profile = table_profile(P3, 1.8)
    assert read_matrix_profile(profile) is None
    image = decode(saved(np.dstack([GRID, ALPHA]) if alpha else GRID, "PNG", icc_profile=profile))
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    expected = ImageCms.profileToProfile(Image.fromarray(GRID), source, ImageCms.createProfile("sRGB"))
    assert np.array_equal(image.rgb, np.asarray(expected))
    assert np.abs(image.rgb.astype(int) - GRID).mean() > 3  # it does change something
    assert image.alpha is None or np.array_equal(image.alpha, ALPHA)
    assert (image.alpha is not None) == alpha


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_a_gray_profile_is_applied_with_and_without_alpha(alpha, file_format):
    gray = np.arange(256, dtype=np.uint8)[None].repeat(4, axis=0)
    planes = Image.fromarray(np.dstack([gray, 255 - gray]), "LA") if alpha else Image.fromarray(gray)
    image = decode(saved(planes, file_format, icc_profile=gray_profile(1.5)))
    light = (np.arange(256) / 255) ** 1.5
    expected = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert np.abs(image.pixels[0, 16:, :3] - expected[16:, None]).max() <= 1
    assert image.alpha is None or np.array_equal(image.alpha, 255 - gray)
    assert (image.alpha is not None) == alpha


def test_a_gray_profile_on_a_color_picture_is_ignored():
    assert np.array_equal(converted(GRID, gray_profile(1.0)), GRID)
