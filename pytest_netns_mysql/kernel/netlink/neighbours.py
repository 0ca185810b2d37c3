"""Neighbour entries that somebody set by hand without making them permanent, and those that found no neighbour.

The kernel changes and forgets an entry of `ip neigh add ... nud reachable` like those that it makes itself. Only the
notification says who made the entry, by the port of the request's sender, see ``guard.watch``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from pytest_netns_mysql.kernel.netlink.constants import NDMSG, NUD_FAILED, NUD_INCOMPLETE, RTM_DELNEIGH, RTM_GETNEIGH
from pytest_netns_mysql.kernel.netlink.dumps import NEIGHBOUR, Messages, dump, is_lasting_neighbour, open_socket
from pytest_netns_mysql.kernel.netlink.entries import Entry, neighbour_address
from pytest_netns_mysql.kernel.netlink.requests import RefusedError, Request, send


def remaining(notifications: Collection[bytes], messages: Messages) -> list[Entry]:
    """Return the entries set by hand that a namespace still has, with the same link address.

    Args:
        notifications: The bodies of the messages that announced the entries.
        messages: What the namespace has now.
    """
    by_hand = {_entry(body) for body in notifications}
    now = [body for kind, several in messages if kind == NEIGHBOUR for body in several]
    return [entry for entry in (_entry(body) for body in now if not is_lasting_neighbour(body)) if entry in by_hand]


def forget_unresolved() -> None:
    """Have the calling thread's network namespace ask anew for the neighbours that did not answer.

    While a question is open, which takes up to three seconds, a new connection shares its result. A connection that is
    made just after a link is up again would fail with "No route to host", because of a question before.
    """
    with open_socket() as sock:
        found = dump(sock, RTM_GETNEIGH, bytes(NDMSG.size))
    unresolved = [body for body in found if NDMSG.unpack_from(body)[2] & (NUD_INCOMPLETE | NUD_FAILED)]
    with contextlib.suppress(RefusedError):  # the kernel may forget an entry by itself
        send([Request("a neighbour deleted", RTM_DELNEIGH, _entry(body).body, 0) for body in unresolved])


def _entry(message: bytes) -> Entry:
    """Return an entry without its state, which the kernel changes."""
    family, index, *_ = NDMSG.unpack_from(message)
    return Entry(NEIGHBOUR, NDMSG.pack(family, index, 0, 0, 0) + neighbour_address(message))
