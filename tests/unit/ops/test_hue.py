"""Hue: color changes, lightness stays."""

import numpy as np
import pytest

from cavendish.errors import ParameterOutOfRange, UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, from_oklab, to_encoded, to_linear, to_oklab
from cavendish.imaging.image import Image
from cavendish.ops.hue import adjust_saturation, adjust_vibrance, selective_color, shift_hue, tint
from cavendish.planning.quantities import color_change

from .support import disc, edited, noise


def lab(pixels):
    return np.asarray(to_oklab(to_linear(EncodedRGB(np.ascontiguousarray(pixels)))))


def pastels():
    """Colors so close to gray that doubling their chroma stays inside sRGB."""
    return Image(np.random.default_rng(3).integers(110, 146, (30, 40, 3)).astype(np.uint8))


def test_full_desaturation_is_gray_of_the_same_lightness():
    image = noise(64, 48)
    after = edited("adjust_saturation", image, parameters={"amount": -1})
    assert np.ptp(after.pixels.astype(int), axis=2).max() <= 1
    assert np.abs(lab(after.pixels)[..., 0] - lab(image.pixels)[..., 0]).max() < 0.005


@pytest.mark.parametrize("amount", [-0.5, 0.4, 1])
def test_chroma_is_scaled_and_lightness_and_hue_stay(amount):
    before, after = (
        lab(pastels().pixels),
        lab(edited("adjust_saturation", pastels(), parameters={"amount": amount}).pixels),
    )
    assert np.abs(after[..., 0] - before[..., 0]).max() < 0.005
    # Rounding to 8 bits moves a and b by up to half a code, about 0.003 here.
    assert np.abs(after[..., 1:] - before[..., 1:] * (1 + amount)).max() < 0.006


def test_grays_stay_gray():
    grays = Image(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
    after = edited("adjust_saturation", grays, parameters={"amount": 1})
    assert np.abs(after.pixels.astype(int) - grays.pixels).max() <= 1


@pytest.mark.parametrize("amount", [-1.1, 1.1, float("nan")])
def test_amounts_outside_their_range_are_refused(amount):
    with pytest.raises(ParameterOutOfRange):
        adjust_saturation(np.zeros((1, 1, 3), np.float32), amount=amount)


def test_a_region_limits_the_change():
    image, region = noise(60, 40), disc(60, 40)
    after = edited("adjust_saturation", image, parameters={"amount": -1}, region=region)
    assert np.ptp(after.pixels.astype(int), axis=2)[region.alpha == 1].max() <= 1
    assert np.array_equal(after.pixels[region.alpha == 0], image.pixels[region.alpha == 0])


# --- what leaves the picture as it is ---


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("adjust_saturation", {"amount": 0}),
        ("adjust_vibrance", {"amount": 0}),
        ("shift_hue", {"hue_deg": 0}),
        ("tint", {"color": "#2563EB", "amount": 0}),
        ("color_pop", {"strength": 0}),
    ],
)
def test_nothing_asked_is_nothing_done(name, parameters):
    image = noise(64, 48)
    foreground = disc(64, 48)
    assert np.array_equal(edited(name, image, parameters=parameters, foreground=foreground).pixels, image.pixels)


@pytest.mark.parametrize(
    ("function", "amounts"),
    [
        (adjust_vibrance, {"amount": -0.1}),
        (adjust_vibrance, {"amount": 1.1}),
        (shift_hue, {"hue_deg": 181}),
        (selective_color, {"color": "#2563EB", "saturation": 1.5}),
        (selective_color, {"color": "#2563EB", "lightness": -1.5}),
        (selective_color, {"color": "#2563EB", "hue_deg": 200}),
        (tint, {"color": "#2563EB", "amount": 2}),
    ],
)
def test_a_wrong_amount_is_refused_by_its_name(function, amounts):
    wrong = [name for name in amounts if name != "color"]
    with pytest.raises(ParameterOutOfRange) as refused:
        function(np.zeros((1, 1, 3), np.float32), **amounts)
    assert refused.value.param == wrong[0]


# --- vibrance ---


def swatches(*colors):
    """One pixel a color, given as L, chroma and hue in degrees, in linear light."""
    polar = np.array(colors, np.float32)
    hue = np.radians(polar[:, 2])
    flat = np.stack([polar[:, 0], polar[:, 1] * np.cos(hue), polar[:, 1] * np.sin(hue)], -1)[None]
    return from_oklab(flat.astype(np.float32))


def chroma(light):
    color = np.asarray(to_oklab(light))[0]
    return np.hypot(color[:, 1], color[:, 2])


