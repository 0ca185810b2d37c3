"""How many open files guards need, and what happens if the kernel refuses something."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.kernel.guard.guard import Guard
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.netlink import dumps, ruleset
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
InSandbox = Callable[..., Any]
InChild = Callable[[Callable[[], Any]], Any]

PART_OF_LIMIT = 4
SOCKETS_EACH, FOR_ALL = 2, 3  # epoll, inotify, mounts
RED_BLUE = ("global", "red", "blue")
NEXTHOP_GROUP, NO_GROUP, NFTABLES_GROUP = 32, 10_000, 7


def open_files() -> set[int]:
    """Return the descriptors of this process."""
    return {int(file.name) for file in [*Path("/proc/self/fd").iterdir()] if file.exists()}


def open_all() -> None:
    """Open files until this process may open no others."""
    limit = max(open_files()) + 10
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with contextlib.suppress(OSError):
        while True:
            os.open(os.devnull, os.O_RDONLY)


def test_an_unused_network_needs_open_files_for_its_sockets_alone(in_network: InNetwork) -> None:
    def action(network: Network) -> tuple[list[int], tuple[str, ...]]:
        before = len(open_files())
        guard = Guard(network)
        counts = [len(open_files()) - before]
        guard.step_back()
        counts.append(len(open_files()) - before)
        network["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)
        network["blue"].run(["ip", "address", "add", "192.0.2.9/24", "dev", "lo"], check=True)
        with guard.accepting():
            network["blue"].run(["ip", "address", "add", "192.0.2.8/24", "dev", "lo"], check=True)
        counts.append(len(open_files()) - before)
        guard.step_forward()
        counts.append(len(open_files()) - before)
        result = guard.put_back()
        assert result is not None
        return counts, result.found

    (used, unused, accepting, used_again), found = in_network(load("red-blue"), action)
    assert unused == accepting == SOCKETS_EACH * len(RED_BLUE) + FOR_ALL
    assert used_again == used > unused
    assert found == (
        "blue: address 192.0.2.9/24 dev lo is new",
        "red: sysctl net.ipv4.tcp_retries2 is 9, was 15",
    )


def test_networks_share_one_limit(in_sandbox: InSandbox) -> None:
    def action(sandbox: Sandbox) -> tuple[int | None, str, str]:
        networks = [Network(sandbox, load("red-blue")), Network(sandbox, load("red-blue"))]
        first = Guard(networks[0])
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // PART_OF_LIMIT
        as_many_as_fit = most // first.sockets
        Guard(networks[1], others=[first] * (as_many_as_fit - 1)).close()
        with pytest.raises(OSError, match="too many") as error:
            Guard(networks[1], others=[first] * as_many_as_fit)
        number = len(RED_BLUE) * (as_many_as_fit + 1)
        return error.value.errno, str(error.value.strerror), str(number)

    number, text, namespaces = in_sandbox(action)
    assert number == errno.EMFILE
    assert text == f"{namespaces} namespaces would need too many open files"


def test_rules_that_cannot_be_read_raise_an_error(in_child: InChild) -> None:
    def action() -> int | None:
        open_all()
        with pytest.raises(OSError, match="Too many open files") as error:
            ruleset.read()
        return error.value.errno

    assert in_child(action) == errno.EMFILE


def test_groups_that_the_kernel_does_not_have_are_left_out(in_child: InChild) -> None:
    def action() -> None:
        with dumps.open_socket() as sock:
            dumps.join(sock, (NO_GROUP, NEXTHOP_GROUP))

    in_child(action)


def test_a_refused_group_raises_an_error(in_child: InChild) -> None:
    def action() -> int | None:
        syscalls.limit_capabilities(frozenset())
        sock = dumps.open_netfilter()
        assert sock is not None
        with sock, pytest.raises(PermissionError) as error:
            dumps.join(sock, (NFTABLES_GROUP,))
        return error.value.errno

    assert in_child(action) == errno.EPERM


def test_a_socket_that_a_test_replaced_raises_an_error(in_network: InNetwork) -> None:
    def action(network: Network) -> int | None:
        before = open_files()
        guard = Guard(network)
        sockets = [one for one in open_files() - before if Path(f"/proc/self/fd/{one}").is_socket()]
        assert len(sockets) == SOCKETS_EACH * len(RED_BLUE)
        for descriptor in sockets:
            os.dup(descriptor)  # which goes on receiving notifications
            with Path(os.devnull).open("rb") as file:
                os.dup2(file.fileno(), descriptor)
        network["red"].run(["ip", "link", "set", "vpeer-red", "mtu", "1300"], check=True)
        with pytest.raises(OSError, match="non-socket") as error:
            guard.put_back()
        return error.value.errno

    assert in_network(load("red-blue"), action) == errno.ENOTSOCK


def test_a_guard_that_cannot_be_made_leaves_no_file_open(in_network: InNetwork) -> None:
    """With room for one more file each time, until there is enough: each time something else cannot be opened."""
    padding, most = 100, 300

    def action(network: Network) -> list[tuple[bool, set[int]]]:
        highest = max(padding, *open_files())
        while os.open(os.devnull, os.O_RDONLY) <= highest:
            pass
        before = open_files()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        outcomes = []
        for room in range(most):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(before) + 1 + room, hard))
            is_made = False
            with contextlib.suppress(OSError):
                Guard(network).close()
                is_made = True
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            outcomes.append((is_made, open_files() - before))
            if is_made:
                break
        return outcomes

    *failures, success = in_network(load("red-blue"), action)
    assert len(failures) > SOCKETS_EACH * len(RED_BLUE)
    assert {(is_made, *left) for is_made, left in failures} == {(False,)}
    assert success == (True, set())


def test_a_guard_closes_though_a_test_has_closed_its_descriptors(in_network: InNetwork) -> None:
    def action(network: Network) -> bool:
        before = open_files()
        guard = Guard(network)
        for descriptor in open_files() - before:
            os.close(descriptor)
        with pytest.raises(OSError, match="Bad file descriptor"):
            guard.put_back()
        guard.close()
        return True

    assert in_network(load("red-blue"), action)
