"""Ask the kernel for bridges, veth pairs, addresses and routes by rtnetlink(7), many in one go."""

from __future__ import annotations

import fcntl
import socket
import struct
from ipaddress import IPv6Interface

from pytest_netns_mysql.kernel.netlink.netlink import CREATE_EXCL, Request, attribute, number, send, text
from pytest_netns_mysql.topology.plan import End, Interface, PlannedBridge, Route

_RTM_NEWLINK, _RTM_NEWADDR, _RTM_NEWROUTE, _RTM_DELROUTE = 16, 20, 24, 25
_IFF_UP = 0x1
_SIOCGIFHWADDR = 0x8927
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER = 1, 3, 4, 10
_IFLA_LINKINFO, _IFLA_AF_SPEC, _IFLA_NET_NS_FD = 18, 26, 28
_IFLA_INFO_KIND, _IFLA_INFO_DATA = 1, 2
_IFLA_BR_STP_STATE = 5
_VETH_INFO_PEER = 1
_IFLA_INET_CONF, _IPV4_DEVCONF_FORWARDING = 1, 1
_IFLA_INET6_ADDR_GEN_MODE, _ADDR_GEN_MODE_NONE = 8, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_IFA_F_NODAD = 0x02
_RTA_DST, _RTA_GATEWAY = 1, 5
_TABLE_MAIN, _PROTO_BOOT, _SCOPE_UNIVERSE = 254, 3, 0
_TYPE_UNICAST, _TYPE_UNREACHABLE = 1, 7


