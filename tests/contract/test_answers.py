"""The answer: both shapes, honest about what was done, and what the files hold."""

from __future__ import annotations

import base64
import io

import numpy as np
import PIL.Image
import pytest
from PIL.ExifTags import IFD, Base

from tests.support.calls import ABSENT, SMALL, made_of, png_chunks, png_texts
from tests.support.pictures import ball, data_uri, decoded, encoded, scene


def nulls(value: object, at: str = "") -> list[str]:
    """Where in an answer there is a null; in the plan, which is a schema of its own, `region` may be one."""
    if at == ".meta.edit.plan":
        return []
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in nulls(item, f"{at}.{key}")]
    if isinstance(value, list):
        return [place for i, item in enumerate(value) for place in nulls(item, f"{at}[{i}]")]
    return [at] if value is None else []


def uri_of(data: bytes, media: str) -> str:
    """A file as a data URI."""
    return f"data:{media};base64,{base64.b64encode(data).decode()}"


# --- the two shapes


def test_both_shapes_with_addresses(api):
    answer = api.edit()
    assert set(answer) == {"created", "model", "data", "images", "description", "meta"}
    assert nulls(answer) == []
    (data,), (image,) = answer["data"], answer["images"]
    assert set(data) == {"url", "mime_type"}
    assert set(image) == {"url", "content_type", "file_name", "file_size", "width", "height"}
    assert data["url"] == image["url"]
    assert data["mime_type"] == image["content_type"] == "image/png"
    assert image["file_name"] == "output.png"
    assert image["file_size"] == len(api.result(answer))
    assert isinstance(answer["created"], int)
    assert answer["model"] == "google/gemini-2.5-flash-image-edit"


def test_both_shapes_with_base64(api):
    answer = api.edit(response_format="b64_json", num_images=2, prompt="brighten it")
    assert nulls(answer) == []
    assert len(answer["data"]) == len(answer["images"]) == 2
    for data, image in zip(answer["data"], answer["images"], strict=True):
        assert set(data) == {"b64_json", "mime_type"}
        assert image["b64_json"] == data["b64_json"]
        file = base64.b64decode(data["b64_json"], validate=True)
        assert len(file) == image["file_size"]
        assert PIL.Image.open(io.BytesIO(file)).size == (64, 48)


def test_several_pictures_differ_and_are_charged_each(api):
    answer = api.edit(prompt="brighten it", num_images=4)
    assert len(answer["data"]) == len(answer["images"]) == 4
    assert answer["meta"]["usage"]["credits_used"] == 4 * 84_000
    pictures = [decoded(api.result(answer, k)) for k in range(4)]
    means = [float(picture.mean()) for picture in pictures]
    assert len({round(mean, 2) for mean in means}) == 4
    assert min(means) > decoded(encoded(scene(64, 48))).mean(), "every rung of the ladder still brightens"


@pytest.mark.parametrize("prompt", ["make it black and white", "flip it horizontally", "brighten it by 20%"])
def test_what_cannot_vary_is_delivered_and_charged_once(api, prompt):
    answer = api.edit(prompt=prompt, num_images=3)
    assert len(answer["data"]) == len(answer["images"]) == 1
    assert answer["meta"]["usage"]["credits_used"] == 84_000
    assert "1 picture was made instead of 3" in answer["description"]


# --- honesty


def test_a_plain_edit_says_what_was_done(api):
    answer = api.edit()
    edit = answer["meta"]["edit"]
    assert answer["description"] == "Made the picture black and white."
    assert edit["steps"] == [{"op": "black_and_white", "status": "done", "reason": ""}]
    assert (edit["engine"], edit["plan_version"], edit["ignored"]) == ("embedded", 1, [])
    assert 0 <= edit["seed"] < 2**32
    gray = decoded(api.result(answer))
    assert (gray[..., 0] == gray[..., 1]).all()
    assert (gray[..., 1] == gray[..., 2]).all()


def test_a_sentence_that_is_partly_doable(api):
    answer = api.edit(prompt="make it black and white and remove the text. Frobnicate the gizmo.")
    statuses = {step["op"]: step["status"] for step in answer["meta"]["edit"]["steps"]}
    assert statuses == {"black_and_white": "done", "remove_text": "skipped"}
    assert all(step["reason"] for step in answer["meta"]["edit"]["steps"] if step["status"] == "skipped")
    done, _, undone = answer["description"].partition("Not done:")
    assert "black and white" in done
    assert "remove the text" in undone
    assert "gizmo" in undone
    assert "gizmo" in str(answer["meta"]["edit"]["unsupported"])


def test_new_content_is_named_as_not_done(api):
    answer = api.edit(prompt="make it brighter and make the man smile")
    skipped = [step for step in answer["meta"]["edit"]["steps"] if step["status"] == "skipped"]
    assert [step["op"] for step in skipped] == ["change_expression"]
    assert "smile" in answer["description"].partition("Not done:")[2]


