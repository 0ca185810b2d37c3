"""The addresses, routes and queueing disciplines that a fault takes away, and that its healing must restore."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.faults.fault import NetworkFaults
from pytest_netns_mysql.kernel.netlink.entries import Entry
from pytest_netns_mysql.kernel.netlink.restore import delete_entries, make_entries
from pytest_netns_mysql.kernel.netlink.state import State, read
from pytest_netns_mysql.kernel.netlink.wording import entry_text


def lost_entries(before: State, after: State) -> list[Entry]:
    """Return what is gone, without the routes that the kernel adds and removes together with an address."""
    return [entry for entry in before.entries if entry not in after.entries and not entry.is_by_kernel]


def restore_entries(faults: NetworkFaults, name: str, lost: Sequence[Entry]) -> None:
    """Make what is missing in a namespace, and check that it is there.

    Args:
        faults: What the faults of the network share.
        name: The namespace.
        lost: What a fault has taken away.

    Raises:
        NetworkError: The kernel refused a part.
    """
    __tracebackhide__ = True
    if not lost:
        return
    with faults.namespaces[name]:
        wanted = [*lost, *_delete_promoted(lost)]
        present = read().entries
        make_entries(entry for entry in wanted if entry not in present)
        now = read()
    missing = [entry for entry in wanted if entry not in now.entries]
    if missing:
        raise NetworkError(
            f"the kernel did not restore all that the fault took away from {name}",
            where=faults.where,
            tried=[f"still missing: {entry_text(entry, now)}" for entry in missing],
            remedies=[
                "undo what else the test changed there, such as an interface that is down, and call heal() again"
            ],
        )


def _delete_promoted(lost: Sequence[Entry]) -> list[Entry]:
    """Delete the IPv4 addresses of a link of which the kernel promoted one when the fault removed the first address.

    See ``promote_secondaries`` in the kernel's documentation: the first address of a subnet can only be the first again
    if all others are made after it.

    Returns:
        What is to be made again, in addition to what the fault took away.
    """
    known = {(entry.interface, entry.address) for entry in lost if entry.address is not None}
    before = read()
    promoted = [entry for entry in before.entries if (entry.interface, entry.address) in known and entry not in lost]
    if not promoted:
        return []
    interfaces = {entry.interface for entry in promoted}
    on_link = [entry for entry in before.entries if entry.interface in interfaces and not entry.is_ipv6]
    addresses = [entry for entry in on_link if entry.address is not None]
    delete_entries(reversed(addresses))  # else the kernel would promote another one
    return [entry for entry in lost_entries(before, read()) if entry not in promoted]
