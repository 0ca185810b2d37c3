"""Links that are slow or lose packets, until the fault is healed."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import ClientError, Endpoint, Network, NetworkError, SettingError
from pytest_netns_mysql.kernel.origin import origin
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Output = Callable[..., str]


def queues(network: Network, output: Output) -> list[str]:
    """Return what tc shows of both ends of red's link, without numbers that the kernel counts."""
    shown = [
        output(network, name, "tc", "qdisc", "show", "dev", interface)
        for name, interface in (("red", "vpeer-red"), ("global", "veth-red"))
    ]
    return [" ".join(text.split()[1:2] + text.split()[6:8]) for text in shown]


def test_a_rate_limits_both_ways_until_the_block_ends(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> list[Any]:
        link = network.link("red")
        with link.shape(rate="2mbit") as fault:
            seen = [fault.what, queues(network, output)]
        with link.shape(rate="3mbit", direction="in") as fault:
            seen += [fault.what, queues(network, output)]
        return [*seen, queues(network, output)]

    assert in_network(load("red-blue"), action) == [
        "the link of red to global is limited to 2mbit",
        ["tbf rate 2Mbit", "tbf rate 2Mbit"],
        "the link of red to global is limited to 3mbit, into red only",
        ["noqueue", "tbf rate 3Mbit"],
        ["noqueue", "noqueue"],
    ]


def test_a_shaped_topology_has_its_own_rate_again(in_network: InNetwork, output: Output) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "rate": "10mbit"}}})

    def action(network: Network) -> list[list[str]]:
        seen = [queues(network, output)]
        with network.link("red").shape(rate="2mbit"):
            seen.append(queues(network, output))
        with pytest.raises(ZeroDivisionError), network.link("red").shape(rate="1mbit", loss="1%"):
            raise ZeroDivisionError
        return [*seen, queues(network, output)]

    own = ["tbf rate 10Mbit", "noqueue"]
    assert in_network(topology, action) == [own, ["tbf rate 2Mbit", "tbf rate 2Mbit"], own]


def test_data_takes_as_long_as_the_rate_says(in_network: InNetwork) -> None:
    size, rate = 100_000, 100_000  # bytes, bytes a second

    def action(network: Network) -> float:
        with network["red"]:
            listener = socket.create_server(("192.0.2.2", 3306))
        with listener, network["global"], socket.create_connection(("192.0.2.2", 3306)) as sender:
            receiver = listener.accept()[0]
            with receiver, network.link("red").shape(rate="800kbit", direction="in"):
                begin, left = time.monotonic(), size
                sender.sendall(b"x" * size)
                while left:
                    left -= len(receiver.recv(1 << 16))
                return time.monotonic() - begin

    assert size / in_network(load("red-blue"), action) < 2 * rate  # the bucket lets a part through at once


@pytest.mark.parametrize(("loss", "least", "most"), [("100%", 0, 0), ("50%", 350, 650), ("5%", 880, 995)])
def test_a_part_of_the_packets_is_lost(in_network: InNetwork, loss: str, least: int, most: int) -> None:
    """The bounds are so wide that chance does not reach them."""

    def action(network: Network) -> int:
        with network["red"]:
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.bind(("192.0.2.2", 5000))
            receiver.settimeout(5)
        with network["global"]:
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        arrived = 0
        # Before the fault: ARP's question may be lost, and is repeated after a second.
        sender.sendto(b"x", ("192.0.2.2", 5000))
        receiver.recv(10)
        with receiver, sender, network.link("red").shape(loss=loss, direction="in"):
            for patience in (*[0.2] * 9, 1):  # on a busy machine packets come late
                receiver.settimeout(patience)
                for _ in range(100):  # which the receiver's buffer holds
                    sender.sendto(b"x", ("192.0.2.2", 5000))
                with contextlib.suppress(TimeoutError):
                    while receiver.recv(10):
                        arrived += 1
        return arrived

    assert least <= in_network(load("red-blue"), action) <= most


def delayed(network: Network) -> str:
    """Return the clause of a fault that delays packets, or the error of the kernel that cannot."""
    try:
        with network.link("red").shape(rate="1mbit", delay="20ms", loss="1%") as fault:
            return fault.what
    except NetworkError as error:
        return str(error)
    finally:
        assert network.fault_log.in_force == []


@pytest.fixture
def has_netem(in_network: InNetwork) -> bool:
    """Whether this kernel has sch_netem, or can load it: tc(8) asks the kernel, without our code."""

    def action(network: Network) -> int:
        return network["red"].run(["tc", "qdisc", "add", "dev", "lo", "root", "netem"], capture_output=True).returncode

    return bool(in_network(load("red-blue"), action) == 0)