@pytest.mark.parametrize("prompt", ["make the man smile", "turn it into a cartoon", "qwerty asdf", "12345"])
def test_nothing_doable_is_refused_and_says_what_is(api, prompt):
    problem = api.refused(prompt=prompt)
    assert (problem.kind, problem.param) == ("err_unsupported_edit", "prompt")
    assert "This server can: " in problem.message
    for ability in ("exposure", "black and white", "crop", "background", "place"):
        assert ability in problem.message


def test_partial_edits_can_be_refused(api):
    prompt = "make it black and white and remove the text"
    problem = api.refused(prompt=prompt, partial="refuse")
    assert problem.kind == "err_unsupported_edit"
    assert "remove the text" in problem.message
    assert api.edit(prompt="make it black and white", partial="refuse")["data"]
    assert api.edit(prompt=prompt, partial="allow")["data"]


def test_a_second_picture_that_was_not_sent_is_missed_by_name(api, red_ball):
    problem = api.refused(prompt="replace the background with the second picture", image_urls=[red_ball])
    assert problem.kind == "err_unsupported_edit"
    assert "picture 2 was not supplied" in problem.message


@pytest.mark.parametrize("prompt", ["убери фон и сделай фото ярче", "rimuovi lo sfondo"])
def test_a_language_that_is_not_read_is_refused_with_its_words(api, prompt):
    problem = api.refused(prompt=prompt)
    assert (problem.kind, problem.param) == ("err_unsupported_edit", "prompt")
    assert prompt in problem.message


def test_german_is_read(api):
    answer = api.edit(prompt="Mach das Bild schwarz-weiß und spiegle es horizontal")
    assert {step["op"]: step["status"] for step in answer["meta"]["edit"]["steps"]} == {
        "flip": "done",
        "black_and_white": "done",
    }


# --- plans


def test_the_answer_holds_its_plan(api):
    answer = api.edit(prompt="brighten it, but keep the sky as it is, and remove the sign")
    edit = answer["meta"]["edit"]
    assert [step["op"] for step in edit["plan"]["steps"]] == [step["op"] for step in edit["steps"]]
    assert {tuple(step["guards"]) for step in edit["plan"]["steps"]} == {("keep the sky",)}
    assert edit["plan"]["unsupported"] == edit["unsupported"]
    assert edit["plan"]["steps"] == made_of(api.result(answer))["plan"]["steps"]


def follow(api, words: str, answer: dict) -> dict:
    """The answer to words about an earlier answer."""
    return api.edit(prompt=words, plan=answer["meta"]["edit"]["plan"])


def amounts(answer: dict) -> dict:
    """Op to its parameters, in the answer's plan."""
    return {step["op"]: step["parameters"] for step in answer["meta"]["edit"]["plan"]["steps"]}


def test_words_about_an_earlier_plan_change_its_amount(api):
    first = api.edit(prompt="make it brighter and rotate it 90 degrees")
    less, more = follow(api, "a bit less", first), follow(api, "even more", first)
    values = [amounts(answer)["adjust_brightness"]["amount"] for answer in (less, first, more)]
    assert 0 < values[0] < values[1] < values[2]
    means = [float(decoded(api.result(answer)).mean()) for answer in (less, first, more)]
    assert means == sorted(set(means)), "the pixels follow"
    assert all(amounts(answer)["rotate"] == {"angle_deg": 90} for answer in (less, more))
    assert amounts(follow(api, "a bit less", less))["adjust_brightness"]["amount"] < values[0], "and again"


def test_words_about_an_earlier_plan_take_back_a_step_and_add_one(api):
    first = api.edit(prompt="make it brighter and rotate it 90 degrees")
    assert set(amounts(follow(api, "undo the rotation", first))) == {"adjust_brightness"}
    added = follow(api, "now make it black and white", first)
    assert set(amounts(added)) == {"adjust_brightness", "rotate", "black_and_white"}
    assert api.picture(added).size == (48, 64)


def test_an_earlier_plan_keeps_the_size_that_is_asked_for_now(api):
    first = api.edit(prompt="make it brighter", aspect_ratio="16:9")
    second = api.edit(prompt="a bit less", plan=first["meta"]["edit"]["plan"], aspect_ratio="4:3")
    assert api.picture(second).size == (1184, 864)
    assert [step["op"] for step in second["meta"]["edit"]["steps"]].count("reframe") == 1


