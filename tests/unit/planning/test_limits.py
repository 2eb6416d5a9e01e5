"""Hostile and huge prompts: bounded work, and nothing said is silently dropped."""

import statistics
import time

import pytest

from cavendish.planning.clauses import CLAUSE_LIMIT, split
from cavendish.planning.planner import PhrasePlanner, finish_plan

from .test_planner import NOT_DOABLE, ONE_PICTURE, PARTLY, TWO_PICTURES

PLANNER = PhrasePlanner()

HOSTILE = [
    "a ", "(((((", "make ", "no no no ", ",", "1", "12 ", ". ", "; and then ", "\n", "\t", "\x00", "é", "猫",
    "\U0001f34c ", "put the ", "give it ", "the the ", "crop ", "left, ", "saturation ", "make it brighter, left, ",
    "% ", "#",
    "remove the background and ", "add the dog to the cat ", "increase contrast and saturation ", "put x x x x x x ",
    "replace the background with x from ", "image 1 image 2 ", "make the make the ", "90 degrees ", "'\"", "don't ",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _warm():
    PLANNER.read("the phrases are compiled once", images=1)


def seconds(text):
    """CPU time of this thread, so that a busy machine does not fail the test."""
    started = time.thread_time()
    PLANNER.read(text, images=2)
    return time.thread_time() - started


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_longest_prompt_takes_bounded_time(piece):
    assert seconds((piece * 32_000)[:32_000]) < 2


@pytest.mark.parametrize("piece", ["a ", "make ", ". ", "saturation ", "put x x x x x x "])
def test_time_grows_no_faster_than_the_prompt(piece):
    short, long = (min(seconds((piece * n)[:n]) for _ in range(2)) for n in (8_000, 32_000))
    assert long < 8 * short + 0.05


def test_ordinary_instructions_take_milliseconds():
    instructions = [case[0] for case in (*ONE_PICTURE, *TWO_PICTURES, *PARTLY, *NOT_DOABLE)]
    times = sorted(min(seconds(text) for _ in range(2)) for text in instructions)
    assert statistics.quantiles(times, n=20)[18] <= 0.010


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_prompt_makes_no_large_plan(piece):
    plan = finish_plan(*PLANNER.read((piece * 32_000)[:32_000], images=2))
    assert len(plan.steps) <= 40
    assert len(plan.unsupported) <= 42
    assert len(plan.description) < 60_000


def test_more_asks_than_the_limit_are_said_to_be_unread():
    text = ". ".join(f"rotate {angle} degrees" for angle in range(1, 60))
    steps, unsupported = PLANNER.read(text, images=1)
    assert [step.parameters["angle_deg"] for step in steps] == list(range(1, 41))
    (rest,) = unsupported
    assert rest.reason == "too many asks in one message"
    assert rest.text.startswith("rotate 41 degrees")


def test_a_run_without_punctuation_is_cut():
    assert {len(clause.text) for clause in split("x" * 1000)} == {CLAUSE_LIMIT, 1000 % CLAUSE_LIMIT}


@pytest.mark.parametrize("text", ["", " ", ".", "...", "?!", ",,,", "\n\n"])
def test_nothing_said_is_nothing_planned(text):
    assert PLANNER.read(text, images=1) == ([], [])


@pytest.mark.parametrize(
    ("message", "most"),
    [("Increase the exposure by 9 stops", 5), ("Brighten it by 150%", 1), ("Brighten it by 50%", None)],
)
def test_an_amount_beyond_the_range_is_done_as_far_as_it_goes_and_said(message, most):
    (step,), unsupported = PhrasePlanner().read(message, images=1)
    amount = next(iter(step.parameters.values()))
    assert amount == (0.5 if most is None else most)
    assert [str(most) in item.reason for item in unsupported] == ([] if most is None else [True])


@pytest.mark.parametrize(
    ("message", "ops"),
    [
        ("Remove the black background", ["remove_background"]),
        ("Make the background black", ["background_color"]),
        ("Rotate the baby", ["rotate_object"]),
        ("Rotate the photo", ["rotate"]),
        ("Flip this selfie", ["flip"]),
        ("Replace the background", ["backdrop"]),
    ],
)
def test_what_the_noun_is_decides(message, ops):
    steps, unsupported = PhrasePlanner().read(message, images=1)
    assert [step.op for step in steps] == ops
    assert not unsupported


@pytest.mark.parametrize(
    ("message", "amounts"),
    [
        ("Brighter but not more saturated", [("adjust_brightness", 0.3)]),
        ("Make it darker, not brighter", [("adjust_brightness", -0.3)]),
        ("Increase the exposure by 1/3 stop", [("adjust_exposure", 0.3333)]),
        ("Darken this photo by half a stop", [("adjust_exposure", -0.5)]),
        ("Increase brightness by 10% and contrast by 30%", [("adjust_brightness", 0.1), ("adjust_contrast", 0.3)]),
        ("Brighten it 15%", [("adjust_brightness", 0.15)]),
        ("Rotate counter clockwise by 30", [("rotate", -30)]),
    ],
)
def test_amounts_belong_to_their_ask_and_a_not_is_heard(message, amounts):
    steps, _ = PhrasePlanner().read(message, images=1)
    assert [(step.op, next(iter(step.parameters.values()))) for step in steps] == amounts


@pytest.mark.parametrize(
    "message",
    ["Crop to the left half", "Crop to the face", "Crop to 1024x1024", "Remove the background of the second image"],
)
def test_what_the_main_subject_cannot_mean_is_not_done_on_it(message):
    steps, unsupported = PhrasePlanner().read(message, images=2)
    assert not any(step.available for step in steps)
    assert steps or unsupported


def test_each_of_two_things_keeps_its_own_region():
    steps, _ = PhrasePlanner().read("Make the background darker and the subject brighter", images=1)
    assert [(step.region.query, step.parameters["amount"]) for step in steps] == [
        ("background", -0.3),
        ("subject", 0.3),
    ]
