"""The catalog of models, which needs no key."""

from __future__ import annotations

import httpx2
import pytest

from tests.support.calls import refusal

IDS = ["google/gemini-2.5-flash-image-edit", "google/nano-banana-edit", "google/gemini-2.5-flash-image"]


@pytest.fixture(scope="module")
def anyone(server):
    """A client without a key."""
    with httpx2.Client(base_url=server.origin, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/api/v1/models"])
def test_the_list(anyone, path):
    body = anyone.get(path).json()
    assert body["object"] == "list"
    assert [item["id"] for item in body["data"]] == IDS
    for item in body["data"]:
        assert set(item) == {"id", "object", "created", "owned_by", "aliases", "type", "tags", "info"}
        assert (item["object"], item["type"]) == ("model", "openai/image-generations")
        assert item["created"] > 1_700_000_000
        assert set(item["info"]) >= {"name", "developer", "description", "releasedAt", "url", "docsUrl"}
        assert anyone.get(item["info"]["url"]).json()["data"] == item
        assert anyone.get(item["info"]["docsUrl"]).status_code == 200


def test_a_weak_etag_saves_the_list(anyone):
    first = anyone.get("/v1/models")
    etag = first.headers["etag"]
    assert etag.startswith('W/"')
    assert anyone.get("/v1/models").headers["etag"] == etag
    for sent in (etag, f'"other", {etag}'):
        again = anyone.get("/v1/models", headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert anyone.get("/v1/models", headers={"If-None-Match": 'W/"other"'}).status_code == 200
    detailed = anyone.get("/v1/models?include=all", headers={"If-None-Match": etag})
    assert detailed.status_code == 200
    assert detailed.headers["etag"] != etag


@pytest.mark.parametrize(
    ("query", "added"),
    [
        ("include=pricing", {"pricing"}),
        ("include=pricing,modalities", {"pricing", "modalities"}),
        ("include=pricing&include=capabilities", {"pricing", "capabilities"}),
        ("include=ALL", {"pricing", "modalities", "capabilities"}),
        ("include=nonsense", set()),
        ("details=true", {"pricing", "modalities", "capabilities"}),
        ("details=1", {"pricing", "modalities", "capabilities"}),
        ("details=no", set()),
    ],
)
def test_what_can_be_included(anyone, query, added):
    plain = set(anyone.get("/v1/models").json()["data"][0])
    for item in anyone.get(f"/v1/models?{query}").json()["data"]:
        assert set(item) - plain == added


def test_prices_and_modalities(anyone):
    edit, _, words_only = anyone.get("/v1/models?details=true").json()["data"]
    assert edit["pricing"] == {
        "kind": "fixed",
        "currency": "USD",
        "units": [{"name": "image", "price": 0.042, "per": 1}],
    }
    assert edit["modalities"] == {"input": ["text", "image"], "output": ["image"]}
    assert words_only["modalities"] == {"input": ["text"], "output": ["image"]}


@pytest.mark.parametrize("spelling", [str, str.upper, str.title])
@pytest.mark.parametrize("model", IDS)
def test_one_model_in_any_case(anyone, model, spelling):
    body = anyone.get(f"/model/{spelling(model)}").json()
    assert (body["object"], body["data"]["id"]) == ("model", model)
    assert "pricing" in anyone.get(f"/model/{spelling(model)}?include=pricing").json()["data"]


@pytest.mark.parametrize("model", ["acme/paint", "google", "google/nano-banana-edit/x"])
def test_no_such_model(anyone, model):
    problem = refusal(anyone.get(f"/model/{model}"), status=404)
    assert problem.kind == "err_not_found"
    assert model in problem.message
