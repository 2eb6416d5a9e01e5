"""The embedded engine: every step is done as planned, or skipped with a reason; nothing is ever guessed."""

import asyncio
import dataclasses

import numpy as np
import pytest

from cavendish.domain.context import EditContext
from cavendish.domain.plan import EditPlan, Status, Step
from cavendish.domain.queries import RegionQuery
from cavendish.domain.request import EditRequest, Pointing
from cavendish.engines.base import EngineInput, Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.engines.workbench import LADDER
from cavendish.errors import Cancelled, DeadlineExceeded, UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.ops.catalog import catalog
from cavendish.ops.geometry import rotate
from cavendish.ops.tone import adjust_brightness
from cavendish.pixels.composite import render
from cavendish.planning.planner import finish_plan
from cavendish.regions.horizon import find_tilt
from cavendish.regions.networks import Networks
from tests.support.networks import RednessNetwork
from tests.support.pictures import ball, scene

MODEL = "google/gemini-2.5-flash-image-edit"
FOREVER = 1e12


def step(op, **fields):
    row = catalog()[op]
    fields.setdefault("span", op)
    return Step(op, row.family, exact=row.exact, available=row.available, **fields)


def photo(**options):
    pixels, _ = ball(160, 120, radius=0.3, **options)
    return Image(pixels)


def room():
    return Image(scene(160, 120))


def flat():
    return Image(np.full((60, 80, 3), 127, np.uint8))


class Bench:
    """An engine with a counting network, and how to run it."""

    def __init__(self, network=None):
        self.network = network if network is not None else RednessNetwork()
        self.engine = EmbeddedEngine(workers=Workers(1), networks=Networks(saliency=lambda: self.network))

    def run(self, *steps, images=None, context=None, num_images=1, ordered=True):
        images = images or (photo(),)
        plan = finish_plan(steps, ()) if ordered else EditPlan(tuple(steps))
        request = EditRequest(MODEL, "words", tuple("x" for _ in images), num_images, "auto")
        return self.engine.edit_now(EngineInput(tuple(images), plan, request), context or EditContext(FOREVER))


@pytest.fixture
def bench():
    return Bench()


def statuses(result):
    return [(outcome.step.op, outcome.status) for outcome in result.outcomes]


# --- honesty: done or skipped, never something else instead ---


def test_a_step_whose_region_is_unknown_is_never_run_on_the_whole_picture(bench):
    with pytest.raises(UnsupportedEdit, match="dog"):
        bench.run(step("black_and_white", target="dog", region=RegionQuery("dog")), images=(room(),))


def test_beside_a_doable_step_it_is_skipped_with_its_reason(bench):
    result = bench.run(step("black_and_white", target="dog", region=RegionQuery("dog")), step("flip"), images=(room(),))
    assert statuses(result) == [("flip", Status.DONE), ("black_and_white", Status.SKIPPED)]
    assert "dog" in result.outcomes[1].reason
    assert np.array_equal(result.pictures[0].pixels, room().pixels[:, ::-1])


@pytest.mark.parametrize("op", ["cartoon", "frame", "add_text"])
def test_ops_without_code_are_skipped(bench, op):
    result = bench.run(step(op), step("sepia"))
    assert dict(statuses(result)) == {op: Status.SKIPPED, "sepia": Status.DONE}
    assert next(o for o in result.outcomes if o.step.op == op).reason == "this version cannot do this yet"


def test_generative_steps_are_skipped_and_say_so(bench):
    result = bench.run(step("change_clothes"), step("sepia"))
    assert "generative" in next(o for o in result.outcomes if o.status is Status.SKIPPED).reason


def test_when_nothing_can_be_done_every_reason_is_given(bench):
    with pytest.raises(UnsupportedEdit) as refused:
        bench.run(step("change_clothes"), step("remove_object"))
    assert "change_clothes" in refused.value.public_message
    assert "remove_object" in refused.value.public_message


def test_the_sizing_step_alone_is_no_edit(bench):
    """A reframe that nobody asked for does not make an undoable request a success."""
    reframe = Step("reframe", "geometry", parameters={"ratio": "1:1"})
    with pytest.raises(UnsupportedEdit):
        bench.run(step("black_and_white", region=RegionQuery("dog")), reframe, images=(room(),))


