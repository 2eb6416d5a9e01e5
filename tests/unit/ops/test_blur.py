"""Blur: the subject stays sharp, what is behind loses detail but not light."""

import cv2
import numpy as np
import pytest

from cavendish.imaging.color import EncodedRGB, to_linear
from cavendish.imaging.image import Image

from .support import disc, edited, run


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
