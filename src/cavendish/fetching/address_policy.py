"""Which addresses a picture may be fetched from: a table of networks, RFC beside each, and the rules for a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit

from cavendish.errors import UnsafeUrl

Network = IPv4Network | IPv6Network

OWN_NETWORKS = (
    "10.0.0.0/8",  # RFC 1918: private use
    "100.64.0.0/10",  # RFC 6598: shared space behind a carrier's NAT
    "127.0.0.0/8",  # RFC 1122 section 3.2.1.3: loopback
    "172.16.0.0/12",  # RFC 1918: private use
    "192.168.0.0/16",  # RFC 1918: private use
    "::1/128",  # RFC 4291 section 2.5.3: loopback
    "fc00::/7",  # RFC 4193: unique local
)
"""Networks that belong to whoever runs the server; `AddressPolicy.allow_private` opens them."""

REFUSED_NETWORKS = (
    "0.0.0.0/8",  # RFC 1122 section 3.2.1.3: this host on this network, unspecified
    "100.100.100.200/32",  # cloud metadata (Alibaba Cloud documentation), inside RFC 6598
    "168.63.129.16/32",  # cloud platform agent (Azure documentation), inside public space
    "169.254.0.0/16",  # RFC 3927: link-local, where most clouds keep their metadata (169.254.169.254)
    "192.0.0.0/24",  # RFC 6890 section 2.1: IETF protocol assignments, and Oracle's metadata (192.0.0.192)
    "192.0.2.0/24",  # RFC 5737: documentation
    "192.88.99.0/24",  # RFC 7526: deprecated 6to4 relays
    "198.18.0.0/15",  # RFC 2544: benchmarking
    "198.51.100.0/24",  # RFC 5737: documentation
    "203.0.113.0/24",  # RFC 5737: documentation
    "224.0.0.0/4",  # RFC 5771: multicast
    "240.0.0.0/4",  # RFC 1112 section 4: reserved; ends in RFC 919's broadcast 255.255.255.255
    "::/3",  # RFC 4291 section 2.4: outside 2000::/3; holds unspecified (::) and IPv4-compatible addresses
    "64:ff9b::/96",  # RFC 6052: NAT64, an IPv4 address in disguise
    "64:ff9b:1::/48",  # RFC 8215: local-use NAT64
    "100::/64",  # RFC 6666: discard only
    "2001::/23",  # RFC 2928: IETF protocol assignments
    "2001::/32",  # RFC 4380: Teredo, an IPv4 address in disguise
    "2001:2::/48",  # RFC 5180: benchmarking
    "2001:10::/28",  # RFC 4843: ORCHID
    "2001:db8::/32",  # RFC 3849: documentation
    "2002::/16",  # RFC 3056: 6to4, an IPv4 address in disguise
    "3fff::/20",  # RFC 9637: documentation
    "4000::/2",  # RFC 4291 section 2.4: outside 2000::/3, unassigned; holds RFC 9602's segment identifiers
    "8000::/1",  # RFC 4291 section 2.4: outside 2000::/3, unassigned
    "fd00:ec2::254/128",  # cloud metadata (AWS documentation), inside RFC 4193
    "fd20:ce::254/128",  # cloud metadata (Google Cloud documentation), inside RFC 4193
    "fe80::/10",  # RFC 4291 section 2.5.6: link-local
    "fec0::/10",  # RFC 3879: deprecated site-local
    "ff00::/8",  # RFC 4291 section 2.7: multicast
)
"""Networks no public picture lives in; only `AddressPolicy.allowed_networks` opens them."""

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_LENGTH = 8192
MAX_HOST_LENGTH = 253

# The longest prefix decides, so that a metadata address stays refused inside a network that has been opened.
_RULES: tuple[tuple[Network, bool], ...] = tuple(
    sorted(
        [(ip_network(text), True) for text in OWN_NETWORKS] + [(ip_network(text), False) for text in REFUSED_NETWORKS],
        key=lambda rule: -rule[0].prefixlen,
    )
)

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.ASCII)
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?"


@dataclass(frozen=True)
class AddressPolicy:
    """Where connections may go.

    Args:
        allow_private: Open `OWN_NETWORKS`, on any port. Link-local, metadata and the like stay closed.
        allowed_networks: CIDRs that are open whatever the table says.
        schemes: URL schemes that may be fetched.
        ports: Ports that may be fetched from; () is any port.

    Raises:
        ValueError: An entry of `allowed_networks` is not a CIDR.
    """

    allow_private: bool = False
    allowed_networks: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ("http", "https")
    ports: tuple[int, ...] = (80, 443, 8080, 8443)

    def __post_init__(self) -> None:
        _ = self.open_networks  # a mistyped network fails at start-up, not at the first picture

    @cached_property
    def open_networks(self) -> tuple[Network, ...]:
        """`allowed_networks`, parsed."""
        return tuple(ip_network(text) for text in self.allowed_networks)

    def allows_port(self, port: int) -> bool:
        """Whether a URL may name this port."""
        return self.allow_private or not self.ports or port in self.ports


@dataclass(frozen=True)
class PictureUrl:
    """An http(s) URL taken apart once, so that what is checked is what is requested.

    Args:
        scheme: `http` or `https`.
        host: Lower-case ASCII host name, or an address without brackets.
        port: Stated or the scheme's own.
        target: Path and query, percent-encoded ASCII, beginning with `/`.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and, unless it is the scheme's own, port, as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port in one normal form; equal for equal origins (RFC 6454)."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target