def test_a_missing_second_picture_is_named(bench):
    with pytest.raises(UnsupportedEdit, match="picture 2 was not supplied"):
        bench.run(step("replace_background", image=1))
    with pytest.raises(UnsupportedEdit, match="no second picture"):
        bench.run(step("place_subject", image=0))
    result = bench.run(step("place_subject", image=3), step("sepia"), images=(photo(), room()))
    assert "picture 4 was not supplied" in result.outcomes[0].reason


@pytest.mark.parametrize("op", ["remove_background", "background_color", "blur_background"])
def test_a_picture_without_a_subject_is_refused(bench, op):
    for picture in (flat(), room()):
        with pytest.raises(UnsupportedEdit, match="no clear subject was found in picture 1"):
            bench.run(step(op), images=(picture,))


def test_the_picture_without_a_subject_is_named(bench):
    with pytest.raises(UnsupportedEdit, match="no clear subject was found in picture 2"):
        bench.run(step("place_subject", image=1), images=(photo(), room()))


def test_can_run_needs_one_asked_for_doable_step(bench):
    reframe = Step("reframe", "geometry", parameters={"ratio": "1:1"})
    assert bench.engine.can_run(EditPlan((step("sepia"), step("change_pose"))))
    assert not bench.engine.can_run(EditPlan((step("change_pose"), reframe)))
    assert not bench.engine.can_run(EditPlan((step("cartoon"),)))


# --- regions ---


def test_subject_and_background_are_told_apart(bench):
    on_subject, on_background = (
        bench.run(step("black_and_white", region=RegionQuery(query))).pictures[0].pixels.astype(int)
        for query in ("subject", "background")
    )
    middle, corner = np.s_[55:65, 75:85], np.s_[:10, :10]
    assert np.ptp(on_subject[middle], axis=2).max() == 0
    assert np.array_equal(on_subject[corner], photo().pixels[corner])
    assert np.ptp(on_background[corner], axis=2).max() == 0
    assert np.array_equal(on_background[middle], photo().pixels[middle])


@pytest.mark.parametrize(
    ("move", "undo"),
    [
        (step("flip", parameters={"direction": "horizontal"}), np.fliplr),
        (step("flip", parameters={"direction": "vertical"}), np.flipud),
        (step("rotate", parameters={"angle_deg": 90}), lambda a: np.rot90(a, 1)),
    ],
)
def test_masks_travel_with_earlier_moves(bench, move, undo):
    """A subject that is off center stays the subject after a flip or a turn, whichever step looks for it first."""
    picture = photo(center=(0.3, 0.4))
    tone = step("black_and_white", region=RegionQuery("background"))
    moved = bench.run(move, tone, images=(picture,)).pictures[0].pixels
    still = bench.run(tone, images=(picture,)).pictures[0].pixels
    assert np.array_equal(undo(moved), still)


def test_masks_travel_when_they_were_found_before_the_move(bench):
    picture = photo(center=(0.3, 0.4))
    tone = step("black_and_white", region=RegionQuery("background"))
    both = bench.run(step("background_color"), step("flip"), tone, images=(picture,)).pictures[0].pixels
    without = bench.run(step("background_color"), tone, images=(picture,)).pictures[0].pixels
    assert np.array_equal(both[:, ::-1], without)


def test_a_cut_out_has_its_subject_already():
    """No network is asked where the file's own transparency answers."""
    pixels = np.dstack([photo().pixels, np.zeros((120, 160), np.uint8)])
    pixels[30:90, 50:110, 3] = 255
    bench = Bench()
    after = bench.run(step("background_color", parameters={"color": "#0000FF"}), images=(Image(pixels),)).pictures[0]
    assert bench.network.calls == 0
    assert (after.rgb[0, 0] == (0, 0, 255)).all()
    assert np.array_equal(after.rgb[40:80, 60:100], pixels[40:80, 60:100, :3])


def test_the_network_is_asked_once_a_picture_however_much_is_done():
    bench = Bench()
    second = photo(center=(0.3, 0.4))
    bench.run(
        step("replace_background", image=1),
        step("place_subject", image=1),
        step("blur_background"),
        step("reframe", parameters={"ratio": "16:9"}),
        step("black_and_white", region=RegionQuery("background")),
        step("adjust_brightness"),
        images=(photo(), second),
        num_images=4,
    )
    assert bench.network.calls == 2


