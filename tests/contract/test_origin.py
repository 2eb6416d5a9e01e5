"""The origin that result addresses begin with: the one the client called."""

from __future__ import annotations

import http.client
import json
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from cavendish.api.origin import origin_of
from cavendish.api.state import ApiSettings
from cavendish.errors import InvalidRequest
from cavendish.settings import load
from tests.contract.conftest import KEY
from tests.support.pictures import encoded, scene

PNG = encoded(scene(16, 12))


def address_given(server, headers: dict[str, str], *, host: str | None = None) -> str:
    """The address of an upload sent with exactly these headers."""
    port = int(server.origin.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest("POST", "/v1/files", skip_host=host is not None)
        for name, value in ({"Host": host} if host is not None else {}).items():
            connection.putheader(name, value)
        for name, value in {"Authorization": f"Bearer {KEY}", "Content-Length": str(len(PNG)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(PNG)
        response = connection.getresponse()
        body = json.loads(response.read())
        assert response.status == 200, body
        return body["url"].rpartition("/files/")[0]
    finally:
        connection.close()


@pytest.mark.parametrize("host", ["pictures.example", "pictures.example:8443", "[::1]:9000", "localhost"])
def test_the_host_that_was_called(server, host):
    assert address_given(server, {}, host=host) == f"http://{host}"


@pytest.mark.parametrize(
    "host",
    ["", "evil.example/path", "evil.example?x", "user@evil.example", "a b", "evil.example:port", "evil.example#"],
)
def test_a_malformed_host_counts_for_nothing(server, host):
    assert address_given(server, {}, host=host) == server.origin


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"X-Forwarded-Host": "images.example", "X-Forwarded-Proto": "https"}, "https://images.example"),
        (
            {"X-Forwarded-Host": "outer.example, inner.example", "X-Forwarded-Proto": "https, http"},
            "https://outer.example",
        ),
        ({"X-Forwarded-Proto": "https"}, "https://called.example"),
        ({"X-Forwarded-Proto": "javascript"}, "http://called.example"),
    ],
)
def test_a_trusted_proxy_is_believed(server, headers, origin):
    assert address_given(server, headers, host="called.example") == origin


def test_a_malformed_forwarded_host_counts_for_nothing(server):
    assert address_given(server, {"X-Forwarded-Host": "evil.example/x"}) == server.origin


def test_a_configured_public_url_wins(guarded_server):
    headers = {"X-Forwarded-Host": "other.example", "X-Forwarded-Proto": "http"}
    assert address_given(guarded_server, headers, host="third.example") == "https://images.example"


def test_results_use_the_same_origin(server, api):
    answer = api.edit(headers={"Host": "pictures.example"})
    assert answer["data"][0]["url"].startswith("http://pictures.example/files/")
    assert answer["images"][0]["url"] == answer["data"][0]["url"]
    assert api.http.get(answer["data"][0]["url"].replace("http://pictures.example", server.origin)).status_code == 200


def called_by(client: str, settings: ApiSettings) -> str:
    """The origin of a call from `client` that carries forwarding headers."""
    state = SimpleNamespace(cavendish=SimpleNamespace(settings=settings))
    headers = {"host": "called.example", "x-forwarded-host": "forged.example", "x-forwarded-proto": "https"}
    scope = {
        "type": "http",
        "scheme": "http",
        "client": (client, 5000),
        "server": ("10.1.2.3", 8000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "app": SimpleNamespace(state=state),
    }
    return origin_of(Request(scope))


@pytest.mark.parametrize(
    ("client", "proxies", "origin"),
    [
        ("203.0.113.9", ("127.0.0.1", "::1"), "http://called.example"),
        ("127.0.0.1", ("127.0.0.1",), "https://forged.example"),
        ("127.0.0.1", (), "http://called.example"),
        ("10.9.8.7", ("10.0.0.0/8",), "https://forged.example"),
        ("11.9.8.7", ("10.0.0.0/8",), "http://called.example"),
        ("2001:db8::7", ("2001:db8::/32",), "https://forged.example"),
        ("testclient", ("127.0.0.1",), "http://called.example"),
    ],
)
def test_only_trusted_proxies_are_believed(client, proxies, origin):
    assert called_by(client, ApiSettings(trusted_proxies=proxies)) == origin


def test_lists_are_set_from_the_environment_as_json(monkeypatch):
    monkeypatch.setenv("CAVENDISH_API__TRUSTED_PROXIES", '["10.0.0.0/8"]')
    monkeypatch.setenv("CAVENDISH_FETCHING__PORTS", "[80, 8000]")
    monkeypatch.setenv("CAVENDISH_PRICING__BY_MODEL", '{"google/nano-banana-edit": 120000}')
    settings = load()
    assert settings.api.trusted_proxies == ("10.0.0.0/8",)
    assert settings.fetching.ports == (80, 8000)
    assert settings.pricing.by_model == {"google/nano-banana-edit": 120_000}
    monkeypatch.setenv("CAVENDISH_FETCHING__PORTS", "[80,")
    with pytest.raises(InvalidRequest, match="fetching"):
        load()
