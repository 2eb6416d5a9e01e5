"""The compositor: untouched means untouched, and several moves are as good as one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cavendish.imaging.color import EncodedRGB, to_encoded, to_linear
from cavendish.imaging.image import Image, Metadata
from cavendish.imaging.resample import rotation, scaling, translation
from cavendish.pixels.canvas import Canvas, Solid, Surround, Transparent
from cavendish.pixels.composite import Patch, apply_patch, put_behind, render, render_plane, whole

WHITE = Solid((255, 255, 255))


def noise(width=20, height=14, channels=3, seed=0):
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8))


def smooth(width=240, height=180, channels=3):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    planes = [120 + 100 * np.sin(x / 29), 120 + 100 * np.cos(y / 23), 60 + x / 2, 128 + 120 * np.sin((x + y) / 37)]
    return Image(np.stack(planes[:channels], -1).astype(np.uint8))


def resized(width, height, to):
    return Canvas(to, scaling(width / to[0], height / to[1]))


def difference(one, other):
    return np.abs(one.pixels.astype(int) - other.pixels.astype(int))


@settings(max_examples=30)
@given(st.data())
def test_outside_its_alpha_a_patch_changes_nothing(data):
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    pixels = data.draw(arrays.arrays(np.uint8, (height, width, data.draw(st.sampled_from([3, 4])))))
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    shape = (bottom - top, right - left)
    alpha = data.draw(arrays.arrays(np.float32, shape, elements=st.sampled_from([0, 0.25, 1])))
    new = EncodedRGB(data.draw(arrays.arrays(np.uint8, (*shape, 3))))
    before = pixels.copy()
    after = apply_patch(Image(pixels), Patch(new, alpha, (left, top, right, bottom))).pixels
    assert np.array_equal(pixels, before), "the source is never written to"
    assert after.shape == pixels.shape
    untouched = np.ones((height, width), bool)
    untouched[top:bottom, left:right] = alpha == 0
    assert np.array_equal(after[untouched], pixels[untouched])
    assert np.array_equal(after[top:bottom, left:right, :3][alpha == 1], new[alpha == 1])
    assert np.array_equal(after[..., 3:], pixels[..., 3:])


def test_soft_parts_blend_light_not_codes():
    """Half black, half white is half the light: code 188, not 128."""
    image = Image(np.zeros((2, 2, 3), np.uint8))
    white = EncodedRGB(np.full((2, 2, 3), 255, np.uint8))
    mixed = apply_patch(image, whole(image, white, alpha=np.full((2, 2), 0.5, np.float32)))
    assert (mixed.pixels == 188).all()


def test_a_patch_may_replace_transparency():
    image = noise()
    opacity = np.linspace(0, 1, 14 * 20, dtype=np.float32).reshape(14, 20)
    none = Patch(EncodedRGB(image.rgb), np.zeros((14, 20), np.float32), (0, 0, 20, 14), opacity=opacity)
    after = apply_patch(image, none)
    assert after.alpha is not None
    assert np.array_equal(after.alpha, np.rint(opacity * 255).astype(np.uint8))
    assert np.array_equal(after.rgb, image.rgb)


def test_metadata_survives():
    image = Image(noise().pixels, Metadata(format="JPEG", notes=("first frame only",)))
    assert apply_patch(image, whole(image, EncodedRGB(image.rgb))).metadata is image.metadata
    assert render(image, resized(20, 14, (5, 5))).metadata is image.metadata


@pytest.mark.parametrize("channels", [3, 4])
def test_the_identity_canvas_is_exact(channels):
    image = noise(channels=channels)
    image.pixels[..., 3:] |= 1  # fully transparent pixels have no color to keep
    after = render(image, Canvas(image.size, np.eye(3)))
    if channels == 3:
        assert np.array_equal(after.pixels, image.pixels)
    else:
        assert np.array_equal(after.pixels[..., 3], image.pixels[..., 3])
        solid = image.pixels[..., 3] > 40
        assert difference(after, image)[solid].max() <= 1


@pytest.mark.parametrize("fill", [Transparent(), WHITE, Surround()])
def test_a_whole_pixel_crop_is_exact_with_any_fill(fill):
    image = noise()
    after = render(image, Canvas((6, 5), translation(4, 3), fill))
    assert np.array_equal(after.pixels, image.pixels[3:8, 4:10])


def test_shrinking_averages_light():
    board = Image(np.repeat((np.indices((8, 8)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2))
    assert (render(board, resized(8, 8, (4, 4))).pixels == 188).all()


@pytest.mark.parametrize("matrix", [scaling(3, 3), rotation(13), scaling(0.4, 0.4)])
def test_color_under_transparency_never_bleeds_in(matrix):
    """Pure red hides under the transparent half; a gray thing stays gray when moved."""
    pixels = np.zeros((48, 48, 4), np.uint8)
    pixels[:, :24] = 255, 0, 0, 0
    pixels[:, 24:] = 128, 128, 128, 255
    after = render(Image(pixels), Canvas((30, 30), translation(18, 0) @ matrix))
    shown = after.pixels[after.pixels[..., 3] >= 8].astype(int)
    assert len(shown) > 50
    assert np.ptp(shown[:, :3], axis=1).max() == 0
    assert np.abs(shown[shown[:, 3] >= 128, :3] - 128).max() <= 2
    assert (after.pixels[..., :3][after.pixels[..., 3] == 0] == 0).all()


def test_uncovered_canvas_is_transparent_or_filled():
    image = Image(np.full((4, 4, 3), 77, np.uint8))
    around = translation(-2, -2)
    clear = render(image, Canvas((8, 8), around, Transparent()))
    assert clear.alpha is not None
    assert (clear.alpha == 255).sum() == 16
    assert (clear.alpha == 0).sum() == 48
    red = render(image, Canvas((8, 8), around, Solid((250, 10, 20))))
    assert red.alpha is None
    assert (red.pixels == (250, 10, 20)).all(axis=2).sum() == 48
    assert (red.pixels == 77).all(axis=2).sum() == 16


def test_the_surround_continues_the_picture_darker_and_without_detail():
    """No hard edge of its own, about half the light, and the picture itself untouched."""
    image = smooth(240, 180)
    after = render(image, Canvas((480, 180), translation(-120, 0), Surround()))
    assert after.alpha is None
    assert np.array_equal(after.pixels[:, 120:360], image.pixels)
    sides = np.concatenate([after.pixels[:, :112], after.pixels[:, 368:]], axis=1)
    light, before = (np.asarray(to_linear(EncodedRGB(part))) for part in (np.ascontiguousarray(sides), image.pixels))
    assert 0.35 * before.mean() < light.mean() < 0.65 * before.mean()
    assert np.abs(np.diff(sides[:, :112].astype(int), axis=1)).max() <= 6


MOVES = st.lists(st.sampled_from(["crop", "flip", "turn", "tilt", "half", "pad"]), min_size=2, max_size=4)


def canvas_of(move, size):
    width, height = size
    match move:
        case "crop":
            return Canvas((max(8, width - 31), max(8, height - 22)), translation(13, 9), WHITE)
        case "flip":
            return Canvas(size, translation(width, 0) @ scaling(-1, 1), WHITE)
        case "turn":
            back = translation(width / 2, height / 2) @ rotation(-90) @ translation(-height / 2, -width / 2)
            return Canvas((height, width), back, WHITE)
        case "tilt":
            back = translation(width / 2, height / 2) @ rotation(-11) @ translation(-width / 2, -height / 2)
            return Canvas(size, back, WHITE)
        case "half":
            return resized(width, height, (round(width * 0.8), round(height * 0.8)))
        case _:
            return Canvas((width + 24, height + 40), translation(-12, -20), WHITE)


@settings(max_examples=25)
@given(MOVES)
def test_merged_moves_look_like_one_after_the_other(moves):
    image = smooth()
    merged = None
    step_by_step = image
    for move in moves:
        canvas = canvas_of(move, step_by_step.size)
        merged = merged.then(canvas) if merged else canvas
        step_by_step = render(step_by_step, Canvas(canvas.size, canvas.matrix, WHITE))
    at_once = render(image, merged)
    assert at_once.size == step_by_step.size
    apart = difference(at_once, step_by_step)
    assert apart.mean() < 1.0
    # Along slanted edges each pass softens a little more; nowhere else may they differ visibly.
    assert (apart.max(axis=2) > 8).mean() < 0.04


@settings(max_examples=25)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(4, 40), st.integers(4, 40), st.sampled_from([0, 90, 7]))
def test_what_a_crop_cut_away_never_comes_back(left, top, width, height, angle_deg):
    """Crop a gray window out of red, then pad: no trace of red in the padding."""
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[...] = 255, 0, 0
    pixels[top : top + height, left : left + width] = 90
    crop = Canvas((width, height), translation(left, top))
    back = translation(width / 2, height / 2) @ rotation(-angle_deg) @ translation(-80, -80)
    merged = crop.then(Canvas((160, 160), back, Solid((0, 0, 255))))
    after = render(Image(pixels), merged).pixels.astype(int)
    assert (after[..., 0] <= after[..., 1]).all()
    assert (np.abs(after - 90).max(axis=2) <= 2).sum() >= 0.5 * width * height - 2 * (width + height)


def test_a_crop_then_a_transparent_pad_shows_nothing_around():
    image = noise(100, 100)
    merged = Canvas((10, 10), translation(40, 40)).then(Canvas((30, 30), translation(-10, -10)))
    after = render(image, merged)
    assert after.alpha is not None
    assert (after.alpha == 255).sum() == 100
    assert np.array_equal(after.rgb[10:20, 10:20], image.pixels[40:50, 40:50])
    assert not after.rgb[after.alpha == 0].any()


def test_masks_travel_with_the_picture():
    mask = np.zeros((100, 100), np.float32)
    mask[40:60, 45:55] = 1
    picture = Image(np.repeat((mask * 255).astype(np.uint8)[..., None], 3, axis=2))
    merged = Canvas((50, 50), translation(30, 30)).then(canvas_of("turn", (50, 50))).then(canvas_of("pad", (50, 50)))
    moved = render_plane(mask, merged)
    shown = render(picture, Canvas(merged.size, merged.matrix, Solid((0, 0, 0)), frames=merged.frames))
    assert np.array_equal(to_encoded(np.repeat(moved[..., None], 3, axis=2)), shown.pixels)
    assert moved.sum() == pytest.approx(200)


def test_a_mask_stays_between_zero_and_one():
    edges = np.zeros((20, 20), np.float32)
    edges[5:15, 5:15] = 1
    grown = render_plane(edges, Canvas((100, 100), scaling(0.2, 0.2)))
    assert grown.min() >= 0
    assert grown.max() <= 1


def test_notes_of_merged_moves_are_kept():
    one, other = Canvas((4, 4), np.eye(3), note="one"), Canvas((4, 4), np.eye(3), note="other")
    assert one.then(other).note == "one other"


def test_behind_a_solid_foreground_nothing_changes():
    image = noise(64, 48)
    alpha = np.zeros((48, 64), np.float32)
    alpha[10:40, 20:50] = 1
    alpha[9, 20:50] = 0.5
    plate = to_linear(EncodedRGB(np.full((48, 64, 3), (10, 200, 30), np.uint8)))
    after = apply_patch(image, put_behind(image, alpha, lambda rows: plate[rows]))
    assert np.array_equal(after.pixels[alpha == 1], image.pixels[alpha == 1])
    assert (after.pixels[alpha == 0] == (10, 200, 30)).all()
