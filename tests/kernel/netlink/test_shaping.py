"""Slow links: a rate that is kept, and a delay or a loss where the kernel has them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

InNetwork = Callable[..., Any]
Met = Callable[..., str]
Output = Callable[..., str]


def test_a_rate_slows_what_leaves(in_network: InNetwork, output: Output) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "rate": "8mbit"}}})

    def action(network: Network) -> tuple[float, str]:
        with network["global"]:
            listener = socket.create_server(("192.0.2.1", 3306))
        with network["red"]:
            sender = socket.create_connection(("192.0.2.1", 3306), timeout=5)
        receiver = listener.accept()[0]
        begin, left = time.monotonic(), 400_000
        if os.fork() == 0:
            sender.sendall(b"x" * left)
            os._exit(0)
        while left:
            left -= len(receiver.recv(65536))
        return time.monotonic() - begin, output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red")

    took, shown = in_network(topology, action)
    assert shown.startswith("qdisc tbf 1: root")
    assert "rate 8Mbit" in shown
    assert took > 0.2  # 0.4 s at 8 Mbit/s, less what the bucket holds; without it a hundredth of a second


def test_a_delay_is_had_or_told_with_the_module_that_is_missing(in_network: InNetwork, output: Output) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "delay": "50ms", "loss": "0.001%"}}})

    def attempt() -> str:
        try:
            network = Network(Sandbox.create("auto"), topology)
        except NetworkError as error:
            return str(error)
        return output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red")

    found = in_network(load("red-blue"), lambda _: attempt())
    if not found.startswith("this kernel has no"):
        assert "delay 50ms" in found
    else:
        what, where, tried, *cures = found.splitlines()
        assert what == "this kernel has no sch_netem, which vpeer-red of red needs for its delay or loss"
        assert where == "  where: topology topology (Python)"
        assert tried.startswith("  tried: tc qdisc add dev vpeer-red netem: [Errno 2] No such file or directory")
        assert cures == ["  do: load it on the host, as root: modprobe sch_netem", "  do: leave delay or loss out"]


@pytest.mark.parametrize("mode", ["auto", "rootless"])
@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        ("1kbit", "rate 1Kbit burst 3200b lat 400ms"),
        ("10mbit", "rate 10Mbit burst 5000b lat 400ms"),
        ("40gbit", "rate 40Gbit"),
        ("100gbit", "rate 100Gbit"),  # more bytes than 32 bits hold
    ],
)
def test_slow_and_fast_rates_are_what_tc_shows(
    in_network: InNetwork, output: Output, rate: str, shown: str, mode: str
) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "rate": rate}}})
    text = in_network(topology, lambda network: output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red"), mode)
    assert " ".join(text.split()).partition(" refcnt ")[2].partition(" ")[2].startswith(shown)


def test_a_delay_of_many_minutes_is_no_trouble_of_ours(in_network: InNetwork) -> None:
    """Old kernels count 64 nanoseconds in 32 bits; what is more comes in 64 bits beside."""
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "delay": "1000s"}}})

    def attempt() -> str:
        try:
            return f"{Network(Sandbox.create('auto'), topology)}"
        except NetworkError as error:
            return error.what

    found = in_network(load("red-blue"), lambda _: attempt())
    assert "Network" in found or found.startswith("this kernel has no sch_netem")
