"""Drawn landscapes whose parts are known, and pictures that have no scenery."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.regions.scenery import SCENERY, find_scenery

pytestmark = pytest.mark.long

WIDTH, HEIGHT = 480, 330
SKIES = {
    "clear": ((70, 130, 210), (195, 220, 240)),
    "overcast": ((226, 229, 233), (240, 242, 246)),
    "sunset": ((90, 70, 120), (250, 160, 80)),
    "night": ((12, 16, 42), (30, 38, 80)),
}


def rows(top, bottom):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom] = True
    return mask


def shaded(first, last, height=HEIGHT):
    return np.broadcast_to(np.linspace(first, last, height)[:, np.newaxis], (height, WIDTH, 3))


def textured(paint, amount, *, grain_px=0.8, seed=1):
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, (HEIGHT, WIDTH)), (0, 0), grain_px)
    return np.array(paint) + (noise / noise.std() * amount)[..., np.newaxis]


def image_of(canvas):
    grain = np.random.default_rng(9).normal(0, 1.5, canvas.shape)
    return Image(np.clip(canvas + grain, 0, 255).astype(np.uint8))


def skyline():
    """Where houses and trees of different heights stand before the sky."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for k, left in enumerate(range(0, WIDTH, 60)):
        cv2.rectangle(mask, (left, 150 - 11 * (k * 3 % 7)), (left + 40, 200), 1, -1)
    return mask > 0


def landscape(sky="clear", ground=(80, 130, 55), amount=16):
    """The picture, and where its sky and its ground are."""
    canvas = np.array(shaded(*SKIES[sky], height=170)).copy()
    canvas = np.concatenate([canvas, np.zeros((HEIGHT - 170, WIDTH, 3))])
    below = rows(170, HEIGHT)
    canvas[below] = textured(np.multiply(ground, 0.25 if sky in {"night", "sunset"} else 1), amount)[below]
    houses = skyline() & ~below
    canvas[houses] = (25, 22, 28) if sky in {"night", "sunset"} else (120, 80, 65)
    return canvas, rows(0, 170) & ~houses, below


def beach():
    canvas = np.concatenate([shaded(*SKIES["clear"], height=130), np.zeros((HEIGHT - 130, WIDTH, 3))])
    waves = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, (HEIGHT, WIDTH)), (0, 0), sigmaX=14, sigmaY=1.2)
    sea = np.array((60, 140, 170)) + (waves / waves.std() * 9)[..., np.newaxis]
    canvas[130:230] = sea[130:230]
    canvas[230:] = textured((220, 195, 150), 7)[230:]
    return canvas


def clouded(canvas):
    white = np.zeros((HEIGHT, WIDTH), np.float32)
    for center in ((110, 40), (150, 48), (340, 35), (380, 45)):
        cv2.ellipse(white, center, (60, 16), 0, 0, 360, 1, -1)
    soft = cv2.GaussianBlur(white, (0, 0), 5)[..., np.newaxis]
    return canvas * (1 - soft) + 248 * soft, white > 0


def overlap(alpha, mask):
    found = alpha > 0.5
    return np.count_nonzero(found & mask) / np.count_nonzero(found | mask)


def portrait(wall, shirt):
    """A person from the chest up before a wall."""
    canvas = np.array(shaded(wall, np.add(wall, 18))).copy()
    for center, axes, paint in (
        ((240, 350), (250, 155), shirt),
        ((240, 150), (60, 80), (215, 170, 145)),
        ((240, 95), (66, 42), (60, 40, 30)),
    ):
        cv2.ellipse(canvas, center, axes, 0, 0, 360, paint, -1)
    return canvas


def room(wall):
    canvas = np.array(shaded(wall, np.add(wall, 15))).copy()
    canvas[250:] = textured((145, 108, 72), 8, grain_px=3)[250:]
    cv2.rectangle(canvas, (120, 160), (360, 275), (140, 50, 42), -1)
    cv2.rectangle(canvas, (380, 40), (450, 120), (230, 222, 205), -1)
    return canvas


def green_car():
    canvas = textured((110, 108, 105), 8)
    cv2.rectangle(canvas, (90, 140), (390, 240), (40, 140, 60), -1)
    cv2.rectangle(canvas, (150, 90), (320, 150), (40, 140, 60), -1)
    for x in (150, 330):
        cv2.circle(canvas, (x, 240), 33, (20, 20, 20), -1)
    return canvas


