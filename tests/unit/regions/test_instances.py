from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import skimage.data

from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.evidence import Evidence
from cavendish.regions.instances import Instance, find_instances
from cavendish.regions.networks import LabelledNetwork, Networks
from cavendish.regions.objects import Detection, inside
from cavendish.regions.things import thing_called, thing_named
from tests.support.region_networks import RED, ColorDetector, ColorRecognizer, drawn, real_networks

SIZE = (400, 300)
LEFT, RIGHT = (20.0, 60.0, 160.0, 260.0), (220.0, 80.0, 380.0, 280.0)
LABELS = (
    "cup",
    "goblet",
    "beer bottle",
    "soup bowl",
    "Madagascar cat",
    "cock",
    "great grey owl",
    "scabbard",
    "umbrella",
)

Box = tuple[float, float, float, float]


def evidence_of(
    *detections: tuple[Box, dict[str, float]],
    recognized: Mapping[Box, dict[str, float]] | None = None,
    salient: Sequence[Box] = (),
    faces: Sequence[Box] = (),
    recognizer: bool = True,
) -> Evidence:
    """What was detected, what the recognizer takes each box for, and what stands out."""

    def nothing(_tensor: np.ndarray) -> tuple[np.ndarray]:
        return (np.zeros((1, len(LABELS)), np.float32),)

    class Told(Evidence):
        @property
        def face_boxes(self) -> tuple[Box, ...]:
            return tuple(faces)

        def recognized(self, box: Box, *, alone: bool = False) -> np.ndarray:
            named = (recognized or {}).get(box, {})
            return np.array([named.get(label, 0.0) for label in LABELS], np.float32)

    network = LabelledNetwork(nothing, LABELS) if recognizer else None
    told = Told(Image(drawn(SIZE)), Networks(recognizer=lambda: network))
    told.objects = tuple(Detection(box, scores) for box, scores in detections)
    told.salient_boxes = tuple(salient)
    told.salient = Region(filled(salient), 0.9 if salient else 0.0)
    return told


def filled(boxes: Sequence[Box]) -> np.ndarray:
    alpha = np.zeros(SIZE[::-1], np.float32)
    for left, top, right, bottom in boxes:
        alpha[int(top) : int(bottom), int(left) : int(right)] = 1
    return alpha


def find(evidence: Evidence, noun: str) -> tuple[Instance, ...]:
    thing = thing_named(noun, LABELS)
    assert thing is not None
    return find_instances(evidence, thing)


class TestOneSource:
    @pytest.mark.parametrize(("score", "count"), [(0.95, 1), (0.6, 1), (0.59, 0), (0.3, 0)])
    def test_the_detector_is_believed_alone_from_its_threshold(self, score, count):
        found = find(evidence_of((LEFT, {"umbrella": score})), "umbrella")
        assert len(found) == count
        assert found == tuple(Instance(LEFT, score) for _ in range(count))

    def test_it_is_believed_without_a_recognizer_too(self):
        assert len(find(evidence_of((LEFT, {"dog": 0.7}), recognizer=False), "dog")) == 1
        assert find(evidence_of((LEFT, {"dog": 0.5}), recognizer=False), "dog") == ()

    def test_a_class_far_behind_the_best_one_is_not_believed_alone(self):
        assert find(evidence_of((LEFT, {"dog": 0.9, "umbrella": 0.7})), "umbrella") == ()
        assert len(find(evidence_of((LEFT, {"dog": 0.8, "umbrella": 0.7})), "umbrella")) == 1

    def test_other_classes_are_other_things(self):
        assert find(evidence_of((LEFT, {"dog": 0.9})), "umbrella") == ()

    def test_a_class_of_several_is_the_thing(self):
        assert len(find(evidence_of((LEFT, {"bus": 0.9})), "car")) == 1

    def test_nothing_is_found_in_nothing(self):
        assert find(evidence_of(), "dog") == ()
        assert find_instances(Evidence(Image(drawn(SIZE)), Networks()), thing_called("dog")) == ()


