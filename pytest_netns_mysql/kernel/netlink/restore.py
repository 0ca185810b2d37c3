"""Requests that restore a former state of a network namespace, see rtnetlink(7)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterable, Iterator

from pytest_netns_mysql import clock
from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.netlink.encoding import as_number, attribute, attributes, number, text
from pytest_netns_mysql.kernel.netlink.entries import Entry
from pytest_netns_mysql.kernel.netlink.requests import RefusedError, Request, send
from pytest_netns_mysql.kernel.netlink.state import LINK_FLAGS, Link, Setting, State, read

_NEW_AND_DELETE = {
    dumps.ADDRESS: (nl.RTM_NEWADDR, nl.RTM_DELADDR),
    dumps.NEXTHOP: (nl.RTM_NEWNEXTHOP, nl.RTM_DELNEXTHOP),
    dumps.ROUTE: (nl.RTM_NEWROUTE, nl.RTM_DELROUTE),
    dumps.RULE: (nl.RTM_NEWRULE, nl.RTM_DELRULE),
    dumps.NEIGHBOUR: (nl.RTM_NEWNEIGH, nl.RTM_DELNEIGH),
    dumps.QDISC: (nl.RTM_NEWQDISC, nl.RTM_DELQDISC),
}
"""The types of requests by kind of entry, in the order in which entries are made: later ones may need earlier ones."""

_FLAGS = {
    dumps.ROUTE: nl.NLM_F_CREATE | nl.NLM_F_APPEND,
    dumps.NEIGHBOUR: nl.NLM_F_CREATE | nl.NLM_F_REPLACE,
    dumps.QDISC: nl.NLM_F_CREATE | nl.NLM_F_REPLACE,
}
_NUMBERS = {
    "mtu": nl.IFLA_MTU,
    "master": nl.IFLA_MASTER,
    "txqueuelen": nl.IFLA_TXQLEN,
    "group": nl.IFLA_GROUP,
}
_ROUTES_TIMEOUT = 0.5  # seconds
_PAUSE = 0.005  # seconds


def delete_links(indexes: Iterable[int]) -> None:
    """Delete interfaces of the calling thread's network namespace; a missing interface is no error."""
    _try([Request(f"link {index} deleted", nl.RTM_DELLINK, _header(index), 0) for index in indexes])


def make_link(link: Link, peer: Link | None = None, *, namespace: int | None = None) -> None:
    """Create an interface with its former index in the calling thread's network namespace.

    Args:
        link: What the interface was.
        peer: What the other end was, for a veth pair.
        namespace: A descriptor of the other end's namespace; None for the same namespace.
    """
    data = link.data
    if peer is not None:
        place = b"" if namespace is None else number(nl.IFLA_NET_NS_FD, namespace)
        data = attribute(nl.VETH_INFO_PEER, _header(peer.index), _identity(peer), place)
    kind = attribute(nl.IFLA_LINKINFO, text(nl.IFLA_INFO_KIND, link.kind), attribute(nl.IFLA_INFO_DATA, data))
    body = _header(link.index) + _identity(link)
    # Some kernels report options that they do not accept in a request. Each option is set by itself later.
    if not _try([Request(link.name, nl.RTM_NEWLINK, body + kind)]) and peer is None:
        kind = attribute(nl.IFLA_LINKINFO, text(nl.IFLA_INFO_KIND, link.kind))
        _try([Request(link.name, nl.RTM_NEWLINK, body + kind)])


def set_link(was: Link, now: Link) -> None:
    """Restore the settings of an interface.

    Args:
        was: What the interface was.
        now: What the interface is; it must be of the same kind.
    """
    differing = {key: value for key, value in was.settings.items() if now.settings.get(key) != value}
    if "name" in differing:
        body = _header(was.index) + text(nl.IFLA_IFNAME, was.name)
        # Before Linux 6.2 an interface that is up cannot be renamed.
        if not _try([Request(f"the name {was.name}", nl.RTM_NEWLINK, body, 0)]):
            down = _header(was.index, flags=0, change=nl.IFF_UP)
            _try([Request(f"{now.name} down", nl.RTM_NEWLINK, down, 0), Request(was.name, nl.RTM_NEWLINK, body, 0)])
            differing["state"] = was.settings["state"]
    # One setting a request: the kernel ignores a whole request if it refuses a part of it. The state comes last: the
    # other settings decide which addresses the kernel gives an interface that comes up.
    for key, value in sorted(differing.items(), key=lambda setting: setting[0] == "state"):
        for body in _bodies(was, key, value):
            _try([Request(f"{key} of {was.name}", nl.RTM_NEWLINK, body, 0)])


