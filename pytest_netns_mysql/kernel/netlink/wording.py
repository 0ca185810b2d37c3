"""Links, addresses, routes and the like in the words of iproute2."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Mapping

from pytest_netns_mysql.kernel.netlink import dumps, readback
from pytest_netns_mysql.kernel.netlink.dumps import attributes
from pytest_netns_mysql.kernel.netlink.readback import Entry, Link, Setting, State

_TABLES = {0: "default", 253: "default", 254: "main", 255: "local"}
_TYPES = {2: "local ", 3: "broadcast ", 4: "anycast ", 5: "multicast ", 6: "blackhole ", 7: "unreachable "}
_TYPES |= {8: "prohibit ", 9: "throw ", 10: "nat "}
_ACTIONS = {2: "goto", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_PREFSRC = 1, 4, 5, 6, 7
_RTA_MULTIPATH, _RTA_TABLE, _RTA_VIA, _RTA_NH_ID = 9, 15, 18, 30
_FRA_DST, _FRA_SRC, _FRA_IIFNAME, _FRA_PRIORITY, _FRA_FWMARK, _FRA_TABLE, _FRA_OIFNAME = 1, 2, 3, 6, 10, 15, 17
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_NDA_DST, _NDA_LLADDR = 1, 2
_NHA_ID = 1
_TCA_KIND = 1
_ROOT, _INGRESS = 0xFFFFFFFF, 0xFFFFFFF1


def of_link(was: Link | None, now: Link | None, before: State, after: State) -> list[str]:
    """Return a line for each setting of an interface that differs; the states know other interfaces' names."""
    if was is None or now is None:
        one = was or now
        return [] if one is None else [f"link {one.name} is {'gone' if now is None else 'new'}"]
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
            lines.append(f"link {was.name} {key} is {_shown(key, value, after)}, was {_shown(key, old, before)}")
    return lines


def _shown(key: str, value: Setting, state: State) -> str:
    if key == "master" and isinstance(value, int):
        return state.name(value) if value else "none"
    if isinstance(value, bytes):
        return value.hex(":")
    return str(value) or "none"


def of_entry(entry: Entry, state: State) -> str:
    """Return an address, a route or the like as iproute2 prints it; ``state`` knows the names of interfaces."""
    return f"{entry.kind} {_WORDS[entry.kind](entry.body, state)}"


def _address(body: bytes, state: State) -> str:
    family, length, _, _, index = readback.ADDRESS_HEADER.unpack_from(body)
    found = dict(attributes(body, readback.ADDRESS_HEADER.size))
    local = found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS, b"")
    dynamic = "" if _number(found, readback.IFA_FLAGS) & readback.IFA_F_PERMANENT else " dynamic"
    return f"{_ip(family, local)}/{length} dev {state.name(index)}{dynamic}"


def _route(body: bytes, state: State) -> str:
    family, length, _, _, table, _, _, kind, _ = dumps.ROUTE_HEADER.unpack_from(body)
    found = dict(attributes(body, dumps.ROUTE_HEADER.size))
    table = _number(found, _RTA_TABLE) or table
    return " ".join(
        (
            _TYPES.get(kind, "") + _destination(family, found.get(_RTA_DST), length),
            *_gateway(family, found, state),
            *([f"table {_TABLES.get(table, table)}"] if table != 254 else []),
            *([f"src {_ip(family, found[_RTA_PREFSRC])}"] if _RTA_PREFSRC in found else []),
            *([f"metric {_number(found, _RTA_PRIORITY)}"] if _number(found, _RTA_PRIORITY) else []),
        )
    )


