"""Namespaces that exist already: found, entered, read, and never changed or removed."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from ipaddress import ip_interface
from pathlib import Path

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.sandbox import NETNS_DIRECTORY, Sandbox
from pytest_netns_mysql.topology.plan import Interface

_NS_GET_NSTYPE = 0xB703
_CURES = ("write a name under /run/netns, a path of a namespace's file, or the pid of a process in it",)


def open_external(sandbox: Sandbox, name: str, external: str, *, where: str) -> int:
    """Return a descriptor of the network namespace that ``external`` names: below /run/netns, a path, or a pid.

    Raises NetworkError where there is none, or where this process could not come back from it. See setns(2).
    """
    if not sandbox.returns:
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
                f"there is no namespace {external} for {name}", where=where, tried=[str(error)], remedies=_CURES
            ) from error
    try:
        kind = fcntl.ioctl(descriptor, _NS_GET_NSTYPE)
    except OSError:
        kind = 0
    if kind != syscalls.CLONE_NEWNET:
        os.close(descriptor)
        raise NetworkError(
            f"{path} is no network namespace, as {name} should be",
            where=where,
            tried=[f"ioctl NS_GET_NSTYPE of {path}"],
            remedies=_CURES,
        )
    return descriptor


def _path(external: str) -> Path:
    if re.fullmatch(r"[0-9]+", external):
        return Path("/proc", external, "ns/net")
    return Path(external) if external.startswith("/") else NETNS_DIRECTORY / external


def name_namespace(directory: Path, name: str, descriptor: int) -> None:
    """Show an open namespace under a name in the sandbox; the calling thread must stand there."""
    file = directory / name
    file.touch(mode=0o444, exist_ok=False)
    syscalls.mount(f"/proc/self/fd/{descriptor}", str(file), None, syscalls.MS_BIND)


def addresses_here() -> tuple[Interface, ...]:
    """Return the addresses of the calling thread's network namespace, the loopback's last, without link-local ones."""
    from pyroute2 import IPRoute

    with IPRoute() as route:
        messages = list(route.get_addr())
    found = []
    for message in messages:
        text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
        if message["family"] in (socket.AF_INET, socket.AF_INET6) and text is not None:
            found.append(ip_interface(f"{text}/{message['prefixlen']}"))
    usable = [one for one in found if not one.ip.is_link_local]
    return tuple(sorted(usable, key=lambda one: one.is_loopback))