def _bodies(link: Link, key: str, value: Setting) -> Iterator[bytes]:
    """Yield the bodies of the requests that change one setting of an interface."""
    header = _header(link.index)
    if key == "state":
        yield _header(link.index, flags=nl.IFF_UP if value == "up" else 0, change=nl.IFF_UP)
    elif key in LINK_FLAGS:
        flag = LINK_FLAGS[key]
        is_set = (value == "on") != (flag == nl.IFF_NOARP)
        yield _header(link.index, flags=flag if is_set else 0, change=flag)
    elif isinstance(value, int) and key in _NUMBERS:
        yield header + number(_NUMBERS[key], value)
    elif key == "address" and isinstance(value, bytes):
        yield header + attribute(nl.IFLA_ADDRESS, value)
    elif key == "alias" and isinstance(value, str):
        yield header + attribute(nl.IFLA_IFALIAS, value.encode())
    elif key == "addrgenmode" and isinstance(value, int):
        mode = attribute(nl.IFLA_INET6_ADDR_GEN_MODE, bytes([value]))
        yield header + attribute(nl.IFLA_AF_SPEC, attribute(socket.AF_INET6, mode))
    elif key == "bridge options" and isinstance(value, bytes):
        for option, content in attributes(value):
            data = attribute(nl.IFLA_INFO_DATA, attribute(option, content))
            yield header + attribute(nl.IFLA_LINKINFO, text(nl.IFLA_INFO_KIND, link.kind), data)


def delete_neighbours(entries: Iterable[tuple[Entry, bool]]) -> None:
    """Delete new neighbour entries of the calling thread's network namespace.

    Args:
        entries: Entries of any kind, each with whether it is new.
    """
    for entry, is_new in entries:
        if is_new and entry.kind == dumps.NEIGHBOUR:
            _try([_deletion(entry)])


def delete_entries(entries: Iterable[Entry]) -> None:
    """Delete addresses, routes and the like of the calling thread's network namespace; a missing one is no error."""
    _try([_deletion(entry) for entry in entries])


def set_entries(was: State) -> None:
    """Restore the addresses, routes and the like of the calling thread's network namespace, and delete all others."""
    now = read()
    new = [entry for entry in now.entries if entry not in was.entries]
    for kind in reversed(_NEW_AND_DELETE):
        _try(_deletion(entry) for entry in new if entry.kind == kind and not entry.is_by_kernel)
    gone = [entry for entry in was.entries if entry not in now.entries and entry.kind == dumps.ADDRESS]
    # The kernel may have made a link-local address anew, which stays tentative for a second or two.
    _try(_deletion(entry) for entry in gone if entry.is_ipv6)
    make_entries(gone)
    now = _read_with_kernel_routes(was)
    _try(_deletion(entry) for entry in now.entries if entry not in was.entries and entry.is_by_kernel)
    make_entries(entry for entry in was.entries if entry not in now.entries)


def _read_with_kernel_routes(was: State) -> State:
    """Return the state when the kernel has made the routes of IPv6 addresses, some time after the addresses.

    Routes made by a request would stand beside the kernel's own.
    """
    deadline = clock.monotonic() + _ROUTES_TIMEOUT
    while True:
        now = read()
        is_missing = any(entry.is_by_kernel and entry.is_ipv6 and entry not in now.entries for entry in was.entries)
        if not is_missing or clock.monotonic() > deadline:
            return now
        time.sleep(_PAUSE)


def make_entries(entries: Iterable[Entry]) -> None:
    """Make addresses, routes and the like; an entry that exists already is no error."""
    all_entries = list(entries)
    for kind in _NEW_AND_DELETE:
        requests = [_creation(entry) for entry in all_entries if entry.kind == kind]
        # A route by a gateway needs the route that leads to the gateway: the refused ones are tried again.
        if not _try(requests):
            _try(requests)


def _creation(entry: Entry) -> Request:
    body = entry.body
    if entry.kind == dumps.ADDRESS and entry.is_ipv6:
        flags = as_number(dict(attributes(body, nl.IFADDRMSG.size)).get(nl.IFA_FLAGS))
        # Without NODAD an address is tentative for a second or two, and no program can bind it.
        body += number(nl.IFA_FLAGS, flags | nl.IFA_F_NODAD)
    new, _ = _NEW_AND_DELETE[entry.kind]
    return Request(entry.kind, new, body, _FLAGS.get(entry.kind, nl.NLM_F_CREATE | nl.NLM_F_EXCL))


def _deletion(entry: Entry) -> Request:
    body = entry.body
    if entry.kind == dumps.NEXTHOP:  # the kernel accepts nothing but the next hop's id
        found = dict(attributes(body, nl.NHMSG.size))
        body = nl.NHMSG.pack(body[0], 0, 0, 0) + attribute(nl.NHA_ID, found.get(nl.NHA_ID, b""))
    _, delete = _NEW_AND_DELETE[entry.kind]
    return Request(entry.kind, delete, body, 0)


def _header(index: int, *, flags: int = 0, change: int = 0) -> bytes:
    return nl.IFINFOMSG.pack(0, 0, index, flags, change)


def _identity(link: Link) -> bytes:
    """Return the settings that an interface is created with: name, MAC address, MTU, length of the queue."""
    address = link.settings["address"]
    found = text(nl.IFLA_IFNAME, link.name)
    if isinstance(address, bytes) and address:
        found += attribute(nl.IFLA_ADDRESS, address)
    for key in ("mtu", "txqueuelen"):
        value = link.settings[key]
        if isinstance(value, int) and value:
            found += number(_NUMBERS[key], value)
    return found


def _try(requests: Iterable[Request]) -> bool:
    """Send requests; return False if the kernel refuses one. Reading the state again then shows what is missing."""
    with contextlib.suppress(RefusedError):
        send(list(requests))
        return True
    return False
