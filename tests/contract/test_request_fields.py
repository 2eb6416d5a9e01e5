"""Every field of the body: what is required, what is accepted, and how a refusal is worded."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.contract.conftest import BODY_CAP_BYTES
from tests.support.calls import ABSENT, GENERATIONS, SMALL, refusal

RATIOS = "'21:9' | '1:1' | '4:3' | '3:2' | '2:3' | '5:4' | '4:5' | '3:4' | '16:9' | '9:16' | 'auto'"
NANO = "google/nano-banana-edit"
WORDS_ONLY = "google/gemini-2.5-flash-image"


@pytest.mark.parametrize("field", ["model", "prompt", "image_urls"])
def test_required_fields(api, field):
    problem = api.refused(**{field: ABSENT})
    assert (problem.kind, problem.param) == ("err_validation", field)
    assert problem.message == f'Body validation error!\nRequired at "{field}"'


@pytest.mark.parametrize(("field", "kind"), [("model", "string"), ("prompt", "string"), ("image_urls", "array")])
def test_null_is_no_value_for_a_required_field(api, field, kind):
    problem = api.refused(**{field: None})
    assert problem.param == field
    assert problem.lines == [f'Expected {kind}, received null at "{field}"']


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("num_images", 0, "Number must be greater than or equal to 1"),
        ("num_images", -1, "Number must be greater than or equal to 1"),
        ("num_images", 5, "Number must be less than or equal to 4"),
        ("num_images", 1.5, "Expected integer, received float"),
        ("num_images", "2", "Expected number, received string"),
        ("num_images", True, "Expected number, received boolean"),
        ("num_images", [2], "Expected number, received array"),
        ("seed", -1, "Number must be greater than or equal to 0"),
        ("seed", 4_294_967_296, "Number must be less than or equal to 4294967295"),
        ("seed", 0.5, "Expected integer, received float"),
        ("seed", "7", "Expected number, received string"),
        ("aspect_ratio", "7:3", f"Invalid enum value. Expected {RATIOS}, received '7:3'"),
        ("aspect_ratio", "1024x1024", f"Invalid enum value. Expected {RATIOS}, received '1024x1024'"),
        ("aspect_ratio", 1, f"Invalid enum value. Expected {RATIOS}, received number"),
        ("provider", "foo", "Invalid enum value. Expected 'auto' | 'google' | 'fal', received 'foo'"),
        ("response_format", "png", "Invalid enum value. Expected 'url' | 'b64_json', received 'png'"),
        ("output_compression", 101, "Number must be less than or equal to 100"),
        ("output_compression", -1, "Number must be greater than or equal to 0"),
        ("convert_base64_to_url", "false", "Expected boolean, received string"),
        ("keep_metadata", 1, "Expected boolean, received number"),
        ("partial", "maybe", "Invalid enum value. Expected 'allow' | 'refuse', received 'maybe'"),
        ("prompt", "", "String must contain at least 1 character(s)"),
        ("prompt", " \n ", "String must contain at least 1 character(s)"),
        ("prompt", 7, "Expected string, received number"),
        ("image_urls", SMALL, "Expected array, received string"),
        ("image_urls", [], "Array must contain at least 1 element(s)"),
        ("n", 5, "Number must be less than or equal to 4"),
    ],
)
def test_a_refused_value_is_named_in_zods_words(api, field, value, line):
    problem = api.refused(**{field: value})
    assert (problem.kind, problem.param) == ("err_validation", field)
    assert problem.lines == [f'{line} at "{field}"']


def test_a_mistyped_item_is_named_by_its_index(api):
    problem = api.refused(image_urls=[SMALL, 5])
    assert problem.param == "image_urls[1]"
    assert problem.lines == ['Expected string, received number at "image_urls[1]"']


def test_every_wrong_field_gets_a_line(api):
    problem = api.refused(num_images=9, aspect_ratio="2:1", seed="x")
    assert [line.rpartition('at "')[2] for line in problem.lines] == ['num_images"', 'aspect_ratio"', 'seed"']


@pytest.mark.parametrize("value", [2.0, None, 1])
def test_whole_floats_and_null_are_accepted(api, value):
    assert len(api.edit(prompt="brighten it", num_images=value)["data"]) == int(value or 1)


@pytest.mark.parametrize("seed", [0, 4_294_967_295])
def test_the_seed_comes_back(api, seed):
    assert api.edit(seed=seed)["meta"]["edit"]["seed"] == seed


def test_the_longest_prompt(api):
    padded = "make it black and white. ".ljust(32_000, ".")
    assert len(padded) == 32_000
    assert [step["op"] for step in api.edit(prompt=padded)["meta"]["edit"]["steps"]] == ["black_and_white"]
    problem = api.refused(prompt=padded + ".")
    assert problem.lines == ['String must contain at most 32000 character(s) at "prompt"']


# --- models


def test_an_unknown_model_lists_the_known_ones(api):
    problem = api.refused(model="acme/paint")
    assert (problem.kind, problem.param) == ("err_unknown_model", "model")
    expected = f"'google/gemini-2.5-flash-image-edit' | '{NANO}' | '{WORDS_ONLY}'"
    assert problem.lines[0].startswith(f"Invalid enum value. Expected {expected}, received 'acme/paint'")


@pytest.mark.parametrize("pictures", [ABSENT, [], [SMALL]])
def test_the_words_only_model_needs_a_generative_engine(api, pictures):
    problem = api.refused(model=WORDS_ONLY, image_urls=pictures)
    assert (problem.kind, problem.param) == ("err_model_unavailable", "model")


@pytest.mark.parametrize("pictures", [ABSENT, [], None])
def test_the_newer_id_without_pictures_needs_a_generative_engine(api, pictures):
    problem = api.refused(model=NANO, image_urls=pictures)
    assert (problem.kind, problem.param) == ("err_model_unavailable", "image_urls")


def test_how_many_pictures(api):
    assert api.edit(image_urls=[SMALL] * 14)["data"]
    problem = api.refused(image_urls=[SMALL] * 15)
    assert problem.param == "image_urls"
    assert problem.lines == ['Array must contain at most 14 element(s) at "image_urls"']
    assert api.edit(model=NANO, image_urls=[SMALL] * 3)["model"] == NANO
    assert api.refused(model=NANO, image_urls=[SMALL] * 4).lines == [
        'Array must contain at most 3 element(s) at "image_urls"'
    ]


# --- other clients' ways


def test_extra_body_is_merged_and_explicit_keys_win(api):
    answer = api.edit(
        image_urls=ABSENT,
        aspect_ratio=ABSENT,
        extra_body={"image_urls": [SMALL], "aspect_ratio": "auto", "prompt": "rotate it", "seed": 5},
        seed=6,
    )
    edit = answer["meta"]["edit"]
    assert [step["op"] for step in edit["steps"]] == ["black_and_white"]
    assert (edit["seed"], edit["ignored"]) == (6, [])
    assert (answer["images"][0]["width"], answer["images"][0]["height"]) == (64, 48)


def test_an_extra_body_that_is_no_object_is_an_unknown_key(api):
    assert api.edit(extra_body="x")["meta"]["edit"]["ignored"] == ["extra_body"]


def test_n_means_num_images_where_that_is_absent(api):
    assert len(api.edit(prompt="brighten it", n=2)["data"]) == 2
    both = api.edit(prompt="brighten it", n=2, num_images=1)
    assert len(both["data"]) == 1
    assert both["meta"]["edit"]["ignored"] == ["n"]


@pytest.mark.parametrize("synonym", ["image", "image_url"])
def test_a_single_picture_under_other_names(api, synonym):
    answer = api.edit(image_urls=ABSENT, **{synonym: SMALL})
    assert answer["meta"]["edit"]["ignored"] == []
    problem = api.refused(image_urls=ABSENT, **{synonym: "no picture"})
    assert problem.param == f"{synonym}[0]"


def test_a_list_under_another_name(api):
    assert api.edit(image_urls=ABSENT, image=[SMALL, SMALL])["data"]


@pytest.mark.parametrize(
    "asked",
    [
        {"response_format": "b64_json"},
        {"output_format": "b64_json"},
        {"convert_base64_to_url": False},
    ],
)
def test_three_ways_to_ask_for_base64(api, asked):
    answer = api.edit(**asked)
    assert set(answer["data"][0]) == {"b64_json", "mime_type"}
    assert answer["meta"]["edit"]["ignored"] == []


@pytest.mark.parametrize(
    "asked", [{"response_format": "url"}, {"output_format": "url"}, {"convert_base64_to_url": True}]
)
def test_asking_for_an_address(api, asked):
    assert set(api.edit(**asked)["data"][0]) == {"url", "mime_type"}


@pytest.mark.parametrize("provider", ["auto", "AUTO", "Google", "fAl"])
def test_a_provider_has_no_effect_and_says_so(api, provider):
    assert api.edit(provider=provider)["meta"]["edit"]["ignored"] == ["provider"]


EXTRAS = {
    "quality": "high",
    "style": "vivid",
    "background": "auto",
    "moderation": "low",
    "user": "someone",
    "negative_prompt": "blurry",
    "brand_new": {"deep": [1, None]},
}


def test_unknown_keys_are_listed_and_nulls_are_absent(api):
    assert sorted(api.edit(**EXTRAS, nothing=None)["meta"]["edit"]["ignored"]) == sorted(EXTRAS)


@pytest.mark.parametrize("prefer", ["handling=strict", "respond-async, handling = strict", "Handling=Strict"])
def test_strict_handling_refuses_unknown_keys(api, prefer):
    problem = api.refused(headers={"Prefer": prefer}, brand_new=1)
    assert (problem.kind, problem.param) == ("err_validation", "brand_new")
    assert problem.lines == ["Unrecognized key(s) in object: 'brand_new'"]


def test_strict_handling_accepts_every_key_of_the_contract(api):
    headers = {"Prefer": "handling=strict"}
    assert api.edit(headers=headers, provider="auto", enhance_prompt=False, add_watermark=False, num_images=1, seed=1)
    assert api.edit(headers={"Prefer": "handling=lenient"}, brand_new=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enhance_prompt", True),
        ("add_watermark", True),
        ("person_generation", "dont_allow"),
        ("safety_setting", "block_only_high"),
        ("safety_setting", "block_low_and_above"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(api, field, value):
    problem = api.refused(**{field: value})
    assert (problem.kind, problem.param) == ("err_validation", field)
    assert f'Unsupported value at "{field}"' in problem.message


def test_defaults_of_those_fields_are_accepted_and_not_called_ignored(api):
    answer = api.edit(
        enhance_prompt=False,
        add_watermark=False,
        person_generation="allow_adult",
        safety_setting="block_medium_and_above",
    )
    assert answer["meta"]["edit"]["ignored"] == []


# --- bodies that are no body

BAD_BODIES = {
    "nothing": b"",
    "no JSON": b"{'model': 1}",
    "cut short": b'{"model": "x"',
    "two values": b"{} {}",
    "broken UTF-8": b'{"prompt": "\xff\xfe"}',
    "half a surrogate, as bytes": b'{"prompt": "\xed\xa0\x80"}',
    "half a surrogate, escaped": b'{"prompt": "\\ud800"}',
    "half a surrogate as a key": b'{"\\udc00": 1}',
    "nested too deep": b"[" * 100_000,
    "a number too long": b'{"seed": 1' + b"0" * 5000 + b"}",
}


@pytest.mark.parametrize("raw", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_not_json(api, raw):
    response = api.http.post(GENERATIONS, content=raw, headers={"Content-Type": "application/json"})
    problem = refusal(response, status=400)
    assert (problem.kind, problem.param) == ("err_validation", None)
    assert problem.lines == ["Invalid JSON in the request body"]


@pytest.mark.parametrize(
    ("raw", "received"),
    [(b"[]", "array"), (b'"x"', "string"), (b"3", "number"), (b"null", "null"), (b"true", "boolean")],
)
def test_a_body_that_is_no_object(api, raw, received):
    problem = refusal(api.http.post(GENERATIONS, content=raw), status=400)
    assert problem.lines == [f"Expected object, received {received}"]


def test_a_body_with_a_byte_order_mark_or_odd_media_type_is_read(api):
    raw = b"\xef\xbb\xbf" + json.dumps(api.body()).encode()
    for media in ("application/json; charset=utf-8", "text/plain", "application/vnd.api+json"):
        assert api.http.post(GENERATIONS, content=raw, headers={"Content-Type": media}).status_code == 200


def test_other_forms_of_body_are_415(api):
    raw = gzip.compress(json.dumps(api.body()).encode())
    packed = api.http.post(GENERATIONS, content=raw, headers={"Content-Encoding": "gzip"})
    assert refusal(packed, status=415).kind == "err_unsupported_media_type"
    parts = api.http.post(GENERATIONS, files={"image": ("a.png", b"x", "image/png")}, data={"prompt": "x"})
    assert refusal(parts, status=415).kind == "err_unsupported_media_type"
    form = api.http.post(GENERATIONS, data={"prompt": "x"})
    assert refusal(form, status=415).kind == "err_unsupported_media_type"


@pytest.mark.parametrize("path", [GENERATIONS, "/v1/files"])
def test_the_body_cap_holds_announced_or_not(guarded, path):
    over = b" " * (BODY_CAP_BYTES + 1)
    announced = guarded.http.post(path, content=over)
    assert announced.request.headers["content-length"] == str(len(over))
    assert refusal(announced, status=413).kind == "err_too_large"
    streamed = guarded.http.post(path, content=iter([b" " * 50_000] * 4 + [b" "]))
    assert streamed.request.headers["transfer-encoding"] == "chunked"
    assert refusal(streamed, status=413).kind == "err_too_large"


def test_a_body_of_exactly_the_cap_is_read(guarded):
    body = json.dumps(guarded.body(), ensure_ascii=False).encode()
    assert guarded.http.post(GENERATIONS, content=body.ljust(BODY_CAP_BYTES)).status_code == 200
    streamed = iter([body, b" " * (BODY_CAP_BYTES - len(body))])
    assert guarded.http.post(GENERATIONS, content=streamed).status_code == 200
