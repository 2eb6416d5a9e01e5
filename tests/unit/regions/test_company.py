"""What stands beside a thing: the other things, without the thing and what it lies on."""

import numpy as np
import pytest

from cavendish.imaging.image import Image
from cavendish.regions.company import find_company
from cavendish.regions.evidence import Evidence
from cavendish.regions.networks import Networks
from tests.support.region_networks import (
    BLUE,
    GREEN,
    PURPLE,
    RED,
    ColorDetector,
    ColorfulNetwork,
    disc_in,
    drawn,
    rounded,
)

SIZE = (600, 400)
LEFT, RIGHT = (40, 120, 200, 300), (380, 100, 560, 320)


def evidence_of(pixels):
    """Green are dogs, red are people; whatever is no gray stands out."""
    network = ColorfulNetwork()
    detector = ColorDetector({"dog": (GREEN, 0.9), "person": (RED, 0.9)}).opened()
    return Evidence(Image(pixels), Networks(saliency=lambda: network, objects=lambda: detector))


def mask(box):
    return disc_in(box, SIZE).astype(np.float32)


def beside(pixels, box, **options):
    return find_company(evidence_of(pixels), mask(box), **options)


@pytest.mark.parametrize("color", [GREEN, PURPLE])
def test_other_things_are_company_whether_detected_or_not(color):
    found = beside(rounded(SIZE, (BLUE, LEFT), (color, RIGHT)), LEFT)
    assert found[disc_in(RIGHT, SIZE)].mean() > 0.9
    assert found[disc_in(LEFT, SIZE)].max() < 0.5


def test_a_thing_is_no_company_of_itself():
    assert beside(rounded(SIZE, (GREEN, LEFT)), LEFT).max() < 0.5


def test_only_people_where_only_they_are_meant():
    pixels = rounded(SIZE, (RED, LEFT), (GREEN, RIGHT))
    nothing = (300, 20, 320, 40)
    everything, people = (beside(pixels, nothing, only_people=only) for only in (False, True))
    assert everything[disc_in(RIGHT, SIZE)].mean() > 0.9
    assert people[disc_in(RIGHT, SIZE)].max() < 0.5
    assert people[disc_in(LEFT, SIZE)].mean() > 0.9


def test_what_a_thing_lies_on_is_no_company():
    """A spot on a dog is filled from the dog."""
    found = beside(rounded(SIZE, (GREEN, RIGHT)), (440, 180, 480, 220))
    assert found.max() < 0.5


def test_an_empty_picture_has_none():
    assert beside(drawn(SIZE), LEFT).max() == 0
