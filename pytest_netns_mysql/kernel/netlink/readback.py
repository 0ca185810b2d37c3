"""What somebody set in a network namespace: links, addresses, routes, rules, neighbours, queueing disciplines.

What follows from a setting some time later is left out: carriers, counters, addresses and routes that the kernel makes
for a link of IPv6. See rtnetlink(7).
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.netlink.dumps import (
    ADDRESS,
    IFA_F_NODAD,
    LINK,
    LINK_LOCAL,
    NEIGHBOUR,
    NEIGHBOUR_HEADER,
    NEXTHOP,
    NTF_PROXY,
    NUD_PERMANENT,
    QDISC,
    ROUTE,
    ROUTE_HEADER,
    RTPROT_KERNEL,
    RULE,
    Raw,
    attributes,
    is_link_local_route,
)
from pytest_netns_mysql.kernel.netlink.netlink import attribute

LINK_HEADER = struct.Struct("=BxHiII")  # family, type, index, flags, change
ADDRESS_HEADER = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
RULE_HEADER = struct.Struct("=BBBBBxxBI")  # family, to, from, tos, table, action, flags
QDISC_HEADER = struct.Struct("=BxxxiIII")  # family, index, handle, parent, info
NEXTHOP_HEADER = struct.Struct("=BBBxI")  # family, scope, protocol, flags

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINK, _IFLA_MASTER, _IFLA_TXQLEN = 1, 3, 4, 5, 10, 13
_IFLA_LINKINFO, _IFLA_IFALIAS, _IFLA_AF_SPEC, _IFLA_GROUP, _IFLA_NETNSID = 18, 20, 26, 27, 37
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _IFLA_INET6_ADDR_GEN_MODE = 1, 2, 8
_BRIDGE_SETTINGS = range(1, 10)  # IFLA_BR_FORWARD_DELAY to IFLA_BR_GROUP_FWD_MASK: behind them come states and timers
_FLAGS = {0x80: "arp", 0x1000: "multicast", 0x200: "allmulticast", 0x100: "promisc"}  # as ip-link(8) calls them
IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING, _IFF_NOARP = 0x1, 0x8, 0x40, 0x80
_IFA_ADDRESS, _IFA_LABEL, _IFA_CACHEINFO, IFA_FLAGS, _IFA_PROTO = 1, 3, 6, 8, 11
IFA_F_PERMANENT = 0x80  # it has no lifetime
# secondary, home, managetempaddr, noprefixroute, autojoin
_KEPT_FLAGS = IFA_F_PERMANENT | 0x1 | 0x10 | 0x100 | 0x200 | 0x400
RTA_OIF, RTA_GATEWAY, _RTA_MULTIPATH, _RTA_CACHEINFO, _RTA_NH_ID = 4, 5, 9, 12, 30
_RTA_VIA = 18
_OF_THE_NETWORK = (1, 9)  # protocols: ICMP redirects and router advertisements
_RTM_F_CLONED, _ONLINK = 0x200, 0x4
_NEXTHOP = struct.Struct("=HBBi")  # length, flags, hops, index
_NDA_DST, _NDA_LLADDR = 1, 2
_TCA_KIND, _TCA_OPTIONS = 1, 2
_FIB_RULE_INVERT, _FRA_PRIORITY = 0x2, 6

Setting = int | str | bytes


@dataclass(frozen=True)
class Link:
    """An interface: what can be set of it, by the words of ip-link(8), and what it takes to make it anew.

    Attributes:
        is_running: Whether it has its carrier, and the kernel has taken note of that.
        peer: Index of the interface that it belongs to: a veth's other end.
        is_peer_elsewhere: Whether that is in another namespace.
        data: What a link of its kind is made with.
    """

    index: int
    name: str
    kind: str
    is_running: bool
    peer: int
    is_peer_elsewhere: bool
    settings: Mapping[str, Setting]
    data: bytes


@dataclass(frozen=True)
class Entry:
    """An address, a route or the like; two are the same where their bodies are, which are requests to make it."""

    kind: str
    body: bytes

    @property
    def is_ipv6(self) -> bool:
        """True for one of IPv6."""
        return self.body[0] == socket.AF_INET6

    @property
    def is_by_kernel(self) -> bool:
        """True for a route that the kernel makes and takes away with an address."""
        return self.kind == ROUTE and ROUTE_HEADER.unpack_from(self.body)[5] == RTPROT_KERNEL


class State:
    """What a namespace has, read now and understood when somebody asks.

    Attributes:
        links: The interfaces by index.
        entries: Everything else, in the kernel's order.
    """

    def __init__(self, raw: Raw) -> None:
        """Keep the messages."""
        self._raw = raw

    @cached_property
    def links(self) -> dict[int, Link]:
        """The interfaces by index."""
        bodies = [body for kind, several in self._raw if kind == LINK for body in several]
        return {link.index: link for link in map(_link, bodies)}

    @cached_property
    def entries(self) -> dict[Entry, None]:
        """Everything else, in the kernel's order."""
        found: dict[Entry, None] = {}
        for kind, several in self._raw:
            if kind in _READERS:
                for message in several:
                    body = _READERS[kind](message)
                    if body is not None:
                        found[Entry(kind, body)] = None
        return found

    def name(self, index: int) -> str:
        """Return the name of an interface, or its index as ip-link(8) writes it."""
        return self.links[index].name if index in self.links else f"if{index}"

    def index(self, name: str) -> int | None:
        """Return the index of the interface of a name, or None where there is none."""
        return next((index for index, link in self.links.items() if link.name == name), None)

    def merged(self, first: State, second: State) -> State:
        """Return this state with what differs between two others."""
        state = State([])
        links = {**self.links}
        for index in {*first.links, *second.links}:
            if first.links.get(index) != second.links.get(index):
                links.pop(index, None)
                if index in second.links:
                    links[index] = second.links[index]
        gone = first.entries.keys() - second.entries.keys()
        state.links = links
        state.entries = {one: None for one in self.entries if one not in gone}
        state.entries.update({one: None for one in second.entries if one not in first.entries})
        return state


