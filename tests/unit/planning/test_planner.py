"""The planner on labelled instructions: what is asked is found, what is not understood is said, nothing is invented."""

import pytest

from cavendish.domain.plan import Unsupported
from cavendish.ops.catalog import catalog
from cavendish.planning.planner import PhrasePlanner, finish_plan

PLANNER = PhrasePlanner()

# How a step is written in a label: `op`, then its parameters (`=` a stated amount or a choice, `+` or `-` an unstated
# amount's direction), `@` the region, `#2` the other picture, `>` the placement, `~` the thing named.
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
    # tone
    ("Make it brighter", "adjust_brightness amount+"),
    ("Brighten the photo a little", "adjust_brightness amount+"),
    ("please lighten up this picture", "adjust_brightness amount+"),
    ("increase the brightness by 20%", "adjust_brightness amount=0.2"),
    ("make the image 10% brighter", "adjust_brightness amount=0.1"),
    ("Could you make the picture a bit darker?", "adjust_brightness amount-"),
    ("darken it slightly", "adjust_brightness amount-"),
    ("lower the brightness by 15 percent", "adjust_brightness amount=-0.15"),
    ("This photo is too dark", "adjust_exposure exposure_ev+"),
    ("it's overexposed", "adjust_exposure exposure_ev-"),
    ("increase the exposure by two stops please", "adjust_exposure exposure_ev=2"),
    ("lower the exposure by half a stop", "adjust_exposure exposure_ev=-0.5"),
    ("raise exposure by 1.5 EV", "adjust_exposure exposure_ev=1.5"),
    ("More contrast", "adjust_contrast amount+"),
    ("bump up the contrast", "adjust_contrast amount+"),
    ("give it much more contrast", "adjust_contrast amount+"),
    ("boost contrast by 40 percent", "adjust_contrast amount=0.4"),
    ("reduce the contrast a touch", "adjust_contrast amount-"),
    ("make it less contrasty", "adjust_contrast amount-"),
    ("turn it into black and white", "black_and_white"),
    ("Make It BLACK AND WHITE!!!", "black_and_white"),
    ("B&W please", "black_and_white"),
    ("make a black-and-white version", "black_and_white"),
    ("convert this to grayscale", "black_and_white"),
    ("give it a sepia tone", "sepia strength+"),
    ("give the photo a warm sepia look", "sepia strength+"),
    # hue
    ("make the colors more vivid", "adjust_saturation amount+"),
    ("Make the colours pop", "adjust_saturation amount+"),
    ("the colors are too dull, make them more vibrant", "adjust_saturation amount+"),
    ("increase saturation by 25%", "adjust_saturation amount=0.25"),
    ("boost the colors", "adjust_saturation amount+"),
    ("less saturated please", "adjust_saturation amount-"),
    ("desaturate the photo completely", "adjust_saturation amount-"),
    ("tone down the colors", "adjust_saturation amount-"),
    # regions
    ("brighten the subject", "adjust_brightness amount+ @subject"),
    ("make the subject a bit more saturated", "adjust_saturation amount+ @subject"),
    ("darken the background by 30%", "adjust_brightness amount=-0.3 @background"),
    ("reduce the saturation of the background", "adjust_saturation amount- @background"),
    ("make the background black and white", "black_and_white @background"),
    ("Make everything except the subject black and white", "black_and_white @background"),
    ("make everything else darker", "adjust_brightness amount- @background"),
    ("make the dog brighter", "adjust_brightness amount+ @dog"),
    # geometry
    ("rotate 90 degrees clockwise", "rotate angle_deg=90"),
    ("rotate the image by 45 degrees counterclockwise", "rotate angle_deg=-45"),
    ("rotate it to the left", "rotate angle_deg=-90"),
    ("turn the photo clockwise by 12.5°", "rotate angle_deg=12.5"),
    ("turn it upside down", "rotate angle_deg=180"),
    ("flip it horizontally", "flip direction=horizontal"),
    ("mirror the image", "flip direction=horizontal"),
    ("flip the photo vertically", "flip direction=vertical"),
    ("flip it horizontally and then flip it vertically", "flip direction=horizontal; flip direction=vertical"),
    ("crop to a square", "crop ratio=1:1 to=ratio"),
    ("crop it to 16:9", "crop ratio=16:9 to=ratio"),
    ("crop tightly around the subject", "crop to=subject ~subject"),
    ("zoom in on the cat", "crop to=subject ~cat"),
    ("crop out the empty space", "crop to=subject"),
    ("make it square", "reframe ratio=1:1"),
    ("change the picture to 9:16", "reframe ratio=9:16"),
    ("reframe to 4 x 5", "reframe ratio=4:5"),
    # background and blur
    ("remove the background", "remove_background"),
    ("please get rid of the backdrop", "remove_background"),
    ("cut out the woman", "remove_background ~woman"),
    ("isolate the vase", "remove_background ~vase"),
    ("make the background transparent", "remove_background"),
    ("put it on a white background", "background_color color=#FFFFFF"),
    ("make the background black", "background_color color=#000000"),
    ("change the background color to #336699", "background_color color=#336699"),
    ("replace the background with light blue", "background_color color=#A9CDF5"),
    ("plain white background please", "background_color color=#FFFFFF"),
    ("blur the background", "blur_background strength+"),
    ("strongly blur the background behind the man", "blur_background strength+ ~man"),
    ("make the background out of focus", "blur_background strength+"),
    ("add some bokeh", "blur_background strength+"),
    ("blur the background, with a bokeh effect", "blur_background strength+"),
    # several asks
    ("remove the background and make it black and white", "black_and_white; remove_background"),
    (
        "brighten it, increase contrast and crop to a square",
        "adjust_brightness amount+; adjust_contrast amount+; crop ratio=1:1 to=ratio",
    ),
    ("increase the contrast and saturation", "adjust_contrast amount+; adjust_saturation amount+"),
    ("reduce contrast and brightness by 20%", "adjust_brightness amount=-0.2; adjust_contrast amount=-0.2"),
    (
        "blur the background and brighten the subject",
        "adjust_brightness amount+ @subject; blur_background strength+",
    ),
    ("First crop to 4:3, then make it sepia.", "crop ratio=4:3 to=ratio; sepia strength+"),
    (
        "Rotate 90 degrees. Flip horizontally. Add contrast.",
        "adjust_contrast amount+; flip direction=horizontal; rotate angle_deg=90",
    ),
    (
        "brighten the subject and darken the background",
        "adjust_brightness amount+ @subject; adjust_brightness amount- @background",
    ),
]

