"""Where a thing is put: sides, what it stands to, and how the op reads it again."""

import pytest

from cavendish.domain.placement import Whereabouts, read_placement
from cavendish.planning.planner import PhrasePlanner


@pytest.mark.parametrize(
    ("sentence", "placement"),
    [
        ("put the dog from picture 2 behind the red sofa", "behind the red sofa"),
        ("place the cat in front of the house on the left", "left, in front of the house on the left"),
        ("add the vase from the second picture next to her", "next to her"),
        ("put the woman from image 2 to the right of the car", "right of the car"),
        ("put the woman from picture 2 into picture 1, standing on the road", "on the road"),
        ("insert the car from image 2 on the road, make it small in the distance", "on the road, in the distance"),
        ("put the mug from picture 2 on the table in image 1", "on the table"),
        ("put the plane from image 2 in the sky", "in the sky"),
        ("take the dog from image 2 and put it under the tree", "under the tree"),
        ("place the toy from picture 2 in the foreground", "in the foreground"),
        ("put the toy car from picture 2 in front on the right", "right"),
        ("put the bear from picture 2 in picture 1", ""),
        ("add the cat from picture 2 in the lower left corner", "bottom-left"),
    ],
)
def test_words_of_place(sentence, placement):
    steps, unsupported = PhrasePlanner().read(sentence, images=2)
    assert [(step.op, step.image) for step in steps] == [("place_subject", 1)]
    assert steps[0].placement == placement
    assert not unsupported


@pytest.mark.parametrize(
    ("placement", "read"),
    [
        ("", Whereabouts()),
        ("top-left", Whereabouts(frozenset({"top", "left"}))),
        ("behind the red sofa", Whereabouts(relation="behind", anchor="red sofa")),
        ("in front of her", Whereabouts(relation="in front of", anchor="her")),
        ("left, on the road, in the distance", Whereabouts(frozenset({"left"}), "on", "road", "distance")),
        ("somewhere nice", Whereabouts()),
    ],
)
def test_an_op_reads_what_the_planner_writes(placement, read):
    assert read_placement(placement) == read


def test_several_things_come_from_the_pictures_in_their_order():
    steps, _ = PhrasePlanner().read("place the teddy, the cat and the duck on the road", images=4)
    assert [(step.op, step.target, step.image) for step in steps] == [
        ("place_subject", "teddy", 1),
        ("place_subject", "cat", 2),
        ("place_subject", "duck", 3),
    ]


def test_a_scene_of_another_picture_becomes_the_background():
    steps, _ = PhrasePlanner().read("put the lemur in the landscape of picture 2", images=2)
    assert [(step.op, step.image) for step in steps] == [("replace_background", 1)]


def test_a_scene_that_no_picture_shows_needs_to_be_made():
    steps, _ = PhrasePlanner().read("put the dog on a beach", images=2)
    assert steps[0].op != "place_subject"


@pytest.mark.parametrize(
    ("sentence", "op"),
    [
        ("put my logo on the mug", "place_on_surface"),
        ("put the logo from picture 2 on the duck", "place_on_surface"),
        ("put my logo in the bottom right corner", "place_sticker"),
        ("put the logo on the top left of the picture", "place_sticker"),
        ("put my logo on the image", "place_sticker"),
    ],
)
def test_a_logo_goes_onto_a_thing_or_into_a_corner(sentence, op):
    steps, _ = PhrasePlanner().read(sentence, images=2)
    assert [(step.op, step.image) for step in steps] == [(op, 1)]
