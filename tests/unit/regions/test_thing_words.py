from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.evidence import Evidence
from cavendish.regions.instances import Instance
from cavendish.regions.networks import Networks
from cavendish.regions.thing_words import find_things, scene_of
from tests.support.region_networks import (
    BLUE,
    GREEN,
    PURPLE,
    RED,
    YELLOW,
    ColorDetector,
    ColorfulNetwork,
    ColorRecognizer,
    disc_in,
    drawn,
    overlap,
    rounded,
)

SIZE = (600, 400)
LEFT, RIGHT = (40, 120, 200, 300), (380, 100, 560, 320)

Box = tuple[int, int, int, int]


def evidence_of(pixels: np.ndarray, *, recognized: Mapping[str, tuple[int, int, int]] | None = None) -> Evidence:
    """Green are dogs, blue are cups, red are people; whatever is no gray stands out."""
    network = ColorfulNetwork()
    detector = ColorDetector({"dog": (GREEN, 0.9), "cup": (BLUE, 0.9), "person": (RED, 0.9)}).opened()
    recognizer = None if recognized is None else ColorRecognizer(recognized).opened()
    return Evidence(
        Image(pixels), Networks(saliency=lambda: network, objects=lambda: detector, recognizer=lambda: recognizer)
    )


def find(evidence: Evidence, noun: str, others: Mapping[str, Box] | None = None, **fields) -> Region:
    def find_other(query: RegionQuery) -> Region:
        if query.query not in (others or {}):
            raise UnsupportedEdit(f"no {query.query} was found")
        return Region(disc_in(others[query.query], SIZE).astype(np.float32))

    return find_things(evidence, RegionQuery(noun, **fields), find_other)


class TestKnown:
    PIXELS = rounded(SIZE, (GREEN, LEFT), (BLUE, RIGHT))

    @pytest.mark.parametrize(
        ("noun", "box"), [("dog", LEFT), ("the puppy", LEFT), ("coffee cup", RIGHT), ("mug", RIGHT)]
    )
    def test_only_what_is_named(self, noun, box):
        found = find(evidence_of(self.PIXELS), noun)
        assert overlap(found.alpha, disc_in(box, SIZE)) > 0.93
        assert found.confidence == pytest.approx(0.9)
        assert found.doubt == ""

    def test_every_one_is_all_of_them(self):
        pixels = rounded(SIZE, (GREEN, LEFT), (GREEN, RIGHT))
        found = find(evidence_of(pixels), "dogs", every=True)
        assert overlap(found.alpha, disc_in(LEFT, SIZE) | disc_in(RIGHT, SIZE)) > 0.93
        assert overlap(find(evidence_of(pixels), "dog", side="left").alpha, disc_in(LEFT, SIZE)) > 0.93

    def test_neighbors_are_kept_apart(self):
        first, second = (100, 100, 310, 300), (290, 100, 500, 300)
        evidence = evidence_of(drawn(SIZE))
        evidence.objects = evidence_of(
            rounded(SIZE, (GREEN, (60, 100, 270, 300)), (GREEN, (330, 100, 540, 300)))
        ).objects
        moved = [type(d)((d.box[0] + dx, d.box[1], d.box[2] + dx, d.box[3]), d.scores)
                 for d, dx in zip(sorted(evidence.objects, key=lambda d: d.box), (40, -40), strict=True)]  # fmt: skip
        evidence = evidence_of(rounded(SIZE, (GREEN, first), (GREEN, second)))
        evidence.objects = tuple(moved)
        found = find(evidence, "dog", side="left")
        assert found.alpha[200, 200] > 0.95
        assert found.alpha[:, 320:].max() < 0.05

    def test_a_doubt_about_which_is_carried(self):
        pixels = rounded(SIZE, (GREEN, (40, 120, 80, 160)), (GREEN, (200, 50, 540, 350)))
        found = find(evidence_of(pixels), "dog")
        assert "most prominent of 2" in found.doubt
        assert overlap(found.alpha, disc_in((200, 50, 540, 350), SIZE)) > 0.93

    def test_a_color_chooses(self):
        pixels = rounded(SIZE, (GREEN, LEFT), (GREEN, RIGHT))
        pixels[RIGHT[1] : RIGHT[3], 470:560][disc_in(RIGHT, SIZE)[RIGHT[1] : RIGHT[3], 470:560]] = YELLOW
        evidence = evidence_of(pixels)
        evidence.objects = evidence_of(rounded(SIZE, (GREEN, LEFT), (GREEN, RIGHT))).objects
        found = find(evidence, "dog", color="yellow")
        assert overlap(found.alpha, disc_in(RIGHT, SIZE)) > 0.9

    def test_the_only_one_may_have_little_of_its_color(self):
        pixels = rounded(SIZE, (GREEN, LEFT))
        pixels[180:220, 100:140] = YELLOW
        assert overlap(find(evidence_of(pixels), "dog", color="yellow").alpha, disc_in(LEFT, SIZE)) > 0.8
        with pytest.raises(UnsupportedEdit, match="found"):
            find(evidence_of(rounded(SIZE, (GREEN, LEFT))), "dog", color="yellow")


