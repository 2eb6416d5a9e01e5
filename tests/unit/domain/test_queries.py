"""Region expressions as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.domain.queries import RegionQuery
from cavendish.errors import InvalidRequest

WORDS = st.text("abc é", max_size=5)
PLAIN = st.builds(
    RegionQuery,
    query=WORDS,
    side=st.sampled_from(["", "left", "top"]),
    order=st.integers(0, 5),
    near=WORDS,
    color=WORDS,
)
QUERIES = st.recursive(
    PLAIN,
    lambda inner: st.builds(
        RegionQuery,
        query=WORDS,
        all_of=st.lists(inner, max_size=2).map(tuple),
        any_of=st.lists(inner, max_size=2).map(tuple),
        none_of=st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=6,
)


@given(QUERIES)
def test_the_published_form_reads_back_the_same(query):
    assert RegionQuery.from_json(query.to_json(), param="region", depth=20) == query


def test_empty_keys_are_left_out_but_the_query_never():
    assert RegionQuery().to_json() == {"query": ""}
    assert RegionQuery("cup", none_of=(RegionQuery("red cup"),)).to_json() == {
        "query": "cup",
        "not": [{"query": "red cup"}],
    }


@pytest.mark.parametrize(
    "value",
    [
        None,
        "cup",
        ["cup"],
        {"query": 1},
        {"order": "2"},
        {"order": True},
        {"what": "cup"},
        {"and": {"query": "cup"}},
        {"not": ["cup"]},
    ],
)
def test_anything_else_is_refused_and_named(value):
    with pytest.raises(InvalidRequest, match=r"at plan\.region"):
        RegionQuery.from_json(value, param="plan.region")


def test_nesting_is_bounded():
    value = {"query": "cup"}
    for _ in range(7):
        value = {"query": "", "or": [value]}
    assert RegionQuery.from_json(value, param="region").to_json() == value
    with pytest.raises(InvalidRequest, match="Nested too deeply"):
        RegionQuery.from_json({"query": "", "or": [value]}, param="region")
