from __future__ import annotations

import tomllib
from collections import Counter
from importlib import resources
from typing import get_args

import pytest

from cavendish.regions.face_parts import FacePart
from cavendish.regions.scenery import SCENERY
from cavendish.regions.things import PERSON, thing_called, thing_named
from cavendish.regions.words import meanings, words

TABLE = tomllib.loads(resources.files("cavendish.regions").joinpath("words.toml").read_text(encoding="utf-8"))


def test_entries_are_sets_of_words():
    assert words("owners", "everybody") == {"their", "our", "them"}
    assert "" in words("wholes", "picture")


def test_meanings_lead_from_each_word_to_its_entry():
    assert meanings("worn")["jeans"] == "lower"
    assert meanings("worn")["jacket"] == "upper"
    assert meanings("worn")["dress"] == "all"
    assert meanings("sizes")["taller"] == "largest"
    assert meanings("depth")["behind"] == "behind"


@pytest.mark.parametrize("section", TABLE)
def test_no_word_of_a_section_means_two_things(section):
    counts = Counter(word for entry in TABLE[section].values() for word in entry.split("|"))
    assert [word for word, count in counts.items() if count > 1] == []
    assert set(meanings(section)) == set(counts)


def test_no_part_of_a_face_is_also_a_part_of_the_body_or_worn():
    assert set(meanings("face")) & set(meanings("body")) == set()
    assert (set(meanings("face")) | set(meanings("body"))) & set(meanings("worn")) == set()


def test_entries_of_the_face_are_parts_that_can_be_found():
    assert set(TABLE["face"]) <= set(get_args(FacePart))


def test_entries_of_scenery_are_kinds_that_can_be_found():
    assert set(TABLE["scenery"]) <= set(SCENERY)
    assert set(meanings("scenery")) & set(SCENERY) == set()


def test_words_for_people_name_people_or_young_animals():
    people = [word for name in ("unwanted", "in_white", "in_black") for word in words("people", name)]
    assert {word for word in people if thing_named(word) != thing_called(PERSON)} == set()


def test_sizes_choose_one_of_what_an_expression_can_say():
    assert set(TABLE["sizes"]) == {"largest", "smallest"}
