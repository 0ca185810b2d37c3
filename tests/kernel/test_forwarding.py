"""Forwarding, which also works if the kernel's settings are read-only, as in many containers."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import from_mapping, load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InSandbox = Callable[..., Any]
Met = Callable[..., str]


def make_settings_read_only(sandbox: Sandbox) -> None:
    with sandbox.entered():
        syscalls.mount("/proc/sys", "/proc/sys", None, syscalls.MS_BIND | syscalls.MS_REC)
        subprocess.run(["mount", "-o", "remount,bind,ro", "/proc/sys"], check=True)


def forwarding(network: Network, name: str) -> list[str]:
    with network[name]:
        settings = ("ipv4/ip_forward", "ipv6/conf/all/forwarding")
        return [Path("/proc/sys/net", setting).read_text().strip() for setting in settings]


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_global_forwards_and_the_other_namespaces_do_not(in_sandbox: InSandbox, met: Met, mode: str) -> None:
    def action(sandbox: Sandbox) -> list[Any]:
        network = Network(sandbox, load("dual-stack"))
        seen = [met(network, "red", "blue", address) for address in ("198.51.100.2", "2001:db8:2::2")]
        return [*seen, forwarding(network, "global"), forwarding(network, "red")]

    assert in_sandbox(action, mode) == ["192.0.2.2", "2001:db8:1::2", ["1", "1"], ["0", "0"]]


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_global_does_not_forward_if_it_should_not(in_sandbox: InSandbox, met: Met, mode: str, read_only: bool) -> None:
    """A new namespace has the setting of the machine's first one, which is on where Docker runs."""

    def action(sandbox: Sandbox) -> tuple[str, bool]:
        with sandbox.entered():
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        if read_only:
            make_settings_read_only(sandbox)
        data = {"namespaces": {"red": "192.0.2.2/24", "blue": "198.51.100.2/24"}, "forwarding": False}
        network = Network(sandbox, from_mapping(data))
        near = met(network, "red", "global", "192.0.2.1")
        with network["blue"]:
            listener = socket.create_server(("198.51.100.2", 3306))
        with listener, network["red"], socket.socket() as client:
            client.settimeout(0.3)
            return near, client.connect_ex(("198.51.100.2", 3306)) == 0

    assert in_sandbox(action, mode) == ("192.0.2.2", False)


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_port_at_the_loopback_is_published_to_global_itself(in_sandbox: InSandbox, met: Met, mode: str) -> None:
    """The kernel drops what comes back to 127.0.0.1 by another interface, unless route_localnet is set."""

    def action(sandbox: Sandbox) -> str:
        data = {
            "namespaces": {"red": "192.0.2.2/24"},
            "forwarding": False,
            "publish": {"127.0.0.1:3306": "192.0.2.2:3306"},
            "masquerade": ["veth-red"],
        }
        network = Network(sandbox, from_mapping(data))
        return met(network, "global", "red", "192.0.2.2", to="127.0.0.1")

    assert in_sandbox(action, mode) == "192.0.2.1"


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_ipv4_is_forwarded_where_proc_sys_is_read_only(in_sandbox: InSandbox, met: Met, mode: str) -> None:
    def action(sandbox: Sandbox) -> str:
        make_settings_read_only(sandbox)
        return met(Network(sandbox, load("red-blue")), "red", "blue", "198.51.100.2")

    assert in_sandbox(action, mode) == "192.0.2.2"


@pytest.mark.root  # only root may mount a procfs; the next test is for other users
def test_root_has_ipv6_forwarded_where_proc_sys_is_read_only(in_sandbox: InSandbox, met: Met) -> None:
    def action(sandbox: Sandbox) -> tuple[str, str]:
        make_settings_read_only(sandbox)
        network = Network(sandbox, load("dual-stack"))
        with network["global"]:
            mounts = Path("/proc/thread-self/mountinfo").read_text()
        return met(network, "red", "blue", "2001:db8:2::2"), mounts

    seen, mounts = in_sandbox(action)
    assert seen == "2001:db8:1::2"
    assert "/run/pytest-netns-mysql/proc" not in mounts


def test_without_root_ipv6_forwarding_is_an_error_where_proc_sys_is_read_only(in_sandbox: InSandbox) -> None:
    def action(sandbox: Sandbox) -> str:
        make_settings_read_only(sandbox)
        with pytest.raises(NetworkError) as error:
            Network(sandbox, load("dual-stack"))
        return str(error.value)

    assert in_sandbox(action, "rootless") == (
        "IPv6 cannot be forwarded in global: /proc/sys is read-only\n"
        "  where: topology dual-stack (preset dual-stack)\n"
        "  tried: writing to /proc/sys\n"
        "  tried: mounting another procfs\n"
        "  do: in Docker: --security-opt systempaths=unconfined\n"
        "  do: run as root, with CAP_SYS_ADMIN\n"
        "  do: write forwarding = false for global, or leave its addresses of IPv6 out"
    )
