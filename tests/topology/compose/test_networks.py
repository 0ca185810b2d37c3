"""Networks and the addresses of services on them."""

from __future__ import annotations

import pytest

from tests.topology.compose.conftest import Read

pytestmark = pytest.mark.as_user


def addresses(topology: object) -> dict[str, list[str]]:
    found = topology.addresses  # type: ignore[attr-defined]
    return {name: [str(address) for address in own if not address.is_loopback] for name, own in found.items()}


def routes(topology: object) -> list[tuple[str, str]]:
    return [(route.namespace, str(route.gateway)) for route in topology.plan.routes]  # type: ignore[attr-defined]


def test_services_without_networks_are_on_the_default_one(read: Read) -> None:
    topology = read("services: {db: {image: mysql}, app: {image: app}}")
    assert addresses(topology) == {"global": ["172.18.0.1/16"], "db": ["172.18.0.2/16"], "app": ["172.18.0.3/16"]}
    assert [(bridge.name, bridge.interface) for bridge in topology.plan.bridges] == [("default", "br-default")]
    assert (topology.name, topology.source.endswith("/shop/compose.yaml")) == ("shop", True)
    assert topology.forwarding


def test_the_default_network_may_be_described(read: Read) -> None:
    topology = read(
        """
        services: {db: {image: mysql}}
        networks:
          default: {ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.9, ip_range: 10.9.0.128/25}]}}
        """
    )
    assert addresses(topology) == {"global": ["10.9.0.9/24"], "db": ["10.9.0.128/24"]}


@pytest.mark.parametrize(
    ("range_", "gateway", "first"),
    [("10.9.5.0/24", "10.9.5.0", "10.9.5.1"), ("10.9.0.0/24", "10.9.0.1", "10.9.0.2")],
)
def test_a_gateway_that_is_left_out_is_the_first_of_the_range(
    read: Read, range_: str, gateway: str, first: str
) -> None:
    topology = read(
        "services: {db: {image: mysql}}\n"
        f"networks: {{default: {{ipam: {{config: [{{subnet: 10.9.0.0/16, ip_range: {range_}}}]}}}}}}"
    )
    assert addresses(topology) == {"global": [f"{gateway}/16"], "db": [f"{first}/16"]}


def test_fixed_and_reserved_addresses_are_left_out_when_others_are_given(read: Read) -> None:
    topology = read(
        """
        services:
          app: {image: app, networks: [back]}
          db: {image: mysql, networks: {back: {ipv4_address: 10.9.0.3}}}
          worker: {image: app, networks: [back]}
        networks:
          back: {ipam: {config: [{subnet: 10.9.0.0/24, aux_addresses: {printer: 10.9.0.2}}]}}
        """
    )
    assert addresses(topology) == {
        "global": ["10.9.0.1/24"],
        "app": ["10.9.0.4/24"],
        "db": ["10.9.0.3/24"],
        "worker": ["10.9.0.5/24"],
    }


