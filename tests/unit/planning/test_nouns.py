"""Noun phrases as region expressions."""

import pytest

from cavendish.planning.clauses import split
from cavendish.planning.nouns import image_index, read_noun, split_nouns


def _noun(text, images=1):
    (clause,) = split(text)
    return read_noun(clause.phrase, images=images)


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("the man on the left", {"query": "man", "side": "left"}),
        ("the guy in the upper right corner", {"query": "guy", "side": "top-right"}),
        ("the second person from the left", {"query": "person", "order": 2, "side": "left"}),
        ("the last man", {"query": "man", "order": -1}),
        ("all the brown candies", {"query": "candies", "color": "brown", "every": True}),
        ("the man next to the car", {"query": "man", "near": "car"}),
        ("the dog to the left of the tree", {"query": "dog", "near": "tree", "side": "left"}),
        ("the people in the background", {"query": "people", "near": "background", "every": True}),
        ("the woman in the red dress", {"query": "woman", "having": "red dress"}),
        ("the man with the camera", {"query": "man", "having": "camera"}),
        ("the boy's shirt", {"query": "shirt", "of": "boy"}),
        ("his shadow", {"query": "shadow", "of": "his"}),
        ("the biggest bottle", {"query": "bottle", "size": "largest"}),
        ("the two men behind the fence", {"query": "men", "count": 2, "near": "fence", "every": True}),
        ("the man who is third from the right", {"query": "man", "order": 3, "side": "right"}),
        ("the background", {"query": "background"}),
        ("the main subject", {"query": "subject"}),
        ("everyone except the bride", {"query": "everyone", "every": True, "not": [{"query": "bride"}]}),
    ],
)
def test_expressions(text, expression):
    assert _noun(text).query.to_json() == expression


@pytest.mark.parametrize(
    "text", ["it", "the photo", "this whole image", "the original picture", "everything", "the colors"]
)
def test_words_that_only_mean_the_picture(text):
    assert _noun(text).query is None
    assert not _noun(text).text


@pytest.mark.parametrize(
    ("text", "image"),
    [("the dog from the second picture", 1), ("the mug in image 3", 2), ("the other photo", 1), ("the first image", 0)],
)
def test_pictures_are_told_apart(text, image):
    assert _noun(text, images=3).image == image


def test_the_other_picture_needs_two():
    assert _noun("the other photo", images=1).image is None


@pytest.mark.parametrize(
    ("named", "index"), [("the last image", 3), ("photo 2", 1), ("the second one", 1), ("image b", 1)]
)
def test_image_index(named, index):
    assert image_index(named, 4) == index


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("the ball and the pole", ["the ball", "the pole"]),
        ("black and white dog", ["black-and-white dog"]),
        ("the man with the hat and glasses", ["the man with the hat and glasses"]),
        ("the space between the car and the wall", ["the space between the car and the wall"]),
        ("the left and right edges", ["the left and right edges"]),
    ],
)
def test_several_things_are_cut_apart(text, parts):
    (clause,) = split(text)
    assert [part.text for part in split_nouns(clause.phrase)] == parts


def test_what_follows_a_noun_phrase_is_handed_back():
    noun = _noun("the dog using a soft brush")
    assert (noun.text, noun.rest.text) == ("dog", "using a soft brush")
