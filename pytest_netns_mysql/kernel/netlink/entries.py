"""Addresses, routes, rules, neighbours, queueing disciplines and next hops, in a form that can be compared.

A message of the kernel also has what nobody set: counters, lifetimes, carriers. These parts are left out, and so are
the IPv6 addresses and routes that the kernel makes by itself some time after an interface is up. See rtnetlink(7).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink.dumps import (
    ADDRESS,
    LINK_LOCAL,
    NEIGHBOUR,
    NEXTHOP,
    QDISC,
    ROUTE,
    RULE,
    is_link_local_route,
)
from pytest_netns_mysql.kernel.netlink.encoding import as_number, attributes, joined
from pytest_netns_mysql.topology.plan import Address

_ADDRESS_FLAGS = (
    nl.IFA_F_PERMANENT
    | nl.IFA_F_SECONDARY
    | nl.IFA_F_HOMEADDRESS
    | nl.IFA_F_MANAGETEMPADDR
    | nl.IFA_F_NOPREFIXROUTE
    | nl.IFA_F_MCAUTOJOIN
)
_FROM_THE_NETWORK = (nl.RTPROT_REDIRECT, nl.RTPROT_RA)
_IP = (socket.AF_INET, socket.AF_INET6)


@dataclass(frozen=True)
class Entry:
    """An address, a route or the like.

    Attributes:
        kind: One of the kinds of ``dumps``.
        body: The body of a request that makes the entry. Two entries are equal if their bodies are.
    """

    kind: str
    body: bytes

    @property
    def is_ipv6(self) -> bool:
        """True if the entry belongs to IPv6."""
        return self.body[0] == socket.AF_INET6

    @property
    def is_by_kernel(self) -> bool:
        """True for a route that the kernel adds and removes together with an address."""
        return self.kind == ROUTE and nl.RTMSG.unpack_from(self.body)[5] == nl.RTPROT_KERNEL

    @property
    def interface(self) -> int | None:
        """The index of the interface of an address, a route or a queueing discipline; None for anything else."""
        if self.kind == ADDRESS:
            return int(nl.IFADDRMSG.unpack_from(self.body)[4])
        if self.kind == ROUTE:
            return as_number(dict(attributes(self.body, nl.RTMSG.size)).get(nl.RTA_OIF))
        if self.kind == QDISC:
            return int(nl.TCMSG.unpack_from(self.body)[1])
        return None

    @property
    def is_root(self) -> bool:
        """True for a queueing discipline that belongs to no other one."""
        return self.kind == QDISC and nl.TCMSG.unpack_from(self.body)[3] == nl.TC_H_ROOT

    @property
    def address(self) -> Address | None:
        """The IP address that an entry of this kind gives an interface; None for anything else."""
        if self.kind != ADDRESS:
            return None
        found = dict(attributes(self.body, nl.IFADDRMSG.size))
        return ip_address(found.get(nl.IFA_LOCAL) or found[nl.IFA_ADDRESS])


def decoded(kind: str, message: bytes) -> Entry | None:
    """Return the entry that a message describes; None if nobody set the entry, or if it is of another kind."""
    body = _READERS[kind](message) if kind in _READERS else None
    return None if body is None else Entry(kind, body)


def _address(message: bytes) -> bytes | None:
    family, length, flags, scope, index = nl.IFADDRMSG.unpack_from(message)
    found = dict(attributes(message, nl.IFADDRMSG.size))
    flags = as_number(found.pop(nl.IFA_FLAGS, None)) or flags
    is_link_local = family == socket.AF_INET6 and found.get(nl.IFA_ADDRESS, b"")[:2] == LINK_LOCAL
    if is_link_local and not flags & nl.IFA_F_NODAD:
        return None
    for kind in (nl.IFA_LABEL, nl.IFA_CACHEINFO, nl.IFA_PROTO):
        found.pop(kind, None)
    rest = joined({**found, nl.IFA_FLAGS: struct.pack("=I", flags & _ADDRESS_FLAGS)})
    return nl.IFADDRMSG.pack(family, length, 0, scope, index) + rest


def _route(message: bytes) -> bytes | None:
    *header, flags = nl.RTMSG.unpack_from(message)
    family, protocol = header[0], header[5]
    found = dict(attributes(message, nl.RTMSG.size))
    if flags & nl.RTM_F_CLONED or protocol in _FROM_THE_NETWORK or family not in _IP:
        return None
    if family == socket.AF_INET6 and is_link_local_route(message):
        return None
    found.pop(nl.RTA_CACHEINFO, None)
    if nl.RTA_NH_ID in found:  # the kernel adds what the next hop says, and takes no request that repeats it
        for kind in (nl.RTA_OIF, nl.RTA_GATEWAY, nl.RTA_MULTIPATH, nl.RTA_VIA):
            found.pop(kind, None)
    if nl.RTA_MULTIPATH in found:
        found[nl.RTA_MULTIPATH] = _multipath(found[nl.RTA_MULTIPATH])
    return nl.RTMSG.pack(*header, flags & nl.RTNH_F_ONLINK) + joined(found)


def _multipath(hops: bytes) -> bytes:
    """Return the next hops of a route without the flags that depend on carriers."""
    header = nl.RTNEXTHOP
    found, start = b"", 0
    while start + header.size <= len(hops):
        length, flags, weight, index = header.unpack_from(hops, start)
        found += header.pack(length, flags & nl.RTNH_F_ONLINK, weight, index)
        found += hops[start + header.size : start + length]
        start += max((length + 3) & ~3, header.size)
    return found


def _rule(message: bytes) -> bytes | None:
    *header, flags = nl.FIB_RULE_HDR.unpack_from(message)
    # The kernel leaves a priority of 0 out.
    found = {nl.FRA_PRIORITY: bytes(4), **dict(attributes(message, nl.FIB_RULE_HDR.size))}
    return nl.FIB_RULE_HDR.pack(*header, flags & nl.FIB_RULE_INVERT) + joined(found)


def _neighbour(message: bytes) -> bytes | None:
    family, index, state, flags, _ = nl.NDMSG.unpack_from(message)
    is_proxy = bool(flags & nl.NTF_PROXY)
    if family not in _IP or not (is_proxy or state & nl.NUD_PERMANENT):
        return None
    state = 0 if is_proxy else nl.NUD_PERMANENT
    return nl.NDMSG.pack(family, index, state, flags & nl.NTF_PROXY, 0) + neighbour_address(message)


def neighbour_address(message: bytes) -> bytes:
    """Return the attributes of a neighbour that say which address has which link address."""
    found = attributes(message, nl.NDMSG.size)
    return joined({kind: value for kind, value in found if kind in (nl.NDA_DST, nl.NDA_LLADDR)})


def _qdisc(message: bytes) -> bytes | None:
    family, index, handle, parent, _ = nl.TCMSG.unpack_from(message)
    if not handle:  # the kernel's own choice
        return None
    found = attributes(message, nl.TCMSG.size)
    kept = {kind: value for kind, value in found if kind in (nl.TCA_KIND, nl.TCA_OPTIONS)}
    return nl.TCMSG.pack(family, index, handle, parent, 0) + joined(kept)


def _nexthop(message: bytes) -> bytes | None:
    family, _, protocol, _ = nl.NHMSG.unpack_from(message)
    return nl.NHMSG.pack(family, 0, protocol, 0) + message[nl.NHMSG.size :]


_READERS: Mapping[str, Callable[[bytes], bytes | None]] = {
    ADDRESS: _address,
    NEXTHOP: _nexthop,
    ROUTE: _route,
    RULE: _rule,
    NEIGHBOUR: _neighbour,
    QDISC: _qdisc,
}