def test_steps_that_need_no_region_ask_no_network():
    bench = Bench()
    bench.run(step("sepia"), step("flip"), step("rotate"))
    assert bench.network.calls == 0


def test_it_works_without_weights():
    engine = EmbeddedEngine(workers=Workers(1), networks=Networks())
    request = EditRequest(MODEL, "words", ("x",), 1, "auto")
    plan = EditPlan((step("remove_background"),))
    picture = engine.edit_now(EngineInput((photo(),), plan, request), EditContext(FOREVER)).pictures[0]
    _, inside = ball(160, 120, radius=0.3)
    found = picture.alpha > 127
    assert (found & inside).sum() / (found | inside).sum() > 0.9


# --- order, merging ---


def test_moves_are_merged_and_the_size_is_exact(bench):
    result = bench.run(
        step("rotate", parameters={"angle_deg": 7}),
        step("flip"),
        step("reframe", parameters={"ratio": "21:9"}),
        step("sepia"),
    )
    assert result.pictures[0].size == (1536, 672)
    assert all(outcome.status is Status.DONE for outcome in result.outcomes)


def test_flipping_twice_is_the_picture_itself(bench):
    result = bench.run(step("flip"), step("flip"))
    assert np.array_equal(result.pictures[0].pixels, photo().pixels)


def test_outcomes_are_in_the_plans_order(bench):
    steps = [step("sepia"), step("change_pose"), step("flip"), step("adjust_contrast")]
    result = bench.run(*steps, ordered=False)
    assert [outcome.step.op for outcome in result.outcomes] == [s.op for s in steps]


def test_the_given_pictures_are_not_written_to(bench):
    images = (photo(), photo(center=(0.3, 0.4)))
    copies = [image.pixels.copy() for image in images]
    bench.run(step("place_subject", image=1), step("sepia"), step("remove_background"), step("flip"), images=images)
    assert all(np.array_equal(image.pixels, copy) for image, copy in zip(images, copies, strict=True))


# --- stopping ---


def test_it_stops_between_steps_when_the_caller_left(bench):
    begun = []

    def leave_at_the_second(op, k, total):
        begun.append((op, k, total))
        if k == 1:
            context.cancel()

    context = EditContext(FOREVER, report=leave_at_the_second)
    with pytest.raises(Cancelled):
        bench.run(step("sepia"), step("adjust_contrast"), step("adjust_exposure"), context=context, ordered=False)
    assert begun == [("sepia", 0, 3), ("adjust_contrast", 1, 3)]


def test_it_stops_between_steps_at_the_deadline(bench):
    now = iter([0.0, 0.5, 99.0])
    context = EditContext(1.0, clock=lambda: next(now))
    with pytest.raises(DeadlineExceeded):
        bench.run(step("sepia"), step("adjust_contrast"), step("adjust_exposure"), context=context)


def test_progress_is_reported_for_every_step(bench):
    seen = []
    context = EditContext(FOREVER, report=lambda *now: seen.append(now))
    bench.run(step("change_pose"), step("sepia"), context=context, ordered=False)
    assert seen == [("change_pose", 0, 2), ("sepia", 1, 2)]


# --- several pictures ---


def test_an_unstated_amount_gives_a_ladder_with_the_plain_edit_first(bench):
    pictures = bench.run(step("adjust_brightness"), num_images=3).pictures
    assert len(pictures) == 3
    default = catalog()["adjust_brightness"].parameters["amount"].default
    for picture, factor in zip(pictures, LADDER, strict=False):
        exact = adjust_brightness(photo().pixels / np.float32(255), amount=default * factor) * 255
        assert np.abs(picture.pixels - exact).max() <= 0.51
    assert LADDER[0] == 1
    subtle, normal, strong = (pictures[k].pixels.mean() for k in (1, 0, 2))
    assert subtle < normal < strong


def test_four_pictures_of_a_flip_are_one_picture_and_a_note(bench):
    result = bench.run(step("flip"), num_images=4)
    assert len(result.pictures) == 1
    assert "1 picture was made instead of 4" in result.notes[0]


def test_a_stated_amount_does_not_vary(bench):
    stated = step("adjust_brightness", parameters={"amount": 0.3}, stated=("amount",))
    result = bench.run(stated, num_images=3)
    assert len(result.pictures) == 1
    assert "instead of 3" in result.notes[0]


