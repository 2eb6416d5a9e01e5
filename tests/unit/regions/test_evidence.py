from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data

from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.evidence import Evidence
from cavendish.regions.networks import LabelledNetwork, Networks
from cavendish.regions.objects import Detection
from cavendish.regions.people import Face
from tests.support.networks import RednessNetwork
from tests.support.region_networks import (
    BLUE,
    GREEN,
    RED,
    ColorDetector,
    ColorfulNetwork,
    ColorRecognizer,
    disc_in,
    drawn,
    inside_of,
    overlap,
    real_networks,
    rounded,
)

SIZE = (400, 300)
BALL = (120, 80, 240, 220)
LARGE, LARGE_BALL = (1800, 1200), (500, 300, 860, 660)


class Opened:
    """Opens networks, and counts how often each is opened and run."""

    def __init__(self, **networks) -> None:
        self.networks = networks
        self.opened = dict.fromkeys(networks, 0)

    def __call__(self) -> Networks:
        def opener(name: str):
            def open_it():
                self.opened[name] += 1
                return self.networks[name]

            return open_it

        return Networks(**{name: opener(name) for name in self.networks})


def seen(pixels: np.ndarray, **networks) -> Evidence:
    return Evidence(Image(pixels), Opened(**networks)())


class TestOnce:
    def test_every_network_runs_once_however_often_it_is_asked(self):
        detector, recognizer, redness = (
            ColorDetector({"cup": (RED, 0.9)}),
            ColorRecognizer({"cup": RED}),
            RednessNetwork(),
        )
        texts = []

        def no_text(tensor: np.ndarray) -> np.ndarray:
            texts.append(tensor)
            return np.zeros((1, 1, *tensor.shape[2:]), np.float32)

        opened = Opened(
            saliency=redness, objects=detector.opened(), recognizer=recognizer.opened(), lettering=no_text, reading=None
        )
        evidence = Evidence(Image(rounded(SIZE, (RED, BALL))), opened())
        for _ in range(3):
            assert evidence.salient.confidence > 0.9
            assert [d.label for d in evidence.objects] == ["cup"]
            assert evidence.recognized(BALL)[0] > 0.4
            assert evidence.text_boxes == evidence.lines == evidence.faces == ()
            evidence.mask(BALL)
        assert detector.calls == recognizer.calls == redness.calls == 1
        assert opened.opened["objects"] == opened.opened["recognizer"] == 1
        text_calls = len(texts)
        assert evidence.text_boxes == evidence.lines == ()
        assert len(texts) == text_calls

    def test_nothing_runs_before_it_is_asked_for(self):
        opened = Opened(saliency=RednessNetwork(), objects=ColorDetector({}).opened(), lettering=None, faces=None)
        Evidence(Image(drawn(SIZE)), opened())
        assert set(opened.opened.values()) == {0}

    def test_boxes_of_the_same_pixels_are_recognized_once(self):
        recognizer = ColorRecognizer({"cup": RED})
        evidence = seen(drawn(SIZE, (RED, BALL)), recognizer=recognizer.opened())
        first = evidence.recognized((120.0, 80.0, 240.0, 220.0))
        assert evidence.recognized((120.02, 80.01, 240.01, 220.02)) is first
        evidence.recognized((100, 80, 240, 220))
        assert recognizer.calls == 2

    def test_masks_are_cut_out_once_a_box(self):
        network = ColorfulNetwork()
        evidence = seen(rounded(SIZE, (RED, (40, 40, 140, 140)), (GREEN, (220, 100, 360, 280))), saliency=network)
        assert len(evidence.salient_boxes) == 2
        for _ in range(3):
            evidence.mask((40, 40, 140, 140), [(220, 100, 360, 280)])
            evidence.mask((220, 100, 360, 280))
        assert network.calls == 3

    def test_landmarks_are_looked_for_once_a_face_even_where_it_is_none(self):
        asked = []

        def network(tensor: np.ndarray) -> tuple[np.ndarray, ...]:
            asked.append(tensor)
            return np.zeros((1, 1, 1, 1434), np.float32), np.full((1, 1, 1, 1), -20, np.float32)

        face = Face((150, 60, 250, 180), 0.9, (200, 120), 90, ((180, 110), (220, 110)))
        evidence = seen(drawn(SIZE), landmarks=network)
        assert evidence.landmarks(face) is None
        calls = len(asked)
        assert calls > 0
        assert evidence.landmarks(face) is None
        assert len(asked) == calls


