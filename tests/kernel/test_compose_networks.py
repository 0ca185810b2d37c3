"""Networks of compose files in the kernel: published ports, and what is kept apart."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import Topology, load

pytestmark = pytest.mark.as_user

InNetwork = Callable[..., Any]
Met = Callable[..., str]
MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])


def topology(folder: Path, text: str) -> Topology:
    file = folder / "compose.yaml"
    file.write_text(text)
    return load(str(file))


@MODES
def test_a_service_reaches_a_published_port_at_the_gateway_of_its_network(
    in_network: InNetwork, met: Met, mode: str, tmp_path: Path
) -> None:
    """This is how a container reaches what its host has: host.docker.internal. The origin is the gateway."""
    single = topology(tmp_path, "services: {db: {image: mysql, ports: ['3306:3306']}, app: {image: app}}")

    def action(network: Network) -> list[str]:
        return [met(network, "app", "db", "172.18.0.2", to=to) for to in ("172.18.0.1", "172.18.0.2")]

    assert in_network(single, action, mode) == ["172.18.0.1", "172.18.0.3"]


@MODES
def test_the_host_reaches_a_published_port_by_its_addresses(
    in_network: InNetwork, met: Met, mode: str, tmp_path: Path
) -> None:
    two = topology(
        tmp_path,
        """
        services:
          db: {image: mysql, ports: ['3306:3306'], networks: [back]}
          app: {image: app, networks: [front]}
        networks:
          back: {enable_ipv6: true, ipam: {config: [{subnet: 10.9.0.0/24}, {subnet: "2001:db8::/64"}]}}
          front:
        """,
    )

    def action(network: Network) -> list[str]:
        places = [("10.9.0.2", "127.0.0.1"), ("10.9.0.2", "172.18.0.1"), ("2001:db8::2", "2001:db8::1")]
        return [met(network, "global", "db", address, to=to) for address, to in places]

    assert in_network(two, action, mode) == ["10.9.0.1", "10.9.0.1", "2001:db8::1"]


@MODES
def test_networks_are_kept_apart(in_network: InNetwork, mode: str, tmp_path: Path) -> None:
    two = topology(
        tmp_path,
        """
        services:
          db: {image: mysql, networks: [back], ports: ['3306:3306']}
          app: {image: app, networks: [front]}
        networks: {front: , back: }
        """,
    )

    def action(network: Network) -> list[int]:
        with network["db"]:
            listener = socket.create_server(("172.19.0.2", 3306))
        found = []
        with listener, network["app"]:
            for address in ("172.19.0.2", "172.18.0.1"):
                with socket.socket() as client:
                    client.settimeout(0.3)
                    found.append(client.connect_ex((address, 3306)))
        return found

    to_the_service, to_the_host = in_network(two, action, mode)
    assert to_the_service in (errno.EAGAIN, errno.ENETUNREACH, errno.EHOSTUNREACH)
    assert to_the_host == errno.ECONNREFUSED