def test_a_network_has_both_families(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql, networks: {back: {ipv6_address: "2001:db8::5"}}}
          app: {image: app, networks: [back, other]}
        networks:
          back: {enable_ipv6: true, ipam: {config: [{subnet: 10.9.0.0/24}, {subnet: "2001:db8::/64"}]}}
          other: {enable_ipv6: true, enable_ipv4: false}
        """
    )
    assert addresses(topology) == {
        "global": ["10.9.0.1/24", "2001:db8::1/64", "fd00:0:0:1::1/64"],
        "db": ["10.9.0.2/24", "2001:db8::5/64"],
        "app": ["10.9.0.3/24", "2001:db8::2/64", "fd00:0:0:1::2/64"],
    }
    assert topology.bind_address == ("10.9.0.2/db", "2001:db8::5/db", "127.0.0.1/db")


def test_a_subnet_of_ipv6_alone_does_not_switch_ipv6_on(read: Read) -> None:
    topology = read(
        """
        services: {db: {image: mysql, networks: [back]}}
        networks: {back: {ipam: {config: [{subnet: "2001:db8::/64"}]}}}
        """
    )
    assert addresses(topology)["db"] == ["172.18.0.2/16"]
    assert topology.notes == ("the subnet 2001:db8::/64 of the network back was not used: enable_ipv6 is not true",)


def test_subnets_that_are_left_out_do_not_overlap_given_ones(read: Read) -> None:
    topology = read(
        """
        services: {db: {image: mysql, networks: [one, two]}}
        networks: {one: , two: {ipam: {config: [{subnet: 172.18.4.0/24}]}}}
        """
    )
    assert addresses(topology)["db"] == ["172.19.0.2/16", "172.18.4.2/24"]


def test_the_default_route_leads_by_the_first_network_that_is_not_internal(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql, networks: [alone]}
          app: {image: app, networks: {zone: , alone: , front: }}
          worker: {image: app, networks: {zone: {gw_priority: 1}, front: {priority: 1}, alone: }}
        networks: {zone: , front: , alone: {internal: true}}
        """
    )
    assert routes(topology) == [("app", "172.19.0.1"), ("worker", "172.18.0.1")]
    ends = {(veth.inner.namespace, veth.inner.interface): veth.to for veth in topology.plan.veths}
    assert ends == {
        ("db", "eth0"): "alone",
        ("app", "eth0"): "alone",
        ("app", "eth1"): "front",
        ("app", "eth2"): "zone",
        ("worker", "eth0"): "front",
        ("worker", "eth1"): "alone",
        ("worker", "eth2"): "zone",
    }
    assert not topology.forwarding


@pytest.mark.parametrize(
    ("networks", "first"),
    [
        ("a: , proxy: {external: true}", "proxy"),  # shop_a is behind proxy
        ("a: , b: {name: back}", "b"),
        ("a: {name: zone}, b: ", "b"),
        ("a: , b: {enable_ipv6: true}", "b"),
        ("a: , b: ", "a"),
    ],
)
def test_the_default_route_leads_by_the_first_name_in_docker(read: Read, networks: str, first: str) -> None:
    second = "proxy" if "proxy" in networks else "b"
    topology = read(f"services: {{db: {{image: mysql, networks: [a, {second}]}}}}\nnetworks: {{{networks}}}")
    assert [link.to for link in topology.namespaces["db"].links if link.gateway] == [first]


def test_a_network_that_is_called_as_a_service_has_another_bridge(read: Read) -> None:
    topology = read("services: {db: {image: mysql, networks: [db]}}\nnetworks: {db: , unused: }")
    assert [bridge.name for bridge in topology.plan.bridges] == ["db-network"]


