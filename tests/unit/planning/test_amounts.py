"""How much: numbers, adverbs, angles, sides."""

import pytest

from cavendish.planning import amounts


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("brighten it", 1.0),
        ("slightly brighter", 0.5),
        ("a bit brighter", 0.5),
        ("a little", 0.5),
        ("a lot brighter", 1.6),
        ("MUCH brighter", 1.6),
        ("extremely bright", 2.0),
        ("completely gray", 3.0),
        ("farther away", 1.0),
    ],
)
def test_adverbs(text, factor):
    assert amounts.factor_of(text) == factor


@pytest.mark.parametrize(
    ("text", "parameter", "amount"),
    [
        ("by 20%", "amount", 0.2),
        ("20 percent more", "amount", 0.2),
        ("to 12.5 %", "amount", 0.125),
        ("by two stops", "exposure_ev", 2),
        ("by half a stop", "exposure_ev", 0.5),
        ("a stop", "exposure_ev", 1),
        ("+1.5 EV", "exposure_ev", 1.5),
        ("-1 stop", "exposure_ev", 1),
        ("by 2 f-stops", "exposure_ev", 2),
        ("two stops", "amount", None),
        ("brighter", "amount", None),
        ("5 dogs", "amount", None),
    ],
)
def test_numbers(text, parameter, amount):
    assert amounts.stated_amount(text, parameter) == amount


@pytest.mark.parametrize(
    ("angle", "turn", "degrees"),
    [
        ("90 degrees", "", 90),
        ("90°", "clockwise", 90),
        ("90", "counterclockwise", -90),
        ("45 deg", "anti-clockwise", -45),
        ("", "left", -90),
        ("", "right", 90),
        ("", "upside down", 180),
        ("", "", 90),
        ("-30 degrees", "", -30),
        ("12.5 degrees", "ccw", -12.5),
    ],
)
def test_angles_are_clockwise(angle, turn, degrees):
    assert amounts.angle_of(angle, turn) == degrees


@pytest.mark.parametrize(
    ("text", "ratio"), [("16:9", "16:9"), ("16 x 9", "16:9"), ("4×5", "4:5"), ("Square", "1:1"), ("3 : 2", "3:2")]
)
def test_ratios(text, ratio):
    assert amounts.ratio_of(text) == ratio


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("on the left", "left"),
        ("in the upper right corner", "top-right"),
        ("bottom center", "bottom-center"),
        ("in the middle", "center"),
        ("on top of the table", ""),
        ("a bright photo", ""),
        ("leftover", ""),
    ],
)
def test_sides(text, side):
    assert amounts.side_of(text) == side


@pytest.mark.parametrize(("text", "share"), [("tiny", 0.18), ("make it LARGE", 0.62), ("huge", 0.8), ("a mug", None)])
def test_sizes(text, share):
    assert amounts.size_of(text) == share


def test_pure_numbers_are_no_leftover():
    assert amounts.without_amounts("by 20% and one stop").replace("|", "").split() == ["and"]
