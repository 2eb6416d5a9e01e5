"""The size of the answer (architecture §5): an explicit ratio wins, then the sentence, then the model's default."""

import pytest

from cavendish.domain.models import MODELS
from cavendish.domain.plan import EditPlan, Step
from cavendish.domain.request import EditRequest
from cavendish.domain.sizes import RATIO_SIZES
from cavendish.engines.base import asked_for
from cavendish.planning.planner import PhrasePlanner

SEED, NANO = "google/gemini-2.5-flash-image-edit", "google/nano-banana-edit"


def plan(prompt, *, aspect_ratio=None, model=SEED, given=None):
    request = EditRequest(model, prompt, ("x",), aspect_ratio=aspect_ratio, plan=given)
    return PhrasePlanner().plan(request)


def sizing(made):
    """(op, ratio, policy) of the steps that decide the answer's shape."""
    return [(s.op, s.parameters["ratio"], s.parameters.get("policy")) for s in made.steps if "ratio" in s.parameters]


@pytest.mark.parametrize("ratio", RATIO_SIZES)
def test_an_explicit_ratio_is_the_answers(ratio):
    made = plan("make it brighter", aspect_ratio=ratio)
    assert sizing(made) == [("reframe", ratio, "auto")]
    assert not made.unsupported
    assert [made.steps[i].op for i in asked_for(made)] == ["adjust_brightness"], "the sizing step is nobody's ask"


def test_an_explicit_ratio_overrules_the_sentence_and_says_so():
    made = plan("make it 9:16 and brighten it", aspect_ratio="4:3")
    assert sizing(made) == [("reframe", "4:3", "auto")]
    (overruled,) = made.unsupported
    assert overruled.text == "make it 9:16"
    assert "aspect_ratio 4:3 wins" in overruled.reason
    assert "make it 9:16" in made.description


def test_an_explicit_ratio_overrules_a_crop_too():
    made = plan("crop it to a square", aspect_ratio="16:9")
    assert sizing(made) == [("reframe", "16:9", "auto")]
    assert [item.text for item in made.unsupported] == ["crop it to a square"]


@pytest.mark.parametrize(("prompt", "policy"), [("crop to 4:3", "crop"), ("make it 4:3", "auto")])
def test_where_both_agree_the_sentence_is_done_and_still_counts_as_asked(prompt, policy):
    made = plan(prompt, aspect_ratio="4:3")
    assert sizing(made) == [("reframe", "4:3", policy)]
    assert made.steps[0].span == prompt
    assert not made.unsupported
    assert list(asked_for(made)) == [0]


def test_auto_keeps_the_pictures_own_pixels():
    assert sizing(plan("make it brighter", aspect_ratio="auto")) == []


@pytest.mark.parametrize(("prompt", "op"), [("make it 16:9", "reframe"), ("crop to 16:9", "crop")])
def test_auto_follows_a_size_in_words(prompt, op):
    assert [step[:2] for step in sizing(plan(prompt, aspect_ratio="auto"))] == [(op, "16:9")]


def test_absent_with_a_ratio_in_words_gives_that():
    assert sizing(plan("make it 21:9")) == [("reframe", "21:9", None)]


def test_absent_with_a_crop_in_words_ends_at_the_tables_size():
    made = plan("crop it to 3:2, then make it sepia")
    assert sizing(made) == [("crop", "3:2", None), ("reframe", "3:2", "crop")]
    assert [made.steps[i].op for i in asked_for(made)] == ["crop", "sepia"]


@pytest.mark.parametrize(("model", "ratio"), [(SEED, "1:1"), (NANO, "nearest")])
def test_absent_otherwise_is_the_models_default(model, ratio):
    assert MODELS[model].default_ratio == ratio
    assert sizing(plan("make it brighter", model=model)) == [("reframe", ratio, "auto")]


def test_a_ratio_outside_the_table_cannot_be_had():
    made = plan("crop it to 7:5 and make it sepia")
    assert [step.op for step in made.steps if not step.available] == ["crop"]
    assert ("reframe", "1:1", "auto") in sizing(made)


def test_a_given_plan_is_used_instead_of_the_prompt_and_sized_like_one():
    given = EditPlan((Step("sepia", "tone"), Step("rotate", "geometry", parameters={"angle_deg": 5})))
    made = plan("ignored words", aspect_ratio="3:4", given=given)
    assert [step.op for step in made.steps] == ["rotate", "reframe", "sepia"]
    assert sizing(made) == [("reframe", "3:4", "auto")]


def test_a_given_plans_own_policy_is_kept():
    given = EditPlan((Step("reframe", "geometry", parameters={"ratio": "3:4", "policy": "pad"}, span="x"),))
    assert sizing(plan("", aspect_ratio="3:4", given=given)) == [("reframe", "3:4", "pad")]


@pytest.mark.parametrize(
    ("prompt", "ratio", "policy"),
    [
        ("extend to 9:16", "9:16", "extend"),
        ("expand the canvas to 16:9", "16:9", "extend"),
        ("extend the background to 4:3", "4:3", "extend"),
        ("widen it to 21:9", "21:9", "extend"),
        ("make it 16:9", "16:9", None),
    ],
)
def test_what_is_to_be_extended_is_not_cropped(prompt, ratio, policy):
    assert sizing(plan(prompt)) == [("reframe", ratio, policy)]
