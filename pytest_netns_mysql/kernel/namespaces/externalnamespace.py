"""Namespaces that existed before the run: they are found, entered and read, and never changed or removed."""

from __future__ import annotations

import os
import re
import socket
from ipaddress import ip_interface
from pathlib import Path

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.directories import NETNS_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.topology.plan import Interface

_NS_GET_NSTYPE = 0xB703
_REMEDIES = ("write a name under /run/netns, a path of a namespace's file, or the pid of a process in it",)


def open_external(sandbox: Sandbox, name: str, external: str, *, where: str) -> int:
    """Open a network namespace that others made, see setns(2).

    Args:
        sandbox: The sandbox of this process.
        name: The namespace's name in the topology.
        external: A name below the host's /run/netns, the path of a namespace's file, or the pid of a process.
        where: The topology, for error messages.

    Returns:
        A descriptor of the namespace.

    Raises:
        NetworkError: There is no such namespace, or this process could not come back from it.
    """
    if not sandbox.can_return:
        raise NetworkError(
            f"namespace {name} is external, and only root may enter a namespace that others made",
            where=where,
            remedies=["run as root", "remove external, and have the namespace made"],
        )
    path = _path(external)
    with sandbox.at_rest():
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise NetworkError(
                f"there is no namespace {external} for {name}", where=where, tried=[str(error)], remedies=_REMEDIES
            ) from error
    import fcntl  # Windows has none

    try:
        kind = fcntl.ioctl(descriptor, _NS_GET_NSTYPE)
    except OSError:
        kind = 0
    if kind != syscalls.CLONE_NEWNET:
        os.close(descriptor)
        raise NetworkError(
            f"namespace {name} must be a network namespace, and {path} is something else",
            where=where,
            tried=[f"ioctl NS_GET_NSTYPE of {path}"],
            remedies=_REMEDIES,
        )
    return descriptor


def _path(external: str) -> Path:
    if re.fullmatch(r"[0-9]+", external):
        return Path("/proc", external, "ns/net")
    return Path(external) if external.startswith("/") else NETNS_DIRECTORY / external


def current_addresses() -> tuple[Interface, ...]:
    """Return the addresses of the calling thread's network namespace, the loopback's last, without link-local ones."""
    from pyroute2 import IPRoute

    with IPRoute() as route:
        messages = list(route.get_addr())
    found = []
    for message in messages:
        text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
        if message["family"] in (socket.AF_INET, socket.AF_INET6) and text is not None:
            found.append(ip_interface(f"{text}/{message['prefixlen']}"))
    usable = [address for address in found if not address.ip.is_link_local]
    return tuple(sorted(usable, key=lambda address: address.is_loopback))
