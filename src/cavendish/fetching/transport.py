"""The guarded way out: resolve a host, check every address it has, then connect to one of exactly those."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore2

from cavendish.errors import UnreachableSource
from cavendish.fetching.address_policy import AddressPolicy, check_address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host and port into the addresses to choose from; raises OSError where there is none."""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver, in a thread.

    Returns:
        IPv4 and IPv6 addresses in the order of preference (RFC 6724), each once.

    Raises:
        OSError: The name does not exist or the resolver does not answer.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses only.

    The name is resolved once and the connection goes to an address, so a name that changes between check and
    connect (DNS rebinding) gains nothing. TLS still verifies the host name: httpcore2 passes it to `start_tls`.

    Args:
        policy: What is open.
        resolve: How names become addresses.
        connector: What opens a connection to an address.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        resolve: Resolver = resolve_host,
        connector: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._connector = connector or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, check, connect; the addresses are tried in order, `timeout` seconds each.

        Raises:
            UnsafeUrl: Any address of the host is refused, even beside good ones.
            UnreachableSource: The host has no address, or none of them accepts a connection.
        """
        failure: Exception | None = None
        for address in await self._checked_addresses(host, port):
            try:
                return await self._connector.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise UnreachableSource("its server does not accept a connection.") from failure

    async def _checked_addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise UnreachableSource("its host name could not be found.") from error
        for address in addresses:
            check_address(address, self._policy)
        return addresses
