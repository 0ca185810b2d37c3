"""Projects with as many networks as Docker has subnets for."""

from __future__ import annotations

import pytest

from tests.topology.compose.conftest import Read, Refused

pytestmark = pytest.mark.as_user


def project(count: int) -> str:
    """Return a compose file with a service on some networks."""
    names = ", ".join(f"n{number}" for number in range(count))
    return f"services: {{db: {{image: mysql, networks: [{names}]}}}}\nnetworks: {{{names}}}"


def test_each_network_has_a_subnet_of_its_own(read: Read) -> None:
    """Docker has 286 by default: 14 below 172, 16 below 192.168, and 256 below 10."""
    gateways = [bridge.address[0] for bridge in read(project(286)).bridges.values()]
    assert gateways == [
        *(f"172.{number}.0.1/16" for number in range(18, 32)),
        *(f"192.168.{number}.1/20" for number in range(0, 256, 16)),
        *(f"10.{number}.0.1/16" for number in range(256)),
    ]


def test_a_network_without_a_subnet_is_refused(refused: Refused) -> None:
    assert refused(project(287)) == (
        "there is no subnet left for the network n286\n  where: compose.yaml, line 2: networks.n286\n  do: write ipam"
    )