def test_vibrance_strengthens_weak_colors_most():
    before = swatches(*[(0.6, level, 250) for level in (0.02, 0.05, 0.1, 0.2, 0.27)])
    gain = chroma(adjust_vibrance(before, amount=0.5)) / chroma(before)
    assert (np.diff(gain) < 0).all()
    assert gain[0] > 1.5
    assert gain[-1] < 1.05


def test_vibrance_spares_skin():
    skin, sky = swatches((0.7, 0.08, 52)), swatches((0.7, 0.08, 250))
    grown = [float((chroma(adjust_vibrance(color, amount=1)) / chroma(color) - 1)[0]) for color in (skin, sky)]
    assert grown[0] < 0.3 * grown[1]


def test_vibrance_grows_with_its_amount_and_keeps_hue_and_lightness():
    before = swatches((0.6, 0.05, 250))
    levels = [float(chroma(adjust_vibrance(before, amount=amount))[0]) for amount in (0, 0.3, 0.6, 1)]
    assert levels == sorted(levels)
    old, new = np.asarray(to_oklab(before))[0, 0], np.asarray(to_oklab(adjust_vibrance(before, amount=1)))[0, 0]
    assert new[0] == pytest.approx(old[0], abs=1e-5)
    assert np.arctan2(new[2], new[1]) == pytest.approx(np.arctan2(old[2], old[1]), abs=1e-4)


# --- turned hues ---


def test_a_turn_of_hue_is_that_turn():
    before = swatches((0.6, 0.08, 20))
    after = np.asarray(to_oklab(shift_hue(before, hue_deg=75)))[0, 0]
    assert np.degrees(np.arctan2(after[2], after[1])) == pytest.approx(95, abs=0.01)
    assert np.hypot(after[1], after[2]) == pytest.approx(0.08, abs=1e-5)


def test_turning_there_and_back_again():
    image = pastels()
    there = edited("shift_hue", image, parameters={"hue_deg": 140})
    back = edited("shift_hue", there, parameters={"hue_deg": -140})
    # Two roundings to 8 bits; near gray a code of b is up to three of the channels'.
    assert np.abs(back.pixels.astype(int) - image.pixels).max() <= 3


# --- one color ---

GREEN, BLUE = (46, 158, 63), (37, 99, 235)


def two_colors():
    pixels = np.empty((20, 40, 3), np.uint8)
    pixels[:, :20], pixels[:, 20:] = GREEN, BLUE
    return Image(pixels)


def test_only_the_named_color_changes():
    image = two_colors()
    after = edited("selective_color", image, parameters={"color": "#2E9E3F", "saturation": -1}).pixels
    assert np.array_equal(after[:, 20:], image.pixels[:, 20:])
    assert np.ptp(after[:, :20].astype(int), axis=2).max() <= 1


@pytest.mark.parametrize(("lightness", "expected"), [(-1, 0.0), (-0.5, 0.5), (0, 1.0)])
def test_darkening_one_color_goes_to_black_by_shares(lightness, expected):
    before = swatches((0.6, 0.15, 145))
    after = selective_color(before, color="#2E9E3F", lightness=lightness)
    assert np.asarray(to_oklab(after))[0, 0, 0] == pytest.approx(0.6 * expected, abs=1e-4)


def test_what_the_planner_says_of_green_to_blue_makes_green_blue():
    turn, saturation, lightness = color_change("#2E9E3F", "#2563EB")
    amounts = {"hue_deg": turn, "saturation": saturation, "lightness": lightness}
    after = lab(edited("selective_color", two_colors(), parameters={"color": "#2E9E3F"} | amounts).pixels)[5, 5]
    goal = lab(np.array([[BLUE]], np.uint8))[0, 0]
    assert np.hypot(*(after - goal)[1:]) < 0.06
    assert abs(after[0] - goal[0]) < 0.05


def test_a_change_of_one_color_has_no_edges():
    """Along a circle of hues no step is larger than that of the circle itself by much."""
    hues = np.linspace(0, 359, 360)
    circle = swatches(*[(0.6, 0.1, hue) for hue in hues])
    after = np.asarray(to_oklab(selective_color(circle, color="#2563EB", saturation=0.8)))[0]
    steps = np.linalg.norm(np.diff(after, axis=0), axis=1)
    assert steps.max() < 4 * np.radians(1) * 0.1


def test_a_color_without_a_change_is_unsupported():
    with pytest.raises(UnsupportedEdit, match="how"):
        edited("selective_color", two_colors(), parameters={"color": "#2E9E3F"})
    with pytest.raises(UnsupportedEdit, match="no color"):
        edited("selective_color", two_colors(), parameters={"saturation": 0.3})


# --- tints, duotones, negatives, few tones ---


