from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
import skimage.data

from cavendish.imaging.image import Image
from cavendish.regions.landmarks import find_landmarks
from cavendish.regions.people import Face, find_faces
from cavendish.weights.runtimes import open_tflite
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder

RIGHT_PUPIL, LEFT_PUPIL, MOUTH = (204, 100.5), (246, 103), (224, 146)
"""Of the astronaut, in the picture of 512×512."""


def face_at(center: tuple[float, float], extent_px: float, *, tilt_px: float = 0) -> Face:
    x, y = center
    return Face((0, 0, 1, 1), 1.0, center, extent_px, ((x - 10, y - tilt_px), (x + 10, y + tilt_px)))


class SpotNetwork:
    """Answers with the place of the red spot for every point, and keeps what it was shown."""

    def __init__(self, *logits: float) -> None:
        self.logits = [*logits]
        self.crops: list[np.ndarray] = []

    def __call__(self, tensor: np.ndarray) -> tuple[np.ndarray, ...]:
        self.crops.append(tensor)
        red = (tensor[0, ..., 0] > 0.6) & (tensor[0, ..., 1] < 0.35)
        y, x = (float(np.mean(axis)) if axis.size else 128.0 for axis in np.nonzero(red))
        points = np.tile(np.array([x, y, 0], np.float32), 478)
        points[:3] -= 40  # the second look needs a face with an extent
        points[3:6] += 40
        logit = self.logits.pop(0) if self.logits else 5.0
        return points.reshape(1, 1, 1, -1), np.full((1, 1, 1, 1), logit, np.float32), np.zeros((1, 2), np.float32)


def spot(size: tuple[int, int], center: tuple[int, int], radius: int) -> Image:
    pixels = np.full((size[1], size[0], 3), 90, np.uint8)
    cv2.circle(pixels, center, radius, (255, 0, 0), -1)
    return Image(pixels)


@cache
def networks():
    if weight_folder("face_detector.tflite") is None or weight_folder("face_landmarker.task") is None:
        pytest.skip("weights are not installed")
    store = WeightStore(weight_folder("face_landmarker.task"))
    faces = store.session("face_detector.tflite", lambda path: open_tflite(path, threads=2)).run
    member = "face_landmarks_detector.tflite"
    points = store.session("face_landmarker.task", lambda path: open_tflite(path, threads=2, member=member)).run
    return faces, points


class TestTheCrop:
    @pytest.mark.parametrize("tilt_px", [0, 6, -25])
    @pytest.mark.parametrize("extent_px", [40, 100, 700])
    def test_points_come_back_in_pixels_of_the_picture(self, extent_px, tilt_px):
        center = (600, 500)
        place = (600 + extent_px // 5, 500 - extent_px // 4)
        picture = spot((1300, 1000), place, max(2, extent_px // 12))
        found = find_landmarks(picture, face_at(center, extent_px, tilt_px=tilt_px), SpotNetwork())
        assert found is not None
        assert found.points.shape == (478, 2)
        assert found.points.dtype == np.float32
        assert found.points[10] == pytest.approx(place, abs=1 + extent_px / 100)

    def test_the_first_look_is_one_and_a_half_faces_wide(self):
        network = SpotNetwork()
        picture = Image(np.full((400, 400, 3), 90, np.uint8))
        cv2.rectangle(picture.pixels, (150, 150), (249, 249), (255, 0, 0), -1)
        find_landmarks(picture, face_at((200, 200), 100), network)
        crop = network.crops[0]
        assert crop.shape == (1, 256, 256, 3)
        assert crop.dtype == np.float32
        assert 0 <= crop.min() <= crop.max() <= 1
        share = np.mean((crop[0, ..., 0] > 0.6) & (crop[0, ..., 1] < 0.35)) ** 0.5
        assert share == pytest.approx(1 / 1.5, abs=0.02)

    def test_a_tilted_face_is_seen_upright(self):
        network = SpotNetwork()
        picture = Image(np.full((400, 400, 3), 90, np.uint8))
        cv2.line(picture.pixels, (140, 140), (260, 260), (255, 0, 0), 6)
        find_landmarks(picture, face_at((200, 200), 100, tilt_px=10), network)
        y, x = np.nonzero(network.crops[0][0, ..., 1] < 0.2)
        assert np.ptp(x) > 10 * np.ptp(y)

    def test_beside_the_picture_there_is_gray(self):
        network = SpotNetwork()
        find_landmarks(spot((100, 100), (5, 5), 3), face_at((0, 0), 100), network)
        assert network.crops[0][0, 20, 20] == pytest.approx(128 / 255, abs=0.01)

    @pytest.mark.parametrize("center", [(-900, 30), (30, 5000)])
    def test_a_face_outside_the_picture_does_no_harm(self, center):
        find_landmarks(spot((60, 60), (5, 5), 3), face_at(center, 20), SpotNetwork())

    @pytest.mark.parametrize("logits", [(-3.0,), (3.0, -3.0)])
    def test_a_doubtful_look_means_no_face(self, logits):
        assert find_landmarks(spot((90, 90), (40, 40), 9), face_at((40, 40), 40), SpotNetwork(*logits)) is None


class TestWithTheRealNetwork:
    @pytest.mark.parametrize("width", [200, 512, 2000])
    @pytest.mark.parametrize("turn_deg", [0, 25])
    def test_the_astronauts_features_are_where_they_are(self, width, turn_deg):
        faces, network = networks()
        matrix = cv2.getRotationMatrix2D((228, 120), turn_deg, 1)
        pixels = cv2.warpAffine(skimage.data.astronaut(), matrix, (512, 512))
        image = Image(cv2.resize(pixels, (width, width), interpolation=cv2.INTER_AREA))
        found = find_landmarks(image, find_faces(image, faces)[0], network)
        assert found is not None
        expected = (matrix[:, :2] @ np.transpose([RIGHT_PUPIL, LEFT_PUPIL, MOUTH]) + matrix[:, 2:]).T * width / 512
        right, left, mouth = found.points[468], found.points[473], found.points[[13, 14]].mean(axis=0)
        assert np.array([right, left, mouth]) == pytest.approx(expected, abs=0.012 * width)
        assert found.up == pytest.approx([-np.sin(np.radians(turn_deg)), -np.cos(np.radians(turn_deg))], abs=0.12)
        assert found.height_px == pytest.approx(108 * width / 512, rel=0.06)

    def test_a_coffee_cup_has_no_features(self):
        _, network = networks()
        assert find_landmarks(Image(skimage.data.coffee()), face_at((300, 200), 150), network) is None