def check_address(address: str, policy: AddressPolicy) -> None:
    """Refuse an IP address that is not public, unless the policy opens its network.

    Args:
        address: IPv4 or IPv6 in text form; an IPv4-mapped IPv6 address is judged as the IPv4 address it is.
        policy: What is open.

    Raises:
        UnsafeUrl: The address is refused or is no address. The message never repeats the address: a name that
            resolves inside the operator's network must not tell a stranger where.

    Source:
        IANA special-purpose address registries (RFC 6890); each network's RFC stands in the table.
    """
    try:
        ip = _unmapped(ip_address(address))
    except ValueError as error:
        raise UnsafeUrl("its address is malformed.") from error
    if any(ip in network for network in policy.open_networks):
        return
    for network, is_own in _RULES:
        if ip in network:
            if is_own and policy.allow_private:
                return
            raise UnsafeUrl("its address is on a network this server does not fetch from.")


def check_url(url: str, policy: AddressPolicy) -> PictureUrl:
    """Read a URL and refuse what can be refused before any name is resolved.

    Args:
        url: Absolute, at most `MAX_URL_LENGTH` characters.
        policy: Schemes, ports and networks that are open.

    Returns:
        The parts to request; a host that is an address has been checked, a host name has not.

    Raises:
        UnsafeUrl: Malformed, user information, or a scheme, port or address the policy does not open.
    """
    parsed = parse_url(url)
    if parsed.scheme not in policy.schemes:
        raise UnsafeUrl(f"only {' and '.join(policy.schemes)} addresses are fetched.")
    if not policy.allows_port(parsed.port):
        raise UnsafeUrl(f"port {parsed.port} is not one this server fetches from.")
    if _is_address(parsed.host):
        check_address(parsed.host, policy)
    return parsed


def parse_url(url: str) -> PictureUrl:
    """Take an http(s) URL apart, whether or not it may be fetched.

    Raises:
        UnsafeUrl: Not an http(s) URL, too long, malformed, or with user information.

    Source:
        Syntax: RFC 3986. Host names: RFC 1123 section 2.1 and RFC 3490 (IDNA). Ambiguous numbers: RFC 6943
        section 3.1.1.
    """
    if len(url) > MAX_URL_LENGTH:
        raise UnsafeUrl(f"its address is longer than {MAX_URL_LENGTH} characters.")
    if _CONTROL_CHARACTERS.search(url):  # before urlsplit, which drops some of them silently
        raise UnsafeUrl("its address holds control characters.")
    try:
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS:
            raise UnsafeUrl("only http and https addresses are fetched.")
        return PictureUrl(parts.scheme, _host(parts), _port(parts), _target(parts))
    except ValueError as error:  # UnicodeError, from IDNA and lone surrogates, is one
        raise UnsafeUrl("its address is malformed.") from error


def _host(parts: SplitResult) -> str:
    if "@" in parts.netloc:
        raise UnsafeUrl("its address holds a user name or password.")
    host = (parts.hostname or "").removesuffix(".")
    if ":" in host:
        if "%" in host:
            raise UnsafeUrl("its address names a network interface.")
        return str(IPv6Address(host))
    if len(host) > MAX_HOST_LENGTH:  # before IDNA, whose time grows with the square of the length
        raise UnsafeUrl("its address has no valid host.")
    ascii_host = host.encode("idna").decode("ascii").lower()
    if len(ascii_host) > MAX_HOST_LENGTH or not _HOST_NAME.fullmatch(ascii_host):
        raise UnsafeUrl("its address has no valid host.")
    if _NUMBER.fullmatch(ascii_host.rpartition(".")[2]):
        return str(IPv4Address(ascii_host))  # 127.1, 0x7f000001, 017700000001: only the plain form is accepted
    return ascii_host


def _port(parts: SplitResult) -> int:
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    if port == 0:
        raise UnsafeUrl("port 0 is not one this server fetches from.")
    return port


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    return f"{path}?{quote(parts.query, safe=_QUERY_SAFE)}" if parts.query else path


def _is_address(host: str) -> bool:
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _unmapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    # RFC 4291 section 2.5.5.2: the kernel connects to the IPv4 address inside
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return mapped or ip
