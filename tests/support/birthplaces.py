"""The network namespaces of threads and sockets, by the inodes of the namespaces."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import Any

from pytest_netns_mysql.kernel.network import Network

_SIOCGSKNS = 0x894C  # see namespaces(7)


def place() -> int:
    """Return the namespace in which the calling thread stands."""
    return Path("/proc/thread-self/ns/net").stat().st_ino


def born() -> int:
    """Create a socket, and return its namespace."""
    with socket.socket() as sock:
        return namespace_of(sock)


def namespace_of(sock: Any) -> int:
    """Return the namespace in which a socket was created."""
    descriptor = fcntl.ioctl(sock.fileno(), _SIOCGSKNS)
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def places(network: Network) -> dict[str, int]:
    """Return the namespaces of a network by name, and that in which the calling thread stands as "outside"."""
    found = {"outside": place()}
    for name in network:
        with network[name]:
            found[name] = place()
    return found


def told(network: Network, wanted: dict[str, list[int]]) -> dict[str, list[str]]:
    """Return namespaces by their names."""
    names = {number: name for name, number in places(network).items()}
    return {key: [names[number] for number in numbers] for key, numbers in wanted.items()}
