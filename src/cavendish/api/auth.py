"""Who calls: the Bearer key of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cavendish.api.state import state_of
from cavendish.domain.request import Principal

if TYPE_CHECKING:
    from starlette.requests import Request

LOCAL = Principal(account_id="local", key_prefix="local")
"""Who calls a server that was started without keys."""


async def principal_of(request: Request) -> Principal:
    """The owner of the request's key.

    Raises:
        Unauthorized: The key is missing, wrong or disabled.
    """
    state = state_of(request)
    if not state.settings.auth:
        return LOCAL
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    principal = await state.accounts.find(key.strip() if scheme.lower() == "bearer" else "")
    request.scope["state"].setdefault("canonical", {})["key_prefix"] = principal.key_prefix
    return principal
