"""Partitions: namespaces that do not reach each other, both ways or one way, altogether or at some ports."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.arguments import NAMES, Kind, check, is_several
from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.faults.fault import DIRECTION, NetworkFault, NetworkFaults
from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch
from pytest_netns_mysql.kernel.wiring import send_batch
from pytest_netns_mysql.topology.plan import Interface

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.faults.filtertables import Tables
    from pytest_netns_mysql.kernel.netlink.filters import Rule

_ACTIONS = ("reject", "drop")

Names = Sequence[str]
Port = int | Sequence[int] | None


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536


_KINDS: Mapping[str, Kind] = {
    "others": NAMES.or_none(),
    "direction": DIRECTION,
    "port": Kind(
        "a port from 1 to 65535, or a list of ports",
        "3306",
        lambda value: _is_port(value) or (bool(value) and is_several(value, _is_port)),
    ).or_none(),
    "action": Kind(f"one of {', '.join(_ACTIONS)}", '"drop"', lambda value: value in _ACTIONS),
}


@dataclass(frozen=True)
class Partition:
    """What a partition stops.

    Attributes:
        side: The namespaces of one side.
        others: The namespaces of the other side.
        direction: ``in`` for what the side receives, ``out`` for what it sends, ``both`` for either.
        ports: The ports of TCP to which packets are stopped; empty for all packets.
        action: ``reject`` or ``drop``.
    """

    side: tuple[str, ...]
    others: tuple[str, ...]
    direction: str
    ports: tuple[int, ...]
    action: str

    @property
    def kind(self) -> str:
        """The kind of fault, see ``Fault.kind``."""
        return "rejection" if self.action == "reject" else "partition"

    @property
    def flows(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The flows of packets that are stopped: their senders and their receivers."""
        inwards, outwards = (self.others, self.side), (self.side, self.others)
        return {"in": [inwards], "out": [outwards], "both": [inwards, outwards]}[self.direction]

    def __str__(self) -> str:
        side, others = ", ".join(self.side), ", ".join(self.others)
        if not self.ports:
            way = {"in": f"into {side} only", "out": f"out of {side} only", "both": "both ways"}[self.direction]
            return f"{side} is partitioned from {others} ({self.action}, {way})"
        ports = f"port{'s' if len(self.ports) > 1 else ''} {', '.join(map(str, self.ports))}"
        way = {
            "in": f"from {others} into {side}",
            "out": f"out of {side} into {others}",
            "both": f"between {side} and {others}",
        }[self.direction]
        verb = "are" if len(self.ports) > 1 else "is"
        return f"{ports} {way} {verb} {'rejected' if self.action == 'reject' else 'dropped'}"


def partition(
    faults: NetworkFaults,
    names: Sequence[str],
    *,
    others: Sequence[str] | None,
    direction: str,
    port: Port,
    action: str,
) -> NetworkFault:
    """Stop packets between namespaces, see ``Network.partition`` for the arguments.

    All packets from and to all others are rejected by unreachable routes, see ip-route(8): a namespace that forwards
    packets forwards none to the other side. All else is done by rules of nftables, which leave forwarding alone.

    Raises:
        UnknownNamespaceError: The topology has no such namespace.
        SettingError: An argument has a value that is not allowed.
        NetworkError: One side is empty, such a partition is in force already, or the kernel refuses it.
    """
    __tracebackhide__ = True
    check("netns.partition", _KINDS, {"others": others, "direction": direction, "port": port, "action": action})
    side, other_side = _sides(faults, names, others)
    ports = () if port is None else (port,) if isinstance(port, int) else tuple(dict.fromkeys(port))
    wanted = Partition(side, other_side, direction, ports, action)
    if action == "reject" and not ports and others is None:
        return _by_routes(faults, wanted)
    return _by_rules(faults, wanted)


