"""A captured packet, decoded as far as assertions need it: addresses, ports, flags and payload.

dpkt and scapy decode packets as well. Importing one of them takes 160 to 230 ms, as much as several tests, and
assertions would need an extra. The few headers below do not change any more; the tests compare with tshark.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pytest_netns_mysql.kernel.capture.tap import Frame

FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
"""The flags of TCP, in the order of their bits; see RFC 9293, "Header Format"."""

_ETHERNET_KINDS = (1, 772)  # ARPHRD_ETHER, and ARPHRD_LOOPBACK, whose packets have an Ethernet header of zeros, too
_ETHERNET_HEADER = 14
_VLAN = (0x8100, 0x88A8)
_IPV4, _ARP, _IPV6 = 0x0800, 0x0806, 0x86DD
_EXTENSIONS = (0, 43, 60, 135)  # of IPv6: hop-by-hop, routing, destination options, mobility
_FRAGMENT = 44
_NAMES = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 47: "gre", 58: "icmpv6"}


@dataclass(frozen=True)
class Packet:
    """A packet that an interface sent or received. A packet that crosses two interfaces is captured on both.

    Attributes:
        time: In seconds since the epoch.
        namespace: The namespace of the interface.
        interface: The interface's name.
        is_outgoing: Whether the packet left the namespace by the interface. On ``lo`` each packet is captured once, as
            it arrives.
        protocol: ``tcp``, ``udp``, ``icmp``, ``icmpv6``, ``arp``, or the number of another protocol as a text.
        source: The source address, or '' for other packets than those of IP and ARP.
        destination: The destination address, or ''.
        source_port: The source port of TCP and UDP, else None.
        destination_port: The destination port of TCP and UDP, else None.
        flags: The flags of TCP, such as ``{"SYN", "ACK"}``.
        length: The number of bytes of the packet, with all headers.
        payload: What TCP or UDP carry; of another protocol what IP carries.
    """

    time: float
    namespace: str
    interface: str
    is_outgoing: bool
    protocol: str
    source: str = ""
    destination: str = ""
    source_port: int | None = None
    destination_port: int | None = None
    flags: frozenset[str] = frozenset()
    length: int = 0
    payload: bytes = field(default=b"", repr=False)

    @property
    def syn(self) -> bool:
        """True if the flag SYN is set: the packet opens a connection, or is the answer (with ``ack``)."""
        return "SYN" in self.flags

    @property
    def ack(self) -> bool:
        """True if the flag ACK is set."""
        return "ACK" in self.flags

    @property
    def fin(self) -> bool:
        """True if the flag FIN is set: the sender has closed its side of the connection."""
        return "FIN" in self.flags

    @property
    def rst(self) -> bool:
        """True if the flag RST is set: the connection is refused, or was broken off."""
        return "RST" in self.flags

    def __str__(self) -> str:
        """Return the packet as a line, such as ``red/eth0 > 192.0.2.2:40022 to 192.0.2.1:3306 tcp SYN, 74 bytes``."""
        ends = [
            _end(self.source, self.source_port),
            _end(self.destination, self.destination_port),
        ]
        flags = "".join(f" {flag}" for flag in FLAGS if flag in self.flags)
        arrow = ">" if self.is_outgoing else "<"
        return (
            f"{self.namespace}/{self.interface} {arrow} {' to '.join(filter(None, ends))} {self.protocol}{flags}, "
            f"{self.length} bytes"
        )


def _end(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@dataclass(frozen=True)
class _Headers:
    """What the headers of a packet say; see Packet."""

    protocol: str
    source: str = ""
    destination: str = ""
    source_port: int | None = None
    destination_port: int | None = None
    flags: frozenset[str] = frozenset()
    payload: bytes = b""


def decode(frame: Frame) -> Packet:
    """Return a captured packet with its headers decoded. What cannot be decoded is left in ``payload``."""
    headers = _decode_link(frame)
    return Packet(
        time=frame.time / 1e9,
        namespace=frame.namespace,
        interface=frame.interface,
        is_outgoing=frame.is_outgoing,
        length=frame.length,
        **vars(headers),
    )


def _decode_link(frame: Frame) -> _Headers:
    data = frame.data
    try:
        if frame.hardware_type not in _ETHERNET_KINDS:  # such as a tunnel, whose packets begin with the IP header
            version = data[0] >> 4
            return _decode_network(_IPV4 if version == 4 else _IPV6 if version == 6 else 0, data)
        (kind,) = struct.unpack_from("!H", data, 12)
        start = _ETHERNET_HEADER
        while kind in _VLAN:
            (kind,) = struct.unpack_from("!H", data, start + 2)
            start += 4
        return _decode_network(kind, data[start:])
    except (struct.error, IndexError, ValueError):  # cut short
        return _Headers("", payload=data)


def _decode_network(kind: int, data: bytes) -> _Headers:
    decoder = _NETWORK.get(kind)
    return _Headers(f"0x{kind:04x}", payload=data) if decoder is None else decoder(data)


def _decode_ipv4(data: bytes) -> _Headers:
    first, total, fragment, protocol = struct.unpack_from("!BxHxxHxB", data)
    source, destination = (socket.inet_ntop(socket.AF_INET, data[at : at + 4]) for at in (12, 16))
    # A packet that is still to be cut into segments may have the length 0; padding follows what the length counts.
    payload = data[(first & 0xF) * 4 : total or None]
    return _decode_transport(protocol, source, destination, payload, is_first=not fragment & 0x1FFF)


def _decode_ipv6(data: bytes) -> _Headers:
    length, protocol = struct.unpack_from("!4xHB", data)
    source, destination = (socket.inet_ntop(socket.AF_INET6, data[at : at + 16]) for at in (8, 24))
    payload, is_first = data[40 : 40 + length if length else None], True
    while protocol in _EXTENSIONS or protocol == _FRAGMENT:
        if protocol == _FRAGMENT:
            is_first = is_first and not struct.unpack_from("!H", payload, 2)[0] >> 3
            size = 8
        else:
            size = payload[1] * 8 + 8
        protocol, payload = payload[0], payload[size:]
        if not is_first:
            break
    return _decode_transport(protocol, source, destination, payload, is_first=is_first)


def _decode_arp(data: bytes) -> _Headers:
    """Decode the addresses of ARP for IPv4, see RFC 826."""
    source, destination = (socket.inet_ntop(socket.AF_INET, data[at : at + 4]) for at in (14, 24))
    return _Headers("arp", source, destination, payload=data[:28])


def _decode_transport(protocol: int, source: str, destination: str, data: bytes, *, is_first: bool) -> _Headers:
    name = _NAMES.get(protocol, str(protocol))
    try:
        if is_first and name == "tcp":
            source_port, destination_port, offset, bits = struct.unpack_from("!HH8xBB", data)
            flags = frozenset(flag for number, flag in enumerate(FLAGS) if bits >> number & 1)
            payload = data[(offset >> 4) * 4 :]
            return _Headers(name, source, destination, source_port, destination_port, flags, payload)
        if is_first and name == "udp":
            source_port, destination_port = struct.unpack_from("!HH", data)
            return _Headers(name, source, destination, source_port, destination_port, payload=data[8:])
    except struct.error:  # cut short
        pass
    return _Headers(name, source, destination, payload=data)


_NETWORK: Mapping[int, Callable[[bytes], _Headers]] = MappingProxyType(
    {_IPV4: _decode_ipv4, _ARP: _decode_arp, _IPV6: _decode_ipv6}
)
