"""Backgrounds in words: a shadow asked for with a color, gradients a thing is put on, blur said to be strong."""

import pytest

from cavendish.planning.planner import PhrasePlanner


@pytest.mark.parametrize(
    "sentence",
    [
        "white background with a soft shadow",
        "put it on a white background with a soft shadow",
        "put the car on a white background with a natural shadow",
        "change the background to white with a soft shadow",
    ],
)
def test_a_shadow_asked_for_with_a_color(sentence):
    steps, unsupported = PhrasePlanner().read(sentence, images=1)
    assert [(step.op, dict(step.parameters)) for step in steps] == [
        ("background_color", {"color": "#FFFFFF", "shadow": "contact"})
    ]
    assert not unsupported


def test_a_thing_put_on_a_gradient():
    steps, _ = PhrasePlanner().read("put the cat on a gradient from blue to purple", images=1)
    assert [(step.op, step.target) for step in steps] == [("background_gradient", "cat")]


@pytest.mark.parametrize(
    ("sentence", "op"),
    [
        ("blur the background strongly with bokeh", "blur_background"),
        ("blur the background heavily with a bokeh effect", "blur_background"),
        ("add motion blur to the background", "motion_blur"),
    ],
)
def test_blur_of_the_background(sentence, op):
    steps, unsupported = PhrasePlanner().read(sentence, images=1)
    assert [step.op for step in steps] == [op]
    assert not unsupported
