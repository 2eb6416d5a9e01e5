"""What the composition root hands to the routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from starlette.requests import Request

    from cavendish.accounts.pricing import PricingSettings
    from cavendish.accounts.repository import AccountRepository
    from cavendish.domain.limits import DecodeSettings
    from cavendish.jobs.runner import Runner
    from cavendish.service import EditService
    from cavendish.storage.repository import FileRepository
    from cavendish.storage.store import DirectoryStore


@dataclass(frozen=True)
class ApiSettings:
    """How the HTTP side behaves.

    Args:
        public_url: Origin that result addresses begin with, such as `https://images.example`; "" derives it from
            each call's Host (and, from trusted proxies, X-Forwarded-Proto and X-Forwarded-Host).
        trusted_proxies: Addresses or networks whose X-Forwarded headers are believed.
        max_body_bytes: Most bytes of a request body.
        max_bodies_bytes: Most bytes of all request bodies held at once; more get 503.
        max_in_flight: Most calls one key may have open at once; more get 429.
        auth: Whether a key is asked for; off only on loopback.
    """

    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    max_body_bytes: int = 64 * 1024 * 1024
    max_bodies_bytes: int = 1024 * 1024 * 1024
    max_in_flight: int = 256
    auth: bool = True


@dataclass
class Load:
    """What is open right now: calls by key prefix, and bytes of request bodies."""

    calls: dict[str, int] = field(default_factory=dict)
    body_bytes: int = 0


@dataclass(frozen=True)
class ApiState:
    """Everything a handler may use; lives on `app.state.cavendish`."""

    settings: ApiSettings
    service: EditService
    accounts: AccountRepository
    runner: Runner
    store: DirectoryStore
    files: FileRepository
    decode: DecodeSettings
    pricing: PricingSettings
    keep_files_s: float
    load: Load = field(default_factory=Load)


def state_of(request: Request) -> ApiState:
    """The state of the application a request came to."""
    return cast("ApiState", request.app.state.cavendish)
