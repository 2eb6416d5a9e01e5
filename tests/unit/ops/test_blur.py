"""Blur: the subject stays sharp, what is behind loses detail but not light."""

import cv2
import numpy as np
import pytest

from cavendish.errors import ParameterOutOfRange, UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, to_linear
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.pixels.region_blur import defocused, pixelate, streaked

from .support import disc, edited, noise, run


def checks(width=240, height=180):
    """Fine checks with the contrast of foliage, nowhere clipped."""
    board = (np.indices((height, width)) // 2).sum(axis=0) % 2
    return Image(np.repeat((90 + 80 * board).astype(np.uint8)[..., None], 3, axis=2))


def detail(pixels):
    return float(np.abs(np.diff(pixels.astype(int), axis=1)).mean())


def test_the_subject_is_bit_identical():
    image, subject = checks(), disc(240, 180)
    after = edited("blur_background", image, foreground=subject)
    assert np.array_equal(after.pixels[subject.alpha == 1], image.pixels[subject.alpha == 1])


def test_detail_behind_is_gone_and_its_light_is_not():
    image, subject = checks(), disc(240, 180)
    after = edited("blur_background", image, foreground=subject, parameters={"strength": 0.6})
    before, blurred = image.pixels[:30], after.pixels[:30]
    assert detail(blurred) < 0.1 * detail(before)
    light = [np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(part)))).mean() for part in (before, blurred)]
    assert light[1] == pytest.approx(light[0], rel=0.03)


def test_more_strength_blurs_more():
    edge = np.full((180, 240, 3), 60, np.uint8)
    edge[:, :120] = 190
    widths = []
    for strength in (0, 0.3, 0.6, 1):
        far = disc(240, 180, center=(0.9, 0.9), radius=0.05)
        row = edited("blur_background", Image(edge), foreground=far, parameters={"strength": strength}).pixels[10, :, 0]
        widths.append(int(((row > 70) & (row < 180)).sum()))
    assert widths == sorted(widths)
    assert widths[-1] > widths[0] + 5


def test_the_blur_scales_with_the_picture():
    """The same picture at twice the size gets the same look: radii are fractions of the longer side."""
    widths = []
    for width, height in ((240, 180), (480, 360)):
        edge = np.full((height, width, 3), 60, np.uint8)
        edge[:, : width // 2] = 190
        far = disc(width, height, center=(0.9, 0.9), radius=0.05)
        row = edited("blur_background", Image(edge), foreground=far, parameters={"strength": 1}).pixels[20, :, 0]
        widths.append(int(((row > 70) & (row < 180)).sum()))
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.2)


def test_the_subjects_color_does_not_leak_into_the_background():
    pixels = np.full((180, 240, 3), 128, np.uint8)
    subject = disc(240, 180, soft_px=1)
    pixels[subject.alpha > 0] = 255, 0, 0
    after = edited("blur_background", Image(pixels), foreground=subject, parameters={"strength": 1})
    behind = after.pixels[subject.alpha == 0].astype(int)
    assert np.abs(behind - 128).max() <= 12


def test_transparency_is_kept():
    pixels = np.dstack([checks().pixels, np.tile(np.arange(240, dtype=np.uint8), (180, 1))])
    after = edited("blur_background", Image(pixels), foreground=disc(240, 180))
    assert np.array_equal(after.pixels[..., 3], pixels[..., 3])


def test_the_patch_covers_only_what_is_behind():
    subject = disc(240, 180)
    patch = run("blur_background", checks(), foreground=subject)
    assert not patch.alpha[subject.alpha == 1].any()
    assert (patch.alpha[subject.alpha == 0] == 1).all()


def smooth_noise(pixels):
    """Standard deviation of what a soft blur takes away, in codes."""
    part = pixels.astype(np.float32)
    return float((part - cv2.GaussianBlur(part, (0, 0), 2)).std())


