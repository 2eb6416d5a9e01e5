from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from cavendish.imaging.image import Image
from cavendish.regions.networks import LabelledNetwork
from cavendish.regions.objects import area, detect_objects, inside, look, shared
from tests.support.region_networks import BLUE, GREEN, RED, YELLOW, ColorDetector, drawn, real_networks


def detector(**scores: float) -> ColorDetector:
    colors = {"cup": RED, "dog": GREEN, "car": BLUE, "kite": YELLOW}
    return ColorDetector(
        {name: (colors[name], score) for name, score in (scores or dict.fromkeys(colors, 0.9)).items()}
    )


def detect(pixels: np.ndarray, network: ColorDetector | None = None):
    return detect_objects(Image(pixels), (network or detector()).opened())


class TestWhere:
    @pytest.mark.parametrize(
        ("size", "box"),
        [
            ((320, 320), (100, 60, 180, 200)),
            ((300, 600), (40, 380, 160, 520)),
            ((600, 300), (380, 40, 520, 160)),
            ((600, 150), (300, 30, 400, 110)),
            ((150, 600), (30, 300, 110, 400)),
            ((1200, 900), (700, 500, 1000, 800)),
            ((3000, 2000), (1900, 900, 2700, 1500)),
            ((90, 60), (20, 10, 70, 50)),
            ((500, 500), (30, 200, 470, 300)),
            ((500, 500), (0, 0, 500, 480)),
        ],
        ids=str,
    )
    def test_the_box_is_in_pixels_of_the_picture(self, size, box):
        (found,) = detect(drawn(size, (RED, box)))
        assert found.label == "cup"
        assert found.score == pytest.approx(0.9)
        assert found.box == pytest.approx(box, abs=1.5 * max(1, max(size) / 320))

    @pytest.mark.parametrize("corner", [(0, 0), (500, 0), (0, 300), (500, 300)])
    def test_boxes_end_at_the_frame(self, corner):
        left, top = corner
        (found,) = detect(drawn((600, 400), (GREEN, (left, top, left + 100, top + 100))))
        assert 0 <= found.box[0] < found.box[2] <= 600
        assert 0 <= found.box[1] < found.box[3] <= 400

    def test_several_things_come_surest_first(self):
        pixels = drawn(
            (640, 400), (RED, (20, 20, 120, 120)), (GREEN, (200, 200, 400, 380)), (BLUE, (450, 40, 620, 200))
        )
        found = detect(pixels, detector(cup=0.5, dog=0.9, car=0.3))
        assert [d.label for d in found] == ["dog", "cup", "car"]
        assert [d.score for d in found] == pytest.approx([0.9, 0.5, 0.3])

    def test_two_of_a_kind_stay_two(self):
        found = detect(drawn((600, 300), (RED, (20, 60, 200, 240)), (RED, (300, 60, 480, 240))))
        assert sorted(round(d.box[0] / 100) for d in found) == [0, 3]

    def test_what_is_unlikely_is_left_out(self):
        assert detect(drawn((300, 300), (RED, (50, 50, 200, 200))), detector(cup=0.15)) == ()

    def test_the_network_gets_what_it_was_trained_on(self):
        network = detector()
        detect(drawn((400, 200), (RED, (0, 0, 200, 200)), backdrop=(10, 20, 30)), network)
        (tensor,) = network.tensors
        assert tensor[0, :160].reshape(-1, 3).max(axis=0).tolist() == [RED[0], RED[1], RED[2]]
        assert tensor[0, 80, 300].tolist() == [10, 20, 30]
        assert (tensor[0, 160:] == 128).all()


