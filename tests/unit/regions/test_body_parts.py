from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.body_parts import find_bare_skin, find_clothes, find_head
from tests.support.portraits import HAIR, SHIRT, SKIN, Portrait, box, overlap
from tests.support.real_faces import astronaut, cutout

pytestmark = pytest.mark.long


@cache
def drawn(hair: str, turn_deg: float) -> Portrait:
    return Portrait(unit_px=40, hair=hair, turn_deg=turn_deg)


@cache
def clothes(hair: str = "short", half: str = "", turn_deg: float = 0) -> np.ndarray:
    portrait = drawn(hair, turn_deg)
    return find_clothes(portrait.image, portrait.person, [portrait.landmarks], half=half)


@cache
def bare(hair: str = "short") -> np.ndarray:
    portrait = drawn(hair, 0)
    return find_bare_skin(portrait.image, portrait.person, [portrait.landmarks])


def cropped(portrait: Portrait, v: float) -> tuple[Image, np.ndarray]:
    bottom = round(float(portrait.placed(np.array([0, v]))[0, 1]))
    return Image(np.ascontiguousarray(portrait.image.pixels[:bottom])), portrait.person[:bottom].copy()


def painted(portrait: Portrait, color: tuple[int, int, int], *outlines: np.ndarray) -> Image:
    pixels = portrait.image.pixels.copy()
    for outline in outlines:
        cv2.fillPoly(pixels, [np.rint(portrait.placed(outline)).astype(np.int32)], color)
    return Image(pixels)


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return drawn("short", 0)


class TestClothes:
    @pytest.mark.parametrize(("hair", "turn_deg"), [("short", 0), ("long", 20), ("", -20)])
    def test_all_that_is_worn_is_found(self, hair, turn_deg):
        portrait = drawn(hair, turn_deg)
        assert overlap(clothes(hair, turn_deg=turn_deg), portrait.truth["shirt"] | portrait.truth["trousers"]) > 0.95

    def test_halves_part_where_the_color_changes(self, portrait):
        assert overlap(clothes(half="upper"), portrait.truth["shirt"]) > 0.95
        assert overlap(clothes(half="lower"), portrait.truth["trousers"]) > 0.95

    def test_a_dress_parts_at_the_hips(self, portrait):
        dress = painted(portrait, SHIRT, box(-0.6, 0.6, -4.9, -2.4))
        lower = find_clothes(dress, portrait.person, [portrait.landmarks], half="lower")
        top = np.flatnonzero((lower > 0.5).any(axis=1))[0]
        assert top == pytest.approx(portrait.placed(np.array([0, -3.1]))[0, 1], abs=3)

    def test_halves_make_up_the_whole(self, portrait):
        both = clothes(half="upper") + clothes(half="lower")
        assert both == pytest.approx(clothes(), abs=1e-3)

    @pytest.mark.parametrize("v", [-1.5, -3.2])
    def test_a_picture_that_ends_above_the_legs_shows_nothing_below(self, portrait, v):
        image, person = cropped(portrait, v)
        assert not find_clothes(image, person, [portrait.landmarks], half="lower").any()
        assert find_clothes(image, person, [portrait.landmarks], half="upper").any()

    def test_red_clothes_are_not_skin(self, portrait):
        jacket = painted(portrait, (230, 90, 50), box(-0.75, 0.75, -2.4, -0.35))
        found = find_clothes(jacket, portrait.person, [portrait.landmarks])
        assert found[portrait.truth["shirt"]].mean() > 0.9

    def test_without_a_face_the_head_is_left_out_by_proportion(self, portrait):
        found = find_clothes(portrait.image, portrait.person, [])
        assert found[portrait.truth["shirt"] | portrait.truth["trousers"]].mean() > 0.95
        assert found[portrait.truth["hair"]].mean() < 0.1

    def test_two_people_are_dressed(self, portrait):
        other = drawn("long", 0)
        pair = Image(np.hstack([portrait.image.pixels, other.image.pixels]))
        moved = type(other.landmarks)(other.landmarks.points + np.float32((portrait.size[0], 0)))
        person = np.hstack([portrait.person, other.person])
        found = find_clothes(pair, person, [portrait.landmarks, moved])
        truths = [p.truth["shirt"] | p.truth["trousers"] for p in (portrait, other)]
        assert overlap(found, np.hstack(truths)) > 0.93


