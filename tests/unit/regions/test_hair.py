from __future__ import annotations

import cv2
import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.hair import find_hair
from cavendish.regions.people import Face
from tests.support.portraits import HAIR, Portrait, box, overlap
from tests.support.real_faces import astronaut, cutout

pytestmark = pytest.mark.long


def hair_of(portrait: Portrait, image: Image | None = None) -> np.ndarray:
    return find_hair(image or portrait.image, portrait.landmarks, portrait.person)


def recolored(portrait: Portrait, color: tuple[int, int, int]) -> Image:
    pixels = portrait.image.pixels.astype(int)
    pixels[portrait.truth["hair"]] += np.subtract(color, HAIR)
    return Image(pixels.clip(0, 255).astype(np.uint8))


def as_detected(portrait: Portrait) -> Face:
    center, right, left = portrait.placed(np.array([[0, 0.48], [-0.17, 0.6], [0.17, 0.6]]))
    box_px = (0, 0, *portrait.size)
    return Face(box_px, 0.9, tuple(center), 0.96 * portrait.unit_px, (tuple(right), tuple(left)))


class TestDrawn:
    @pytest.mark.parametrize(("hair", "turn_deg", "unit_px"), [("short", 0, 40), ("long", -25, 40), ("long", 0, 120)])
    def test_hair_is_found_as_drawn(self, hair, turn_deg, unit_px):
        portrait = Portrait(unit_px=unit_px, hair=hair, turn_deg=turn_deg)
        assert overlap(hair_of(portrait), portrait.truth["hair"]) > 0.9

    @pytest.mark.parametrize("color", [(25, 22, 20), (225, 195, 120), (150, 60, 25), (190, 190, 195), (200, 60, 160)])
    def test_every_color_of_hair(self, color):
        portrait = Portrait(unit_px=40, hair="long")
        assert overlap(hair_of(portrait, recolored(portrait, color)), portrait.truth["hair"]) > 0.85

    def test_a_bald_head_has_none(self):
        assert not hair_of(Portrait(unit_px=40, hair="")).any()

    def test_a_shirt_of_the_hairs_color_is_not_hair(self):
        portrait = Portrait(unit_px=40)
        pixels = portrait.image.pixels.copy()
        pixels[portrait.truth["shirt"]] = HAIR
        assert hair_of(portrait, Image(pixels))[portrait.truth["shirt"]].mean() < 0.1

    def test_the_edge_is_the_persons(self):
        portrait = Portrait(unit_px=80)
        soft = cv2.GaussianBlur(portrait.person, (0, 0), 4)
        hair = find_hair(portrait.image, portrait.landmarks, soft)
        assert (hair <= soft + 1e-6).all()
        top = round(float(portrait.placed(np.array([0, 1.32]))[0, 1]))
        column = round(portrait.chin[0])
        assert hair[top - 9 : top + 9, column] == pytest.approx(soft[top - 9 : top + 9, column], abs=0.25)

    def test_the_detectors_word_will_do(self):
        portrait = Portrait(unit_px=80)
        hair = find_hair(portrait.image, as_detected(portrait), portrait.person)
        assert overlap(hair, portrait.truth["hair"]) > 0.75

    def test_something_dark_on_the_chest_is_not_hair(self):
        portrait = Portrait(unit_px=40)
        pixels = portrait.image.pixels.copy()
        tie = np.rint(portrait.placed(box(-0.08, 0.08, -1.6, -0.5))).astype(np.int32)
        cv2.fillPoly(pixels, [tie], HAIR)
        hair = hair_of(portrait, Image(pixels))
        assert hair[portrait.truth["shirt"]].max() < 0.1


class TestAnyInput:
    def test_cut_gray_flat_and_empty_pictures_do_no_harm(self):
        portrait = Portrait(unit_px=40)
        gray = np.repeat(cv2.cvtColor(portrait.image.pixels, cv2.COLOR_RGB2GRAY)[..., np.newaxis], 3, axis=2)
        for image in (Image(gray), Image(np.full_like(gray, 90))):
            assert np.isfinite(find_hair(image, portrait.landmarks, portrait.person)).all()
        nobody = np.zeros_like(portrait.person)
        assert not find_hair(portrait.image, portrait.landmarks, nobody).any()
        away = type(portrait.landmarks)(portrait.landmarks.points + np.float32(9000))
        assert not find_hair(portrait.image, away, portrait.person).any()

    def test_equal_pictures_get_equal_masks(self):
        portrait = Portrait(unit_px=40)
        before = portrait.image.pixels.copy()
        assert np.array_equal(hair_of(portrait), hair_of(portrait))
        assert np.array_equal(before, portrait.image.pixels)


class TestOnAPhotograph:
    @pytest.mark.parametrize("width", [512])
    def test_her_hair_and_nothing_of_face_collar_and_suit(self, width):
        her, person = astronaut(width), cutout(width)
        found = find_hair(her.image, her.landmarks, person)
        hair = cv2.resize(found, (512, 512), interpolation=cv2.INTER_AREA)
        assert hair[25:60, 180:270].mean() > 0.9
        assert hair[90:105, 165:175].mean() > 0.8
        assert hair[85:150, 195:238].max() < 0.15
        assert hair[165:].max() < 0.1