TWO_PICTURES = [
    ("replace the background with the second picture", "replace_background #2"),
    ("use image 2 as the background", "replace_background #2"),
    ("change the background to the beach from the second photo", "replace_background #2 ~beach"),
    ("put the person in image 1 into image 2", "replace_background #2 ~person"),
    ("put the cat in front of the second image", "replace_background #2 ~cat"),
    ("put the mug from the second picture on the left", "place_subject #2 >left ~mug"),
    (
        "add the subject of image 2 to the first image, on the right, small",
        "place_subject scale=0.27 #2 >right ~subject",
    ),
    ("place the dog from photo 2 in the bottom right corner", "place_subject #2 >bottom-right ~dog"),
    ("insert the lamp from the second photo next to the sofa, make it large", "place_subject scale=0.62 #2 ~lamp"),
    ("combine both images", "place_subject #2"),
    ("merge the two photos and brighten the result", "adjust_brightness amount+; place_subject #2"),
    ("add the mug", "place_subject #2 ~mug"),
    ("Put the second image behind the subject", "replace_background #2 ~subject"),
]

PARTLY = [
    ("remove the watermark and brighten the picture", "(remove_watermark); adjust_brightness amount+", ""),
    ("blur the background and add a hat to the man", "?add_content ~hat; blur_background strength+", ""),
    ("make it sepia and juggle the pixels", "sepia strength+", "juggle pixels"),
    ("turn it into a cartoon, then flip it", "(cartoon); flip direction=horizontal", ""),
    ("make her smile and crop to 4:3", "?change_expression ~her; crop ratio=4:3 to=ratio", ""),
    ("increase contrast and sharpness", "adjust_contrast amount+", "sharpness"),
    ("make the photo black and white, sharpen it", "(sharpen); black_and_white", ""),
    ("remove the text and make the background white", "(remove_text); background_color color=#FFFFFF", ""),
    ("replace the sky with a sunset and add contrast", "(replace_sky) ~sunset; adjust_contrast amount+", ""),
    ("make it look like night and rotate it 90 degrees", "(grade_look); rotate angle_deg=90", ""),
]

