from __future__ import annotations

import numpy as np
import pytest

from cavendish.domain.request import Pointing
from cavendish.errors import InvalidRequest, UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.evidence import Evidence
from cavendish.regions.networks import Networks
from cavendish.regions.pointing import find_pointed
from tests.support.region_networks import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    ColorDetector,
    ColorfulNetwork,
    disc_in,
    drawn,
    inside_of,
    overlap,
    rounded,
)

SIZE = (600, 400)
CUP, DOG, UNKNOWN = (40, 60, 200, 260), (320, 80, 440, 220), (480, 250, 560, 350)


def evidence_of(pixels: np.ndarray, *, saliency: bool = True) -> Evidence:
    detector, network = ColorDetector({"cup": (RED, 0.9), "dog": (GREEN, 0.5)}), ColorfulNetwork()
    return Evidence(Image(pixels), Networks(objects=detector.opened, saliency=lambda: network if saliency else None))


def pointed(evidence: Evidence, *points: tuple[float, float], box: tuple[float, ...] = ()) -> Region:
    return find_pointed(evidence, Pointing(points=points, box=box), None)


def at(box: tuple[int, int, int, int], size: tuple[int, int] = SIZE) -> tuple[float, float]:
    return (box[0] + box[2]) / 2 / size[0], (box[1] + box[3]) / 2 / size[1]


@pytest.fixture
def scene() -> Evidence:
    return evidence_of(rounded(SIZE, (RED, CUP), (GREEN, DOG), (BLUE, UNKNOWN)))


class TestPoints:
    @pytest.mark.parametrize("thing", [CUP, DOG, UNKNOWN], ids=["cup", "dog", "unknown"])
    def test_only_the_thing_at_the_point(self, scene, thing):
        found = pointed(scene, at(thing))
        assert overlap(found.alpha, disc_in(thing, SIZE)) > 0.9
        assert found.confidence == 1
        assert found.label == "what was pointed at"

    def test_any_point_on_it_will_do(self, scene):
        found = pointed(scene, (190 / 600, 160 / 400))
        assert overlap(found.alpha, disc_in(CUP, SIZE)) > 0.9

    def test_several_points_are_all_of_them(self, scene):
        found = pointed(scene, at(CUP), at(DOG))
        assert overlap(found.alpha, disc_in(CUP, SIZE) | disc_in(DOG, SIZE)) > 0.9

    def test_the_smaller_of_two_nested_things_is_meant(self):
        large, small = (40, 40, 420, 360), (150, 120, 260, 220)
        evidence = evidence_of(rounded(SIZE, (RED, large), (GREEN, small)))
        evidence.mask = lambda box, _others=(): Region(
            disc_in(small if box[2] - box[0] < 200 else large, SIZE).astype(np.float32)
        )
        assert overlap(pointed(evidence, at(small)).alpha, disc_in(small, SIZE)) > 0.9
        assert overlap(pointed(evidence, (80 / 600, 200 / 400)).alpha, disc_in(large, SIZE)) > 0.9

    def test_where_nothing_is_known_what_stands_apart_there(self):
        thing = (250, 150, 330, 230)
        pixels = rounded(SIZE, (YELLOW, thing))
        noise = np.random.default_rng(0).normal(0, 4, pixels.shape)
        evidence = evidence_of((pixels + noise).clip(0, 255).astype(np.uint8), saliency=False)
        evidence.salient_boxes = ()
        assert overlap(pointed(evidence, at(thing)).alpha, disc_in(thing, SIZE)) > 0.85

    @pytest.mark.parametrize(
        ("thing", "point"),
        [((450, 100, 600, 300), (1, 0.5)), ((0, 100, 150, 300), (0, 0.5)), ((200, 300, 400, 400), (0.5, 1))],
        ids=str,
    )
    def test_points_at_the_frame_work(self, thing, point):
        found = pointed(evidence_of(rounded(SIZE, (RED, thing))), point)
        assert overlap(found.alpha, disc_in(thing, SIZE)) > 0.9

    def test_nothing_is_there(self):
        with pytest.raises(UnsupportedEdit, match="nothing was found where it was pointed at"):
            pointed(evidence_of(drawn(SIZE)), (0.5, 0.5))

    def test_in_a_large_picture_too(self):
        size, thing = (1700, 1200), (200, 300, 500, 700)
        found = pointed(evidence_of(rounded(size, (RED, thing), (GREEN, (1100, 300, 1400, 700)))), at(thing, size))
        assert found.alpha.shape == (1200, 1700)
        assert overlap(found.alpha, disc_in(thing, size)) > 0.95