class TestTwoSources:
    @pytest.mark.parametrize(
        ("score", "probability", "count"), [(0.29, 0.09, 1), (0.5, 0.5, 1), (0.27, 0.14, 0), (0.5, 0.07, 0)]
    )
    def test_the_recognizer_agrees(self, score, probability, count):
        evidence = evidence_of((LEFT, {"umbrella": score, "kite": 0.5}), recognized={LEFT: {"umbrella": probability}})
        assert len(find(evidence, "umbrella")) == count

    def test_it_agrees_by_any_of_the_names_of_the_kind_together(self):
        evidence = evidence_of(
            (LEFT, {"bird": 0.4, "umbrella": 0.5}), recognized={LEFT: {"cock": 0.05, "great grey owl": 0.05}}
        )
        assert len(find(evidence, "bird")) == 1

    @pytest.mark.parametrize(("box", "count"), [(LEFT, 1), ((20.0, 60.0, 160.0, 170.0), 1), (RIGHT, 0)])
    def test_what_stands_out_agrees_with_the_best_class(self, box, count):
        seen = {LEFT: {"umbrella": 0.02}}
        assert len(find(evidence_of((LEFT, {"umbrella": 0.4}), recognized=seen, salient=[box]), "umbrella")) == count

    def test_what_the_recognizer_gives_no_chance_is_not_believed(self):
        seen = {LEFT: {"umbrella": 0.01}}
        assert find(evidence_of((LEFT, {"umbrella": 0.5}), recognized=seen, salient=[LEFT]), "umbrella") == ()

    def test_what_stands_out_does_not_agree_with_a_second_best_class(self):
        assert find(evidence_of((LEFT, {"umbrella": 0.4, "kite": 0.5}), salient=[LEFT]), "umbrella") == ()

    @pytest.mark.parametrize(("again", "count"), [(0.7, 1), (0.3, 0)])
    def test_a_second_look_at_it_with_its_surroundings_agrees(self, again, count):
        detector = ColorDetector({"umbrella": (RED, again)})
        box = (100, 100, 160, 160)
        evidence = Evidence(Image(drawn((640, 480), (RED, box))), Networks(objects=detector.opened))
        evidence.objects = (Detection((100.0, 100.0, 160.0, 160.0), {"umbrella": 0.4}),)
        evidence.salient_boxes = ()
        assert len(find_instances(evidence, thing_called("umbrella"))) == count
        assert detector.calls == 1

    def test_a_second_look_that_finds_it_elsewhere_does_not_agree(self):
        detector = ColorDetector({"umbrella": (RED, 0.9)})
        evidence = Evidence(Image(drawn((640, 480), (RED, (150, 150, 200, 200)))), Networks(objects=detector.opened))
        evidence.objects = (Detection((100.0, 100.0, 160.0, 160.0), {"umbrella": 0.4}),)
        evidence.salient_boxes = ()
        assert find_instances(evidence, thing_called("umbrella")) == ()

    def test_many_of_a_kind_vouch_for_one_another(self):
        shelf = [((20.0 * k, 50.0, 20.0 * k + 15, 120.0), {"umbrella": 0.3}) for k in range(1, 5)]
        assert len(find(evidence_of(*shelf), "umbrella")) == 4
        assert find(evidence_of(*shelf[:3]), "umbrella") == ()


class TestKin:
    def test_a_sibling_is_believed_where_names_differ_between_people_and_the_detector(self):
        (found,) = find(evidence_of((LEFT, {"cup": 0.7}), recognized={LEFT: {"soup bowl": 0.02}}), "bowl")
        assert found.box == LEFT
        assert len(find(evidence_of((LEFT, {"couch": 0.5})), "bed")) == 1

    def test_other_siblings_need_the_recognizer_and_must_stand_out(self):
        lemur = {LEFT: {"Madagascar cat": 0.6}}
        assert len(find(evidence_of((LEFT, {"bird": 0.7}), recognized=lemur, salient=[LEFT]), "lemur")) == 1
        assert find(evidence_of((LEFT, {"bird": 0.7}), recognized={}, salient=[LEFT]), "lemur") == ()
        unsure = {LEFT: {"Madagascar cat": 0.3}}
        assert len(find(evidence_of((LEFT, {"bird": 0.7}), recognized=unsure, salient=[LEFT]), "lemur")) == 1
        doubtful = {LEFT: {"Madagascar cat": 0.14}}
        assert find(evidence_of((LEFT, {"bird": 0.7}), recognized=doubtful, salient=[LEFT]), "lemur") == ()

    @pytest.mark.parametrize(("sibling", "own", "count"), [(0.6, 0.0, 0), (0.6, 0.05, 1), (0.4, 0.0, 1)])
    def test_the_recognizer_overrules_the_detector_when_it_is_sure_of_a_sibling(self, sibling, own, count):
        seen = {LEFT: {"Madagascar cat": sibling, "cock": own}}
        assert len(find(evidence_of((LEFT, {"bird": 0.9}), recognized=seen), "bird")) == count

    def test_names_of_no_sibling_do_not_contradict(self):
        assert len(find(evidence_of((LEFT, {"bird": 0.9}), recognized={LEFT: {"scabbard": 0.9}}), "bird")) == 1


