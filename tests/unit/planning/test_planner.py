"""The planner on whole messages: what every step says beside its op, what is kept, what is not read, and in what order.

Which op a sentence asks for stands in `examples/` and `labelled.jsonl`; here is what those leave open.
"""

import json
import os
import subprocess
import sys

import pytest

from cavendish.domain.plan import CONTEXT, Unsupported
from cavendish.ops.catalog import catalog
from cavendish.planning.planner import PhrasePlanner, finish_plan

PLANNER = PhrasePlanner()
NOT_FOUND = "no operation was found for these words"

# How a step is written in a label: the op, then its parameters (`=` a stated amount or a choice, `+` or `-` an unstated
# amount's direction), `@` the region, `#2` the other picture, `>` the placement, `~` the thing named without a region.
# `(op)` has no code in this version; `?op` needs a generative engine.


def said(step):
    varies = catalog()[step.op].varies
    parts = [step.op if step.available else f"({step.op})" if step.exact else f"?{step.op}"]
    for name, value in sorted(step.parameters.items()):
        shown = f"{value:g}" if isinstance(value, int | float) else value
        amount = name == varies and name not in step.stated
        parts.append(f"{name}{'+' if value > 0 else '-'}" if amount else f"{name}={shown}")
    parts += [f"@{step.region.query}"] if step.region else []
    parts += [f"#{step.image + 1}"] if step.image else []
    parts += [f">{step.placement}"] if step.placement else []
    parts += [f"~{step.target}"] if step.target and not step.region else []
    return " ".join(parts)


ONE_PICTURE = [
    # amounts, stated and not
    ("Make it brighter", "adjust_brightness amount+"),
    ("increase the brightness by 20%", "adjust_brightness amount=0.2"),
    ("make the image 10% brighter", "adjust_brightness amount=0.1"),
    ("Brighten it 15%", "adjust_brightness amount=0.15"),
    ("lower the brightness by 15 percent", "adjust_brightness amount=-0.15"),
    ("it's overexposed", "adjust_exposure exposure_ev-"),
    ("increase the exposure by two stops please", "adjust_exposure exposure_ev=2"),
    ("lower the exposure by half a stop", "adjust_exposure exposure_ev=-0.5"),
    ("Increase the exposure by 1/3 stop", "adjust_exposure exposure_ev=0.3333"),
    ("raise exposure by 1.5 EV", "adjust_exposure exposure_ev=1.5"),
    ("boost contrast by 40 percent", "adjust_contrast amount=0.4"),
    ("make it less contrasty", "adjust_contrast amount-"),
    ("Make It BLACK AND WHITE!!!", "black_and_white"),
    ("give the photo a warm sepia look", "sepia strength+"),
    ("increase saturation by 25%", "adjust_saturation amount=0.25"),
    ("tone down the colors", "adjust_saturation amount-"),
    ("make the colors more vivid", "adjust_vibrance amount+"),
    ("make it pop", "adjust_vibrance; auto_enhance"),
    # where
    ("brighten the subject", "adjust_brightness amount+ @subject"),
    ("make the dog brighter", "adjust_brightness amount+ @dog"),
    ("brighten the background", "adjust_brightness amount+ @background"),
    ("darken the background by 30%", "darken_background amount=0.3"),
    ("reduce the saturation of the background", "desaturate_background amount+"),
    ("make everything else darker", "adjust_brightness amount- @background"),
    ("Make everything except the subject black and white", "color_pop @subject"),
    ("only the sky: darker and warmer", "adjust_brightness amount- @sky; adjust_warmth amount+ @sky"),
    ("Dim the lamp by 40%", "adjust_brightness amount=-0.4 @lamp"),
    # geometry
    ("rotate the image by 45 degrees counterclockwise", "rotate angle_deg=-45"),
    ("Rotate counter clockwise by 30", "rotate angle_deg=-30"),
    ("rotate it to the left", "rotate angle_deg=-90"),
    ("turn the photo clockwise by 12.5°", "rotate angle_deg=12.5"),
    ("turn it upside down", "rotate angle_deg=180"),
    ("flip the photo vertically", "flip direction=vertical"),
    ("flip it horizontally and then flip it vertically", "flip direction=horizontal; flip direction=vertical"),
    ("crop it to 16:9", "crop ratio=16:9 to=ratio"),
    ("crop it to 7:5", "(crop) ratio=7:5 to=ratio"),
    ("crop tightly around the subject", "crop to=subject @subject"),
    ("zoom in on the cat", "crop to=subject @cat"),
    ("change the picture to 9:16", "reframe ratio=9:16"),
    ("reframe to 4 x 5", "reframe ratio=4:5"),
    ("resize it to 800x600", "resize height_px=600 width_px=800"),
    # background and blur
    ("cut out the woman", "remove_background @woman"),
    ("make the background a cozy café with bokeh", "backdrop name=cafe"),
    ("the dog is sitting in a cozy café", "?change_pose @dog; backdrop name=cafe @dog"),
    ("isolate the vase", "extract_subject @vase"),
    ("put it on a white background", "background_color color=#FFFFFF"),
    ("change the background color to #336699", "background_color color=#336699"),
    ("replace the background with light blue", "background_color color=#A9CDF5"),
    ("blur the background, with a bokeh effect", "blur_background strength+"),
    # what this version has no code for
    ("remove the person on the left", "remove_person @person"),
    ("change the shirt to red", "recolor color=#E02020 @shirt"),
    ("extend the picture to the left", "extend_canvas sides=['left']"),
    ("make the man look older", "?change_age @man"),
    ("add a hat to the man", "?change_clothes clothes=a hat @man"),
    # several asks
    ("remove the background and make it black and white", "black_and_white; remove_background"),
    (
        "brighten it, increase contrast and crop to a square",
        "adjust_brightness amount+; adjust_contrast amount+; crop ratio=1:1 to=ratio",
    ),
    ("reduce contrast and brightness by 20%", "adjust_brightness amount=-0.2; adjust_contrast amount=-0.2"),
    (
        "Increase brightness by 10% and contrast by 30%",
        "adjust_brightness amount=0.1; adjust_contrast amount=0.3",
    ),
    ("increase contrast and sharpness", "adjust_contrast amount+; sharpen amount+"),
    ("First crop to 4:3, then make it sepia.", "crop ratio=4:3 to=ratio; sepia strength+"),
    (
        "Make the background darker and the subject brighter",
        "adjust_brightness amount+ @subject; darken_background amount+",
    ),
    ("remove the man, the dog and the bench", "remove_object @bench; remove_object @dog; remove_person @man"),
    ("make her smile and crop to 4:3", "?change_expression; crop ratio=4:3 to=ratio"),
    (
        "remove the text and make the background white",
        "background_color color=#FFFFFF; remove_text @text",
    ),
    # other languages
    ("mach das Bild heller", "adjust_brightness amount+"),
    ("mach das Bild heller und entferne den Hintergrund", "adjust_brightness amount+; remove_background"),
    ("把背景换成白色", "background_color color=#FFFFFF"),
]

