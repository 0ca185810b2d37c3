"""Settings below /proc/sys/net: their values, and what the values were before anybody wrote them.

A program reads the settings of the network namespace that it is in, see proc_sys_net(5). Reading all of them takes
5 ms for each namespace, so only the settings that somebody wrote are read.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Container, Iterable
from pathlib import Path

from pytest_netns_mysql.kernel.forwarding import forward
from pytest_netns_mysql.kernel.namespaces.enterable import Enterable
from pytest_netns_mysql.kernel.namespaces.namespace import make_unnamed_namespace
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.plan import End

_IN_EVERY_NAMESPACE = ("all", "default", "lo")
_TEMPLATE = "template"


def belongs_to(path: str, interfaces: Container[str]) -> bool:
    """Return True for a setting of a whole namespace, or of one of these interfaces."""
    *_, directory, name, _ = path.split("/")
    return directory not in ("conf", "neigh") or name in _IN_EVERY_NAMESPACE or name in interfaces


def name_of(path: str) -> str:
    """Return a setting's name as sysctl(8) writes it."""
    return path.removeprefix("/proc/sys/").replace("/", ".")


def value_of(path: str) -> str | None:
    """Return a setting of the calling thread's network namespace; None if there is none or it cannot be read."""
    try:
        return " ".join(Path(path).read_text("utf-8", "replace").split())
    except OSError:
        return None


def write(values: Iterable[tuple[str, str]]) -> None:
    """Write settings of the calling thread's network namespace.

    Refusals are ignored: reading the settings again shows them.

    Args:
        values: The path and the value of each setting.
    """

    def order(setting: tuple[str, str]) -> tuple[bool, str]:
        # Settings of all interfaces come first: the kernel passes them on to each interface.
        path, _ = setting
        return "/conf/" in path and "/conf/all/" not in path, path

    for path, value in sorted(values, key=order):
        with contextlib.suppress(OSError):
            Path(path).write_text(value)


class InitialValues:
    """The settings of a network's namespaces before anybody wrote them.

    They are read in a new namespace that forwards as the topology says.
    """

    def __init__(self, network: Network) -> None:
        """Take the network; a namespace is made when the first value is needed."""
        self._network = network
        self._descriptors: dict[tuple[int, ...], int] = {}

    def value_of(self, name: str, path: str) -> str | None:
        """Return the initial value of a setting, or None if there is no such setting.

        Args:
            name: The namespace.
            path: The setting's file.
        """
        *start, last, setting = path.split("/")
        if start[-1] in ("conf", "neigh") and last not in _IN_EVERY_NAMESPACE:
            last = _TEMPLATE
        sandbox = self._network._sandbox
        with Enterable(sandbox.blocks, self._namespace(self._forwarded_versions(name)), "a new namespace"):
            return value_of("/".join((*start, last, setting)))

    def close(self) -> None:
        """Release the new namespaces: the kernel removes them."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()

    def _forwarded_versions(self, name: str) -> tuple[int, ...]:
        plan = self._network.topology.plan
        if name not in plan.forwarding:
            return ()
        return tuple(sorted({address.version for address in plan.addresses[name] if not address.is_loopback}))

    def _namespace(self, versions: tuple[int, ...]) -> int:
        """Return a descriptor of a new namespace that has an interface and forwards these versions of IP."""
        if versions not in self._descriptors:
            sandbox = self._network._sandbox
            with sandbox.entered():
                self._descriptors[versions] = descriptor = make_unnamed_namespace(sandbox)
            ends = [End("", interface) for interface in (_TEMPLATE, f"{_TEMPLATE}-2")]
            with Enterable(sandbox.blocks, descriptor, "a new namespace"):
                batch = Batch()
                batch.add_veth(*ends, namespace=descriptor)
                batch.send()
                for version in versions:
                    forward(version, [_TEMPLATE])
        return self._descriptors[versions]
