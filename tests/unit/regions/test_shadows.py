"""Shadows that are drawn, and so known, on grounds that are drawn or photographed."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.imaging.color import to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.pixels.shadow import contact_shadow
from cavendish.regions.shadows import find_shadow

WIDTH, HEIGHT = 640, 480
VISIBLE = 0.08


def ground(kind):
    x = np.arange(WIDTH, dtype=np.float32)[None, :, None] / WIDTH
    if kind == "plain":
        grain = np.random.default_rng(0).normal(1, 0.02, (HEIGHT, WIDTH, 1)).astype(np.float32)
        return np.float32([0.6, 0.55, 0.5]) * (0.8 + 0.3 * x) * grain
    photograph, tint = {"grass": (data.grass(), [0.5, 1.1, 0.25]), "gravel": (data.gravel(), [0.9, 0.85, 0.75])}[kind]
    gray = cv2.resize(photograph, (WIDTH, HEIGHT))
    return to_linear(np.repeat(gray[..., None], 3, axis=2)) * np.float32(tint)


def thing(kind="box"):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    if kind == "box":
        cv2.rectangle(mask, (260, 150), (390, 330), 255, -1)
    else:
        cv2.circle(mask, (320, 250), 80, 255, -1)
    return cv2.GaussianBlur(mask, (0, 0), 1).astype(np.float32) / 255


def cast_shadow(depth=0.55):
    shade = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.ellipse(shade, (430, 325), (120, 28), -6, 0, 360, depth, -1)
    return cv2.GaussianBlur(shade, (0, 0), 4)


def scene(lit, alpha, shade):
    shaded = lit * (1 - shade[..., None] if shade.ndim == 2 else 1 - shade)
    mixed = shaded + alpha[..., None] * (np.float32([0.7, 0.1, 0.08]) - shaded)
    return Image(to_encoded(np.asarray(mixed, np.float32)))


def overlap(found, truth):
    return np.count_nonzero((found > VISIBLE) & (truth > VISIBLE)) / np.count_nonzero(
        (found > VISIBLE) | (truth > VISIBLE)
    )


@pytest.mark.parametrize("kind", ["box", "ball"])
@pytest.mark.parametrize("on", ["plain", "grass", "gravel"])
def test_a_cast_shadow_is_found_on_any_ground(on, kind):
    alpha, shade = thing(kind), cast_shadow()
    found = find_shadow(scene(ground(on), alpha, shade), alpha)
    assert found.confidence >= 0.5
    assert overlap(found.alpha, shade * (1 - alpha)) >= 0.6


@pytest.mark.parametrize("kind", ["box", "ball"])
def test_a_contact_shadow_is_found(kind):
    alpha = thing(kind)
    shade = contact_shadow(alpha, strength=0.6)
    found = find_shadow(scene(ground("plain"), alpha, shade), alpha)
    assert found.confidence >= 0.5
    assert overlap(found.alpha, shade * (1 - alpha)) >= 0.6


@pytest.mark.parametrize("kind", ["box", "ball"])
@pytest.mark.parametrize("on", ["plain", "grass", "gravel"])
def test_without_a_shadow_none_is_found_and_texture_is_not_taken_for_one(on, kind):
    alpha = thing(kind)
    found = find_shadow(scene(ground(on), alpha, np.zeros_like(alpha)), alpha)
    assert found.confidence < 0.5


@pytest.mark.parametrize("depth", [0.3, 0.55, 0.8])
def test_the_density_is_the_share_of_light_lost(depth):
    alpha, shade = thing(), cast_shadow(depth)
    found = find_shadow(scene(ground("plain"), alpha, shade), alpha)
    assert np.median(found.alpha[315:335, 430:520]) == pytest.approx(depth, abs=0.06)


def test_taking_the_density_back_restores_the_ground():
    alpha, shade = thing(), cast_shadow()
    lit = ground("plain")
    picture = scene(lit, alpha, shade)
    density = find_shadow(picture, alpha).alpha
    middle = (slice(315, 335), slice(430, 520))
    restored = to_linear(picture.rgb)[middle] / (1 - density[middle][..., None])
    assert restored.mean() == pytest.approx(lit[middle].mean(), rel=0.1)


def test_a_dark_thing_of_another_color_is_not_a_shadow():
    alpha = thing()
    carpet = cast_shadow(0.9)[..., None] * np.float32([0.2, 0.9, 1.0])
    found = find_shadow(scene(ground("plain"), alpha, carpet), alpha)
    assert found.confidence < 0.5


def test_a_shadow_that_does_not_reach_the_thing_is_another_s():
    alpha = thing()
    shade = np.roll(cast_shadow(), (90, 60), axis=(0, 1))
    found = find_shadow(scene(ground("plain"), alpha, shade), alpha)
    assert found.confidence < 0.5


def test_a_dark_wall_behind_is_not_a_shadow():
    alpha, lit = thing(), ground("plain")
    lit[:290] *= 0.4
    found = find_shadow(scene(lit, alpha, np.zeros_like(alpha)), alpha)
    assert found.confidence < 0.5


def test_the_thing_itself_is_never_part_of_its_shadow():
    alpha = thing("ball")
    found = find_shadow(scene(ground("plain"), alpha, cast_shadow()), alpha)
    assert found.alpha[alpha == 1].max() == 0
    assert found.alpha.dtype == np.float32
    assert 0 <= found.alpha.min() <= found.alpha.max() <= 1


def test_a_thing_cut_by_the_lower_border_shows_no_contact():
    alpha = thing()
    alpha[300:, 260:391] = 1
    found = find_shadow(scene(ground("plain"), alpha, cast_shadow()), alpha)
    assert found.confidence == 0
    assert not found.alpha.any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (60, 2)])
def test_tiny_pictures_do_not_fail(shape):
    rng = np.random.default_rng(0)
    image = Image(rng.integers(0, 256, (*shape, 3), np.uint8))
    for alpha in (rng.random(shape, np.float32), np.zeros(shape, np.float32), np.ones(shape, np.float32)):
        found = find_shadow(image, alpha)
        assert found.alpha.shape == shape
        assert 0 <= found.confidence <= 1


def test_large_pictures_give_the_same_shadow_at_their_own_size():
    alpha, shade = thing(), cast_shadow()
    picture = scene(ground("plain"), alpha, shade)
    large = Image(cv2.resize(picture.rgb, (1920, 1440), interpolation=cv2.INTER_LINEAR))
    found = find_shadow(large, cv2.resize(alpha, (1920, 1440)))
    assert found.alpha.shape == (1440, 1920)
    assert overlap(found.alpha, cv2.resize(shade * (1 - alpha), (1920, 1440))) >= 0.6
