"""Hostile and huge prompts: bounded work, and nothing said is silently dropped."""

import statistics
import time

import pytest

from cavendish.domain.plan import Unsupported
from cavendish.planning.planner import PhrasePlanner, finish_plan

from .labelled import labelled

PLANNER = PhrasePlanner()

HOSTILE = [
    "a ", "(((((", "make ", "no no no ", ",", "1", "12 ", ". ", "; and then ", "\n", "\t", "\x00", "é", "猫",
    "\U0001f34c ", "put the ", "give it ", "the the ", "crop ", "left, ", "saturation ", "make it brighter, left, ",
    "% ", "#", "x", "x-", "§1 ", "«", "» ", '"', "{", '{"a": ', "[] ", "RED ", "the red of the red of the ", "hte ",
    "remove the background and ", "add the dog to the cat ", "increase contrast and saturation ", "put x x x x x x ",
    "replace the background with x from ", "image 1 image 2 ", "make the make the ", "90 degrees ", "'\"", "don't ",
    "keep the cup and ", "remove it, her and them, ", "the man on the left of the man on the right of ", "to be ",
    "flowrs ", "put teh mna ", "very very ", "because so that ", "mach das Bild heller und ", "把背景换成",
    "убери фон. ", "quita el fondo y ", "remove the man. He is next to the dog. ", "more contrast, ", "the way it is ",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _warm():
    for text in ("the rules are compiled once", "mach das Bild heller", "teh dictionary is read once"):
        PLANNER.read(text, images=1)


def seconds(text):
    """CPU time of this thread, so that a busy machine does not fail the test."""
    started = time.thread_time()
    PLANNER.read(text, images=2)
    return time.thread_time() - started


def long_prompt(piece, characters=32_000):
    return (piece * characters)[:characters]


@pytest.mark.parametrize(
    "piece", [piece if k % 6 == 0 else pytest.param(piece, marks=pytest.mark.long) for k, piece in enumerate(HOSTILE)]
)
def test_the_longest_prompt_takes_bounded_time_and_makes_no_large_plan(piece):
    started = time.thread_time()
    steps, unsupported = PLANNER.read(long_prompt(piece), images=2)
    assert time.thread_time() - started < 2
    plan = finish_plan(steps, unsupported)
    assert len(plan.steps) <= 40, "a plan of more steps could not be sent back"
    assert len(plan.unsupported) <= 42
    assert len(plan.description) < 60_000


@pytest.mark.parametrize(
    "piece", ["a ", "make ", ". ", "saturation ", "put x x x x x x ", "the man on the left of the "]
)
def test_time_grows_no_faster_than_the_prompt(piece):
    short, long = (min(seconds(long_prompt(piece, n)) for _ in range(2)) for n in (8_000, 32_000))
    assert long < 8 * short + 0.05


@pytest.mark.alone
def test_ordinary_instructions_take_milliseconds():
    times = [min(seconds(label["text"]) for _ in range(2)) for label in labelled()[::2]]
    assert statistics.quantiles(times, n=20)[18] <= 0.008  # 5 ms where it was written; machines differ


def test_more_asks_than_the_limit_are_said_to_be_unread():
    text = ". ".join(f"rotate {angle} degrees" for angle in range(1, 60))
    steps, unsupported = PLANNER.read(text, images=1)
    assert [step.parameters["angle_deg"] for step in steps] == list(range(1, 41))
    (rest,) = unsupported
    assert rest.reason == "too many asks in one message"
    assert rest.text.startswith("rotate 41 degrees")


@pytest.mark.parametrize("text", ["", " ", ".", "...", "?!", ",,,", "\n\n"])
def test_nothing_said_is_nothing_planned(text):
    assert PLANNER.read(text, images=1) == ([], [])


@pytest.mark.parametrize(
    ("message", "most"),
    [("Increase the exposure by 9 stops", 5), ("Brighten it by 150%", 1), ("Darken it by 300%", -1)],
)
def test_an_amount_beyond_the_range_is_done_as_far_as_it_goes(message, most):
    (step,), _ = PLANNER.read(message, images=1)
    assert list(step.parameters.values()) == [most]
    assert step.stated


@pytest.mark.parametrize(
    ("message", "op", "query"),
    [
        ("Crop to the face", "crop", "face"),
        ("Crop to the cat", "crop", "cat"),
        ("Cut out the hand", "remove_background", "hand"),
    ],
)
def test_what_is_named_is_never_planned_as_the_main_subject(message, op, query):
    (step,), _ = PLANNER.read(message, images=1)
    assert (step.op, step.region.query) == (op, query)


def test_a_part_of_the_picture_is_a_box():
    (step,), _ = PLANNER.read("Crop to the left half", images=1)
    assert step.parameters["box"] == [0, 0, 0.5, 1]


@pytest.mark.parametrize("message", ["Crop to 1024x1024", "Make it 4:3", "Reframe to 16:9"])
def test_a_size_is_no_thing_in_the_picture(message):
    (step,), unsupported = PLANNER.read(message, images=1)
    assert step.region is None
    assert "ratio" in step.parameters
    assert not unsupported


def test_unread_words_are_cut_where_they_are_endless():
    _, unsupported = PLANNER.read("zorbulate " * 3_000, images=1)
    assert unsupported
    assert all(isinstance(item, Unsupported) and len(item.text) <= 700 for item in unsupported)
