from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from cavendish.regions.networks import LabelledNetwork
from cavendish.regions.recognition import heat_map, recognize
from tests.support.region_networks import BLUE, GREEN, RED, ColorRecognizer, drawn, real_networks


def recognizer() -> ColorRecognizer:
    return ColorRecognizer({"tench": RED, "goldfish": GREEN, "hammerhead": BLUE})


class TestRecognize:
    def test_one_probability_a_name(self):
        found = recognize(drawn((80, 40), (GREEN, (0, 0, 20, 40))), recognizer().opened())
        assert found.shape == (23,)
        assert found[:3] == pytest.approx([0, 0.25, 0], abs=0.02)
        assert found.sum() == pytest.approx(1)

    @pytest.mark.parametrize("size", [(1, 1), (500, 3), (224, 224), (1000, 700)])
    def test_the_network_gets_what_it_was_trained_on(self, size):
        seen = []

        def network(tensor: np.ndarray) -> tuple[np.ndarray]:
            seen.append(tensor)
            return (np.ones((1, 2), np.float32) / 2,)

        recognize(drawn(size, backdrop=(255, 127, 0)), LabelledNetwork(network, ("a", "b")))
        (tensor,) = seen
        assert tensor.shape == (1, 224, 224, 3)
        assert tensor.dtype == np.float32
        assert tensor[0].reshape(-1, 3).min(axis=0) == pytest.approx([1, 0, -127 / 128])
        assert tensor[0].reshape(-1, 3).max(axis=0) == pytest.approx([1, 0, -127 / 128])


class TestHeatMap:
    @pytest.mark.parametrize("size", [(400, 300), (300, 400), (2000, 1500), (900, 200)])
    @pytest.mark.parametrize("place", [(0.1, 0.1), (0.8, 0.8)])
    def test_the_window_shows_the_thing_and_is_narrowed_to_it(self, size, place):
        side = round(0.17 * min(size))
        left, top = round(size[0] * place[0]), round(size[1] * place[1])
        thing = (left, top, left + side, min(size[1], top + side))
        seen, box = heat_map(drawn(size, (GREEN, thing)), recognizer().opened(), (1,))
        assert seen > 0.15
        assert 0 <= box[0] < box[2] <= size[0] * 1.01
        assert 0 <= box[1] < box[3] <= size[1] * 1.01
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        assert thing[0] - 3 <= middle[0] <= thing[2] + 3
        assert thing[1] - 3 <= middle[1] <= thing[3] + 3
        assert box[2] - box[0] < max(1.3 * side, 36 * max(1, max(size) / 512))

    def test_a_thing_that_is_seen_less_clearly_from_nearby_keeps_its_window(self):
        thing = (100, 80, 180, 160)
        first, second = drawn((300, 240), (RED, thing)), drawn((300, 240), (RED, thing))
        second[80:160, 140:180] = BLUE

        def both(tensor: np.ndarray) -> tuple[np.ndarray]:
            shares = recognizer()(tensor)[0][0]
            return (np.array([[2 * min(shares[0], shares[2])]], np.float32),)

        _, around_red = heat_map(first, recognizer().opened(), (0,))
        _, around_both = heat_map(second, LabelledNetwork(both, ("a flag",)), (0,))
        assert around_both[0] < 140 < around_both[2]
        assert around_red[2] - around_red[0] <= 80

    def test_names_count_together(self):
        pixels = drawn((300, 300), (RED, (100, 100, 150, 200)), (BLUE, (150, 100, 200, 200)))
        alone, _ = heat_map(pixels, recognizer().opened(), (0,))
        together, _ = heat_map(pixels, recognizer().opened(), (0, 2))
        assert together > 1.3 * alone

    def test_what_is_nowhere_is_seen_with_probability_0(self):
        seen, _ = heat_map(drawn((300, 200)), recognizer().opened(), (0,))
        assert seen == 0

    def test_it_can_be_stopped(self):
        network = recognizer()

        def check() -> None:
            if network.calls >= 3:
                raise TimeoutError

        with pytest.raises(TimeoutError):
            heat_map(drawn((300, 200)), network.opened(), (0,), check=check)
        assert network.calls == 3

    def test_the_work_is_bounded_and_the_answer_deterministic(self):
        network = recognizer()
        pixels = drawn((4000, 3000), (RED, (1000, 1000, 1500, 1500)))
        once = heat_map(pixels, network.opened(), (0,))
        assert network.calls < 150
        assert heat_map(pixels, recognizer().opened(), (0,)) == once

    @pytest.mark.parametrize("size", [(1, 1), (30, 20), (300, 40)])
    def test_small_pictures_work(self, size):
        _, box = heat_map(drawn(size, backdrop=RED), recognizer().opened(), (0,))
        assert 0 <= box[0] < box[2]
        assert 0 <= box[1] < box[3]


class TestWithTheRealRecognizer:
    def test_a_cat_is_a_cat(self):
        network = real_networks().recognizer()
        seen = recognize(skimage.data.chelsea(), network)
        assert seen.sum() == pytest.approx(1, abs=1e-3)
        assert network.labels[int(seen.argmax())] in {"tabby", "tiger cat", "Egyptian cat", "lynx"}

    def test_a_cup_of_coffee(self):
        network = real_networks().recognizer()
        seen = recognize(skimage.data.coffee(), network)
        names = {network.labels[k] for k in seen.argsort()[-3:]}
        assert names & {"espresso", "cup", "coffee mug"}


@pytest.mark.parametrize("size", [(60, 8), (2000, 3)])
def test_pictures_lower_than_a_window_are_looked_at(size):
    seen, (left, top, right, bottom) = heat_map(drawn(size), ColorRecognizer({"a": RED}).opened(), (0,))
    assert seen < 0.5
    assert 0 <= left < right <= size[0] + 1
    assert 0 <= top < bottom <= size[1] + 1
