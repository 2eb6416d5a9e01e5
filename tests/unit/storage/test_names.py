"""Names that cannot be guessed, and nothing else that reaches the file system."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.storage.names import CONTENT_TYPES, content_type_of, is_name, new_name


@pytest.mark.parametrize("file_format", CONTENT_TYPES)
def test_a_new_name_says_when_and_what(file_format):
    name = new_name(file_format, now_s=1_794_000_000.1239)
    assert name.startswith("1794000000123-")
    assert name.endswith(f".{file_format}")
    assert is_name(name)
    assert content_type_of(name) == CONTENT_TYPES[file_format]


def test_names_made_in_the_same_millisecond_differ_in_122_bits():
    names = {new_name("png", now_s=1.0) for _ in range(1000)}
    assert len(names) == 1000
    assert {name[28] for name in names} == {"4"}  # UUID version 4: random, not derived from time or machine


GOOD = "1794000000123-90f10fcc-1d02-4309-a50c-2999138e8377.png"


@pytest.mark.parametrize(
    "name",
    [
        "",
        f"../{GOOD}",
        f"/{GOOD}",
        f"{GOOD}/",
        f"{GOOD}\n",
        f"\n{GOOD}",
        f"{GOOD}\0",
        GOOD.replace(".png", ".partial"),
        GOOD.replace(".png", ".exe"),
        GOOD.replace(".png", ""),
        GOOD.replace("90f10fcc", "90F10FCC"),
        GOOD.replace("1794000000123", "١794000000123"),
        "..",
        "cavendish.sqlite3",
    ],
)
def test_everything_else_is_refused(name):
    assert not is_name(name)


@given(st.text())
def test_no_other_text_passes(text):
    assert not is_name(text)
    assert not is_name(GOOD + text) or not text
