"""Address translation by nftables: masquerading, and ports that are published; see nft(8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_netns_mysql.topology.plan import Masquerade, PortForward

_TABLE = "netns-mysql"
_NFPROTO_INET, _NFPROTO_IPV4, _NFPROTO_IPV6 = 1, 2, 10
_PREROUTING, _OUTPUT, _POSTROUTING = 0, 3, 4
_PRIORITY_DSTNAT, _PRIORITY_SRCNAT = -100, 100
_META_OIFNAME, _META_NFPROTO, _META_L4PROTO = 7, 15, 16
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_EQUAL, _NOT_EQUAL = 0, 1
_DNAT = 1
_TCP = 6
_REGISTER, _PORT_REGISTER = 1, 2
_NAME_LENGTH = 16  # bytes, IFNAMSIZ
_LOOPBACK_NAME = "lo"

Expression = dict[str, Any]


def translate(masquerades: Sequence[Masquerade], port_forwards: Sequence[PortForward]) -> None:
    """Give the calling thread's network namespace these rules; raise what pyroute2 raises where it is refused."""
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
            for rule in masquerades:
                nft.rule("add", table=_TABLE, chain="postrouting", expressions=(_masquerade(rule),))
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


def _masquerade(rule: Masquerade) -> list[Expression]:
    """Return ``oifname X masquerade``; for every interface but the loopback where none is named."""
    name, operation = (rule.interface, _EQUAL) if rule.interface is not None else (_LOOPBACK_NAME, _NOT_EQUAL)
    padded = name.encode().ljust(_NAME_LENGTH, b"\0")
    return [_meta(_META_OIFNAME), _compare(padded, operation), _expression("masq")]


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
