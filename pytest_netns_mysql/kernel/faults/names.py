"""Host names of the topology that do not resolve for a while; see hosts(5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pytest_netns_mysql.errors import NetworkError, in_short
from pytest_netns_mysql.kernel.faults.fault import NetworkFault, NetworkFaults
from pytest_netns_mysql.kernel.hosts import COVERED, RESOLVER, copy_of, set_hidden
from pytest_netns_mysql.kernel.namespaces.directories import NETNS_DIRECTORY, NETWORKS_DIRECTORY
from pytest_netns_mysql.kernel.wiring import refused

_KIND = "names"


def remove_names(faults: NetworkFaults, names: Sequence[str]) -> NetworkFault:
    """Remove names of the topology from /etc/hosts of the sandbox.

    Args:
        faults: What the faults of the network share.
        names: The names; all of the topology's if there are none.

    Raises:
        NetworkError: The topology has no such name, or /etc/hosts cannot be written.
    """
    __tracebackhide__ = True
    known = [*dict.fromkeys(name for name, _ in faults.plan.hosts)]
    _check(names, known, faults)
    removed = tuple(dict.fromkeys(names or known))

    others = faults.in_force(_KIND)
    if not others:
        faults.resolver = None

    def undo() -> None:
        _write(faults, [name for fault in faults.in_force(_KIND) if fault is not begun for name in fault._subject[1:]])

    _write(faults, [*removed, *(name for fault in others for name in fault._subject[1:])])
    clause = f"the name {removed[0]} does not" if len(removed) == 1 else f"the names {', '.join(removed)} do not"
    begun = faults.begin(
        f"{clause} resolve",
        *_namespaces(faults, removed),
        undo=undo,
        subject=(_KIND, *removed),
        kind=_KIND,
        files=tuple(map(str, COVERED)),
    )
    return begun


def _check(names: Sequence[str], known: Sequence[str], faults: NetworkFaults) -> None:
    where = faults.where
    if not _is_active(faults):
        raise NetworkError(
            "no name can be removed: /etc/hosts has the names of another network",
            where=where,
            remedies=["call activate() of this network first"],
        )
    if not known:
        raise NetworkError(
            "no name can be removed: the topology has no host names",
            where=where,
            remedies=['give a namespace of the topology names: hosts = ["red.test"]'],
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NetworkError(
            f"the topology has no host name {in_short(unknown[0])}",
            where=where,
            tried=[f"its host names are {', '.join(known)}"],
            remedies=["write one of these names, or none for all of them: netns.without_names()"],
        )


def _is_active(faults: NetworkFaults) -> bool:
    with faults.sandbox.entered():
        return NETNS_DIRECTORY.readlink() == faults.directory


def _namespaces(faults: NetworkFaults, names: Sequence[str]) -> list[str]:
    """Return the namespaces that have the addresses of these names."""
    addresses = {address for name, address in faults.plan.hosts if name in names}
    return [
        name
        for name, own in faults.plan.addresses.items()
        if any(interface.ip in addresses and not interface.is_loopback for interface in own)
    ]


def _write(faults: NetworkFaults, hidden: Collection[object]) -> None:
    """Write /etc/hosts without the hidden names, and have /etc/resolv.conf name no DNS server if there are any.

    Otherwise a program would ask the machine's DNS servers, which nobody reaches from a namespace: that takes seconds.
    """
    resolver = copy_of(RESOLVER, NETWORKS_DIRECTORY)
    with faults.sandbox.entered():
        try:
            if _is_active(faults):
                set_hidden(faults.plan.hosts, hidden, NETWORKS_DIRECTORY)
            if hidden and faults.resolver is None and resolver.exists():
                faults.resolver = resolver.read_bytes()
                resolver.write_bytes(b"")
            elif not hidden and faults.resolver is not None:
                resolver.write_bytes(faults.resolver)
        except OSError as error:
            raise refused("to change /etc/hosts and /etc/resolv.conf", error, faults.where) from error
