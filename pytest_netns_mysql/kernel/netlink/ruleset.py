"""The nftables rules of a network namespace: read for comparison, and deleted; see nft(8)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator

from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink.dumps import dump, open_netfilter
from pytest_netns_mysql.kernel.netlink.encoding import as_text, attribute, attributes, message, messages, text

_FAMILIES = {
    nl.NFPROTO_INET: "inet",
    nl.NFPROTO_IPV4: "ip",
    nl.NFPROTO_ARP: "arp",
    nl.NFPROTO_NETDEV: "netdev",
    nl.NFPROTO_BRIDGE: "bridge",
    nl.NFPROTO_IPV6: "ip6",
}
_COUNTING_EXPRESSIONS = (b"counter", b"quota", b"last", b"limit", b"connlimit")
_VOLATILE = {
    nl.NFT_MSG_GETTABLE: (nl.NFTA_TABLE_USE, nl.NFTA_TABLE_HANDLE),
    nl.NFT_MSG_GETCHAIN: (nl.NFTA_CHAIN_HANDLE, nl.NFTA_CHAIN_USE, nl.NFTA_CHAIN_COUNTERS),
    nl.NFT_MSG_GETRULE: (nl.NFTA_RULE_HANDLE, nl.NFTA_RULE_POSITION),
    nl.NFT_MSG_GETSET: (nl.NFTA_SET_HANDLE, nl.NFTA_SET_EXPR),
    nl.NFT_MSG_GETOBJ: (nl.NFTA_OBJ_DATA, nl.NFTA_OBJ_USE, nl.NFTA_OBJ_HANDLE),
    nl.NFT_MSG_GETFLOWTABLE: (nl.NFTA_FLOWTABLE_USE, nl.NFTA_FLOWTABLE_HANDLE),
}
"""By the type of a request, the attributes of its answers that the kernel counts and numbers by itself."""

_BUFFER = 1 << 16  # bytes

Table = tuple[int, str]
"""The family and the name of a table."""

Tables = dict[Table, tuple[bytes, ...]]
"""What is in each table."""


def read() -> Tables:
    """Return the tables of the calling thread's network namespace; none if the kernel has no nftables."""
    found: dict[Table, list[bytes]] = {}
    sock = open_netfilter()
    if sock is None:
        return {}
    with sock:
        for kind in _VOLATILE:
            for answer in _answers(sock, kind, 0, b""):
                family, *_ = nl.NFGENMSG.unpack_from(answer)
                values = dict(attributes(answer, nl.NFGENMSG.size))
                # The first attribute of each kind of answer is the table's name.
                table = family, as_text(values.get(nl.NFTA_TABLE_NAME))
                found.setdefault(table, []).append(bytes([kind]) + _lasting(kind, answer))
                if kind == nl.NFT_MSG_GETSET:
                    found[table] += _elements(sock, table, values.get(nl.NFTA_SET_NAME, b""))
    return {table: tuple(parts) for table, parts in found.items()}


def differences(was: Tables, now: Tables) -> Iterator[str]:
    """Yield a line for each table that is new, gone or changed."""
    for table in sorted({*was, *now}):
        if was.get(table) != now.get(table):
            state = "new" if table not in was else "gone" if table not in now else "changed"
            yield f"nftables table {_FAMILIES.get(table[0], table[0])} {table[1]} is {state}"


def delete(tables: Iterable[Table]) -> list[tuple[Table, OSError]]:
    """Delete tables of the calling thread's network namespace; return those that the kernel did not delete, and why."""
    refused: list[tuple[Table, OSError]] = []
    sock = open_netfilter()
    if sock is None:
        return refused
    with sock:
        for family, name in tables:
            bounds = nl.NFGENMSG.pack(0, 0, socket.htons(nl.NFNL_SUBSYS_NFTABLES))
            table = nl.NFGENMSG.pack(family, 0, 0) + text(nl.NFTA_TABLE_NAME, name)
            batch = (
                message(nl.NFNL_MSG_BATCH_BEGIN, nl.NLM_F_REQUEST, bounds),
                message(_type(nl.NFT_MSG_DELTABLE), nl.NLM_F_REQUEST | nl.NLM_F_ACK, table),
                message(nl.NFNL_MSG_BATCH_END, nl.NLM_F_REQUEST, bounds),
            )
            sock.sendto(b"".join(batch), (0, 0))
            number = _error_number(sock.recv(_BUFFER))
            if number:
                refused.append(((family, name), OSError(number, os.strerror(number))))
    return refused


def _error_number(answers: bytes) -> int:
    """Return the first errno in the kernel's answers, or 0."""
    for kind, _, _, body in messages(answers):
        code = int(nl.NLMSGERR.unpack_from(body)[0]) if kind == nl.NLMSG_ERROR else 0
        if code:
            return -code
    return 0


def _type(kind: int) -> int:
    return nl.NFNL_SUBSYS_NFTABLES << 8 | kind


def _answers(sock: socket.socket, kind: int, family: int, body: bytes) -> list[bytes]:
    return dump(sock, _type(kind), nl.NFGENMSG.pack(family, 0, 0) + body)


def _elements(sock: socket.socket, table: Table, name: bytes) -> list[bytes]:
    family, table_name = table
    body = text(nl.NFTA_SET_ELEM_LIST_TABLE, table_name) + attribute(nl.NFTA_SET_ELEM_LIST_SET, name)
    return [answer[nl.NFGENMSG.size :] for answer in _answers(sock, nl.NFT_MSG_GETSETELEM, family, body)]


def _lasting(kind: int, answer: bytes) -> bytes:
    """Return an answer without what the kernel counts and numbers by itself."""
    kept = b""
    for key, value in attributes(answer, nl.NFGENMSG.size):
        if kind == nl.NFT_MSG_GETRULE and key == nl.NFTA_RULE_EXPRESSIONS:
            kept += attribute(key, *(_without_counts(expression) for _, expression in attributes(value)))
        elif key not in _VOLATILE[kind]:
            kept += attribute(key, value)
    return kept


def _without_counts(expression: bytes) -> bytes:
    found = dict(attributes(expression))
    name = found.get(nl.NFTA_EXPR_NAME, b"").rstrip(b"\0")
    data = b"" if name in _COUNTING_EXPRESSIONS else found.get(nl.NFTA_EXPR_DATA, b"")
    return attribute(nl.NFTA_EXPR_NAME, name) + data
