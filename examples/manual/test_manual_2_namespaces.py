"""The manual, "Host System Prerequisites": the namespaces red and blue, and how to look at them."""

import subprocess
from pathlib import Path

import mysql.connector
import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer, Namespace, Network

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses


def output(namespace: Namespace, *command: str) -> str:
    text = namespace.run(command, check=True, capture_output=True, text=True).stdout
    print(f"[{namespace.name}] $ {' '.join(command)}\n{text}")
    return str(text)


def test_the_system_supports_network_namespaces(netns: Network) -> None:
    """The operating system must have network namespaces: each is a file, and no two are the same."""
    own = {name: output(netns[name], "readlink", "/proc/self/ns/net") for name in netns}
    assert all(text.startswith("net:[") for text in own.values())
    assert len(set(own.values())) == 3


@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_namespace_must_be_created_before_mysql_uses_it(netns: Network, netns_mysqld: MySQLServer) -> None:
    """MySQL makes no namespace: a client that names green fails until somebody has added green."""
    mysql_in_green = [netns_mysqld.program("mysql"), "--no-defaults", "--host=192.0.2.2", "--network-namespace=green"]

    before = subprocess.run(mysql_in_green, capture_output=True, text=True)
    print(f"before `ip netns add green`: {before.stderr}")
    assert before.stderr == "ERROR: Network namespace error: No such file or directory\n"

    output(netns["global"], "ip", "netns", "add", "green")
    try:
        after = subprocess.run(mysql_in_green, capture_output=True, text=True)
    finally:
        output(netns["global"], "ip", "netns", "delete", "green")
    print(f"after it: {after.stderr}")
    assert "ERROR 2003" in after.stderr  # green is there now, and still has no link to anywhere
    assert "(101)" in after.stderr  # ENETUNREACH


def test_which_namespaces_exist(netns: Network) -> None:
    """`ip netns list` shows the namespaces that have a name: red and blue, not the global one."""
    lines = output(netns["global"], "ip", "netns", "list").splitlines()
    assert {line.split()[0] for line in lines} == {"red", "blue"}
    assert netns["red"].path == Path("/run/netns/red")
    assert netns["global"].path is None


@pytest.mark.parametrize(
    ("name", "interfaces"),
    [("global", {"lo", "veth-red", "veth-blue"}), ("red", {"lo", "vpeer-red"}), ("blue", {"lo", "vpeer-blue"})],
)
def test_which_links_exist(netns: Network, name: str, interfaces: set[str]) -> None:
    """`ip link list` shows a veth end for every link in global, its peer inside, and a loopback that is up."""
    lines = output(netns[name], "ip", "-brief", "link", "list").splitlines()
    assert {line.split()[0].partition("@")[0] for line in lines} == interfaces
    assert all("UP" in line.split()[-1].strip("<>").split(",") for line in lines)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("global", {"veth-red": "192.0.2.1/24", "veth-blue": "198.51.100.1/24"}),
        ("red", {"vpeer-red": "192.0.2.2/24"}),
        ("blue", {"vpeer-blue": "198.51.100.2/24"}),
    ],
)
def test_which_addresses_they_have(netns: Network, name: str, addresses: dict[str, str]) -> None:
    """The addresses are those of the manual's diagram of the links between the namespaces."""
    lines = output(netns[name], "ip", "-4", "-brief", "address", "show").splitlines()
    found = {line.split()[0].partition("@")[0]: line.split()[2] for line in lines}
    assert found == {"lo": "127.0.0.1/8", **addresses}


@pytest.mark.parametrize(
    ("name", "routes"),
    [
        ("global", {"192.0.2.0/24 dev veth-red", "198.51.100.0/24 dev veth-blue"}),
        ("red", {"default via 192.0.2.1", "192.0.2.0/24 dev vpeer-red"}),
        ("blue", {"default via 198.51.100.1", "198.51.100.0/24 dev vpeer-blue"}),
    ],
)
def test_which_routes_they_have(netns: Network, name: str, routes: set[str]) -> None:
    """Each namespace has a routing table of its own; those of red and blue send the rest to global."""
    lines = output(netns[name], "ip", "route", "show").splitlines()
    assert {" ".join(line.split()[:3]) for line in lines} == routes


@pytest.mark.parametrize("name", ["red", "blue"])
def test_a_command_inside_a_namespace(netns: Network, name: str) -> None:
    """A command runs in a namespace by its name, as the administrator does it and as a test does."""
    by_ip = output(netns["global"], "ip", "-netns", name, "route", "show")
    assert by_ip == output(netns[name], "ip", "route", "show")


def test_global_routes_between_the_subnets(netns: Network, netns_connect: ConnectFactory) -> None:
    """With forwarding in global and the two default routes, a client in red reaches the server's end in blue."""
    output(netns["red"], "ip", "route", "get", "198.51.100.2")
    with netns_connect("red", endpoint="blue").cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)


def test_without_the_link_there_is_no_way(netns: Network, netns_connect: ConnectFactory) -> None:
    """The links join the namespaces: with blue's taken down, blue is as far away as another machine."""
    netns.link("blue").down()
    try:
        with pytest.raises(mysql.connector.Error) as refused:
            netns_connect("red", endpoint="blue", connection_timeout=5)
    finally:
        netns.link("blue").up()
    print(f"red -> 198.51.100.2 while veth-blue is down: {refused.value}")
    assert refused.value.errno == 2003
