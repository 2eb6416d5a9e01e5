"""Things that people hold: cut out of the person by where and in which colors they are recognized."""

import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.evidence import Evidence
from cavendish.regions.held import held_thing
from cavendish.regions.networks import Networks
from cavendish.regions.recognition import heat_plane
from cavendish.regions.things import thing_named
from tests.support.region_networks import (
    PURPLE,
    RED,
    ColorDetector,
    ColorfulNetwork,
    ColorRecognizer,
    disc_in,
    drawn,
    overlap,
    rounded,
)

SIZE = (390, 260)
PERSON, BAG, AWAY = (40, 14, 220, 246), (90, 90, 175, 175), (270, 60, 360, 190)


def evidence_of(pixels: np.ndarray) -> Evidence:
    """Red are people, purple are backpacks; whatever is no gray stands out."""
    network, recognizer = ColorfulNetwork(), ColorRecognizer({"backpack": PURPLE, "tench": RED}).opened()
    detector = ColorDetector({"person": (RED, 0.9)}).opened()
    return Evidence(
        Image(pixels), Networks(saliency=lambda: network, objects=lambda: detector, recognizer=lambda: recognizer)
    )


def held(pixels, box, *, noun="backpack", detected=False):
    evidence = evidence_of(pixels)
    return held_thing(evidence, thing_named(noun, evidence.recognizer.labels), box, detected=detected)


@pytest.mark.parametrize("detected", [False, True])
def test_a_thing_in_a_persons_box_is_what_looks_like_it(detected):
    worn = held(rounded(SIZE, (RED, PERSON), (PURPLE, BAG)), PERSON, detected=detected)
    assert worn is not None
    assert overlap(worn.alpha, disc_in(BAG, SIZE)) > 0.9


def test_badges_of_other_colors_go_with_it():
    pixels = rounded(SIZE, (RED, PERSON), (PURPLE, BAG))
    pixels[127:137, 127:137] = (20, 200, 20)
    assert held(pixels, PERSON).alpha[132, 132] > 0.5


def test_what_is_no_persons_own_is_left_to_others():
    pixels = rounded(SIZE, (RED, PERSON), (PURPLE, AWAY))
    assert held(pixels, AWAY) is None
    assert held(pixels, PERSON) is None  # nothing purple is on the person
    assert held(rounded(SIZE, (RED, PERSON), (PURPLE, BAG)), PERSON, noun="person") is None


def test_heat_is_where_the_thing_is_and_only_in_the_box():
    recognizer = ColorRecognizer({"tench": PURPLE}).opened()
    pixels = drawn(SIZE, (PURPLE, BAG), (PURPLE, AWAY))
    heat = heat_plane(pixels, recognizer, [0], PERSON)
    assert heat[132, 132] > 0.3
    assert heat[132, 132] > 3 * heat[20, 210]
    assert (heat[:, 221:] == 0).all()
