"""Rules of nftables that drop or reject packets, in a table of their own, see nft(8).

The messages are encoded here, because importing pyroute2 takes longer than everything else that a fault does.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Sequence

from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink.dumps import open_netfilter
from pytest_netns_mysql.kernel.netlink.encoding import attribute, message, messages, text
from pytest_netns_mysql.topology.plan import Address

_TCP = 6  # see /etc/protocols
_CHAIN = "faults"
_PARTS = 1_000_000  # of the random numbers, so that a loss of 0.0001 % is possible
_REQUESTS_AT_ONCE = 64  # so that the requests and the answers fit into the socket's buffers
_BUFFER = 1 << 16  # bytes

Rule = tuple[bytes, ...]
"""The expressions of a rule."""


def add_filter(table: str, hook: int, rules: Sequence[Rule]) -> None:
    """Filter packets that the calling thread's network namespace receives or sends.

    Args:
        table: The name of a new table of the family inet.
        hook: NF_INET_LOCAL_IN for packets to the namespace itself, NF_INET_LOCAL_OUT for those of its own.
        rules: The rules.

    Raises:
        OSError: The kernel refuses the rules.
    """
    place = _be32(nl.NFTA_HOOK_HOOKNUM, hook) + _be32(nl.NFTA_HOOK_PRIORITY, 0)
    _add(nl.NFPROTO_INET, table, place, rules)


def add_ingress_filter(table: str, interface: str, rules: Sequence[Rule]) -> None:
    """Filter everything that an interface of the calling thread's network namespace receives.

    Args:
        table: The name of a new table of the family netdev.
        interface: The name of the interface.
        rules: The rules.

    Raises:
        OSError: The kernel refuses the rules.
    """
    hook = _be32(nl.NFTA_HOOK_HOOKNUM, nl.NF_NETDEV_INGRESS) + _be32(nl.NFTA_HOOK_PRIORITY, 0)
    _add(nl.NFPROTO_NETDEV, table, hook + text(nl.NFTA_HOOK_DEV, interface), rules)


def from_address(address: Address) -> Rule:
    """Return the expressions ``ip saddr ADDRESS``."""
    return _address(address, 12, 8)


def to_address(address: Address) -> Rule:
    """Return the expressions ``ip daddr ADDRESS``."""
    return _address(address, 16, 24)


def _address(address: Address, in_ipv4: int, in_ipv6: int) -> Rule:
    """Return the expressions that compare an address at an offset of the header of IPv4 or IPv6."""
    family, offset = (nl.NFPROTO_IPV4, in_ipv4) if address.version == 4 else (nl.NFPROTO_IPV6, in_ipv6)
    return (
        _meta(nl.NFT_META_NFPROTO),
        _compare(bytes([family])),
        _payload(nl.NFT_PAYLOAD_NETWORK_HEADER, offset, len(address.packed)),
        _compare(address.packed),
    )


def to_port(port: int) -> Rule:
    """Return the expressions ``tcp dport PORT``."""
    return (
        _meta(nl.NFT_META_L4PROTO),
        _compare(bytes([_TCP])),
        _payload(nl.NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2),
        _compare(port.to_bytes(2, "big")),
    )


def at_random(percent: float) -> Rule:
    """Return the expressions ``numgen random mod 1000000 < N``, which a part of the packets matches."""
    register = _be32(nl.NFTA_NG_DREG, nl.NFT_REG_1)
    below = max(round(percent / 100 * _PARTS), 1)
    return (
        _expression("numgen", register, _be32(nl.NFTA_NG_MODULUS, _PARTS), _be32(nl.NFTA_NG_TYPE, nl.NFT_NG_RANDOM)),
        _expression(
            "byteorder",  # two numbers are compared byte by byte
            _be32(nl.NFTA_BYTEORDER_SREG, nl.NFT_REG_1),
            _be32(nl.NFTA_BYTEORDER_DREG, nl.NFT_REG_1),
            _be32(nl.NFTA_BYTEORDER_OP, nl.NFT_BYTEORDER_HTON),
            _be32(nl.NFTA_BYTEORDER_LEN, 4),
            _be32(nl.NFTA_BYTEORDER_SIZE, 4),
        ),
        _compare(struct.pack("!I", below), nl.NFT_CMP_LT),
    )


def drop() -> Rule:
    """Return the expression ``drop``."""
    verdict = attribute(nl.NFTA_DATA_VERDICT, _be32(nl.NFTA_VERDICT_CODE, nl.NF_DROP))
    return (
        _expression(
            "immediate",
            _be32(nl.NFTA_IMMEDIATE_DREG, nl.NFT_REG_VERDICT),
            attribute(nl.NFTA_IMMEDIATE_DATA, verdict),
        ),
    )


def reset() -> Rule:
    """Return the expression ``reject with tcp reset``."""
    return _reject(nl.NFT_REJECT_TCP_RST, 0)


def unreachable() -> Rule:
    """Return the expression ``reject with icmpx host-unreachable``."""
    return _reject(nl.NFT_REJECT_ICMPX_UNREACH, nl.NFT_REJECT_ICMPX_HOST_UNREACH)


def _reject(kind: int, code: int) -> Rule:
    answer = attribute(nl.NFTA_REJECT_ICMP_CODE, bytes([code]))
    return (_expression("reject", _be32(nl.NFTA_REJECT_TYPE, kind), answer),)


def _add(family: int, table: str, hook: bytes, rules: Sequence[Rule]) -> None:
    """Add a table with a chain of the type filter, and rules."""
    chain = (
        text(nl.NFTA_CHAIN_TABLE, table)
        + text(nl.NFTA_CHAIN_NAME, _CHAIN)
        + attribute(nl.NFTA_CHAIN_HOOK, hook)
        + text(nl.NFTA_CHAIN_TYPE, "filter")
    )
    bodies = [(nl.NFT_MSG_NEWTABLE, text(nl.NFTA_TABLE_NAME, table)), (nl.NFT_MSG_NEWCHAIN, chain)]
    for rule in rules:
        expressions = (attribute(nl.NFTA_LIST_ELEM, expression) for expression in rule)
        body = text(nl.NFTA_RULE_TABLE, table) + text(nl.NFTA_RULE_CHAIN, _CHAIN)
        bodies.append((nl.NFT_MSG_NEWRULE, body + attribute(nl.NFTA_RULE_EXPRESSIONS, *expressions)))
    sock = open_netfilter()
    if sock is None:
        raise OSError(errno.EPROTONOSUPPORT, os.strerror(errno.EPROTONOSUPPORT))
    with sock:
        for start in range(0, len(bodies), _REQUESTS_AT_ONCE):
            _send(sock, family, bodies[start : start + _REQUESTS_AT_ONCE])


def _send(sock: socket.socket, family: int, bodies: Sequence[tuple[int, bytes]]) -> None:
    """Send requests in one transaction."""
    flags = nl.NLM_F_REQUEST | nl.NLM_F_ACK | nl.NLM_F_CREATE
    bounds = nl.NFGENMSG.pack(0, 0, socket.htons(nl.NFNL_SUBSYS_NFTABLES))
    batch = [message(nl.NFNL_MSG_BATCH_BEGIN, nl.NLM_F_REQUEST, bounds)]
    for kind, body in bodies:
        place = nl.NLM_F_APPEND if kind == nl.NFT_MSG_NEWRULE else nl.NLM_F_EXCL
        header = nl.NFGENMSG.pack(family, 0, 0)
        batch.append(message(nl.NFNL_SUBSYS_NFTABLES << 8 | kind, flags | place, header + body))
    batch.append(message(nl.NFNL_MSG_BATCH_END, nl.NLM_F_REQUEST, bounds))
    sock.sendto(b"".join(batch), (0, 0))
    _read_answers(sock, len(bodies))


def _read_answers(sock: socket.socket, number: int) -> None:
    """Read an answer for each message. A refused transaction may have fewer answers, with the refusal among them."""
    while number > 0:
        for kind, _, _, body in messages(sock.recv(_BUFFER)):
            (code,) = nl.NLMSGERR.unpack_from(body) if kind == nl.NLMSG_ERROR else (0,)
            if code:
                raise OSError(-code, os.strerror(-code))
            number -= 1


def _expression(name: str, *data: bytes) -> bytes:
    return text(nl.NFTA_EXPR_NAME, name) + attribute(nl.NFTA_EXPR_DATA, *data)


def _be32(kind: int, value: int) -> bytes:
    """Return an attribute whose value is a number of 32 bits in network byte order, as all numbers of nftables."""
    return attribute(kind, struct.pack("!I", value))


def _meta(key: int) -> bytes:
    return _expression("meta", _be32(nl.NFTA_META_DREG, nl.NFT_REG_1), _be32(nl.NFTA_META_KEY, key))


def _payload(base: int, offset: int, length: int) -> bytes:
    return _expression(
        "payload",
        _be32(nl.NFTA_PAYLOAD_DREG, nl.NFT_REG_1),
        _be32(nl.NFTA_PAYLOAD_BASE, base),
        _be32(nl.NFTA_PAYLOAD_OFFSET, offset),
        _be32(nl.NFTA_PAYLOAD_LEN, length),
    )


def _compare(data: bytes, operation: int = nl.NFT_CMP_EQ) -> bytes:
    return _expression(
        "cmp",
        _be32(nl.NFTA_CMP_SREG, nl.NFT_REG_1),
        _be32(nl.NFTA_CMP_OP, operation),
        attribute(nl.NFTA_CMP_DATA, attribute(nl.NFTA_DATA_VALUE, data)),
    )
