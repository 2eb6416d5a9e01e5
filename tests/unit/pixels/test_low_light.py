"""Low light and light from behind: what comes back, what stays, what noise does."""

import cv2
import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from skimage import data

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded
from cavendish.pixels.low_light import brighten_backlit, brighten_low_light, lifted_gain


def small(name):
    return np.asarray(cv2.resize(getattr(data, name)(), (300, 200), interpolation=cv2.INTER_AREA))


def psnr(one, other):
    return 10 * np.log10(255**2 / ((one.astype(float) - other) ** 2).mean())


def brightened(image, strength=0.5, **options):
    return np.asarray(brighten_low_light(EncodedRGB(image), strength=strength, **options))


def test_a_scene_darkened_by_a_power_comes_back_better_than_by_the_inverse_power():
    image = small("coffee")
    dark = np.rint(255 * (image / 255) ** 2.4 * 0.6).astype(np.uint8)
    inverse = np.rint(255 * (dark / 255) ** (1 / 2.4)).astype(np.uint8)
    assert psnr(brightened(dark), image) > psnr(inverse, image) + 1


def test_colored_lamps_keep_their_color():
    night = np.full((100, 150, 3), 6, np.uint8)
    night[40:60, 40:60] = [250, 60, 30]
    red, green, blue = brightened(night)[50, 50].astype(int)
    assert red > 2 * green
    assert green > blue


def test_a_night_sky_stays_dark():
    sky = np.full((200, 300, 3), 9, np.uint8)
    sky[::12, ::12] = 250
    assert brightened(sky, 1.0).mean() < 80


def test_noise_is_calmed():
    rng = np.random.default_rng(0)
    dark = np.clip(np.full((200, 300, 3), 14.0) + rng.normal(0, 1.5, (200, 300, 3)), 0, 255)
    dark[:100] += 14
    noisy = np.rint(dark).astype(np.uint8)
    after = brightened(noisy, 1.0)
    gain = (after[150:, 50:250].mean() - 0) / noisy[150:, 50:250].mean()
    assert after[150:, 50:250].std() < 0.5 * gain * noisy[150:, 50:250].std()
    assert after[:90].mean() > after[110:].mean() + 20  # the edge between both is still there


def test_a_bright_picture_moves_little_and_none_at_zero():
    image = small("chelsea")
    assert np.abs(brightened(image).astype(int) - image).mean() < 35
    assert np.array_equal(brightened(image, 0.0), image)


def test_strips_do_not_show():
    """Noise is calmed with a margin around each strip, so that no seam is left."""
    rng = np.random.default_rng(1)
    tall = rng.integers(8, 24, (1400, 1100, 3), np.uint8)
    rows = np.asarray(brightened(tall, 1.0), float).mean(axis=(1, 2))
    assert np.abs(np.diff(rows)).max() < 2


def backlit():
    """A textured dark figure before a bright sky."""
    image = np.full((240, 320, 3), 225, np.uint8)
    texture = np.random.default_rng(2).integers(-8, 9, (240, 320, 1))
    figure = np.zeros((240, 320), np.uint8)
    cv2.ellipse(figure, (160, 150), (60, 90), 0, 0, 360, 1, -1)
    image[figure > 0] = np.clip(np.array([46, 36, 30]) + texture, 0, 255)[figure > 0]
    return image, figure > 0


def test_the_figure_is_lit_and_the_sky_stays():
    image, figure = backlit()
    after = np.asarray(brighten_backlit(EncodedRGB(image), strength=0.5))
    assert after[figure].mean() > 1.5 * image[figure].mean()
    sky = cv2.erode((~figure).astype(np.uint8), np.ones((9, 9))) > 0
    assert np.abs(after[sky].astype(int) - image[sky]).max() <= 6


def test_no_halo_stands_around_the_figure():
    image, figure = backlit()
    after = np.asarray(brighten_backlit(EncodedRGB(image), strength=1.0))
    rim = (cv2.dilate(figure.astype(np.uint8), np.ones((25, 25))) > 0) & ~figure
    assert after[rim].min() >= 215


def test_a_dark_face_is_lifted_further_than_the_picture_asks_for():
    image, _ = backlit()
    image[:, :] = np.where(image > 200, 120, image)
    without = np.asarray(brighten_backlit(EncodedRGB(image), strength=0.5))
    with_face = np.asarray(brighten_backlit(EncodedRGB(image), strength=0.5, faces=[(120, 90, 200, 190)]))
    assert with_face[140, 160].mean() > without[140, 160].mean()


def test_faces_in_good_light_are_no_reason():
    lit = np.full((100, 100, 3), 190, np.uint8)
    assert np.array_equal(brighten_backlit(EncodedRGB(lit), strength=1.0, faces=[(20, 20, 60, 60)]), lit)


@for_all(st.floats(0.08, 0.6), st.floats(0, 2.6))
def test_lifting_keeps_the_order_of_brightness(dark, lift_ev):
    base = np.linspace(0, 1, 400, dtype=np.float32)
    lit = base**3 * lifted_gain(base, dark, lift_ev)
    shown = np.asarray(to_encoded(LinearRGB(np.repeat(np.clip(lit, 0, 1)[None, :, None], 3, axis=2))))[0, :, 0].astype(
        int
    )
    assert (np.diff(shown) >= -1).all()


@pytest.mark.parametrize("function", [brighten_low_light, brighten_backlit])
@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_strength_out_of_range_is_refused(function, strength):
    with pytest.raises(ParameterOutOfRange):
        function(EncodedRGB(np.zeros((4, 4, 3), np.uint8)), strength=strength)