def test_a_result_holds_its_plan_and_the_plan_makes_the_result_again(api):
    first = api.edit(prompt="brighten it and rotate it 90 degrees", seed=99)
    made = made_of(api.result(first))
    assert (made["seed"], made["output"], made["plan"]["version"]) == (99, 0, 1)
    assert {step["op"] for step in made["plan"]["steps"]} == {"adjust_brightness", "rotate"}
    again = api.edit(prompt=ABSENT, plan=made["plan"], seed=99)
    assert api.picture(again).size == (48, 64)
    assert (decoded(api.result(again)) == decoded(api.result(first))).all()
    assert made_of(api.result(again))["plan"]["steps"] == made["plan"]["steps"]


def test_a_plan_brings_its_own_size(api):
    first = api.edit(prompt="make it black and white, in 16:9 format", aspect_ratio=ABSENT)
    plan = made_of(api.result(first))["plan"]
    assert api.picture(api.edit(prompt=ABSENT, plan=plan, aspect_ratio=ABSENT)).size == (1344, 768)


def step(**keys) -> dict:
    """A plan of one step."""
    return {"steps": [keys]}


@pytest.mark.parametrize(
    ("plan", "param", "word"),
    [
        (step(op="explode"), "plan.steps[0].op", "'explode'"),
        ({"steps": [{"op": "sepia"}, {"op": 5}]}, "plan.steps[1]", "'op'"),
        (
            step(op="adjust_exposure", parameters={"exposure_ev": 9}),
            "plan.steps[0].parameters.exposure_ev",
            "between -5 and 5",
        ),
        (
            step(op="adjust_brightness", parameters={"amount": "lots"}),
            "plan.steps[0].parameters.amount",
            "Expected number",
        ),
        (step(op="flip", parameters={"direction": "sideways"}), "plan.steps[0].parameters.direction", "'horizontal'"),
        (step(op="flip", parameters={"angle": 1}), "plan.steps[0].parameters", "'angle'"),
        (step(op="flip", wings=2), "plan.steps[0]", "'wings'"),
        (step(op="sepia", region={"query": 1}), "plan.steps[0].region", "'query'"),
        ({"steps": []}, "plan.steps", "1 to 40"),
        ({"version": 2, "steps": [{"op": "sepia"}]}, "plan", "plan.version"),
        ({}, "plan.steps", "array"),
    ],
)
def test_a_wrong_plan_is_refused_at_the_place(api, plan, param, word):
    problem = api.refused(prompt=ABSENT, plan=plan)
    assert problem.kind == "err_validation"
    assert param.startswith(problem.param)
    assert param in problem.message
    assert word in problem.message


def test_a_plan_that_is_no_object(api):
    assert api.refused(prompt=ABSENT, plan="sepia").lines == ['Expected object, received string at "plan"']
    assert api.edit(prompt="make it black and white", plan=None)["data"], "null is absent"
    assert api.edit(prompt=None, plan=step(op="sepia"))["data"], "with a plan, the prompt is optional"


def test_a_plan_of_steps_no_engine_has_is_refused(api):
    assert api.refused(prompt=ABSENT, plan=step(op="change_pose")).kind == "err_unsupported_edit"


def test_a_step_for_an_absent_picture_is_skipped(api):
    plan = {"steps": [{"op": "replace_background", "image": 5}, {"op": "sepia"}]}
    statuses = {s["op"]: s["status"] for s in api.edit(prompt=ABSENT, plan=plan)["meta"]["edit"]["steps"]}
    assert statuses == {"replace_background": "skipped", "sepia": "done"}


# --- files


def test_a_png_says_srgb_and_how_it_was_made(api):
    answer = api.edit(seed=7)
    data = api.result(answer)
    kinds = [kind for kind, _ in png_chunks(data)]
    assert kinds[0] == "IHDR"
    assert kinds[-1] == "IEND"
    assert kinds.count("sRGB") == 1
    assert max(kinds.index("sRGB"), kinds.index("iTXt")) < kinds.index("IDAT")
    assert png_texts(data)["Software"].startswith("Cavendish ")
    assert made_of(data)["seed"] == 7
    assert made_of(data)["plan"]["steps"][0]["op"] == "black_and_white"


def test_each_of_several_pictures_knows_its_number(api):
    answer = api.edit(prompt="brighten it", num_images=2)
    assert [made_of(api.result(answer, k))["output"] for k in range(2)] == [0, 1]


