from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from cavendish.errors import UnsupportedEdit
from cavendish.pixels.region import Region
from cavendish.regions.body_words import find_part, part_named
from cavendish.regions.evidence import Evidence
from cavendish.regions.instances import Instance
from cavendish.regions.networks import Networks
from cavendish.regions.people import Face
from tests.support.portraits import Portrait, overlap


class TestNames:
    @pytest.mark.parametrize(
        ("phrase", "part"),
        [
            ("lips", "lips"),
            ("Lipstick", "lips"),
            ("her upper lip", "lips"),
            ("guy's face", "face"),
            ("guy’s face", "face"),
            ("teeth", "teeth"),
            ("a big smile", "mouth"),
            ("left eye", "eyes"),
            ("eyes", "eyes"),
            ("irises", "irises"),
            ("eyebrows", "eyebrows"),
            ("dark circles", "under_eyes"),
            ("eye bags", "under_eyes"),
            ("under eye", "under_eyes"),
            ("glasses", "glasses"),
            ("curly hair", "hair"),
            ("skin", "skin"),
            ("the man's head", "head"),
            ("blue denim jacket", "worn:upper"),
            ("t-shirt", "worn:upper"),
            ("shirts", "worn:upper"),
            ("jeans", "worn:lower"),
            ("pants", "worn:lower"),
            ("long skirts", "worn:lower"),
            ("red dress", "worn:all"),
            ("dresses", "worn:all"),
            ("clothes", "worn:all"),
        ],
    )
    def test_a_phrase_is_known_by_its_last_words(self, phrase, part):
        assert part_named(phrase) == part

    @pytest.mark.parametrize("phrase", ["", "dog", "face cream", "hair dryer", "table top lamp", "eye of the storm"])
    def test_other_words_name_no_part(self, phrase):
        assert part_named(phrase) is None


PORTRAIT = Portrait(hair="long", mouth=0.08)
"""Someone standing, with everything known about the picture."""


def box_of(mask: np.ndarray) -> tuple[float, float, float, float]:
    left, top, right, bottom = Region(mask.astype(np.float32)).box
    return float(left), float(top), float(right), float(bottom)


PERSON = Instance(box_of(PORTRAIT.person), 0.9)


def evidence(*, face: bool = True, landmarks: bool = True) -> Evidence:
    seen = Evidence(PORTRAIT.image, Networks())
    left, top, right, bottom = (round(edge) for edge in box_of(PORTRAIT.truth["face"]))
    eyes = [tuple(PORTRAIT.placed(np.array([side * 0.17, 0.6]))[0]) for side in (-1, 1)]
    middle = ((left + right) / 2, (top + bottom) / 2)
    found = Face((left, top, right, bottom), 0.9, middle, 0.8 * PORTRAIT.unit_px, (eyes[0], eyes[1]))
    seen.faces = (found,) if face else ()
    seen._landmarks[found] = PORTRAIT.landmarks if landmarks else None
    seen.mask = lambda _box, _others=(): Region(PORTRAIT.person, 0.9)
    return seen


@cache
def find(part: str, **options) -> Region:
    return find_part(evidence(**options), [PERSON], [PERSON], part)


class TestParts:
    @pytest.mark.parametrize(
        ("part", "truth", "least"),
        [
            ("lips", "lips", 0.4),
            ("teeth", "teeth", 0.6),
            ("irises", "irises", 0.6),
            ("eyebrows", "brows", 0.4),
            ("hair", "hair", 0.8),
            ("worn:upper", "shirt", 0.8),
            ("worn:lower", "trousers", 0.8),
        ],
    )
    def test_a_part_is_where_it_was_drawn(self, part, truth, least):
        found = find(part)
        assert found.alpha.shape == PORTRAIT.person.shape
        assert overlap(found.alpha, PORTRAIT.truth[truth]) > least
        assert found.confidence == pytest.approx(0.9)

    def test_all_clothes_are_both_halves_and_neither_skin_nor_hair(self):
        worn = find("worn:all").alpha
        truth = PORTRAIT.truth["shirt"] | PORTRAIT.truth["trousers"]
        assert overlap(worn, truth) > 0.8
        assert worn[PORTRAIT.truth["face"]].mean() < 0.1

    def test_skin_is_not_of_the_face_alone(self):
        skin = find("skin").alpha
        assert skin[PORTRAIT.truth["arms"]].mean() > 0.7
        assert skin[PORTRAIT.truth["face"]].mean() > 0.7
        assert skin[PORTRAIT.truth["trousers"]].mean() < 0.1

    def test_the_head_is_face_and_hair(self):
        head = find("head").alpha
        assert head[PORTRAIT.truth["face"]].mean() > 0.8
        assert head[PORTRAIT.truth["trousers"]].max() == 0

    def test_the_body_is_the_whole_person(self):
        assert overlap(find("body").alpha, PORTRAIT.person > 0.5) > 0.95


class TestNotSeen:
    @pytest.mark.parametrize(
        ("part", "said"), [("lips", "no lips"), ("under_eyes", "no under eyes"), ("hair", "no hair")]
    )
    def test_without_a_face_its_parts_are_not_seen(self, part, said):
        with pytest.raises(UnsupportedEdit, match=f"{said} can be seen"):
            find(part, face=False)

    def test_without_landmarks_the_head_and_clothes_are_still_found(self):
        assert find("hair", landmarks=False).share > 0.02
        assert overlap(find("worn:upper", landmarks=False).alpha, PORTRAIT.truth["shirt"]) > 0.7
        with pytest.raises(UnsupportedEdit, match="no eyes can be seen"):
            find("eyes", landmarks=False)

    def test_clothes_need_no_face(self):
        worn = find("worn:lower", face=False).alpha
        assert worn[PORTRAIT.truth["trousers"]].mean() > 0.6
        assert worn[PORTRAIT.truth["face"]].max() == 0

    def test_glasses_that_nobody_wears(self):
        with pytest.raises(UnsupportedEdit, match="no glasses can be seen"):
            find("glasses")

    def test_the_face_of_somebody_else_is_not_looked_at(self):
        elsewhere = Instance((0.0, 300.0, 60.0, 420.0), 0.9)
        with pytest.raises(UnsupportedEdit, match="no lips can be seen"):
            find_part(evidence(), [elsewhere], [elsewhere, PERSON], "lips")


def test_of_several_people_it_is_found_on_those_who_show_it():
    turned_away = Instance((0.0, 300.0, 60.0, 420.0), 0.6)
    both = find_part(evidence(), [PERSON, turned_away], [PERSON, turned_away], "lips")
    assert np.array_equal(both.alpha, find("lips").alpha)
    assert both.confidence == pytest.approx(0.6)