class TestSubject:
    @pytest.mark.parametrize(("sure", "asked"), [(1.0, 0), (0.7, 1), (0.4, 1), (0.1, 0)])
    def test_the_large_network_is_asked_only_when_the_small_one_is_unsure(self, sure, asked):
        small, large = ColorfulNetwork(sure=sure), ColorfulNetwork()
        evidence = seen(rounded(SIZE, (RED, BALL)), saliency=small, saliency_large=large)
        assert overlap(evidence.salient.alpha, disc_in(BALL, SIZE)) > 0.95
        assert (small.calls, large.calls) == (1, asked)
        assert evidence.salient.confidence == pytest.approx(1.0 if asked else sure, abs=0.05)

    def test_an_unsure_network_alone_keeps_its_answer(self):
        evidence = seen(rounded(SIZE, (RED, BALL)), saliency=ColorfulNetwork(sure=0.7))
        assert evidence.salient.confidence == pytest.approx(0.7, abs=0.05)
        assert not evidence.guessed

    def test_a_subject_found_without_a_network_is_a_guess(self):
        evidence = seen(rounded(SIZE, (RED, BALL)))
        assert not evidence.guessed
        assert evidence.salient.confidence > 0
        assert evidence.guessed

    def test_a_supplied_cutout_is_no_guess_and_asks_nobody(self):
        cutout = np.dstack([drawn(SIZE, backdrop=RED), disc_in(BALL, SIZE).astype(np.uint8) * 255])
        opened = Opened(saliency=RednessNetwork(), saliency_large=RednessNetwork())
        evidence = Evidence(Image(cutout), opened())
        assert np.array_equal(evidence.salient.alpha, disc_in(BALL, SIZE).astype(np.float32))
        assert set(opened.opened.values()) == {0}
        assert not evidence.guessed

    def test_parts_come_largest_first_and_specks_are_none(self):
        large, small, speck = (200, 60, 310, 180), (30, 100, 100, 160), (120, 20, 133, 33)
        evidence = seen(rounded(SIZE, (RED, small), (RED, large), (RED, speck)), saliency=RednessNetwork())
        first, second = evidence.salient_boxes
        assert first == pytest.approx(large, abs=3)
        assert second == pytest.approx(small, abs=3)

    def test_what_does_not_stand_out_has_no_boxes(self):
        assert seen(drawn(SIZE), saliency=RednessNetwork()).salient_boxes == ()
        assert seen(rounded(SIZE, (RED, BALL)), saliency=ColorfulNetwork(sure=0.1)).salient_boxes == ()