class TestTiles:
    SMALL = (1000, 300, 1030, 330)

    def test_small_things_are_found_by_tiles_alone(self):
        pixels = drawn((1440, 960), (RED, self.SMALL))
        network = detector()
        boxes, _ = look(pixels, network)
        assert len(boxes) == 0
        (found,) = detect(pixels, network)
        assert found.box == pytest.approx(self.SMALL, abs=2.5)

    @pytest.mark.parametrize("size", [(1440, 960), (960, 1440), (1300, 200), (2880, 1920)])
    def test_small_things_are_found_wherever_they_are(self, size):
        scale = max(1, max(size) / 1440)
        side = round(40 * scale)
        for across, down in [(0, 0), (0.31, 0.36), (1, 1)]:
            left, top = round((size[0] - side) * across), round((size[1] - side) * down)
            box = (left, top, left + side, top + side)
            (found,) = detect(drawn(size, (BLUE, box)))
            assert found.box == pytest.approx(box, abs=3 * scale)

    def test_a_small_picture_is_looked_at_once(self):
        network = detector()
        detect(drawn((600, 500), (RED, (100, 100, 300, 300))), network)
        assert network.calls == 1

    def test_even_a_huge_picture_is_looked_at_a_few_times(self):
        network = detector()
        detect(drawn((3000, 3000)), network)
        assert network.calls == 1 + 16

    @pytest.mark.parametrize(
        "box", [(100, 100, 1300, 800), (300, 420, 1400, 560), (620, 40, 820, 900), (0, 0, 1440, 960)], ids=str
    )
    def test_a_large_thing_is_one_box_although_tiles_see_its_parts(self, box):
        (found,) = detect(drawn((1440, 960), (RED, box)))
        assert found.box == pytest.approx(box, abs=8)

    def test_a_part_cut_by_the_edge_of_a_tile_is_dropped(self):
        class OnlyInTiles(ColorDetector):
            """Blind in the whole picture, so that only tiles answer."""

            def __call__(self, tensor):
                shifts, scores = super().__call__(tensor)
                return shifts, scores * (self.calls > 1)

        network = OnlyInTiles({"cup": (RED, 0.9)})
        across_all_tiles = drawn((1440, 960), (RED, (10, 430, 1430, 470)))
        assert detect(across_all_tiles, network) == ()
        in_two_tiles = (400, 100, 470, 170)
        (found,) = detect(drawn((1440, 960), (RED, in_two_tiles)), OnlyInTiles({"cup": (RED, 0.9)}))
        assert found.box == pytest.approx(in_two_tiles, abs=3)

    def test_a_part_that_looks_surer_in_a_tile_is_still_a_part(self):
        whole, part = (300, 200, 900, 800), (400, 300, 640, 540)

        class Fooled(ColorDetector):
            """Sees the whole thing in the whole picture, and in the tiles only its yellow part, which it is sure of."""

            def __call__(self, tensor):
                self.things = {"cup": (YELLOW, 0.9)} if self.calls else {"cup": (RED, 0.5)}
                return super().__call__(tensor)

        (found,) = detect(drawn((1440, 960), (RED, whole), (YELLOW, part)), Fooled({"cup": (RED, 0.5)}))
        assert found.box == pytest.approx(whole, abs=5)
        assert found.score == pytest.approx(0.9)

    def test_a_thing_at_the_edge_of_the_picture_is_not_cut_by_its_tile(self):
        found = detect(drawn((1440, 960), (RED, (0, 300, 30, 330)), (GREEN, (1410, 930, 1440, 960))))
        assert {d.label for d in found} == {"cup", "dog"}


class TestRepeats:
    def two_answers(self, box: tuple[int, int, int, int], other: tuple[int, int, int, int], scores, others):
        """A detector that answers twice, at boxes of the tensor."""
        twice = ColorDetector({"cup": (RED, 1.0), "dog": (GREEN, 1.0)})
        picture = drawn((320, 320), (RED, box))[None], drawn((320, 320), (GREEN, other))[None]

        def network(_tensor: np.ndarray):
            (shifts, marks), (more_shifts, more_marks) = (twice(tensor) for tensor in picture)
            first, second = marks[..., :1] * [*scores, *[0] * 5], more_marks[..., 1:2] * [*others, *[0] * 5]
            return np.where(marks[..., :1] > 0, shifts, more_shifts), np.float32(first + second)

        return LabelledNetwork(network, twice.labels)

    def found(self, *answers):
        return detect_objects(Image(drawn((320, 320))), self.two_answers(*answers))

    def test_boxes_that_share_half_are_one_thing_with_the_best_of_both_scores(self):
        (found,) = self.found((100, 100, 200, 200), (112, 100, 212, 200), (0.8, 0.1), (0.3, 0.6))
        assert found.box == pytest.approx((100, 100, 200, 200), abs=1)
        assert found.scores == pytest.approx({"cup": 0.8, "dog": 0.6})

    def test_a_part_that_looks_like_the_same_is_no_thing_of_its_own(self):
        (found,) = self.found((60, 60, 260, 260), (80, 80, 180, 180), (0.8, 0.1), (0.6, 0.0))
        assert found.box == pytest.approx((60, 60, 260, 260), abs=1)

    def test_a_part_that_looks_like_something_else_is(self):
        found = self.found((60, 60, 260, 260), (80, 80, 180, 180), (0.8, 0.1), (0.0, 0.6))
        assert [d.label for d in found] == ["cup", "dog"]

    def test_something_very_small_in_front_of_a_large_one_of_its_kind_is(self):
        found = self.found((20, 20, 300, 300), (100, 100, 150, 150), (0.8, 0.0), (0.6, 0.0))
        assert len(found) == 2


