"""Entries for neighbours that somebody set by hand, and that the kernel may change and forget like those of its own.

Such an entry is not permanent: `ip neigh add ... nud reachable` and the like. Who set it the kernel tells only at that
moment, by the sender of the request, see ``watch``.
"""

from __future__ import annotations

from collections.abc import Collection

from pytest_netns_mysql.kernel.netlink.dumps import NEIGHBOUR, NEIGHBOUR_HEADER, Raw, attributes, is_lasting_neighbour
from pytest_netns_mysql.kernel.netlink.netlink import attribute
from pytest_netns_mysql.kernel.netlink.readback import Entry

_NDA_DST, _NDA_LLADDR = 1, 2


def still_there(told: Collection[bytes], raw: Raw) -> list[Entry]:
    """Return which of the entries that were set by hand a namespace has, and has with the same link address."""
    by_hand = {_entry(message) for message in told}
    now = [message for kind, several in raw if kind == NEIGHBOUR for message in several]
    return [entry for entry in (_entry(one) for one in now if not is_lasting_neighbour(one)) if entry in by_hand]


def _entry(message: bytes) -> Entry:
    """Return an entry without its state, which the kernel changes."""
    family, index, *_ = NEIGHBOUR_HEADER.unpack_from(message)
    found = attributes(message, NEIGHBOUR_HEADER.size)
    kept = b"".join(attribute(kind, value) for kind, value in found if kind in (_NDA_DST, _NDA_LLADDR))
    return Entry(NEIGHBOUR, NEIGHBOUR_HEADER.pack(family, index, 0, 0, 0) + kept)