@pytest.mark.parametrize("sigma", [1.5, 3, 6])
@pytest.mark.parametrize("coarse", [False, True])
def test_the_grain_of_the_smooth_parts_is_drawn_anew(sigma, coarse):
    """Left a soft sky, right foliage that must not be taken for grain."""
    height, width = 480, 640
    rng = np.random.default_rng(3)
    grain = rng.normal(0, 1, (height, width, 3))
    if coarse:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.7)
    pixels = 120 + 40 * np.mgrid[:height, :width][0][..., None] / height + sigma * grain / grain.std()
    pixels[:, 400:] += rng.normal(0, 30, (height, 240, 1))
    pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    subject = disc(width, height, radius=0.15)
    after = edited("blur_background", Image(pixels), foreground=subject, parameters={"strength": 1}).pixels
    before = smooth_noise(pixels[:200, :250])
    assert smooth_noise(after[:200, :250]) == pytest.approx(before, rel=0.3)
    assert smooth_noise(after[:150, 500:]) == pytest.approx(before, rel=0.3)


def test_a_gray_picture_stays_gray():
    rng = np.random.default_rng(3)
    gray = np.repeat(np.clip(rng.normal(120, 5, (200, 300, 1)), 0, 255).astype(np.uint8), 3, axis=2)
    after = edited("blur_background", Image(gray), foreground=disc(300, 200)).pixels
    assert np.ptp(after, axis=2).max() == 0


# --- blur where it is wanted ---


def linear_mean(pixels):
    return np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(pixels)))).mean((0, 1))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("blur_region", {"radius_px": 3}),
        ("blur_region", {"radius_px": 20}),
        ("motion_blur", {"angle_deg": 30, "length_px": 25}),
        ("pixelate_region", {"block_px": 12}),
    ],
)
def test_a_blurred_region_loses_detail_not_light_and_the_rest_nothing(name, parameters):
    image, region = checks(), disc(240, 180)
    after = edited(name, image, region=region, parameters=parameters)
    inside = slice(70, 110), slice(100, 140)
    assert detail(after.pixels[inside]) < 0.5 * detail(image.pixels[inside])
    assert np.allclose(linear_mean(after.pixels[inside]), linear_mean(image.pixels[inside]), rtol=0.04)
    assert np.array_equal(after.pixels[region.alpha == 0], image.pixels[region.alpha == 0])


@pytest.mark.parametrize("radius_px", [5, 25])
def test_a_blurred_thing_has_nothing_of_its_surroundings_in_it(radius_px):
    """Red on blue, blurred by itself, stays red up to its edge."""
    region = disc(240, 180, soft_px=0.01)
    pixels = np.where(region.alpha[..., None] > 0.5, (200, 30, 30), (20, 20, 220)).astype(np.uint8)
    after = edited("blur_region", Image(pixels), region=region, parameters={"radius_px": radius_px})
    assert np.abs(after.pixels[region.alpha > 0.99].astype(int) - (200, 30, 30)).max() <= 6


def test_a_whole_picture_is_blurred_by_its_radius():
    """A point becomes a disc of that radius."""
    pixels = np.zeros((101, 101, 3), np.uint8)
    pixels[50, 50] = 255
    after = edited("blur_region", Image(pixels), parameters={"radius_px": 6}).pixels[..., 0]
    lit = np.argwhere(after > after.max() / 2) - 50
    assert np.hypot(*lit.T).max() == pytest.approx(6, abs=1)
    assert len(lit) == pytest.approx(np.pi * 36, rel=0.1)


@pytest.mark.parametrize(("angle_deg", "down"), [(0, 0), (90, 1), (45, 0.7071)])
def test_a_streak_runs_clockwise_from_the_right(angle_deg, down):
    pixels = np.zeros((81, 81, 3), np.uint8)
    pixels[40, 40] = 255
    after = edited("motion_blur", Image(pixels), parameters={"angle_deg": angle_deg, "length_px": 31}).pixels[..., 0]
    y, x = (np.argwhere(after > 0.4 * after.max()) - 40).T
    assert np.abs(y).max() == pytest.approx(15 * down, abs=1.5)
    assert np.abs(y * np.sqrt(1 - down**2) - x * down).max() <= 1.5


def test_blocks_are_flat_and_have_the_mean_light_of_their_pixels():
    image = checks(48, 36)
    after = edited("pixelate_region", image, parameters={"block_px": 12}).pixels
    for top in range(0, 36, 12):
        for left in range(0, 48, 12):
            block = slice(top, top + 12), slice(left, left + 12)
            assert (after[block] == after[top, left]).all()
            assert np.allclose(linear_mean(after[block]), linear_mean(image.pixels[block]), rtol=0.01)


