"""Background: what stands in front stays as it was, what is behind is gone."""

import numpy as np
import pytest

from cavendish.imaging.color import EncodedRGB, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.ops.background import _LAND_LIGHT, replace_background
from cavendish.ops.catalog import catalog
from cavendish.pixels.composite import apply_patch
from cavendish.pixels.reflection import find_reflection
from cavendish.pixels.region import Region
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


def test_a_color_may_be_shaded_where_the_subject_stands():
    image, subject = photo()
    plain, shaded = (
        edited("background_color", image, foreground=subject, parameters={"shadow": shadow}).rgb
        for shadow in ("none", "contact")
    )
    assert np.array_equal(shaded[subject.alpha == 1], image.rgb[subject.alpha == 1])
    darker = (plain.astype(int) - shaded).max(axis=2)
    rows, _ = np.nonzero(darker > 8)
    assert rows.min() > 60  # below the middle of the ball
    assert (shaded[:30] == 255).all() or (darker[:30] == 0).all()


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


# --- gradients, backdrops, skies, toned backgrounds ---


def corner_colors(pixels):
    return pixels[2, 2].astype(int), pixels[-3, -3].astype(int)


@pytest.mark.parametrize(("angle", "axis"), [(0, 1), (90, 0)])
def test_a_gradient_runs_where_it_is_told_to_and_has_no_steps(angle, axis):
    image, subject = photo()
    parameters = {"colors": ["#102030", "#F0E0D0"], "angle_deg": angle}
    after = edited("background_gradient", image, foreground=subject, parameters=parameters)
    first, last = corner_colors(after.rgb)
    assert np.abs(first - (16, 32, 48)).max() <= 6
    assert np.abs(last - (240, 224, 208)).max() <= 6
    across = after.rgb[..., 0].astype(int)[:, 4] if axis == 0 else after.rgb[..., 0].astype(int)[4]
    assert np.abs(np.diff(across)).max() <= 4
    assert np.array_equal(after.rgb[subject.alpha == 1], image.rgb[subject.alpha == 1])


def test_a_gradient_of_several_colors_passes_through_each():
    image = Image(np.full((40, 300, 3), 128, np.uint8))
    nothing = disc(300, 40, radius=0.01)
    parameters = {"colors": ["#FF0000", "#00FF00", "#0000FF"], "angle_deg": 0}
    after = edited("background_gradient", image, foreground=nothing, parameters=parameters).rgb[2]
    assert [int(after[x].argmax()) for x in (5, 150, 294)] == [0, 1, 2]


@pytest.mark.parametrize("name", catalog()["backdrop"].parameters["name"].choices)
def test_every_backdrop_lies_behind_the_subject(name):
    image, subject = photo()
    after = edited("backdrop", image, foreground=subject, parameters={"name": name})
    behind = subject.alpha == 0
    assert not np.array_equal(after.rgb[behind], image.rgb[behind])
    assert after.rgb[behind].std() > 1
    # The subject's light is moved only a little.
    assert np.abs(after.rgb[subject.alpha == 1].astype(int) - image.rgb[subject.alpha == 1]).mean() < 40


def test_backdrops_differ_by_chance_and_repeat():
    image, subject = photo()

    def by(seed):
        random = None if seed is None else np.random.default_rng(seed)
        return edited("backdrop", image, foreground=subject, parameters={"name": "cafe"}, random=random).pixels

    assert np.array_equal(by(1), by(1))
    assert np.array_equal(by(None), by(None))
    assert not np.array_equal(by(1), by(2))


def test_a_standing_thing_shades_the_ground_of_its_backdrop(monkeypatch):
    image, subject = photo()

    def below():
        after = light(edited("backdrop", image, foreground=subject, parameters={"name": "studio"}).rgb).mean(axis=2)
        return after[np.flatnonzero((subject.alpha > 0.5).any(axis=1))[-1] + 2]

    shaded = below()
    monkeypatch.setattr("cavendish.ops.background._SHADOW", 0.0)
    assert shaded[80] < 0.85 * below()[80]
    assert shaded[10] == pytest.approx(below()[10], rel=0.02)


def test_a_toned_background_leaves_the_subject_alone():
    image, subject = photo()
    inside, outside = subject.alpha == 1, subject.alpha == 0
    darker = edited("darken_background", image, foreground=subject, parameters={"amount": 0.5})
    gray = edited("desaturate_background", image, foreground=subject, parameters={"amount": 1.0})
    for after in (darker, gray):
        assert np.array_equal(after.rgb[inside], image.rgb[inside])
    # Half the amount is 1.5 EV: a factor of 2.83 in linear light.
    assert light(image.rgb)[outside].mean() / light(darker.rgb)[outside].mean() == pytest.approx(2.83, rel=0.03)
    assert np.ptp(gray.rgb[outside].astype(int), axis=-1).max() <= 1


