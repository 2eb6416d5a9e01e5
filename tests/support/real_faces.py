"""The astronaut of scikit-image as the real networks see her, for tests that skip without the weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pytest
import skimage.data

from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.pixels.matte import refine_alpha
from cavendish.regions.landmarks import Landmarks, find_landmarks
from cavendish.regions.people import Face, find_faces
from cavendish.regions.salient import find_salient
from cavendish.weights.runtimes import open_onnx, open_tflite
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder


@dataclass(frozen=True)
class Seen:
    image: Image
    face: Face
    landmarks: Landmarks


@cache
def astronaut(width: int) -> Seen:
    """The picture at some width, her face and its landmarks."""
    for name in ("face_detector.tflite", "face_landmarker.task"):
        if weight_folder(name) is None:
            pytest.skip("weights are not installed")
    store = WeightStore(weight_folder("face_landmarker.task"))
    detector = store.session("face_detector.tflite", lambda path: open_tflite(path, threads=2)).run
    member = "face_landmarks_detector.tflite"
    mesh = store.session("face_landmarker.task", lambda path: open_tflite(path, threads=2, member=member)).run
    method = cv2.INTER_AREA if width <= 512 else cv2.INTER_CUBIC
    image = Image(cv2.resize(skimage.data.astronaut(), (width, width), interpolation=method))
    (face,) = find_faces(image, detector)
    landmarks = find_landmarks(image, face, mesh)
    assert landmarks is not None
    return Seen(image, face, landmarks)


@cache
def cutout(width: int) -> np.ndarray:
    """Her alpha, with the helmet she holds."""
    folder = weight_folder("u2netp.onnx")
    if folder is None:
        pytest.skip("weights are not installed")
    network = WeightStore(folder).session("u2netp.onnx", lambda path: open_onnx(path, threads=2)).run
    image = astronaut(width).image
    return refine_alpha(EncodedRGB(image.rgb), find_salient(image, network).alpha)
