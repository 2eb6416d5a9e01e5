from __future__ import annotations

from typing import get_args

import cv2
import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.face_parts import FacePart, face_and_skin, face_part
from cavendish.regions.landmarks import Landmarks
from tests.support.portraits import Portrait, overlap
from tests.support.real_faces import Seen, astronaut

pytestmark = pytest.mark.long

PARTS = get_args(FacePart)
LARGE = 120.0


def part(portrait: Portrait, name: FacePart) -> np.ndarray:
    return face_part(portrait.image, portrait.landmarks, name)


def touched(mask: np.ndarray, *truths: np.ndarray) -> float:
    """Share of the mask's weight that lies in any of the truths."""
    return float(mask[np.logical_or.reduce(truths)].sum() / max(mask.sum(), 1e-6))


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return Portrait(unit_px=LARGE)


@pytest.fixture(scope="module")
def tilted() -> Portrait:
    return Portrait(unit_px=LARGE, turn_deg=30)


@pytest.fixture(scope="module")
def asleep() -> Portrait:
    return Portrait(unit_px=LARGE, mouth=0, eyes=0)


class TestOutlines:
    @pytest.mark.parametrize("name", ["lips", "teeth", "eyes", "irises", "eyebrows"])
    @pytest.mark.parametrize("turned", [False, True])
    def test_small_parts_are_as_drawn(self, portrait, tilted, name, turned):
        portrait = tilted if turned else portrait
        truth = dict(portrait.truth, eyebrows=portrait.truth["brows"])
        truth["eyes"] = truth["eyes"] | truth["irises"]
        assert overlap(part(portrait, name), truth[name]) > 0.8

    def test_the_mouth_is_lips_and_what_is_between(self, portrait):
        assert overlap(part(portrait, "mouth"), portrait.truth["lips"] | portrait.truth["teeth"]) > 0.9

    def test_pupils_are_the_middle_of_the_irises(self, portrait):
        pupils, irises = part(portrait, "pupils"), part(portrait, "irises")
        assert (pupils <= irises + 0.02).all()
        assert 0.1 < pupils.sum() / irises.sum() < 0.25

    @pytest.mark.parametrize("name", ["nose", "cheeks", "chin", "under_eyes", "forehead"])
    def test_parts_without_edges_lie_on_the_face_and_are_soft(self, portrait, name):
        mask = part(portrait, name)
        assert touched(mask, part(portrait, "face") > 0.5) > 0.9
        assert mask.max() > 0.6
        assert np.count_nonzero((mask > 0.1) & (mask < 0.9)) > 0.15 * np.count_nonzero(mask > 0.1)

    def test_what_is_on_both_sides_is_found_on_both(self, portrait):
        middle = round(portrait.chin[0])
        for name in ("eyes", "irises", "pupils", "eyebrows", "cheeks", "under_eyes"):
            mask = part(portrait, name)
            assert mask[:, :middle].sum() == pytest.approx(mask[:, middle:].sum(), rel=0.1)

    def test_parts_lie_in_order_from_the_top(self, portrait):
        rows = np.arange(portrait.size[1])
        names = ("forehead", "eyebrows", "eyes", "under_eyes", "nose", "mouth", "chin")
        heights = [np.average(rows, weights=part(portrait, name).sum(axis=1)) for name in names]
        assert heights == sorted(heights)


class TestSkinAndHair:
    @pytest.mark.parametrize("hair", ["short", "long", ""])
    def test_the_face_ends_where_the_hair_begins(self, hair):
        portrait = Portrait(unit_px=LARGE, hair=hair)
        face = part(portrait, "face")
        features = [portrait.truth[name] for name in ("face", "brows", "lips", "teeth", "eyes", "irises")]
        assert overlap(face, np.logical_or.reduce(features)) > 0.95

    def test_bangs_are_no_forehead(self, portrait):
        left, right, brows = (
            round(float(v)) for v in portrait.placed(np.array([[-0.4, 0.84], [0.4, 1.0]])).T.ravel()[:3]
        )
        pixels = portrait.image.pixels.copy()
        noise = np.random.default_rng(0).normal(0, 3, (brows, right - left, 3))
        pixels[:brows, left:right] = np.clip(np.array((92, 60, 40)) + noise, 0, 255)
        face = face_part(Image(pixels), portrait.landmarks, "face")
        assert face[brows - 15 : brows - 4, left + 14 : right - 14].max() < 0.2
        assert face[brows + 5, round(portrait.chin[0])] > 0.8

    def test_skin_is_the_face_without_its_features(self, portrait):
        skin = part(portrait, "skin")
        assert overlap(skin, portrait.truth["face"]) > 0.9
        for name in ("lips", "teeth", "eyes", "irises", "brows"):
            assert skin[portrait.truth[name]].mean() < 0.25

    def test_face_and_skin_are_those_parts(self, portrait):
        face, skin = face_and_skin(portrait.image, portrait.landmarks)
        assert np.array_equal(face, part(portrait, "face"))
        assert np.array_equal(skin, part(portrait, "skin"))


