"""Color-space changes against their closed forms."""

import numpy as np
import pytest

from cavendish.imaging.color import from_oklab, luma, to_encoded, to_linear, to_oklab


def encode_exactly(linear):
    """The standard's formula in float64, rounded half up."""
    clipped = np.clip(np.nan_to_num(linear.astype(np.float64), nan=0, posinf=1, neginf=0), 0, 1)
    encoded = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.floor(255 * encoded + 0.5).astype(np.uint8)


def picture(values):
    """The values as an image: one row of pixels, three values each."""
    return np.resize(values, (1, -(-values.size // 3), 3))


def test_every_code_survives_the_round_trip():
    codes = picture(np.arange(256, dtype=np.uint8))
    assert np.array_equal(to_encoded(to_linear(codes)), codes)


def test_decoding_follows_the_standard():
    linear = to_linear(picture(np.array([0, 10, 128, 255], np.uint8))).reshape(-1)[:4]
    assert linear == pytest.approx([0, 10 / 255 / 12.92, ((128 / 255 + 0.055) / 1.055) ** 2.4, 1], rel=1e-6)
    assert linear.dtype == np.float32


def test_encoding_rounds_correctly_on_both_sides_of_every_threshold():
    thresholds = (np.arange(255) + 0.5) / 255
    linear = np.where(thresholds <= 0.04045, thresholds / 12.92, ((thresholds + 0.055) / 1.055) ** 2.4)
    bits = linear.astype(np.float32).view(np.int32)[:, None] + np.arange(-3, 4, dtype=np.int32)
    near = picture(bits.view(np.float32).reshape(-1))
    assert np.array_equal(to_encoded(near), encode_exactly(near))


def test_encoding_is_right_for_floats_of_every_magnitude():
    bits = np.arange(0, 1 << 32, 65521 - 2, dtype=np.uint64).astype(np.uint32)
    floats = picture(bits.view(np.float32))
    with np.errstate(invalid="ignore"):
        assert np.array_equal(to_encoded(floats), encode_exactly(floats))


def test_encoding_clips_what_is_no_color():
    signaling_nan = np.array([0x7F800001, 0xFF800001], np.uint32).view(np.float32)
    odd = np.array([-np.inf, -1, -0.0, np.nan, -np.nan, np.inf, 7, 1.0000001, *signaling_nan], np.float32)
    expected = [0, 0, 0, 0, 0, 255, 255, 255, 0, 0]
    assert to_encoded(picture(odd)).reshape(-1)[:10].tolist() == expected


def test_encoding_takes_views_and_leaves_them_alone():
    linear = to_linear(np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3))
    view = linear[::2, ::-1]
    before = view.copy()
    assert np.array_equal(to_encoded(view), encode_exactly(before))
    assert np.array_equal(view, before)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (1, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 1, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 1), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_oklab_of_known_colors(rgb, lab):
    assert to_oklab(np.array([[rgb]], np.float32))[0, 0] == pytest.approx(lab, abs=1e-4)


def test_oklab_round_trip_keeps_colors_outside_the_gamut():
    linear = np.random.default_rng(1).uniform(-0.2, 4, (20, 30, 3)).astype(np.float32)
    back = from_oklab(to_oklab(linear))
    assert back.dtype == np.float32
    assert np.abs(back - linear).max() < 2e-5


def test_luma_weighs_encoded_values():
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]]], np.uint8)
    weights = luma(primaries)
    assert weights[0] == pytest.approx([0.299, 0.587, 0.114, 1, 0], abs=1e-6)
    assert weights.max() <= 1
