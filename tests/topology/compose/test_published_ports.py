"""Published ports."""

from __future__ import annotations

import pytest

from tests.topology.compose.conftest import Read, Refused

pytestmark = pytest.mark.as_user


@pytest.mark.parametrize(
    ("port", "published"),
    [
        ("3306", {"127.0.0.1:32768": "172.18.0.2:3306", "172.18.0.1:32768": "172.18.0.2:3306"}),
        ("3307:3306", {"127.0.0.1:3307": "172.18.0.2:3306", "172.18.0.1:3307": "172.18.0.2:3306"}),
        ("127.0.0.1:3307:3306", {"127.0.0.1:3307": "172.18.0.2:3306"}),
        ("127.0.0.1::3306", {"127.0.0.1:32768": "172.18.0.2:3306"}),
        ("172.18.0.1:3307:3306/tcp", {"172.18.0.1:3307": "172.18.0.2:3306"}),
        ("127.0.0.1:1-2:3-4", {"127.0.0.1:1": "172.18.0.2:3", "127.0.0.1:2": "172.18.0.2:4"}),
        ("127.0.0.1:8000-9000:3306", {"127.0.0.1:8000": "172.18.0.2:3306"}),
        ("{target: 3306, published: 3307, host_ip: 127.0.0.9, mode: host}", {"127.0.0.9:3307": "172.18.0.2:3306"}),
        ("33060/udp", {}),
    ],
)
def test_each_form_of_a_port(read: Read, port: str, published: dict[str, str]) -> None:
    text = port if port.startswith("{") else f'"{port}"'
    topology = read(f"services: {{db: {{image: mysql, ports: [{text}]}}}}")
    assert topology.publish == published
    assert [rule.interface for rule in topology.plan.masquerades] == (["br-default"] if published else [])


