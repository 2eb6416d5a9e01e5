"""What is known of things: their height, and how others stand on them."""

import pytest

from cavendish.ops.real_world import base_of, real_height_m


@pytest.mark.parametrize(
    ("name", "height"),
    [
        ("mug", 0.1),
        ("my little dog", 0.55),
        ("two women", 1.7),
        ("two cats", 0.35),
        ("rubber duck", 0.15),
        ("gizmo", None),
    ],
)
def test_heights(name, height):
    assert real_height_m(name) == height


def test_a_person_is_taller_than_a_dog_and_a_dog_than_a_mug():
    assert real_height_m("man") > real_height_m("dog") > real_height_m("mug")


@pytest.mark.parametrize(
    ("name", "base"),
    [("red sofa", "seat"), ("kitchen table", "table"), ("sky", "wall"), ("boat", "container"), ("", "")],
)
def test_bases(name, base):
    assert base_of(name) == base