@pytest.mark.parametrize(("file_format", "pillow"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_file_formats(api, file_format, pillow):
    answer = api.edit(output_format=file_format)
    media = f"image/{file_format}"
    assert (answer["data"][0]["mime_type"], answer["images"][0]["content_type"]) == (media, media)
    assert answer["images"][0]["file_name"] == f"output.{file_format}"
    assert answer["data"][0]["url"].endswith(f".{file_format}")
    picture = api.picture(answer)
    assert (picture.format, picture.size) == (pillow, (64, 48))


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
def test_compression_is_the_quality(api, file_format):
    detailed = data_uri(scene(200, 150))
    sizes = [
        api.edit(image_urls=[detailed], output_format=file_format, output_compression=quality)["images"][0]["file_size"]
        for quality in (10, 60, 100)
    ]
    assert sizes == sorted(set(sizes))
    assert sizes[0] * 2 < sizes[2]


MARK = b"SECRET-PLACE"


@pytest.mark.parametrize(("file_format", "size"), [("webp", (16_400, 8)), ("jpeg", (8, 65_600))])
def test_a_format_that_cannot_hold_the_answer_is_refused_by_name(api, file_format, size):
    picture = data_uri(np.zeros((size[1], size[0], 3), np.uint8))
    problem = api.refused(image_urls=[picture], output_format=file_format)
    assert (problem.kind, problem.param) == ("err_validation", "output_format")
    assert f"{size[0]}×{size[1]}" in problem.message


def tagged_jpeg() -> bytes:
    """Red left, blue right, to be shown turned a quarter clockwise; with camera, time, place and 300 dpi."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32, 0] = pixels[:, 32:, 2] = 230
    picture = PIL.Image.fromarray(pixels)
    exif = picture.getexif()
    exif[Base.Orientation] = 6
    exif[Base.Make] = "Banana Optics"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:11:22 10:00:00"
    exif.get_ifd(IFD.GPSInfo)[28] = MARK  # GPSAreaInformation (EXIF 2.32, 4.6.6)
    return encoded(pixels, "JPEG", exif=exif, dpi=(300, 300), quality=95)


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_metadata_is_kept_on_request_without_the_place(api, file_format):
    source = tagged_jpeg()
    assert MARK in source
    ask = {"prompt": "flip it horizontally", "image_urls": [uri_of(source, "image/jpeg")], "output_format": file_format}
    data = api.result(api.edit(**ask, keep_metadata=True))
    assert MARK not in data
    picture = PIL.Image.open(io.BytesIO(data))
    exif = picture.getexif()
    assert exif[Base.Make] == "Banana Optics"
    assert exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2026:11:22 10:00:00"
    assert dict(exif.get_ifd(IFD.GPSInfo)) == {}
    assert exif.get(Base.Orientation, 1) == 1
    if file_format != "webp":  # WebP has no field for it
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    plain = api.result(api.edit(**ask))
    assert b"Banana Optics" not in plain
    assert dict(PIL.Image.open(io.BytesIO(plain)).getexif()) == {}


def test_the_orientation_is_baked_in(api):
    source = uri_of(tagged_jpeg(), "image/jpeg")
    picture = api.picture(api.edit(prompt="flip it horizontally", image_urls=[source]))
    pixels = np.asarray(picture).astype(int)
    assert picture.size == (48, 64)
    assert (pixels[:24, :, 0] - pixels[:24, :, 2] > 150).all(), "red came to the top"
    assert (pixels[40:, :, 2] - pixels[40:, :, 0] > 150).all(), "blue came to the bottom"


@pytest.fixture(scope="module")
def red_ball() -> str:
    """A subject nobody can miss."""
    return data_uri(ball(240, 180)[0])


@pytest.mark.parametrize("file_format", ["png", "webp"])
def test_a_cut_out_stays_transparent(api, red_ball, file_format):
    answer = api.edit(prompt="remove the background", image_urls=[red_ball], output_format=file_format)
    picture = api.picture(answer)
    pixels = np.asarray(picture)
    assert (picture.format, picture.mode, picture.size) == (file_format.upper(), "RGBA", (240, 180))
    assert pixels[:10, :10, 3].max() == 0
    assert pixels[85:95, 115:125, 3].min() >= 250
    assert 0.10 < (pixels[..., 3] > 127).mean() < 0.20, "the ball covers 0.147 of the picture"


def test_a_cut_out_as_jpeg_lies_on_white(api, red_ball):
    answer = api.edit(
        prompt="remove the background", image_urls=[red_ball], output_format="jpeg", output_compression=100
    )
    picture = api.picture(answer)
    pixels = np.asarray(picture).astype(int)
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    assert pixels[:10, :10].min() >= 250
    assert (pixels[85:95, 115:125, 0] - pixels[85:95, 115:125, 1]).min() > 60, "the ball is still red"


def test_transparency_that_comes_in_goes_out(api):
    pixels = np.dstack([scene(64, 48), np.full((48, 64), 255, np.uint8)])
    pixels[:24, :, 3] = 0
    picture = api.picture(api.edit(image_urls=[data_uri(pixels)]))
    assert picture.mode == "RGBA"
    assert (np.asarray(picture)[..., 3] == pixels[..., 3]).all()


def test_the_same_seed_gives_the_same_pixels(api):
    ask = {"prompt": "brighten it", "num_images": 3, "seed": 1234, "image_urls": [SMALL]}
    one, two = api.edit(**ask), api.edit(**ask)
    for k in range(3):
        assert (decoded(api.result(one, k)) == decoded(api.result(two, k))).all()
