"""One picture over http(s): bounded in bytes, time and redirects, every hop checked, no proxy, cookie or credential."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpcore2

import cavendish
from cavendish.errors import DeadlineExceeded, UnreachableSource, UnsafeUrl
from cavendish.fetching.address_policy import AddressPolicy, PictureUrl, check_url
from cavendish.fetching.limits import ByteBudget, FetchSettings, require_size

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext

CONNECT_TIMEOUT_S = 5.0
"""Per address of a host, so that one dead address leaves time for the next."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def download(
    url: str,
    *,
    settings: FetchSettings,
    pool: httpcore2.AsyncConnectionPool,
    context: EditContext,
    budget: ByteBudget,
) -> bytes:
    """Fetch one picture's bytes.

    Args:
        url: http or https.
        settings: Caps, and the policy every hop is held to.
        pool: Connections; its network backend must be a `GuardedBackend` of the same policy.
        context: Deadline and cancellation, looked at between chunks.
        budget: Counts the bytes of all pictures of the request.

    Returns:
        The body, not yet known to be a picture.

    Raises:
        UnsafeUrl: The URL, a redirect or a resolved address is refused.
        UnreachableSource: No answer in time, an error answer, a broken or compressed one, or too many redirects.
        TooLarge: Over `settings.max_source_bytes` or the budget.
        DeadlineExceeded: The edit's deadline passed first.
        Cancelled: The caller left.
    """
    context.check_cancelled()
    remaining_s = context.remaining_s
    try:
        async with asyncio.timeout(min(settings.timeout_s, remaining_s)):
            return await _follow(url, settings=settings, pool=pool, context=context, budget=budget)
    except TimeoutError as error:
        if remaining_s <= settings.timeout_s:
            raise DeadlineExceeded("Generation timeout") from error
        raise UnreachableSource(f"its server took longer than {settings.timeout_s:g} s.") from error
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:  # plain ones never leave the guarded backend
        raise UnreachableSource("its server does not offer a secure connection this server trusts.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as error:
        raise UnreachableSource("the connection to its server broke.") from error


async def _follow(
    url: str,
    *,
    settings: FetchSettings,
    pool: httpcore2.AsyncConnectionPool,
    context: EditContext,
    budget: ByteBudget,
) -> bytes:
    policy = settings.policy
    target = check_url(url, policy)
    for _ in range(settings.max_redirects + 1):
        async with pool.stream(
            "GET",
            httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.target),
            headers=_headers(target),
            extensions={"timeout": {"connect": CONNECT_TIMEOUT_S}},
        ) as response:
            if response.status not in _REDIRECTS:
                return await _body(response, settings=settings, context=context, budget=budget)
            target = _next_hop(target, _header(response, b"location"), policy=policy)
    raise UnreachableSource(f"its server redirects more than {settings.max_redirects} times.")


def _headers(target: PictureUrl) -> list[tuple[str, str]]:
    return [
        ("Host", target.authority),  # httpcore2's own leaves the brackets of an IPv6 address out
        ("User-Agent", f"cavendish/{cavendish.__version__}"),
        ("Accept", "image/*"),
        ("Accept-Encoding", "identity"),  # a compressed answer could unpack to any size
    ]


def _next_hop(current: PictureUrl, location: str, *, policy: AddressPolicy) -> PictureUrl:
    if not location:
        raise UnreachableSource("its server redirects to nowhere.")
    try:
        joined = urljoin(str(current), location)
    except ValueError as error:
        raise UnsafeUrl("its server redirects to a malformed address.") from error
    following = check_url(joined, policy)
    if current.scheme == "https" and following.scheme != "https":
        raise UnsafeUrl("its server redirects from https to http.")
    return following


async def _body(
    response: httpcore2.Response, *, settings: FetchSettings, context: EditContext, budget: ByteBudget
) -> bytes:
    if not 200 <= response.status < 300:
        raise UnreachableSource(f"the server answered {response.status}.")
    if _header(response, b"content-encoding").lower() not in {"", "identity"}:
        raise UnreachableSource("its server sent a compressed answer, which was not asked for.")
    announced = _header(response, b"content-length")
    if announced.isdecimal():
        require_size(int(announced), max_bytes=settings.max_source_bytes)
    body = bytearray()
    async with aclosing(response.aiter_stream()) as chunks:
        async for chunk in chunks:
            context.check_cancelled()
            require_size(len(body) + len(chunk), max_bytes=settings.max_source_bytes)
            budget.spend(len(chunk))
            body += chunk
    return bytes(body)


def _header(response: httpcore2.Response, name: bytes) -> str:
    values = [value for key, value in response.headers if key.lower() == name]
    return b", ".join(values).decode("utf-8", "replace").strip()  # RFC 9110 section 5.3: repeated fields are a list
