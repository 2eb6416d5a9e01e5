"""Base64 and data URIs: strict, bounded, every legal spelling."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.errors import InvalidRequest, TooLarge
from cavendish.fetching.inline import check_data_uri, decode_base64, decode_data_uri, looks_like_base64_picture

from .local_server import PNG

ROOMY = 1 << 20


@given(st.binary(max_size=300), st.booleans(), st.booleans(), st.integers(1, 80))
def test_both_alphabets_with_or_without_padding_and_line_breaks(data, url_safe, padded, width):
    text = (base64.urlsafe_b64encode(data) if url_safe else base64.b64encode(data)).decode()
    text = text if padded else text.rstrip("=")
    wrapped = "\r\n".join(text[i : i + width] for i in range(0, len(text), width))
    assert decode_base64(wrapped, max_bytes=len(data)) == data


@given(st.binary(min_size=1, max_size=100))
def test_one_byte_over_the_cap_is_refused(data):
    with pytest.raises(TooLarge):
        decode_base64(base64.b64encode(data).decode(), max_bytes=len(data) - 1)


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "AA=A",
        "AA==AAAA",
        "=AAA",
        "AAAA====",
        "AA!A",
        "AAA*",
        "\u00e4AAA",
        "AA\ud800A",
        "AAA\x00",
        "AAA==",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidRequest, match="not valid Base64"):
        decode_base64(text, max_bytes=ROOMY)


@pytest.mark.parametrize(
    "head",
    [
        "data:image/png;base64,",
        "DATA:IMAGE/PNG;BASE64,",
        "data:image/svg+xml;base64,",
        "data:image/png;charset=utf-8;base64,",
    ],
)
def test_data_uris(head):
    assert check_data_uri(head) == len(head)
    assert decode_data_uri(head + base64.b64encode(PNG).decode(), max_bytes=ROOMY) == PNG


def test_percent_escapes_in_a_data_uri_are_undone():
    data = b"\xfb\xff\xfe\xff"
    assert decode_data_uri("data:image/png;base64,%2B%2f%2B%2B%2Fw%3D%3d", max_bytes=ROOMY) == base64.b64decode(
        "+/++/w=="
    )
    assert decode_data_uri("data:image/png;base64,-__-_w", max_bytes=ROOMY) == data


@pytest.mark.parametrize(
    "uri",
    [
        *["data:image/png,%89PNG%0D%0A", "data:image/png;utf8,abc", "data:text/html;base64,AAAA", "data:,", "data:"],
        *["data:;base64,AAAA", "data:image/png;base64", "data:image/;base64,AAAA"],
    ],
)
def test_a_data_uri_without_a_base64_picture_is_refused_in_clear_words(uri):
    with pytest.raises(InvalidRequest, match=r"^Invalid url: a data URI must hold a picture as Base64"):
        decode_data_uri(uri, max_bytes=ROOMY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (base64.b64encode(PNG).decode(), True),
        (base64.urlsafe_b64encode(b"\xff\xd8\xff" + bytes(range(255, 150, -1))).decode(), True),
        ("\n ".join(base64.b64encode(PNG).decode()), True),
        (base64.b64encode(b"<html>" + bytes(100)).decode(), False),
        (base64.b64encode(PNG[:12]).decode(), False),
        ("x" * 100, False),
        ("", False),
    ],
)
def test_a_picture_is_recognized_from_a_prefix(text, expected):
    assert looks_like_base64_picture(text) is expected
