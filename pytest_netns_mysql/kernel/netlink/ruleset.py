"""The tables of nftables in a network namespace: read to be compared, and deleted; see nft(8)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator

from pytest_netns_mysql.kernel.netlink.dumps import attributes, dump, open_netfilter
from pytest_netns_mysql.kernel.netlink.netlink import attribute, text

_NFTABLES = 10
_GETTABLE, _DELTABLE, _GETCHAIN, _GETRULE, _GETSET, _GETSETELEM = 1, 2, 4, 7, 10, 13
_GETOBJ, _GETFLOWTABLE = 19, 23
_GENERIC = struct.Struct("=BBH")  # family, version, resource
_HEADER = struct.Struct("=IHHII")
_BATCH_BEGIN, _BATCH_END, _REQUEST, _ACK = 0x10, 0x11, 0x1, 0x4
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_EXPRESSIONS, _EXPRESSION_NAME, _EXPRESSION_DATA = 4, 1, 2
_COUNTING = (b"counter", b"quota", b"last", b"limit", b"connlimit")
# What the kernel counts and numbers by itself, by the request that tells it.
_VOLATILE = {
    _GETTABLE: (3, 4),  # use, handle
    _GETCHAIN: (2, 6, 8),  # handle, use, counters
    _GETRULE: (3, 6),  # handle, position
    _GETSET: (16, 17),  # handle, expressions
    _GETOBJ: (4, 5, 6),  # data, use, handle
    _GETFLOWTABLE: (4, 5),  # use, handle
}
_NAME, _SET_NAME = 1, 2

Table = tuple[int, str]
Tables = dict[Table, tuple[bytes, ...]]


def read() -> Tables:
    """Return the tables of the calling thread's network namespace by family and name, each with what is in it."""
    found: dict[Table, list[bytes]] = {}
    sock = open_netfilter()
    if sock is None:
        return {}
    with sock:
        for kind, volatile in _VOLATILE.items():
            for message in _messages(sock, kind, 0, b""):
                family, *_ = _GENERIC.unpack_from(message)
                values = dict(attributes(message, _GENERIC.size))
                table = family, _text(values.get(_NAME, b""))
                found.setdefault(table, []).append(bytes([kind]) + _lasting(kind, message, volatile))
                if kind == _GETSET:
                    found[table] += _elements(sock, table, values.get(_SET_NAME, b""))
    return {table: tuple(parts) for table, parts in found.items()}


def differences(was: Tables, now: Tables) -> Iterator[str]:
    """Yield a line for each table that is not what it was."""
    for table in sorted({*was, *now}):
        if was.get(table) != now.get(table):
            state = "new" if table not in was else "gone" if table not in now else "changed"
            yield f"nftables table {_FAMILIES.get(table[0], table[0])} {table[1]} is {state}"


def delete(tables: Iterable[Table]) -> None:
    """Delete tables of the calling thread's network namespace; what is refused is found when they are read again."""
    sock = open_netfilter()
    if sock is None:
        return
    with sock:
        for family, name in tables:
            body = _GENERIC.pack(family, 0, 0) + text(_NAME, name)
            bounds = _GENERIC.pack(0, 0, _NFTABLES)
            kind = _NFTABLES << 8 | _DELTABLE
            sock.sendto(
                _request(_BATCH_BEGIN, _REQUEST, bounds)
                + _request(kind, _REQUEST | _ACK, body)
                + _request(_BATCH_END, _REQUEST, bounds),
                (0, 0),
            )
            sock.recv(1 << 16)


def _request(kind: int, flags: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, 0, 0) + body + b"\0" * (-len(body) % 4)


def _messages(sock: socket.socket, kind: int, family: int, body: bytes) -> list[bytes]:
    return dump(sock, _NFTABLES << 8 | kind, _GENERIC.pack(family, 0, 0) + body)


def _elements(sock: socket.socket, table: Table, name: bytes) -> list[bytes]:
    body = text(_NAME, table[1]) + attribute(_SET_NAME, name)
    return [message[_GENERIC.size :] for message in _messages(sock, _GETSETELEM, table[0], body)]


def _lasting(kind: int, message: bytes, volatile: tuple[int, ...]) -> bytes:
    """Return a message without what changes by itself."""
    kept = b""
    for key, value in attributes(message, _GENERIC.size):
        if kind == _GETRULE and key == _EXPRESSIONS:
            value = b"".join(map(_without_counts, (one for _, one in attributes(value))))
        if key not in volatile:
            kept += attribute(key, value)
    return kept


def _without_counts(expression: bytes) -> bytes:
    found = dict(attributes(expression))
    name = found.get(_EXPRESSION_NAME, b"").rstrip(b"\0")
    return attribute(_EXPRESSION_NAME, name) + (b"" if name in _COUNTING else found.get(_EXPRESSION_DATA, b""))


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")