def test_blocks_begin_at_the_corner_of_the_thing():
    region = Region(np.zeros((60, 80), np.float32))
    region.alpha[13:45, 21:60] = 1
    after = edited("pixelate_region", checks(80, 60), region=region, parameters={"block_px": 10}).pixels
    assert (after[13:23, 21:31] == after[13, 21]).all()


@pytest.mark.parametrize("angle_deg", [0, 30, -90])
def test_a_miniature_is_sharp_along_its_band_only(angle_deg):
    image = checks()
    after = edited("tilt_shift", image, parameters={"angle_deg": angle_deg, "width": 0.3}).pixels
    y, x = np.mgrid[:180, :240]
    turn = np.radians(angle_deg)
    far = np.abs((y + 0.5 - 90) * np.cos(turn) - (x + 0.5 - 120) * np.sin(turn))
    assert np.array_equal(after[far < 25], image.pixels[far < 25])
    outside = np.abs(np.diff(after[..., 0].astype(int), axis=1))[far[:, 1:] > 80]
    assert outside.size == 0 or outside.mean() < 0.3 * detail(image.pixels)


@pytest.mark.parametrize(
    "blur",
    [
        lambda: defocused(None, (4, 4), None, radius_px=-1),
        lambda: pixelate(None, block_px=0),
        lambda: streaked(None, (4, 4), None, angle_deg=0, length_px=0),
    ],
)
def test_senseless_amounts_are_refused(blur):
    with pytest.raises(ParameterOutOfRange):
        blur()


# --- hidden ---


def two_plates():
    """Two regions of different size, and a picture of checks."""
    region = Region(np.zeros((180, 240), np.float32))
    region.alpha[20:90, 30:130] = 1
    region.alpha[120:150, 160:210] = 1
    return checks(), region


@pytest.mark.parametrize("style", ["pixelate", "blur"])
def test_what_is_censored_cannot_be_read_and_the_rest_is_as_it_was(style):
    image, region = two_plates()
    after = edited("censor_region", image, region=region, parameters={"style": style}).pixels
    assert np.array_equal(after[region.alpha == 0], image.pixels[region.alpha == 0])
    for part in (after[24:86, 34:126], after[123:147, 164:206]):
        assert len(np.unique(part[:, :, 0])) < 12
        assert detail(part) < 0.1 * detail(image.pixels)


def test_bars_are_black_over_each_thing_alone():
    image, region = two_plates()
    region.alpha[20:30, 30:40] = 0  # a missing corner is covered too
    after = edited("censor_region", image, region=region, parameters={"style": "bar"}).pixels
    assert not after[20:90, 30:130].any()
    assert not after[120:150, 160:210].any()
    assert np.array_equal(after[95:115], image.pixels[95:115])
    assert np.array_equal(after[:, :30], image.pixels[:, :30])


def test_a_zoom_is_sharp_at_its_center_and_streaks_outwards():
    image = noise(240, 160)
    center = disc(240, 160, center=(0.25, 0.5), radius=0.05)
    after = edited("zoom_blur", image, region=center, parameters={"amount": 1.0}).rgb.astype(int)
    assert np.array_equal(after[80, 60], image.rgb[80, 60])
    assert after[10:60, 180:].std() < 0.5 * image.rgb[10:60, 180:].std()
    # Along the ray to the right pixels are alike, across it they are not.
    ray = after[78:82, 150:230].mean(axis=2)
    assert np.abs(np.diff(ray, axis=1)).mean() < 0.5 * np.abs(np.diff(ray, axis=0)).mean()


def test_nothing_is_hidden_where_nothing_is_named():
    with pytest.raises(UnsupportedEdit, match="nothing says what to hide"):
        run("censor_region", noise(64, 48))


def test_a_bar_lies_as_the_thing_lies():
    """Over a slanted strip the bar is little larger than the strip, where its upright box is many times as large."""
    strip = np.zeros((200, 300), np.uint8)
    cv2.line(strip, (40, 160), (260, 40), 1, 12)
    after = edited(
        "censor_region", noise(300, 200), region=Region(strip.astype(np.float32)), parameters={"style": "bar"}
    )
    black = (after.rgb == 0).all(axis=-1)
    assert black[strip > 0].all()
    assert black.sum() < 1.3 * strip.sum()
