"""Background: what stands in front stays as it was, what is behind is gone."""

import numpy as np
import pytest

from cavendish.imaging.color import EncodedRGB, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.ops.background import replace_background
from cavendish.pixels.composite import apply_patch
from tests.support.pictures import ball, scene

from .support import disc, edited, noise, run


def photo():
    """A red ball on a pale sheet, and its soft alpha."""
    pixels, _ = ball(160, 120, radius=0.3)
    return Image(pixels), disc(160, 120, radius=0.3)


def light(pixels):
    return np.asarray(to_linear(EncodedRGB(np.ascontiguousarray(pixels))))


def test_removing_keeps_the_subject_bit_for_bit():
    image, subject = photo()
    after = edited("remove_background", image, foreground=subject)
    assert after.alpha is not None
    assert np.array_equal(after.rgb[subject.alpha == 1], image.rgb[subject.alpha == 1])
    assert np.array_equal(after.alpha, np.rint(subject.alpha * 255).astype(np.uint8))


def test_nothing_removed_survives_in_the_file():
    image, subject = photo()
    after = edited("remove_background", image, foreground=subject)
    assert not after.rgb[subject.alpha == 0].any()


def test_the_rim_has_the_subjects_color_not_the_old_backgrounds():
    subject = disc(160, 120, radius=0.3, soft_px=4)
    red, sheet = (light(np.full((120, 160, 3), color, np.uint8)) for color in ((190, 40, 35), (220, 215, 205)))
    mixed = sheet + (red - sheet) * subject.alpha[..., None]
    after = edited("remove_background", Image(to_encoded(mixed)), foreground=subject)
    rim = (subject.alpha > 0.1) & (subject.alpha < 0.9)
    assert rim.sum() > 100
    left = (light(after.rgb)[rim] - red[rim]) / (sheet[rim] - red[rim])
    # Without an estimate of the foreground the sheet's share would be 1 − alpha, 0.5 on average here.
    assert left[:, 1:].mean() < 0.2
    assert left[:, 1:].max() < 0.3


def test_removing_twice_keeps_what_is_already_clear():
    pixels = noise(40, 30, 4).pixels
    pixels[:, :10, 3] = 0
    pixels[:, 10:, 3] = 255
    after = edited("remove_background", Image(pixels), foreground=disc(40, 30, radius=0.6))
    assert after.alpha is not None
    assert not after.alpha[:, :10].any()


@pytest.mark.parametrize(("color", "code"), [("#FFFFFF", (255, 255, 255)), ("#2563eb", (0x25, 0x63, 0xEB))])
def test_a_color_behind_the_subject(color, code):
    image, subject = photo()
    after = edited("background_color", image, foreground=subject, parameters={"color": color})
    assert after.alpha is None
    assert np.array_equal(after.rgb[subject.alpha == 1], image.rgb[subject.alpha == 1])
    assert (after.rgb[subject.alpha == 0] == code).all()


def test_the_soft_rim_lies_between_subject_and_color():
    image, subject = photo()
    after = edited("background_color", image, foreground=subject, parameters={"color": "#0000FF"})
    rim = (subject.alpha > 0.4) & (subject.alpha < 0.6)
    blue = after.rgb[rim][:, 2]
    assert blue.min() > 90
    assert blue.max() < 240


def test_a_color_makes_a_cut_out_opaque():
    pixels = np.zeros((30, 40, 4), np.uint8)
    pixels[10:20, 10:30] = 200, 60, 20, 255
    subject = disc(40, 30)
    subject.alpha[...] = pixels[..., 3] / np.float32(255)
    after = edited("background_color", Image(pixels), foreground=subject, parameters={"color": "#112233"})
    assert after.alpha is None or (after.alpha == 255).all()
    assert (after.rgb[0, 0] == (0x11, 0x22, 0x33)).all()
    assert (after.rgb[15, 20] == (200, 60, 20)).all()


def test_another_picture_behind_without_matching_is_exact_in_front():
    image, subject = photo()
    after = edited(
        "replace_background", image, foreground=subject, other=Image(scene(160, 120)), parameters={"match": 0}
    )
    assert np.array_equal(after.rgb[subject.alpha == 1], image.rgb[subject.alpha == 1])
    assert np.array_equal(after.rgb[subject.alpha == 0], scene(160, 120)[subject.alpha == 0])


def test_matching_moves_the_subject_towards_the_scenes_light():
    image, subject = photo()
    dusk = Image((scene(160, 120) // 4).astype(np.uint8))
    plain, matched = (
        edited("replace_background", image, foreground=subject, other=dusk, parameters={"match": amount})
        for amount in (0, 1)
    )
    front = subject.alpha == 1
    assert light(matched.rgb)[front].mean() < 0.95 * light(plain.rgb)[front].mean()
    assert np.array_equal(matched.rgb[subject.alpha == 0], plain.rgb[subject.alpha == 0])


@pytest.mark.parametrize("size", [(300, 50), (50, 300), (1, 1), (160, 120)])
def test_the_new_background_covers_without_being_squeezed(size):
    """A round spot in the middle of the scene stays round."""
    image = Image(np.zeros((120, 160, 3), np.uint8))
    nothing = np.zeros((120, 160), np.float32)
    width, height = size
    y, x = np.mgrid[:height, :width] + 0.5
    spot = np.hypot(x - width / 2, y - height / 2) < 0.3 * min(size)
    other = Image(np.where(spot[..., None], np.uint8(170), np.full((height, width, 3), 110, np.uint8)))
    after = apply_patch(image, replace_background(image, nothing, other, match=0)).rgb[..., 0]
    assert after.min() >= 60, "every pixel is covered; uncovered ones would be black"
    if min(size) > 1:
        bright = after > 140
        across, down = bright.any(axis=0).sum(), bright.any(axis=1).sum()
        assert across / down == pytest.approx(1, rel=0.08)
        assert abs(np.argwhere(bright).mean(axis=0) - (59.5, 79.5)).max() < 3


def test_a_transparent_scene_lies_on_white():
    image = Image(np.zeros((20, 20, 3), np.uint8))
    clear = Image(np.zeros((20, 20, 4), np.uint8))
    patch = replace_background(image, np.zeros((20, 20), np.float32), clear, match=0)
    assert (apply_patch(image, patch).rgb == 255).all()


def test_patches_cover_the_picture():
    image, subject = photo()
    for name in ("remove_background", "background_color"):
        assert run(name, image, foreground=subject).box == (0, 0, 160, 120)
