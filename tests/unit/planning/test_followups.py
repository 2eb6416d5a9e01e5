"""“A bit less”, “undo that”: changing an earlier plan."""

import pytest

from cavendish.domain.plan import EditPlan, Step
from cavendish.planning.planner import PhrasePlanner, finish_plan

PLANNER = PhrasePlanner()


@pytest.fixture
def earlier() -> EditPlan:
    return finish_plan(*PLANNER.read("make it brighter and blur the background", images=1))


def _amounts(steps: list[Step]) -> dict[str, float]:
    return {step.op: step.parameters.get("amount", step.parameters.get("strength")) for step in steps}


@pytest.mark.parametrize(
    ("message", "sign"), [("a bit less", -1), ("too much", -1), ("more", 1), ("even more please", 1), ("stronger", 1)]
)
def test_more_and_less_change_the_last_amount(earlier, message, sign):
    steps, unread = PLANNER.read(message, images=1, previous=earlier)
    before, after = _amounts(list(earlier.steps)), _amounts(steps)
    changed = [op for op in before if before[op] != after[op]]
    assert len(changed) == 1
    assert (after[changed[0]] - before[changed[0]]) * sign > 0
    assert not unread


def test_less_of_a_named_step(earlier):
    steps, _ = PLANNER.read("less blur", images=1, previous=earlier)
    assert _amounts(steps)["blur_background"] < _amounts(list(earlier.steps))["blur_background"]
    assert _amounts(steps)["adjust_brightness"] == _amounts(list(earlier.steps))["adjust_brightness"]


@pytest.mark.parametrize("message", ["undo that", "undo", "go back", "never mind", "revert the last change"])
def test_undo_drops_the_last_step(earlier, message):
    steps, _ = PLANNER.read(message, images=1, previous=earlier)
    assert len(steps) == len(earlier.steps) - 1


def test_undo_of_a_named_step(earlier):
    steps, _ = PLANNER.read("undo the blur", images=1, previous=earlier)
    assert [step.op for step in steps] == ["adjust_brightness"]


def test_a_new_ask_is_added(earlier):
    steps, _ = PLANNER.read("now make it black and white", images=1, previous=earlier)
    assert {step.op for step in steps} == {"adjust_brightness", "blur_background", "black_and_white"}


def test_amounts_stay_in_range(earlier):
    plan = earlier
    for _ in range(12):
        plan = finish_plan(*PLANNER.read("much more", images=1, previous=plan))
    assert max(filter(None, _amounts(list(plan.steps)).values())) <= 1


def test_nothing_to_change_is_said():
    plan = finish_plan(*PLANNER.read("flip it", images=1))
    steps, unread = PLANNER.read("a bit less", images=1, previous=plan)
    assert [step.op for step in steps] == ["flip"]
    assert unread


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("undo everything", {}),
        ("start over", {}),
        ("make it brighter", {"brightness": 0.5}),
        ("a little darker", {"brightness": 0.05}),
        ("brightness 40%", {"brightness": 0.4}),
        ("make the blur stronger", {"blur": 0.8}),
        ("the blur is too strong", {"blur": 0.3}),
        ("that's too much blur", {"blur": 0.3}),
        ("half as much", {"width": 0.024}),
        ("no border", {"frame": False}),
        ("remove the border again", {"frame": False}),
        ("without the border", {"frame": False}),
    ],
)
def test_sayings_of_an_edit_just_made(message, expected):
    asked = "make it brighter by 20%, blur the background and add a red border"
    steps, unread = PLANNER.read(message, images=1, previous=finish_plan(*PLANNER.read(asked, images=1)))
    by_op = {step.op: step.parameters for step in steps}
    seen = {
        "brightness": by_op.get("adjust_brightness", {}).get("amount"),
        "blur": by_op.get("blur_background", {}).get("strength"),
        "frame": "frame" in by_op,
        "width": by_op.get("frame", {}).get("width"),
    }
    before = {"brightness": 0.2, "blur": 0.5, "frame": True, "width": None}
    assert seen == ({**before, **expected} if expected else dict.fromkeys(seen, None) | {"frame": False})
    assert not unread


def test_removing_the_background_is_no_undoing_of_its_blur(earlier):
    steps, _ = PLANNER.read("remove the background", images=1, previous=earlier)
    assert "remove_background" in [step.op for step in steps]
    assert "blur_background" in [step.op for step in steps]
