"""The table of refused networks and the rules for a URL."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.errors import UnsafeUrl
from cavendish.fetching.address_policy import (
    OWN_NETWORKS,
    REFUSED_NETWORKS,
    AddressPolicy,
    check_address,
    check_url,
    parse_url,
)

PUBLIC = AddressPolicy()
LAN = AddressPolicy(allow_private=True)


def refused(address, policy):
    try:
        check_address(address, policy)
    except UnsafeUrl:
        return True
    return False


@given(st.ip_addresses().filter(lambda ip: not ip.is_global and not getattr(ip, "ipv4_mapped", None)))
def test_every_address_that_is_not_global_is_refused(ip):
    assert refused(str(ip), PUBLIC)


@given(st.ip_addresses(v=4))
def test_an_ipv4_mapped_address_is_judged_as_the_address_inside(ip):
    assert refused(f"::ffff:{ip}", PUBLIC) == refused(str(ip), PUBLIC)


@given(st.ip_addresses(v=6).filter(lambda ip: int(ip) >> 125 != 1 and not ip.ipv4_mapped))
def test_ipv6_outside_global_unicast_is_refused(ip):
    assert refused(str(ip), PUBLIC)


@pytest.mark.parametrize("network", [*OWN_NETWORKS, *REFUSED_NETWORKS])
def test_both_ends_of_every_row_are_refused(network):
    parsed = ipaddress.ip_network(network)
    assert refused(str(parsed[0]), PUBLIC)
    assert refused(str(parsed[-1]), PUBLIC) or parsed.supernet_of(ipaddress.ip_network("::ffff:0:0/96"))


@pytest.mark.parametrize(
    "address",
    [
        *["1.1.1.1", "8.8.8.8", "9.9.9.9", "93.184.215.14", "140.82.121.4", "151.101.1.140", "104.16.132.229"],
        *["100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "223.255.255.255"],
        *["2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe", "2a00:1450:4001:830::200e", "::ffff:8.8.8.8"],
    ],
)
def test_public_addresses_are_allowed(address):
    check_address(address, PUBLIC)


@pytest.mark.parametrize("network", OWN_NETWORKS)
def test_allow_private_opens_the_operators_networks(network):
    check_address(str(ipaddress.ip_network(network)[0]), LAN)


@pytest.mark.parametrize(
    "address",
    [
        *["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"],
        *["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "fe80::1", "ff02::1", "::ffff:169.254.169.254"],
        *["64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1"],
    ],
)
def test_allow_private_does_not_open_metadata_and_disguises(address):
    assert refused(address, LAN)


def test_an_allowed_network_is_open_and_its_neighbors_are_not():
    policy = AddressPolicy(allowed_networks=("192.168.7.0/24", "fd12::/16"))
    check_address("192.168.7.20", policy)
    check_address("::ffff:192.168.7.20", policy)
    check_address("fd12::1", policy)
    assert refused("192.168.8.20", policy)
    assert refused("127.0.0.1", policy)


def test_a_mistyped_allowed_network_fails_when_the_policy_is_made():
    with pytest.raises(ValueError, match=r"192\.168\.0\.300"):
        AddressPolicy(allowed_networks=("192.168.0.300/24",))


@pytest.mark.parametrize("text", ["", "example.com", "1.2.3", "1.2.3.4.5", "0177.0.0.1"])
def test_what_is_no_address_is_refused(text):
    assert refused(text, LAN)


def test_the_message_does_not_repeat_the_address():
    with pytest.raises(UnsafeUrl) as caught:
        check_address("10.11.12.13", PUBLIC)
    assert "10.11" not in caught.value.public_message


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://Example.COM:443/a b?q=ü#part", "https://example.com/a%20b?q=%C3%BC"),
        ("http://example.com.:8080/x%20y", "http://example.com:8080/x%20y"),
        ("https://bücher.example/ä.png", "https://xn--bcher-kva.example/%C3%A4.png"),
        ("http://[2606:4700::0:1111]:80/?a=b&c", "http://[2606:4700::1111]/?a=b&c"),
        ("http://my_bucket.example/a\\b", "http://my_bucket.example/a%5Cb"),
    ],
)
def test_a_url_is_read_into_one_normal_form(url, normal):
    assert str(check_url(url, PUBLIC)) == normal


@pytest.mark.parametrize(
    "url",
    [
        *["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com", ""],
        *[
            "http://",
            "http:///path",
            "http://?q",
            "http://.",
            "http://a..b/",
            "http://a b/",
            "http://[::1",
            "http://[x]/",
        ],
        *["http://user@example.com/", "http://user:secret@example.com/", "http://example.com\\@127.0.0.1/"],
        *["http://example.com:0/", "http://example.com:65536/", "http://example.com:x/", "http://example.com:22/"],
        *[
            "http://exa\tmple.com/",
            "http://example.com/\r\nHost: x",
            "http://example.com/\x00",
            "http://example.com/\x85",
        ],
        *["http://example.com/\ud800", "http://example.com/" + "a" * 8192, "http://" + "a" * 254 + "/"],
        *["http://[fe80::1%25eth0]/", "http://exa<mple.com/", "http://" + "a" * 64 + ".com/"],
    ],
)
def test_a_malformed_or_foreign_url_is_refused(url):
    with pytest.raises(UnsafeUrl):
        check_url(url, PUBLIC)


@pytest.mark.parametrize(
    "host",
    [
        *["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "017700000001", "127.0.0.1."],
        *["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "0", "0.0.0.0"],
        *["①②⑦.⓪.⓪.①", "127。0。0。1", "169.254.169.254", "[fd00:ec2::254]", "[2002:7f00:1::]", "1.2.3.4.5"],
    ],
)
def test_every_way_to_write_a_private_address_is_refused(host):
    with pytest.raises(UnsafeUrl):
        check_url(f"http://{host}/", PUBLIC)


def test_an_ambiguous_number_is_refused_even_where_private_is_allowed():
    with pytest.raises(UnsafeUrl):
        check_url("http://0177.0.0.1/", LAN)  # 127.0.0.1 to one reader, 177.0.0.1 to another


@pytest.mark.parametrize("policy", [LAN, AddressPolicy(ports=())])
def test_any_port_where_private_is_allowed_or_no_ports_are_listed(policy):
    assert check_url("http://example.com:9000/", policy).port == 9000


def test_schemes_can_be_narrowed():
    with pytest.raises(UnsafeUrl, match="only https"):
        check_url("http://example.com/", AddressPolicy(schemes=("https",)))


def test_origins_compare_equal_however_they_are_written():
    assert parse_url("HTTP://Example.com:80/a").origin == parse_url("http://example.com").origin
    assert parse_url("http://example.com:81").origin != parse_url("http://example.com").origin


@given(st.one_of(st.text(max_size=80), st.text(max_size=80).map("http://".__add__)))
def test_any_text_is_either_read_or_refused_and_reading_is_stable(text):
    try:
        parsed = parse_url(text)
    except UnsafeUrl:
        return
    assert str(parsed).isascii()
    assert parse_url(str(parsed)) == parsed