def test_extracting_shows_the_subject_alone_on_white_and_tightly():
    image, subject = photo()
    after = edited("extract_subject", image, foreground=subject)
    assert (after.rgb[subject.alpha == 0] == 255).all()
    tight = run("extract_subject", image, foreground=subject, parameters={"tight": True})
    left, top, right, bottom = tight.window
    assert tight.image.size == (right - left, bottom - top)
    assert tight.image.size < image.size
    assert np.array_equal(tight.image.rgb, after.rgb[top:bottom, left:right])
    assert tight.grid(image.size).size == tight.image.size


def land():
    """A pale sky over a textured land, and the sky."""
    pixels = np.full((120, 160, 3), (200, 210, 220), np.uint8)
    pixels[60:] = noise(160, 60).pixels // 2
    alpha = np.zeros((120, 160), np.float32)
    alpha[:60] = 1
    return Image(pixels), Region(alpha)


@pytest.mark.parametrize("name", catalog()["replace_sky"].parameters["name"].choices)
def test_a_new_sky_lights_the_land(name):
    image, sky = land()
    patch = run("replace_sky", image, sky=sky, parameters={"name": name})
    after = apply_patch(image, patch).rgb
    assert "synthetic" in patch.note
    assert not np.array_equal(after[:55], image.rgb[:55])
    before, lit = light(image.rgb[65:]).mean(axis=(0, 1)), light(after[65:]).mean(axis=(0, 1))
    drawn = "overcast" if name == "dramatic" else name  # a bare sky has no clouds to make stronger
    assert np.allclose(lit / before, _LAND_LIGHT[drawn], rtol=0.05)


def test_a_sky_with_clouds_is_made_dramatic_by_its_own():
    image, sky = land()
    x = np.arange(160)
    clouds = (30 * np.sin(x / 9) + 12 * np.sin(x / 2)).astype(int)
    pixels = image.rgb.copy()
    pixels[:60] = np.clip(np.array((120, 160, 200)) + clouds[:, None], 0, 255)
    patch = run("replace_sky", Image(pixels), sky=sky, parameters={"name": "dramatic"})
    after = apply_patch(Image(pixels), patch).rgb
    assert "own clouds" in patch.note
    assert "synthetic" not in patch.note
    before_gray, gray = pixels[:55].mean(axis=2), after[:55].mean(axis=2)
    assert gray.std() > 1.2 * before_gray.std()
    assert np.corrcoef(gray[30], before_gray[30])[0, 1] > 0.9
    assert np.abs(after[65:].astype(int) - pixels[65:]).max() <= 1


def lake():
    """Hills under a pale sky, and all of it upside down in a lake."""
    rng = np.random.default_rng(4)
    hills = 40 + 12 * np.sin(np.arange(200) / 15) + 6 * np.sin(np.arange(200) / 5)
    above = np.full((80, 200, 3), (200, 210, 220), np.uint8)
    land = np.arange(80)[:, None] > hills
    above[land] = rng.integers(20, 90, (land.sum(), 3))
    sky = np.zeros((160, 200), np.float32)
    sky[:80] = ~land
    return Image(np.concatenate([above, (above[::-1] * 0.9).astype(np.uint8)])), Region(sky)


def test_still_water_shows_the_new_sky_and_only_it():
    image, sky = lake()
    after = edited("replace_sky", image, sky=sky, parameters={"name": "night"}).rgb
    mirrored = sky.alpha[::-1] > 0.5
    deep = mirrored & (np.arange(160)[:, None] > 140)
    assert after[deep].mean() < 40 < image.rgb[deep].mean()
    banks = ~mirrored & (np.arange(160)[:, None] >= 85) & (np.arange(160)[:, None] < 105)
    lit = light(image.rgb)[banks].mean(axis=0) * _LAND_LIGHT["night"]
    assert np.allclose(light(after)[banks].mean(axis=0), lit, rtol=0.1)


def test_dry_land_mirrors_nothing():
    image, sky = land()
    assert find_reflection(EncodedRGB(image.rgb), sky.alpha) is None


def test_a_supplied_sky_is_used_as_it_is():
    image, sky = land()
    other = Image(np.full((60, 80, 3), (250, 120, 40), np.uint8))
    after = edited("replace_sky", image, sky=sky, other=other).rgb
    assert np.abs(after[:55].astype(int) - (250, 120, 40)).max() <= 1
    assert np.abs(after[65:].astype(int) - image.rgb[65:]).max() <= 1
