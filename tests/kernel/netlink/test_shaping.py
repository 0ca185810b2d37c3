"""Slow links: a rate that is kept, and a delay or a loss if the kernel has sch_netem."""

from __future__ import annotations

import gzip
import os
import platform
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.netlink import shaping
from pytest_netns_mysql.kernel.netlink.requests import Request
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import Topology, from_mapping
from pytest_netns_mysql.topology.file.load import load
from pytest_netns_mysql.topology.plan import End, Shaping

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Output = Callable[..., str]

UNKNOWN_QDISC = (
    *("Specified qdisc kind is unknown", "Specified qdisc not found"),  # by newer kernels, by older ones
    "RTNETLINK answers: No such file or directory",  # by a tc without the kernel's explanations
)
BUILT_WITHOUT_NETEM = "# CONFIG_NET_SCH_NETEM is not set"
TCMSG, KIND, ATTRIBUTE = 20, 12, 4  # bytes: the header, the padded attribute "netem", the header of an attribute


def kernel_configuration() -> str:
    """Return the options that the kernel was built with; empty if the machine does not tell."""
    packed, plain = Path("/proc/config.gz"), Path(f"/boot/config-{platform.release()}")
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode()
    return plain.read_text() if plain.exists() else ""


@pytest.fixture(scope="module")
def has_netem(in_network: InNetwork) -> bool:
    """Whether tc can use netem here: asked without any code of ours."""

    def action(network: Network) -> tuple[int, str]:
        argv = ["tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"]
        done: subprocess.CompletedProcess[str] = network["red"].run(argv, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    code, error = in_network(load("red-blue"), action)
    assert code == 0 or any(text in error for text in UNKNOWN_QDISC), error
    return bool(code == 0)


@pytest.mark.skipif(not os.environ.get("CI"), reason="CI alone promises the kernel's modules")
def test_ci_has_netem_unless_the_kernel_was_built_without(has_netem: bool) -> None:
    is_built_without = BUILT_WITHOUT_NETEM in kernel_configuration()
    assert has_netem != is_built_without, "load the module before the tests: modprobe sch_netem"


def shaped(**keys: str) -> Topology:
    return from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", **keys}}})


def test_a_rate_slows_what_leaves(in_network: InNetwork, output: Output) -> None:
    rate, size = 1_000_000, 400_000  # bytes a second, bytes

    def action(network: Network) -> tuple[float, str]:
        with network["global"]:
            listener = socket.create_server(("192.0.2.1", 3306))
        with network["red"]:
            sender = socket.create_connection(("192.0.2.1", 3306), timeout=5)
        receiver = listener.accept()[0]
        begin, left = time.monotonic(), size
        if os.fork() == 0:
            sender.sendall(b"x" * left)
            os._exit(0)
        while left:
            left -= len(receiver.recv(65536))
        return time.monotonic() - begin, output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red")

    took, shown = in_network(shaped(rate="8mbit"), action)
    assert shown.startswith("qdisc tbf 1: root")
    assert "rate 8Mbit" in shown
    assert size / took < 2 * rate  # the bucket lets a part through at once


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
    def action(network: Network) -> str:
        return output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red")

    text = in_network(shaped(rate=rate), action, mode)
    assert " ".join(text.split()).partition(" refcnt ")[2].partition(" ")[2].startswith(shown)


def shown_or_refused(output: Output, topology: Topology) -> str:
    """Return what tc shows of the shaped link, or the error that the network was refused with."""
    try:
        network = Network(Sandbox.create("auto"), topology)
    except NetworkError as error:
        return str(error)
    return output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red")


@pytest.mark.parametrize(
    ("delay", "shown"),
    [("50ms", "delay 50ms"), ("1000s", "delay 1000s")],  # old kernels count ticks of 64 nanoseconds in 32 bits
)
def test_a_delay_and_a_loss_are_set_or_refused_with_the_missing_module(
    in_network: InNetwork, output: Output, has_netem: bool, delay: str, shown: str
) -> None:
    topology = shaped(delay=delay, loss="0.001%")
    found = in_network(load("red-blue"), lambda _: shown_or_refused(output, topology))
    if has_netem:
        assert found.startswith("qdisc netem 2: root")
        assert f" {shown} " in found
        assert "loss 0.001%" in found
    else:
        what, where, tried, *remedies = found.splitlines()
        assert what == "this kernel has no sch_netem, which vpeer-red of red needs for its delay or loss"
        assert where == "  where: topology topology (Python)"
        assert tried.startswith("  tried: tc qdisc add dev vpeer-red netem: [Errno 2] No such file or directory")
        assert remedies == ["  do: load it on the host, as root: modprobe sch_netem", "  do: leave delay or loss out"]


@pytest.mark.parametrize(
    ("delay", "ticks", "nanoseconds"),
    [
        (0.05, 781_250, 50_000_000),
        (1000, 3_125_000_000, 1_000_000_000_000),  # 200 s in the old field, and everything in the new one
    ],
)
def test_a_delay_is_requested_in_ticks_and_in_nanoseconds(
    monkeypatch: pytest.MonkeyPatch, delay: float, ticks: int, nanoseconds: int
) -> None:
    """No kernel is asked: this one may have no netem. See struct tc_netem_qopt in linux/pkt_sched.h."""
    sent: list[Request] = []

    def send(requests: Sequence[Request]) -> None:
        sent.extend(requests)

    monkeypatch.setattr(shaping, "send", send)
    shaping.shape(End("red", "lo"), Shaping(delay=delay, loss=50), where="a topology")
    body = sent[0].body[TCMSG + KIND + ATTRIBUTE :]
    assert struct.unpack_from("=6I", body) == (ticks, 1000, 0x7FFFFFFF, 0, 0, 0)
    latency64 = 10
    assert struct.unpack_from("=HHq", body, 24) == (12, latency64, nanoseconds)