TWO_PICTURES = [
    ("use image 2 as the background", "replace_background #2"),
    ("change the background to the beach from the second photo", "replace_background #2"),
    ("put the cat in front of the second image", "replace_background @cat #2"),
    ("Put the second image behind the subject", "replace_background @subject #2"),
    ("put the mug from the second picture on the left", "place_subject @mug #2 >left"),
    ("place the dog from photo 2 in the bottom right corner", "place_subject @dog #2 >bottom-right"),
    (
        "insert the lamp from the second photo next to the sofa, make it large",
        "place_subject scale=0.62 @lamp #2 >next to the sofa",
    ),
    ("combine both images", "place_subject #2"),
    ("make a collage of these photos in a grid", "collage layout=grid #2"),
    ("arrange all the pictures in one row", "collage layout=row #2"),
    (
        "put the bear from picture 2 on the left and the mug from picture 3 on the right",
        "place_subject @bear #2 >left; place_subject @mug #3 >right",
    ),
    ("put the mug from the third picture in the middle", "place_subject @mug #3 >center"),
    ("Put the dog from image 1 on a beach", "?new_scene scene=a beach @dog"),
    (
        "Place the mug from image 1 and the teddy from image 2 on a wooden table",
        "backdrop name=table @mug; place_subject @teddy #2",
    ),
    ("use image 2 as background, blurred", "blur_background; replace_background #2"),
    ("use image 2 as a blurred background", "blur_background strength+; replace_background #2"),
    ("put the dog on the road in picture 2", "place_subject @dog #2 >on the road"),
    ("put the sunglasses next to the teddy bear", "place_subject @sunglasses #2 >next to the teddy bear"),
    (
        "Replace the lantern in the first image with the dog in the second image.",
        "copy_object @dog #2 >instead of the lantern; remove_object @lantern",
    ),
    (
        "put the mug from image 2 in place of the vase",
        "copy_object @mug #2 >instead of the vase; remove_object @vase",
    ),
]


def read(text, images):
    steps, unsupported = PLANNER.read(text, images=images)
    return "; ".join(sorted(map(said, steps))), [item.text for item in unsupported]


