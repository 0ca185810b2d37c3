"""A link that is slow, or loses packets; see tc(8)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from pytest_netns_mysql.arguments import Kind, caller, check
from pytest_netns_mysql.errors import NetworkError, SettingError
from pytest_netns_mysql.kernel.faults.fault import DIRECTION, NetworkFault, NetworkFaults, deleted
from pytest_netns_mysql.kernel.faults.filtertables import Tables
from pytest_netns_mysql.kernel.faults.restoring import restore_entries
from pytest_netns_mysql.kernel.netlink import dumps, filters
from pytest_netns_mysql.kernel.netlink.entries import Entry
from pytest_netns_mysql.kernel.netlink.restore import delete_entries
from pytest_netns_mysql.kernel.netlink.state import read
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.plan import End, Shaping, Veth
from pytest_netns_mysql.topology.planning.values import EXAMPLES, UNITS, read_quantity

_WAYS = {"both": "", "in": ", into {name} only", "out": ", out of {name} only"}


def _quantity(kind: str) -> Kind:
    def fits(value: object) -> bool:
        return isinstance(value, str) and read_quantity(kind, value, "", Faults("")) is not None

    takes = f"a number above 0 with one of the units {', '.join(UNITS[kind])}, as text"
    return Kind(takes, f'"{EXAMPLES[kind]}"', fits).or_none()


_KINDS: Mapping[str, Kind] = {kind: _quantity(kind) for kind in UNITS} | {"direction": DIRECTION}


def shape(
    faults: NetworkFaults,
    veth: Veth,
    *,
    rate: str | None,
    delay: str | None,
    loss: str | None,
    direction: str,
) -> NetworkFault:
    """Slow a link, or have it lose packets, see ``VethLink.shape`` for the arguments and errors."""
    __tracebackhide__ = True
    check("netns.link(...).shape", _KINDS, {"rate": rate, "delay": delay, "loss": loss, "direction": direction})
    if rate is None and delay is None and loss is None:
        raise SettingError(
            "netns.link(...).shape() needs a rate, a delay or a loss",
            where=caller(),
            remedies=['write shape(rate="1mbit"), for example'],
        )
    _check_unshaped(faults, veth)
    for end in (veth.inner, veth.outer):
        with faults.namespaces[end.namespace]:
            if read().index(end.interface) is None:
                raise deleted(veth, end, faults.where)
    senders = [end for end, way in ((veth.inner, "out"), (veth.outer, "in")) if direction in ("both", way)]
    queues = _Queues(faults, veth, senders)
    tables = Tables(faults)
    try:
        if rate is not None or delay is not None:
            queues.replace(rate, delay)
        if loss is not None:
            _lose(tables, veth, senders, loss)
    except BaseException:
        with contextlib.suppress(NetworkError):
            _restore(tables, queues)
        raise

    effects = [
        *([] if rate is None else [f"is limited to {rate}"]),
        *([] if delay is None else [f"delays packets by {delay}"]),
        *([] if loss is None else [f"loses {loss} of the packets"]),
    ]
    clause = f"the link of {veth.inner.namespace} to {veth.to} {' and '.join(effects)}"
    clause += _WAYS[direction].format(name=veth.inner.namespace)
    return faults.begin(
        clause,
        veth.inner.namespace,
        veth.outer.namespace,
        undo=lambda: _restore(tables, queues),
        subject=("shaping", veth, direction),
        kind="shape",
    )


def _restore(tables: Tables, queues: _Queues) -> None:
    try:
        tables.remove()
    finally:
        queues.restore()


def _check_unshaped(faults: NetworkFaults, veth: Veth) -> None:
    for fault in faults.in_force("shaping", veth):
        raise NetworkError(
            f"this link is shaped already: {fault.what}",
            where=faults.where,
            remedies=["leave the block of that fault first, or call its heal()", "write rate, delay and loss together"],
        )


def _quantity_of(kind: str, text: str | None) -> float | None:
    return read_quantity(kind, text, "", Faults(""))


class _Queues:
    """The queueing disciplines of the ends of a link."""

    def __init__(self, faults: NetworkFaults, veth: Veth, senders: list[End]) -> None:
        self._faults = faults
        self._veth = veth
        self._senders = senders
        self._former: list[tuple[End, int, list[Entry]]] = []

    def replace(self, rate: str | None, delay: str | None) -> None:
        """Replace the queueing disciplines of each end that sends."""
        from pytest_netns_mysql.kernel.netlink.shaping import shape as shape_end

        bits = _quantity_of("rate", rate)
        shaping = Shaping(None if bits is None else int(bits), _quantity_of("delay", delay))
        for end in self._senders:
            with self._faults.namespaces[end.namespace]:
                index, former = self._read(end)
                self._former.append((end, index, former))
                delete_entries(_from_root(former))
                shape_end(end, shaping, where=self._faults.where)

    def restore(self) -> None:
        """Restore the former queueing disciplines."""
        for end, index, former in self._former:
            with self._faults.namespaces[end.namespace]:
                now, ours = self._read(end)
                if now != index:
                    raise deleted(self._veth, end, self._faults.where)
                delete_entries(_from_root(ours))
            restore_entries(self._faults, end.namespace, former)

    def _read(self, end: End) -> tuple[int, list[Entry]]:
        """Return the index of an end's interface, and its queueing disciplines without those of the kernel's choice."""
        state = read()
        index = state.index(end.interface)
        if index is None:
            raise deleted(self._veth, end, self._faults.where)
        return index, [entry for entry in state.entries if entry.kind == dumps.QDISC and entry.interface == index]


def _from_root(entries: list[Entry]) -> list[Entry]:
    """Return the root among queueing disciplines: the others are deleted with it."""
    return [entry for entry in entries if entry.is_root]


def _lose(tables: Tables, veth: Veth, senders: list[End], loss: str) -> None:
    """Drop a part of what the other end receives of each end that sends."""
    percent = _quantity_of("loss", loss)
    rule = (*filters.at_random(percent or 0.0), *filters.drop())
    for sender in senders:
        receiver = veth.outer if sender is veth.inner else veth.inner
        tables.add(receiver.namespace, receiver.interface, [rule])
