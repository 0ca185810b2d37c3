"""Address translation by nftables: masquerading and published ports, see nft(8)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.topology.plan import Interface, Masquerade, PortForward

if TYPE_CHECKING:
    from pyroute2.nftables.main import NFTables

_TABLE = "netns-mysql"
TABLE = nl.NFPROTO_INET, _TABLE
"""The family and the name of the table that has the topology's rules."""

_TCP = 6  # see /etc/protocols

Expression = dict[str, Any]


def translate(
    masquerades: Sequence[Masquerade],
    port_forwards: Sequence[PortForward],
    interfaces: Mapping[str, Sequence[Interface]],
    *,
    forwards: bool = True,
) -> None:
    """Add the rules of address translation to the calling thread's network namespace.

    Args:
        masquerades: What is masqueraded in this namespace.
        port_forwards: The ports that this namespace publishes.
        interfaces: The addresses of each interface of this namespace, by the interface's name.
        forwards: Whether this namespace forwards. If not, published ports are for its own connections.

    Raises:
        OSError: The kernel refuses a rule.
    """
    from pyroute2.netlink.exceptions import NetlinkError
    from pyroute2.nftables.main import NFTables

    translated = [name for rule in masquerades for name in ([rule.interface] if rule.interface else interfaces)]
    rules = [
        rule
        for name in dict.fromkeys(translated)
        for rule in _masquerade(name, interfaces[name], published=bool(port_forwards))
    ]
    try:
        with NFTables(nfgen_family=nl.NFPROTO_INET) as nft:
            nft.table("add", name=_TABLE)
            if masquerades:
                _add_chain(nft, "postrouting", nl.NF_IP_PRI_NAT_SRC, rules)
            if port_forwards:
                for name in ("prerouting", "output") if forwards else ("output",):
                    _add_chain(nft, name, nl.NF_IP_PRI_NAT_DST, [_port_forward(forward) for forward in port_forwards])
    except NetlinkError as error:
        raise OSError(*error.args) from error


def _add_chain(nft: NFTables, name: str, priority: int, rules: Sequence[Sequence[Expression]]) -> None:
    """Add a chain of type nat, at the hook that has the chain's name."""
    nft.chain("add", table=_TABLE, name=name, hook=name, type="nat", priority=priority)
    for rule in rules:
        nft.rule("add", table=_TABLE, chain=name, expressions=(rule,))


def _masquerade(name: str, addresses: Sequence[Interface], *, published: bool) -> Iterator[list[Expression]]:
    """Yield the rules that masquerade what leaves by an interface.

    They are ``oifname X ct status dnat masquerade`` if the namespace has published ports, and for each version of IP
    ``oifname X ip saddr != SUBNET masquerade``. Packets that stay in the interface's own subnet go from neighbour to
    neighbour: if the kernel has br_netfilter, they pass here on their way over a bridge. But a connection that came by
    a published port must send its answers here as well.

    Args:
        name: The interface.
        addresses: The interface's addresses.
        published: True if the namespace has published ports.
    """
    out = [_meta(nl.NFT_META_OIFNAME), _compare(name.encode().ljust(nl.IFNAMSIZ, b"\0"))]
    if published:
        state = _expression("ct", ("DREG", nl.NFT_REG_1), ("KEY", nl.NFT_CT_STATUS))
        masked = _masked(struct.pack("=I", nl.IPS_DST_NAT))
        yield [*out, state, masked, _compare(struct.pack("=I", 0), nl.NFT_CMP_NEQ), _expression("masq")]
    for version, family, offset, length in ((4, nl.NFPROTO_IPV4, 12, 4), (6, nl.NFPROTO_IPV6, 8, 16)):
        rule = [*out, _meta(nl.NFT_META_NFPROTO), _compare(bytes([family]))]
        for address in addresses:
            if address.version == version:
                subnet = address.network
                rule += [
                    _payload(nl.NFT_PAYLOAD_NETWORK_HEADER, offset, length),
                    _masked(subnet.netmask.packed),
                    _compare(subnet.network_address.packed, nl.NFT_CMP_NEQ),
                ]
        yield [*rule, _expression("masq")]


def _port_forward(rule: PortForward) -> list[Expression]:
    """Return the rule ``ip daddr A tcp dport P dnat ip to B:Q``."""
    is_v4 = rule.address.version == 4
    family = nl.NFPROTO_IPV4 if is_v4 else nl.NFPROTO_IPV6
    offset, length = (16, 4) if is_v4 else (24, 16)
    return [
        _meta(nl.NFT_META_NFPROTO),
        _compare(bytes([family])),
        _payload(nl.NFT_PAYLOAD_NETWORK_HEADER, offset, length),
        _compare(rule.address.packed),
        _meta(nl.NFT_META_L4PROTO),
        _compare(bytes([_TCP])),
        _payload(nl.NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2),
        _compare(rule.port.to_bytes(2, "big")),
        _load(nl.NFT_REG_1, rule.to.packed),
        _load(nl.NFT_REG_2, rule.to_port.to_bytes(2, "big")),
        _expression(
            "nat",
            ("TYPE", nl.NFT_NAT_DNAT),
            ("FAMILY", family),
            ("REG_ADDR_MIN", nl.NFT_REG_1),
            ("REG_PROTO_MIN", nl.NFT_REG_2),
        ),
    ]


def _expression(name: str, *attributes: tuple[str, Any]) -> Expression:
    data = {"attrs": [(f"NFTA_{name.upper()}_{key}", value) for key, value in attributes]}
    return {"attrs": [("NFTA_EXPR_NAME", name), ("NFTA_EXPR_DATA", data)]}


def _value(data: bytes) -> Expression:
    return {"attrs": [("NFTA_DATA_VALUE", data)]}


def _meta(key: int) -> Expression:
    return _expression("meta", ("DREG", nl.NFT_REG_1), ("KEY", key))


def _compare(data: bytes, operation: int = nl.NFT_CMP_EQ) -> Expression:
    return _expression("cmp", ("SREG", nl.NFT_REG_1), ("OP", operation), ("DATA", _value(data)))


def _payload(base: int, offset: int, length: int) -> Expression:
    return _expression("payload", ("DREG", nl.NFT_REG_1), ("BASE", base), ("OFFSET", offset), ("LEN", length))


def _load(register: int, data: bytes) -> Expression:
    return _expression("immediate", ("DREG", register), ("DATA", _value(data)))


def _masked(mask: bytes) -> Expression:
    return _expression(
        "bitwise",
        ("SREG", nl.NFT_REG_1),
        ("DREG", nl.NFT_REG_1),
        ("LEN", len(mask)),
        ("MASK", _value(mask)),
        ("XOR", _value(bytes(len(mask)))),
    )
