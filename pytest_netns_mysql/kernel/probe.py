"""Probes of what a sandbox needs from this machine, each in a child process, with remedies for those that fail."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from pytest_netns_mysql.errors import NetnsError, SandboxError
from pytest_netns_mysql.kernel.finding import Finding
from pytest_netns_mysql.kernel.namespaces.privileges import in_user_namespace, needs_user_namespace
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.model import Link, Namespace
from pytest_netns_mysql.topology.topology import Topology

_LIMITS = ("user", "net", "mnt")
# Kernel features that only some topologies need: a name, a topology that needs the feature, and the purpose.
_OPTIONAL = (
    ("nat", Topology("probe", {"red": Namespace((Link("192.0.2.2/24"),))}, masquerade=True), "masquerade and publish"),
    ("tbf", Topology("probe", {"red": Namespace((Link("192.0.2.2/24", rate="1gbit"),))}), "rate"),
    ("netem", Topology("probe", {"red": Namespace((Link("192.0.2.2/24", delay="1ms"),))}), "delay and loss"),
)


def kernel_findings(topologies: Sequence[Topology], mode: str) -> Iterator[Finding]:
    """Probe the kernel: namespaces, mounts, then each topology; nothing is left behind.

    See namespaces(7), user_namespaces(7) and ip-netns(8).

    Args:
        topologies: The topologies to build.
        mode: The setting ``netns_mode``.
    """
    yield Finding(
        "kernel", "ok" if sys.platform == "linux" else "missing", f"{os.uname().sysname} {os.uname().release}"
    )
    try:
        rootless = needs_user_namespace(mode)
    except SandboxError as error:
        yield Finding("way", "missing", error.what, error.remedies)
        return
    way = "rootless, by a user namespace" if rootless else "direct, by CAP_SYS_ADMIN and CAP_NET_ADMIN"
    nested = ", inside a user namespace already" if in_user_namespace() else ""
    yield Finding("way", "ok", f"{way}{nested} (netns_mode = {mode}, uid {os.getuid()})")
    if rootless:
        yield _limits()
    sandbox = _probe("sandbox", lambda: _create_sandbox(mode))
    yield sandbox
    if sandbox.state == "ok":
        yield from _network_findings(topologies, mode)
    found = shutil.which("ip", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    yield Finding(
        "ip",
        "ok" if found else "note",
        found or "the ip program is missing; the plugin works without it, the manual's examples show its output",
        () if found else ("install iproute2",),
    )


def _network_findings(topologies: Sequence[Topology], mode: str) -> Iterator[Finding]:
    """Probe what is built in a sandbox: each topology, then the features that only some topologies need."""
    for topology in topologies:
        yield _probe("network", functools.partial(_build_network, mode, topology))
    for name, topology, purpose in _OPTIONAL:
        finding = _probe(name, functools.partial(_build_network, mode, topology))
        detail = (
            f"this kernel has it, for {purpose}"
            if finding.state == "ok"
            else f"missing, for {purpose}: {finding.detail}"
        )
        yield Finding(name, "ok" if finding.state == "ok" else "note", detail, finding.remedies)


def _limits() -> Finding:
    values = {}
    for kind in _LIMITS:
        path = Path(f"/proc/sys/user/max_{kind}_namespaces")
        values[f"user.max_{kind}_namespaces"] = path.read_text().strip() if path.exists() else "absent"
    zero = [name for name, value in values.items() if value == "0"]
    return Finding(
        "limits",
        "missing" if zero else "ok",
        ", ".join(f"{name} = {value}" for name, value in values.items()),
        tuple(f"sysctl -w {name}=15000" for name in zero),
    )


def _create_sandbox(mode: str) -> str:
    sandbox = Sandbox.create(mode)
    home = "comes home after each test" if sandbox.can_return else "stays in the sandbox: netns tests run last"
    return f"made; the process {home}"


def _build_network(mode: str, topology: Topology) -> str:
    network = Network(Sandbox.create(mode), topology)
    return f"topology {topology.name} built: {', '.join(network)}"


def _probe(name: str, action: Callable[[], str]) -> Finding:
    """Run ``action`` in a child process, because entering a namespace cannot be undone in this one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(msgspec.json.encode(_finding(name, action)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        return Finding(name, "missing", "the probe ended without an answer")
    return msgspec.json.decode(answer, type=Finding)


def _finding(name: str, action: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", action())
    except NetnsError as error:
        return Finding(name, "missing", f"{error.what} ({'; '.join(error.tried)})", tuple(error.remedies))
    except Exception as error:  # noqa: BLE001 - a probe reports whatever happened
        return Finding(name, "missing", f"{type(error).__name__}: {error}")