def test_a_network_may_be_called_as_the_sandbox_or_as_one_of_docker(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql, networks: [bridge, global]}
          app: {image: app, network_mode: bridge}
        networks: {bridge: , global: }
        """
    )
    assert [(bridge.name, bridge.addresses[0].with_prefixlen) for bridge in topology.plan.bridges] == [
        ("bridge", "172.18.0.1/16"),
        ("global-network", "172.19.0.1/16"),
        ("docker0", "172.17.0.1/16"),
    ]
    assert topology.hosts == dict.fromkeys(["db", "shop-db-1"], ("172.18.0.2", "172.19.0.2"))


def test_options_of_the_bridge_driver_are_read(read: Read) -> None:
    topology = read(
        """
        services: {db: {image: mysql, mac_address: 02-42-AC-00-00-05, networks: {back: {interface_name: net0}}}}
        networks:
          back:
            driver_opts:
              com.docker.network.bridge.name: shop0
              com.docker.network.driver.mtu: 1400
              com.example: x
        """
    )
    (bridge,), (veth,) = topology.plan.bridges, topology.plan.veths
    assert (bridge.interface, bridge.mtu) == ("shop0", 1400)
    assert (veth.inner.interface, veth.inner.mtu, veth.inner.mac) == ("net0", 1400, "02:42:ac:00:00:05")
    assert topology.notes == ("not used: driver_opts.com.example (network back)",)


def test_a_given_name_of_an_interface_is_no_others(read: Read) -> None:
    topology = read(
        "services: {db: {image: mysql, networks: {a: , b: {interface_name: eth0}, c: }}}\nnetworks: {a: , b: , c: }"
    )
    assert [(veth.inner.interface, veth.to) for veth in topology.plan.veths] == [
        ("eth1", "a"),
        ("eth0", "b"),
        ("eth2", "c"),
    ]


def test_an_external_network_is_a_bridge_with_nothing_else_on_it(read: Read) -> None:
    topology = read(
        "services: {db: {image: mysql, networks: [proxy]}}\nnetworks: {proxy: {external: true, name: traefik}}"
    )
    assert addresses(topology) == {"global": ["172.18.0.1/16"], "db": ["172.18.0.2/16"]}
    assert topology.notes == ("the external network proxy was read as a bridge with nothing of other projects on it",)


def test_modes_of_the_network(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql, network_mode: bridge}
          monitor: {image: app, network_mode: host}
          sidecar: {image: app, network_mode: "service:db"}
          lonely: {image: app, network_mode: none}
        """
    )
    assert addresses(topology) == {"global": ["172.17.0.1/16"], "db": ["172.17.0.2/16"], "lonely": []}
    assert topology.hosts == {}  # Docker's own network has no names
    assert topology.notes == (
        "monitor has network_mode: host: its place is the namespace global",
        "sidecar has the network of db: its place is the namespace db",
    )


def test_a_server_on_the_host_listens_in_global(read: Read) -> None:
    topology = read("services: {db: {image: mysql, network_mode: host, ports: [3306]}, app: {image: app}}")
    assert topology.bind_address == ("127.0.0.1", "172.18.0.1")
    assert topology.publish == {}


def test_a_server_that_shares_a_network_listens_there(read: Read) -> None:
    topology = read(
        """
        services:
          pod: {image: pause}
          other: {image: app, network_mode: "service:pod"}
          db: {image: mysql, network_mode: "service:other"}
        """
    )
    assert topology.bind_address == ("172.18.0.2/pod", "127.0.0.1/pod")


def test_several_containers_are_numbered(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql}
          app: {image: app, scale: 2}
          no: {image: app, deploy: {replicas: 0, mode: replicated}}
        """
    )
    assert [*topology.namespaces] == ["db", "app-1", "app-2"]
    assert topology.hosts["app"] == ("172.18.0.3", "172.18.0.4")
    assert topology.hosts["shop-app-2"] == topology.hosts["app-2"] == ("172.18.0.4",)
    assert topology.notes == ("no was left out: it has no container", "not used: deploy.mode (no)")


def test_names_lead_to_the_addresses_on_all_networks(read: Read) -> None:
    topology = read(
        """
        services:
          db:
            image: mysql
            networks: {back: {aliases: [mysql, store]}, front: }
          other: {image: app, networks: {back: {aliases: [store]}}, links: ["db:database", db]}
          app: {image: app, networks: [front], extra_hosts: {"host.docker.internal": host-gateway, old.test: 192.0.2.9}}
        networks: {back: , front: }
        """
    )
    assert topology.hosts == {
        "db": ("172.18.0.2", "172.19.0.2"),
        "shop-db-1": ("172.18.0.2", "172.19.0.2"),
        "mysql": ("172.18.0.2",),
        "store": ("172.18.0.2", "172.18.0.3"),
        "other": ("172.18.0.3",),
        "shop-other-1": ("172.18.0.3",),
        "app": ("172.19.0.3",),
        "shop-app-1": ("172.19.0.3",),
        "database": ("172.18.0.2", "172.19.0.2"),
        "host.docker.internal": ("172.19.0.1",),
        "old.test": ("192.0.2.9",),
    }
