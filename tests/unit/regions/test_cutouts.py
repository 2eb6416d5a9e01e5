from __future__ import annotations

import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.cutouts import MARGIN, cut_out
from tests.support.region_networks import (
    BLUE,
    GREEN,
    RED,
    ColorfulNetwork,
    disc_in,
    drawn,
    inside_of,
    overlap,
    rounded,
)

SIZE = (400, 300)
THING = (120, 80, 240, 220)


def opener(*networks):
    return tuple((lambda network=network: network) for network in networks)


def grained(pixels: np.ndarray) -> Image:
    noise = np.random.default_rng(0).normal(0, 4, pixels.shape)
    return Image((pixels + noise).clip(0, 255).astype(np.uint8))


class TestWithANetwork:
    @pytest.mark.parametrize("scale", [1, 3])
    @pytest.mark.parametrize("box", [THING, (0, 0, 90, 70), (300, 200, 400, 300), (20, 130, 380, 180)], ids=str)
    def test_the_thing_in_the_box(self, box, scale):
        box, size = tuple(edge * scale for edge in box), tuple(side * scale for side in SIZE)
        found = cut_out(Image(rounded(size, (RED, box))), box, opener(ColorfulNetwork()))
        assert found.alpha.shape == size[::-1]
        assert found.alpha.dtype == np.float32
        assert overlap(found.alpha, disc_in(box, size)) > 0.95
        assert found.confidence > 0.9

    def test_only_the_crop_is_shown(self):
        shown = []

        def network(tensor: np.ndarray) -> np.ndarray:
            shown.append(float(tensor[0, 2].max()))
            return ColorfulNetwork()(tensor)

        cut_out(Image(rounded(SIZE, (RED, THING), (BLUE, (300, 10, 390, 60)))), THING, opener(network))
        assert len(shown) == 1
        assert shown[0] * 0.225 + 0.406 < 0.6  # there is no blue in the crop

    def test_nothing_far_outside_of_the_box(self):
        everywhere = drawn(SIZE, (RED, (20, 20, 380, 280)))
        found = cut_out(Image(everywhere), THING, opener(ColorfulNetwork()))
        across, down = MARGIN * 120 + 2, MARGIN * 140 + 2
        around = (int(120 - across), int(80 - down), int(240 + across), int(220 + down))
        assert found.alpha[~inside_of(around, SIZE)].max() == 0

    def test_neighbors_are_kept_apart_where_their_middles_are_nearer(self):
        left, right = (60, 100, 190, 200), (170, 100, 300, 200)
        picture = Image(rounded(SIZE, (RED, left), (RED, right)))
        first = cut_out(picture, left, opener(ColorfulNetwork()), others=[right]).alpha
        second = cut_out(picture, right, opener(ColorfulNetwork()), others=[left]).alpha
        alone = cut_out(picture, left, opener(ColorfulNetwork())).alpha
        assert np.minimum(first, second)[:, :178].max() == 0
        assert np.minimum(first, second)[:, 183:].max() == 0
        assert first[150, 100] == pytest.approx(1, abs=0.01)
        assert first[150, 186] == 0
        assert alone[150, 186] == pytest.approx(1, abs=0.01)

    def test_islands_are_dropped(self):
        pixels = drawn(SIZE, (RED, (120, 80, 200, 220)), (RED, (230, 200, 238, 212)), (RED, (215, 90, 240, 140)))
        alpha = cut_out(Image(pixels), THING, opener(ColorfulNetwork())).alpha
        assert alpha[200:212, 231:238].max() < 0.3
        assert alpha[115, 227] > 0.9

    def test_a_later_network_is_opened_only_when_the_earlier_are_unsure(self):
        picture = Image(rounded(SIZE, (RED, THING)))
        for sure, calls in [(1.0, 0), (0.6, 1)]:
            first, second = ColorfulNetwork(sure=sure), ColorfulNetwork(sure=0.95)
            found = cut_out(picture, THING, opener(first, second))
            assert (first.calls, second.calls) == (1, calls)
            assert found.confidence > 0.85

    def test_the_surer_of_two_unsure_ones_counts(self):
        def blank(tensor: np.ndarray) -> np.ndarray:
            return np.zeros((320, 320), np.float32)

        found = cut_out(Image(rounded(SIZE, (RED, THING))), THING, opener(ColorfulNetwork(sure=0.7), blank))
        assert found.confidence == pytest.approx(0.7, abs=0.1)

    def test_the_picture_is_not_written_to(self):
        pixels = drawn(SIZE, (RED, THING))
        before = pixels.copy()
        cut_out(Image(pixels), THING, opener(ColorfulNetwork()), others=[(200, 100, 300, 200)])
        assert np.array_equal(pixels, before)


class TestByColor:
    @pytest.mark.parametrize(
        "networks", [(), opener(None), opener(None, None)], ids=["none", "missing", "both missing"]
    )
    def test_without_networks_the_rim_of_the_box_tells(self, networks):
        box = (110, 70, 250, 230)
        found = cut_out(grained(drawn(SIZE, (RED, THING))), box, networks)
        assert overlap(found.alpha, inside_of(THING, SIZE)) > 0.9
        assert found.confidence == 0.5

    @pytest.mark.parametrize(
        "answer", [np.zeros((320, 320)), np.pad(np.ones((30, 30)), ((0, 290), (0, 290)))], ids=["nothing", "aside"]
    )
    def test_an_answer_that_is_not_the_thing_is_not_believed(self, answer):
        box = (110, 70, 250, 230)
        network = opener(lambda _tensor: answer.astype(np.float32))
        found = cut_out(grained(drawn(SIZE, (RED, THING))), box, network)
        assert overlap(found.alpha, inside_of(THING, SIZE)) > 0.9
        assert found.confidence == 0.5

    def test_the_box_itself_is_no_answer(self):
        picture = grained(drawn(SIZE, (GREEN, (60, 40, 340, 260)), (RED, (150, 110, 220, 190))))
        found = cut_out(picture, THING, opener(lambda _tensor: np.pad(np.ones((290, 290), np.float32), 15)))
        assert overlap(found.alpha, inside_of((150, 110, 220, 190), SIZE)) > 0.9

    def test_it_is_deterministic(self):
        noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
        first, second = (cut_out(Image(noise), THING, ()).alpha for _ in range(2))
        assert np.array_equal(first, second)

    @pytest.mark.parametrize("box", [(0, 0, 1, 1), (10.2, 10.1, 10.4, 10.3), (398.5, 0, 400, 300), (0, 299, 400, 300)])
    def test_boxes_of_a_pixel_work(self, box):
        alpha = cut_out(grained(drawn(SIZE, (RED, THING))), box, ()).alpha
        assert alpha.shape == (300, 400)
        assert 0 <= alpha.min() <= alpha.max() <= 1

    def test_a_picture_of_a_pixel_works(self):
        assert cut_out(Image(drawn((1, 1))), (0, 0, 1, 1), opener(None)).alpha.shape == (1, 1)


def test_a_screen_fills_its_box():
    box = (120, 80, 240, 220)
    found = cut_out(grained(drawn((400, 300), (RED, box))), box, opener(ColorfulNetwork()))
    assert overlap(found.alpha, inside_of(box, (400, 300))) > 0.9
