"""Things moved within a picture: they arrive whole, nothing of them stays behind, the rest is untouched."""

import numpy as np
import pytest
from skimage import data

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region

from .support import disc, edited, run

SIZE = (400, 300)


def scene(*places):
    """Gravel with red half-discs: red on their left, blue on their right."""
    pixels = np.repeat(data.gravel()[:300, :400, None], 3, axis=2)
    things = []
    for x, y in places:
        thing = disc(*SIZE, center=(x, y), radius=0.12)
        color = np.where((np.arange(400) < x * 400)[None, :, None], (220, 20, 20), (20, 20, 220))
        alpha = thing.alpha[..., None]
        pixels = np.rint(pixels * (1 - alpha) + color * alpha).astype(np.uint8)
        things.append(thing)
    return Image(np.ascontiguousarray(pixels)), things


def redness(pixels):
    return pixels[..., 0].astype(int) - pixels[..., 1]


def test_a_moved_thing_arrives_whole_and_leaves_nothing():
    image, (thing,) = scene((0.25, 0.5))
    after = edited("move_object", image, region=thing, parameters={"dx": 0.4}).rgb
    inside = thing.alpha == 1
    assert np.array_equal(np.roll(after, -160, axis=1)[inside], image.rgb[inside])
    assert redness(after)[:, :200].max() < 25
    assert np.array_equal(after[:60], image.rgb[:60])


@pytest.mark.parametrize(("word", "column"), [("right", 312), ("left", 88), ("center", 200)])
def test_a_thing_is_moved_to_a_side(word, column):
    image, (thing,) = scene((0.4, 0.5))
    after = redness(edited("move_object", image, region=thing, placement=word).rgb)
    assert abs(np.flatnonzero(after[150] > 100).mean() - (column - 18)) < 4  # its left half is red


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_a_resized_thing_keeps_its_foot(scale):
    image, (thing,) = scene((0.5, 0.5))
    after = redness(edited("scale_object", image, region=thing, parameters={"scale": scale}).rgb) > 100
    rows = np.flatnonzero(after.any(axis=1))
    assert rows[-1] == pytest.approx(185, abs=3)
    assert rows.size == pytest.approx(72 * scale, abs=5)


def test_a_mirrored_thing_shows_its_other_side():
    image, (thing,) = scene((0.5, 0.5))
    after = edited("mirror_object", image, region=thing).rgb.astype(int)
    assert after[150, 180, 2] > 200
    assert after[150, 220, 0] > 200
    upside_down = edited("mirror_object", image, region=thing, parameters={"direction": "vertical"}).rgb.astype(int)
    assert upside_down[150, 180, 0] > 200


def test_a_thing_is_turned_clockwise():
    image, (thing,) = scene((0.5, 0.5))
    after = edited("rotate_object", image, region=thing, parameters={"angle_deg": 90}).rgb.astype(int)
    assert after[130, 200, 0] > 200  # what was on its left is now above
    assert after[170, 200, 2] > 200


def test_copies_stand_beside_the_thing_which_stays():
    image, (thing,) = scene((0.5, 0.5))
    after = edited("duplicate_object", image, region=thing, parameters={"copies": 2}).rgb
    assert np.array_equal(after[thing.alpha == 1], image.rgb[thing.alpha == 1])
    red = redness(after)[150] > 100
    assert np.count_nonzero(np.diff(red.astype(int)) == 1) == 3


def test_too_many_copies_are_refused():
    image, (thing,) = scene((0.5, 0.5))
    with pytest.raises(UnsupportedEdit, match="room for 4 more"):
        run("duplicate_object", image, region=thing, parameters={"copies": 9})


def test_two_things_change_places():
    image, things = scene((0.25, 0.4), (0.75, 0.7))
    after = edited("swap_objects", image, parts=tuple(things)).rgb
    for mine, other in (things, things[::-1]):
        assert np.array_equal(after[other.alpha == 1].shape, image.rgb[mine.alpha == 1].shape)
        assert np.abs(after[other.alpha == 1].astype(int) - image.rgb[mine.alpha == 1]).mean() < 6


def test_a_shadow_goes_with_its_thing():
    image, (thing,) = scene((0.25, 0.5))
    shadow = disc(*SIZE, center=(0.25, 0.64), radius=0.06).alpha * 0.6
    after = edited("move_object", image, region=thing, shadow=shadow.astype(np.float32), parameters={"dx": 0.4}).rgb
    spot = np.roll((shadow > 0.55) & (thing.alpha == 0), 160, axis=1)
    assert after[spot].mean() < 0.85 * image.rgb[spot].mean()


@pytest.mark.parametrize("name", ["move_object", "scale_object", "mirror_object", "rotate_object", "duplicate_object"])
def test_nothing_named_nothing_moved(name):
    image, _ = scene()
    with pytest.raises(UnsupportedEdit, match="which thing"):
        run(name, image)


def test_a_thing_is_not_lost_over_the_edge():
    image, (thing,) = scene((0.25, 0.5))
    with pytest.raises(UnsupportedEdit, match="out of the picture"):
        run("move_object", image, region=thing, parameters={"dx": -0.9})
    with pytest.raises(UnsupportedEdit, match="where to move"):
        run("move_object", image, region=thing)


def test_growing_unsaid_how_far_nothing_leaves_the_picture():
    image, (thing,) = scene((0.5, 0.5))
    scale = 1 + 0.9 * 0.5 / (thing.box[3] - thing.box[1]) * image.size[1]
    asked = {"region": thing, "parameters": {"scale": scale}}
    grown = redness(edited("scale_object", image, **asked).rgb) > 100
    assert not grown[0].any()
    stated = redness(edited("scale_object", image, stated=("scale",), **asked).rgb) > 100
    assert stated.sum() >= grown.sum() > (redness(image.rgb) > 100).sum()


def test_what_fills_the_picture_already_does_not_grow():
    image, _ = scene((0.5, 0.5))
    full = np.ones(image.size[::-1], np.float32)
    full[0, 0] = 0
    with pytest.raises(UnsupportedEdit, match="fills the picture"):
        run("scale_object", image, region=Region(full), parameters={"scale": 1.5})
