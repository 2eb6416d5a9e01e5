"""Plans as data: what we publish we accept again; anything else is refused by its place."""

import json

import pytest

from cavendish.domain.plan import EditPlan, Step
from cavendish.domain.queries import RegionQuery
from cavendish.errors import InvalidRequest, ParameterOutOfRange
from cavendish.ops.catalog import catalog
from cavendish.planning.given import read_plan
from cavendish.planning.planner import PhrasePlanner, finish_plan

from .labelled import labelled

STEP_KEYS = [
    "op", "family", "target", "region", "parameters", "image", "exact", "available", "guards", "placement",
    "confidence", "span", "stated",
]  # fmt: skip

SENTENCES = [
    "brighten the subject by 20%, blur the background and put the mug from image 2 on the left, but keep the sky",
    "remove the background, make her smile and juggle",
    "crop to 16:9 and change the background to #336699",
    "rotate 12.5 degrees, flip vertically, make it sepia",
    "make the hair of the second woman from the left red. Don't touch the faces. Remove the tree next to the red house",
    "mach das Bild heller und entferne den Hintergrund",
    "убери фон",
]


def published(text):
    return finish_plan(*PhrasePlanner().read(text, images=2))


@pytest.mark.parametrize("text", SENTENCES)
def test_a_published_step_has_every_key(text):
    shown = published(text).to_json()
    assert list(shown) == ["version", "steps", "unsupported", "description"]
    assert shown["version"] == 1
    for step in shown["steps"]:
        assert list(step) == STEP_KEYS
    for item in shown["unsupported"]:
        assert list(item) == ["text", "reason"]


@pytest.mark.parametrize("text", SENTENCES)
def test_a_published_plan_reads_back_the_same(text):
    plan = published(text)
    sent = json.loads(json.dumps(plan.to_json()))
    again = read_plan(sent, param="plan")
    assert again.steps == plan.steps
    assert again.unsupported == plan.unsupported


@pytest.mark.long
def test_every_labelled_plan_reads_back_the_same():
    for label in labelled():
        plan = published(label["text"])
        if plan.steps:
            assert read_plan(json.loads(json.dumps(plan.to_json())), param="plan").steps == plan.steps


def test_a_short_plan_is_filled_in_from_the_table():
    plan = read_plan({"steps": [{"op": "adjust_exposure", "parameters": {"exposure_ev": 1}}]}, param="plan")
    assert plan.steps == (Step("adjust_exposure", "tone", parameters={"exposure_ev": 1}),)


def test_what_the_table_knows_is_not_taken_from_the_input():
    lying = {"op": "change_pose", "family": "tone", "exact": True, "available": True}
    (step,) = read_plan({"steps": [lying]}, param="plan").steps
    assert (step.family, step.exact, step.available) == ("generate", False, False)


def test_null_means_absent():
    step = {"op": "sepia", "region": None, "target": None, "parameters": None}
    assert read_plan({"steps": [step]}, param="plan").steps == (Step("sepia", "tone"),)


