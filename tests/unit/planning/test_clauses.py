"""Where one ask ends and the next begins, in messages without much punctuation."""

import pytest

from cavendish.planning.boundaries import Kind
from cavendish.planning.clauses import LONGEST_CLAUSE, split


def _texts(message):
    return [clause.phrase.text for clause in split(message)]


@pytest.mark.parametrize(
    ("message", "clauses"),
    [
        ("Remove the cup. Brighten it!", ["remove the cup", "brighten it"]),
        ("remove the cup and brighten the room", ["remove the cup", "and brighten the room"]),
        ("remove the cup and the plate", ["remove the cup and the plate"]),
        ("Remove the tissues Remove the table", ["remove the tissues", "remove the table"]),
        ("make her hair red add a hat", ["make her hair red", "add a hat"]),
        ("crop it then rotate it", ["crop it", "then rotate it"]),
        ("add a blur to the edges", ["add a blur to the edges"]),
        ("the man I want to remove is on the left", ["the man i want to remove is on the left"]),
        ("- remove the sign\n- crop it", ["remove the sign", "crop it"]),
        ("put it on 3.5 stops", ["put it on 3.5 stops"]),
        ("remove the cup & the plate", ["remove the cup and the plate"]),
    ],
)
def test_asks_are_cut_apart(message, clauses):
    assert _texts(message) == clauses


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("remove the cup but keep the shadow", [Kind.ASK, Kind.GUARD]),
        ("don't touch the face", [Kind.GUARD]),
        ("brighten it without changing the sky", [Kind.ASK, Kind.GUARD]),
        ("remove him because he is not family", [Kind.ASK, Kind.REASON]),
        ("add contrast to make it pop", [Kind.ASK, Kind.PURPOSE]),
    ],
)
def test_what_is_kept_and_why_is_told_apart_from_asks(message, kinds):
    assert [clause.kind for clause in split(message)] == kinds


def test_a_fragment_behind_a_comma_is_marked():
    assert [clause.joined for clause in split("remove the cup, the plate, brighten it")] == [False, True, False]


def test_quotations_are_never_cut():
    (clause,) = split('add the text "Stop. Remove this, and go!" at the top')
    assert clause.phrase.written == 'add the text "Stop. Remove this, and go!" at the top'


@pytest.mark.parametrize("message", ["", " ,;.!? ", "…", "\n\n"])
def test_nothing_to_read(message):
    assert split(message) == []


def test_clauses_point_back_into_the_message():
    message = "Hello!  Could you REMOVE the  cup, pls?"
    for clause in split(message):
        start, end = clause.phrase.span
        assert " ".join(message[start:end].split()) == clause.phrase.written


def test_no_clause_is_longer_than_the_limit():
    assert all(len(clause.phrase.tokens) <= LONGEST_CLAUSE + 1 for clause in split("word " * 6000))
