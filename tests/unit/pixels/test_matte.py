"""Cut-outs against composites whose truth is known."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.imaging.color import to_encoded, to_linear
from cavendish.pixels.matte import estimate_foreground, foreground_rows, refine_alpha

SIZE = (512, 512)


def star(softness_px):
    """A shape with round and pointed parts, 10 % to 40 % of the frame."""
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    radius = 130 + 30 * np.sin(7 * angle)
    outline = np.stack([256 + radius * np.cos(angle), 256 + radius * np.sin(angle)], axis=1)
    mask = np.zeros(SIZE, np.float32)
    cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), softness_px)


def coarsen(alpha):
    """What a network of low resolution would answer: thresholded, shrunk, blurred."""
    small = cv2.resize((alpha > 0.5).astype(np.float32), (128, 128), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(cv2.resize(small, SIZE, interpolation=cv2.INTER_LINEAR), (0, 0), 3)


def crop(image):
    return to_linear(cv2.resize(image[: min(image.shape[:2]), : min(image.shape[:2])], SIZE))


def composite(softness_px, background):
    alpha = star(softness_px)
    subject = crop(data.coffee()) * np.array([1, 0.3, 0.1], np.float32) + np.array([0.35, 0.02, 0], np.float32)
    image = alpha[..., None] * subject + (1 - alpha[..., None]) * background
    return image, alpha, subject


BACKGROUNDS = {
    "photograph": lambda: crop(data.chelsea()) * np.array([0.4, 0.8, 1.2], np.float32),
    "grass": lambda: crop(np.repeat(data.camera()[..., None], 3, axis=2)) * np.array([0.1, 0.5, 0.1], np.float32),
    "plain": lambda: np.full((*SIZE, 3), (0.7, 0.75, 0.8), np.float32),
}


@pytest.mark.parametrize("softness_px", [1.0, 3.0])
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_degraded_alpha_is_brought_back_to_the_truth(softness_px, background):
    image, truth, _ = composite(softness_px, BACKGROUNDS[background]())
    coarse = coarsen(truth)
    refined = refine_alpha(to_encoded(image), coarse)
    assert float(((refined - truth) ** 2).mean()) <= 0.0005


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_crisp_edge_is_found_again_under_a_blurred_answer(background):
    image, truth, _ = composite(1, BACKGROUNDS[background]())
    coarse = coarsen(truth)
    refined = refine_alpha(to_encoded(image), coarse)
    assert float(((refined - truth) ** 2).mean()) < 0.15 * float(((coarse - truth) ** 2).mean())


def test_outside_the_band_alpha_is_exactly_zero_or_one():
    image, truth, _ = composite(2, BACKGROUNDS["photograph"]())
    refined = refine_alpha(to_encoded(image), coarsen(truth))
    far = cv2.dilate(((truth > 0.01) & (truth < 0.99)).astype(np.uint8), np.ones((41, 41))) == 0
    assert set(np.unique(refined[far]).tolist()) == {0.0, 1.0}
    assert refined.dtype == np.float32


def test_faint_haze_is_cleared():
    image, truth, _ = composite(3, BACKGROUNDS["grass"]())
    refined = refine_alpha(to_encoded(image), coarsen(truth))
    between = refined[(refined > 0) & (refined < 1)]
    assert between.min() >= 1 / 64
    assert between.max() <= 1 - 1 / 64


@pytest.mark.parametrize("value", [0, 1])
def test_an_alpha_without_an_edge_stays(value):
    image = data.astronaut()
    alpha = np.full(image.shape[:2], value, np.float32)
    assert np.array_equal(refine_alpha(image, alpha), alpha)


def test_large_pictures_are_refined_at_their_own_size():
    image, truth, _ = composite(2, BACKGROUNDS["photograph"]())
    large = cv2.resize(to_encoded(image), (1100, 1024), interpolation=cv2.INTER_CUBIC)
    wanted = cv2.resize(truth, (1100, 1024), interpolation=cv2.INTER_LINEAR)
    refined = refine_alpha(large, cv2.resize(coarsen(truth), (1100, 1024), interpolation=cv2.INTER_LINEAR))
    assert refined.shape == (1024, 1100)
    assert float(((refined - wanted) ** 2).mean()) <= 0.002


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (40, 2)])
def test_tiny_pictures_do_not_fail(shape):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*shape, 3), np.uint8)
    alpha = rng.random(shape, np.float32)
    assert np.isfinite(refine_alpha(image, alpha)).all()
    assert np.isfinite(estimate_foreground(to_linear(image), alpha)).all()


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_the_old_background_leaves_the_edge(background):
    behind = BACKGROUNDS[background]()
    image, alpha, subject = composite(4, behind)
    mixed = (alpha > 0.1) & (alpha < 0.95)
    estimated = estimate_foreground(image, alpha)
    wrong = np.abs(estimated - subject)[mixed].mean()
    assert wrong < 0.6 * np.abs(image - subject)[mixed].mean()


def test_on_a_new_background_the_edge_looks_as_if_shot_there():
    image, alpha, subject = composite(4, BACKGROUNDS["plain"]())
    shot = alpha[..., None] * subject
    moved = alpha[..., None] * estimate_foreground(image, alpha)
    assert float(((moved - shot) ** 2).mean()) < 0.2 * float(((alpha[..., None] * image - shot) ** 2).mean())


def test_where_the_subject_is_opaque_its_colors_are_exact():
    image, alpha, _ = composite(2, BACKGROUNDS["photograph"]())
    image = image.copy()
    image[256, 256] = 3
    alpha[alpha > 0.999] = 1
    estimated = estimate_foreground(image, alpha)
    assert np.array_equal(estimated[alpha == 1], image[alpha == 1])
    assert estimated.min() >= 0


def test_a_fully_opaque_subject_is_returned_as_it_is():
    image = to_linear(data.chelsea())
    assert np.array_equal(estimate_foreground(image, np.ones(image.shape[:2], np.float32)), image)


def shape(kind, side):
    """Antialiased truths that fill the frame alike at any size."""
    mask, unit = np.zeros((4 * side, 4 * side), np.uint8), side / 100
    middle = (2 * side, 2 * side)
    if kind == "disc":
        cv2.circle(mask, middle, int(110 * unit), 255, -1)
    elif kind == "ring":
        cv2.circle(mask, middle, int(110 * unit), 255, int(50 * unit))
    else:
        cv2.rectangle(mask, (int(100 * unit), int(220 * unit)), (int(300 * unit), 4 * side), 255, -1)
        for left in range(105, 300, 40):
            cv2.rectangle(mask, (int(left * unit), int(80 * unit)), (int((left + 20) * unit), 2 * side), 255, -1)
    return cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


@pytest.mark.parametrize("side", [128, 256, 1414])
@pytest.mark.parametrize("kind", ["disc", "ring", "fingers"])
def test_shapes_are_found_at_any_size_and_better_than_the_network_drew_them(kind, side):
    """Of a network's map of 286×286, as the saliency networks give."""
    truth = shape(kind, side)
    coarse = cv2.GaussianBlur(cv2.resize((truth > 0.5).astype(np.float32), (286, 286)), (0, 0), 1.2)
    coarse = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR)
    backdrop, subject = (cv2.resize(to_linear(image), (side, side)) for image in (data.chelsea(), data.coffee()))
    front = subject * np.array([1, 0.3, 0.1], np.float32) + np.array([0.35, 0.02, 0], np.float32)
    back = backdrop * np.array([0.4, 0.8, 1.2], np.float32)
    refined = refine_alpha(to_encoded(back + (front - back) * truth[..., None]), coarse)
    error, before = (float(((alpha - truth) ** 2).mean()) for alpha in (refined, coarse))
    assert error <= 0.002
    assert error < 0.5 * before


@pytest.mark.long
def test_the_foreground_in_strips_is_the_foreground():
    image, alpha, _ = composite(3, BACKGROUNDS["photograph"]())
    rows = foreground_rows(lambda wanted: image[wanted].copy(), alpha)
    strips = [rows(slice(top, top + 64)) for top in range(0, 512, 64)]
    assert np.concatenate(strips) == pytest.approx(estimate_foreground(image, alpha), abs=2e-3)
