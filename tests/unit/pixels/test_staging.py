"""Staging: a thing stands where the words say, inside the frame, cut only where its own picture cut it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cavendish.domain.placement import RELATIONS
from cavendish.pixels.region import Region
from cavendish.pixels.staging import Scene, Thing, stage

WIDTH, HEIGHT = 400, 300
BOX = (150, 100, 250, 240)
"""Of the anchor: left, top, right, bottom."""


def block(box=BOX, size=(WIDTH, HEIGHT)):
    alpha = np.zeros((size[1], size[0]), np.float32)
    alpha[box[1] : box[3], box[0] : box[2]] = 1
    return Region(alpha)


def put(relation="", *, anchor=BOX, shape=1.0, scale=0.3, cut=frozenset(), seed=None, **scene):
    region = block(anchor) if anchor and relation else None
    random = None if seed is None else np.random.default_rng(seed)
    stood = Scene((WIDTH, HEIGHT), relation=relation, anchor=region, **scene)
    return stage(stood, Thing(shape, frozenset(cut)), scale=scale, random=random)


def middle(spot):
    return spot.left + spot.width / 2


def foot(spot):
    return spot.top + spot.height


@settings(max_examples=200)
@given(
    st.tuples(st.integers(20, 800), st.integers(20, 800)),
    st.floats(0.05, 20),
    st.floats(0.02, 1),
    st.sets(st.sampled_from(["left", "right", "center", "top", "bottom"])),
    st.sampled_from([*sorted(RELATIONS - {"behind", "in"}), ""]),
    st.sampled_from(["", "wall", "water", "seat", "table", "bed", "container"]),
    st.none() | st.integers(0, 99),
)
def test_every_place_keeps_the_shape_and_is_inside(size, shape, scale, sides, relation, base, seed):
    width, height = size
    anchor = (
        block((width // 4, height // 3, width // 4 + width // 3 + 1, height - height // 8), size) if relation else None
    )
    random = None if seed is None else np.random.default_rng(seed)
    scene = Scene(size, frozenset(sides), relation, anchor, base)
    spot = stage(scene, Thing(shape), scale=scale, random=random)
    assert spot.width / spot.height == pytest.approx(shape)
    assert spot.height <= scale * height + 1e-6
    assert spot.left >= -1e-6
    assert spot.left + spot.width <= width + 1e-6
    assert spot.top >= -1e-6


def test_chance_moves_it_a_little_and_repeatably():
    assert put(seed=1) == put(seed=1)
    assert put(seed=1) != put(seed=2)
    assert abs(put(seed=1).left - put(seed=2).left) <= 0.12 * WIDTH + 1e-6


def test_beside_it_stands_on_the_same_ground_and_touches_nothing():
    for relation in ("left of", "right of", "next to"):
        spot = put(relation)
        assert foot(spot) == pytest.approx(BOX[3], abs=2)
        assert spot.left + spot.width <= BOX[0] or spot.left >= BOX[2]
    assert put("left of").left < put("right of").left


def test_beside_it_takes_the_side_with_more_room():
    assert put("next to", anchor=(20, 100, 120, 240)).left > 120
    assert put("next to", anchor=(280, 100, 380, 240)).left < 280


def test_before_and_behind():
    before, behind = put("in front of"), put("behind")
    assert foot(before) > BOX[3] > foot(behind)
    assert before.front is None
    assert behind.front is not None
    inside = max(0.0, min(behind.left + behind.width, BOX[2]) - max(behind.left, BOX[0])) / behind.width
    assert 0.2 < inside < 0.6  # partly hidden, mostly seen


def test_on_under_and_above():
    assert foot(put("on")) == pytest.approx(BOX[1], abs=0.05 * (BOX[3] - BOX[1]))
    assert BOX[1] < foot(put("on", base="seat")) < BOX[3]
    above = put("above")
    assert foot(above) < BOX[1]
    assert not above.grounded
    assert foot(put("under")) == pytest.approx(BOX[3], abs=2)


def test_in_a_container_its_near_side_is_before_the_thing():
    spot = put("in", base="container")
    assert spot.front is not None
    assert spot.front[BOX[1] + 5, 200] == 0
    assert spot.front[BOX[3] - 5, 200] == 1


def test_on_the_ground_it_stands_where_that_is_widest_and_free():
    road = (100, 200, 390, 300)
    spot = put("on", anchor=road, busy=block((100, 120, 250, 290)))
    assert 250 < middle(spot) < 390
    assert 200 < foot(spot) <= 300
    far = put("on", anchor=road, depth="distance")
    assert foot(far) < foot(spot)
    assert far.height < spot.height


def test_against_a_wall_and_in_the_sky_it_hangs():
    sky = put("in", anchor=(0, 0, 400, 120), base="wall")
    assert not sky.grounded
    assert sky.top > 0
    assert foot(sky) < 120
    assert not put(base="wall").grounded  # a wall that is all there is


def test_what_its_own_picture_cuts_off_the_frame_cuts_off():
    assert foot(put(cut={"bottom"})) >= HEIGHT
    assert put(cut={"left"}).left < 0
    assert put(cut={"right"}).left + put(cut={"right"}).width > WIDTH
    alpha = np.zeros((100, 100), np.float32)
    alpha[40:, 30:60] = 1
    assert Thing.of(alpha, (30, 40, 60, 100)).cut == {"bottom"}
    assert Thing.of(alpha[:90], (30, 40, 60, 90)).cut == {"bottom"}
    whole = np.pad(alpha, 3)
    assert Thing.of(whole, (33, 43, 63, 103)).cut == frozenset()


def test_words_win_over_where_its_own_picture_cuts_a_thing_off():
    assert middle(put(cut={"left"}, sides=frozenset({"right"}))) > 0.6 * WIDTH
    assert put("right of", cut={"left"}).left > BOX[2]
    assert foot(put("on", base="table", cut={"bottom"})) < BOX[3]


def test_instead_of_another_it_stands_where_that_stood_even_where_its_own_picture_cut_it():
    spot = put("instead of", cut={"bottom"})
    assert middle(spot) == pytest.approx(200)
    assert foot(spot) == pytest.approx(BOX[3], abs=1)


def test_in_water_it_floats_where_what_is_mirrored_is_seen_too():
    water = (0, 150, WIDTH, HEIGHT)
    spot = put("in", anchor=water, base="water")
    assert spot.water is not None
    assert not spot.grounded
    assert foot(spot) + 0.5 * spot.height <= HEIGHT + 20