def test_regions_may_nest():
    region = {
        "query": "cup",
        "side": "left",
        "order": 2,
        "not": [{"query": "red cup", "color": "red"}],
        "or": [{"query": "mug"}],
    }
    (step,) = read_plan({"steps": [{"op": "sepia", "region": region}]}, param="plan").steps
    assert step.region == RegionQuery(
        "cup", side="left", order=2, none_of=(RegionQuery("red cup", color="red"),), any_of=(RegionQuery("mug"),)
    )
    assert step.to_json()["region"] == region


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        (None, "plan"),
        ([], "plan"),
        ("sepia", "plan"),
        ({}, "plan.steps"),
        ({"steps": []}, "plan.steps"),
        ({"steps": [{"op": "sepia"}] * 41}, "plan.steps"),
        ({"steps": {"op": "sepia"}}, "plan.steps"),
        ({"version": 2, "steps": [{"op": "sepia"}]}, "plan.version"),
        ({"steps": [{"op": "sepia"}], "unsupported": "x"}, "plan.unsupported"),
        ({"steps": [{"op": "sepia"}], "unsupported": ["x"]}, "plan.unsupported[0]"),
        ({"steps": ["sepia"]}, "plan.steps[0]"),
        ({"steps": [{"op": "sepia"}, {"op": "make_coffee"}]}, "plan.steps[1].op"),
        ({"steps": [{}]}, "plan.steps[0].op"),
        ({"steps": [{"op": 7}]}, "plan.steps[0]"),
        ({"steps": [{"op": "sepia", "colour": "brown"}]}, "plan.steps[0]"),
        ({"steps": [{"op": "sepia", "image": "1"}]}, "plan.steps[0]"),
        ({"steps": [{"op": "sepia", "parameters": []}]}, "plan.steps[0]"),
        ({"steps": [{"op": "sepia", "parameters": {"amount": 1}}]}, "plan.steps[0].parameters"),
        ({"steps": [{"op": "sepia", "region": {"near": 3}}]}, "plan.steps[0].region"),
        ({"steps": [{"op": "sepia", "region": {"and": [{"what": "x"}]}}]}, "plan.steps[0].region.and"),
    ],
)
def test_what_is_no_plan_is_refused_by_its_place(plan, place):
    with pytest.raises(InvalidRequest) as refused:
        read_plan(plan, param="plan")
    assert refused.value.public_message.split(" at ")[-1].startswith(place.rstrip()) or refused.value.param == place


@pytest.mark.parametrize("value", [5.5, -6, float("nan"), float("inf")])
def test_amounts_outside_their_range_are_refused(value):
    with pytest.raises(ParameterOutOfRange, match=r"plan\.steps\[0\]\.parameters\.exposure_ev"):
        read_plan({"steps": [{"op": "adjust_exposure", "parameters": {"exposure_ev": value}}]}, param="plan")


@pytest.mark.parametrize(
    ("op", "parameters", "place"),
    [
        ("adjust_highlights", {"amount": 1.5}, ".amount"),
        ("smooth_skin", {"strength": 0.5}, ".strength"),
        ("grade_look", {"name": "breakfast"}, ".name"),
        ("recolor", {"color": "red"}, ".color"),
        ("background_gradient", {"colors": ["#FFFFFF", "blue"]}, ".colors[1]"),
        ("place_on_surface", {"quad": [[0, 0], [1, 0], [1, 1], [0, 2]]}, ".quad[3][1]"),
        ("add_text", {"text": 7}, ".text"),
        ("change_pose", {"pose": "x" * 1001}, ".pose"),
        ("remove_object", {"what": "car"}, ""),
    ],
)
def test_what_cannot_be_done_yet_is_checked_all_the_same(op, parameters, place):
    """A plan stored today must still be legal on the day the op is built."""
    with pytest.raises(InvalidRequest) as refused:
        read_plan({"steps": [{"op": "sepia"}, {"op": op, "parameters": parameters}]}, param="plan")
    assert refused.value.param == f"plan.steps[1].parameters{place}"
    assert refused.value.param in refused.value.public_message


def test_parameters_of_what_cannot_be_done_yet_are_kept_as_given():
    parameters = {"text": "Hello", "size": 0.2, "shadow": True}
    (step,) = read_plan({"steps": [{"op": "add_text", "parameters": parameters}]}, param="plan").steps
    assert step.parameters == parameters
    assert step.available == catalog()["add_text"].available


@pytest.mark.parametrize("image", [-1, True])
def test_a_picture_number_is_a_count(image):
    with pytest.raises(InvalidRequest):
        read_plan({"steps": [{"op": "place_subject", "image": image}]}, param="plan")


def test_deep_regions_are_refused_and_do_not_exhaust_the_stack():
    region = {"query": "x"}
    for _ in range(900):
        region = {"query": "x", "and": [region]}
    with pytest.raises(InvalidRequest):
        read_plan({"steps": [{"op": "sepia", "region": region}]}, param="plan")


def test_every_op_of_the_table_can_be_named_bare_and_with_its_defaults():
    for name, row in catalog().items():
        defaults = row.fill_in({}, param="p")
        plan = read_plan({"steps": [{"op": name}, {"op": name, "parameters": defaults}]}, param="plan")
        assert isinstance(plan, EditPlan)
        assert [(step.op, step.parameters) for step in plan.steps] == [(name, {}), (name, defaults)]