def test_pictures_that_came_out_alike_are_delivered_once(bench):
    """At 0.9 the two strongest rungs both end at the range's limit."""
    result = bench.run(step("adjust_brightness", parameters={"amount": 0.9}), num_images=4)
    assert len(result.pictures) == 3
    assert "3 pictures were made instead of 4" in result.notes[0]


def test_a_skipped_step_does_not_count_as_varying(bench):
    dark = step("adjust_brightness", region=RegionQuery("dog"))
    result = bench.run(step("flip"), dark, images=(room(),), num_images=2)
    assert len(result.pictures) == 1


def test_no_note_where_all_were_made(bench):
    assert bench.run(step("adjust_contrast"), num_images=4).notes == ()


def test_a_thing_of_the_first_picture_goes_into_the_second_where_only_that_one_lacks_it(bench):
    """The red ball is seen in one picture; whichever of the two is sent first, it stands in the other."""
    place = step("place_subject", region=RegionQuery("ball", color="red"), image=1, target="red ball", span="put it")
    ball_first, room_first = (bench.run(place, images=images) for images in ((photo(), room()), (room(), photo())))
    assert np.array_equal(ball_first.pictures[0].pixels, room_first.pictures[0].pixels)
    assert [result.outcomes[0].step.image for result in (ball_first, room_first)] == [0, 1]
    said = dataclasses.replace(place, span="put the ball from image 2 there")
    with pytest.raises(UnsupportedEdit):
        bench.run(said, images=(photo(), flat()))


def test_several_placements_stand_in_different_places(bench):
    result = bench.run(step("place_subject", image=1), images=(room(), photo()), num_images=4)
    assert len(result.pictures) == 4


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(bench):
    def made(seed):
        context = EditContext(FOREVER, seed=seed)
        steps = (step("place_subject", image=1), step("blur_background"))
        return bench.run(*steps, images=(room(), photo()), num_images=3, context=context).pictures

    one, same, other = made(5), made(5), made(6)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, same, strict=True))
    assert np.array_equal(one[0].pixels, other[0].pixels), "the first picture is done plainly"
    assert not np.array_equal(one[1].pixels, other[1].pixels)


def test_edits_leave_the_event_loop_free(bench):
    """`edit` runs in the worker threads: the loop ticks while the pixels are worked."""
    plan = EditPlan((step("sepia"),))
    given = EngineInput((photo(),), plan, EditRequest(MODEL, "words", ("x",), 1, "auto"))
    loops = []
    context = EditContext(FOREVER, report=lambda *_: loops.append(_running_loop()))

    async def both():
        return await bench.engine.edit(given, context)

    result = asyncio.run(both())
    assert loops == [None]
    assert np.array_equal(result.pictures[0].pixels, bench.engine.edit_now(given, context).pictures[0].pixels)


def _running_loop():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def test_metadata_of_the_first_picture_is_kept(bench):
    picture = dataclasses.replace(photo(), metadata=dataclasses.replace(photo().metadata, dpi=(300, 300)))
    result = bench.run(step("flip"), step("sepia"), images=(picture,))
    assert result.pictures[0].metadata.dpi == (300, 300)


@pytest.mark.parametrize(("target", "said"), [("woman", True), ("subject", False)])
def test_a_thing_that_was_not_looked_for_by_name_is_said_to_be_assumed(bench, target, said):
    (outcome,) = bench.run(step("remove_background", target=target, region=RegionQuery(target.lower()))).outcomes
    assert ("taken to be what stands out" in outcome.reason) == said


# --- what a picture tells of itself is seen on the grid the step works on ---


def leaning(angle_deg=4.0):
    """A tiled wall, turned clockwise."""
    wall = np.full((500, 640, 3), 220, np.uint8)
    wall[::50], wall[:, ::50] = 90, 90
    wall[1::50], wall[:, 1::50] = 90, 90
    turned = rotate((640, 500), angle_deg=angle_deg, fill=None)
    return render(Image(wall), turned)


@pytest.mark.parametrize("before", [[], [("rotate", {"angle_deg": 90})], [("flip", {"direction": "horizontal"})]])
def test_a_picture_is_leveled_after_whatever_moved_it(bench, before):
    steps = [step(op, parameters=parameters) for op, parameters in before]
    result = bench.run(*steps, step("straighten"), images=(leaning(),), ordered=False)
    assert [status for _, status in statuses(result)] == [Status.DONE] * (len(before) + 1)
    assert abs(find_tilt(result.pictures[0]).angle_deg) < 0.1