def test_a_port_is_published_at_every_address_of_the_host(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql, networks: [back], ports: ["3307:3306"]}
          app: {image: app, networks: [front]}
        networks: {back: {enable_ipv6: true, ipam: {config: [{subnet: "2001:db8::/64"}]}}, front: }
        """
    )
    assert topology.publish == {
        "127.0.0.1:3307": "172.18.0.2:3306",
        "[2001:db8::1]:3307": "[2001:db8::2]:3306",
        "172.18.0.1:3307": "172.18.0.2:3306",
        "172.19.0.1:3307": "172.18.0.2:3306",
    }
    assert [rule.interface for rule in topology.plan.masquerades] == ["br-back"]


def test_a_network_says_where_ports_are_published(read: Read) -> None:
    topology = read(
        """
        services: {db: {image: mysql, ports: ["3307:3306"]}}
        networks: {default: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}}}
        """
    )
    assert topology.publish == {"127.0.0.1:3307": "172.18.0.2:3306"}


def test_containers_of_a_service_share_a_range(read: Read) -> None:
    topology = read("services: {db: {image: mysql}, app: {image: app, scale: 2, ports: ['127.0.0.1:80-90:80']}}")
    assert topology.publish == {"127.0.0.1:80": "172.18.0.3:80", "127.0.0.1:81": "172.18.0.4:80"}


def test_what_is_on_internal_networks_alone_is_not_published(read: Read) -> None:
    topology = read(
        "services: {db: {image: mysql, ports: [3306], networks: [back]}}\nnetworks: {back: {internal: true}}"
    )
    assert topology.publish == {}
    assert topology.notes == ("port 3306 of db is not published: all of its networks are internal",)


def test_an_address_that_the_host_lacks_here_is_told(read: Read, refused: Refused) -> None:
    app = "app: {image: app, ports: ['192.0.2.9:80:80']}"
    topology = read(f"services: {{db: {{image: mysql}}, {app}}}")
    assert topology.notes == ("not published: app is published at 192.0.2.9, which global does not have",)
    assert refused("services: {db: {image: mysql, ports: ['192.0.2.9:80:80']}}") == (
        "db is published at 192.0.2.9, which global does not have\n"
        "  where: compose.yaml, line 1: services.db.ports\n"
        "  tried: global has 127.0.0.1, 172.18.0.1\n"
        "  do: write 127.0.0.1, or leave the address out"
    )


def test_each_family_is_published_by_the_network_that_leads_out_for_it(read: Read) -> None:
    topology = read(
        """
        services: {db: {image: mysql, ports: ["3307:3306"], networks: [a, b]}}
        networks: {a: {internal: true}, b: {enable_ipv4: false, enable_ipv6: true}}
        """
    )
    assert topology.publish == {"[fd00:0:0:1::1]:3307": "[fd00:0:0:1::2]:3306"}
    assert [rule.interface for rule in topology.plan.masquerades] == ["br-b"]


@pytest.mark.parametrize(
    ("port", "hosts"),
    [
        ("3307:3306", ["127.0.0.1:3307", "172.18.0.1:3307", "[fd00:0:0:1::1]:3307"]),
        ("0.0.0.0:3307:3306", ["127.0.0.1:3307", "172.18.0.1:3307"]),
        ("[::]:3307:3306", ["[fd00:0:0:1::1]:3307"]),
    ],
)
def test_all_addresses_of_one_family_are_those_of_that_family(read: Read, port: str, hosts: list[str]) -> None:
    topology = read(
        f"services: {{db: {{image: mysql, ports: ['{port}']}}}}\nnetworks: {{default: {{enable_ipv6: true}}}}"
    )
    assert [*topology.publish] == hosts


def test_a_port_that_is_written_in_both_forms_is_published_once(read: Read) -> None:
    topology = read("services: {db: {image: mysql, ports: ['3307:3306', {target: 3306, published: 3307}]}}")
    assert topology.publish == {"127.0.0.1:3307": "172.18.0.2:3306", "172.18.0.1:3307": "172.18.0.2:3306"}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "localhost",
            "networks.default.driver_opts.com.docker.network.bridge.host_binding_ipv4 is 'localhost': "
            "it takes an IP address\n"
            "  where: compose.yaml, line 2: networks.default.driver_opts.com.docker.network.bridge.host_binding_ipv4\n"
            "  do: write com.docker.network.bridge.host_binding_ipv4: 127.0.0.1",
        ),
        (
            "192.0.2.9",
            "db is published at 192.0.2.9, which global does not have\n"
            "  where: compose.yaml, line 1: services.db.ports\n"
            "  tried: global has 127.0.0.1, 172.18.0.1\n"
            "  do: write 127.0.0.1, or leave the address out",
        ),
    ],
)
def test_an_address_of_a_network_for_ports_that_is_wrong_is_told(refused: Refused, address: str, message: str) -> None:
    option = f"com.docker.network.bridge.host_binding_ipv4: {address}"
    assert (
        refused(
            "services: {db: {image: mysql, ports: ['3307:3306']}}\n"
            f"networks: {{default: {{driver_opts: {{{option}}}}}}}"
        )
        == message
    )


def test_a_port_that_two_services_publish_is_a_fault(refused: Refused) -> None:
    assert refused(
        "services: {db: {image: mysql, ports: ['80:1']}, app: {image: app, ports: ['127.0.0.1:80:80']}}"
    ) == (
        "port 80 is published twice: by db and by app\n"
        "  where: compose.yaml, line 1: services.app.ports\n"
        "  do: change one of them"
    )


@pytest.mark.parametrize("port", ["a", "1:2:3:4", "999.0.0.1:1:2", "http:80"])
def test_a_port_that_is_none_is_told(refused: Refused, port: str) -> None:
    assert refused(f"services:\n  db:\n    image: mysql\n    ports:\n      - 80:80\n      - {port!r}\n") == (
        f"services.db.ports[1] is not a published port: {port!r}\n"
        "  where: compose.yaml, line 6: services.db.ports[1]\n"
        "  do: write it as 3307:3306 or 127.0.0.1:3307:3306"
    )


@pytest.mark.parametrize(
    ("port", "number"), [("1-3:1-2", "no port"), ("70000:1", "no port"), ("1-200:1-200", "101 ports")]
)
def test_a_range_that_is_wrong_is_told(refused: Refused, port: str, number: str) -> None:
    assert refused(f"services: {{db: {{image: mysql, ports: ['{port}']}}}}") == (
        f"services.db.ports[0] publishes {number}\n"
        "  where: compose.yaml, line 1: services.db.ports[0]\n"
        "  do: write ranges of the same length, of at most 100 ports from 1 to 65535"
    )