class TestWhatIsNotThere:
    @pytest.mark.parametrize("name", ["teeth", "eyes", "irises", "pupils"])
    def test_shut_mouths_and_eyes_show_nothing(self, asleep, name):
        assert not part(asleep, name).any()

    def test_shut_lips_are_one_piece(self, asleep):
        assert overlap(part(asleep, "lips"), asleep.truth["lips"]) > 0.85

    def test_a_mouth_open_in_surprise_shows_no_teeth(self, portrait):
        pixels = portrait.image.pixels.copy()
        pixels[portrait.truth["teeth"]] = (60, 20, 20)
        assert not face_part(Image(pixels), portrait.landmarks, "teeth").any()

    @pytest.mark.parametrize("frames", [(30, 30, 30), (150, 20, 30), (20, 40, 120)])
    def test_glasses_are_found_when_worn(self, frames):
        portrait = Portrait(unit_px=LARGE, frames=frames)
        assert overlap(part(portrait, "glasses"), portrait.truth["glasses"]) > 0.7

    def test_dark_glasses_hide_the_eyes(self):
        portrait = Portrait(unit_px=LARGE, frames=(25, 25, 25))
        pixels, lenses = portrait.image.pixels.copy(), np.zeros(portrait.size[::-1], np.uint8)
        for side in (-1, 1):
            center = np.rint(portrait.placed(np.array([side * 0.17, 0.58]))[0]).astype(int)
            cv2.ellipse(lenses, center.tolist(), (16, 13), 0, 0, 360, 1, -1)
        pixels[lenses > 0] = (20, 20, 22)
        glasses = face_part(Image(pixels), portrait.landmarks, "glasses")
        assert glasses[lenses > 0].mean() > 0.85

    def test_nobody_else_wears_any(self, portrait, asleep):
        assert not part(portrait, "glasses").any()
        assert not part(asleep, "glasses").any()


class TestEveryPart:
    @pytest.mark.parametrize("name", PARTS)
    def test_masks_are_planes_of_the_pictures_size(self, name):
        portrait = Portrait(unit_px=40, frames=(30, 30, 30))
        before = portrait.image.pixels.copy()
        mask = part(portrait, name)
        assert mask.shape == before.shape[:2]
        assert mask.dtype == np.float32
        assert 0 <= mask.min() <= mask.max() <= 1
        assert np.array_equal(mask, part(portrait, name))
        assert np.array_equal(before, portrait.image.pixels)

    @pytest.mark.parametrize("name", PARTS)
    def test_faces_cut_by_the_picture_or_without_color_do_no_harm(self, name):
        portrait = Portrait(unit_px=40)
        gray = np.repeat(cv2.cvtColor(portrait.image.pixels, cv2.COLOR_RGB2GRAY)[..., np.newaxis], 3, axis=2)
        assert np.isfinite(face_part(Image(gray), portrait.landmarks, name)).all()
        flat = Image(np.full_like(gray, 120))
        assert np.isfinite(face_part(flat, portrait.landmarks, name)).all()
        half = Image(np.ascontiguousarray(portrait.image.pixels[:, : portrait.size[0] // 2]))
        assert face_part(half, portrait.landmarks, name).shape == half.pixels.shape[:2]
        away = Landmarks(portrait.landmarks.points + np.float32(9000))
        assert not face_part(portrait.image, away, name).any()
        one = Landmarks(np.full((478, 2), 50, np.float32))
        assert np.isfinite(face_part(portrait.image, one, name)).all()

    def test_a_line_instead_of_a_face_asks_for_no_endless_close_up(self):
        wide = np.zeros((478, 2), np.float32)
        wide[:, 0] = np.linspace(0, 3000, 478)
        wide[[10, 152], 0] = 5
        mask = face_part(Image(np.zeros((100, 3000, 3), np.uint8)), Landmarks(wide), "lips")
        assert mask.shape == (100, 3000)

    def test_hidden_colors_are_not_seen(self, portrait):
        pixels = np.dstack([portrait.image.pixels, np.zeros(portrait.size[::-1], np.uint8)])
        assert face_part(Image(pixels), portrait.landmarks, "teeth").sum() == 0


@pytest.fixture
def her() -> Seen:
    return astronaut(512)


class TestOnAPhotograph:
    def color(self, her, name: FacePart) -> np.ndarray:
        mask = face_part(her.image, her.landmarks, name)
        lab = cv2.cvtColor(her.image.rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        return np.array([np.average(lab[..., k], weights=mask) for k in range(3)])

    def test_lips_are_redder_than_the_skin_and_teeth_paler(self, her):
        lips, skin, teeth = (self.color(her, name) for name in ("lips", "skin", "teeth"))
        assert lips[1] > skin[1] + 5
        assert np.hypot(*teeth[1:]) < np.hypot(*lips[1:])
        assert teeth[0] > lips[0]

    def test_irises_and_brows_are_darker_than_the_skin(self, her):
        skin = self.color(her, "skin")[0]
        assert self.color(her, "irises")[0] < skin - 20
        assert self.color(her, "eyebrows")[0] < skin - 12

    def test_her_bangs_are_not_her_forehead(self, her):
        face = face_part(her.image, her.landmarks, "face")
        assert face[60:72, 215:245].max() < 0.2
        assert face[90, 225] > 0.9
        assert face[120, 200] > 0.9

    def test_she_wears_no_glasses(self, her):
        assert not face_part(her.image, her.landmarks, "glasses").any()

    @pytest.mark.parametrize("width", [256, 900])
    def test_the_size_of_the_picture_does_not_matter(self, her, width):
        other = astronaut(width)
        for name in ("lips", "eyes", "skin"):
            mask = cv2.resize(face_part(other.image, other.landmarks, name), (512, 512), interpolation=cv2.INTER_AREA)
            assert overlap(mask, face_part(her.image, her.landmarks, name) > 0.5) > (0.7 if name == "skin" else 0.55)