def _gateway(family: int, found: Mapping[int, bytes], state: State) -> Iterator[str]:
    if _RTA_GATEWAY in found:
        yield f"via {_ip(family, found[_RTA_GATEWAY])}"
    if _RTA_VIA in found:
        (other,) = struct.unpack_from("=H", found[_RTA_VIA])
        yield f"via {'inet6 ' if other == socket.AF_INET6 else ''}{_ip(other, found[_RTA_VIA][2:])}"
    if _RTA_OIF in found:
        yield f"dev {state.name(_number(found, _RTA_OIF))}"
    if _RTA_MULTIPATH in found:
        yield "by several next hops"
    if _RTA_NH_ID in found:
        yield f"nhid {_number(found, _RTA_NH_ID)}"


def _rule(body: bytes, _state: State) -> str:
    family, to, origin, _, table, action, flags = readback.RULE_HEADER.unpack_from(body)
    found = dict(attributes(body, readback.RULE_HEADER.size))
    table = _number(found, _FRA_TABLE) or table
    origin_text = "all" if _FRA_SRC not in found else _destination(family, found[_FRA_SRC], origin)
    return " ".join(
        (
            f"{_number(found, _FRA_PRIORITY)}:",
            *(["not"] if flags else []),
            f"from {origin_text}",
            *([f"to {_destination(family, found[_FRA_DST], to)}"] if _FRA_DST in found else []),
            *([f"fwmark {_number(found, _FRA_FWMARK):#x}"] if _number(found, _FRA_FWMARK) else []),
            *([f"iif {_text(found[_FRA_IIFNAME])}"] if _FRA_IIFNAME in found else []),
            *([f"oif {_text(found[_FRA_OIFNAME])}"] if _FRA_OIFNAME in found else []),
            _ACTIONS.get(action, f"lookup {_TABLES.get(table, table)}"),
            *(["(IPv6)"] if family == socket.AF_INET6 else []),
        )
    )


def _neighbour(body: bytes, state: State) -> str:
    family, index, neighbour_state, flags, _ = dumps.NEIGHBOUR_HEADER.unpack_from(body)
    found = dict(attributes(body, dumps.NEIGHBOUR_HEADER.size))
    where = f"{_ip(family, found.get(_NDA_DST, b''))} dev {state.name(index)}"
    if flags & dumps.NTF_PROXY:
        return f"{where} proxy"
    permanent = " PERMANENT" if neighbour_state & dumps.NUD_PERMANENT else ""
    return f"{where} lladdr {found.get(_NDA_LLADDR, b'').hex(':')}{permanent}"


def _qdisc(body: bytes, state: State) -> str:
    _, index, handle, parent, _ = readback.QDISC_HEADER.unpack_from(body)
    kind = _text(dict(attributes(body, readback.QDISC_HEADER.size)).get(_TCA_KIND, b""))
    place = {_ROOT: "root", _INGRESS: "ingress"}.get(parent, f"parent {parent >> 16:x}:{parent & 0xFFFF:x}")
    return f"{kind} {handle >> 16:x}: dev {state.name(index)} {place}"


def _nexthop(body: bytes, _state: State) -> str:
    return f"id {_number(dict(attributes(body, readback.NEXTHOP_HEADER.size)), _NHA_ID)}"


_WORDS: Mapping[str, Callable[[bytes, State], str]] = {
    dumps.ADDRESS: _address,
    dumps.NEXTHOP: _nexthop,
    dumps.ROUTE: _route,
    dumps.RULE: _rule,
    dumps.NEIGHBOUR: _neighbour,
    dumps.QDISC: _qdisc,
}


def _destination(family: int, value: bytes | None, length: int) -> str:
    if value is None:
        return "default"
    text = _ip(family, value)
    return text if length == len(value) * 8 else f"{text}/{length}"


def _ip(family: int, value: bytes) -> str:
    kind = ipaddress.IPv6Address if family == socket.AF_INET6 else ipaddress.IPv4Address
    return str(kind(value)) if len(value) in (4, 16) else value.hex(":")


def _number(found: Mapping[int, bytes], key: int) -> int:
    return int.from_bytes(found.get(key, b"")[:4], sys.byteorder)


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")
