"""The size of the answer: the contract's table to the pixel, and who decides which row."""

from __future__ import annotations

import pytest

from tests.support.calls import ABSENT
from tests.support.pictures import data_uri, scene

NANO = "google/nano-banana-edit"

TABLE = {
    "1:1": (1024, 1024),
    "2:3": (832, 1248),
    "3:2": (1248, 832),
    "3:4": (864, 1184),
    "4:3": (1184, 864),
    "4:5": (896, 1152),
    "5:4": (1152, 896),
    "9:16": (768, 1344),
    "16:9": (1344, 768),
    "21:9": (1536, 672),
}
"""The documented table, in its order."""


def size_of(api, answer: dict) -> tuple[int, int]:
    """The decoded picture's size; what the answer says of it must agree."""
    size = api.picture(answer).size
    assert (answer["images"][0]["width"], answer["images"][0]["height"]) == size
    return size


@pytest.mark.parametrize("ratio", TABLE)
def test_ten_ratios_to_the_pixel(api, ratio):
    upright = TABLE[ratio][0] < TABLE[ratio][1]
    other_shape = data_uri(scene(150, 100) if upright else scene(70, 100))
    assert size_of(api, api.edit(aspect_ratio=ratio, image_urls=[other_shape])) == TABLE[ratio]


@pytest.mark.parametrize("absent", [ABSENT, None])
def test_the_default_of_the_contracts_id_is_square(api, absent):
    assert size_of(api, api.edit(aspect_ratio=absent)) == (1024, 1024)


def test_auto_keeps_the_first_pictures_pixels(api):
    assert size_of(
        api, api.edit(aspect_ratio="auto", image_urls=[data_uri(scene(91, 57)), data_uri(scene(40, 40))])
    ) == (
        91,
        57,
    )


def test_auto_follows_a_step_that_changes_the_shape(api):
    assert size_of(api, api.edit(prompt="rotate it 90 degrees")) == (48, 64)


@pytest.mark.parametrize(
    ("picture", "ratio"),
    [((120, 80), "3:2"), ((90, 160), "9:16"), ((200, 90), "21:9"), ((100, 103), "1:1"), ((100, 140), "3:4")],
)
def test_the_newer_id_follows_the_first_pictures_shape(api, picture, ratio):
    answer = api.edit(model=NANO, aspect_ratio=ABSENT, image_urls=[data_uri(scene(*picture)), data_uri(scene(50, 50))])
    assert size_of(api, answer) == TABLE[ratio]


def test_an_explicit_ratio_wins_on_the_newer_id_too(api):
    assert size_of(api, api.edit(model=NANO, aspect_ratio="4:5")) == TABLE["4:5"]


@pytest.mark.parametrize(
    ("asked", "ratio"),
    [
        ({"size": "1792x1024"}, "16:9"),
        ({"size": "1024x1024"}, "1:1"),
        ({"size": "1024x1536"}, "2:3"),
        ({"image_size": {"width": 1000, "height": 1500}}, "2:3"),
        ({"image_size": {"width": 2000, "height": 860}}, "21:9"),
    ],
)
def test_sizes_in_pixels_mean_the_nearest_ratio(api, asked, ratio):
    answer = api.edit(aspect_ratio=ABSENT, **asked)
    assert size_of(api, answer) == TABLE[ratio]
    assert answer["meta"]["edit"]["ignored"] == []


def test_a_size_beside_a_ratio_or_without_sense_is_ignored_and_reported(api):
    beside = api.edit(aspect_ratio="auto", size="1792x1024")
    assert size_of(api, beside) == (64, 48)
    assert beside["meta"]["edit"]["ignored"] == ["size"]
    senseless = api.edit(aspect_ratio=ABSENT, size="large", image_size="auto")
    assert size_of(api, senseless) == (1024, 1024)
    assert sorted(senseless["meta"]["edit"]["ignored"]) == ["image_size", "size"]


def test_a_ratio_in_the_sentence_counts_where_the_request_names_none(api):
    assert size_of(api, api.edit(prompt="make it 16:9", aspect_ratio=ABSENT)) == TABLE["16:9"]
    assert size_of(api, api.edit(prompt="make it black and white, in 3:4 format", aspect_ratio=ABSENT)) == TABLE["3:4"]


def test_the_requests_ratio_overrules_the_sentence_and_says_so(api):
    answer = api.edit(prompt="make it black and white, in 16:9 format", aspect_ratio="5:4")
    assert size_of(api, answer) == TABLE["5:4"]
    assert "Not done" in answer["description"]
    assert "16:9" in answer["description"].partition("Not done")[2]
    assert any("16:9" in item["text"] for item in answer["meta"]["edit"]["unsupported"])
