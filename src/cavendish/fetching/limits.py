"""How much of the outside world one request may bring in: the settings section and its running count of bytes."""

from __future__ import annotations

from dataclasses import dataclass

from cavendish.errors import TooLarge
from cavendish.fetching.address_policy import AddressPolicy

MIB = 1024 * 1024


@dataclass(frozen=True)
class FetchSettings:
    """What may be fetched for one request.

    Args:
        max_images: Most pictures of one request.
        max_source_bytes: Most bytes of one picture.
        max_total_bytes: Most bytes of all pictures of a request together.
        timeout_s: Seconds one download may take, redirects included.
        max_redirects: Most redirects followed for one picture.
        concurrency: Pictures of one request that are fetched at once.
        allow_private: Fetch from the operator's own networks too; see `AddressPolicy`.
        allowed_networks: CIDRs that may be fetched from whatever the table says.
        ports: Ports that may be fetched from; () is any port.
    """

    max_images: int = 14
    max_source_bytes: int = 32 * MIB
    max_total_bytes: int = 128 * MIB
    timeout_s: float = 20.0
    max_redirects: int = 5
    concurrency: int = 4
    allow_private: bool = False
    allowed_networks: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443, 8080, 8443)

    @property
    def policy(self) -> AddressPolicy:
        """Where connections may go under these settings."""
        return AddressPolicy(allow_private=self.allow_private, allowed_networks=self.allowed_networks, ports=self.ports)


class ByteBudget:
    """The bytes that one request's pictures may still take together; used from one event loop.

    Args:
        max_bytes: What there is to spend.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._spent_bytes = 0

    def spend(self, size_bytes: int) -> None:
        """Count bytes that have arrived.

        Raises:
            TooLarge: The pictures are over the budget together.
        """
        self._spent_bytes += size_bytes
        if self._spent_bytes > self._max_bytes:
            raise TooLarge(f"the pictures of this request are larger than {in_words(self._max_bytes)} together.")


def require_size(size_bytes: int, *, max_bytes: int) -> None:
    """Refuse one picture that is, or announces itself as, over its cap.

    Raises:
        TooLarge: `size_bytes` exceeds `max_bytes`.
    """
    if size_bytes > max_bytes:
        raise TooLarge(f"it is larger than {in_words(max_bytes)}.")


def in_words(size_bytes: int) -> str:
    """A byte count for people: `32 MiB`, or `100 bytes` where it is not a whole number of MiB."""
    return f"{size_bytes // MIB} MiB" if size_bytes % MIB == 0 else f"{size_bytes:,} bytes"
