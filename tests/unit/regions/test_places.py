from __future__ import annotations

import pytest

from cavendish.domain.queries import RegionQuery
from cavendish.regions.places import find_place

SIZE = (120, 80)


@pytest.mark.parametrize(
    ("said", "box"),
    [
        ("left half", (0, 0, 60, 80)),
        ("the right half", (60, 0, 120, 80)),
        ("upper half", (0, 0, 120, 40)),
        ("lower half", (0, 40, 120, 80)),
        ("left", (0, 0, 60, 80)),
        ("right side", (60, 0, 120, 80)),
        ("Left Hand Side", (0, 0, 60, 80)),
        ("top third", (0, 0, 120, 27)),
        ("bottom third", (0, 53, 120, 80)),
        ("left third", (0, 0, 40, 80)),
        ("right quarter", (90, 0, 120, 80)),
        ("bottom part", (0, 40, 120, 80)),
        ("top left corner", (0, 0, 30, 20)),
        ("top-right corner", (90, 0, 120, 20)),
        ("lower left corner", (0, 60, 30, 80)),
        ("bottom right corner", (90, 60, 120, 80)),
        ("center", (30, 20, 90, 60)),
        ("the middle", (30, 20, 90, 60)),
        ("central area", (30, 20, 90, 60)),
        ("top border", (0, 0, 120, 6)),
        ("right edge", (114, 0, 120, 80)),
    ],
)
def test_parts_of_the_frame(said, box):
    place = find_place(RegionQuery(said), SIZE)
    assert place is not None
    assert place.box == box
    assert place.confidence == 1
    left, top, right, bottom = box
    assert place.alpha.shape == (80, 120)
    assert place.alpha[top:bottom, left:right].min() == 1
    assert place.alpha.sum() == (right - left) * (bottom - top)


@pytest.mark.parametrize("said", ["border", "the borders", "edges"])
def test_the_border_goes_all_around(said):
    place = find_place(RegionQuery(said), SIZE)
    assert place is not None
    assert place.alpha[6:-6, 6:-6].max() == 0
    assert place.alpha.sum() == 120 * 80 - 108 * 68


def test_a_side_may_stand_in_its_own_field():
    place = find_place(RegionQuery("half", side="top"), SIZE)
    assert place is not None
    assert place.box == (0, 0, 120, 40)
    corner = find_place(RegionQuery("corner", side="bottom-left"), SIZE)
    assert corner is not None
    assert corner.box == (0, 60, 30, 80)


@pytest.mark.parametrize("said", ["", "dog", "left dog", "half of the pizza", "background", "side table", "half"])
def test_what_is_no_part_of_the_frame(said):
    assert find_place(RegionQuery(said), SIZE) is None


@pytest.mark.parametrize(("left", "right"), [("left half", "right half"), ("upper half", "bottom half")])
@pytest.mark.parametrize("size", [(120, 80), (121, 81), (2, 2), (7, 301)])
def test_opposite_halves_share_the_picture_evenly(left, right, size):
    halves = [find_place(RegionQuery(said), size) for said in (left, right)]
    joint = halves[0].alpha + halves[1].alpha
    assert joint.shape == size[::-1]
    assert joint.min() == joint.max() == 1


@pytest.mark.parametrize("said", ["left half", "bottom right corner", "border", "top third"])
def test_even_a_picture_of_one_pixel_has_them(said):
    place = find_place(RegionQuery(said), (1, 1))
    assert place is not None
    assert place.alpha.tolist() == [[1]]


def test_parts_of_the_picture_are_named_with_and_without_it():
    for said in ("left side of the image", "left half of the picture", "left half"):
        assert find_place(RegionQuery(said), (120, 80)).box == (0, 0, 60, 80)
    assert find_place(RegionQuery("top left quarter"), (120, 80)).box == (0, 0, 60, 40)


def test_corners_are_all_four():
    corners = find_place(RegionQuery("corners"), (120, 80)).alpha
    assert corners[0, 0] == corners[0, -1] == corners[-1, 0] == corners[-1, -1] == 1
    assert corners[40, 60] == corners[0, 60] == corners[40, 0] == 0
