"""Address translation by nftables: masquerading, and ports that are published; see nft(8)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_netns_mysql.topology.plan import Interface, Masquerade, PortForward

_TABLE = "netns-mysql"
_NFPROTO_INET, _NFPROTO_IPV4, _NFPROTO_IPV6 = 1, 2, 10
TABLE = _NFPROTO_INET, _TABLE
"""The family and the name of the table that has the topology's rules."""

_PREROUTING, _OUTPUT, _POSTROUTING = 0, 3, 4
_PRIORITY_DSTNAT, _PRIORITY_SRCNAT = -100, 100
_META_OIFNAME, _META_NFPROTO, _META_L4PROTO = 7, 15, 16
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_EQUAL, _NOT_EQUAL = 0, 1
_DNAT = 1
_TCP = 6
_REGISTER, _PORT_REGISTER = 1, 2
_NAME_LENGTH = 16  # bytes, IFNAMSIZ
_CT_STATUS, _IPS_DST_NAT = 2, 1 << 5

Expression = dict[str, Any]


def translate(
    masquerades: Sequence[Masquerade],
    port_forwards: Sequence[PortForward],
    interfaces: Mapping[str, Sequence[Interface]],
) -> None:
    """Give the calling thread's network namespace these rules; raise what pyroute2 raises where it is refused.

    ``interfaces`` maps the names of its interfaces to their addresses.
    """
    from pyroute2.nftables.main import NFTables

    with NFTables(nfgen_family=_NFPROTO_INET) as nft:
        nft.table("add", name=_TABLE)
        if masquerades:
            nft.chain(
                "add",
                table=_TABLE,
                name="postrouting",
                hook="postrouting",
                type="nat",
                priority=_PRIORITY_SRCNAT,
            )
            names = [rule.interface for rule in masquerades]
            for name in dict.fromkeys(interfaces if None in names else [one for one in names if one is not None]):
                for expressions in _masquerade(name, interfaces[name], published=bool(port_forwards)):
                    nft.rule("add", table=_TABLE, chain="postrouting", expressions=(expressions,))
        if port_forwards:
            for name in ("prerouting", "output"):
                nft.chain("add", table=_TABLE, name=name, hook=name, type="nat", priority=_PRIORITY_DSTNAT)
                for forward in port_forwards:
                    nft.rule("add", table=_TABLE, chain=name, expressions=(_port_forward(forward),))


def _expression(name: str, *attributes: tuple[str, Any]) -> Expression:
    data = {"attrs": [(f"NFTA_{name.upper()}_{key}", value) for key, value in attributes]}
    return {"attrs": [("NFTA_EXPR_NAME", name), ("NFTA_EXPR_DATA", data)]}


def _value(data: bytes) -> Expression:
    return {"attrs": [("NFTA_DATA_VALUE", data)]}


def _meta(key: int) -> Expression:
    return _expression("meta", ("DREG", _REGISTER), ("KEY", key))


def _compare(data: bytes, operation: int = _EQUAL) -> Expression:
    return _expression("cmp", ("SREG", _REGISTER), ("OP", operation), ("DATA", _value(data)))


def _payload(base: int, offset: int, length: int) -> Expression:
    return _expression("payload", ("DREG", _REGISTER), ("BASE", base), ("OFFSET", offset), ("LEN", length))


def _load(register: int, data: bytes) -> Expression:
    return _expression("immediate", ("DREG", register), ("DATA", _value(data)))


def _masquerade(name: str, addresses: Sequence[Interface], *, published: bool) -> Iterator[list[Expression]]:
    """Give ``oifname X ct status dnat masquerade`` and, for each family, ``oifname X ip saddr != SUBNET masquerade``.

    What stays in the interface's own subnet is between neighbours: where the kernel has br_netfilter it passes here on
    its way over a bridge. If it came by a published port, its answer must come by here as well.
    """
    out = [_meta(_META_OIFNAME), _compare(name.encode().ljust(_NAME_LENGTH, b"\0"))]
    if published:
        state = _expression("ct", ("DREG", _REGISTER), ("KEY", _CT_STATUS))
        masked = _masked(struct.pack("=I", _IPS_DST_NAT))
        yield [*out, state, masked, _compare(struct.pack("=I", 0), _NOT_EQUAL), _expression("masq")]
    for version, family in ((4, _NFPROTO_IPV4), (6, _NFPROTO_IPV6)):
        rule = [*out, _meta(_META_NFPROTO), _compare(bytes([family]))]
        offset, length = (12, 4) if version == 4 else (8, 16)
        for address in addresses:
            if address.version == version:
                subnet = address.network
                rule += [
                    _payload(_NETWORK_HEADER, offset, length),
                    _masked(subnet.netmask.packed),
                    _compare(subnet.network_address.packed, _NOT_EQUAL),
                ]
        yield [*rule, _expression("masq")]


def _masked(mask: bytes) -> Expression:
    return _expression(
        "bitwise",
        ("SREG", _REGISTER),
        ("DREG", _REGISTER),
        ("LEN", len(mask)),
        ("MASK", _value(mask)),
        ("XOR", _value(bytes(len(mask)))),
    )


def _port_forward(rule: PortForward) -> list[Expression]:
    """Return ``ip daddr A tcp dport P dnat ip to B:Q``."""
    is_v4 = rule.address.version == 4
    family = _NFPROTO_IPV4 if is_v4 else _NFPROTO_IPV6
    offset, length = (16, 4) if is_v4 else (24, 16)
    return [
        _meta(_META_NFPROTO),
        _compare(bytes([family])),
        _payload(_NETWORK_HEADER, offset, length),
        _compare(rule.address.packed),
        _meta(_META_L4PROTO),
        _compare(bytes([_TCP])),
        _payload(_TRANSPORT_HEADER, 2, 2),
        _compare(rule.port.to_bytes(2, "big")),
        _load(_REGISTER, rule.to.packed),
        _load(_PORT_REGISTER, rule.to_port.to_bytes(2, "big")),
        _expression(
            "nat",
            ("TYPE", _DNAT),
            ("FAMILY", family),
            ("REG_ADDR_MIN", _REGISTER),
            ("REG_PROTO_MIN", _PORT_REGISTER),
        ),
    ]
