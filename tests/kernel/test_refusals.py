"""Errors for parts of a topology that the kernel refuses: the part, the remedy, and no descriptor left open."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.netlink.constants import NFPROTO_INET
from pytest_netns_mysql.kernel.netlink.requests import RefusedError, Request, send
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import Topology, from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InSandbox = Callable[..., Any]
DOCTOR = "  do: run `netns-mysql doctor`: it probes namespaces, veth and routes one by one"


def refusal(sandbox: Sandbox, topology: Topology) -> str:
    with pytest.raises(NetworkError) as error:
        Network(sandbox, topology)
    return str(error.value)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def impossible() -> Topology:
    """Return a topology that was changed to one that is not valid."""
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24"}}, source="shop.toml")
    object.__setattr__(topology.plan.veths[0].outer, "interface", "lo")
    return topology


def test_the_error_names_the_refused_part(in_sandbox: InSandbox) -> None:
    assert in_sandbox(lambda sandbox: refusal(sandbox, impossible())) == (
        "the kernel refused the veth pair vpeer-red of red and lo of global, in global\n"
        "  where: topology topology (shop.toml)\n"
        f"  tried: [Errno 17] File exists\n{DOCTOR}"
    )


def test_a_refused_route_is_named_with_its_namespace_and_the_kernels_message(in_sandbox: InSandbox) -> None:
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24"}}, source="shop.toml")
    object.__setattr__(topology.plan.veths[0].inner, "addresses", ())  # the route's gateway is on no subnet then
    what, where, tried, _ = in_sandbox(lambda sandbox: refusal(sandbox, topology)).splitlines()
    assert what == "the kernel refused the route default via 192.0.2.1, in red"
    assert where == "  where: topology topology (shop.toml)"
    assert tried == "  tried: [Errno 101] Network is unreachable: Nexthop has invalid gateway"


def test_a_failed_network_leaves_no_file_open_and_the_next_network_builds(in_sandbox: InSandbox) -> None:
    def action(sandbox: Sandbox) -> tuple[int, list[str]]:
        before = open_files()
        for _ in range(3):
            refusal(sandbox, impossible())
        left = open_files() - before
        return left, list(Network(sandbox, load("red-blue")))

    assert in_sandbox(action) == (0, ["global", "red", "blue"])


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_too_few_file_descriptors_are_an_error_with_a_remedy(in_sandbox: InSandbox, mode: str) -> None:
    names = {f"n{number}": f"10.0.{number}.2/24" for number in range(60)}

    def action(sandbox: Sandbox) -> str:
        resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
        return refusal(sandbox, from_mapping({"namespaces": names}))

    what, _, tried, *cures = in_sandbox(action, mode).splitlines()
    assert what.startswith("the kernel refused namespace n")
    assert tried.startswith("  tried: [Errno 24] Too many open files")
    assert cures == [
        "  do: raise the limit of open files, see ulimit -n: each namespace takes an open file",
    ]


@pytest.mark.root  # only root may lower the limit, in a user namespace of its own too
def test_the_kernels_limit_of_namespaces_is_an_error_with_a_remedy(in_sandbox: InSandbox) -> None:
    """In a new user namespace the limit applies to that namespace alone."""

    def action(sandbox: Sandbox) -> str:
        with sandbox.entered():
            subprocess.run(["sh", "-c", "echo 2 > /proc/sys/user/max_net_namespaces"], check=True)
        return refusal(sandbox, load("cluster"))

    what, _, tried, cure = in_sandbox(action, "rootless").splitlines()
    assert what.startswith("the kernel refused namespace ")
    assert tried == "  tried: [Errno 28] unshare: No space left on device"
    assert cure == "  do: raise the limit: sysctl -w user.max_net_namespaces=15000"


def test_a_kernel_without_ipv6_is_an_error_with_a_remedy(in_sandbox: InSandbox) -> None:
    def action(sandbox: Sandbox) -> str:
        with sandbox.entered():
            Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        return refusal(sandbox, load("dual-stack"))

    what, _, tried, cure = in_sandbox(action).splitlines()
    assert what.startswith("the kernel refused the address ")
    assert what.endswith(" of veth-red, in global")
    assert tried.startswith("  tried: [Errno 13] Permission denied")
    assert cure == (
        "  do: enable IPv6: boot the kernel without ipv6.disable=1, and set net.ipv6.conf.all.disable_ipv6 = 0"
    )


def masquerading() -> Topology:
    return from_mapping({"masquerade": True, "namespaces": {"red": "192.0.2.2/24"}}, source="shop.toml")


def test_a_refused_address_translation_is_named_with_the_modules_to_load(in_sandbox: InSandbox) -> None:
    """The first network's ``global`` is the sandbox's own namespace: a chain of another type is in the way there."""

    def action(sandbox: Sandbox) -> str:
        from pyroute2.nftables.main import NFTables

        with sandbox.entered(), NFTables(nfgen_family=NFPROTO_INET) as nft:
            nft.table("add", name="netns-mysql")
            nft.chain("add", table="netns-mysql", name="postrouting", hook="input", type="filter", priority=0, policy=1)
        return refusal(sandbox, masquerading())

    what, where, tried, remedy = in_sandbox(action).splitlines()
    assert what == "the kernel refused address translation in global"
    assert where == "  where: topology topology (shop.toml)"
    assert tried.startswith("  tried: [Errno ")
    assert remedy == "  do: load the modules on the host, as root: modprobe -a nf_tables nft_chain_nat nft_masq nft_nat"


def test_a_mistake_in_the_plan_is_not_reported_as_the_kernels_refusal(in_sandbox: InSandbox) -> None:
    topology = masquerading()
    object.__setattr__(topology.plan.masquerades[0], "interface", "missing")

    def action(sandbox: Sandbox) -> object:
        with pytest.raises(KeyError) as error:
            Network(sandbox, topology)
        return error.value.args

    assert in_sandbox(action) == ("missing",)


def test_the_first_refusal_of_many_requests_is_told_and_the_rest_is_done(in_sandbox: InSandbox) -> None:
    """More than fit into one go, of which every third asks for what there is no such message for."""
    unknown = 1000

    def action(sandbox: Sandbox) -> tuple[str, int | None]:
        with sandbox.entered(), pytest.raises(RefusedError) as error:
            send([Request(f"request {number}", unknown, b"\0" * 16, flags=0) for number in range(200)])
        return error.value.what, error.value.errno

    assert in_sandbox(action) == ("request 0", 95)
