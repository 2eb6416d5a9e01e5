from __future__ import annotations

import pytest

from cavendish.domain.queries import RegionQuery
from cavendish.regions.expressions import is_several, name_of, parsed, points_at, understood


class TestUnderstood:
    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            (RegionQuery("small mushroom"), RegionQuery("mushroom", size="smallest")),
            (RegionQuery("the tallest man"), RegionQuery("man", size="largest")),
            (RegionQuery("dark teddy bear", color="brown"), RegionQuery("teddy bear", color="dark brown")),
            (RegionQuery("big dark car", color="green"), RegionQuery("car", color="dark green", size="largest")),
            (RegionQuery("smaller", of="two cups"), RegionQuery("cups", size="smallest")),
            (RegionQuery("tallest", of="the three men"), RegionQuery("the men", size="largest")),
            (RegionQuery("red car"), RegionQuery("car", color="red")),
            (RegionQuery("Small Red Car"), RegionQuery("car", color="red", size="smallest")),
        ],
    )
    def test_sizes_shades_and_colors_move_to_their_fields(self, said, meant):
        found = understood(said)
        assert found.query.removeprefix("the ") == meant.query.removeprefix("the ")
        assert (found.color, found.size, found.of) == (meant.color, meant.size, meant.of)

    @pytest.mark.parametrize("noun", ["orange", "red", "dog", "", "small", "teddy bear"])
    def test_a_noun_alone_is_left_as_it_is(self, noun):
        assert understood(RegionQuery(noun)) == RegionQuery(noun)

    def test_what_was_said_in_a_field_goes_before_what_stands_in_the_noun(self):
        found = understood(RegionQuery("little red ball", size="largest", color="blue"))
        assert found.size == "largest"
        assert found.color == "blue"

    def test_a_color_without_such_a_shade_stays(self):
        assert understood(RegionQuery("bright car", color="nocolor")).color == "nocolor"

    def test_the_other_fields_are_kept(self):
        query = RegionQuery("small dog", side="left", order=2, near="a tree", every=True, count=3, of="her")
        found = understood(query)
        assert (found.side, found.order, found.near, found.every, found.count, found.of) == (
            "left",
            2,
            "a tree",
            True,
            3,
            "her",
        )

    def test_it_is_understood_once_and_for_all(self):
        once = understood(RegionQuery("the small red mushroom"))
        assert understood(once) == once


class TestParsed:
    @pytest.mark.parametrize(
        ("phrase", "noun", "color"),
        [
            ("long red dress", "long dress", "red"),
            ("the light blue shirt", "shirt", "light blue"),
            ("a dog", "dog", ""),
            ("white", "", "white"),
            ("one of the #FF8800 cups", "cups", "#ff8800"),
            ("the man's hat", "man's hat", ""),
            ("", "", ""),
        ],
    )
    def test_a_color_and_a_noun(self, phrase, noun, color):
        assert parsed(phrase) == RegionQuery(noun, color=color)


@pytest.mark.parametrize(
    ("phrase", "several"),
    [
        ("two dogs", True),
        ("dogs", True),
        ("the cups", True),
        ("people", True),
        ("two men", True),
        ("both", True),
        ("all sheep", True),
        ("dog", False),
        ("the bus", False),
        ("a red car", False),
        ("", False),
    ],
)
def test_is_several(phrase, several):
    assert is_several(phrase) is several


@pytest.mark.parametrize(
    "fields",
    [
        {"side": "left"},
        {"order": -1},
        {"near": "a tree"},
        {"having": "a hat"},
        {"of": "her"},
        {"size": "largest"},
        {"none_of": (RegionQuery("dog"),)},
    ],
)
def test_whatever_tells_one_of_several_points_at_it(fields):
    assert points_at(RegionQuery("dog", **fields))


def test_a_color_and_a_count_do_not_point_at_one():
    assert not points_at(RegionQuery("dog", color="red", count=2, every=True))


def test_names_for_messages():
    assert name_of(RegionQuery("car", color="red")) == "red car"
    assert name_of(RegionQuery("car", side="left")) == "car"
    assert name_of(RegionQuery()) == "such region"


@pytest.mark.parametrize("noun", ["wine glass", "wine bottle", "coffee cup", "coffee table", "light pole"])
def test_the_name_of_a_thing_is_no_color(noun):
    assert understood(RegionQuery(noun)) == RegionQuery(noun)


def test_a_shade_goes_with_the_color_behind_it():
    assert understood(RegionQuery("light blue car")) == RegionQuery("car", color="light blue")


def test_the_noun_of_a_phrase_is_no_color():
    assert parsed("an orange").query == "orange"
    assert parsed("cup of coffee").color == ""


@pytest.mark.parametrize("noun", ["the glass", "dress", "the grass"])
def test_a_noun_that_ends_in_s_may_be_one(noun):
    assert not is_several(noun)