def _sides(
    faults: NetworkFaults, names: Sequence[str], others: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = faults.namespaces
    side = {name: known[name] for name in names}
    rest = [name for name in known if name not in side] if others is None else others
    other_side = {name: known[name] for name in rest}
    if not side or not other_side:
        raise NetworkError(
            f"a partition of {', '.join(names)} leaves no namespace on the other side"
            if names
            else "a partition needs the namespaces of one side, got no name",
            where=faults.where,
            remedies=['name the namespaces of one side: netns.partition("blue")'],
        )
    both = [name for name in other_side if name in side]
    if both:
        raise NetworkError(
            f"a partition cannot have {both[0]} on both sides",
            where=faults.where,
            remedies=["leave others out: by default the other side is all other namespaces"],
        )
    return tuple(side), tuple(other_side)


def _addresses(faults: NetworkFaults, names: Iterable[str], *, without: Iterable[str]) -> list[Interface]:
    """Return the addresses of namespaces, without those that one more namespace has as well."""
    own = {interface.ip for name in without for interface in faults.namespaces[name].addresses}
    return [
        interface
        for name in names
        for interface in faults.namespaces[name].addresses
        if not interface.is_loopback and interface.ip not in own
    ]


def _by_routes(faults: NetworkFaults, wanted: Partition) -> NetworkFault:
    routes = frozenset(
        (sender, address)
        for senders, receivers in wanted.flows
        for sender in senders
        for address in _addresses(faults, receivers, without=[sender])
    )
    for fault in faults.in_force("routes"):
        _, known, side = fault._subject
        if isinstance(known, frozenset) and known & routes:
            raise NetworkError(
                f"the network is partitioned already, by a partition of {side}",
                where=faults.where,
                remedies=["leave its block first", "name all namespaces of one side in one partition"],
            )
    by_namespace: dict[str, list[Interface]] = {}
    for name, address in routes:
        by_namespace.setdefault(name, []).append(address)
    try:
        for name, addresses in by_namespace.items():
            _set_reachable(faults, name, addresses, reachable=False)
    except NetworkError:
        _make_reachable(faults, by_namespace)
        raise
    return faults.begin(
        str(wanted),
        *wanted.side,
        *wanted.others,
        undo=lambda: _make_reachable(faults, by_namespace),
        subject=("routes", routes, ", ".join(wanted.side)),
        kind=wanted.kind,
    )


def _make_reachable(faults: NetworkFaults, by_namespace: Mapping[str, Sequence[Interface]]) -> None:
    """Delete unreachable routes; a route that the test deleted is no error."""
    refusal: NetworkError | None = None
    for name, addresses in by_namespace.items():
        try:
            _set_reachable(faults, name, addresses, reachable=True)
        except NetworkError as error:
            if not isinstance(error.__cause__, OSError) or error.__cause__.errno != errno.ESRCH:
                refusal = error
    if refusal is not None:
        raise refusal


def _set_reachable(faults: NetworkFaults, name: str, addresses: Sequence[Interface], *, reachable: bool) -> None:
    batch = Batch()
    for address in addresses:
        batch.set_reachable(address, reachable=reachable)
    with faults.namespaces[name]:
        send_batch(batch, name, faults.where)


def _by_rules(faults: NetworkFaults, wanted: Partition) -> NetworkFault:
    from pytest_netns_mysql.kernel.faults.filtertables import Tables

    tables = Tables(faults)
    with tables.removed_on_error():
        for senders, receivers in wanted.flows:
            if wanted.action == "reject" and not wanted.ports:
                _reject_at_senders(faults, tables, senders, receivers)
            else:
                _stop_at_receivers(faults, tables, senders, receivers, wanted)
    return faults.begin(
        str(wanted), *wanted.side, *wanted.others, undo=tables.remove, subject=("rules", *wanted.side), kind=wanted.kind
    )


def _reject_at_senders(faults: NetworkFaults, tables: Tables, senders: Names, receivers: Names) -> None:
    """Answer by an error of ICMP. The kernel limits how many errors a receiver sends in a second."""
    from pytest_netns_mysql.kernel.netlink import filters

    for sender in senders:
        _add(faults, tables, sender, receivers, [filters.unreachable()], at_sender=True)


def _stop_at_receivers(
    faults: NetworkFaults, tables: Tables, senders: Names, receivers: Names, wanted: Partition
) -> None:
    """Drop or reset what arrives: a sender would be told that its own packet was dropped.

    With address translation packets may arrive with another address, so that they are stopped where they are sent as
    well.
    """
    from pytest_netns_mysql.kernel.netlink import filters

    end = filters.reset() if wanted.action == "reject" else filters.drop()
    ends = [(*filters.to_port(port), *end) for port in wanted.ports] or [end]
    for receiver in receivers:
        _add(faults, tables, receiver, senders, ends, at_sender=False)
    for sender in senders if faults.plan.has_nat else ():
        _add(faults, tables, sender, receivers, ends, at_sender=True)


def _add(
    faults: NetworkFaults, tables: Tables, name: str, others: Names, ends: Sequence[Rule], *, at_sender: bool
) -> None:
    """Add a table to a namespace, with rules for each address of other namespaces.

    Args:
        faults: What the faults of the network share.
        tables: The tables of the fault.
        name: The namespace.
        others: The other namespaces.
        ends: The last expressions of the rules.
        at_sender: Whether the namespace sends the packets that are stopped.
    """
    from pytest_netns_mysql.kernel.netlink import filters

    match = filters.to_address if at_sender else filters.from_address
    addresses = dict.fromkeys(address.ip for address in _addresses(faults, others, without=[name]))
    rules = [(*match(address), *end) for address in addresses for end in ends]
    tables.add(name, nl.NF_INET_LOCAL_OUT if at_sender else nl.NF_INET_LOCAL_IN, rules)
