"""Addresses that are removed from a link, and restored with the routes that the kernel removed with them."""

from __future__ import annotations

from pytest_netns_mysql.errors import NetworkError, in_short
from pytest_netns_mysql.kernel.faults.fault import NetworkFault, NetworkFaults, deleted
from pytest_netns_mysql.kernel.faults.restoring import lost_entries, restore_entries
from pytest_netns_mysql.kernel.netlink.entries import Entry
from pytest_netns_mysql.kernel.netlink.restore import delete_entries
from pytest_netns_mysql.kernel.netlink.state import read
from pytest_netns_mysql.topology.plan import Veth


def remove_addresses(faults: NetworkFaults, veth: Veth, wanted: str | None) -> NetworkFault:
    """Remove an address, or all addresses, from the inner end of a link.

    Args:
        faults: What the faults of the network share.
        veth: The link.
        wanted: The address without a prefix length; None for all of the topology's.

    Raises:
        NetworkError: The link has no such address, or has been deleted.
    """
    __tracebackhide__ = True
    name, interface = veth.inner.namespace, veth.inner.interface
    texts = [str(address.ip) for address in veth.inner.addresses] if wanted is None else [wanted]
    with faults.namespaces[name]:
        before = read()
        index = before.index(interface)
        if index is None:
            raise deleted(veth, veth.inner, faults.where)
        found = {str(entry.address): entry for entry in before.entries if _is_of(entry, index)}
        removed = {text: found[text] for text in texts if isinstance(text, str) and text in found}
        if not removed:
            raise _missing(name, interface, wanted, [*found], faults.where)
        delete_entries(removed.values())
        lost = lost_entries(before, read())
    is_one = len(removed) == 1
    clause = f"the address{'' if is_one else 'es'} {', '.join(removed)} of {name} {'is' if is_one else 'are'} removed"
    return faults.begin(
        clause,
        name,
        undo=lambda: _restore(faults, veth, index, lost),
        subject=("addresses", veth, *removed),
        kind="address",
    )


def _is_of(entry: Entry, index: int) -> bool:
    address = entry.address
    return address is not None and entry.interface == index and not address.is_link_local


def _missing(name: str, interface: str, wanted: object, found: list[str], where: str) -> NetworkError:
    return NetworkError(
        f"{name} has no address on {interface}"
        if wanted is None
        else f"{name} has no address {wanted if isinstance(wanted, str) else in_short(wanted)} on {interface}",
        where=where,
        tried=[f"{interface} has {', '.join(found) or 'no address'}"],
        remedies=['write one of these addresses without a prefix length: without_address("192.0.2.2")'],
    )


def _restore(faults: NetworkFaults, veth: Veth, index: int, lost: list[Entry]) -> None:
    with faults.namespaces[veth.inner.namespace]:
        if read().index(veth.inner.interface) != index:
            raise deleted(veth, veth.inner, faults.where)
    restore_entries(faults, veth.inner.namespace, lost)
