"""Requests that make of one state of a network namespace another, see rtnetlink(7)."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Iterable, Iterator, Mapping

from pytest_netns_mysql.kernel.netlink import dumps, readback
from pytest_netns_mysql.kernel.netlink.dumps import attributes
from pytest_netns_mysql.kernel.netlink.netlink import CREATE_EXCL, RefusedError, Request, attribute, number, send, text
from pytest_netns_mysql.kernel.netlink.readback import IFF_UP, LINK_HEADER, Entry, Link, Setting, State

_RTM_NEWLINK, _RTM_DELLINK = 16, 17
_NEW = {
    dumps.ADDRESS: 20,
    dumps.NEXTHOP: 104,
    dumps.ROUTE: 24,
    dumps.RULE: 32,
    dumps.NEIGHBOUR: 28,
    dumps.QDISC: 36,
}
_CREATE, _REPLACE, _APPEND = 0x400, 0x100, 0x800
_FLAGS = {
    dumps.ROUTE: _CREATE | _APPEND,
    dumps.NEIGHBOUR: _CREATE | _REPLACE,
    dumps.QDISC: _CREATE | _REPLACE,
}
_ORDER = (dumps.ADDRESS, dumps.NEXTHOP, dumps.ROUTE, dumps.RULE, dumps.NEIGHBOUR, dumps.QDISC)
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_TXQLEN, _IFLA_LINKINFO = 1, 3, 4, 10, 13, 18
_IFLA_IFALIAS, _IFLA_AF_SPEC, _IFLA_GROUP, _IFLA_NET_NS_FD = 20, 26, 27, 28
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _VETH_INFO_PEER, _IFLA_INET6_ADDR_GEN_MODE = 1, 2, 1, 8
_AF_INET6 = 10
_NHA_ID = 1
_PATIENCE = 0.5  # seconds
_PAUSE = 0.005  # seconds
_BITS = {"arp": 0x80, "multicast": 0x1000, "allmulticast": 0x200, "promisc": 0x100}
_NUMBERS = {"mtu": _IFLA_MTU, "master": _IFLA_MASTER, "txqueuelen": _IFLA_TXQLEN, "group": _IFLA_GROUP}


def delete_links(indexes: Iterable[int]) -> None:
    """Delete interfaces of the calling thread's network namespace; one that is gone by then is no error."""
    _try([Request(f"link {index} deleted", _RTM_DELLINK, _header(index), 0) for index in indexes])


def make_link(link: Link, peer: Link | None = None, *, namespace: int | None = None) -> None:
    """Make an interface anew, with its index, in the calling thread's network namespace.

    Args:
        link: What it was.
        peer: Of a veth pair, what the other end was.
        namespace: A descriptor of the namespace that the other end is put into.
    """
    data = link.data
    if peer is not None:
        place = b"" if namespace is None else number(_IFLA_NET_NS_FD, namespace)
        data = attribute(_VETH_INFO_PEER, _header(peer.index), _named(peer), place)
    kind = attribute(_IFLA_LINKINFO, text(_IFLA_INFO_KIND, link.kind), attribute(_IFLA_INFO_DATA, data))
    body = _header(link.index) + _named(link)
    # A kernel may tell options that it does not take: each by itself is set later.
    if not _try([Request(link.name, _RTM_NEWLINK, body + kind)]) and peer is None:
        kind = attribute(_IFLA_LINKINFO, text(_IFLA_INFO_KIND, link.kind))
        _try([Request(link.name, _RTM_NEWLINK, body + kind)])


def set_link(was: Link, now: Link) -> None:
    """Set an interface as it was."""
    differing = {key: value for key, value in was.settings.items() if now.settings[key] != value}
    if "name" in differing:
        body = _header(was.index) + text(_IFLA_IFNAME, was.name)
        # Before Linux 6.2 one that is up cannot be renamed.
        if not _try([Request(f"the name {was.name}", _RTM_NEWLINK, body, 0)]):
            down = _header(was.index, flags=0, change=IFF_UP)
            _try([Request(f"{now.name} down", _RTM_NEWLINK, down, 0), Request(was.name, _RTM_NEWLINK, body, 0)])
            differing["state"] = was.settings["state"]
    # One by one: the kernel does nothing of a request that has one thing which it refuses. The state is last: what an
    # interface has when it comes up decides which addresses the kernel gives it.
    for key, value in sorted(differing.items(), key=lambda one: one[0] == "state"):
        for body in _settings(was, key, value):
            _try([Request(f"{key} of {was.name}", _RTM_NEWLINK, body, 0)])


