"""The origin a client called us by; result addresses begin with it, since some clients refuse any other."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from cavendish.api.state import state_of

if TYPE_CHECKING:
    from starlette.requests import Request

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


def origin_of(request: Request) -> str:
    """Scheme and host without a trailing slash, such as `http://127.0.0.1:8000`.

    A configured public URL wins; X-Forwarded headers count only from trusted proxies; a malformed Host falls back to
    the address the connection came to.
    """
    settings = state_of(request).settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme, host = request.scope["scheme"], request.headers.get("host", "")
    if _trusted(request.client.host if request.client else "", settings.trusted_proxies):
        scheme = _first(request.headers.get("x-forwarded-proto"), scheme)
        host = _first(request.headers.get("x-forwarded-host"), host)
    if not _HOST.fullmatch(host):
        address, port = request.scope.get("server") or ("127.0.0.1", 80)
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"{scheme if scheme in {'http', 'https'} else 'http'}://{host}"


def _first(header: str | None, otherwise: str) -> str:
    return header.split(",")[0].strip() if header else otherwise


def _trusted(address: str, networks: tuple[str, ...]) -> bool:
    try:
        client = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(client in ipaddress.ip_network(network, strict=False) for network in networks)
