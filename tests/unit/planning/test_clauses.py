"""Cutting a message into clauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.planning.clauses import CLAUSE_LIMIT, split


@pytest.mark.parametrize(
    ("message", "clauses"),
    [
        ("make it brighter", ["make it brighter"]),
        ("Crop it. Flip it!", ["Crop it", "Flip it"]),
        ("crop it, then flip it", ["crop it", "flip it"]),
        ("crop it and then flip it", ["crop it", "flip it"]),
        ("crop it and flip it", ["crop it", "flip it"]),
        ("crop it; flip it\nrotate it", ["crop it", "flip it", "rotate it"]),
        ("the cup and saucer", ["the cup and saucer"]),
        ("black and white", ["black and white"]),
        ("by 1.5 stops", ["by 1.5 stops"]),
        ("“crop it”", ["crop it"]),
        ("crop it, but don’t flip it", ["crop it", "don't flip it"]),
    ],
)
def test_messages_are_cut_where_asks_begin(message, clauses):
    assert [clause.text for clause in split(message)] == clauses


@pytest.mark.parametrize(
    ("message", "guard"),
    [
        ("keep the shadow", True),
        ("please don't touch it", True),
        ("without changing the face", True),
        ("do not crop", True),
        ("never crop", True),
        ("crop it", False),
        ("keeper of the keys", False),
    ],
)
def test_guards_are_told_from_asks(message, guard):
    assert [clause.guard for clause in split(message)] == [guard]


@given(st.text(max_size=600))
def test_no_word_is_lost_or_invented(message):
    joined = " ".join(clause.text for clause in split(message))
    plain = message.replace("’", "'").replace("“", '"').replace("”", '"')
    assert set(joined.split()) <= set(plain.split()) | {
        piece for word in plain.split() for piece in (word.strip("\"'-–:().!?;,"), *_parts(word))
    }
    assert all(0 < len(clause.text) <= CLAUSE_LIMIT for clause in split(message))


def _parts(word):
    """Every run that punctuation can cut out of one word."""
    return {word[i:j] for i in range(min(len(word), 40)) for j in range(i + 1, min(len(word), 40) + 1)}