def read() -> State:
    """Return the state of the calling thread's network namespace."""
    return State(dumps.read())


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = LINK_HEADER.unpack_from(body)
    found = dict(attributes(body, LINK_HEADER.size))
    information = dict(attributes(found.get(_IFLA_LINKINFO, b"")))
    kind = _text(information.get(_IFLA_INFO_KIND, b""))
    data = information.get(_IFLA_INFO_DATA, b"")
    if kind == "bridge":
        data = b"".join(attribute(one, value) for one, value in attributes(data) if one in _BRIDGE_SETTINGS)
    ipv6 = dict(attributes(found.get(_IFLA_AF_SPEC, b""))).get(socket.AF_INET6, b"")
    settings: dict[str, Setting] = {
        "name": _text(found.get(_IFLA_IFNAME, b"")),
        "state": "up" if flags & IFF_UP else "down",
        "mtu": _number(found.get(_IFLA_MTU)),
        # The kernel takes no zeros, which lo has.
        "address": b"" if flags & _IFF_LOOPBACK else found.get(_IFLA_ADDRESS, b""),
        "master": _number(found.get(_IFLA_MASTER)),
        "txqueuelen": _number(found.get(_IFLA_TXQLEN)),
        "group": _number(found.get(_IFLA_GROUP)),
        "alias": _text(found.get(_IFLA_IFALIAS, b"")),
        "addrgenmode": (dict(attributes(ipv6)).get(_IFLA_INET6_ADDR_GEN_MODE) or b"\0")[0],
        **{word: "on" if bool(flags & bit) != (bit == _IFF_NOARP) else "off" for bit, word in _FLAGS.items()},
    }
    if kind == "bridge":
        settings["bridge options"] = data
    peer = _number(found.get(_IFLA_LINK))
    name, is_running = _text(found.get(_IFLA_IFNAME, b"")), bool(flags & _IFF_RUNNING)
    return Link(index, name, kind, is_running, peer, _IFLA_NETNSID in found, settings, data)


def _address(message: bytes) -> bytes | None:
    family, length, flags, scope, index = ADDRESS_HEADER.unpack_from(message)
    found = dict(attributes(message, ADDRESS_HEADER.size))
    flags = _number(found.pop(IFA_FLAGS, None)) or flags
    is_link_local = family == socket.AF_INET6 and found.get(_IFA_ADDRESS, b"")[:2] == LINK_LOCAL
    if is_link_local and not flags & IFA_F_NODAD:
        return None
    for one in (_IFA_LABEL, _IFA_CACHEINFO, _IFA_PROTO):
        found.pop(one, None)
    rest = _joined({**found, IFA_FLAGS: struct.pack("=I", flags & _KEPT_FLAGS)})
    return ADDRESS_HEADER.pack(family, length, 0, scope, index) + rest


