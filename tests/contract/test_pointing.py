"""`points`, `box` and `mask`: showing where to act instead of naming it."""

from __future__ import annotations

import base64
import uuid

import numpy as np
import pytest

from tests.support.calls import ABSENT, SMALL, huge_png_header
from tests.support.pictures import ball, data_uri, decoded, encoded, scene

PIXELS = scene(64, 48, seed=3)
BALL, IN_BALL = ball(200, 150, center=(0.3, 0.5), radius=0.3)
BALL_BOX = [0.05, 0.15, 0.55, 0.85]
BRIGHTER = {"prompt": "make it brighter", "image_urls": [data_uri(PIXELS)]}
WHITE_LEFT = np.repeat(np.where(np.arange(64) < 32, 255, 0).astype(np.uint8)[None, :, None], 48, 0).repeat(3, 2)


def b64(data: bytes) -> str:
    """Standard Base64."""
    return base64.b64encode(data).decode()


def changed(api, before, **asked):
    """Where an edit changed its first picture, h×w bool."""
    answer = api.edit(**asked)
    assert answer["meta"]["edit"]["ignored"] == []
    return (decoded(api.result(answer)) != before).any(-1)


# --- what it does


def test_a_mask_acts_where_it_is_white_however_it_is_named(api, web):
    mask = encoded(WHITE_LEFT)
    for source in (data_uri(WHITE_LEFT), b64(mask), web.put("/mask.png", mask), api.upload(mask)):
        where = changed(api, PIXELS, **BRIGHTER, mask=source)
        assert where[:, :32].all()
        assert not where[:, 32:].any()


def test_a_mask_with_transparent_pixels_acts_there(api):
    clear_left = np.dstack([PIXELS, 255 - WHITE_LEFT[..., 0]])
    where = changed(api, PIXELS, **BRIGHTER, mask=data_uri(clear_left))
    assert where[:, :32].all()
    assert not where[:, 32:].any()


@pytest.mark.parametrize("pointing", [{"box": BALL_BOX}, {"points": [[0.3, 0.5]]}])
def test_a_thing_is_pointed_at(api, pointing):
    where = changed(api, BALL, prompt="make it brighter", image_urls=[data_uri(BALL)], **pointing)
    assert where[IN_BALL].mean() > 0.8
    assert where[~IN_BALL].mean() < 0.1
    assert not where[:, 120:].any(), "far from the ball every pixel is as it was"


def test_pointing_fits_a_picture_that_is_decoded_small(api):
    """Of a large JPEG only as many pixels are decoded as the answer needs; of a mask all are."""
    photo = np.full((1800, 2400, 3), 100, np.uint8)
    mask = np.zeros_like(photo)
    mask[:, :1200] = 255
    answer = api.edit(
        prompt="make it brighter", image_urls=[data_uri(photo, "JPEG")], mask=data_uri(mask), aspect_ratio="4:3"
    )
    result = decoded(api.result(answer)).astype(int)
    middle = result.shape[1] // 2
    assert result[:, : middle - 4].min() > 110
    assert np.abs(result[:, middle + 4 :] - 100).max() <= 1


def test_a_mask_counts_as_none_of_the_pictures(api):
    assert api.edit(prompt="make it brighter", image_urls=[SMALL] * 14, mask=data_uri(WHITE_LEFT))["data"]


def test_strict_handling_knows_the_fields(api):
    assert api.edit(headers={"Prefer": "handling=strict"}, **BRIGHTER, mask=data_uri(WHITE_LEFT))["data"]


def test_null_is_absent(api):
    assert api.edit(points=None, box=None, mask=None)["meta"]["edit"]["ignored"] == []


def test_where_it_is_pointed_belongs_to_what_is_done_once(api):
    key = {"Idempotency-Key": f"pointing-{uuid.uuid4()}"}
    mask = data_uri(WHITE_LEFT)
    first = api.edit(headers=key, **BRIGHTER, mask=mask)
    assert api.edit(headers=key, **BRIGHTER, mask=mask)["data"] == first["data"]
    other = api.refused(status=422, headers=key, **BRIGHTER, mask=data_uri(255 - WHITE_LEFT))
    assert other.kind == "err_idempotency_mismatch"


# --- what is refused


