"""Uses all that the plugin offers in one run: fixtures, faults, captures, address translation, proxies."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, Network, Proxy, factories

router = factories.router(namespace="blue")
NETNS = Path("/run/netns")


@pytest.mark.netns("red", "blue")
def test_a_marked_test(netns_mysql: mysql.connector.MySQLConnection) -> None:
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() is not None


def test_faults(netns: Network, netns_connect: ConnectFactory) -> None:
    with netns.partition("blue"), pytest.raises(mysql.connector.Error):
        netns_connect("red", endpoint="blue")
    with netns.link("blue").shape(rate="8mbit"):
        netns_connect("red", endpoint="blue")
    with netns.link("blue").without_address(), pytest.raises(mysql.connector.Error):
        netns_connect("red", endpoint="blue", connection_timeout=1)


def test_a_capture(netns: Network, netns_connect: ConnectFactory) -> None:
    with netns.capture() as packets:
        netns_connect("red", endpoint="blue")
    assert packets


@pytest.mark.netns(topology="nat")
def test_address_translation(netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    netns_account("app", host="%")
    assert netns_mysqld.execute("SELECT 1") == [(1,)]


def test_a_proxy(netns_account: AccountFactory, netns_connect: ConnectFactory, router: Proxy) -> None:
    netns_connect("red", account=netns_account("app", host=router.origin), endpoint=router.endpoint)


def test_a_test_that_changes_its_network(netns: Network) -> None:
    commands = """
        ip link add left type veth peer name right
        ip link set left up
        ip address add 203.0.113.7/24 dev left
        ip route add 203.0.113.128/25 dev left
        ip rule add from 203.0.113.7 table 7
        ip neighbour add 203.0.113.9 lladdr 02:00:00:00:00:09 dev left nud permanent
        tc qdisc add dev left root pfifo limit 7
        echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind
        echo 7 > /proc/sys/net/ipv4/tcp_retries2
    """
    assert netns["red"].run(["sh", "-ec", commands]).returncode == 0
    assert (NETNS / "red").exists()
    Path("/etc/hosts").open("a").write("203.0.113.7 left\n")  # noqa: SIM115
    (NETNS.parent / "left-by-a-test").touch()


def test_tasks(netns: Network) -> None:
    async def talk() -> None:
        async with netns["red"]:
            _, writer = await asyncio.open_connection("192.0.2.2", 3306)
            writer.close()

    asyncio.run(talk())


def test_threads(netns: Network) -> None:
    with netns["red"].executor(max_workers=2) as pool:
        assert all(pool.map(os.path.exists, ["/proc/self"] * 4))


def test_on_the_host() -> None:
    """Wait until it has been looked at, with all that is running."""
    marks = Path(os.environ["MARKS"])
    (marks / "running").touch()
    deadline = time.monotonic() + 300
    while not (marks / "looked").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
