"""Random projects of plausible parts: each is read without faults, or is refused by a line of its file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.topology import dump, load

pytestmark = pytest.mark.as_user

NETWORKS = ("front", "back", "db", "default", "a-network-with-a-long-name", "a-network-with-a-long-nickname")
SERVICES = ("db", "app", "App", "my_app", "x.y", "front", "a" * 40)
PORTS = ("3306", "80:80", "127.0.0.1:80:80", "8080-8090:80", "172.18.0.1:90:90", "0.0.0.0:1:1", "[::]:2:2", "5-6:5-6")
SUBNETS = ("10.1.0.0/24", "10.2.0.0/29", "10.3.0.0/30", "172.18.0.0/16", "10.6.0.7/24")


def some(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=options)


SWITCH = st.booleans()
IPAM = st.builds(
    lambda v4, v6: {"config": [{"subnet": v4}, *([{"subnet": v6}] if v6 else [])]},
    st.sampled_from(SUBNETS),
    st.sampled_from(["", "2001:db8::/64", "fd00::/8"]),
)
BRIDGE = st.builds(
    lambda name, mtu: {"com.docker.network.bridge.name": name, "com.docker.network.driver.mtu": mtu},
    st.sampled_from(["br0", "veth-app", "br-front"]),
    st.sampled_from(["1280", "9000"]),
)
NETWORK = some(internal=SWITCH, enable_ipv6=SWITCH, enable_ipv4=st.just(value=False), ipam=IPAM, driver_opts=BRIDGE)
MEMBER = some(
    aliases=st.lists(st.sampled_from(["mysql", "db", "APP", "web"]), max_size=2),
    interface_name=st.sampled_from(["eth0", "eth1", "x"]),
    mac_address=st.just("02:42:ac:11:00:02"),
    priority=st.integers(0, 2),
    gw_priority=st.integers(0, 2),
)
OF_SERVICE = {
    "ports": st.lists(st.sampled_from(PORTS), max_size=2, unique=True),
    "scale": st.integers(0, 3),
    "container_name": st.sampled_from(["c", "app", "C_1"]),
    "extra_hosts": st.just(["h=::1", "host.docker.internal:host-gateway"]),
    "links": st.sampled_from([["db"], ["db:store"]]),
}
MEMBERS = st.dictionaries(st.sampled_from(NETWORKS), MEMBER, max_size=3)
MODES = st.sampled_from(["host", "none", "bridge", "service:db"])
SERVICE = st.one_of(
    some(networks=MEMBERS, **OF_SERVICE), some(networks=MEMBERS, **OF_SERVICE), some(network_mode=MODES)
)


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(st.sampled_from(SERVICES), SERVICE, min_size=1, max_size=4), st.tuples(*[NETWORK] * 6))
def test_a_project_is_read_or_refused(folder: Path, services: dict[str, Any], networks: tuple[Any, ...]) -> None:
    import yaml

    for name, service in services.items():
        service["image"] = "mysql" if name == "db" else "app"
    data = {"services": services, "networks": dict(zip(NETWORKS, networks, strict=True))}
    file = folder / "compose.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False))
    try:
        topology = load(str(file))
    except NetnsError as error:
        message = str(error)
    else:
        again = load(dump(topology))
        assert (again.plan, again.mysqld) == (topology.plan, topology.mysqld)
        return
    places = [line for line in message.splitlines() if line.strip().startswith("where: ")]
    assert all(re.search(r"compose\.yaml, line \d+|compose\.yaml$", place) for place in places), message