class TestNotThere:
    @pytest.mark.parametrize("noun", ["cup", "person", "car", "cat", "umbrella", "horse"])
    def test_something_else_is_not_taken_for_it(self, noun):
        pixels = rounded(SIZE, (GREEN, LEFT))
        evidence = evidence_of(pixels, recognized={"beagle": GREEN, "espresso": BLUE})
        with pytest.raises(UnsupportedEdit, match=f"no {noun} was found"):
            find(evidence, noun)

    @pytest.mark.parametrize("noun", ["dog", "gizmo", "plate", "object", ""])
    def test_an_empty_picture_holds_nothing(self, noun):
        with pytest.raises(UnsupportedEdit, match="was found"):
            find(evidence_of(drawn(SIZE)), noun)

    def test_people_are_not_found_by_the_color_of_something_else(self):
        with pytest.raises(UnsupportedEdit, match="no yellow woman was found"):
            find(evidence_of(rounded(SIZE, (YELLOW, LEFT))), "woman", color="yellow")


class TestUnknownWords:
    def test_what_stands_out_alone_is_meant_and_said_to_be(self):
        found = find(evidence_of(rounded(SIZE, (PURPLE, LEFT))), "gizmo")
        assert overlap(found.alpha, disc_in(LEFT, SIZE)) > 0.93
        assert "gizmo" in found.doubt
        assert "taken to be what stands out" in found.doubt

    def test_one_of_several_is_not_guessed(self):
        with pytest.raises(UnsupportedEdit, match="no gizmo was found"):
            find(evidence_of(rounded(SIZE, (PURPLE, LEFT), (YELLOW, RIGHT))), "gizmo")

    def test_it_is_not_what_the_networks_know_by_another_name(self):
        with pytest.raises(UnsupportedEdit, match="no gizmo was found"):
            find(evidence_of(rounded(SIZE, (GREEN, LEFT))), "gizmo")
        known = evidence_of(rounded(SIZE, (PURPLE, LEFT)), recognized={"accordion": PURPLE})
        with pytest.raises(UnsupportedEdit, match="no gizmo was found"):
            find(known, "gizmo")

    def test_words_that_point_at_one_of_several_do_not_apply(self):
        with pytest.raises(UnsupportedEdit, match="no gizmo was found"):
            find(evidence_of(rounded(SIZE, (PURPLE, LEFT), (YELLOW, RIGHT))), "gizmo", side="left")

    def test_a_toy_may_stand_for_what_it_shows(self):
        found = find(evidence_of(rounded(SIZE, (PURPLE, LEFT)), recognized={"accordion": BLUE}), "toy dinosaur")
        assert overlap(found.alpha, disc_in(LEFT, SIZE)) > 0.93
        assert "taken to be what stands out" in found.doubt

    @pytest.mark.parametrize(("noun", "there"), [("rubber duck", True), ("duck", True), ("elephant", False)])
    def test_what_looks_like_a_small_figure_may_be_a_toy(self, noun, there):
        evidence = evidence_of(
            rounded(SIZE, (PURPLE, LEFT)), recognized={"piggy bank": PURPLE, "African elephant": RED}
        )
        if there:
            assert overlap(find(evidence, noun).alpha, disc_in(LEFT, SIZE)) > 0.93
            return
        with pytest.raises(UnsupportedEdit, match=f"no {noun} was found"):
            find(evidence, noun)

    @pytest.mark.parametrize("noun", ["antenna", "handles", "left wheel"])
    def test_a_part_is_not_the_whole_that_stands_out(self, noun):
        with pytest.raises(UnsupportedEdit, match="found"):
            find(evidence_of(rounded(SIZE, (PURPLE, LEFT))), noun)


class TestByColor:
    PIXELS = rounded(SIZE, (PURPLE, LEFT), (YELLOW, RIGHT))

    @pytest.mark.parametrize(("color", "box"), [("purple", LEFT), ("yellow", RIGHT)])
    def test_a_word_without_a_network_is_found_by_its_color_and_said_to_be(self, color, box):
        found = find(evidence_of(self.PIXELS), "gizmo", color=color)
        assert overlap(found.alpha, disc_in(box, SIZE)) > 0.93
        assert "gizmo" in found.doubt
        assert "by its color alone" in found.doubt

    def test_all_of_that_color(self):
        pixels = rounded(SIZE, (PURPLE, LEFT), (PURPLE, RIGHT))
        both = disc_in(LEFT, SIZE) | disc_in(RIGHT, SIZE)
        assert overlap(find(evidence_of(pixels), "gizmos", color="purple", every=True).alpha, both) > 0.93
        assert overlap(find(evidence_of(pixels), "gizmo", color="purple", side="left").alpha, disc_in(LEFT, SIZE)) > 0.9
        with pytest.raises(UnsupportedEdit, match="there are 2 of that kind"):
            find(evidence_of(pixels), "gizmo", color="purple")

    def test_nothing_of_that_color(self):
        with pytest.raises(UnsupportedEdit, match="nothing orange stands out that could be the gizmo"):
            find(evidence_of(self.PIXELS), "gizmo", color="orange")

    def test_unknown_colors_do_not_apply(self):
        with pytest.raises(UnsupportedEdit, match="gizmo was found"):
            find(evidence_of(self.PIXELS), "gizmo", color="plaid")