def test_a_full_tint_leaves_one_hue_and_the_lightness():
    before = np.repeat(np.linspace(0.1, 0.7, 12)[None, :, None], 3, axis=2).astype(np.float32)
    after = np.asarray(to_oklab(tint(before, color="#2563EB", amount=1)))[0]
    goal = lab(np.array([[BLUE]], np.uint8))[0, 0]
    assert np.allclose(np.arctan2(after[:, 2], after[:, 1]), np.arctan2(goal[2], goal[1]), atol=1e-3)
    assert np.allclose(after[:, 0], np.asarray(to_oklab(before))[0, :, 0], atol=1e-5)


def test_a_white_tint_is_a_veil():
    black = np.zeros((1, 1, 3), np.float32)
    assert np.asarray(to_oklab(tint(black, color="#FFFFFF", amount=0.3)))[0, 0, 0] == pytest.approx(0.3, abs=0.01)


def test_a_duotone_runs_between_its_colors():
    ends = Image(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))
    after = edited("duotone", ends, parameters={"shadows": "#101850", "highlights": "#FFF0D0"}).pixels[0]
    assert np.abs(after.astype(int) - [[16, 24, 80], [255, 240, 208]]).max() <= 1


@pytest.mark.parametrize(("shadows", "highlights"), [("#2563EB", "#F97316"), ("#F97316", "#2563EB")])
def test_a_duotone_of_equally_light_colors_keeps_its_contrast(shadows, highlights):
    ramp = Image(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
    lightness = lab(edited("duotone", ramp, parameters={"shadows": shadows, "highlights": highlights}).pixels)[0, :, 0]
    assert lightness[-1] - lightness[0] > 0.45
    assert (np.diff(lightness) > -0.01).all()


def test_a_negative_is_exact_and_its_own_inverse():
    image = noise(32, 24, channels=4)
    after = edited("invert", image)
    assert np.array_equal(after.rgb, 255 - image.rgb)
    assert np.array_equal(after.alpha, image.alpha)
    assert np.array_equal(edited("invert", after).pixels, image.pixels)


@pytest.mark.parametrize("levels", [2, 3, 5, 64])
def test_posterizing_leaves_that_many_values(levels):
    ramp = Image(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
    values = np.unique(edited("posterize", ramp, parameters={"levels": levels}).pixels)
    assert len(values) == levels
    assert (values[0], values[-1]) == (0, 255)


# --- another picture's colors ---


def painted(mean, spread, seed=0):
    """A picture of normally distributed Oklab colors."""
    colors = np.random.default_rng(seed).normal(mean, spread, (60, 80, 3)).astype(np.float32)
    return Image(np.asarray(to_encoded(from_oklab(colors))))


def test_matched_colors_have_the_other_pictures_mean_and_spread():
    image, other = painted((0.5, 0.0, 0.0), (0.08, 0.02, 0.03)), painted((0.6, 0.03, 0.05), (0.1, 0.03, 0.02), seed=1)
    after, goal = lab(edited("match_colors", image, other=other, parameters={"strength": 1}).pixels), lab(other.pixels)
    assert np.abs(after.mean((0, 1)) - goal.mean((0, 1))).max() < 0.01
    assert np.allclose(after.std((0, 1)), goal.std((0, 1)), rtol=0.2)


def test_matching_a_picture_with_itself_changes_nothing_to_speak_of():
    image = painted((0.5, 0.02, 0.01), (0.08, 0.02, 0.03))
    after = edited("match_colors", image, other=image, parameters={"strength": 1})
    assert np.abs(lab(after.pixels) - lab(image.pixels)).max() < 0.02


def test_matching_is_stronger_with_strength():
    image, other = painted((0.4, 0, 0), (0.05, 0.02, 0.02)), painted((0.6, 0.05, 0.06), (0.05, 0.02, 0.02), seed=1)
    off = [
        np.abs(
            lab(edited("match_colors", image, other=other, parameters={"strength": s}).pixels).mean((0, 1))
            - lab(other.pixels).mean((0, 1))
        ).max()
        for s in (0.2, 0.6, 1)
    ]
    assert off[0] > off[1] > off[2]


def test_a_gray_picture_matched_with_a_colorful_one_stays_free_of_noise():
    gray = Image(np.repeat(np.random.default_rng(0).integers(100, 140, (60, 80, 1)), 3, axis=2).astype(np.uint8))
    after = lab(
        edited("match_colors", gray, other=painted((0.6, 0, 0), (0.1, 0.1, 0.1)), parameters={"strength": 1}).pixels
    )
    assert after[..., 1:].std((0, 1)).max() < 0.02


def test_only_the_thing_keeps_its_color():
    image, foreground = noise(60, 40), disc(60, 40)
    after = edited("color_pop", image, foreground=foreground)
    assert np.array_equal(after.pixels[foreground.alpha == 1], image.pixels[foreground.alpha == 1])
    assert np.ptp(after.pixels.astype(int), axis=2)[foreground.alpha == 0].max() <= 1
