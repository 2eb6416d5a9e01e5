"""The description: what was done, what was not and why, in sentences."""

import pytest

from cavendish.domain.plan import EditPlan, Status, Step, StepOutcome, Unsupported
from cavendish.ops.catalog import catalog
from cavendish.planning.explain import describe_outcome, describe_plan
from cavendish.planning.phrases import rules, sayings

SEPIA = Step("sepia", "tone", span="sepia please")
BACKGROUND = Step("background_color", "background", parameters={"color": "#FFFFFF"}, span="on white")
PLACE = Step("place_subject", "compose", target="mug", image=1, span="add the mug")
SIZING = Step("reframe", "geometry", parameters={"ratio": "1:1"})
POSE = Step("change_pose", "generate", exact=False, available=False, span="sitting down")


def test_what_was_done_is_said_in_the_past_tense():
    plan = EditPlan((PLACE, BACKGROUND, SIZING, SEPIA))
    outcomes = [StepOutcome(step, Status.DONE) for step in plan.steps]
    text = describe_outcome(plan, outcomes, [])
    assert text == (
        "Placed the mug from picture 2 into the first picture, put #FFFFFF behind the subject and "
        "gave the picture a sepia tone."
    )


def test_what_was_not_done_is_grouped_by_reason():
    plan = EditPlan((SEPIA, POSE), (Unsupported("juggle", "no operation was found for these words"),))
    outcomes = [StepOutcome(SEPIA, Status.DONE), StepOutcome(POSE, Status.SKIPPED, "needs a generative engine")]
    text = describe_outcome(plan, outcomes, ["Only the first frame was used."])
    assert "Not done: “sitting down” (needs a generative engine); “juggle” (no operation" in text
    assert text.endswith("Only the first frame was used.")


def test_details_of_done_steps_are_kept():
    outcome = StepOutcome(PLACE, Status.DONE, "the mug was taken to be the main subject of picture 2")
    assert "The mug was taken to be the main subject of picture 2." in describe_outcome(
        EditPlan((PLACE,)), [outcome], []
    )


def test_a_plan_is_said_back():
    assert describe_plan(EditPlan((SEPIA, SIZING))) == "Understood: gave the picture a sepia tone."
    assert describe_plan(EditPlan((POSE,))).startswith("Nothing here can be done")


@pytest.mark.parametrize("name", [row.name for row in catalog().values() if row.available])
def test_every_available_op_has_words(name):
    """An op without a saying would be reported by its technical name."""
    assert name in sayings()
    said = describe_plan(
        EditPlan((Step(name, catalog()[name].family, parameters={"color": "#000000", "ratio": "1:1"}, span="x"),))
    )
    assert "{" not in said
    assert "_" not in said


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.op)
def test_every_phrase_names_an_op_of_the_table_with_legal_parameters(rule):
    row = catalog()[rule.op]
    if row.available:
        row.fill_in(rule.parameters, param="p")
        if rule.amount:
            row.fill_in({rule.amount: rule.value}, param="p")
            assert rule.amount == row.varies


def test_every_available_op_can_be_asked_for():
    assert {row.name for row in catalog().values() if row.available} <= {rule.op for rule in rules()}
