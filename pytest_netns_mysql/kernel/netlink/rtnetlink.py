"""Requests for bridges, veth pairs, addresses and routes, see rtnetlink(7)."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv6Interface

from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink.encoding import attribute, number, text
from pytest_netns_mysql.kernel.netlink.requests import Request, send
from pytest_netns_mysql.topology.plan import End, Interface, PlannedBridge, Route

_SIOCGIFHWADDR = 0x8927
_CREATE = nl.NLM_F_CREATE | nl.NLM_F_EXCL


class Batch:
    """Requests that are collected, then sent together in the calling thread's network namespace.

    Methods that name an existing interface look up its index, and raise OSError if the interface does not exist.
    """

    def __init__(self) -> None:
        """Begin without requests."""
        self._requests: list[Request] = []

    def add_bridge(self, bridge: PlannedBridge) -> None:
        """Request a bridge, see ip-link(8); without STP, whose ports would listen for 30 seconds."""
        mtu = b"" if bridge.mtu is None else number(nl.IFLA_MTU, bridge.mtu)
        without_stp = attribute(nl.IFLA_INFO_DATA, number(nl.IFLA_BR_STP_STATE, 0))
        kind = attribute(nl.IFLA_LINKINFO, text(nl.IFLA_INFO_KIND, "bridge"), without_stp)
        body = _link() + text(nl.IFLA_IFNAME, bridge.interface) + mtu + kind
        self._add(f"bridge {bridge.interface}", nl.RTM_NEWLINK, body, needs="bridge")

    def add_veth(self, here: End, there: End, *, namespace: int) -> None:
        """Request a veth pair, see veth(4).

        Args:
            here: The end in the calling thread's network namespace.
            there: The other end.
            namespace: A descriptor of the other end's namespace.
        """
        peer = attribute(nl.VETH_INFO_PEER, _link(), _end(there), number(nl.IFLA_NET_NS_FD, namespace))
        kind = attribute(nl.IFLA_LINKINFO, text(nl.IFLA_INFO_KIND, "veth"), attribute(nl.IFLA_INFO_DATA, peer))
        what = f"the veth pair {there.interface} of {there.namespace} and {here.interface} of {here.namespace}"
        self._add(what, nl.RTM_NEWLINK, _link() + _end(here) + kind, needs="veth")

    def bring_up(self, interface: End | PlannedBridge) -> None:
        """Request that an interface is up, and a port of its bridge if it has one.

        A bridge should come after its ports: the kernel gives a bridge the smallest MTU of its ports, until somebody
        changes that MTU.

        An interface with IPv6 gets its link-local address by a request. The kernel's own is tentative for a second or
        two, and meanwhile a router does not ask for neighbours. See RFC 4862.
        """
        name = interface.interface
        index = socket.if_nametoindex(name)
        has_ipv6 = any(address.version == 6 for address in interface.addresses)
        if has_ipv6:
            mode = attribute(nl.IFLA_INET6_ADDR_GEN_MODE, bytes([nl.IN6_ADDR_GEN_MODE_NONE]))
            body = _link(index) + attribute(nl.IFLA_AF_SPEC, attribute(socket.AF_INET6, mode))
            self._add(f"{name} without a link-local address", nl.RTM_NEWLINK, body, flags=0, needs="ipv6")
        settings = b""
        if isinstance(interface, PlannedBridge) and interface.mtu is not None:
            settings = number(nl.IFLA_MTU, interface.mtu)
        elif isinstance(interface, End) and interface.bridge is not None:
            settings = number(nl.IFLA_MASTER, socket.if_nametoindex(interface.bridge))
        self._add(f"{name} up", nl.RTM_NEWLINK, _link(index, up=True) + settings, flags=0)
        if has_ipv6:
            self.add_address(name, _link_local(name))

    def set_state(self, interface: str, *, up: bool) -> None:
        """Request that an interface is up or down."""
        body = _link(socket.if_nametoindex(interface), up=up)
        self._add(f"{interface} {'up' if up else 'down'}", nl.RTM_NEWLINK, body, flags=0)

    def forward_ipv4(self, interface: str, *, on: bool = True) -> None:
        """Request whether IPv4 packets received by an interface are forwarded. IPv6 has no such request."""
        self._set_ipv4(interface, nl.IPV4_DEVCONF_FORWARDING, int(on), "forwarding")

    def route_localnet(self, interface: str) -> None:
        """Request that packets of 127.0.0.0/8 may leave and enter by an interface, see ip-sysctl on route_localnet."""
        self._set_ipv4(interface, nl.IPV4_DEVCONF_ROUTE_LOCALNET, 1, "route_localnet")

    def _set_ipv4(self, interface: str, key: int, value: int, what: str) -> None:
        setting = attribute(nl.IFLA_INET_CONF, number(key, value))
        index = socket.if_nametoindex(interface)
        body = _link(index) + attribute(nl.IFLA_AF_SPEC, attribute(socket.AF_INET, setting))
        self._add(f"{what} on {interface}", nl.RTM_NEWLINK, body, flags=0)

    def add_address(self, interface: str, address: Interface) -> None:
        """Request an address, see ip-address(8). An IPv6 address can be used at once."""
        index = socket.if_nametoindex(interface)
        header = nl.IFADDRMSG.pack(_family(address.version), address.network.prefixlen, 0, 0, index)
        local, needs = attribute(nl.IFA_LOCAL, address.ip.packed), ""
        if address.version == 4:
            rest = attribute(nl.IFA_ADDRESS, address.ip.packed)
        else:
            # Without NODAD an address is tentative for a second or two, and mysqld cannot bind it.
            rest, needs = number(nl.IFA_FLAGS, nl.IFA_F_NODAD), "ipv6"
        self._add(f"the address {address} of {interface}", nl.RTM_NEWADDR, header + local + rest, needs=needs)

    def add_route(self, route: Route) -> None:
        """Request a route, see ip-route(8)."""
        header = _route(route.gateway.version, route.destination.prefixlen, nl.RTN_UNICAST)
        to = b"" if route.is_default else attribute(nl.RTA_DST, route.destination.network_address.packed)
        body = header + to + attribute(nl.RTA_GATEWAY, route.gateway.packed)
        destination = "default" if route.is_default else str(route.destination)
        self._add(f"the route {destination} via {route.gateway}", nl.RTM_NEWROUTE, body)

    def set_reachable(self, address: Interface, *, reachable: bool) -> None:
        """Request the unreachable route that cuts a host off, or the deletion of that route; see ip-route(8)."""
        header = _route(address.version, address.max_prefixlen, nl.RTN_UNREACHABLE)
        body = header + attribute(nl.RTA_DST, address.ip.packed)
        kind, flags = (nl.RTM_DELROUTE, 0) if reachable else (nl.RTM_NEWROUTE, _CREATE)
        self._add(f"the route unreachable {address.ip}", kind, body, flags=flags)

    def _add(self, what: str, kind: int, body: bytes, *, flags: int = _CREATE, needs: str = "") -> None:
        self._requests.append(Request(what, kind, body, flags, needs))

    def send(self) -> None:
        """Send the collected requests.

        Raises:
            RefusedError: The first request that the kernel refuses.
        """
        send(self._requests)
        self._requests.clear()


def _link(index: int = 0, *, up: bool | None = None) -> bytes:
    """Return the header of a message about an interface; ``up=None`` does not change whether it is up."""
    flags, change = (nl.IFF_UP if up else 0), (nl.IFF_UP if up is not None else 0)
    return nl.IFINFOMSG.pack(socket.AF_UNSPEC, 0, index, flags, change)


def _route(version: int, length: int, kind: int) -> bytes:
    # iproute2 does not print the protocol "boot".
    protocol, scope = nl.RTPROT_BOOT, nl.RT_SCOPE_UNIVERSE
    return nl.RTMSG.pack(_family(version), length, 0, 0, nl.RT_TABLE_MAIN, protocol, scope, kind, 0)


def _end(end: End) -> bytes:
    mac = b"" if end.mac is None else attribute(nl.IFLA_ADDRESS, bytes.fromhex(end.mac.replace(":", "")))
    mtu = b"" if end.mtu is None else number(nl.IFLA_MTU, end.mtu)
    return text(nl.IFLA_IFNAME, end.interface) + mac + mtu


def _family(version: int) -> int:
    return socket.AF_INET if version == 4 else socket.AF_INET6


def _link_local(interface: str) -> Interface:
    """Return the link-local address that is made of an interface's MAC address, see RFC 4291."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        import fcntl  # Windows has none

        found = fcntl.ioctl(sock, _SIOCGIFHWADDR, struct.pack("256s", interface.encode()))
    mac = found[18:24]
    identifier = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    return IPv6Interface((b"\xfe\x80" + bytes(6) + identifier, 64))