class TestView:
    def test_a_picture_of_two_megapixels_is_its_own_view(self):
        image = Image(drawn((2000, 1000)))
        assert Evidence(image, Networks()).view is image

    @pytest.mark.parametrize("size", [LARGE, (1000, 5000), (2500, 801), (6000, 400)])
    def test_larger_ones_are_worked_in_a_smaller_one_of_the_same_shape(self, size):
        evidence = Evidence(Image(np.zeros((size[1], size[0], 4), np.uint8)), Networks())
        width, height = evidence.view.size
        assert 1.98e6 < width * height <= 2.003e6
        assert width / height == pytest.approx(size[0] / size[1], rel=0.005)
        assert evidence.view.alpha is not None

    def test_boxes_of_heads_are_in_the_view(self):
        evidence = Evidence(Image(drawn(LARGE)), Networks())
        evidence.faces = (Face(LARGE_BALL, 0.9, (680, 480), 200, ((630, 450), (730, 450))),)
        scale = evidence.view.size[0] / 1800
        assert evidence.face_boxes[0] == pytest.approx(tuple(edge * scale for edge in LARGE_BALL))

    def test_masks_are_lifted_to_where_the_thing_is_in_the_picture(self):
        evidence = seen(rounded(LARGE, (RED, LARGE_BALL)), saliency=RednessNetwork())
        (box,) = evidence.salient_boxes
        alpha = evidence.lifted(evidence.mask(box).alpha)
        assert alpha.shape == (1200, 1800)
        assert alpha.dtype == np.float32
        assert overlap(alpha, disc_in(LARGE_BALL, LARGE)) > 0.98
        assert Region(alpha).box == pytest.approx(LARGE_BALL, abs=12)
        assert 0 <= alpha.min() <= alpha.max() <= 1

    def test_lifting_stays_near_the_mask(self):
        pixels = rounded(SIZE, (RED, BALL), (RED, (330, 20, 390, 80)))
        evidence = seen(pixels)
        soft = cv2.GaussianBlur(disc_in(BALL, SIZE).astype(np.float32), (0, 0), 3)
        alpha = evidence.lifted(soft)
        assert overlap(alpha, disc_in(BALL, SIZE)) > 0.97
        assert alpha[:70].max() == 0
        assert alpha[:, 300:].max() == 0

    def test_an_empty_mask_is_lifted_to_an_empty_mask(self):
        evidence = seen(drawn(LARGE))
        width, height = evidence.view.size
        alpha = evidence.lifted(np.zeros((height, width), np.float32))
        assert alpha.shape == (1200, 1800)
        assert not alpha.any()

    def test_a_region_is_lowered_to_the_size_of_the_view(self):
        evidence = seen(drawn(LARGE))
        region = Region(inside_of(LARGE_BALL, LARGE).astype(np.float32), 0.7, "it", "a doubt")
        lowered = evidence.lowered(region)
        assert lowered.alpha.shape == evidence.view.size[::-1]
        assert lowered.share == pytest.approx(region.share, rel=1e-3)
        assert (lowered.confidence, lowered.label, lowered.doubt) == (0.7, "it", "a doubt")
        small = seen(drawn(SIZE))
        assert small.lowered(region) is region

    def test_recognition_looks_at_the_box_and_a_little_around(self):
        evidence = seen(drawn(SIZE, (RED, BALL)), recognizer=ColorRecognizer({"cup": RED}).opened())
        assert evidence.recognized(BALL)[0] == pytest.approx(1 / 1.16**2, abs=0.05)
        assert evidence.recognized((0, 0, 400, 300))[0] == pytest.approx(120 * 140 / 120000, abs=0.02)
        assert evidence.recognized((399.5, 299.5, 400, 300))[0] == 0


