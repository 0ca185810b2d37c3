"""Forwarding, which also works if the kernel's settings are read-only, as in many containers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

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
