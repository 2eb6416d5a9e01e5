"""Several shots of one scene: aligned to a pixel, merged by what each shows best, other scenes refused."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, LinearRGB, to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.pixels.shots import aligned, focused, fused, middle_of


def scene():
    return np.ascontiguousarray(data.coffee())


def shaken(pixels, angle, dx, dy):
    """The scene by a camera that turned and moved a little."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.01)
    matrix[:, 2] += dx, dy
    return cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def inner(pixels):
    return pixels[30:-30, 30:-30].astype(int)


def error(a, b):
    return np.abs(inner(a) - inner(b)).mean()


def test_shots_are_laid_over_one_another():
    other = shaken(scene(), 2.0, 9, -6)
    _, laid = aligned([Image(scene()), Image(other)])
    assert error(laid, scene()) < 0.2 * error(other, scene())


def test_another_scene_is_refused_by_its_number():
    with pytest.raises(UnsupportedEdit, match="picture 3 does not show the same scene"):
        aligned([Image(scene()), Image(shaken(scene(), 1.0, 3, 2)), Image(np.ascontiguousarray(data.chelsea()))])
    with pytest.raises(UnsupportedEdit, match="no second shot"):
        aligned([Image(scene())])
    with pytest.raises(UnsupportedEdit, match="same scene"):
        aligned([Image(scene()), Image(np.full((400, 600, 3), 128, np.uint8))])


def test_who_passes_by_is_gone():
    shots = []
    for k, (angle, dx) in enumerate(((0, 0), (0.8, 4), (-0.5, -3))):
        passing = scene()
        cv2.circle(passing, (120 + 170 * k, 200), 40, (20, 220, 20), -1)
        shots.append(Image(shaken(passing, angle, dx, 0) if k else passing))
    middle = middle_of(aligned(shots))
    greenest = (middle[..., 1].astype(int) - middle[..., 0]).max()
    assert greenest < 60 < (shots[0].rgb[..., 1].astype(int) - shots[0].rgb[..., 0]).max()
    assert error(middle, scene()) < 4


def test_two_shots_do_not_tell_who_passes_by():
    with pytest.raises(UnsupportedEdit, match="at least three"):
        middle_of([EncodedRGB(scene())] * 2)


def test_bracketed_exposures_become_one_with_neither_end_lost():
    light = to_linear(EncodedRGB(scene()))
    dark, bright = (to_encoded(LinearRGB(np.clip(light * gain, 0, 1).astype(np.float32))) for gain in (0.12, 5.0))
    merged = fused(aligned([Image(dark), Image(bright)]))
    # The bright shot has lost the crema, the dark one the saucer's shade.
    assert (merged == 255).mean() < 0.3 * (bright == 255).mean()
    assert (merged < 12).mean() < 0.3 * (dark < 12).mean()
    detail = [cv2.Laplacian(shot.mean(axis=2), cv2.CV_64F).std() for shot in (merged, dark)]
    assert detail[0] > 1.5 * detail[1]


def test_each_part_is_taken_where_it_is_sharp():
    soft = cv2.GaussianBlur(scene(), (0, 0), 4)
    left, right = scene(), scene()
    left[:, 300:], right[:, :300] = soft[:, 300:], soft[:, :300]
    merged = focused([EncodedRGB(left), EncodedRGB(right)])
    assert error(merged, scene()) < 0.35 * min(error(left, scene()), error(right, scene()))