NOT_DOABLE = [
    ("remove the person on the left", "(remove_person)", ""),
    ("change the shirt to red", "(recolor) @shirt", ""),
    ("upscale the image", "(upscale)", ""),
    ("give it a vintage look", "(grade_look)", ""),
    ("extend the picture to the left", "(extend_canvas)", ""),
    ("make it pop", "(auto_enhance)", ""),
    ("make the man look older", "?change_age ~man", ""),
    ("add snow", "?add_content ~snow", ""),
    ("change the season to winter", "?replace_content ~season", ""),
    ("view from above", "?change_viewpoint", ""),
    ("colorize this old photo", "?colorize_photo ~old photo", ""),
    ("what a lovely day", "", "lovely day"),
    ("asdf qwerty", "", "asdf qwerty"),
    ("mach das Bild heller", "", "mach das Bild heller"),
    ("crop it to 7:5", "(crop) ratio=7:5 to=ratio", ""),
]


def read(text, images):
    steps, unsupported = PLANNER.read(text, images=images)
    return "; ".join(sorted(map(said, steps))), " ".join(item.text for item in unsupported)


@pytest.mark.parametrize(("text", "label"), ONE_PICTURE)
def test_asks_on_one_picture(text, label):
    assert read(text, 1) == (label, "")


@pytest.mark.parametrize(("text", "label"), TWO_PICTURES)
def test_asks_on_two_pictures(text, label):
    assert read(text, 2) == (label, "")


@pytest.mark.parametrize(("text", "label", "unread"), PARTLY + NOT_DOABLE)
def test_what_cannot_be_done_is_named_beside_what_can(text, label, unread):
    assert read(text, 1) == (label, unread)


def test_there_are_enough_labels():
    assert len(ONE_PICTURE) + len(TWO_PICTURES) >= 80


@pytest.mark.parametrize(
    ("weak", "plain", "strong"),
    [
        ("brighten it slightly", "brighten it", "brighten it a lot"),
        ("a bit more contrast", "more contrast", "much more contrast"),
        ("blur the background slightly", "blur the background", "heavily blur the background"),
        ("gently darken it", "darken it", "darken it drastically"),
        ("desaturate it a little", "desaturate it", "completely desaturate it"),
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
    assert not by_op["change_clothes"].exact
    assert not by_op["change_pose"].exact
    assert by_op["backdrop"].exact
    assert not by_op["backdrop"].available
    assert set(by_op) == {"place_subject", "blur_background", "change_clothes", "change_pose", "backdrop"}
    assert not unsupported


@pytest.mark.parametrize(
    "text",
    [
        "make it brighter, but keep the sky as it is",
        "remove the background. Don't touch the hair!",
        "never blur the background",
    ],
)
def test_what_to_keep_is_a_guard_not_an_edit(text):
    steps, unsupported = PLANNER.read(text, images=1)
    (guard,) = unsupported
    assert guard.text.split()[0].lower() in {"keep", "but", "don't", "never"}
    assert all(step.guards == (guard.text,) for step in steps)
    assert "blur_background" not in {step.op for step in steps}


def test_words_are_kept_as_written():
    text = "Please REMOVE the Background, then make the Dog’s coat darker"
    steps, _ = PLANNER.read(text, images=1)
    assert [step.span for step in steps] == ["REMOVE the Background", "make the Dog's coat darker"]
    assert steps[1].region.query == "Dog's coat"


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
        "make it sepia, rotate 90 degrees, blur the background, remove the background and juggle", images=1
    )
    plan = finish_plan(steps, unsupported)
    assert [step.op for step in plan.steps] == ["remove_background", "blur_background", "rotate", "sepia"]
    assert plan.description.startswith("Understood: removed the background, blurred the background")
    assert "“juggle”" in plan.description
    assert plan.unsupported == (Unsupported("juggle", "no operation was found for these words"),)


def test_a_plan_without_anything_doable_says_so():
    plan = finish_plan(*PLANNER.read("make her smile", images=1))
    assert plan.description.startswith("Nothing here can be done by this engine.")
    assert "“make her smile” (it needs a generative engine)" in plan.description


def test_planning_is_pure():
    text = "make it brighter and blur the background, then juggle"
    assert PLANNER.read(text, images=1) == PhrasePlanner().read(text, images=1)
