"""How `points`, `box` and `mask` are read into a request; their refusals are tested over HTTP."""

from __future__ import annotations

import json

import pytest

from cavendish.api.dialects.images import parse
from cavendish.domain.request import EditRequest, Pointing
from cavendish.errors import InvalidRequest
from tests.support.server import MODEL


def read(**fields) -> EditRequest:
    body = {"model": MODEL, "prompt": "make it brighter", "image_urls": ["/files/a.png", "/files/b.png"]}
    return parse(json.dumps(body | fields).encode(), strict=True, own_origin="http://localhost")


@pytest.mark.parametrize(
    ("fields", "pointing"),
    [
        ({}, None),
        ({"points": None, "box": None, "mask": None}, None),
        ({"points": [[0, 1], [0.25, 0.5]]}, Pointing(points=((0.0, 1.0), (0.25, 0.5)))),
        ({"points": [[0.5, 0.5]] * 16}, Pointing(points=((0.5, 0.5),) * 16)),
        ({"box": [0, 0, 1, 1]}, Pointing(box=(0.0, 0.0, 1.0, 1.0))),
        ({"points": [[0.5, 0.5]], "box": [0.1, 0.2, 0.3, 0.4]}, Pointing(((0.5, 0.5),), (0.1, 0.2, 0.3, 0.4))),
        ({"mask": "/files/m.png"}, Pointing(mask="/files/m.png")),
        ({"extra_body": {"mask": "/files/m.png"}}, Pointing(mask="/files/m.png")),
    ],
)
def test_what_is_pointed_at(fields, pointing):
    request = read(**fields)
    assert request.pointing == pointing
    assert request.ignored == ()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_python_writes_as_json_but_is_no_number(number):
    with pytest.raises(InvalidRequest) as refused:
        read(points=[[0.5, number]])
    assert refused.value.public_message.endswith('Number must be finite at "points[0][1]"')


def test_a_mask_is_read_after_the_pictures():
    assert list(read(mask="/files/m.png").sources.items()) == [
        ("image_urls[0]", "/files/a.png"),
        ("image_urls[1]", "/files/b.png"),
        ("mask", "/files/m.png"),
    ]
    assert list(read(box=[0, 0, 1, 1]).sources) == ["image_urls[0]", "image_urls[1]"]