class TestMasks:
    BOXES = (40, 40, 140, 140), (220, 100, 360, 280)

    def evidence(self, **networks) -> Evidence:
        picture = rounded(SIZE, (RED, self.BOXES[0]), (RED, self.BOXES[1]))
        return seen(picture, **({"saliency": RednessNetwork()} | networks))

    def test_kept_masks_are_what_was_cut_out(self, monkeypatch):
        ramp = np.zeros((300, 400), np.float32)
        ramp[60:100, 30:180] = np.linspace(0, 1, 150, dtype=np.float32)
        monkeypatch.setattr("cavendish.regions.evidence.cut_out", lambda *_args, **_options: Region(ramp, 0.8))
        evidence = self.evidence()
        first, again = evidence.mask(self.BOXES[0]), evidence.mask(self.BOXES[0])
        assert np.array_equal(first.alpha, again.alpha)
        assert np.abs(first.alpha - ramp).max() <= 0.5 / 255 + 1e-6
        assert first.alpha.dtype == np.float32
        assert first.confidence == again.confidence == 0.8

    def test_an_empty_mask_is_kept_too(self, monkeypatch):
        empty = Region(np.zeros((300, 400), np.float32), 0.1)
        monkeypatch.setattr("cavendish.regions.evidence.cut_out", lambda *_args, **_options: empty)
        found = self.evidence().mask(self.BOXES[0])
        assert found.alpha.shape == (300, 400)
        assert not found.alpha.any()

    def test_a_mask_may_be_written_to(self):
        evidence = self.evidence()
        evidence.mask(self.BOXES[0]).alpha[:] = 0
        assert overlap(evidence.mask(self.BOXES[0]).alpha, disc_in(self.BOXES[0], SIZE)) > 0.9

    @pytest.mark.parametrize("which", [0, 1])
    def test_each_of_several_things_is_cut_out_by_itself(self, which):
        found = self.evidence().mask(self.BOXES[which], self.BOXES)
        assert overlap(found.alpha, disc_in(self.BOXES[which], SIZE)) > 0.93

    def test_the_only_thing_that_stands_out_is_not_cut_out_again(self):
        network = RednessNetwork()
        evidence = seen(rounded(SIZE, (RED, BALL)), saliency=network)
        found = evidence.mask((125, 84, 238, 215))
        assert network.calls == 1
        assert np.abs(found.alpha - evidence.salient.alpha).max() <= 0.5 / 255 + 1e-6

    def test_people_are_not_part_of_a_thing_in_the_same_box(self):
        person, bench = (150, 60, 220, 240), (60, 140, 340, 260)
        evidence = seen(rounded(SIZE, (RED, bench), (BLUE, person)), saliency=ColorfulNetwork())
        evidence.objects = (
            Detection((150, 60, 220, 240), {"person": 0.9}),
            Detection((60, 140, 340, 260), {"bench": 0.9}),
            Detection((70, 150, 120, 240), {"person": 0.3}),
        )
        whole = Region((disc_in(bench, SIZE) | disc_in(person, SIZE)).astype(np.float32), 0.9)
        rest = evidence.without_people(bench, whole)
        assert rest.alpha[150, 185] < 0.1
        assert rest.alpha[200, 90] > 0.9
        assert rest.confidence == 0.9

    def test_a_thing_that_would_vanish_behind_people_is_left_whole(self):
        evidence = seen(rounded(SIZE, (BLUE, BALL)), saliency=ColorfulNetwork())
        evidence.objects = (Detection(tuple(map(float, BALL)), {"person": 0.9}),)
        whole = Region(disc_in(BALL, SIZE).astype(np.float32), 0.9)
        assert evidence.without_people(BALL, whole) is whole


class TestWithoutNetworks:
    def test_nothing_is_seen_and_nothing_fails(self):
        evidence = seen(drawn(SIZE))
        assert evidence.objects == evidence.faces == evidence.text_boxes == evidence.lines == ()
        assert evidence.detector is evidence.recognizer is None

    def test_lettering_is_found_but_not_read_without_a_reader(self):
        def network(tensor: np.ndarray) -> np.ndarray:
            marked = np.zeros((1, 1, *tensor.shape[2:]), np.float32)
            height, width = tensor.shape[2:]
            marked[0, 0, height // 2 : height // 2 + 20, width // 4 : width // 2] = 1
            return marked

        evidence = seen(drawn(SIZE), lettering=network)
        assert len(evidence.text_boxes) == len(evidence.lines) == 1
        assert evidence.lines[0].text == ""


def test_the_real_networks_run_once_on_a_real_picture():
    real = real_networks()
    calls = []

    def counting(network: LabelledNetwork) -> LabelledNetwork:
        return LabelledNetwork(lambda tensor: (calls.append(tensor.shape), network.run(tensor))[1], network.labels)

    networks = Networks(objects=lambda: counting(real.objects()), recognizer=lambda: counting(real.recognizer()))
    evidence = Evidence(Image(skimage.data.chelsea()), networks)
    box = evidence.objects[0].box
    for _ in range(3):
        assert evidence.objects[0].label == "cat"
        assert evidence.recognized(box).argmax() in range(281, 288)
    assert sorted(calls) == [(1, 224, 224, 3), (1, 320, 320, 3)]
