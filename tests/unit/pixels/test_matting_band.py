"""Closed-form matting against composites whose truth is known, and the router that sends hair to it."""

import cv2
import numpy as np
import pytest

from cavendish.imaging.color import to_encoded
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.matting_band import hairy_parts, matte_band

SIDE = 320


def ball(*, strands, seed=0, side=SIDE):
    """A disc, with or without hair of a pixel's width around it; drawn at twice the size."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((2 * side, 2 * side), np.uint8)
    radius = 0.54 * side
    cv2.circle(mask, (side, side), int(radius), 255, -1)
    for turn in rng.uniform(0, 2 * np.pi, strands):
        along = turn + rng.normal(0, 0.5) * np.linspace(0, 1, 12)
        steps = np.stack([np.cos(along), np.sin(along)], axis=1) * rng.uniform(0.015, 0.05) * side / 6
        points = side + 0.97 * radius * np.array([np.cos(turn), np.sin(turn)]) + np.cumsum(steps, axis=0)
        cv2.polylines(mask, [(points * 16).round().astype(np.int32)], False, 255, 2, cv2.LINE_AA, 4)
    return cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def shot(alpha):
    """Brown fur before a blurred green and white background, in a space where mixing is linear."""
    side = alpha.shape[0]
    rng = np.random.default_rng(1)
    back = cv2.GaussianBlur(rng.random((side, side), np.float32), (0, 0), side / 40)[..., None]
    back = (back - back.min()) / np.ptp(back) * np.array([0.5, 0.35, 0.5], np.float32) + np.float32([0.2, 0.5, 0.1])
    grain = cv2.GaussianBlur(rng.random((side, side), np.float32), (0, 0), 1)[..., None]
    front = np.array([0.45, 0.2, 0.08], np.float32) * (0.7 + 0.6 * grain)
    return np.asarray(alpha[..., None] * front + (1 - alpha[..., None]) * back, np.float32)


def trimap(alpha, grow=13):
    kernel = np.ones((grow, grow), np.uint8)
    return (cv2.dilate((alpha > 0).astype(np.uint8), kernel) > 0) & (
        cv2.erode((alpha > 0.999).astype(np.uint8), kernel) == 0
    )


def error(alpha, truth):
    return float(((alpha - truth) ** 2).mean())


def coarsen(alpha):
    small = cv2.resize(alpha, (160, 160), interpolation=cv2.INTER_AREA)
    solid = cv2.morphologyEx((small > 0.5).astype(np.float32), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    blurred = cv2.GaussianBlur(solid, (0, 0), 1.2)
    return cv2.resize(blurred, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)


class TestMatteBand:
    def test_strands_are_solved_from_nothing_but_the_trimap(self):
        truth = ball(strands=300)
        unknown = trimap(truth)
        blank = np.where(unknown, np.float32(0.5), truth)
        solved = matte_band(shot(truth), unknown, blank, trust=0)
        assert error(solved, truth) < 0.02 * error(blank, truth)

    def test_what_is_known_stays_exactly(self):
        truth = ball(strands=50)
        unknown = trimap(truth)
        given = np.random.default_rng(2).random(truth.shape, np.float32)
        solved = matte_band(shot(truth), unknown, given, trust=0.01)
        assert np.array_equal(solved[~unknown], given[~unknown])
        assert solved.min() >= 0
        assert solved.max() <= 1

    def test_full_trust_keeps_the_guess(self):
        truth = ball(strands=50)
        guess = np.full_like(truth, 0.3)
        solved = matte_band(shot(truth), trimap(truth), guess, trust=1e6)
        assert solved == pytest.approx(guess, abs=1e-3)

    def test_the_equations_hold_where_they_are_solved(self):
        """Alpha that is one linear function of color costs nothing, so it is the answer."""
        rng = np.random.default_rng(3)
        image = rng.random((24, 30, 3), np.float32)
        truth = (image @ np.array([0.3, 0.5, 0.2])).astype(np.float32)
        unknown = np.zeros(truth.shape, bool)
        unknown[4:20, 5:26] = True
        solved = matte_band(image, unknown, np.where(unknown, np.float32(0), truth), trust=0)
        assert solved == pytest.approx(truth, abs=0.02)

    def test_the_picture_ends_are_solved_too(self):
        truth = np.zeros((40, 60), np.float32)
        truth[:, 30:] = 1
        unknown = np.zeros(truth.shape, bool)
        unknown[:, 20:40] = True
        image = np.repeat(0.2 + 0.5 * truth[..., None], 3, axis=2)
        solved = matte_band(image, unknown, np.where(unknown, np.float32(0.5), truth), trust=0)
        assert np.abs(solved - truth).max() < 0.1

    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 2)])
    def test_tiny_pictures_do_not_fail(self, shape):
        alpha = np.random.default_rng(0).random(shape, np.float32)
        image = np.random.default_rng(1).random((*shape, 3), np.float32)
        assert np.isfinite(matte_band(image, np.ones(shape, bool), alpha, trust=0.01)).all()

    def test_nothing_unknown_returns_the_alpha(self):
        alpha = ball(strands=3)
        solved = matte_band(shot(alpha), np.zeros(alpha.shape, bool), alpha, trust=0)
        assert np.array_equal(solved, alpha)
        assert solved is not alpha


class TestHairyParts:
    def parts(self, alpha):
        return hairy_parts(alpha, trimap(alpha), strand_px=2, reach_px=13)

    def test_fur_is_hairy_all_around(self):
        alpha = ball(strands=300)
        assert np.count_nonzero(self.parts(alpha)) > 0.8 * np.count_nonzero(trimap(alpha))

    @pytest.mark.parametrize("softness_px", [0.5, 1.5, 4])
    def test_a_smooth_edge_is_not_hairy_however_blurred(self, softness_px):
        assert not self.parts(cv2.GaussianBlur(ball(strands=0), (0, 0), softness_px)).any()

    def test_corners_and_teeth_are_not_hairy(self):
        alpha = np.zeros((SIDE, SIDE), np.float32)
        cv2.rectangle(alpha, (60, 120), (260, 260), 1, -1)
        for left in range(60, 260, 40):
            cv2.rectangle(alpha, (left, 80), (left + 20, 120), 1, -1)
        alpha = cv2.GaussianBlur(alpha, (0, 0), 0.7)
        assert np.count_nonzero(self.parts(alpha)) < 0.05 * np.count_nonzero(trimap(alpha))

    def test_only_the_furry_half_is_taken(self):
        alpha = np.where(np.arange(SIDE) < SIDE // 2, ball(strands=300), ball(strands=0))
        parts = self.parts(alpha)
        assert parts[:, : SIDE // 2 - 20].any()
        assert not parts[:, SIDE // 2 + 20 :].any()


class TestInTheMatte:
    @pytest.mark.parametrize("side", [400, 1000])
    def test_hair_is_found_beyond_the_network_s_answer(self, side):
        truth = ball(strands=400, side=side)
        coarse = coarsen(truth)
        refined = refine_alpha(to_encoded(shot(truth)), coarse)
        assert error(refined, truth) < 0.2 * error(coarse, truth)

    def test_a_subject_cut_by_the_frame_does_not_fade_towards_it(self):
        picture = shot(ball(strands=0))[:, SIDE // 2 :]
        coarse = coarsen(ball(strands=0))[:, SIDE // 2 :].copy()
        coarse[:, :4] *= np.linspace(0.2, 1, 4, dtype=np.float32)
        refined = refine_alpha(to_encoded(picture), coarse)
        assert refined[SIDE // 2 - 70 : SIDE // 2 + 70, 0].min() > 0.85
        assert refined[:30, 0].max() == 0
