"""The OpenAI SDK for Python, with its base address set to this server and nothing else changed."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator

import httpx
import httpx2
import openai
import PIL.Image
import pytest

from tests.clients.conftest import KEY
from tests.support.server import MODEL, create_key

PROMPT = "make it black and white"


@pytest.fixture
def connect(client_server) -> Iterator[Callable[[str], openai.OpenAI]]:
    """Opens SDK clients by key; the address ends in /v1, as the SDK wants it."""
    transport = httpx.Client(trust_env=False, timeout=60)
    with transport:
        yield lambda key: openai.OpenAI(
            base_url=f"{client_server.origin}/v1", api_key=key, max_retries=0, http_client=transport
        )


@pytest.fixture
def sdk(connect) -> openai.OpenAI:
    """A client with a good key."""
    return connect(KEY)


def test_an_edit_with_an_address(sdk, uploads, client_server):
    answer = sdk.images.generate(
        model=MODEL, prompt=PROMPT, extra_body={"image_urls": [uploads[0]], "aspect_ratio": "4:3"}
    )
    assert len(answer.data) == 1
    assert answer.data[0].b64_json is None
    assert answer.data[0].url.startswith(f"{client_server.origin}/files/")
    assert answer.created > 1_700_000_000
    assert answer.usage is None
    assert answer.description.startswith("Made the picture black and white.")
    assert answer._request_id
    file = httpx2.get(answer.data[0].url, trust_env=False).content
    assert PIL.Image.open(io.BytesIO(file)).size == (1184, 864)


def test_an_edit_with_the_sdks_own_arguments(sdk, uploads):
    answer = sdk.images.generate(
        model=MODEL,
        prompt="brighten it",
        n=2,
        size="1536x1024",
        quality="high",
        response_format="b64_json",
        output_format="webp",
        user="someone",
        extra_body={"image_urls": list(uploads)},
    )
    assert len(answer.data) == 2
    for item in answer.data:
        assert item.url is None
        picture = PIL.Image.open(io.BytesIO(base64.b64decode(item.b64_json, validate=True)))
        assert (picture.format, picture.size) == ("WEBP", (1248, 832))
    assert sorted(answer.meta["edit"]["ignored"]) == ["quality", "user"]


def test_pictures_inside_the_request(sdk):
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (32, 20), "teal").save(buffer, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    answer = sdk.images.generate(
        model=MODEL,
        prompt="flip it",
        response_format="b64_json",
        extra_body={"image_urls": [uri], "aspect_ratio": "auto"},
    )
    assert PIL.Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json))).size == (32, 20)


def test_a_wrong_key(connect):
    with pytest.raises(openai.AuthenticationError) as caught:
        connect("sk-wrong").images.generate(model=MODEL, prompt=PROMPT, extra_body={"image_urls": ["x"]})
    assert caught.value.status_code == 401
    assert "This request requires a valid API key." in caught.value.message
    assert caught.value.type == "authentication_error"


def test_no_credits_left(connect, client_server, uploads):
    poor = create_key(client_server.data_dir, amount=0)
    with pytest.raises(openai.PermissionDeniedError) as caught:
        connect(poor["key"]).images.generate(model=MODEL, prompt=PROMPT, extra_body={"image_urls": [uploads[0]]})
    assert caught.value.status_code == 403
    assert "You've run out of credits." in caught.value.message
    assert caught.value.body["data"] == {"kind": "err_insufficent_credits"}
    assert caught.value.request_id


def test_a_wrong_field(sdk, uploads):
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.generate(model=MODEL, prompt=PROMPT, extra_body={"image_urls": [uploads[0]], "aspect_ratio": "7:1"})
    assert caught.value.param == "aspect_ratio"
    assert caught.value.type == "invalid_request_error"
    assert "Invalid enum value. Expected '21:9' | '1:1'" in caught.value.body["message"]


def test_an_edit_nobody_can_do(sdk, uploads):
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.generate(model=MODEL, prompt="make him smile", extra_body={"image_urls": [uploads[0]]})
    assert caught.value.body["data"] == {"kind": "err_unsupported_edit"}
    assert "This server can: " in caught.value.message


def test_a_path_that_does_not_exist_here(sdk):
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])
    assert caught.value.type == "not_found_error"


def test_the_list_of_models(sdk):
    listed = {model.id: model for model in sdk.models.list()}
    assert MODEL in listed
    assert listed[MODEL].object == "model"
    assert listed[MODEL].owned_by == "cavendish"
    assert listed[MODEL].created > 1_700_000_000
