"""Many rtnetlink(7) requests in one go: encoded by pyroute2, sent over one socket, answered one by one."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from ipaddress import IPv6Interface
from typing import Any

from pytest_netns_mysql.topology.plan import End, Interface, PlannedBridge, Route

_NLM_F_REQUEST_ACK = 0x1 | 0x4
_NLM_F_CREATE_EXCL = 0x400 | 0x200
_NLMSG_ERROR = 2
_RTM_NEWLINK, _RTM_NEWADDR, _RTM_NEWROUTE = 16, 20, 24
_IFF_UP = 0x1
_SIOCGIFHWADDR = 0x8927
_ADDR_GEN_MODE_NONE = 1
_IFA_F_NODAD = 0x02
_TABLE_MAIN, _PROTO_BOOT, _TYPE_UNICAST, _SCOPE_UNIVERSE = 254, 3, 1, 0
_AT_ONCE = 64  # messages, so that the answers fit into the socket's buffer
_ANSWERS = 1 << 16  # bytes


class RefusedError(OSError):
    """The kernel refused one request of a batch; ``what`` says which."""

    def __init__(self, number: int, what: str) -> None:
        """Keep what was refused."""
        super().__init__(number, os.strerror(number))
        self.what = what


class Batch:
    """Gather requests, and send them in the calling thread's network namespace."""

    def __init__(self) -> None:
        """Begin without a request."""
        self._requests: list[tuple[str, Any]] = []

    def add_bridge(self, bridge: PlannedBridge) -> None:
        """Ask for a bridge, see ip-link(8); without STP, whose ports would listen for 30 seconds."""
        attributes: list[tuple[str, Any]] = [("IFLA_IFNAME", bridge.interface)]
        if bridge.mtu is not None:
            attributes.append(("IFLA_MTU", bridge.mtu))
        data = {"attrs": [("IFLA_BR_STP_STATE", 0), ("IFLA_BR_FORWARD_DELAY", 0)]}
        attributes.append(("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "bridge"), ("IFLA_INFO_DATA", data)]}))
        self._add(f"bridge {bridge.interface}", _RTM_NEWLINK, _link_message(attributes, up=False))

    def add_veth(self, here: End, there: End, *, namespace: int) -> None:
        """Ask for a veth pair, see veth(4); the end ``there`` is put into another ``namespace``.

        ``namespace`` is a descriptor.
        """
        peer_attributes = [*_end_attributes(there), ("IFLA_NET_NS_FD", namespace)]
        data = {"attrs": [("VETH_INFO_PEER", {"attrs": peer_attributes})]}
        kind = ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]})
        attributes = [*_end_attributes(here), kind]
        what = f"the veth pair {there.interface} of {there.namespace} and {here.interface} of {here.namespace}"
        self._add(what, _RTM_NEWLINK, _link_message(attributes, up=False))

    def bring_up(self, one: End | PlannedBridge) -> None:
        """Ask for an interface to be up, and a port of its bridge where it has one.

        One of IPv6 gets its link-local address by hand: while the kernel's own waits to be known as nobody else's, a
        second or two, a router asks for no neighbour. See RFC 4862.
        """
        index = socket.if_nametoindex(one.interface)
        has_ipv6 = any(address.version == 6 for address in one.addresses)
        if has_ipv6:
            mode = [("AF_INET6", {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", _ADDR_GEN_MODE_NONE)]})]
            message = _link_message([("IFLA_AF_SPEC", {"attrs": mode})], index=index, up=False)
            self._add(f"{one.interface} without a link-local address", _RTM_NEWLINK, message, flags=0)
        attributes: list[tuple[str, Any]] = []
        if isinstance(one, End) and one.bridge is not None:
            attributes.append(("IFLA_MASTER", socket.if_nametoindex(one.bridge)))
        self._add(f"{one.interface} up", _RTM_NEWLINK, _link_message(attributes, index=index), flags=0)
        if has_ipv6:
            self.add_address(one.interface, _link_local(one.interface))

    def add_address(self, interface: str, address: Interface) -> None:
        """Ask for an address, see ip-address(8); one of IPv6 is usable at once."""
        from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

        attributes: list[tuple[str, Any]] = [("IFA_LOCAL", str(address.ip)), ("IFA_ADDRESS", str(address.ip))]
        if address.version == 6:
            # Without NODAD it is tentative for a second or two, and mysqld cannot bind it.
            attributes = [*attributes[:1], ("IFA_FLAGS", _IFA_F_NODAD)]
        message = ifaddrmsg()
        message["family"] = socket.AF_INET if address.version == 4 else socket.AF_INET6
        message["prefixlen"] = address.network.prefixlen
        message["index"] = socket.if_nametoindex(interface)
        message["attrs"] = attributes
        self._add(f"the address {address} of {interface}", _RTM_NEWADDR, message)

    def add_route(self, route: Route) -> None:
        """Ask for a route, see ip-route(8)."""
        from pyroute2.netlink.rtnl.rtmsg import rtmsg

        attributes = [("RTA_TABLE", _TABLE_MAIN), ("RTA_GATEWAY", str(route.gateway))]
        if not route.is_default:
            attributes.append(("RTA_DST", str(route.destination.network_address)))
        message = rtmsg()
        message["family"] = socket.AF_INET if route.gateway.version == 4 else socket.AF_INET6
        message["dst_len"] = route.destination.prefixlen
        message["table"], message["type"], message["scope"] = _TABLE_MAIN, _TYPE_UNICAST, _SCOPE_UNIVERSE
        message["proto"] = _PROTO_BOOT  # what iproute2 writes, and leaves out of what it prints
        message["attrs"] = attributes
        destination = "default" if route.is_default else str(route.destination)
        self._add(f"the route {destination} via {route.gateway}", _RTM_NEWROUTE, message)

    def _add(self, what: str, kind: int, message: Any, flags: int = _NLM_F_CREATE_EXCL) -> None:
        message["header"] = {
            "type": kind,
            "flags": _NLM_F_REQUEST_ACK | flags,
            "sequence_number": len(self._requests) + 1,
            "pid": 0,
        }
        self._requests.append((what, message))

    def send(self) -> None:
        """Send what was gathered; raise RefusedError for the first request that the kernel refuses."""
        if not self._requests:
            return
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as sock:
            for start in range(0, len(self._requests), _AT_ONCE):
                several = self._requests[start : start + _AT_ONCE]
                sock.sendto(b"".join(_encoded(message) for _, message in several), (0, 0))
                _read_answers(sock, several)
        self._requests.clear()


def _link_local(interface: str) -> Interface:
    """Return the link-local address that is made of an interface's MAC address, see RFC 4291."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        found = fcntl.ioctl(sock, _SIOCGIFHWADDR, struct.pack("256s", interface.encode()))
    mac = found[18:24]
    identifier = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    return IPv6Interface((b"\xfe\x80" + bytes(6) + identifier, 64))


def _link_message(attributes: list[tuple[str, Any]], index: int = 0, *, up: bool = True) -> Any:
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

    message = ifinfmsg()
    message["index"] = index
    if up:
        message["flags"], message["change"] = _IFF_UP, _IFF_UP
    message["attrs"] = attributes
    return message


def _end_attributes(end: End) -> list[tuple[str, Any]]:
    optional = (("IFLA_ADDRESS", end.mac), ("IFLA_MTU", end.mtu))
    return [("IFLA_IFNAME", end.interface), *((name, value) for name, value in optional if value is not None)]


def _encoded(message: Any) -> bytes:
    message.encode()
    return bytes(message.data) + b"\0" * (-len(message.data) % 4)


def _read_answers(sock: socket.socket, requests: list[tuple[str, Any]]) -> None:
    """Read one answer for each request; raise RefusedError for the first that is an error."""
    refused: RefusedError | None = None
    left = len(requests)
    while left:
        answers = sock.recv(_ANSWERS)
        while answers:
            length, kind, _, number, _, code = struct.unpack_from("=IHHIIi", answers)
            answers = answers[(length + 3) & ~3 :]
            if kind == _NLMSG_ERROR:
                left -= 1
                if code and refused is None:
                    first = requests[0][1]["header"]["sequence_number"]
                    refused = RefusedError(-code, requests[number - first][0])
    if refused is not None:
        raise refused
