"""Interfaces, addresses, routes and the like in the words of iproute2."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Callable, Iterator, Mapping

from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.netlink.encoding import as_number, as_text, attributes
from pytest_netns_mysql.kernel.netlink.entries import Entry
from pytest_netns_mysql.kernel.netlink.state import Link, Setting, State

_TABLES = {
    nl.RT_TABLE_UNSPEC: "default",
    nl.RT_TABLE_DEFAULT: "default",
    nl.RT_TABLE_MAIN: "main",
    nl.RT_TABLE_LOCAL: "local",
}
_ROUTE_TYPES = {
    nl.RTN_LOCAL: "local ",
    nl.RTN_BROADCAST: "broadcast ",
    nl.RTN_ANYCAST: "anycast ",
    nl.RTN_MULTICAST: "multicast ",
    nl.RTN_BLACKHOLE: "blackhole ",
    nl.RTN_UNREACHABLE: "unreachable ",
    nl.RTN_PROHIBIT: "prohibit ",
    nl.RTN_THROW: "throw ",
    nl.RTN_NAT: "nat ",
}
_RULE_ACTIONS = {
    nl.FR_ACT_GOTO: "goto",
    nl.FR_ACT_BLACKHOLE: "blackhole",
    nl.FR_ACT_UNREACHABLE: "unreachable",
    nl.FR_ACT_PROHIBIT: "prohibit",
}


def link_lines(was: Link | None, now: Link | None, before: State, after: State) -> list[str]:
    """Return a line for each difference of an interface.

    Args:
        was: What the interface was; None if it is new.
        now: What the interface is; None if it is gone.
        before: The namespace's former state, which has the names of other interfaces.
        after: The namespace's state now.
    """
    if was is None or now is None or was.kind != now.kind:
        gone = [] if was is None else [f"link {was.name} is gone"]
        return gone if now is None else [*gone, f"link {now.name} is new"]
    lines = []
    for key, value in now.settings.items():
        old = was.settings[key]
        if value == old:
            continue
        if key in ("state", "name"):
            lines.append(f"link {was.name} is {value!s}, was {old!s}")
        elif key == "bridge options":
            lines.append(f"link {was.name} has other {key}")
        else:
            lines.append(f"link {was.name} {key} is {_setting(key, value, after)}, was {_setting(key, old, before)}")
    return lines


def _setting(key: str, value: Setting, state: State) -> str:
    if key == "master" and isinstance(value, int):
        return state.name(value) if value else "none"
    if isinstance(value, bytes):
        return value.hex(":")
    return str(value) or "none"


def entry_text(entry: Entry, state: State) -> str:
    """Return an address, a route or the like as iproute2 prints it.

    Args:
        entry: The address, route or the like.
        state: The state of the namespace, which has the names of interfaces.
    """
    return f"{entry.kind} {_TEXTS[entry.kind](entry.body, state)}"


def _address(body: bytes, state: State) -> str:
    _, length, _, _, index = nl.IFADDRMSG.unpack_from(body)
    found = dict(attributes(body, nl.IFADDRMSG.size))
    local = found.get(nl.IFA_LOCAL) or found.get(nl.IFA_ADDRESS, b"")
    dynamic = "" if as_number(found.get(nl.IFA_FLAGS)) & nl.IFA_F_PERMANENT else " dynamic"
    return f"{_ip(local)}/{length} dev {state.name(index)}{dynamic}"


def _route(body: bytes, state: State) -> str:
    _, length, _, _, short_table, _, _, kind, _ = nl.RTMSG.unpack_from(body)
    found = dict(attributes(body, nl.RTMSG.size))
    table = as_number(found.get(nl.RTA_TABLE)) or short_table
    metric = as_number(found.get(nl.RTA_PRIORITY))
    return " ".join(
        (
            _ROUTE_TYPES.get(kind, "") + _destination(found.get(nl.RTA_DST), length),
            *_gateway(found, state),
            *([f"table {_TABLES.get(table, table)}"] if table != nl.RT_TABLE_MAIN else []),
            *([f"src {_ip(found[nl.RTA_PREFSRC])}"] if nl.RTA_PREFSRC in found else []),
            *([f"metric {metric}"] if metric else []),
        )
    )


def _gateway(found: Mapping[int, bytes], state: State) -> Iterator[str]:
    if nl.RTA_GATEWAY in found:
        yield f"via {_ip(found[nl.RTA_GATEWAY])}"
    if nl.RTA_VIA in found:
        (family,) = struct.unpack_from("=H", found[nl.RTA_VIA])
        yield f"via {'inet6 ' if family == socket.AF_INET6 else ''}{_ip(found[nl.RTA_VIA][2:])}"
    if nl.RTA_OIF in found:
        yield f"dev {state.name(as_number(found[nl.RTA_OIF]))}"
    if nl.RTA_MULTIPATH in found:
        yield "over several next hops"
    if nl.RTA_NH_ID in found:
        yield f"nhid {as_number(found[nl.RTA_NH_ID])}"


def _rule(body: bytes, _state: State) -> str:
    family, to, origin, _, short_table, action, flags = nl.FIB_RULE_HDR.unpack_from(body)
    found = dict(attributes(body, nl.FIB_RULE_HDR.size))
    table = as_number(found.get(nl.FRA_TABLE)) or short_table
    mark = as_number(found.get(nl.FRA_FWMARK))
    origin_text = "all" if nl.FRA_SRC not in found else _destination(found[nl.FRA_SRC], origin)
    return " ".join(
        (
            f"{as_number(found.get(nl.FRA_PRIORITY))}:",
            *(["not"] if flags else []),
            f"from {origin_text}",
            *([f"to {_destination(found[nl.FRA_DST], to)}"] if nl.FRA_DST in found else []),
            *([f"fwmark {mark:#x}"] if mark else []),
            *([f"iif {as_text(found[nl.FRA_IIFNAME])}"] if nl.FRA_IIFNAME in found else []),
            *([f"oif {as_text(found[nl.FRA_OIFNAME])}"] if nl.FRA_OIFNAME in found else []),
            _RULE_ACTIONS.get(action, f"lookup {_TABLES.get(table, table)}"),
            *(["(IPv6)"] if family == socket.AF_INET6 else []),
        )
    )


def _neighbour(body: bytes, state: State) -> str:
    _, index, neighbour_state, flags, _ = nl.NDMSG.unpack_from(body)
    found = dict(attributes(body, nl.NDMSG.size))
    where = f"{_ip(found.get(nl.NDA_DST, b''))} dev {state.name(index)}"
    if flags & nl.NTF_PROXY:
        return f"{where} proxy"
    permanent = " PERMANENT" if neighbour_state & nl.NUD_PERMANENT else ""
    return f"{where} lladdr {found.get(nl.NDA_LLADDR, b'').hex(':')}{permanent}"


def _qdisc(body: bytes, state: State) -> str:
    _, index, handle, parent, _ = nl.TCMSG.unpack_from(body)
    kind = as_text(dict(attributes(body, nl.TCMSG.size)).get(nl.TCA_KIND))
    places = {nl.TC_H_ROOT: "root", nl.TC_H_INGRESS: "ingress"}
    place = places.get(parent, f"parent {parent >> 16:x}:{parent & 0xFFFF:x}")
    return f"{kind} {handle >> 16:x}: dev {state.name(index)} {place}"


def _nexthop(body: bytes, _state: State) -> str:
    return f"id {as_number(dict(attributes(body, nl.NHMSG.size)).get(nl.NHA_ID))}"


_TEXTS: Mapping[str, Callable[[bytes, State], str]] = {
    dumps.ADDRESS: _address,
    dumps.NEXTHOP: _nexthop,
    dumps.ROUTE: _route,
    dumps.RULE: _rule,
    dumps.NEIGHBOUR: _neighbour,
    dumps.QDISC: _qdisc,
}


def _destination(value: bytes | None, length: int) -> str:
    if value is None:
        return "default"
    text = _ip(value)
    return text if length == len(value) * 8 else f"{text}/{length}"


def _ip(value: bytes) -> str:
    return str(ipaddress.ip_address(value)) if len(value) in (4, 16) else value.hex(":")
