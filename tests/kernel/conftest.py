"""Build networks in child processes: the process that runs the tests stays where it is."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.sandbox import Sandbox
from pytest_netns_mysql.topology import Topology

T = TypeVar("T")
InNetwork = Callable[[Topology, Callable[[Network], Any]], Any]


def in_child(action: Callable[[], T]) -> T:
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
def in_network() -> InNetwork:
    """Return what an action returns for the network of a topology, built in a child process."""

    def run(topology: Topology, action: Callable[[Network], Any]) -> Any:
        return in_child(lambda: action(Network(Sandbox.create("auto"), topology)))

    return run
