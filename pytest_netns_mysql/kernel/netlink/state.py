"""The state of a network namespace: the interfaces, and the addresses, routes and the like that somebody set."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.netlink.encoding import as_number, as_text, attribute, attributes
from pytest_netns_mysql.kernel.netlink.entries import Entry, decoded

LINK_FLAGS = {
    "arp": nl.IFF_NOARP,
    "multicast": nl.IFF_MULTICAST,
    "allmulticast": nl.IFF_ALLMULTI,
    "promisc": nl.IFF_PROMISC,
}
"""The flags of an interface that ip-link(8) switches on and off, by their names there; "arp" is a flag for off."""

# What somebody may set of a bridge: behind these numbers come states and timers.
_BRIDGE_OPTIONS = range(nl.IFLA_BR_FORWARD_DELAY, nl.IFLA_BR_GROUP_FWD_MASK + 1)

Setting = int | str | bytes


@dataclass(frozen=True)
class Link:
    """An interface.

    Attributes:
        index: The number that the kernel gives the interface in its namespace.
        name: The interface's name.
        kind: What ip-link(8) calls a type: "veth", "bridge"; empty for lo.
        is_running: True if the interface has a carrier and the kernel has noticed it.
        peer: The index of the interface that this interface belongs to: a veth's other end.
        is_peer_elsewhere: True if the peer is in another namespace.
        settings: What can be set, by the words of ip-link(8).
        data: The options that an interface of this kind is created with.
    """

    index: int
    name: str
    kind: str
    is_running: bool
    peer: int
    is_peer_elsewhere: bool
    settings: Mapping[str, Setting]
    data: bytes


class State:
    """What a namespace has, read at one time and decoded when it is needed.

    Attributes:
        links: The interfaces by index.
        entries: Everything else, in the kernel's order; the values are None.
    """

    def __init__(self, messages: dumps.Messages) -> None:
        """Take the messages that describe the state."""
        self._messages = messages

    @cached_property
    def links(self) -> dict[int, Link]:
        """The interfaces by index."""
        bodies = [body for kind, several in self._messages if kind == dumps.LINK for body in several]
        return {link.index: link for link in map(_link, bodies)}

    @cached_property
    def entries(self) -> dict[Entry, None]:
        """Everything else, in the kernel's order; the values are None."""
        found = (decoded(kind, message) for kind, several in self._messages for message in several)
        return {entry: None for entry in found if entry is not None}

    def name(self, index: int) -> str:
        """Return the name of an interface, or its index as ip-link(8) writes it."""
        return self.links[index].name if index in self.links else f"if{index}"

    def index(self, name: str) -> int | None:
        """Return the index of the interface with this name, or None if there is none."""
        return next((index for index, link in self.links.items() if link.name == name), None)

    def merged(self, first: State, second: State) -> State:
        """Return this state with the changes that lead from the first state to the second."""
        state = State([])
        links = {**self.links}
        for index in {*first.links, *second.links}:
            if first.links.get(index) != second.links.get(index):
                links.pop(index, None)
                if index in second.links:
                    links[index] = second.links[index]
        gone = first.entries.keys() - second.entries.keys()
        state.links = links
        state.entries = {entry: None for entry in self.entries if entry not in gone}
        state.entries.update({entry: None for entry in second.entries if entry not in first.entries})
        return state


def read() -> State:
    """Return the state of the calling thread's network namespace."""
    return State(dumps.read())


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = nl.IFINFOMSG.unpack_from(body)
    found = dict(attributes(body, nl.IFINFOMSG.size))
    information = dict(attributes(found.get(nl.IFLA_LINKINFO, b"")))
    name, kind = as_text(found.get(nl.IFLA_IFNAME)), as_text(information.get(nl.IFLA_INFO_KIND))
    data = information.get(nl.IFLA_INFO_DATA, b"")
    if kind == "bridge":
        data = b"".join(attribute(option, value) for option, value in attributes(data) if option in _BRIDGE_OPTIONS)
    return Link(
        index=index,
        name=name,
        kind=kind,
        is_running=bool(flags & nl.IFF_RUNNING),
        peer=as_number(found.get(nl.IFLA_LINK)),
        is_peer_elsewhere=nl.IFLA_LINK_NETNSID in found,
        settings=_settings(name, kind, flags, found, data),
        data=data,
    )


def _settings(name: str, kind: str, flags: int, found: Mapping[int, bytes], data: bytes) -> dict[str, Setting]:
    ipv6 = dict(attributes(found.get(nl.IFLA_AF_SPEC, b""))).get(socket.AF_INET6, b"")
    settings: dict[str, Setting] = {
        "name": name,
        "state": "up" if flags & nl.IFF_UP else "down",
        "mtu": as_number(found.get(nl.IFLA_MTU)),
        # lo has an address of zeros, which the kernel would refuse in a request.
        "address": b"" if flags & nl.IFF_LOOPBACK else found.get(nl.IFLA_ADDRESS, b""),
        "master": as_number(found.get(nl.IFLA_MASTER)),
        "txqueuelen": as_number(found.get(nl.IFLA_TXQLEN)),
        "group": as_number(found.get(nl.IFLA_GROUP)),
        "alias": as_text(found.get(nl.IFLA_IFALIAS)),
        "addrgenmode": (dict(attributes(ipv6)).get(nl.IFLA_INET6_ADDR_GEN_MODE) or b"\0")[0],
    }
    for word, flag in LINK_FLAGS.items():
        settings[word] = "on" if bool(flags & flag) != (flag == nl.IFF_NOARP) else "off"
    if kind == "bridge":
        settings["bridge options"] = data
    return settings
