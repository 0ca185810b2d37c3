"""Fixtures that build networks in child processes, so that the process of the tests stays where it is."""

from __future__ import annotations

import gc
import os
import pickle
import socket
import time
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from pytest_netns_mysql.kernel.guard.baseline import Leftovers
from pytest_netns_mysql.kernel.guard.guard import Guard
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import Topology

T = TypeVar("T")
InNetwork = Callable[..., Any]
InSandbox = Callable[..., Any]

COMMANDS = (
    ("ip", "-o", "address"),
    ("ip", "route", "show", "table", "all"),
    ("ip", "-6", "route", "show", "table", "all"),
    ("ip", "rule"),
    ("ip", "-6", "rule"),
    ("ip", "neigh", "show", "nud", "permanent"),
    ("ip", "neigh", "show", "proxy"),
    ("ip", "nexthop"),
    ("tc", "qdisc"),
    ("ls", "/run/netns"),
    ("cat", "/etc/hosts", "/etc/resolv.conf"),
)
SETTINGS = ("ipv4.ip_forward", "ipv4.tcp_retries2", "ipv4.ip_local_port_range", "ipv4.conf.all.rp_filter")
# What the kernel changes by itself at any time, such as link-local addresses and carriers.
CHANGED_BY_KERNEL = ("fe80::", "ff00::", "anycast", "valid_lft", "qdisc noqueue")


def run_in_child(action: Callable[[], T]) -> T:
    """Return what ``action`` returns in a forked process; fail with the traceback if ``action`` raises."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        gc.callbacks.clear()  # Python ignores what a signal handler raises in one, as in that of hypothesis
        try:
            answer: object = (True, action())
        except BaseException:  # noqa: BLE001 - the child has nowhere else to tell it
            answer = (False, traceback.format_exc())
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    succeeded, value = pickle.loads(text)
    assert succeeded, value
    result: T = value
    return result


@pytest.fixture(scope="session")
def in_child() -> Callable[[Callable[[], Any]], Any]:
    """A function that calls an action in a child process, and returns what the action returns."""
    return run_in_child


@pytest.fixture(scope="session")
def in_sandbox() -> InSandbox:
    """A function that calls an action with a sandbox, created in a child process."""

    def run(action: Callable[[Sandbox], Any], mode: str = "auto") -> Any:
        return run_in_child(lambda: action(Sandbox.create(mode)))

    return run


@pytest.fixture(scope="session")
def in_network(in_sandbox: InSandbox) -> InNetwork:
    """A function that calls an action with the network of a topology, built in a child process."""

    def run(topology: Topology, action: Callable[[Network], Any], mode: str = "auto") -> Any:
        return in_sandbox(lambda sandbox: action(settled(Network(sandbox, topology))), mode)

    return run


def settled(network: Network) -> Network:
    """Return a network once the kernel has made the routes to the IPv6 addresses, which takes a moment."""
    deadline = time.monotonic() + 10
    while any(map(is_unsettled, network.values())) and time.monotonic() < deadline:
        time.sleep(0.01)
    return network


def is_unsettled(namespace: Namespace) -> bool:
    """Return True if an IPv6 address has no route of its own yet."""
    shown = [
        namespace.run(["ip", "-6", *words], capture_output=True, text=True, check=True).stdout
        for words in (["-o", "address", "show", "scope", "global"], ["route", "show", "table", "local"])
    ]
    addresses = [line.split()[3].partition("/")[0] for line in shown[0].splitlines()]
    return any(f"local {one} dev" not in shown[1] for one in addresses)


@pytest.fixture(scope="session")
def output() -> Callable[..., str]:
    """A function that runs a program in a namespace of a network, and returns what the program prints."""

    def run(network: Network, name: str, *argv: str) -> str:
        return str(network[name].run(argv, capture_output=True, text=True, check=True).stdout)

    return run


@pytest.fixture(scope="session")
def met() -> Callable[..., str]:
    """A function that returns the client address which a server sees; the client connects to ``to`` or ``address``."""

    def run(network: Network, client: str, server: str, address: str, port: int = 3306, to: str | None = None) -> str:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with network[server]:
            listener = socket.create_server((address, port), family=family)
        with listener, network[client], socket.create_connection((to or address, port), timeout=5):
            found: str = listener.accept()[1][0]
            return found

    return run


def shown(network: Network) -> list[str]:
    """Return what iproute2 shows of each namespace, and some settings."""
    lines = []
    for name in network:
        for argv in (*COMMANDS, ("sysctl", *(f"net.{one}" for one in SETTINGS))):
            text = network[name].run(argv, capture_output=True, text=True, check=True).stdout
            own = [line for line in text.splitlines() if not any(one in line for one in CHANGED_BY_KERNEL)]
            lines += [f"{name}: {line.replace(' linkdown', '')}" for line in own]
        with network[name]:
            lines += [f"{name}: {index} {interface}" for index, interface in socket.if_nameindex()]
        links = network[name].run(("ip", "-o", "link"), capture_output=True, text=True, check=True).stdout
        for word in ("mtu", "master", "qlen", "link/ether", "alias"):
            lines += [f"{name}: {word} {rest.split()[0]}" for rest in links.split(f"{word} ")[1:]]
        lines += [f"{name}: {flag} {links.count(flag)}" for flag in (",UP", "PROMISC", "NOARP")]
    return sorted(lines)


@pytest.fixture(scope="session")
def looked_at() -> Callable[[Network], list[str]]:
    """A function that returns what iproute2 shows of a network."""
    return shown


@pytest.fixture(scope="session")
def found_after(in_network: InNetwork) -> Callable[..., list[str]]:
    """A function that runs shell commands in namespaces, returns what a guard finds and checks that all is put back."""

    def run(topology: Topology, *changes: tuple[str, str]) -> list[str]:
        def action(network: Network) -> tuple[Leftovers | None, list[str], list[str]]:
            guard = Guard(network)
            before = shown(network)
            for name, command in changes:
                network[name].run(["sh", "-ec", command], check=True)
            result = guard.put_back()
            return result, before, shown(network)

        result, before, now = in_network(topology, action)
        assert now == before
        assert isinstance(result, Leftovers)
        assert result.stays == ()
        return list(result.found)

    return run