class TestRecognizedAlone:
    def test_what_stands_out_is_what_the_recognizer_is_sure_of(self):
        (found,) = find(evidence_of(recognized={LEFT: {"scabbard": 0.7}}, salient=[LEFT, RIGHT]), "scabbard")
        assert found == Instance(LEFT, pytest.approx(0.7), detected=False)

    def test_so_is_what_was_detected_as_something_else(self):
        (found,) = find(evidence_of((RIGHT, {"kite": 0.5}), recognized={RIGHT: {"scabbard": 0.6}}), "scabbard")
        assert (found.box, found.detected) == (RIGHT, False)

    @pytest.mark.parametrize("probability", [0.0, 0.1, 0.14])
    def test_it_must_be_sure(self, probability):
        assert find(evidence_of(recognized={LEFT: {"scabbard": probability}}, salient=[LEFT]), "scabbard") == ()

    def test_what_is_detected_inside_of_it_is_a_part_of_it(self):
        part = (40.0, 80.0, 100.0, 160.0)
        seen = {LEFT: {"scabbard": 0.6}, part: {"scabbard": 0.9}}
        (found,) = find(evidence_of((part, {"kite": 0.5}), recognized=seen, salient=[LEFT]), "scabbard")
        assert found.box == LEFT

    def test_a_small_thing_is_found_where_it_is_seen_most_clearly(self):
        spot = (290, 190, 400, 300)
        evidence = Evidence(
            Image(drawn((600, 400), (RED, spot))), Networks(recognizer=ColorRecognizer({"screw": RED}).opened)
        )
        evidence.salient_boxes = ()
        (found,) = find_instances(evidence, thing_named("screw", ("screw",)))
        assert not found.detected
        assert inside(found.box, spot) > 0.9

    def test_the_window_widens_to_all_of_it(self):
        """Where a window shows it best, its mask is cut off below; two steps further it is whole."""
        tall = (250, 60, 320, 200)
        evidence = Evidence(
            Image(drawn((600, 400), (RED, tall))), Networks(recognizer=ColorRecognizer({"screw": RED}).opened)
        )
        evidence.salient_boxes = ()
        whole = np.zeros((400, 600), np.float32)
        whole[tall[1] : tall[3], tall[0] : tall[2]] = 1

        def cut(box, others=()):
            left, top, right, bottom = (int(edge) for edge in box)
            part = np.zeros_like(whole)
            part[max(0, top) : bottom, max(0, left) : right] = whole[max(0, top) : bottom, max(0, left) : right]
            return Region(part)

        evidence.mask = cut
        (found,) = find_instances(evidence, thing_named("screw", ("screw",)))
        assert inside(tuple(map(float, tall)), found.box) > 0.95

    def test_an_animal_is_all_of_what_stands_out_there(self):
        whole = (240.0, 120.0, 420.0, 380.0)
        evidence = Evidence(
            Image(drawn((600, 400), (RED, (290, 190, 400, 300)))),
            Networks(recognizer=ColorRecognizer({"Madagascar cat": RED}).opened),
        )
        evidence.salient_boxes = (whole,)
        (found,) = find_instances(evidence, thing_called("lemur"))
        assert found.box == whole


class TestPeople:
    def test_faces_make_people_that_the_detector_missed(self):
        head = (300.0, 50.0, 340.0, 100.0)
        found = find(evidence_of((LEFT, {"person": 0.8}), faces=[(60.0, 65.0, 110.0, 120.0), head]), "man")
        assert [i.box for i in found] == [head, LEFT]

    def test_people_from_faces_only(self):
        heads = [(60.0, 60.0, 110.0, 120.0), (200.0, 60.0, 250.0, 120.0)]
        assert {i.box for i in find(evidence_of(faces=heads), "people")} == set(heads)

    def test_faces_make_no_other_things(self):
        assert find(evidence_of(faces=[LEFT]), "dog") == ()


class TestRepeats:
    def test_two_of_a_kind_come_surest_first(self):
        found = find(evidence_of((LEFT, {"dog": 0.7}), (RIGHT, {"dog": 0.9})), "dog")
        assert [i.box for i in found] == [RIGHT, LEFT]

    def test_boxes_that_share_most_are_one(self):
        nearly = (24.0, 64.0, 164.0, 262.0)
        assert [i.box for i in find(evidence_of((LEFT, {"dog": 0.7}), (nearly, {"dog": 0.9})), "dog")] == [nearly]

    def test_an_unsure_part_of_a_surer_one_is_none(self):
        part = (40.0, 80.0, 90.0, 160.0)
        seen = {LEFT: {"cup": 0.5}, part: {"cup": 0.5}}
        unsure = find(evidence_of((LEFT, {"cup": 0.9}), (part, {"cup": 0.5}), recognized=seen), "cup")
        assert [i.box for i in unsure] == [LEFT]
        sure = find(evidence_of((LEFT, {"cup": 0.9}), (part, {"cup": 0.8}), recognized=seen), "cup")
        assert [i.box for i in sure] == [LEFT, part]


def test_measures_of_an_instance():
    instance = Instance((10.0, 20.0, 30.0, 60.0), 0.5)
    assert instance.center == (20, 40)
    assert instance.height == 40
    assert instance.area == 800


def test_the_real_networks_see_what_is_there_and_nothing_else():
    evidence = Evidence(Image(skimage.data.coffee()), real_networks())
    labels = evidence.recognizer.labels
    nouns = ("cup", "dog", "person", "cat")
    found = {noun: len(find_instances(evidence, thing_named(noun, labels))) for noun in nouns}
    assert found == {"cup": 1, "dog": 0, "person": 0, "cat": 0}
