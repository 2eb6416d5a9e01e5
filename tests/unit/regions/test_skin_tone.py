from __future__ import annotations

import numpy as np
import pytest

from cavendish.imaging.color import LinearRGB, OklabImage, to_oklab
from cavendish.regions.skin_tone import skin_tone

LIGHT, DARK = (0.70, 0.42, 0.31), (0.12, 0.055, 0.03)
"""Skins in linear light."""


def oklab(*colors: tuple[float, float, float]) -> OklabImage:
    return to_oklab(LinearRGB(np.array([colors], np.float32)))


def grained(color: tuple[float, float, float], *, count: int = 500) -> np.ndarray:
    noise = np.random.default_rng(0).normal(1, 0.05, (1, count, 3))
    return to_oklab(LinearRGB((noise * color).astype(np.float32)))[0]


@pytest.mark.parametrize("color", [LIGHT, DARK])
def test_the_same_skin_in_half_the_light_is_skin(color):
    tone = skin_tone(grained(color))
    assert tone is not None
    dimmed = [tuple(light * c for c in color) for light in (1.0, 0.7, 0.45)]
    assert (tone.likeness(oklab(*dimmed)) > 0.9).all()


@pytest.mark.parametrize("color", [LIGHT, DARK])
def test_grass_sky_jeans_and_an_orange_suit_are_none(color):
    tone = skin_tone(grained(color))
    assert tone is not None
    others = oklab((0.1, 0.4, 0.05), (0.2, 0.4, 0.8), (0.05, 0.08, 0.2), (0.75, 0.12, 0.03))
    assert (tone.likeness(others) < 0.1).all()


def test_what_is_too_dark_cannot_be_told():
    tone = skin_tone(grained(LIGHT))
    assert tone is not None
    assert tone.likeness(oklab((0.014, 0.0084, 0.0062)))[0, 0] < 0.05


def test_a_quarter_of_hair_among_the_samples_does_no_harm():
    mixed = np.concatenate([grained(LIGHT, count=300), grained((0.02, 0.02, 0.03), count=100)])
    tone = skin_tone(mixed)
    assert tone is not None
    assert tone.distance(oklab(LIGHT)[0, 0]) < 0.01


def test_strictness_narrows():
    tone = skin_tone(grained(LIGHT))
    assert tone is not None
    near = oklab((0.70, 0.42, 0.22))
    loose, strict = tone.likeness(near)[0, 0], tone.likeness(near, strictness=3.0)[0, 0]
    assert loose > strict + 0.3


@pytest.mark.parametrize("samples", [np.empty((0, 3)), np.full((10, 3), 0.5), np.zeros((500, 3))])
def test_too_few_or_black_samples_have_no_tone(samples):
    assert skin_tone(samples.astype(np.float32)) is None
