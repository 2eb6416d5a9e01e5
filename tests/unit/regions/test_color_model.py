from __future__ import annotations

import numpy as np
import pytest

from cavendish.regions.color_model import color_model

RED, BLUE, GRAY = (0.6, 0.2, 0.1), (0.4, -0.03, -0.25), (0.7, 0.0, 0.0)


def samples(*colors: tuple[float, float, float], count: int = 200, spread: float = 0.01) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, spread, (count, len(colors), 3))
    return (noise + np.array(colors)).reshape(-1, 3).astype(np.float32)


def test_its_own_colors_are_likelier_than_others():
    model = color_model(samples(RED, BLUE), clusters=2)
    assert model is not None
    red, blue, gray = model.log_density(np.array([RED, BLUE, GRAY], np.float32))
    assert min(red, blue) > gray + 10
    between = np.mean([RED, BLUE], axis=0, keepdims=True).astype(np.float32)
    assert model.log_density(between)[0] < min(red, blue) - 10


def test_colors_seen_more_often_are_likelier():
    rare = np.concatenate([samples(RED, count=900), samples(BLUE, count=100)])
    model = color_model(rare, clusters=2)
    assert model is not None
    red, blue = model.log_density(np.array([RED, BLUE], np.float32))
    assert red - blue == pytest.approx(np.log(9), abs=0.5)


def test_densities_of_two_models_can_be_compared():
    narrow, wide = (
        color_model(samples(RED, spread=0.005), clusters=1),
        color_model(samples(RED, spread=0.1), clusters=1),
    )
    assert narrow is not None
    assert wide is not None
    middle, far = np.array([RED], np.float32), np.array([(0.6, 0.4, 0.1)], np.float32)
    assert narrow.log_density(middle) > wide.log_density(middle)
    assert narrow.log_density(far) < wide.log_density(far)


def test_one_color_of_a_drawing_is_learned():
    model = color_model(np.tile(np.float32(RED), (100, 1)), clusters=4)
    assert model is not None
    assert np.isfinite(model.log_density(np.zeros((2, 3, 3), np.float32))).all()


def test_too_few_samples_teach_nothing():
    assert color_model(samples(RED, count=19), clusters=3) is None
    assert color_model(np.empty((0, 3), np.float32), clusters=3) is None


def test_equal_samples_give_equal_models():
    first, second = (color_model(samples(RED, BLUE, GRAY), clusters=3) for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first.whiteners, second.whiteners)


def test_the_shape_of_the_picture_is_kept():
    model = color_model(samples(RED), clusters=1)
    assert model is not None
    assert model.log_density(np.zeros((5, 7, 3), np.float32)).shape == (5, 7)
