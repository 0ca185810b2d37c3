"""Settings below /proc/sys/net: what they are, and what they were before anybody wrote them.

They are those of the namespace that their reader stands in, see proc_sys_net(5). Reading all of them takes 5 ms for
each namespace, and so only those are read that somebody wrote.
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

_SHARED = ("all", "default", "lo")
_TEMPLATE = "template"


def is_of(path: str, interfaces: Container[str]) -> bool:
    """Return True for a setting of the whole namespace, or of one of these interfaces."""
    *_, directory, name, _ = path.split("/")
    return directory not in ("conf", "neigh") or name in _SHARED or name in interfaces


def name_of(path: str) -> str:
    """Return a setting's name as sysctl(8) has it."""
    return path.removeprefix("/proc/sys/").replace("/", ".")


def value_of(path: str) -> str | None:
    """Return a setting of the calling thread's network namespace; None where there is none or it cannot be read."""
    try:
        return " ".join(Path(path).read_text("utf-8", "replace").split())
    except OSError:
        return None


def write(values: Iterable[tuple[str, str]]) -> None:
    """Write settings of the calling thread's network namespace; what is refused is found when they are read again."""
    # Those of all interfaces first: they are passed on to each.
    for path, value in sorted(values, key=lambda one: ("/conf/" in one[0] and "/conf/all/" not in one[0], one[0])):
        with contextlib.suppress(OSError):
            Path(path).write_text(value)


class Unwritten:
    """Settings as the kernel makes them, and as the topology's forwarding changes them: read in a new namespace."""

    def __init__(self, network: Network) -> None:
        """Keep the network; a namespace is made when somebody asks."""
        self._network = network
        self._made: dict[tuple[int, ...], int] = {}

    def value_of(self, name: str, path: str) -> str | None:
        """Return what a setting of the namespace ``name`` was before anybody wrote it."""
        *start, last, setting = path.split("/")
        if start[-1] in ("conf", "neigh") and last not in _SHARED:
            last = _TEMPLATE
        sandbox = self._network.sandbox
        with Enterable(sandbox.blocks, self._namespace(self._versions(name)), "a new namespace"):
            return value_of("/".join((*start, last, setting)))

    def close(self) -> None:
        """Let go of the namespaces: the kernel removes them."""
        for descriptor in self._made.values():
            os.close(descriptor)
        self._made.clear()

    def _versions(self, name: str) -> tuple[int, ...]:
        """Return the versions of IP that a namespace of the topology forwards."""
        plan = self._network.topology.plan
        if name not in plan.forwarding:
            return ()
        return tuple(sorted({address.version for address in plan.addresses[name] if not address.is_loopback}))

    def _namespace(self, versions: tuple[int, ...]) -> int:
        if versions not in self._made:
            sandbox = self._network.sandbox
            with sandbox.entered():
                self._made[versions] = descriptor = make_unnamed_namespace(sandbox)
            ends = [End("", one) for one in (_TEMPLATE, f"{_TEMPLATE}-2")]
            with Enterable(sandbox.blocks, descriptor, "a new namespace"):
                batch = Batch()
                batch.add_veth(*ends, namespace=descriptor)
                batch.send()
                for version in versions:
                    forward(version, [_TEMPLATE])
        return self._made[versions]
