"""The look of another picture: its palette always, its brushwork where it is painted, and nothing moves."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.imaging.color import EncodedRGB, to_linear, to_oklab
from cavendish.imaging.image import Image
from cavendish.pixels import style


def lab(pixels):
    return np.asarray(to_oklab(to_linear(EncodedRGB(np.ascontiguousarray(pixels)))))


def take_style(image, other, **how):
    return np.asarray(style.take_style(image, other, **how)[0])


def painting(seed=3):
    """Blue and yellow strokes of some pixels' width all over."""
    rng = np.random.default_rng(seed)
    canvas = np.full((300, 400, 3), (40, 60, 130), np.uint8)
    for _ in range(2500):
        x, y, angle = rng.uniform(0, 400), rng.uniform(0, 300), rng.normal(0.6, 0.3)
        color = (np.array((40, 60, 130)) if rng.random() < 0.7 else np.array((210, 180, 60))) + rng.normal(0, 25)
        end = int(x + 14 * np.cos(angle)), int(y + 14 * np.sin(angle))
        cv2.line(canvas, (int(x), int(y)), end, np.clip(color, 0, 255).tolist(), 3, cv2.LINE_AA)
    return Image(canvas)


def photo():
    return Image(np.ascontiguousarray(data.astronaut()))


def smooth_photo():
    return Image(cv2.GaussianBlur(np.ascontiguousarray(data.coffee()), (0, 0), 3))


def fine(pixels):
    """Contrast within a stroke's reach in what was plain background."""
    lightness = lab(pixels)[60:160, 280:340, 0]
    return float((lightness - cv2.GaussianBlur(lightness, (0, 0), 4)).std())


def test_no_strength_is_no_change():
    image = photo()
    assert np.abs(np.asarray(take_style(image, painting(), strength=0.0, seed=1)).astype(int) - image.rgb).max() <= 1


@pytest.mark.long
def test_a_painting_gives_its_palette_and_its_strokes():
    image = photo()
    styled = take_style(image, painting(), strength=1.0, seed=1)
    assert lab(styled)[..., 2].mean() < lab(image.rgb)[..., 2].mean() - 0.03  # the canvas is blue on the whole
    assert fine(styled) > 2 * fine(image.rgb)
    assert style.take_style(image, painting(), strength=1.0, seed=1)[1]


def test_a_photograph_gives_its_palette_only():
    image = photo()
    styled = take_style(image, smooth_photo(), strength=1.0, seed=1)
    assert lab(styled)[..., 1].mean() > lab(image.rgb)[..., 1].mean()  # the table is brown
    assert not style.take_style(image, smooth_photo(), strength=1.0, seed=1)[1]
    assert fine(styled) < 1.6 * fine(image.rgb)  # a curve may steepen, nothing is pasted


def test_edges_stay_where_they_are():
    image = photo()
    before, after = (
        cv2.GaussianBlur(lab(p)[..., 0], (0, 0), 5)
        for p in (image.rgb, take_style(image, painting(), strength=0.7, seed=1))
    )
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.95


def test_the_look_of_a_gray_picture_is_gray():
    gray = Image(np.repeat(data.camera()[..., None], 3, axis=2))
    styled = lab(take_style(photo(), gray, strength=1.0, seed=1))
    assert np.hypot(styled[..., 1], styled[..., 2]).max() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (33, 20)])
def test_small_pictures_have_a_look_too(size):
    tiny = Image(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8))
    assert take_style(photo(), tiny, strength=1.0, seed=1).shape == (512, 512, 3)
    assert take_style(tiny, painting(), strength=1.0, seed=1).shape == (size[1], size[0], 3)


def test_the_same_seed_gives_the_same_strokes_and_another_gives_others():
    image = Image(cv2.resize(photo().rgb, (200, 200), interpolation=cv2.INTER_AREA))
    one, same, other = (take_style(image, painting(), strength=1.0, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_plain_background_gets_no_grid():
    """One patch over and over would make the picture resemble itself, moved by the distance of patches."""
    plain = Image(np.full((400, 400, 3), 128, np.uint8))
    lightness = lab(take_style(plain, painting(), strength=1.0, seed=1))[..., 0]
    strokes = lightness - cv2.GaussianBlur(lightness, (0, 0), 8)
    alike = [np.corrcoef(strokes[:, :-step].ravel(), strokes[:, step:].ravel())[0, 1] for step in (16, 32, 48)]
    assert max(alike) < 0.3
