"""``netns.capture()``: which packets it has, when, and what it says if it cannot."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import Network, NetworkError, SettingError, UnknownNamespaceError
from pytest_netns_mysql.kernel.capture import tap
from pytest_netns_mysql.kernel.capture.packets import Packets
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python, pytest.mark.slow]

InNetwork = Callable[..., Any]


def tcp(packets: Packets) -> bytes:
    """Return what TCP carries: the kernel also sends ICMPv6 by itself, at any time."""
    return packets.matching(protocol="tcp").payload


def exchange(network: Network, client: str, server: str, *, payload: bytes = b"hello", port: int = 3306) -> None:
    """Connect from one namespace to another, and send a payload."""
    with network[server]:
        listener = socket.create_server((network[server].address, port))
    with listener, network[client], socket.create_connection((network[server].address, port), timeout=5) as caller:
        answering, _ = listener.accept()
        with answering:
            caller.sendall(payload)
            assert answering.recv(len(payload), socket.MSG_WAITALL) == payload


def test_a_packet_is_seen_on_each_interface_that_it_crosses(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture() as packets:
            exchange(network, "red", "blue")
        opening = packets.matching(syn=True, ack=False)
        return [(str(one.source), one.namespace, one.is_outgoing) for one in opening], opening[0].destination_port

    crossed = [("red", True), ("global", False), ("global", True), ("blue", False)]
    assert in_network(load("red-blue"), action) == ([("192.0.2.2", *one) for one in crossed], 3306)


def test_a_packet_on_the_loopback_is_captured_once(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture("red") as packets:
            exchange(network, "red", "red")
        return [(one.interface, one.is_outgoing) for one in packets.matching(syn=True)], tcp(packets)

    found, payload = in_network(load("red-blue"), action)
    assert found == [("lo", False), ("lo", False)]
    assert payload == b"hello"


def test_only_the_namespaces_that_were_named(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture("blue", "red", "blue") as packets:
            exchange(network, "red", "blue")
        return {one.namespace for one in packets}

    assert in_network(load("red-blue"), action) == {"red", "blue"}


def test_in_the_block_each_look_finds_more_and_after_it_none(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture("red") as packets:
            seen = [len(packets.matching(syn=True))]
            exchange(network, "red", "red")
            seen.append(len(packets.matching(syn=True)))
        exchange(network, "red", "red")
        return [*seen, len(packets.matching(syn=True))]

    assert in_network(load("red-blue"), action) == [0, 2, 2]


def test_captures_nest_and_follow_each_other(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture("red") as outer:
            exchange(network, "red", "red", payload=b"1")
            with network.capture("red") as inner:
                exchange(network, "red", "red", payload=b"2")
        with network.capture("red") as last:
            exchange(network, "red", "red", payload=b"3")
        return tcp(outer), tcp(inner), tcp(last)

    assert in_network(load("red-blue"), action) == (b"12", b"2", b"3")


def test_packets_that_no_link_delivers_are_seen_where_they_leave(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        network["global"].run(["ip", "route", "replace", "blackhole", "198.51.100.2"], check=True)
        with network.capture() as packets, network["red"], pytest.raises(OSError, match="timed out"):
            socket.create_connection(("198.51.100.2", 3306), timeout=0.2)
        return {one.namespace for one in packets.matching(syn=True)}

    assert in_network(load("red-blue"), action) == {"red", "global"}


def test_an_interface_that_goes_down_ends_no_capture(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture("red") as packets:
            network.link("red").down()
            exchange(network, "red", "red", payload=b"1")
            network.link("red").up()
            exchange(network, "red", "red", payload=b"2")
        return tcp(packets)

    assert in_network(load("red-blue"), action) == b"12"


def test_what_does_not_fit_into_the_buffer_is_counted(in_network: InNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap, "BUFFER", 1)  # the kernel makes it a few kilobytes

    def action(network: Network) -> Any:
        with network.capture("red") as packets:
            for _ in range(20):
                exchange(network, "red", "red")
        return len(packets), packets.lost

    captured, lost = in_network(load("red-blue"), action)
    assert captured > 0
    assert lost > 0


def test_a_large_packet_is_whole(in_network: InNetwork) -> None:
    payload = bytes(range(256)) * 100  # the loopback does not cut this into several packets

    def action(network: Network) -> Any:
        with network.capture("red") as packets:
            exchange(network, "red", "red", payload=payload)
        return [one.payload == payload for one in packets.matching(protocol="tcp") if one.payload]

    assert in_network(load("red-blue"), action) == [True]


def test_another_thread_captures_as_well(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture("red") as packets:
            thread = threading.Thread(target=exchange, args=(network, "red", "red"))
            thread.start()
            thread.join()
        return tcp(packets)

    assert in_network(load("red-blue"), action) == b"hello"


def test_a_sequence_of_packets(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with network.capture("red") as packets:
            exchange(network, "red", "red")
        assert list(packets[1:3]) == list(packets)[1:3]
        assert packets[0] in packets
        with pytest.raises(SettingError) as error:
            packets.matching(dport=3306)
        hello = packets.matching(payload=b"hello")
        assert str(hello) == f"1 packet\n  {hello[0]}"
        assert repr(hello) == f"<1 packet: {hello[0]}>"
        assert (str(packets[:0]), repr(packets[:0])) == ("0 packets", "<0 packets>")
        several = Packets(packets=[*packets] * 10)
        assert len(several) > 50
        assert len(repr(several)) < 240
        assert repr(several).startswith(f"<{len(several)} packets: {packets[0]}; ")
        return str(hello[0]), str(error.value)

    line, error = in_network(load("red-blue"), action)
    assert line.startswith("red/lo < 192.0.2.2:")
    assert line.endswith(" to 192.0.2.2:3306 tcp PSH ACK, 71 bytes")
    assert error.startswith(
        "packets.matching(dport=...): a packet has no attribute dport\n  tried: its attributes are "
    )


def test_an_unknown_namespace_is_named(in_network: InNetwork) -> None:
    def action(network: Network) -> Any:
        with pytest.raises(UnknownNamespaceError) as error:
            network.capture("red", "green")
        return str(error.value)

    assert in_network(load("red-blue"), action).startswith("there is no namespace 'green'\n")


def test_without_the_capability_the_error_says_so(in_network: InNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def action(network: Network) -> Any:
        from pytest_netns_mysql.kernel.namespaces import privileges, syscalls

        kept = privileges.NEEDED | {privileges.CAP_SYS_CHROOT}
        syscalls.limit_capabilities(kept, own=frozenset({privileges.CAP_SYS_CHROOT}))
        with pytest.raises(NetworkError) as error, network.capture("red"):
            pass
        return str(error.value)

    assert in_network(load("red-blue"), action).splitlines() == [
        "the packets of namespace red cannot be captured: Operation not permitted",
        "  where: topology red-blue (preset red-blue)",
        "  tried: a packet socket in the namespace, see packet(7)",
        "  do: packet sockets need CAP_NET_RAW: in Docker leave out --cap-drop NET_RAW",
    ]


def test_a_capture_that_cannot_begin_leaves_no_tap_in_use(in_network: InNetwork) -> None:
    """There may be one more open file, but a capture in two namespaces needs two: the first is kept for the next."""

    def action(network: Network) -> tuple[str, list[int]]:
        network.capture("red")  # which imports what it needs
        free = os.dup(0)
        os.close(free)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, hard))
        for _ in range(2):
            with pytest.raises(NetworkError) as error, network.capture("red", "blue"):
                pass
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        sockets = [len(packet_sockets())]
        with network.capture("red", "blue"):
            sockets.append(len(packet_sockets()))
        return str(error.value).splitlines()[0], sockets

    assert in_network(load("red-blue"), action) == (
        "the packets of namespace blue cannot be captured: Too many open files",
        [1, 2],
    )


def packet_sockets() -> list[int]:
    """Return the descriptors of this process's packet sockets."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(entry.name))) as sock:
            if sock.family == socket.AF_PACKET:
                found.append(int(entry.name))
    return found


def test_a_socket_that_the_test_closed_is_an_error_and_the_next_capture_has_another(
    in_network: InNetwork, tmp_path: Path
) -> None:
    def action(network: Network) -> tuple[str, str]:
        def replace(error: type[Exception] | None = None) -> None:
            """Have a file take the number of the socket."""
            with network.capture("red"), (tmp_path / "file").open("wb") as stream:
                (number,) = packet_sockets()
                os.dup2(stream.fileno(), number)
                numbers.append(number)
                if error is not None:
                    raise error

        numbers: list[int] = []
        with pytest.raises(NetworkError) as error:
            replace()
        with pytest.raises(ZeroDivisionError):  # the first error counts
            replace(ZeroDivisionError)
        with network.capture("red") as packets:
            exchange(network, "blue", "red")
        network._close()
        for number in numbers:
            os.close(number)  # which is open still
        return str(error.value), packets[0].destination

    text, destination = in_network(load("red-blue"), action)
    assert text.splitlines() == [
        "the packets of namespace red are lost: their socket was closed in the block of capture()",
        "  do: do not close descriptors that the test did not open, as os.closerange() does",
    ]
    assert destination == "192.0.2.2"
