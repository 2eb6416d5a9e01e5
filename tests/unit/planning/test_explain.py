"""The description: what was done, what was not and why, in sentences."""

import pytest

from cavendish.domain.plan import CONTEXT, EditPlan, Status, Step, StepOutcome, Unsupported
from cavendish.errors import InvalidRequest
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
    assert describe_outcome(plan, outcomes, []) == (
        "Placed the mug from picture 2, put #FFFFFF behind the subject and gave the picture a sepia tone."
    )


def test_what_was_not_done_is_grouped_by_reason():
    plan = EditPlan((SEPIA, POSE), (Unsupported("juggle", "no operation was found for these words"),))
    outcomes = [StepOutcome(SEPIA, Status.DONE), StepOutcome(POSE, Status.SKIPPED, "needs a generative engine")]
    text = describe_outcome(plan, outcomes, ["Only the first frame was used."])
    assert "Not done: “sitting down” (needs a generative engine); “juggle” (no operation" in text
    assert text.endswith("Only the first frame was used.")


def test_context_is_not_said_to_be_undone():
    plan = EditPlan((SEPIA,), (Unsupported("because it is for grandma", CONTEXT),))
    assert describe_outcome(plan, [StepOutcome(SEPIA, Status.DONE)], []) == "Gave the picture a sepia tone."
    assert "grandma" not in describe_plan(plan)


def test_details_of_done_steps_are_kept():
    outcome = StepOutcome(PLACE, Status.DONE, "the mug was taken to be the main subject of picture 2")
    assert "The mug was taken to be the main subject of picture 2." in describe_outcome(
        EditPlan((PLACE,)), [outcome], []
    )


def test_a_plan_is_said_back():
    assert describe_plan(EditPlan((SEPIA, SIZING))) == "Understood: gave the picture a sepia tone."
    assert describe_plan(EditPlan((POSE,))).startswith("Nothing here can be done")


@pytest.mark.parametrize("row", catalog().values(), ids=lambda row: row.name)
def test_every_op_has_words(row):
    """An op without a saying would be reported by its technical name."""
    assert row.name in sayings()
    step = Step(row.name, row.family, target="cup", parameters={"color": "#000000", "ratio": "1:1"}, image=1, span="x")
    said = describe_outcome(EditPlan((step,)), [StepOutcome(step, Status.DONE)], [])
    assert said[0].isupper()
    assert said.endswith(".")
    assert not {"{", "_"} & set(said)


def _faults(rule):
    """What the table does not allow in what a rule sets."""
    row = catalog()[rule.op]
    amount = {rule.amount: rule.value} if rule.amount else {}
    if rule.amount and row.parameters[rule.amount].kind != "number":
        return f"{rule.amount} is no number"
    try:
        row.fill_in({**rule.parameters, **amount}, param=f"{rule.op}: {rule.template.source}")
    except InvalidRequest as fault:
        return fault.public_message
    unknown = [op for op in (*rule.also, *rule.replaces) if op not in catalog()]
    return f"no such op: {unknown}" if unknown else ""


def test_every_rule_names_an_op_of_the_table_with_legal_parameters():
    assert [fault for rule in rules() if (fault := _faults(rule))] == []


def test_every_op_can_be_asked_for():
    assert catalog().keys() <= {op for rule in rules() for op in (rule.op, *rule.also)}
