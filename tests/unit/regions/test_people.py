from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
import skimage.data

from cavendish.imaging.image import Image
from cavendish.regions.people import find_faces
from cavendish.weights.runtimes import open_tflite
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder

RED = (255, 0, 0)
FIRST_ANCHOR = (4, 4)
HEAD = (165, 15, 290, 190)
"""The astronaut's head, hair and chin included, in the picture of 512×512."""


def red_network(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers as BlazeFace would if every red patch of a tile were a face; at most two, at one anchor point."""
    regressors = np.zeros((1, 896, 16), np.float32)
    logits = np.full((1, 896, 1), -100, np.float32)
    red = (tensor[0, ..., 0] > 0.5) & (tensor[0, ..., 1] < -0.5)
    _, _, patches, _ = cv2.connectedComponentsWithStats(red.astype(np.uint8))
    for k, (left, top, width, height, _) in enumerate(patches[1:3]):
        center = (left + width / 2 - FIRST_ANCHOR[0], top + height / 2 - FIRST_ANCHOR[1])
        regressors[0, k, :4] = (*center, width, height)
        logits[0, k] = 5
    return regressors, logits


def red_patches(width: int, height: int, *boxes: tuple[int, int, int, int]) -> Image:
    pixels = np.full((height, width, 3), 90, np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = RED
    return Image(pixels)


def encloses(outer: tuple[int, ...], inner: tuple[int, ...]) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def area(box: tuple[int, ...]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


@cache
def blazeface():
    folder = weight_folder("face_detector.tflite")
    if folder is None:
        pytest.skip("weights are not installed")
    return WeightStore(folder).session("face_detector.tflite", lambda path: open_tflite(path, threads=2)).run


def astronaut_head(width: int) -> np.ndarray:
    left, top, right, bottom = HEAD
    head = skimage.data.astronaut()[top - 5 : bottom + 5, left - 10 : right + 10]
    return cv2.resize(head, (width, round(width * head.shape[0] / head.shape[1])), interpolation=cv2.INTER_AREA)


def backdrop(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    shades = (80 + 90 * y / height, 120 + 70 * x / width, 190 - 60 * y / height)
    return np.stack(shades, axis=-1).astype(np.uint8)


class TestGeometry:
    @pytest.mark.parametrize("size", [(400, 300), (300, 400), (2000, 1000), (900, 900), (150, 600)])
    @pytest.mark.parametrize("place", [(0.5, 0.5), (0.3, 0.7), (0.68, 0.36)])
    @pytest.mark.parametrize("share", [0.06, 0.14, 0.3], ids=["small", "between", "large"])
    def test_the_head_is_found_where_it_is_and_once(self, size, place, share):
        side = round(share * min(size) if share > 0.2 else share * max(size))
        left, top = (round(p * s - side / 2) for p, s in zip(place, size, strict=True))
        patch = (left, top, left + side, top + side)
        (face,) = find_faces(red_patches(*size, patch), red_network)
        tolerance = 0.15 * side
        expected = (patch[0] - 0.25 * side, patch[1] - 0.65 * side, patch[2] + 0.25 * side, patch[3] + 0.2 * side)
        expected = np.clip(expected, 0, [*size, *size])
        assert face.box == pytest.approx(expected, abs=tolerance + 2)
        assert face.score == pytest.approx(1 / (1 + np.exp(-5)))

    def test_a_head_reaches_above_the_face_for_the_hair(self):
        (face,) = find_faces(red_patches(400, 400, (160, 160, 240, 240)), red_network)
        left, top, right, bottom = face.box
        assert 160 - top > 2 * (bottom - 240) > 0
        assert left < 160
        assert right > 240

    def test_the_face_without_its_hair_is_kept_for_the_landmarks(self):
        (face,) = find_faces(red_patches(800, 400, (0, 0, 90, 90)), red_network)
        assert face.center == pytest.approx((45, 45), abs=4)
        assert face.extent_px == pytest.approx(90, abs=8)

    def test_a_box_stays_inside_the_picture(self):
        (face,) = find_faces(red_patches(400, 300, (0, 0, 90, 90)), red_network)
        assert face.box[:2] == (0, 0)

    def test_a_face_beside_the_picture_is_none(self):
        def network(_tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            regressors, logits = np.zeros((1, 896, 16), np.float32), np.full((1, 896, 1), -100, np.float32)
            regressors[0, 0, :4], logits[0, 0] = (60, 0, 10, 10), 5
            return regressors, logits

        assert find_faces(red_patches(600, 100), network) == ()

    def test_two_faces_are_two(self):
        faces = find_faces(red_patches(600, 400, (100, 150, 150, 200), (400, 150, 450, 200)), red_network)
        assert sorted(face.box[0] // 100 for face in faces) == [0, 3]

    def test_what_is_doubted_at_the_second_look_is_dropped(self):
        looks = []

        def network(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            regressors, logits = red_network(tensor)
            looks.append(tensor)
            return regressors, np.minimum(logits, 0.5)

        assert find_faces(red_patches(400, 300, (160, 110, 240, 190)), network) == ()
        red = (looks[-1][0, ..., 0] > 0.5) & (looks[-1][0, ..., 1] < -0.5)
        assert red.sum() ** 0.5 == pytest.approx(32, abs=2)

    def test_the_number_of_runs_is_bounded(self):
        for size in [(400, 300), (500, 500), (3000, 300), (40, 2000)]:
            tensors = []

            def network(tensor: np.ndarray, seen: list = tensors) -> tuple[np.ndarray, np.ndarray]:
                seen.append(tensor)
                return red_network(tensor)

            assert find_faces(red_patches(*size), network) == ()
            assert len(tensors) <= 25
            assert all(tensor.shape == (1, 128, 128, 3) and tensor.dtype == np.float32 for tensor in tensors)
            assert all(tensor.min() >= -1 and tensor.max() <= 1 for tensor in tensors)

    @pytest.mark.parametrize("size", [(1, 1), (2, 1), (500, 3), (3, 500), (7, 7)])
    def test_tiny_and_narrow_pictures_work(self, size):
        everything = red_patches(*size, (0, 0, *size))
        for face in find_faces(everything, red_network):
            assert encloses((0, 0, *size), face.box)

    def test_hidden_colors_are_not_seen(self):
        pixels = np.dstack([red_patches(300, 300, (100, 100, 160, 160)).pixels, np.zeros((300, 300), np.uint8)])
        assert find_faces(Image(pixels), red_network) == ()

    def test_without_a_network_nothing_is_found(self):
        assert find_faces(red_patches(300, 300, (100, 100, 160, 160)), None) == ()

    def test_the_picture_is_not_written_to(self):
        picture = red_patches(300, 300, (100, 100, 160, 160))
        before = picture.pixels.copy()
        find_faces(picture, red_network)
        assert np.array_equal(picture.pixels, before)


class TestWithBlazeFace:
    @pytest.mark.parametrize("size", [(512, 512), (1300, 1300), (900, 500)])
    def test_the_eyes_are_where_they_are(self, size):
        picture = np.zeros((512, round(512 * size[0] / size[1]), 3), np.uint8)
        picture[:, :512] = skimage.data.astronaut()
        (face,) = find_faces(Image(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)), blazeface())
        scale = size[1] / 512
        assert np.ravel(face.eyes) == pytest.approx(np.multiply((204, 100, 246, 103), scale), abs=6 * scale)

    @pytest.mark.parametrize("width", [128, 512, 1500])
    def test_the_astronaut_is_found_with_all_of_her_head(self, width):
        picture = cv2.resize(skimage.data.astronaut(), (width, width), interpolation=cv2.INTER_AREA)
        (face,) = find_faces(Image(picture), blazeface())
        head = tuple(edge * width / 512 for edge in HEAD)
        slack = 0.02 * width
        assert encloses(face.box, (head[0] + slack, head[1] + slack, head[2] - slack, head[3] - slack))
        assert area(face.box) < 1.6 * area(head)
        assert face.score > 0.9

    @pytest.mark.parametrize("size", [(1200, 800), (800, 1200), (1600, 900)])
    @pytest.mark.parametrize("share", [0.04, 0.06, 0.10])
    def test_small_faces_of_a_group_are_found(self, size, share):
        head = astronaut_head(round(share * max(size)))
        height, width = head.shape[:2]
        pixels = backdrop(*size)
        spots = [(fx, fy) for fx in (0.1, 0.5, 0.9) for fy in (0.1, 0.5, 0.9)]
        corners = [(round(fx * (size[0] - width)), round(fy * (size[1] - height))) for fx, fy in spots]
        for left, top in corners:
            pixels[top : top + height, left : left + width] = head
        faces = find_faces(Image(pixels), blazeface())
        assert len(faces) == len(corners)
        centers = [((face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2) for face in faces]
        for left, top in corners:
            assert any(left < x < left + width and top < y < top + height for x, y in centers)

    def test_a_cutout_is_seen_on_gray(self):
        y, x = np.mgrid[:512, :512]
        around_her_head = ((x - 228) / 75) ** 2 + ((y - 105) / 100) ** 2 < 1
        pixels = np.dstack([skimage.data.astronaut(), np.where(around_her_head, 255, 0).astype(np.uint8)])
        (face,) = find_faces(Image(pixels), blazeface())
        assert face.box[0] < 228 < face.box[2]

    @pytest.mark.parametrize("name", ["chelsea", "coffee", "brick", "grass", "gravel", "coins", "moon", "rocket"])
    def test_there_is_no_face_where_there_is_none(self, name):
        pixels = getattr(skimage.data, name)()
        rgb = pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)
        assert find_faces(Image(np.ascontiguousarray(rgb)), blazeface()) == ()