@pytest.mark.parametrize(
    ("field", "value", "param", "line"),
    [
        ("points", [], "points", "Array must contain at least 1 element(s)"),
        ("points", [[0.5, 0.5]] * 17, "points", "Array must contain at most 16 element(s)"),
        ("points", "0.5,0.5", "points", "Expected array, received string"),
        ("points", [0.5], "points[0]", "Expected array, received number"),
        ("points", [[0.5]], "points[0]", "Array must contain at least 2 element(s)"),
        ("points", [[0, 0], [0.1, 0.2, 0.3]], "points[1]", "Array must contain at most 2 element(s)"),
        ("points", [[0.5, "0.5"]], "points[0][1]", "Expected number, received string"),
        ("points", [[0.5, True]], "points[0][1]", "Expected number, received boolean"),
        ("points", [[0.5, 1.01]], "points[0][1]", "Number must be less than or equal to 1"),
        ("points", [[-0.01, 1]], "points[0][0]", "Number must be greater than or equal to 0"),
        ("box", {"left": 0}, "box", "Expected array, received object"),
        ("box", [0, 0, 1], "box", "Array must contain at least 4 element(s)"),
        ("box", [0, 0, 1, 1, 1], "box", "Array must contain at most 4 element(s)"),
        ("box", [0, 0, 1, 640], "box[3]", "Number must be less than or equal to 1"),
        ("box", [0.5, 0, 0.5, 1], "box", "Left must be less than right, and top less than bottom,"),
        ("box", [0, 0.9, 1, 0.1], "box", "Left must be less than right, and top less than bottom,"),
        ("mask", 5, "mask", "Expected string, received number"),
        ("mask", [SMALL], "mask", "Expected string, received array"),
        ("mask", "", "mask", "Invalid url"),
        ("mask", "mask.png", "mask", "Invalid url"),
    ],
)
def test_a_refused_value_is_named_in_zods_words(api, field, value, param, line):
    problem = api.refused(**{field: value})
    assert (problem.kind, problem.param) == ("err_validation", param)
    assert problem.lines == [f'{line} at "{param}"']


@pytest.mark.parametrize("also", [{"box": BALL_BOX}, {"points": [[0.5, 0.5]]}])
def test_a_mask_stands_alone(api, also):
    problem = api.refused(mask=SMALL, **also)
    assert (problem.kind, problem.param) == ("err_validation", "mask")


POINTINGS = [("points", [[0.5, 0.5]]), ("box", BALL_BOX), ("mask", SMALL)]


@pytest.mark.parametrize(("field", "value"), POINTINGS)
def test_a_model_that_takes_no_pictures_cannot_be_pointed_at(api, field, value):
    problem = api.refused(model="google/gemini-2.5-flash-image", image_urls=ABSENT, **{field: value})
    assert (problem.kind, problem.param) == ("err_validation", field)


@pytest.mark.parametrize(("field", "value"), POINTINGS)
def test_an_edit_of_the_whole_picture_cannot_be_pointed_at(api, field, value):
    problem = api.refused(prompt="flip it horizontally", **{field: value})
    assert (problem.kind, problem.param) == ("err_validation", field)


BAD_MASKS = {
    "text": (b"hello, this is not a picture at all, only words in a row, one after the other", "The mask"),
    "truncated": (encoded(WHITE_LEFT)[:80], "mask is not a picture"),
    "enormous": (huge_png_header(60_000, 60_000), "mask is 60000×60000"),
}


@pytest.mark.parametrize(("content", "said"), BAD_MASKS.values(), ids=BAD_MASKS)
def test_what_is_no_mask_by_its_bytes(api, web, content, said):
    for source in (f"data:image/png;base64,{b64(content)}", web.put("/bad-mask.png", content)):
        problem = api.refused(**BRIGHTER, mask=source)
        assert (problem.kind, problem.param) == ("err_validation", "mask")
        assert said in problem.message
        assert "image_urls" not in problem.message


def test_a_mask_that_cannot_be_fetched(api, web, guarded):
    gone = api.refused(**BRIGHTER, mask=web.put("/no-mask.png", b"", status=404))
    assert (gone.kind, gone.param) == ("err_validation", "mask")
    assert gone.message.startswith("The mask could not be fetched")
    assert "404" in gone.message
    private = guarded.refused(**BRIGHTER, mask=web.put("/private-mask.png", encoded(WHITE_LEFT)))
    assert (private.kind, private.param) == ("err_validation", "mask")
    assert "/private-mask.png" not in web.asked


def test_a_bad_picture_beside_a_mask_is_named_as_before(api, web):
    problem = api.refused(image_urls=[SMALL, web.put("/gone.png", b"", status=404)], mask=SMALL)
    assert problem.param == "image_urls[1]"


def test_a_mask_of_another_shape(api):
    problem = api.refused(**BRIGHTER, mask=data_uri(scene(48, 64)))
    assert (problem.kind, problem.param) == ("err_validation", "mask")


def test_a_mask_that_marks_nothing(api):
    problem = api.refused(**BRIGHTER, mask=data_uri(np.zeros_like(WHITE_LEFT)))
    assert problem.kind == "err_unsupported_edit"


def test_masks_count_among_the_pixels_of_a_request(api):
    """Each may be 50 million pixels, all together 100 million."""
    pictures = [f"data:image/png;base64,{b64(huge_png_header(7000, 7000))}"] * 2
    problem = api.refused(prompt="crop it", image_urls=pictures, mask=pictures[0])
    assert "147,000,000" in problem.message