class TestAnyPicture:
    def test_without_a_network_nothing_is_found(self):
        assert detect_objects(Image(drawn((300, 300), (RED, (50, 50, 250, 250)))), None) == ()

    @pytest.mark.parametrize("size", [(1, 1), (1, 900), (2000, 1), (3, 700)])
    def test_tiny_and_narrow_pictures_work(self, size):
        assert detect(drawn(size)) == ()

    def test_a_picture_of_one_color_of_a_thing_is_that_thing(self):
        (found,) = detect(drawn((1, 1), backdrop=RED))
        assert found.box == pytest.approx((0, 0, 1, 1), abs=0.01)

    def test_what_is_transparent_is_not_seen(self):
        pixels = drawn((400, 300), (RED, (50, 50, 150, 150)), (GREEN, (220, 60, 380, 240)))
        opacity = np.full((300, 400, 1), 255, np.uint8)
        opacity[:, :200] = 0
        found = detect_objects(Image(np.dstack([pixels, opacity])), detector().opened())
        assert [d.label for d in found] == ["dog"]

    def test_the_same_picture_gives_the_same_answer(self):
        noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
        noise[50:150, 50:150], noise[80:190, 180:280] = RED, BLUE
        before = noise.copy()
        assert detect(noise) == detect(noise)
        assert np.array_equal(noise, before)


class TestBoxes:
    def test_areas(self):
        assert area((1, 2, 4, 6)) == 12
        assert area((4, 2, 1, 6)) == 0

    def test_shares(self):
        a, b = (0, 0, 10, 10), (5, 0, 15, 10)
        assert shared(a, b) == shared(b, a) == pytest.approx(1 / 3)
        assert shared(a, a) == pytest.approx(1)
        assert shared(a, (10, 0, 20, 10)) == 0
        assert inside(a, b) == pytest.approx(0.5)
        assert inside((2, 2, 4, 4), a) == 1
        assert inside(a, (2, 2, 4, 4)) == pytest.approx(0.04)
        assert inside((3, 3, 3, 3), a) == shared((3, 3, 3, 3), (3, 3, 3, 3)) == 0


class TestWithTheRealDetector:
    def test_a_cup_and_a_spoon(self):
        found = detect_objects(Image(skimage.data.coffee()), real_networks().objects())
        cup = next(d for d in found if d.label == "cup")
        assert cup.score > 0.6
        assert cup.box == pytest.approx((165, 40, 440, 300), abs=70)

    def test_a_cat_fills_its_picture(self):
        found = detect_objects(Image(skimage.data.chelsea()), real_networks().objects())
        assert found[0].label == "cat"
        assert area(found[0].box) > 0.6 * 300 * 451

    def test_small_cats_in_a_large_picture(self):
        pixels = drawn((1440, 960), backdrop=(170, 180, 170))
        cat = skimage.data.chelsea()[::4, ::4]
        height, width = cat.shape[:2]
        pixels[600 : 600 + height, 900 : 900 + width] = cat
        (found,) = [d for d in detect_objects(Image(pixels), real_networks().objects()) if d.scores.get("cat", 0) > 0.5]
        assert found.box == pytest.approx((900, 600, 900 + width, 600 + height), abs=12)
