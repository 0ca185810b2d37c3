"""A suite as users write it, with the types of all fixtures: mypy --strict and pyright in strict mode accept it.

It is only checked: tests/test_typing.py runs pyright, and the lint environment mypy.
"""
# pyright: strict

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql import (
    AccessMatrix,
    Account,
    AccountFactory,
    ArgvFactory,
    AsyncConnectFactory,
    AsyncEngineFactory,
    Authority,
    Certificate,
    ConnectFactory,
    Endpoint,
    EngineFactory,
    Group,
    Link,
    LoginExplanation,
    Member,
    MySQLServer,
    Namespace,
    NamespaceConnection,
    NetnsError,
    Network,
    NetworkFault,
    Packets,
    Proxy,
    Replica,
    ReplicaStatus,
    ServerSpec,
    ServerStartError,
    Snapshot,
    StartFactory,
    TestReport,
    Topology,
    dump,
    factories,
    from_mapping,
    load,
    topology,
)

if TYPE_CHECKING:
    from typing_extensions import assert_type

shop = factories.mysqld(bind_address=["192.0.2.2/red"], options={"port": 3307, "read_only": True}, load="seed.sql")
copy = factories.replica(
    shop, bind_address="198.51.100.2/blue", replication_options={"SOURCE_DELAY": 1}, scope="module"
)
cluster = factories.group(namespaces=["red", "blue"], single_primary=False)
client = factories.client(shop, namespace="red")
relay = factories.proxy(lambda proxy: ["socat", str(proxy.endpoint.port)], namespace="blue", port=6446)


@pytest.fixture(scope="session")
def netns_topology() -> Topology:
    """The topology of the project, with a namespace more."""
    base = load("red-blue")
    office = topology.Namespace(links=(Link(address="203.0.113.2/24", delay="20ms"),))
    changed = replace(base, namespaces={**base.namespaces, "office": office})
    assert dump(changed)
    return from_mapping({"namespaces": {"red": "192.0.2.2/24"}}) if not changed.namespaces else changed


async def test_async_connections(netns_connect_async: AsyncConnectFactory, app: Account) -> None:
    """The asyncio connections of a test."""
    await netns_connect_async("red", driver="asyncmy", account=app, connection_timeout=3)
    async with netns_connect_async("blue", endpoint="red") as connection:
        await connection.ping()


async def test_engines(netns_engine: EngineFactory, netns_async_engine: AsyncEngineFactory, app: Account) -> None:
    """The engines of a test."""
    with netns_engine("red", driver="pymysql", account=app, pool_pre_ping=True).connect() as connection:
        assert_type(connection.exec_driver_sql("SELECT 1").rowcount, int)
    async with netns_async_engine("red", echo=True).begin() as connection:
        await connection.exec_driver_sql("SELECT 1")


@pytest.mark.netns("red", "blue")
def test_connections(netns_mysql: NamespaceConnection, netns_connect: ConnectFactory) -> None:
    """The connections of a test."""
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
    connection: Any = netns_connect("red", driver="pymysql", endpoint="blue", autocommit=True)
    connection.close()


def test_namespaces(netns: Network) -> None:
    """The namespaces of a network."""
    red = netns["red"]
    if TYPE_CHECKING:
        assert_type(red, Namespace)
        assert_type(netns.partition("red"), NetworkFault)
        assert_type(netns.capture("red"), AbstractContextManager[Packets])
    with red:
        assert red.address
    done: subprocess.CompletedProcess[Any] = red.run(["ip", "route"], capture_output=True, text=True)
    assert done.returncode == 0
    with netns.link("red").down(), netns.partition("red", others=["blue"], port=3306):
        assert netns.here is None
    for name in netns:
        assert isinstance(name, str)


def test_accounts(netns_mysqld: MySQLServer, netns_account: AccountFactory, netns_argv: ArgvFactory) -> None:
    """The accounts of a server, and who may log in."""
    app = netns_account("app", host="192.0.2.%", grants=["SELECT ON shop.*"], password="secret")
    words = netns_argv("mysql", "--execute", "SELECT 1", account=app, namespace="red")
    explanation = netns_mysqld.explain_login("app", namespace="blue")
    matrix = netns_mysqld.access_matrix(users=["app"])
    if TYPE_CHECKING:
        assert_type(app, Account)
        assert_type(words, list[str])
        assert_type(explanation, LoginExplanation)
        assert_type(matrix, AccessMatrix)
        assert_type(matrix["app", "red"], LoginExplanation)
    assert explanation.account is None or explanation.allowed
    assert [each.reason for each in explanation.candidates if not each.matches]


def test_servers(netns_mysqld: MySQLServer, shop: MySQLServer, netns_start_mysqld: StartFactory) -> None:
    """The servers of a run."""
    endpoint = netns_mysqld.endpoint("red", "admin")
    snapshot = shop.snapshot()
    shop.restore(snapshot)
    shop.restart(max_connections=10)
    authority = shop.tls
    certificate = authority.issue("app", names=["192.0.2.2"])
    if TYPE_CHECKING:
        assert_type(endpoint, Endpoint)
        assert_type(endpoint.port, int)
        assert_type(snapshot, Snapshot)
        assert_type(authority, Authority)
        assert_type(certificate, Certificate)
        assert_type(shop.version, tuple[int, int, int])
        assert_type(shop.datadir, Path)
    with pytest.raises(ServerStartError) as caught:
        netns_start_mysqld(bind_address="192.0.2.2/red", options={"innodb_buffer_pool_size": "1"})
    assert caught.value.codes
    error: NetnsError = caught.value
    assert error.remedies


def test_replication(copy: Replica, cluster: Group, relay: Proxy) -> None:
    """Replicas, groups and proxies."""
    seconds = copy.channel.wait_until_caught_up(timeout=5)
    if TYPE_CHECKING:
        assert_type(seconds, float)
        assert_type(copy.channel.status, ReplicaStatus)
        assert_type(cluster["red"], Member)
        assert_type(relay.endpoint, Endpoint)


@pytest.fixture
def rows(shop: MySQLServer) -> Callable[[str], list[tuple[Any, ...]]]:
    """A fixture of the project, on top of one of a factory."""
    return shop.execute


def pytest_netns_topology(topology: Topology) -> Topology | None:
    """Leave the topology."""
    return None if topology.namespaces else topology


def pytest_netns_server_spec(fixture: str, spec: ServerSpec) -> ServerSpec:
    """Change an option."""
    return spec.changed({"max_connections": 7}) if fixture == "netns_mysqld" else replace(spec, mysqld="mariadb")


def pytest_netns_report_sections(report: TestReport, servers: Sequence[MySQLServer]) -> list[tuple[str, str]]:
    """Add the names of the servers."""
    return [(report.nodeid, ", ".join(server.name for server in servers))]