class TestBareSkin:
    @pytest.mark.parametrize("hair", ["short", "long", ""])
    def test_face_neck_and_arms_are_found(self, hair):
        truth = drawn(hair, 0).truth
        assert overlap(bare(hair), truth["face"] | truth["neck"] | truth["arms"]) > 0.9

    def test_skin_and_clothes_do_not_overlap(self, portrait):
        assert (bare() + clothes()).max() < 1.2

    def test_dark_skin_is_told_as_well(self, portrait):
        light = (portrait.image.pixels.astype(int) - SKIN).__abs__().max(axis=2) < 12
        pixels = portrait.image.pixels.copy()
        pixels[light] = np.clip(pixels[light].astype(int) - SKIN + (120, 78, 56), 0, 255)
        found = find_bare_skin(Image(pixels), portrait.person, [portrait.landmarks])
        assert found[portrait.truth["arms"]].mean() > 0.85
        assert found[portrait.truth["shirt"]].mean() < 0.05

    def test_a_badge_of_skins_color_is_none(self, portrait):
        badge = painted(portrait, SKIN, box(0.3, 0.5, -0.8, -0.6))
        found = find_bare_skin(badge, portrait.person, [portrait.landmarks])
        center = np.rint(portrait.placed(np.array([0.4, -0.7]))[0]).astype(int)
        assert found[center[1], center[0]] < 0.1

    def test_without_a_face_there_is_no_color_to_go_by(self, portrait):
        assert not find_bare_skin(portrait.image, portrait.person, []).any()


class TestHead:
    @pytest.mark.parametrize("hair", ["short", "long", ""])
    def test_hair_and_face_belong_to_it_and_clothes_do_not(self, hair):
        portrait = drawn(hair, 0)
        head = find_head(portrait.image, portrait.landmarks, portrait.person)
        names = ("hair", "face", "lips", "eyes", "brows")
        whole = np.logical_or.reduce([portrait.truth[name] for name in names if name in portrait.truth])
        assert head[whole].mean() > 0.93
        assert head[portrait.truth["trousers"] | portrait.truth["shirt"]].mean() < 0.02

    def test_it_stays_inside_the_person(self, portrait):
        head = find_head(portrait.image, portrait.landmarks, portrait.person)
        assert (head <= portrait.person + 1e-6).all()


class TestAnyInput:
    def test_an_empty_person_wears_nothing(self, portrait):
        nobody = np.zeros_like(portrait.person)
        for found in (
            find_clothes(portrait.image, nobody, [portrait.landmarks]),
            find_bare_skin(portrait.image, nobody, [portrait.landmarks]),
            find_head(portrait.image, portrait.landmarks, nobody),
        ):
            assert not found.any()

    def test_planes_are_the_pictures_size_and_the_inputs_are_left_alone(self, portrait):
        pixels, person = portrait.image.pixels.copy(), portrait.person.copy()
        for found in (clothes(), bare()):
            assert found.shape == person.shape
            assert found.dtype == np.float32
            assert 0 <= found.min() <= found.max() <= 1
        assert np.array_equal(pixels, portrait.image.pixels)
        assert np.array_equal(person, portrait.person)

    def test_equal_pictures_get_equal_masks(self, portrait):
        again = find_clothes(portrait.image, portrait.person, [portrait.landmarks])
        assert np.array_equal(clothes(), again)


class TestOnAPhotograph:
    def test_her_suit_is_clothes_and_her_face_is_not(self):
        her, person = astronaut(512), cutout(512)
        suit = find_clothes(her.image, person, [her.landmarks])
        hue = cv2.cvtColor(her.image.rgb, cv2.COLOR_RGB2HSV).astype(int)
        orange = (hue[..., 0] < 14) & (hue[..., 1] > 170) & (person > 0.9)
        orange[:190] = False
        assert suit[orange].mean() > 0.97
        assert suit[60:165, 190:260].max() < 0.1

    def test_her_skin_is_her_face_and_neck(self):
        her, person = astronaut(512), cutout(512)
        skin = find_bare_skin(her.image, person, [her.landmarks])
        assert skin[115:140, 195:210].mean() > 0.9
        assert skin[175:180, 215:240].mean() > 0.6
        assert skin[230:].mean() < 0.01
        assert skin[20:60, 200:250].max() < 0.2

    def test_she_is_seen_to_the_waist_only(self):
        her, person = astronaut(512), cutout(512)
        assert not find_clothes(her.image, person, [her.landmarks], half="lower").any()


def test_the_colors_of_the_drawing_are_told_apart():
    """Guards the tests above: hair must not be a shade of the skin drawn."""
    assert np.abs(np.subtract(HAIR, SKIN)).max() > 80