def test_without_lines_straightening_is_skipped_with_its_reason(bench):
    result = bench.run(step("straighten"), step("sepia"), images=(flat(),))
    assert "level" in next(o.reason for o in result.outcomes if o.status is Status.SKIPPED)


def test_a_colored_margin_survives_the_sizing_step(bench):
    pad = step("pad", parameters={"color": "#FF0000", "amount": 0.2})
    sizing = Step("reframe", "geometry", parameters={"ratio": "9:16", "policy": "pad"})
    picture = bench.run(pad, sizing).pictures[0]
    assert picture.size == (768, 1344)
    red = (picture.pixels == (255, 0, 0)).all(axis=2)
    assert red[672, :80].all()
    assert not red[:200].any()


# --- a picture drawn anew on a finer grid ---


def test_after_an_enlargement_later_steps_find_their_region_on_the_new_grid(bench):
    subject = RegionQuery("subject")
    steps = (step("upscale", parameters={"scale": 2.0}), step("black_and_white", target="subject", region=subject))
    result = bench.run(*steps)
    (picture,) = result.pictures
    assert picture.size == (320, 240)
    middle, corner = picture.pixels[120, 160], picture.pixels[4, 4]
    assert middle.max() - middle.min() == 0
    assert corner.max() - corner.min() > 5 or np.array_equal(corner, photo().pixels[2, 2])


def test_an_enlargement_beyond_what_the_service_allows_is_refused_in_numbers():
    engine = EmbeddedEngine(workers=Workers(1), networks=Networks(), most_pixels=50_000)
    plan = finish_plan((step("upscale", parameters={"scale": 4.0}),), ())
    request = EditRequest(MODEL, "words", ("x",), 1, "auto")
    with pytest.raises(UnsupportedEdit, match=r"640 × 480 pixels; at most 50,000"):
        engine.edit_now(EngineInput((photo(),), plan, request), EditContext(FOREVER))


def test_scratches_are_looked_for_where_the_caller_points_and_never_by_their_name(bench):
    pixels = room().pixels.copy()
    pixels[20:100, 30:33] = pixels[20:100, 120:123] = 250
    plan = finish_plan((step("remove_scratches", target="scratches", region=RegionQuery("scratches")),), ())
    request = EditRequest(MODEL, "words", ("x",), 1, "auto", pointing=Pointing(mask="m"))
    mask = np.zeros_like(pixels)
    mask[:, :80] = 255
    given = EngineInput((Image(pixels),), plan, request, Image(mask))
    result = bench.engine.edit_now(given, EditContext(FOREVER))
    after = result.pictures[0].pixels
    assert (after[30:90, 31] != 250).any(axis=1).all()
    assert np.array_equal(after[:, 80:], pixels[:, 80:])


# --- two things, parts of people, several pictures by chance ---


def test_two_things_are_named_by_the_region_or_by_the_amounts(bench):
    for step_of_two in (
        step(
            "swap_colors", region=RegionQuery("", any_of=(RegionQuery("", color="red"), RegionQuery("", color="blue")))
        ),
        step("swap_colors", parameters={"a": "red", "b": "blue"}),
    ):
        pixels = np.full((120, 160, 3), 200, np.uint8)
        pixels[30:90, 20:70], pixels[30:90, 90:140] = (210, 30, 30), (30, 40, 210)
        (after,) = bench.run(step_of_two, images=(Image(pixels),)).pictures
        assert after.rgb[60, 45].argmax() == 2
        assert after.rgb[60, 115].argmax() == 0


def test_without_two_things_nothing_is_exchanged(bench):
    with pytest.raises(UnsupportedEdit, match="which two things"):
        bench.run(step("swap_colors", parameters={"a": "red"}))


def test_an_op_of_a_part_says_so_when_there_is_nobody(bench):
    with pytest.raises(UnsupportedEdit, match="no person"):
        bench.run(step("recolor_hair", parameters={"color": "#FF0000"}))


def test_pictures_that_differ_by_chance(bench):
    result = bench.run(step("backdrop", parameters={"name": "cafe"}), num_images=3)
    assert len(result.pictures) == 3
    again = bench.run(step("backdrop", parameters={"name": "cafe"}), num_images=3)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(result.pictures, again.pictures, strict=True))