def _settings(link: Link, key: str, value: Setting) -> Iterator[bytes]:
    """Yield the bodies of requests for a setting of an interface."""
    header = _header(link.index)
    if key == "state":
        yield _header(link.index, flags=IFF_UP if value == "up" else 0, change=IFF_UP)
    elif key in _BITS:
        is_set = (value == "on") != (key == "arp")  # the flag is "noarp"
        yield _header(link.index, flags=_BITS[key] if is_set else 0, change=_BITS[key])
    elif isinstance(value, int) and key in _NUMBERS:
        yield header + number(_NUMBERS[key], value)
    elif key == "address" and isinstance(value, bytes):
        yield header + attribute(_IFLA_ADDRESS, value)
    elif key == "alias" and isinstance(value, str):
        yield header + attribute(_IFLA_IFALIAS, value.encode())
    elif key == "addrgenmode" and isinstance(value, int):
        mode = attribute(_IFLA_INET6_ADDR_GEN_MODE, bytes([value]))
        yield header + attribute(_IFLA_AF_SPEC, attribute(_AF_INET6, mode))
    elif key == "bridge options" and isinstance(value, bytes):
        for option, one in attributes(value):
            data = attribute(_IFLA_INFO_DATA, attribute(option, one))
            yield header + attribute(_IFLA_LINKINFO, text(_IFLA_INFO_KIND, link.kind), data)


def delete_neighbours(entries: Iterable[tuple[Entry, bool]]) -> None:
    """Delete the entries for neighbours that are new, in the calling thread's network namespace."""
    for entry, is_new in entries:
        if is_new and entry.kind == dumps.NEIGHBOUR:
            _try([_deleted(entry)])


def set_entries(was: State) -> None:
    """Restore the addresses, the routes and the like of the calling thread's namespace; remove all others."""
    now = readback.read()
    new = [one for one in now.entries if one not in was.entries]
    for kind in reversed(_ORDER):
        _try([_deleted(one) for one in new if one.kind == kind and not one.is_by_kernel])
    gone = [one for one in was.entries if one not in now.entries and one.kind == dumps.ADDRESS]
    # The kernel may have made a link-local one anew, which it has yet to try for being nobody else's.
    _try([_deleted(one) for one in gone if one.is_ipv6])
    make_entries(gone)
    now = _with_routes_of_addresses(was)
    _try([_deleted(one) for one in now.entries if one not in was.entries and one.is_by_kernel])
    make_entries(one for one in was.entries if one not in now.entries)


def _with_routes_of_addresses(was: State) -> State:
    """Return what there is when the kernel has made the routes of IPv6 addresses, which it does some time later.

    Made by hand they would stand beside the kernel's own.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        now = readback.read()
        missing = any(one.is_by_kernel and one.is_ipv6 and one not in now.entries for one in was.entries)
        if not missing or time.monotonic() > deadline:
            return now
        time.sleep(_PAUSE)


def make_entries(entries: Iterable[Entry]) -> None:
    """Make addresses, routes and the like; what is there already is no error."""
    several = list(entries)
    for kind in _ORDER:
        own = [one for one in several if one.kind == kind]
        # Those by a gateway need the route that leads to it: what was refused is tried again.
        if not _try(map(_made, own)):
            _try(map(_made, own))


def _made(entry: Entry) -> Request:
    body = entry.body
    if entry.kind == dumps.ADDRESS and entry.is_ipv6:
        # Without it an address is tentative for a second or two, and nobody can bind it.
        body += number(readback.IFA_FLAGS, _flags_of(entry) | dumps.IFA_F_NODAD)
    return Request(entry.kind, _NEW[entry.kind], body, _FLAGS.get(entry.kind, CREATE_EXCL))


def _flags_of(entry: Entry) -> int:
    found: Mapping[int, bytes] = dict(attributes(entry.body, readback.ADDRESS_HEADER.size))
    (flags,) = struct.unpack("=I", found[readback.IFA_FLAGS])
    return int(flags)


def _deleted(entry: Entry) -> Request:
    body = entry.body
    if entry.kind == dumps.NEXTHOP:  # the kernel takes its number alone
        header = readback.NEXTHOP_HEADER
        found = attributes(body, header.size)
        body = header.pack(body[0], 0, 0, 0) + b"".join(attribute(_NHA_ID, one) for key, one in found if key == _NHA_ID)
    return Request(entry.kind, _NEW[entry.kind] + 1, body, 0)


def _header(index: int, *, flags: int = 0, change: int = 0) -> bytes:
    return LINK_HEADER.pack(0, 0, index, flags, change)


def _named(link: Link) -> bytes:
    address = link.settings["address"]
    found = text(_IFLA_IFNAME, link.name)
    if isinstance(address, bytes) and address:
        found += attribute(_IFLA_ADDRESS, address)
    for key in ("mtu", "txqueuelen"):
        value = link.settings[key]
        if isinstance(value, int) and value:
            found += number(_NUMBERS[key], value)
    return found


def _try(requests: Iterable[Request]) -> bool:
    """Send requests; return False where the kernel refuses one: what is read afterwards tells what is left."""
    with contextlib.suppress(RefusedError):
        send(list(requests))
        return True
    return False