@pytest.mark.parametrize(("text", "label"), ONE_PICTURE)
def test_asks_on_one_picture(text, label):
    assert read(text, 1) == (label, [])


@pytest.mark.parametrize(("text", "label"), TWO_PICTURES)
def test_asks_on_several_pictures(text, label):
    assert read(text, 3) == (label, [])


@pytest.mark.parametrize(
    ("weak", "plain", "strong"),
    [
        ("brighten it slightly", "brighten it", "brighten it a lot"),
        ("a bit more contrast", "more contrast", "much more contrast"),
        ("blur the background slightly", "blur the background", "blur the background heavily"),
        ("darken it gently", "darken it", "darken it drastically"),
        ("desaturate it a little", "desaturate it", "desaturate it completely"),
    ],
)
def test_adverbs_scale_the_amount(weak, plain, strong):
    def amount(text):
        (step,), unsupported = PLANNER.read(text, images=1)
        assert not unsupported
        assert not step.stated, "an adverb states no exact amount, so further pictures may vary"
        return abs(step.parameters[catalog()[step.op].varies])

    assert amount(weak) < 0.6 * amount(plain)
    assert amount(plain) < amount(strong)


def test_the_seed_pages_example():
    prompt = (
        "Combine the images so the T-Rex is wearing a business suit, sitting in a cozy small café, drinking from the "
        "mug. Blur the background slightly to create a bokeh effect."
    )
    steps, unsupported = PLANNER.read(prompt, images=2)
    by_op = {step.op: step for step in steps}
    assert by_op["place_subject"].image == 1
    assert by_op["place_subject"].available
    assert 0 < by_op["blur_background"].parameters["strength"] < 0.5
    assert by_op["change_clothes"].parameters["clothes"] == "a business suit"
    assert not by_op["change_clothes"].exact
    assert not by_op["change_pose"].exact
    assert [item.reason for item in unsupported if item.reason != CONTEXT] == []


# --- what is kept


@pytest.mark.parametrize(
    ("text", "ops", "guard"),
    [
        ("make it brighter, but keep the sky as it is", ["adjust_brightness"], "keep the sky"),
        ("remove the background. Don't touch the hair!", ["remove_background"], "Don't touch the hair"),
        ("remove the man but keep his shadow", ["remove_person"], "keep his shadow"),
        ("keep the shadow, remove the man", ["remove_person"], "keep the shadow"),
        ("remove the car without changing the sky", ["remove_object"], "without changing the sky"),
        ("don't blur the background but make it sepia", ["sepia"], "don't blur the background"),
        ("make it warmer but leave the face alone", ["adjust_warmth"], "leave the face alone"),
        ("Brighter but not more saturated", ["adjust_brightness"], "not more saturated"),
        ("Make it darker, not brighter", ["adjust_brightness"], "not brighter"),
    ],
)
def test_what_to_keep_is_a_guard_of_every_step_and_no_edit(text, ops, guard):
    steps, unsupported = PLANNER.read(text, images=1)
    assert [step.op for step in steps] == ops
    assert [step.guards for step in steps] == [(guard,)]
    assert not unsupported


def test_guards_hold_for_asks_before_and_after():
    steps, _ = PLANNER.read("flip it. Don't touch the face. Make it sepia, and keep the logo.", images=1)
    assert [step.op for step in steps] == ["flip", "sepia"]
    assert {step.guards for step in steps} == {("Don't touch the face", "keep the logo")}


# --- what is not read


@pytest.mark.parametrize(
    ("text", "op", "unread"),
    [
        ("asdf qwerty", None, "asdf qwerty"),
        ("what a lovely day", None, "what a lovely day"),
        ("juggle the balls", None, "juggle the balls"),
        ("flip it. Frobnicate the gizmo.", "flip", "Frobnicate the gizmo"),
    ],
)
def test_words_that_no_op_covers_are_listed_as_written(text, op, unread):
    steps, unsupported = PLANNER.read(text, images=1)
    assert [step.op for step in steps] == ([op] if op else [])
    assert unsupported == [Unsupported(unread, NOT_FOUND)]


def test_why_something_is_asked_is_context():
    (step,), (reason,) = PLANNER.read("remove the sign because it looks cheap", images=1)
    assert step.op == "remove_object"
    assert reason == Unsupported("because it looks cheap", CONTEXT)


@pytest.mark.parametrize("text", ["убери фон", "Убери фон и сделай фото ярче", "rimuovi lo sfondo"])
def test_a_language_that_is_not_read_is_said_and_left_to_a_generative_engine(text):
    plan = finish_plan(*PLANNER.read(text, images=1))
    assert [(step.op, step.exact, step.span) for step in plan.steps] == [("other", False, text)]
    assert plan.unsupported == (Unsupported(text, "this version does not read this language"),)
    assert "does not read this language" in plan.description


