"""Build networks in child processes: the process that runs the tests stays where it is."""

from __future__ import annotations

import os
import pickle
import socket
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.sandbox import Sandbox
from pytest_netns_mysql.topology import Topology

T = TypeVar("T")
InNetwork = Callable[..., Any]
InSandbox = Callable[..., Any]


def run_in_child(action: Callable[[], T]) -> T:
    """Return what ``action`` returns in a forked process; fail with its traceback where it raises."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
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
    went_well, value = pickle.loads(text)
    assert went_well, value
    result: T = value
    return result


@pytest.fixture(scope="session")
def in_child() -> Callable[[Callable[[], Any]], Any]:
    """Return what an action returns in a child process, which may move as it likes."""
    return run_in_child


@pytest.fixture(scope="session")
def in_sandbox() -> InSandbox:
    """Return what an action returns for a sandbox, made in a child process."""

    def run(action: Callable[[Sandbox], Any], mode: str = "auto") -> Any:
        return run_in_child(lambda: action(Sandbox.create(mode)))

    return run


@pytest.fixture(scope="session")
def in_network(in_sandbox: InSandbox) -> InNetwork:
    """Return what an action returns for the network of a topology, built in a child process."""

    def run(topology: Topology, action: Callable[[Network], Any], mode: str = "auto") -> Any:
        return in_sandbox(lambda sandbox: action(Network(sandbox, topology)), mode)

    return run


@pytest.fixture(scope="session")
def output() -> Callable[..., str]:
    """Return what a program prints in a namespace of a network."""

    def run(network: Network, name: str, *argv: str) -> str:
        return str(network[name].run(argv, capture_output=True, text=True, check=True).stdout)

    return run


@pytest.fixture(scope="session")
def met() -> Callable[..., str]:
    """Return the address that a server at ``address`` sees a client come from, by way of ``to`` where that differs."""

    def run(network: Network, client: str, server: str, address: str, port: int = 3306, to: str | None = None) -> str:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with network[server]:
            listener = socket.create_server((address, port), family=family)
        with listener, network[client], socket.create_connection((to or address, port), timeout=5):
            found: str = listener.accept()[1][0]
            return found

    return run
