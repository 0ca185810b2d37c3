"""Connections that a fixture of a wider scope opens from outside of all namespaces to an address of the topology.

As root such a fixture stands on the host's network, where the address may belong to another machine, or to this one.
"""

from __future__ import annotations

import _socket
import contextlib
import fcntl
import functools
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import OriginError
from pytest_netns_mysql.kernel.namespaces.position import identity

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network

_SIOCGSKNS = 0x894C  # from linux/sockios.h: a descriptor of the socket's network namespace, see namespaces(7)
_INTERNET = (socket.AF_INET, socket.AF_INET6)


@contextlib.contextmanager
def refused(network: Network, fixture: str) -> Iterator[None]:
    """Refuse the connections of Python's sockets to addresses of a network from outside of it, until the block ends.

    A socket that was created in one of the namespaces may connect from anywhere.

    Args:
        network: The network.
        fixture: The fixture that is set up, for the error.
    """
    # Plugins replace socket.socket by classes derived from it.
    kind: Any = next(each for each in socket.socket.__mro__ if _socket.socket in each.__bases__)
    with contextlib.ExitStack() as stack:
        for name in ("connect", "connect_ex"):
            stack.enter_context(_replaced(kind, name, network, fixture))
        yield


@contextlib.contextmanager
def _replaced(kind: Any, name: str, network: Network, fixture: str) -> Iterator[None]:
    own, original = vars(kind).get(name), getattr(kind, name)

    @functools.wraps(original)
    def connect(self: Any, address: Any) -> Any:
        if self.family in _INTERNET:
            _check(self, str(address[0]), network, fixture)
        return original(self, address)

    setattr(kind, name, connect)
    try:
        yield
    finally:
        if own is None:
            delattr(kind, name)
        else:
            setattr(kind, name, own)


def _check(sock: Any, address: str, network: Network, fixture: str) -> None:
    external = network.topology.plan.external  # which others made, and which the host may well have a way to
    owner = next((name for name in network if name not in external and _has(network, name, address)), None)
    if owner is None or _is_inside(sock, network):
        return
    sock.close()  # socket.create_connection() closes it only after an OSError
    place = "on the host's network" if network._sandbox.can_return else "in a network without a way to any other"
    raise OriginError(
        f"the {fixture} connects to {address}, an address of namespace {owner}, from outside of all namespaces: it "
        f"runs {place}",
        remedies=[
            f'connect inside `with netns["{owner}"]:`',
            f'or with netns_mysqld.connect(namespace="{owner}", ...)',
            "or make the fixture function-scoped: then it runs in the test's namespace",
        ],
    )


def _has(network: Network, name: str, address: str) -> bool:
    return any(str(each.ip) == address and not each.ip.is_loopback for each in network[name].addresses)


def _is_inside(sock: Any, network: Network) -> bool:
    """Return True if a socket was created in one of the namespaces, or if the kernel does not say where."""
    try:
        descriptor = fcntl.ioctl(sock.fileno(), _SIOCGSKNS)
    except OSError:
        return True
    try:
        created = identity(descriptor)
    finally:
        os.close(descriptor)
    return any(identity(namespace._descriptor) == created for namespace in network.values())
