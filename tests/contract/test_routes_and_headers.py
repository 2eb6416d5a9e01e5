"""Paths that answer, paths that do not, and the headers every answer carries."""

from __future__ import annotations

import asyncio
import re

import httpx2
import pytest

from cavendish.app import create_app
from cavendish.settings import load
from tests.contract.conftest import KEY
from tests.support.calls import GENERATIONS, refusal

NANOID = re.compile(r"[A-Za-z0-9_-]{21}")


@pytest.mark.parametrize(
    "path", ["/v1/images/generations", "/v1/images/generations/", "/images/generations", "/images/generations/"]
)
def test_the_endpoint_with_and_without_version_and_slash(api, path):
    response = api.send(path=path)
    assert response.status_code == 200
    assert response.history == []


@pytest.mark.parametrize("path", ["/v1/files", "/v1/files/", "/files"])
def test_uploads_are_never_redirected(api, path):
    assert refusal(api.http.post(path, content=b"x"), status=400).param == "file"


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/v1/images", "/v1/images/generations/x", "/v2/images/generations", "/files/", "/model/"]
)
def test_an_unknown_path_is_404_in_the_envelope(api, path):
    response = api.http.get(path, follow_redirects=False)
    problem = refusal(response, status=404)
    assert problem.kind == "err_not_found"
    assert response.json()["path"] == path
    assert response.json()["title"] == "Not Found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", GENERATIONS, {"POST"}),
        ("PUT", GENERATIONS, {"POST"}),
        ("DELETE", "/v1/models", {"GET"}),
        ("GET", "/v1/files", {"POST"}),
    ],
)
def test_a_wrong_method_is_405_and_says_which_are_right(api, method, path, allowed):
    response = api.http.request(method, path)
    assert refusal(response, status=405).kind == "err_method_not_allowed"
    assert {name.strip() for name in response.headers["allow"].split(",")} >= allowed


ANSWERS = {
    "an edit": lambda api: api.send(),
    "a refusal": lambda api: api.send(prompt=""),
    "no key": lambda api: api.send(headers={"Authorization": ""}),
    "no path": lambda api: api.http.get("/nothing"),
    "no method": lambda api: api.http.get(GENERATIONS),
    "the models": lambda api: api.http.get("/v1/models"),
    "health": lambda api: api.http.get("/health/live"),
    "no file": lambda api: api.http.get("/files/none.png"),
    "a bad upload": lambda api: api.http.post("/v1/files", content=b"x"),
}


@pytest.mark.parametrize("ask", ANSWERS.values(), ids=ANSWERS)
def test_every_answer_can_be_read_by_any_page_and_has_an_id(api, ask):
    response = ask(api)
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert NANOID.fullmatch(response.headers["x-request-id"])
    exposed = {name.strip() for name in response.headers["access-control-expose-headers"].split(",")}
    assert exposed >= {
        "x-inference-id",
        "x-client-request-id",
        "x-aimlapi-credits-used",
        "x-aimlapi-usd-spent",
        "x-request-id",
    }
    for name in ("access-control-allow-origin", "x-request-id"):
        assert len(response.headers.get_list(name)) == 1
    if "/images/" in response.request.url.path and response.status_code != 405:
        assert response.headers["x-inference-id"] == response.headers["x-request-id"]


def test_ids_are_not_repeated(api):
    assert len({api.http.get("/health/live").headers["x-request-id"] for _ in range(50)}) == 50


@pytest.mark.parametrize("path", [GENERATIONS, "/v1/files", "/v1/models", "/files/x.png"])
def test_preflights(api, path):
    response = httpx2.request(
        "OPTIONS",
        f"{api.http.base_url}".rstrip("/") + path,
        headers={
            "Origin": "https://studio.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, x-client-request-id, x-stainless-os",
        },
        trust_env=False,
    )
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["access-control-allow-origin"] == "*"
    allowed = {name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")}
    assert allowed >= {"authorization", "content-type", "x-client-request-id", "idempotency-key", "x-stainless-os"}
    assert "POST" in response.headers["access-control-allow-methods"]


@pytest.mark.parametrize("given", ["a", "order-7:42._x", "a" * 128])
def test_a_clients_own_id_is_echoed(api, given):
    for status, changes in ((200, {}), (400, {"prompt": ""})):
        response = api.send(headers={"X-Client-Request-Id": given}, **changes)
        assert response.status_code == status
        assert response.headers["x-client-request-id"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "with space", "semi;colon", "a/b", "é".encode()])
def test_a_malformed_one_is_dropped_and_the_request_runs(api, given):
    response = api.send(headers={"X-Client-Request-Id": given})
    assert response.status_code == 200
    assert "x-client-request-id" not in response.headers


def test_partner_headers_are_accepted(api):
    headers = {
        "HTTP-Referer": "https://x.example",
        "X-Title": "T",
        "X-AIMLAPI-Partner-ID": "p",
        "X-AIMLAPI-Source": "s",
    }
    assert api.send(headers=headers).status_code == 200


def test_what_it_cost_to_the_last_digit(api):
    one = api.send()
    assert one.headers["x-aimlapi-credits-used"] == "84000"
    assert one.headers["x-aimlapi-usd-spent"] == "0.042000000"
    assert one.json()["meta"]["usage"] == {"credits_used": 84_000, "usd_spent": 0.042}
    three = api.send(prompt="brighten it", num_images=3)
    assert three.headers["x-aimlapi-credits-used"] == "252000"
    assert three.headers["x-aimlapi-usd-spent"] == "0.126000000"
    assert three.json()["meta"]["usage"] == {"credits_used": 252_000, "usd_spent": 0.126}
    assert "x-aimlapi-credits-used" not in api.send(prompt="").headers


def test_a_fault_of_ours_is_a_500_in_the_envelope_with_the_same_headers(tmp_path):
    app = create_app(load(data_dir=tmp_path))

    async def broken() -> None:
        raise ZeroDivisionError("a secret detail")

    app.add_api_route("/broken", broken)

    async def call() -> httpx2.Response:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/broken", headers={"X-Client-Request-Id": "mine"})

    response = asyncio.run(call())
    problem = refusal(response, status=500)
    assert (problem.kind, problem.message) == ("err_internal", "Internal server error")
    assert "secret" not in response.text
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-client-request-id"] == "mine"
    assert response.headers["connection"] == "close"  # the server closes it after a fault; a client must not reuse it


def test_health_needs_no_key(server):
    with httpx2.Client(base_url=server.origin, trust_env=False) as anyone:
        for path in ("/health", "/health/live", "/health/ready"):
            response = anyone.get(path)
            assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_the_key_may_be_spelt_in_any_case_of_bearer(server, api):
    with httpx2.Client(base_url=server.origin, trust_env=False) as anyone:
        for scheme in ("bearer", "BEARER", "Bearer "):
            response = anyone.post(GENERATIONS, json=api.body(), headers={"Authorization": f"{scheme} {KEY}"})
            assert response.status_code == 200
