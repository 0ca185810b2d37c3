"""External namespaces: entered and read, never changed, never removed; and errors for those that cannot be used."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.guard.guard import Guard
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
SHOW = ("ip", "-brief", "address")


@pytest.fixture
def existing() -> Iterator[tuple[str, int]]:
    """A namespace of this machine with an address: its name, and the pid of a process in it."""
    name = f"netns-test-{uuid.uuid4().hex[:8]}"
    commands = (
        ["ip", "netns", "add", name],
        ["ip", "-n", name, "address", "add", "203.0.113.7/32", "dev", "lo"],
        ["ip", "-n", name, "link", "set", "lo", "up"],
    )
    for command in commands:
        subprocess.run(command, check=True)
    sleeper = subprocess.Popen(
        ["ip", "netns", "exec", name, sys.executable, "-c", "print(1, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert sleeper.stdout is not None
    sleeper.stdout.readline()
    yield name, sleeper.pid
    sleeper.communicate(b"\n")
    subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.mark.root  # only root may enter what others made; the other way below
@pytest.mark.parametrize("way", ["name", "path", "pid"])
def test_an_existing_namespace_is_entered_and_left_as_it_is(
    in_network: InNetwork, existing: tuple[str, int], way: str
) -> None:
    name, pid = existing
    before = subprocess.run(["ip", "-n", name, *SHOW[1:]], check=True, capture_output=True, text=True).stdout
    external = {"name": name, "path": f"/run/netns/{name}", "pid": pid}[way]
    topology = from_mapping({"namespaces": {"prod": {"external": external}, "red": "192.0.2.2/24"}})

    def action(network: Network) -> tuple[str, str, str]:
        shown = network["prod"].run(SHOW, capture_output=True, text=True, check=True).stdout
        named = (
            network["red"]
            .run(["ip", "netns", "exec", "prod", *SHOW], capture_output=True, text=True, check=True)
            .stdout
        )
        return shown, named, str(network["prod"].addresses[0])

    assert in_network(topology, action) == (before, before, "203.0.113.7/32")
    after = subprocess.run(["ip", "-n", name, *SHOW[1:]], check=True, capture_output=True, text=True).stdout
    assert after == before


@pytest.mark.root  # as above
def test_changes_of_an_existing_namespace_are_not_undone(in_network: InNetwork, existing: tuple[str, int]) -> None:
    name, _ = existing
    topology = from_mapping({"namespaces": {"prod": {"external": name}, "red": "192.0.2.2/24"}})

    def action(network: Network) -> tuple[tuple[str, ...], str]:
        guard = Guard(network)
        network["prod"].run(["ip", "address", "add", "203.0.113.9/32", "dev", "lo"], check=True)
        network["red"].run(["ip", "address", "add", "192.0.2.9/24", "dev", "lo"], check=True)
        result = guard.put_back()
        shown = network["prod"].run(SHOW, capture_output=True, text=True, check=True).stdout
        return (() if result is None else result.found), shown

    found, shown = in_network(topology, action)
    assert found == ("red: address 192.0.2.9/24 dev lo is new",)
    assert "203.0.113.9" in shown


def error_of(in_network: InNetwork, external: object, mode: str = "auto") -> str:
    topology = from_mapping({"namespaces": {"prod": {"external": external}}}, source="shop.toml")

    def attempt(_: object) -> str:
        with pytest.raises(NetworkError) as error:
            Network(Sandbox.create(mode), topology)
        return str(error.value)

    return str(in_network(load("red-blue"), attempt))


WHERE = "\n  where: topology topology (shop.toml)\n"
REMEDY = "  do: write a name under /run/netns, a path of a namespace's file, or the pid of a process in it"


@pytest.mark.root  # only root may enter what others made; the other way below
@pytest.mark.parametrize(
    ("external", "path"),
    [
        ("no-such-name", "/run/netns/no-such-name"),
        ("/no/such/path", "/no/such/path"),
        (2**22 + 1, f"/proc/{2**22 + 1}/ns/net"),
    ],
)
def test_a_namespace_that_does_not_exist_is_an_error(in_network: InNetwork, external: object, path: str) -> None:
    assert error_of(in_network, external) == (
        f"there is no namespace {external} for prod{WHERE}"
        f"  tried: [Errno 2] No such file or directory: '{path}'\n{REMEDY}"
    )


@pytest.mark.root  # only root may enter what others made; the other way below
@pytest.mark.parametrize("kind", ["a file", "a mount namespace"])
def test_a_file_that_is_not_a_network_namespace_is_an_error(in_network: InNetwork, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    path = str(file) if kind == "a file" else "/proc/self/ns/mnt"
    assert error_of(in_network, path) == (
        f"namespace prod must be a network namespace, and {path} is something else{WHERE}"
        f"  tried: ioctl NS_GET_NSTYPE of {path}\n{REMEDY}"
    )


def test_without_root_no_existing_namespace_can_be_entered(in_child: Callable[[Callable[[], Any]], Any]) -> None:
    """In a rootless sandbox root has no more rights than other users."""
    assert error_of(lambda _, attempt: in_child(lambda: attempt(None)), "prod", mode="rootless") == (
        f"namespace prod is external, and only root may enter a namespace that others made{WHERE}"
        "  do: run as root\n  do: remove external, and have the namespace made"
    )