def _route(message: bytes) -> bytes | None:
    *header, flags = ROUTE_HEADER.unpack_from(message)
    family, protocol = header[0], header[5]
    found = dict(attributes(message, ROUTE_HEADER.size))
    if flags & _RTM_F_CLONED or protocol in _OF_THE_NETWORK or family not in (socket.AF_INET, socket.AF_INET6):
        return None
    if family == socket.AF_INET6 and is_link_local_route(message):
        return None
    found.pop(_RTA_CACHEINFO, None)
    if _RTA_NH_ID in found:
        for one in (RTA_OIF, RTA_GATEWAY, _RTA_MULTIPATH, _RTA_VIA):
            found.pop(one, None)
    if _RTA_MULTIPATH in found:
        found[_RTA_MULTIPATH] = _multipath(found[_RTA_MULTIPATH])
    return ROUTE_HEADER.pack(*header, flags & _ONLINK) + _joined(found)


def _multipath(hops: bytes) -> bytes:
    """Return the next hops of a route without the flags that tell of carriers."""
    found, start = b"", 0
    while start + _NEXTHOP.size <= len(hops):
        length, flags, weight, index = _NEXTHOP.unpack_from(hops, start)
        found += _NEXTHOP.pack(length, flags & _ONLINK, weight, index) + hops[start + _NEXTHOP.size : start + length]
        start += max((length + 3) & ~3, _NEXTHOP.size)
    return found


def _rule(message: bytes) -> bytes | None:
    *header, flags = RULE_HEADER.unpack_from(message)
    found = {_FRA_PRIORITY: bytes(4), **dict(attributes(message, RULE_HEADER.size))}  # the kernel leaves a 0 out
    return RULE_HEADER.pack(*header, flags & _FIB_RULE_INVERT) + _joined(found)


def _neighbour(message: bytes) -> bytes | None:
    family, index, state, flags, _ = NEIGHBOUR_HEADER.unpack_from(message)
    is_proxy = bool(flags & NTF_PROXY)
    if family not in (socket.AF_INET, socket.AF_INET6) or not (is_proxy or state & NUD_PERMANENT):
        return None
    found = dict(attributes(message, NEIGHBOUR_HEADER.size))
    kept = {one: value for one, value in found.items() if one in (_NDA_DST, _NDA_LLADDR)}
    state = 0 if is_proxy else NUD_PERMANENT
    return NEIGHBOUR_HEADER.pack(family, index, state, flags & NTF_PROXY, 0) + _joined(kept)


def _qdisc(message: bytes) -> bytes | None:
    family, index, handle, parent, _ = QDISC_HEADER.unpack_from(message)
    if not handle:  # the kernel's own choice
        return None
    found = dict(attributes(message, QDISC_HEADER.size))
    kept = {one: value for one, value in found.items() if one in (_TCA_KIND, _TCA_OPTIONS)}
    return QDISC_HEADER.pack(family, index, handle, parent, 0) + _joined(kept)


def _nexthop(message: bytes) -> bytes | None:
    family, _, protocol, _ = NEXTHOP_HEADER.unpack_from(message)
    return NEXTHOP_HEADER.pack(family, 0, protocol, 0) + message[NEXTHOP_HEADER.size :]


_READERS: Mapping[str, Callable[[bytes], bytes | None]] = {
    ADDRESS: _address,
    NEXTHOP: _nexthop,
    ROUTE: _route,
    RULE: _rule,
    NEIGHBOUR: _neighbour,
    QDISC: _qdisc,
}


def _joined(found: Mapping[int, bytes]) -> bytes:
    return b"".join(attribute(kind, value) for kind, value in found.items())


def _number(value: bytes | None) -> int:
    return int.from_bytes(value[:4], sys.byteorder) if value else 0


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")


def entries_of(state: State, index: int) -> Iterator[Entry]:
    """Yield the addresses and the routes of an interface: what IPv6 and routes lose when it goes down."""
    for entry in state.entries:
        is_address = entry.kind == ADDRESS and ADDRESS_HEADER.unpack_from(entry.body)[4] == index
        is_route = entry.kind == ROUTE and _number(_route_values(entry).get(RTA_OIF)) == index
        if is_address or (is_route and not entry.is_by_kernel):
            yield entry


def _route_values(entry: Entry) -> Mapping[int, bytes]:
    return dict(attributes(entry.body, ROUTE_HEADER.size))