def product():
    canvas = np.array(shaded((240, 240, 240), (250, 250, 250))).copy()
    cv2.ellipse(canvas, (240, 180), (80, 90), 0, 0, 360, (60, 100, 190), -1)
    return canvas


NO_SCENERY = {
    "blue wall": portrait((90, 140, 195), (180, 60, 60)),
    "blue shirt": portrait((150, 140, 130), (60, 110, 200)),
    "white wall": portrait((222, 220, 216), (40, 45, 60)),
    "blue room": room((100, 140, 190)),
    "white room": room((206, 201, 193)),
    "green car": green_car(),
    "product": product(),
}
PHOTOGRAPHS = ["astronaut", "chelsea", "coffee", "coins", "page"]


class TestSky:
    @pytest.mark.parametrize("sky", SKIES)
    def test_it_ends_at_the_skyline(self, sky):
        canvas, truth, _ = landscape(sky)
        found = find_scenery(image_of(canvas), "sky")
        assert found.confidence > 0.5
        assert overlap(found.alpha, truth) > 0.97

    def test_it_includes_its_clouds(self):
        canvas, truth, _ = landscape()
        image = image_of(clouded(canvas)[0])
        assert overlap(find_scenery(image, "sky").alpha, truth) > 0.97

    def test_a_white_sign_in_it_is_no_cloud(self):
        canvas, _, _ = landscape()
        canvas[30:80, 200:290] = 245
        assert find_scenery(image_of(canvas), "sky").alpha[34:76, 204:286].mean() < 0.05

    def test_its_edge_is_as_fine_as_a_large_picture(self):
        canvas, truth, _ = landscape()
        large = cv2.resize(canvas, (1920, 1320), interpolation=cv2.INTER_CUBIC)
        wide = cv2.resize(truth.astype(np.uint8), (1920, 1320), interpolation=cv2.INTER_NEAREST) > 0
        assert overlap(find_scenery(image_of(large), "sky").alpha, wide) > 0.985

    def test_white_clothes_are_not_sky(self):
        canvas, _, _ = landscape("overcast")
        shirt = rows(140, 250)
        shirt[:, :190] = shirt[:, 290:] = False
        canvas[shirt] = (238, 238, 240)
        canvas[100:140, 220:260] = (200, 150, 125)
        found = find_scenery(image_of(canvas), "sky", exclude=shirt.astype(np.float32))
        assert found.confidence > 0.5
        assert not found.alpha[shirt].any()

    def test_the_photograph_of_a_rocket_has_a_night_sky_and_a_man_with_a_camera_an_overcast_one(self):
        rocket = find_scenery(Image(data.rocket()), "sky")
        assert rocket.confidence > 0.5
        assert rocket.alpha[20:200, 200:300].mean() > 0.95
        assert rocket.alpha[390:].mean() < 0.1
        camera = find_scenery(Image(np.dstack([data.camera()] * 3)), "sky")
        assert camera.confidence > 0.5
        assert camera.alpha[:130, 350:].mean() > 0.95
        assert camera.alpha[260:].max() < 0.1


class TestClouds:
    def test_they_are_told_from_the_blue(self):
        canvas, truth = clouded(landscape()[0])
        found = find_scenery(image_of(canvas), "clouds")
        assert found.confidence > 0.5
        assert overlap(found.alpha, truth) > 0.75

    def test_a_clear_sky_has_none_though_it_pales_to_the_horizon(self):
        assert find_scenery(image_of(landscape()[0]), "clouds").confidence < 0.5