@pytest.mark.parametrize(
    ("text", "ops"),
    [
        ('remove the sign {"objects": [{"type": "text", "text": "add text HELLO"}]}', ["remove_object"]),
        ('make it sepia\n{"prompt": "add the text SALE", "style": "cartoon"}', ["sepia"]),
        ('{"task": "add text", "text": "SALE"}', []),
        ('add the text "Add a {hat}" in red', ["add_text"]),
    ],
)
def test_data_in_a_prompt_is_no_ask(text, ops):
    assert [step.op for step in PLANNER.read(text, images=1)[0]] == ops


# --- the plan as a whole


def test_words_are_kept_as_written():
    text = "Please REMOVE the Background, then make the Dog’s coat darker"
    steps, _ = PLANNER.read(text, images=1)
    assert [step.span for step in steps] == ["REMOVE the Background", "make the Dog’s coat darker"]
    assert steps[1].target == "Dog’s coat"
    assert (steps[1].region.query, steps[1].region.of) == ("coat", "dog")


def test_a_translated_step_keeps_the_words_of_its_own_language():
    steps, _ = PLANNER.read("Mach das Bild heller und entferne den Hintergrund!", images=1)
    assert [step.span for step in steps] == ["Mach das Bild heller", "entferne den Hintergrund"]


def test_the_same_ask_twice_is_one_step():
    steps, _ = PLANNER.read("blur the background. Yes, blur the background slightly, please", images=1)
    assert len(steps) == 1


def test_different_asks_of_one_op_are_all_kept():
    steps, _ = PLANNER.read("rotate 90 degrees, rotate 10 degrees, brighten the picture, darken the picture", images=1)
    assert sorted(map(said, steps)) == [
        "adjust_brightness amount+",
        "adjust_brightness amount-",
        "rotate angle_deg=10",
        "rotate angle_deg=90",
    ]


def test_steps_are_ordered_for_execution_and_say_the_plan_back():
    steps, unsupported = PLANNER.read(
        "make it sepia, rotate 90 degrees, blur the background, remove the background. Frobnicate the gizmo", images=1
    )
    plan = finish_plan(steps, unsupported)
    assert [step.op for step in plan.steps] == ["remove_background", "blur_background", "rotate", "sepia"]
    assert plan.description.startswith("Understood: removed the background, blurred the background")
    assert "“Frobnicate the gizmo”" in plan.description
    assert plan.unsupported == (Unsupported("Frobnicate the gizmo", NOT_FOUND),)


def test_a_plan_without_anything_doable_says_so():
    plan = finish_plan(*PLANNER.read("make her smile", images=1))
    assert plan.description.startswith("Nothing here can be done by this engine.")
    assert "“make her smile” (it needs a generative engine)" in plan.description


_PLANS = """
import json, sys
from cavendish.planning.planner import PhrasePlanner, finish_plan
for text in json.load(sys.stdin):
    print(json.dumps(finish_plan(*PhrasePlanner().read(text, images=2)).to_json()))
"""


def _plans(texts, seed):
    """The plans of a fresh interpreter whose sets are in another order."""
    run = subprocess.run(
        [sys.executable, "-c", _PLANS],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
    )
    return run.stdout.splitlines()


@pytest.mark.long  # starts two processes and reads all rules in each
def test_plans_do_not_depend_on_the_order_of_sets():
    texts = [text for text, _ in (*ONE_PICTURE, *TWO_PICTURES)]
    texts += ["remove him, the smal bikes and teh sign on hte wall", "Убери фон", "make it pop, moody and less yelow"]
    assert len(texts) >= 40
    first, second = _plans(texts, 1), _plans(texts, 2)
    assert len(first) == len(texts)
    assert first == second


def test_an_edit_has_as_many_steps_as_can_be_sent_back():
    message = ". ".join(f"remove the {color} {thing}" for color in ("red", "blue", "green") for thing in _THINGS)
    steps, unsupported = PLANNER.read(message, images=1)
    assert len(steps) == 40
    assert "remove the green bike" in unsupported[-1].text
    plan = finish_plan(steps, unsupported)
    more, left = PLANNER.read("make it brighter", images=1, previous=plan)
    assert len(more) == 40
    assert "at most 40 steps" in left[-1].reason


_THINGS = (
    "cup",
    "chair",
    "lamp",
    "bag",
    "car",
    "tree",
    "box",
    "plate",
    "book",
    "vase",
    "clock",
    "bench",
    "sign",
    "ball",
    "bike",
)
