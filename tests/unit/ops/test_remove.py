"""Removal: what is meant goes entirely, everything else stays bit for bit, and what is not there is said."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.pixels.scratches import find_scratches

from .support import disc, edited, run


def photo():
    return np.ascontiguousarray(data.coffee()[:, 60:540])


def damaged(pixels, tone):
    """Five scratches and nine specks, and where they are."""
    given, where = pixels.copy(), np.zeros(pixels.shape[:2], np.uint8)
    random = np.random.default_rng(4)
    for k in range(5):
        start, end = ((int(x), int(y)) for x, y in random.uniform((10, 10), (470, 390), (2, 2)))
        for target, value in ((given, tone), (where, 1)):
            cv2.line(target, start, end, value, 2 + k % 2)
    for x, y in random.uniform((20, 20), (460, 380), (9, 2)):
        for target, value in ((given, tone), (where, 1)):
            cv2.circle(target, (int(x), int(y)), 3, value, -1)
    return given, where > 0


@pytest.mark.long
@pytest.mark.parametrize("negative", [False, True])
def test_most_damage_is_found_and_little_else(negative):
    given, where = damaged(photo(), (248, 246, 240))
    found = find_scratches(EncodedRGB(255 - given if negative else given)) > 0
    near = cv2.dilate(where.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert found[where].mean() > 0.85
    assert near[found].mean() > 0.8


@pytest.mark.long
def test_scratches_of_one_pixel_are_found_at_every_angle():
    given, where = photo().copy(), np.zeros((400, 480), np.uint8)
    for k in range(12):
        x, y = 60 + 120 * (k % 4), 70 + 130 * (k // 4)
        across, down = 55 * np.cos(np.pi * k / 12), 55 * np.sin(np.pi * k / 12)
        start, end = (int(x - across), int(y - down)), (int(x + across), int(y + down))
        for target, value in ((given, (255, 255, 255)), (where, 1)):
            cv2.line(target, start, end, value, 1)
    found = find_scratches(EncodedRGB(given)) > 0
    assert found[where > 0].mean() > 0.7


@pytest.mark.long
def test_removing_scratches_comes_near_the_undamaged_picture():
    given, where = damaged(photo(), (248, 246, 240))
    after = edited("remove_scratches", Image(given)).rgb

    def error(pixels):
        return ((pixels[where].astype(float) - photo()[where]) ** 2).mean()

    assert error(after) < error(given) / 8


@pytest.mark.long
def test_only_what_is_pointed_at_is_mended():
    given, _ = damaged(photo(), (248, 246, 240))
    region = disc(480, 400)
    after = edited("remove_scratches", Image(given), region=region)
    assert np.array_equal(after.pixels[region.alpha < 0.5], given[region.alpha < 0.5])
    assert not np.array_equal(after.pixels, given)


def test_a_picture_without_damage_is_refused():
    y, x = np.mgrid[:200, :300].astype(np.float32)
    soft = np.rint(np.stack([90 + 0.3 * x, 80 + 0.4 * y, 70 + 0.1 * (x + y)], axis=2)).astype(np.uint8)
    with pytest.raises(UnsupportedEdit, match="no scratches"):
        run("remove_scratches", Image(soft))


# --- things, lettering, spots, wires and shadows ---


def scene_with(*centers, color=(250, 20, 20), radius=0.15):
    """Gravel with balls on it, and where each is."""
    pixels = np.repeat(data.gravel()[:300, :400, None], 3, axis=2)
    balls = [disc(400, 300, center=center, radius=radius) for center in centers]
    for ball in balls:
        alpha = ball.alpha[..., None]
        pixels = np.rint(pixels * (1 - alpha) + np.array(color) * alpha).astype(np.uint8)
    return np.ascontiguousarray(pixels), balls


@pytest.mark.parametrize("name", ["remove_object", "remove_person"])
def test_a_thing_is_removed_and_its_company_stays(name):
    pixels, (ball, other) = scene_with((0.3, 0.5), (0.7, 0.5))
    after = edited(name, Image(pixels), region=ball, company=other.alpha).rgb
    assert np.array_equal(after[other.alpha > 0], pixels[other.alpha > 0])
    assert (after[ball.alpha > 0].astype(int)[:, 0] - after[ball.alpha > 0][:, 1]).max() < 15


def test_everything_but_what_is_named_is_removed():
    pixels, (ball, other) = scene_with((0.3, 0.5), (0.7, 0.5))
    after = edited("remove_everything_except", Image(pixels), region=ball, company=other.alpha).rgb
    assert np.array_equal(after[ball.alpha > 0], pixels[ball.alpha > 0])
    assert (after[other.alpha > 0].astype(int)[:, 0] - after[other.alpha > 0][:, 1]).max() < 15


def test_a_large_hole_is_said_to_be_a_guess():
    pixels, (ball,) = scene_with((0.5, 0.5), radius=0.24)
    assert "had to be filled" in run("remove_object", Image(pixels), region=ball).note
    pixels, (ball,) = scene_with((0.5, 0.5), radius=0.1)
    assert run("remove_object", Image(pixels), region=ball).note == ""


def test_pictures_of_one_request_differ_by_chance_and_repeat():
    pixels, (ball,) = scene_with((0.5, 0.5), radius=0.16)
    plain = edited("remove_object", Image(pixels), region=ball).pixels
    by_chance = [
        edited("remove_object", Image(pixels), region=ball, random=np.random.default_rng(seed)).pixels
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(by_chance[0], by_chance[1])
    assert not np.array_equal(by_chance[0], plain)
    assert not np.array_equal(by_chance[0], by_chance[2])


@pytest.mark.parametrize("name", ["remove_text", "remove_watermark", "remove_date_stamp"])
def test_lettering_goes_with_its_rim_and_nothing_else(name):
    pixels = np.ascontiguousarray(data.coffee())
    strokes = np.zeros(pixels.shape[:2], np.uint8)
    cv2.putText(strokes, "SALE", (60, 360), cv2.FONT_HERSHEY_SIMPLEX, 2, 1, 5)
    given = pixels.copy()
    given[strokes > 0] = (255, 240, 0)
    after = edited(name, Image(given), region=Region(strokes.astype(np.float32))).rgb
    far = cv2.dilate(strokes, np.ones((9, 9), np.uint8)) == 0
    assert np.array_equal(after[far], given[far])
    error = np.abs(after[strokes > 0].astype(int) - pixels[strokes > 0]).mean()
    assert error < 0.15 * np.abs(given[strokes > 0].astype(int) - pixels[strokes > 0]).mean()


def test_spots_are_looked_for_on_the_skin_or_where_it_is_pointed_at():
    pixels = np.full((300, 400, 3), (226, 178, 152), np.uint8)
    cv2.circle(pixels, (200, 150), 6, (160, 80, 75), -1, cv2.LINE_AA)
    everywhere = Region(np.ones((300, 400), np.float32))
    for where in ({"skin": everywhere}, {"region": everywhere}):
        after = edited("remove_blemishes", Image(pixels), **where).rgb
        assert np.abs(after.astype(int) - (226, 178, 152)).max() <= 3
    with pytest.raises(UnsupportedEdit, match="no face was found"):
        run("remove_blemishes", Image(pixels))


def test_wires_only_where_it_is_pointed_at():
    pixels = np.full((300, 400, 3), (170, 200, 235), np.uint8)
    cv2.line(pixels, (0, 80), (400, 110), (30, 30, 30), 2, cv2.LINE_AA)
    left = Region(np.ones((300, 400), np.float32))
    left.alpha[:, 200:] = 0
    after = edited("remove_wires", Image(pixels), region=left).rgb
    assert np.abs(after[:, :170].astype(int) - (170, 200, 235)).max() <= 6
    assert np.array_equal(after[:, 205:], pixels[:, 205:])


def test_a_shadow_is_lifted_off_its_ground():
    pixels, _ = scene_with()
    shadow = disc(400, 300, radius=0.3, soft_px=12)
    density = Region(shadow.alpha * 0.5)
    dark = np.rint(pixels * ((1 - density.alpha) ** (1 / 2.2))[..., None]).astype(np.uint8)
    after = edited("remove_shadow", Image(dark), region=density).rgb
    core = shadow.alpha > 0.9
    assert abs(after[core].mean() - pixels[core].mean()) < 0.2 * abs(dark[core].mean() - pixels[core].mean())


@pytest.mark.parametrize(
    "name", ["remove_object", "remove_person", "remove_everything_except", "remove_text", "remove_shadow"]
)
def test_nothing_named_nothing_removed(name):
    with pytest.raises(UnsupportedEdit, match="nothing says"):
        run(name, Image(photo()))


def test_what_is_not_there_is_said():
    plain = Image(np.full((200, 300, 3), 120, np.uint8))
    with pytest.raises(UnsupportedEdit, match="no wires"):
        run("remove_wires", plain)
    with pytest.raises(UnsupportedEdit, match="no spots"):
        run("remove_blemishes", plain, skin=Region(np.ones((200, 300), np.float32)))


def test_what_stands_alone_is_cut_out_when_everything_else_is_to_go():
    pixels, ball = photo(), disc(300, 200)
    image = Image(np.ascontiguousarray(pixels[:200, :300]))
    alone = np.zeros((200, 300), np.float32)
    patch = run("remove_everything_except", image, region=ball, company=alone)
    assert "background was taken away" in patch.note
    np.testing.assert_array_equal(patch.opacity, ball.alpha)
