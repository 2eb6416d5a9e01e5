from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.salient import find_salient
from cavendish.weights.runtimes import open_onnx
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder


def disc_mask(width: int, height: int, *, center: tuple[int, int], radius: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius**2


def disc_picture(width: int, height: int, *, center: tuple[int, int], radius: int) -> Image:
    """A shaded orange ball before a smooth blue-gray gradient."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    backdrop = np.stack([60 + 40 * y / height, 80 + 40 * y / height, 110 + 60 * x / width], axis=-1)
    light = 1 - np.hypot(x - center[0] + radius / 3, y - center[1] + radius / 3) / (2 * radius)
    ball = np.stack([120 + 130 * light, 50 + 90 * light, 20 + 30 * light], axis=-1)
    inside = disc_mask(width, height, center=center, radius=radius)[..., np.newaxis]
    return Image(np.where(inside, ball, backdrop).clip(0, 255).astype(np.uint8))


def overlap(alpha: np.ndarray, mask: np.ndarray) -> float:
    found = alpha > 0.5
    return np.count_nonzero(found & mask) / np.count_nonzero(found | mask)


def red_network(tensor: np.ndarray) -> np.ndarray:
    """Salient is what is redder than blue."""
    red, blue = tensor[0, 0] * 0.229 + 0.485, tensor[0, 2] * 0.225 + 0.406
    return (red > blue).astype(np.float32)[np.newaxis, np.newaxis]


def network_of(saliency: np.ndarray):
    return lambda _tensor: cv2.resize(saliency.astype(np.float32), (320, 320), interpolation=cv2.INTER_NEAREST)


@cache
def u2netp():
    folder = weight_folder()
    if folder is None:
        pytest.skip("weights are not installed")
    return WeightStore(folder).session("u2netp.onnx", lambda path: open_onnx(path, threads=2)).run


BALL = disc_picture(300, 200, center=(170, 90), radius=55)
BALL_MASK = disc_mask(300, 200, center=(170, 90), radius=55)


class TestWithANetwork:
    @pytest.mark.parametrize("size", [(300, 200), (200, 300), (640, 640), (2400, 1200), (150, 900)])
    def test_the_mask_lies_where_the_subject_is(self, size):
        width, height = size
        disc = {"center": (width * 6 // 10, height * 4 // 10), "radius": min(size) // 3}
        region = find_salient(disc_picture(width, height, **disc), red_network)
        assert region.alpha.shape == (height, width)
        assert region.alpha.dtype == np.float32
        assert overlap(region.alpha, disc_mask(width, height, **disc)) > 0.96
        assert region.confidence > 0.9
        assert region.label == "the main subject"

    def test_the_network_gets_what_it_was_trained_on(self):
        seen = []

        def network(tensor: np.ndarray) -> np.ndarray:
            seen.append(tensor)
            return red_network(tensor)

        pixels = np.zeros((50, 40, 3), np.uint8)
        pixels[:, 20:] = (255, 255, 0)
        find_salient(Image(pixels), network)
        (tensor,) = seen
        assert tensor.shape == (1, 3, 320, 320)
        assert tensor.dtype == np.float32
        assert tensor.flags.c_contiguous
        assert tensor[0, :, 0, 0] == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], abs=1e-5)
        assert tensor[0, :, -1, -1] == pytest.approx([0.515 / 0.229, 0.544 / 0.224, -0.406 / 0.225], abs=1e-5)

    def test_a_subject_at_the_frame_does_not_fade_where_the_network_fades(self):
        def fading(tensor: np.ndarray) -> np.ndarray:
            saliency = red_network(tensor)[0, 0]
            saliency[:12] = saliency[-12:] = saliency[:, :12] = saliency[:, -12:] = 0
            return saliency

        picture = disc_picture(300, 200, center=(150, 190), radius=70)
        region = find_salient(picture, fading)
        assert region.alpha[-1, 150] == 1

    def test_specks_and_haze_are_dropped(self):
        saliency = np.zeros((320, 320), np.float32)
        saliency[100:200, 100:200] = 1
        saliency[250:253, 250:253] = 1
        saliency[30:80, 30:80] = 0.01
        saliency[100:140, 230:270] = 1
        alpha = find_salient(BALL, network_of(saliency)).alpha
        grid = cv2.resize(alpha, (286, 286), interpolation=cv2.INTER_AREA)
        assert grid[83:183, 83:183].min() > 0.4
        assert grid[230:240, 230:240].max() == 0
        assert grid[10:65, 10:65].max() == 0
        assert grid[90:115, 220:245].min() > 0.9
        assert not ((alpha > 0) & (alpha < 1 / 64)).any()

    def test_half_tones_are_stretched_to_the_full_range(self):
        saliency = np.full((320, 320), 0.1, np.float32)
        saliency[100:200, 100:200] = 0.8
        alpha = find_salient(BALL, network_of(saliency)).alpha
        assert alpha.max() == pytest.approx(1)
        assert alpha.min() == 0

    @pytest.mark.parametrize(
        "saliency",
        [
            np.zeros((320, 320)),
            np.full((320, 320), 0.7),
            np.pad(np.ones((40, 40)), 140) * 0.08,
            np.tile(np.exp(-(np.linspace(-2.5, 2.5, 320)[:, np.newaxis] ** 2)), (1, 320)),
            np.pad(np.ones((282, 282)), 19),
        ],
        ids=["nothing", "everything alike", "hardly anything", "a lens-shaped band", "the whole frame"],
    )
    def test_a_scene_without_a_subject_has_low_confidence(self, saliency):
        assert find_salient(BALL, network_of(saliency)).confidence < 0.5

    def test_the_picture_is_not_written_to(self):
        before = BALL.pixels.copy()
        find_salient(BALL, red_network)
        assert np.array_equal(BALL.pixels, before)


class TestWithU2Netp:
    @pytest.mark.parametrize("center", [(170, 90), (150, 150)], ids=["inside", "cut by the frame"])
    def test_a_ball_is_found(self, center):
        region = find_salient(disc_picture(300, 200, center=center, radius=60), u2netp())
        assert overlap(region.alpha, disc_mask(300, 200, center=center, radius=60)) > 0.93
        assert region.confidence > 0.8

    def test_noise_has_no_subject(self):
        noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
        assert find_salient(Image(noise), u2netp()).confidence < 0.5

    def test_a_gradient_has_no_subject(self):
        ramp = np.tile(np.linspace(40, 200, 300).astype(np.uint8)[np.newaxis, :, np.newaxis], (200, 1, 3))
        assert find_salient(Image(ramp), u2netp()).confidence < 0.5


class TestWithoutANetwork:
    def test_a_ball_is_found_with_modest_confidence(self):
        region = find_salient(BALL, None)
        assert overlap(region.alpha, BALL_MASK) > 0.9
        assert 0.5 < region.confidence <= 0.6

    def test_the_same_picture_gives_the_same_mask(self):
        noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
        first, second = (find_salient(Image(noise), None) for _ in range(2))
        assert np.array_equal(first.alpha, second.alpha)
        assert first.confidence == second.confidence < 0.5

    def test_a_large_picture_keeps_its_size(self):
        picture = disc_picture(2400, 1600, center=(1200, 800), radius=400)
        region = find_salient(picture, None)
        assert region.alpha.shape == (1600, 2400)
        assert overlap(region.alpha, disc_mask(2400, 1600, center=(1200, 800), radius=400)) > 0.9


class TestSuppliedCutout:
    def with_alpha(self, alpha: np.ndarray) -> Image:
        return Image(np.dstack([BALL.pixels, alpha.astype(np.uint8)]))

    def test_a_transparent_background_is_believed(self):
        alpha = BALL_MASK * 255
        alpha[80:100, 120:130] = 128
        region = find_salient(self.with_alpha(alpha), pytest.fail)
        assert region.confidence == 1
        assert region.alpha == pytest.approx(alpha / 255)

    def test_rounded_corners_are_no_cutout(self):
        alpha = np.full((200, 300), 255)
        alpha[:3, :3] = alpha[-3:, -3:] = 0
        assert overlap(find_salient(self.with_alpha(alpha), red_network).alpha, BALL_MASK) > 0.97

    def test_an_overall_veil_is_no_cutout(self):
        region = find_salient(self.with_alpha(np.full((200, 300), 200)), red_network)
        assert overlap(region.alpha, BALL_MASK) > 0.97

    def test_a_fully_transparent_picture_has_no_subject(self):
        region = find_salient(self.with_alpha(np.zeros((200, 300))), pytest.fail)
        assert region.confidence == 0
        assert region.box is None


@pytest.mark.parametrize("network", [red_network, None], ids=["network", "no network"])
class TestAnyPicture:
    @pytest.mark.parametrize("size", [(1, 1), (40, 30), (500, 3)])
    def test_one_color_has_no_subject(self, network, size):
        region = find_salient(Image(np.full((size[1], size[0], 3), 90, np.uint8)), network)
        assert region.confidence == 0
        assert region.alpha.shape == (size[1], size[0])
        assert not region.alpha.any()

    @pytest.mark.parametrize("size", [(2, 1), (1, 2), (3, 500), (500, 3), (7, 7), (1, 4000)])
    def test_tiny_and_narrow_pictures_work(self, network, size):
        pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        region = find_salient(Image(pixels), network)
        assert region.alpha.shape == (size[1], size[0])
        assert 0 <= region.alpha.min() <= region.alpha.max() <= 1
        assert 0 <= region.confidence <= 1