def test_a_delay_is_set_where_the_kernel_has_sch_netem_and_refused_elsewhere(
    in_network: InNetwork, output: Output, has_netem: bool
) -> None:
    """The kernel of CI lacks the module, so that the delay itself is seen only where a developer's kernel has it."""
    text, after = in_network(load("red-blue"), lambda network: (delayed(network), queues(network, output)))
    assert after == ["noqueue", "noqueue"]
    if has_netem:
        clause = "the link of red to global is limited to 1mbit and delays packets by 20ms and loses 1% of the packets"
        assert text == clause
    else:
        first, *_, last = text.splitlines()
        assert first == "this kernel has no sch_netem, which vpeer-red of red needs for its delay or loss"
        assert last == "  do: leave delay or loss out"


def test_a_link_is_shaped_once_at_a_time(in_network: InNetwork) -> None:
    def action(network: Network) -> str:
        red, blue = network.link("red"), network.link("blue")
        with red.shape(rate="1mbit"), blue.shape(rate="1mbit"), pytest.raises(NetworkError) as error:
            red.shape(loss="1%")
        with red.shape(loss="1%"):
            return str(error.value)

    assert in_network(load("red-blue"), action).splitlines() == [
        "this link is shaped already: the link of red to global is limited to 1mbit",
        "  where: topology red-blue (preset red-blue)",
        "  do: leave the block of that fault first, or call its heal()",
        "  do: write rate, delay and loss together",
    ]


def test_wrong_quantities_are_errors_at_once(in_network: InNetwork) -> None:
    wrong: list[dict[str, Any]] = [{"rate": "fast"}, {"rate": 10}, {"delay": "20"}, {"loss": "101%"}, {}]

    def action(network: Network) -> list[str]:
        found = []
        for keywords in wrong:
            with pytest.raises(SettingError) as error:
                network.link("red").shape(**keywords)
            found.append(str(error.value).splitlines()[0])
        return found

    units = "bit, kbit, mbit, gbit, bps, kbps, mbps, gbps"
    assert in_network(load("red-blue"), action) == [
        f"netns.link(...).shape(rate='fast'): it takes a number above 0 with one of the units {units}, as text",
        f"netns.link(...).shape(rate=10): it takes a number above 0 with one of the units {units}, as text",
        "netns.link(...).shape(delay='20'): it takes a number above 0 with one of the units us, ms, s, as text",
        "netns.link(...).shape(loss='101%'): it takes a number above 0 with one of the units %, as text",
        "netns.link(...).shape() needs a rate, a delay or a loss",
    ]


@pytest.mark.parametrize("cause", ["without_address", "rate", "loss"])
def test_a_deleted_link_has_no_faults(in_network: InNetwork, output: Output, cause: str) -> None:
    def action(network: Network) -> str:
        output(network, "red", "ip", "link", "delete", "vpeer-red")
        link = network.link("red")
        with pytest.raises(NetworkError) as error:
            link.without_address() if cause == "without_address" else link.shape(
                **{cause: "1mbit" if cause == "rate" else "1%"}
            )
        return str(error.value).splitlines()[0]

    assert in_network(load("red-blue"), action) == ("the link of red has been deleted: red has no interface vpeer-red")


def test_the_origin_of_an_account_is_known_during_a_fault(in_network: InNetwork) -> None:
    """So that the client gets the driver's own error."""

    def action(network: Network) -> list[str]:
        blue = Endpoint("198.51.100.2", "blue", 3306)
        with network.partition("red"):
            found = [origin(network, "red", blue)]
        network["red"].run(["ip", "route", "del", "default"], check=True)
        with pytest.raises(ClientError, match=r"red cannot reach 198\.51\.100\.2/blue"):
            origin(network, "red", blue)
        return found

    assert in_network(load("red-blue"), action) == ["192.0.2.2"]


@pytest.mark.parametrize("preset", ["nat", "two"])
def test_an_origin_that_a_fault_hides_names_the_fault(in_network: InNetwork, preset: str) -> None:
    two = {"namespaces": {"red": {"address": ["192.0.2.2/24", "192.0.2.3/24"]}, "blue": {"address": "10.0.0.2/24"}}}
    topology = from_mapping(two) if preset == "two" else load("nat")

    def action(network: Network) -> tuple[str, str]:
        client, server = network.topology.namespaces if preset == "two" else ("red", "db")
        address = str(network[server].addresses[0].ip)
        with network.partition(client) as fault, pytest.raises(ClientError) as error:
            origin(network, client, Endpoint(address, server, 3306))
        return str(error.value), fault.what

    text, what = in_network(topology, action)
    assert f"  tried: a fault is in force: {what}\n" in text


@pytest.mark.parametrize("direction", ["in", "out"])
def test_the_link_to_a_bridge_loses_packets_too(in_network: InNetwork, direction: str) -> None:
    def action(network: Network) -> list[int]:
        codes = []
        with network["db"]:
            listener = socket.create_server(("172.18.0.2", 3306))
        with listener:
            for loss in ("100%", None):
                fault = None if loss is None else network.link("db").shape(loss=loss, direction=direction)
                with fault or contextlib.nullcontext(), network["app"], socket.socket() as caller:
                    caller.settimeout(0.5 if loss else 5)
                    codes.append(caller.connect_ex(("172.18.0.2", 3306)))
        return codes

    assert in_network(load("bridge"), action) == [errno.EAGAIN, 0]