class TestBox:
    def test_the_thing_in_the_box(self, scene):
        found = pointed(scene, box=(300 / 600, 60 / 400, 460 / 600, 240 / 400))
        assert overlap(found.alpha, disc_in(DOG, SIZE)) > 0.9

    def test_a_box_and_a_point_are_both(self, scene):
        found = pointed(scene, at(CUP), box=(300 / 600, 60 / 400, 460 / 600, 240 / 400))
        assert overlap(found.alpha, disc_in(CUP, SIZE) | disc_in(DOG, SIZE)) > 0.9


class TestMask:
    MARKED = (100, 50, 300, 250)

    def painted(self, mask: np.ndarray, size: tuple[int, int] = SIZE) -> Region:
        evidence = Evidence(Image(drawn(size)), Networks())
        return find_pointed(evidence, Pointing(points=((0.9, 0.9),), mask="/files/mask"), Image(mask))

    def gray(self, size: tuple[int, int] = SIZE) -> np.ndarray:
        return drawn(size, ((255, 255, 255), self.MARKED), backdrop=(0, 0, 0))

    def test_white_is_where_to_act_whatever_else_was_pointed_at(self):
        found = self.painted(self.gray())
        assert np.array_equal(found.alpha, inside_of(self.MARKED, SIZE).astype(np.float32))
        assert found.confidence == 1
        assert found.label == "what the mask marks"

    def test_half_tones_stay_half_tones(self):
        mask = self.gray()
        mask[300:350, 400:500] = 51
        assert self.painted(mask).alpha[320, 450] == pytest.approx(0.2)

    def test_an_opaque_alpha_plane_tells_nothing(self):
        mask = np.dstack([self.gray(), np.full((400, 600), 255, np.uint8)])
        assert np.array_equal(self.painted(mask).alpha, inside_of(self.MARKED, SIZE).astype(np.float32))

    @pytest.mark.parametrize("color", [0, 255])
    def test_what_is_transparent_is_where_to_act_whatever_its_color(self, color):
        alpha = np.where(inside_of(self.MARKED, SIZE), 0, 255).astype(np.uint8)
        mask = np.dstack([np.full((400, 600, 3), color, np.uint8), alpha])
        assert np.array_equal(self.painted(mask).alpha, inside_of(self.MARKED, SIZE).astype(np.float32))

    @pytest.mark.parametrize("scale", [0.5, 2])
    def test_a_mask_of_another_size_is_resized(self, scale):
        size = (round(600 * scale), round(400 * scale))
        left, top, right, bottom = (round(edge * scale) for edge in self.MARKED)
        found = self.painted(drawn(size, ((255, 255, 255), (left, top, right, bottom)), backdrop=(0, 0, 0)))
        assert found.alpha.shape == (400, 600)
        assert overlap(found.alpha, inside_of(self.MARKED, SIZE)) > 0.97

    def test_a_shape_that_differs_by_rounding_is_the_same(self):
        assert self.painted(drawn((300, 201), backdrop=(255, 255, 255))).alpha.min() == 1

    @pytest.mark.parametrize("size", [(400, 600), (600, 380), (500, 400), (1, 1)])
    def test_another_shape_is_refused(self, size):
        with pytest.raises(InvalidRequest, match="another shape") as refused:
            self.painted(drawn(size, backdrop=(255, 255, 255)))
        assert refused.value.param == "mask"

    @pytest.mark.parametrize(
        "mask",
        [
            np.zeros((400, 600, 3), np.uint8),
            np.full((400, 600, 3), 100, np.uint8),
            np.full((400, 600, 4), 200, np.uint8),
        ],
        ids=["black", "dark", "hardly transparent"],
    )
    def test_an_empty_mask_is_refused(self, mask):
        if mask.shape[2] == 4:
            mask = mask.copy()
            mask[..., 3] = 250
            mask[..., :3] = 0
        with pytest.raises(UnsupportedEdit, match="the mask marks nothing"):
            self.painted(mask)