class TestGround:
    def test_a_lawn_is_grass_and_ground(self):
        canvas, _, truth = landscape()
        for kind in ("grass", "ground"):
            found = find_scenery(image_of(canvas), kind)
            assert found.confidence > 0.5
            assert overlap(found.alpha, truth) > 0.93

    def test_tree_tops_are_foliage_and_the_lawn_below_is_not(self):
        canvas, _, lawn = landscape()
        crowns = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.circle(crowns, (60, 110), 50, 1, -1)
        cv2.circle(crowns, (420, 110), 55, 1, -1)
        canvas[crowns > 0] = textured((45, 85, 38), 20, grain_px=1.5)[crowns > 0]
        leaves = find_scenery(image_of(canvas), "foliage").alpha
        assert leaves[(crowns > 0) & ~lawn].mean() > 0.75
        assert leaves[lawn].mean() < 0.1

    def test_a_beach_has_sky_over_water_over_sand(self):
        image = image_of(beach())
        for kind, truth in (("sky", rows(0, 130)), ("water", rows(130, 230)), ("sand", rows(230, HEIGHT))):
            found = find_scenery(image, kind)
            assert found.confidence > 0.5, kind
            assert overlap(found.alpha, truth) > 0.93, kind
        for kind in ("grass", "snow", "wall"):
            assert find_scenery(image, kind).confidence < 0.5, kind

    def test_still_water_mirrors_what_is_above(self):
        canvas, _, _ = landscape("sunset", amount=3)
        canvas[165:] = canvas[:165][::-1] * 0.9
        found = find_scenery(image_of(canvas), "water")
        assert found.confidence > 0.5
        assert overlap(found.alpha, rows(165, HEIGHT)) > 0.9

    def test_snow_lies_under_a_blue_sky(self):
        canvas = np.concatenate([shaded((60, 110, 190), (170, 200, 235), 150), textured((238, 242, 248), 4)[150:]])
        found = find_scenery(image_of(canvas), "snow")
        assert found.confidence > 0.5
        assert overlap(found.alpha, rows(150, HEIGHT)) > 0.95

    def test_a_road_runs_through_the_grass(self):
        canvas, _, _ = landscape()
        road = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(road, [np.array([[225, 170], [255, 170], [420, HEIGHT], [60, HEIGHT]])], 1)
        canvas[road > 0] = textured((95, 95, 100), 4)[road > 0]
        image = image_of(canvas)
        assert overlap(find_scenery(image, "road").alpha, road > 0) > 0.9
        assert find_scenery(image, "grass").alpha[road > 0].mean() < 0.1
        assert find_scenery(image, "ground").alpha[180:].mean() > 0.9


class TestIndoors:
    def test_a_room_has_a_wall_and_a_floor(self):
        image = image_of(room((206, 201, 193)))
        wall = find_scenery(image, "wall")
        assert wall.confidence > 0.5
        assert wall.alpha[:150].mean() > 0.95
        assert wall.alpha[285:].mean() < 0.05
        floor = find_scenery(image, "floor")
        assert floor.confidence > 0.5
        assert floor.alpha[285:].mean() > 0.9
        assert floor.alpha[:150].mean() < 0.05

    @pytest.mark.parametrize("name", NO_SCENERY)
    def test_people_things_and_rooms_have_no_landscape(self, name):
        image = image_of(NO_SCENERY[name])
        for kind in ("sky", "grass", "water"):
            found = find_scenery(image, kind)
            if kind == "sky" and name.startswith("blue") and found.doubt:
                continue  # an even sky looks the same, and whoever speaks of one is believed
            assert found.confidence < 0.5, kind
            assert not found.alpha.any(), kind

    @pytest.mark.parametrize("name", PHOTOGRAPHS)
    def test_neither_have_photographs_of_such(self, name):
        pixels = getattr(data, name)()
        image = Image(np.ascontiguousarray(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)))
        for kind in ("sky", "grass", "water"):
            assert find_scenery(image, kind).confidence < 0.5, kind


class TestArguments:
    def test_other_kinds_are_refused(self):
        with pytest.raises(UnsupportedEdit):
            find_scenery(image_of(beach()), "mug")

    @pytest.mark.parametrize("kind", SCENERY)
    @pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (17, 16), (40, 300)])
    def test_blank_and_tiny_pictures_are_answered(self, kind, size):
        found = find_scenery(Image(np.full((*size, 3), 200, np.uint8)), kind)
        assert found.alpha.shape == size
        assert found.label == kind
        assert not found.alpha.any()

    @pytest.mark.parametrize("kind", SCENERY)
    def test_the_answer_is_an_alpha_and_what_is_excluded_stays_out(self, kind):
        exclude = np.zeros((HEIGHT, WIDTH), np.float32)
        exclude[100:300, 200:280] = 1
        found = find_scenery(image_of(beach()), kind, exclude=exclude)
        assert found.alpha.dtype == np.float32
        assert found.alpha.min() >= 0
        assert found.alpha.max() <= 1
        assert not found.alpha[100:300, 200:280].any()

    def test_equal_pictures_get_equal_answers(self):
        image = image_of(clouded(landscape()[0])[0])
        first, second = (find_scenery(image, "sky").alpha for _ in range(2))
        assert np.array_equal(first, second)

    def test_transparent_parts_are_no_scenery(self):
        canvas = image_of(landscape()[0]).pixels
        alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
        alpha[:, :120] = 0
        found = find_scenery(Image(np.concatenate([canvas, alpha], axis=2)), "sky")
        assert found.confidence > 0.5
        assert found.alpha[:, :110].mean() < 0.02
