"""The state of the namespaces that a test involved: addresses, routes, listening sockets."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.netlink.state import State, read
from pytest_netns_mysql.kernel.netlink.wording import entry_text
from pytest_netns_mysql.report.reportdata import NamespaceState

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network

_LISTENING = "0A"
_LOOPBACK = "lo"


def namespace_states(network: Network, names: Collection[str]) -> tuple[NamespaceState, ...]:
    """Return the state of some namespaces, in the order of the network.

    Args:
        network: The network.
        names: The namespaces' names; others than the network's are left out.

    Raises:
        OSError: The kernel does not answer.
    """
    return tuple(_state(network, name) for name in network if name in names)


def _state(network: Network, name: str) -> NamespaceState:
    with network[name]:
        state = read()
        sockets = sorted(set(_listening_sockets()))
    return NamespaceState(name, tuple(_addresses(state)), tuple(_routes(state)), tuple(sockets))


def _addresses(state: State) -> Iterator[str]:
    """Yield each address with its interface, as ``red 192.0.2.2/24``, without the loopback and link-local ones."""
    for index, link in state.links.items():
        own = [
            entry_text(entry, state).split()[1]
            for entry in state.entries
            if entry.kind == dumps.ADDRESS and entry.interface == index
        ]
        shown = [text for text in own if not ipaddress.ip_interface(text).is_link_local]
        down = "" if link.settings["state"] == "up" else ", DOWN"
        if link.name != _LOOPBACK or down:
            yield f"{link.name} {' '.join(shown) or 'without an address'}{down}"


def _routes(state: State) -> Iterator[str]:
    """Yield the routes of the main table that somebody set, as ip-route(8) shows them."""
    for entry in state.entries:
        if entry.kind == dumps.ROUTE and not entry.is_by_kernel:
            yield entry_text(entry, state).removeprefix("route ")


def _listening_sockets() -> Iterator[str]:
    """Yield the listening TCP sockets of the calling thread's namespace, see proc(5), /proc/pid/net/tcp."""
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        file = Path("/proc/thread-self/net") / name
        if not file.exists():  # a kernel without IPv6
            continue
        for line in file.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING:
                address, _, port = fields[1].partition(":")
                yield _socket_text(family, address, int(port, 16))


def _socket_text(family: int, address: str, port: int) -> str:
    words = [int(address[start : start + 8], 16) for start in range(0, len(address), 8)]
    text = socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))
    return f"[{text}]:{port}" if family == socket.AF_INET6 else f"{text}:{port}"
