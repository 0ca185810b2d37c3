"""Decoding: what a packet's headers say, and that no bytes can break it."""

from __future__ import annotations

import socket
import struct

import hypothesis
import pytest
from hypothesis import strategies

from pytest_netns_mysql.kernel.capture.packet import decode
from pytest_netns_mysql.kernel.capture.tap import Frame

pytestmark = pytest.mark.oldest_python

ETHERNET, LOOPBACK, TUNNEL = 1, 772, 768  # ARPHRD_*
SYN, ACK = 0x02, 0x10


def frame(data: bytes, *, hardware_type: int = ETHERNET, is_outgoing: bool = False) -> Frame:
    return Frame(1_500_000_000, "red", "eth0", hardware_type, is_outgoing, len(data), data)


def ethernet(kind: int, data: bytes) -> bytes:
    return bytes(12) + struct.pack("!H", kind) + data


def ipv4(protocol: int, data: bytes, *, fragment: int = 0, length: int | None = None) -> bytes:
    ends = socket.inet_aton("192.0.2.2") + socket.inet_aton("192.0.2.1")
    total = 20 + len(data) if length is None else length
    return struct.pack("!BBHHHBBH", 0x45, 0, total, 0, fragment, 64, protocol, 0) + ends + data


def ipv6(protocol: int, data: bytes) -> bytes:
    ends = socket.inet_pton(socket.AF_INET6, "2001:db8::2") + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    return struct.pack("!IHBB", 6 << 28, len(data), protocol, 64) + ends + data


def tcp(flags: int, payload: bytes = b"") -> bytes:
    return struct.pack("!HHIIBBHHH", 40022, 3306, 0, 0, 6 << 4, flags, 0, 0, 0) + bytes(4) + payload


def test_tcp_over_ipv4() -> None:
    packet = decode(frame(ethernet(0x0800, ipv4(6, tcp(SYN | ACK, b"hello"))), is_outgoing=True))
    assert (packet.source, packet.source_port) == ("192.0.2.2", 40022)
    assert (packet.destination, packet.destination_port) == ("192.0.2.1", 3306)
    assert (packet.protocol, packet.flags, packet.payload) == ("tcp", frozenset({"SYN", "ACK"}), b"hello")
    assert (packet.syn, packet.ack, packet.fin, packet.rst) == (True, True, False, False)
    assert packet.time == 1.5
    assert str(packet) == "red/eth0 > 192.0.2.2:40022 to 192.0.2.1:3306 tcp SYN ACK, 63 bytes"


def test_udp_over_ipv6_behind_an_extension_header() -> None:
    options = struct.pack("!BB", 17, 0) + bytes(6)
    packet = decode(frame(ethernet(0x86DD, ipv6(0, options + struct.pack("!HHHH", 5, 53, 10, 0) + b"ab"))))
    assert (packet.protocol, packet.destination_port, packet.payload) == ("udp", 53, b"ab")
    assert str(packet) == "red/eth0 < [2001:db8::2]:5 to [2001:db8::1]:53 udp, 72 bytes"


def test_padding_of_ethernet_is_no_payload() -> None:
    packet = decode(frame(ethernet(0x0800, ipv4(6, tcp(ACK)) + bytes(2))))
    assert packet.payload == b""


def test_a_packet_that_is_still_to_be_segmented_has_no_length() -> None:
    packet = decode(frame(ethernet(0x0800, ipv4(6, tcp(ACK, b"x" * 70_000), length=0))))
    assert packet.payload == b"x" * 70_000


@pytest.mark.parametrize(
    "data",
    [
        ethernet(0x0800, ipv4(6, b"rest", fragment=100)),
        ethernet(0x86DD, ipv6(44, b"\x06\0\x10\0" + bytes(4) + b"rest")),
    ],
    ids=["IPv4", "IPv6"],
)
def test_a_later_fragment_has_no_ports(data: bytes) -> None:
    packet = decode(frame(data))
    assert (packet.protocol, packet.destination_port, packet.payload) == ("tcp", None, b"rest")


def test_arp() -> None:
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + bytes(6) + socket.inet_aton("192.0.2.2")
    packet = decode(frame(ethernet(0x0806, body + bytes(6) + socket.inet_aton("192.0.2.1"))))
    assert str(packet) == "red/eth0 < 192.0.2.2 to 192.0.2.1 arp, 42 bytes"


def test_a_vlan_tag_is_skipped() -> None:
    packet = decode(frame(ethernet(0x8100, struct.pack("!HH", 7, 0x0800) + ipv4(1, b"\x08\0"))))
    assert (packet.protocol, packet.payload) == ("icmp", b"\x08\0")


def test_the_loopback_has_ethernet_headers_and_a_tunnel_has_none() -> None:
    inside = ipv4(6, tcp(SYN))
    assert decode(frame(ethernet(0x0800, inside), hardware_type=LOOPBACK)).syn
    assert decode(frame(inside, hardware_type=TUNNEL)).syn


@hypothesis.given(
    strategies.binary(max_size=120),
    strategies.sampled_from([0x0800, 0x0806, 0x86DD, 0x8100, 0x1234]),
    strategies.sampled_from([ETHERNET, TUNNEL]),
)
def test_no_bytes_raise_an_error(data: bytes, kind: int, hardware_type: int) -> None:
    whole = ethernet(kind, data) if hardware_type == ETHERNET else data
    packet = decode(frame(whole, hardware_type=hardware_type))
    assert packet.length == len(whole)
    assert str(packet).endswith("bytes")


@hypothesis.given(strategies.integers(0, 74))
def test_a_packet_cut_short_keeps_what_is_there(length: int) -> None:
    whole = ethernet(0x0800, ipv4(6, tcp(SYN, b"hello")))
    packet = decode(frame(whole[:length]))
    assert packet.payload in whole
    assert packet.destination in ("", "192.0.2.1")