class Batch:
    """Gather requests, and send them in the calling thread's network namespace."""

    def __init__(self) -> None:
        """Begin without a request."""
        self._requests: list[Request] = []

    def add_bridge(self, bridge: PlannedBridge) -> None:
        """Ask for a bridge, see ip-link(8); without STP, whose ports would listen for 30 seconds."""
        mtu = b"" if bridge.mtu is None else number(_IFLA_MTU, bridge.mtu)
        without_stp = attribute(_IFLA_INFO_DATA, number(_IFLA_BR_STP_STATE, 0))
        kind = attribute(_IFLA_LINKINFO, text(_IFLA_INFO_KIND, "bridge"), without_stp)
        body = _link() + text(_IFLA_IFNAME, bridge.interface) + mtu + kind
        self._add(f"bridge {bridge.interface}", _RTM_NEWLINK, body, needs="bridge")

    def add_veth(self, here: End, there: End, *, namespace: int) -> None:
        """Ask for a veth pair, see veth(4); the end ``there`` is put into another ``namespace``.

        ``namespace`` is a descriptor.
        """
        peer = attribute(_VETH_INFO_PEER, _link(), _end(there), number(_IFLA_NET_NS_FD, namespace))
        kind = attribute(_IFLA_LINKINFO, text(_IFLA_INFO_KIND, "veth"), attribute(_IFLA_INFO_DATA, peer))
        what = f"the veth pair {there.interface} of {there.namespace} and {here.interface} of {here.namespace}"
        self._add(what, _RTM_NEWLINK, _link() + _end(here) + kind, needs="veth")

    def bring_up(self, one: End | PlannedBridge) -> None:
        """Ask for an interface to be up, and a port of its bridge where it has one.

        One of IPv6 gets its link-local address by hand: while the kernel's own waits to be known as nobody else's, a
        second or two, a router asks for no neighbour. See RFC 4862.
        """
        index = socket.if_nametoindex(one.interface)
        has_ipv6 = any(address.version == 6 for address in one.addresses)
        if has_ipv6:
            mode = attribute(_IFLA_INET6_ADDR_GEN_MODE, bytes([_ADDR_GEN_MODE_NONE]))
            body = _link(index) + attribute(_IFLA_AF_SPEC, attribute(socket.AF_INET6, mode))
            what = f"{one.interface} without a link-local address"
            self._add(what, _RTM_NEWLINK, body, flags=0, needs="ipv6")
        master = b""
        if isinstance(one, End) and one.bridge is not None:
            master = number(_IFLA_MASTER, socket.if_nametoindex(one.bridge))
        self._add(f"{one.interface} up", _RTM_NEWLINK, _link(index, up=True) + master, flags=0)
        if has_ipv6:
            self.add_address(one.interface, _link_local(one.interface))

    def set_state(self, interface: str, *, up: bool) -> None:
        """Ask for an interface to be up or down."""
        body = _link(socket.if_nametoindex(interface), up=up)
        self._add(f"{interface} {'up' if up else 'down'}", _RTM_NEWLINK, body, flags=0)

    def forward_ipv4(self, interface: str) -> None:
        """Ask that what comes in by an interface is forwarded; there is no such request for IPv6."""
        forwarding = attribute(_IFLA_INET_CONF, number(_IPV4_DEVCONF_FORWARDING, 1))
        body = _link(socket.if_nametoindex(interface)) + attribute(_IFLA_AF_SPEC, attribute(socket.AF_INET, forwarding))
        self._add(f"forwarding on {interface}", _RTM_NEWLINK, body, flags=0)

    def add_address(self, interface: str, address: Interface) -> None:
        """Ask for an address, see ip-address(8); one of IPv6 is usable at once."""
        index = socket.if_nametoindex(interface)
        header = struct.pack("=BBBBI", _family(address.version), address.network.prefixlen, 0, 0, index)
        local, needs = attribute(_IFA_LOCAL, address.ip.packed), ""
        if address.version == 4:
            rest = attribute(_IFA_ADDRESS, address.ip.packed)
        else:
            # Without NODAD it is tentative for a second or two, and mysqld cannot bind it.
            rest, needs = number(_IFA_FLAGS, _IFA_F_NODAD), "ipv6"
        self._add(f"the address {address} of {interface}", _RTM_NEWADDR, header + local + rest, needs=needs)

    def add_route(self, route: Route) -> None:
        """Ask for a route, see ip-route(8)."""
        header = _route(route.gateway.version, route.destination.prefixlen, _TYPE_UNICAST)
        to = b"" if route.is_default else attribute(_RTA_DST, route.destination.network_address.packed)
        body = header + to + attribute(_RTA_GATEWAY, route.gateway.packed)
        destination = "default" if route.is_default else str(route.destination)
        self._add(f"the route {destination} via {route.gateway}", _RTM_NEWROUTE, body)

    def set_reachable(self, address: Interface, *, reachable: bool) -> None:
        """Ask for a host to be unreachable, or for that to end: a route of its own, see ip-route(8)."""
        header = _route(address.version, address.max_prefixlen, _TYPE_UNREACHABLE)
        body = header + attribute(_RTA_DST, address.ip.packed)
        kind, flags = (_RTM_DELROUTE, 0) if reachable else (_RTM_NEWROUTE, CREATE_EXCL)
        self._add(f"the route unreachable {address.ip}", kind, body, flags=flags)

    def _add(self, what: str, kind: int, body: bytes, *, flags: int = CREATE_EXCL, needs: str = "") -> None:
        self._requests.append(Request(what, kind, body, flags, needs))

    def send(self) -> None:
        """Send what was gathered; raise RefusedError for the first request that the kernel refuses."""
        send(self._requests)
        self._requests.clear()


def _link(index: int = 0, *, up: bool | None = None) -> bytes:
    """Return the header of a message about an interface; None leaves its state as it is."""
    flags, change = (_IFF_UP if up else 0), (_IFF_UP if up is not None else 0)
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, change)


def _route(version: int, length: int, kind: int) -> bytes:
    """Return the header of a message about a route; iproute2 leaves the protocol "boot" out of what it prints."""
    numbers = (_family(version), length, 0, 0, _TABLE_MAIN, _PROTO_BOOT, _SCOPE_UNIVERSE, kind, 0)
    return struct.pack("=BBBBBBBBI", *numbers)


def _end(end: End) -> bytes:
    mac = b"" if end.mac is None else attribute(_IFLA_ADDRESS, bytes.fromhex(end.mac.replace(":", "")))
    mtu = b"" if end.mtu is None else number(_IFLA_MTU, end.mtu)
    return text(_IFLA_IFNAME, end.interface) + mac + mtu


def _family(version: int) -> int:
    return socket.AF_INET if version == 4 else socket.AF_INET6


def _link_local(interface: str) -> Interface:
    """Return the link-local address that is made of an interface's MAC address, see RFC 4291."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        found = fcntl.ioctl(sock, _SIOCGIFHWADDR, struct.pack("256s", interface.encode()))
    mac = found[18:24]
    identifier = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    return IPv6Interface((b"\xfe\x80" + bytes(6) + identifier, 64))