class TestAnything:
    PIXELS = rounded(SIZE, (PURPLE, LEFT), (YELLOW, RIGHT))

    @pytest.mark.parametrize(("side", "box"), [("left", LEFT), ("right", RIGHT)])
    @pytest.mark.parametrize("noun", ["object", "thing", "item"])
    def test_what_lies_on_a_side(self, noun, side, box):
        assert overlap(find(evidence_of(self.PIXELS), noun, side=side).alpha, disc_in(box, SIZE)) > 0.93

    def test_what_lies_beside_another_thing_is_not_that_thing(self):
        for beside, other in [(LEFT, RIGHT), (RIGHT, LEFT)]:
            found = find(evidence_of(self.PIXELS), "object", {"vase": beside}, near="vase")
            assert overlap(found.alpha, disc_in(other, SIZE)) > 0.93

    def test_what_holds_the_other_thing_is_not_beside_it(self):
        found = find(evidence_of(self.PIXELS), "object", {"vase": (60, 150, 140, 260)}, near="vase")
        assert overlap(found.alpha, disc_in(RIGHT, SIZE)) > 0.93

    def test_one_of_a_color(self):
        found = find(evidence_of(self.PIXELS), "object", color="yellow")
        assert overlap(found.alpha, disc_in(RIGHT, SIZE)) > 0.93

    def test_beside_what_is_not_there_a_color_tells_it(self):
        found = find(evidence_of(self.PIXELS), "thing", color="yellow", near="its head")
        assert overlap(found.alpha, disc_in(RIGHT, SIZE)) > 0.93
        with pytest.raises(UnsupportedEdit, match="no its head was found"):
            find(evidence_of(self.PIXELS), "thing", near="its head")

    def test_what_was_detected_counts_once(self):
        evidence = evidence_of(rounded(SIZE, (GREEN, LEFT), (YELLOW, RIGHT)))
        found = find(evidence, "thing", every=True)
        assert overlap(found.alpha, disc_in(LEFT, SIZE) | disc_in(RIGHT, SIZE)) > 0.93
        with pytest.raises(UnsupportedEdit, match="only 2 of 3"):
            find(evidence, "thing", count=3)


class TestUnder:
    def test_a_saucer_is_what_is_no_cup(self):
        saucer, cup = (140, 120, 460, 330), (220, 130, 380, 270)
        evidence = evidence_of(rounded(SIZE, (PURPLE, saucer), (BLUE, cup)))
        evidence.mask(tuple(evidence.objects[0].box))
        cut_out = Region(disc_in(cup, SIZE).astype(np.float32), 0.9)
        evidence.mask = lambda _box, _others=(): cut_out
        found = find(evidence, "saucer")
        assert overlap(found.alpha, disc_in(saucer, SIZE) & ~disc_in(cup, SIZE)) > 0.9
        assert "saucer" in found.doubt
        assert "taken to be what stands out beside the cup" in found.doubt

    def test_a_cup_alone_stands_on_nothing(self):
        with pytest.raises(UnsupportedEdit, match="no saucer was found"):
            find(evidence_of(rounded(SIZE, (BLUE, LEFT)), recognized={"espresso": BLUE}), "saucer")


class TestScene:
    def test_things_that_were_not_detected_are_without_people(self):
        evidence = evidence_of(rounded(SIZE, (PURPLE, (100, 100, 500, 350))))
        instance = Instance((100.0, 100.0, 500.0, 350.0), 0.8, detected=False)
        asked = []
        evidence.without_people = lambda box, mask: asked.append(box) or mask
        scene = scene_of(evidence, [instance], lambda _query: None)
        scene.mask(instance)
        assert asked == [instance.box]
        scene.mask(dataclasses.replace(instance, detected=True))
        assert len(asked) == 1

    def test_doubtful_finds_are_no_neighbors(self):
        evidence = evidence_of(rounded(SIZE, (PURPLE, (100, 100, 500, 350))))
        sure, doubtful = Instance((100.0, 100.0, 500.0, 350.0), 0.9), Instance((300.0, 100.0, 600.0, 350.0), 0.3)
        asked = []
        evidence.mask = lambda box, others=(): asked.append((box, tuple(others)))
        scene_of(evidence, [sure, doubtful], lambda _query: None).mask(sure)
        assert asked == [(sure.box, (sure.box,))]

    def test_what_it_finds_is_in_the_view(self):
        evidence = evidence_of(drawn((3000, 2000)))
        full = Region(np.ones((2000, 3000), np.float32), 0.8, "it")
        scene = scene_of(evidence, [], lambda _query: full)
        assert scene.find(RegionQuery("it")).alpha.shape == evidence.view.size[::-1]
        assert scene.size == evidence.view.size
        assert scene.likeness("gray").shape == evidence.view.size[::-1]
