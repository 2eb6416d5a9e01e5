"""A thing in another color: its shades stay apart, its other materials and everything else stay as they are."""

import cv2
import numpy as np
import pytest

from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear, to_oklab
from cavendish.pixels.paint import repaint, study_paint

HEIGHT, WIDTH = 240, 320
RED, BLUE, WHITE, BLACK = (224, 32, 32), (37, 99, 235), (255, 255, 255), (0, 0, 0)


def shaded_ball(color, *, wheel=None):
    """A ball of one paint, lit from the upper left, before a gray wall; with a disc of another material in it."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    distance = np.hypot(x - 160, y - 120)
    alpha = np.clip(90.5 - distance, 0, 1)
    light = np.clip(1.1 - np.hypot(x - 120, y - 80) / 170, 0.25, 1)[..., None]
    grain = np.random.default_rng(0).normal(0, 2, (HEIGHT, WIDTH, 1))
    ball = np.array(color, np.float32) * light + grain
    if wheel is not None:
        disc = np.clip(30.5 - np.hypot(x - 170, y - 150), 0, 1)[..., None]
        ball = ball * (1 - disc) + np.array(wheel, np.float32) * light * disc
    front = to_linear(EncodedRGB(np.clip(np.rint(ball), 0, 255).astype(np.uint8)))
    wall = to_linear(EncodedRGB(np.full((HEIGHT, WIDTH, 3), 150, np.uint8)))
    cover = alpha.astype(np.float32)[..., None]
    return to_encoded(LinearRGB(front * cover + wall * (1 - cover))), cover[..., 0]


def lab(image):
    return np.asarray(to_oklab(to_linear(EncodedRGB(image))))


def hue_deg(color):
    _, a, b = lab(np.array([[color]], np.uint8))[0, 0]
    return np.degrees(np.arctan2(b, a))


@pytest.mark.parametrize("old", [(60, 160, 70), (150, 110, 70), (90, 90, 90), (40, 40, 45)])
@pytest.mark.parametrize("new", [RED, BLUE])
def test_a_thing_gets_the_hue_of_the_new_paint(old, new):
    image, alpha = shaded_ball(old)
    pixels, _ = repaint(image, alpha, new)
    inside = lab(pixels)[alpha == 1].mean(axis=0)
    assert abs((np.degrees(np.arctan2(inside[2], inside[1])) - hue_deg(new) + 180) % 360 - 180) < 12


@pytest.mark.parametrize(("new", "least"), [(RED, 0.9), (BLUE, 0.9), (WHITE, 0.7), (BLACK, 0.7)])
def test_lighter_stays_lighter(new, least):
    """Near white and near black there is room for fewer shades, so the relation is bent more."""
    image, alpha = shaded_ball((60, 160, 70))
    pixels, _ = repaint(image, alpha, new)
    before, after = (cv2.GaussianBlur(lab(picture)[..., 0], (0, 0), 3)[alpha == 1] for picture in (image, pixels))
    assert np.corrcoef(before, after)[0, 1] > least


def test_white_becomes_light_and_black_dark_without_losing_all_shades():
    image, alpha = shaded_ball((60, 60, 62))
    light, dark = (lab(repaint(image, alpha, color)[0])[alpha == 1][:, 0] for color in (WHITE, BLACK))
    assert np.median(light) > 0.88
    assert np.median(dark) < 0.3
    assert np.ptp(light) > 0.05
    assert np.ptp(dark) > 0.02


@pytest.mark.parametrize("wheel", [(235, 235, 235), (40, 60, 220)])
def test_another_material_keeps_its_color(wheel):
    image, alpha = shaded_ball((60, 160, 70), wheel=wheel)
    pixels, _ = repaint(image, alpha, RED)
    middle = np.s_[140:160, 160:180]
    assert np.abs(lab(pixels)[middle] - lab(image)[middle]).max() < 0.05
    assert np.abs(lab(pixels)[60:80, 140:160] - lab(image)[60:80, 140:160]).mean() > 0.1


def test_what_is_not_the_thing_is_bit_identical():
    image, alpha = shaded_ball((60, 160, 70))
    pixels, changed = repaint(image, alpha, BLUE)
    assert np.array_equal(pixels[alpha == 0], image[alpha == 0])
    assert (changed[alpha == 0] == 0).all()


def test_no_rim_of_the_old_paint_is_left():
    """Half-covered pixels lie between the wall and the new paint, not between the wall and the old one."""
    image, alpha = shaded_ball((20, 120, 30))
    pixels, _ = repaint(image, alpha, RED)
    rim = (alpha > 0.2) & (alpha < 0.8)
    red, green = pixels[rim][:, 0].astype(int), pixels[rim][:, 1].astype(int)
    assert (red >= green - 12).all()


def test_the_study_tells_the_paint():
    image, alpha = shaded_ball((60, 160, 70), wheel=(235, 235, 235))
    paint = study_paint(image, alpha)
    assert not paint.is_neutral
    assert paint.chroma[0] < 0 < paint.chroma[1]
    dark, middle, bright = paint.shades
    assert dark < middle < bright


def test_it_is_deterministic_and_leaves_its_input_alone():
    image, alpha = shaded_ball((60, 160, 70), wheel=(235, 235, 235))
    copy = image.copy()
    first, second = repaint(image, alpha, BLUE)[0], repaint(image, alpha, BLUE)[0]
    assert np.array_equal(first, second)
    assert np.array_equal(image, copy)


@pytest.mark.parametrize(("old", "new"), [((40, 40, 42), (242, 242, 240)), ((200, 170, 140), (22, 22, 23))])
def test_texture_shows_about_as_strongly_as_before(old, new):
    """Half as strong would be plastic, twice a drawing."""
    rng = np.random.default_rng(5)
    fur = np.clip(np.array(old) + rng.normal(0, 6, (120, 120, 1)) + np.zeros(3), 0, 255).astype(np.uint8)
    pixels, _ = repaint(EncodedRGB(fur), np.ones((120, 120), np.float32), new)
    assert 0.6 < pixels.mean(axis=2).std() / fur.mean(axis=2).std() < 1.8


def test_a_fold_in_the_dark_is_painted_and_a_nose_is_not():
    plush = np.full((200, 200, 3), (215, 165, 140), np.uint8)
    plush[60:120, 98:101] = (90, 40, 28)
    plush[140:180, 80:120] = (90, 40, 40)
    pixels, _ = repaint(EncodedRGB(plush), np.ones((200, 200), np.float32), (30, 80, 200))
    fold, nose = np.asarray(pixels)[90, 99].astype(int), np.asarray(pixels)[160, 100].astype(int)
    assert fold[2] > fold[0]
    assert nose[0] > nose[2]


@pytest.mark.parametrize("color", [(200, 30, 30), WHITE])
def test_pure_black_takes_a_color(color):
    pixels, _ = repaint(EncodedRGB(np.zeros((60, 60, 3), np.uint8)), np.ones((60, 60), np.float32), color)
    assert np.abs(np.asarray(pixels)[30, 30].astype(int) - color).max() < 45
