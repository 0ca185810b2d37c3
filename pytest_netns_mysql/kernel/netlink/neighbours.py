"""Neighbour entries that somebody set by hand without making them permanent: `ip neigh add ... nud reachable`.

The kernel changes and forgets such an entry like those that it makes itself. Only the notification says who made the
entry, by the port of the request's sender, see ``guard.watch``.
"""

from __future__ import annotations

from collections.abc import Collection

from pytest_netns_mysql.kernel.netlink.constants import NDMSG
from pytest_netns_mysql.kernel.netlink.dumps import NEIGHBOUR, Messages, is_lasting_neighbour
from pytest_netns_mysql.kernel.netlink.entries import Entry, neighbour_address


def remaining(notifications: Collection[bytes], messages: Messages) -> list[Entry]:
    """Return the entries set by hand that a namespace still has, with the same link address.

    Args:
        notifications: The bodies of the messages that announced the entries.
        messages: What the namespace has now.
    """
    by_hand = {_entry(body) for body in notifications}
    now = [body for kind, several in messages if kind == NEIGHBOUR for body in several]
    return [entry for entry in (_entry(body) for body in now if not is_lasting_neighbour(body)) if entry in by_hand]


def _entry(message: bytes) -> Entry:
    """Return an entry without its state, which the kernel changes."""
    family, index, *_ = NDMSG.unpack_from(message)
    return Entry(NEIGHBOUR, NDMSG.pack(family, index, 0, 0, 0) + neighbour_address(message))
