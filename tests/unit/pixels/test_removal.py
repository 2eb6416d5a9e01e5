"""Taking things out: the whole of them goes, everything else stays bit for bit, and company lends nothing."""

import numpy as np
import pytest
from skimage import data

from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.removal import hole_of, remove_thing

SIZE = (300, 400)


def disc(center, radius, soft=0.0):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(rows - center[1], columns - center[0])
    return np.clip((radius - distance) / max(soft, 1e-6) + 0.5, 0, 1).astype(np.float32)


def grass():
    return EncodedRGB(np.repeat(data.grass()[: SIZE[0], : SIZE[1], None], 3, axis=2))


def with_ball(pixels, thing, color):
    mixed = pixels * (1 - thing[..., None]) + np.array(color, np.float32) * thing[..., None]
    return EncodedRGB(np.rint(mixed).astype(np.uint8))


def test_nothing_of_the_thing_is_left_and_nothing_else_is_touched():
    thing = disc((200, 140), 50, soft=6)
    given = with_ball(grass(), thing, (250, 20, 20))
    removed = remove_thing(given, thing)
    assert np.array_equal(removed.pixels[removed.hole == 0], given[removed.hole == 0])
    reddish = removed.pixels[..., 0].astype(int) - removed.pixels[..., 1]
    assert reddish.max() < 12  # the grass is gray; a rim of the ball would be red
    assert removed.hole.mean() < 1.5 * thing.mean()


def test_the_hole_covers_the_soft_edge_but_not_the_neighbor():
    thing, neighbor = disc((150, 140), 50, soft=8), disc((252, 140), 50)
    hole = hole_of(thing, company=neighbor)
    assert (hole[thing > 0.1] == 1).mean() > 0.98
    assert hole[neighbor >= 0.5].max() < 0.5


def test_a_shadow_goes_with_its_thing_where_it_would_be_seen():
    thing, faint, deep = (disc((150, 140), 40), *(share * disc((250, 180), 30) for share in (0.05, 0.4)))
    assert hole_of(thing, shadow=faint)[180, 250] == 0
    assert hole_of(thing, shadow=deep)[180, 250] == 1


def test_the_ground_under_a_thing_goes_too_unless_the_frame_cuts_it_off():
    standing = np.zeros(SIZE, np.float32)
    standing[60:200, 150:200] = 1
    beyond = hole_of(standing)[200:, 150:200]
    assert beyond[:5].min() == 1
    cut_off = np.zeros(SIZE, np.float32)
    cut_off[160:, 150:200] = 1
    assert hole_of(cut_off)[290, :140].max() == 0


@pytest.mark.parametrize(("inner", "filled"), [(8, True), (35, False)])
def test_small_places_inside_a_thing_go_with_it(inner, filled):
    ring = disc((200, 150), 60) - disc((200, 150), inner + 4)
    assert bool(hole_of(ring)[150, 200] == 1) is filled


def test_company_is_no_source():
    """Beside a red ball the fill would otherwise copy its red."""
    thing, ball = disc((150, 150), 40), disc((270, 150), 70)
    given = with_ball(with_ball(grass(), ball, (250, 20, 20)), thing, (20, 20, 250))
    removed = remove_thing(given, thing, company=ball)
    inside = removed.pixels[thing > 0.5].astype(int)
    assert (inside[:, 0] - inside[:, 1]).max() < 12


def test_chance_repeats_and_differs():
    thing = disc((200, 140), 60)

    def by(random):
        return remove_thing(grass(), thing, random=random).pixels

    first, again = (by(np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, by(None))
