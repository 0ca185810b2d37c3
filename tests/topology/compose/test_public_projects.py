"""Reductions of public projects' compose files, each with what it is read as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_netns_mysql.topology import Topology, dump, load

pytestmark = pytest.mark.as_user
PROJECTS = Path(__file__).parent / "projects"


@dataclass(frozen=True)
class Expected:
    """What a file is read as.

    Attributes:
        addresses: The first address of each namespace, or all of them, without lengths.
        server: Where the server listens.
        environment: The variables of the server's image.
        publish: The ports at 127.0.0.1, with what is behind each.
        hosts: Some of the host names.
        options: The server's options.
        image: The server's image.
        notes: The notes, without those of keys that are not used.
    """

    addresses: Mapping[str, str]
    server: Sequence[str]
    environment: Mapping[str, str]
    publish: Mapping[int, str] = field(default_factory=dict)
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    image: str = "mysql:8.0"
    notes: Sequence[str] = ()


def read_as(topology: Topology, hosts: Mapping[str, object]) -> Expected:
    own = {
        name: " ".join(str(address.ip) for address in addresses if not address.is_loopback)
        for name, addresses in topology.addresses.items()
    }
    return Expected(
        addresses=own,
        server=topology.bind_address,
        environment=dict(topology.mysqld.environment),
        publish={
            int(key.rpartition(":")[2]): behind
            for key, behind in topology.publish.items()
            if key.startswith("127.0.0.1:")
        },
        hosts={name: tuple(topology.hosts[name]) for name in hosts},
        options=dict(topology.mysqld.options),
        image=str(topology.mysqld.image),
        notes=tuple(note for note in topology.notes if not note.startswith("not used: ")),
    )


EXPECTED = {
    "wordpress": Expected(
        {"global": "172.18.0.1", "wordpress": "172.18.0.2", "db": "172.18.0.3"},
        ("172.18.0.3/db", "127.0.0.1/db"),
        {
            "MYSQL_DATABASE": "exampledb",
            "MYSQL_USER": "exampleuser",
            "MYSQL_PASSWORD": "examplepass",
            "MYSQL_RANDOM_ROOT_PASSWORD": "1",
        },
        publish={8080: "172.18.0.2:80"},
        hosts={"db": ("172.18.0.3",), "projects-db-1": ("172.18.0.3",)},
    ),
    "nextcloud": Expected(
        {
            "global": "172.18.0.1 172.19.0.1",
            "db": "172.18.0.2",
            "redis": "172.18.0.3",
            "app": "172.18.0.4",
            "web": "172.18.0.5 172.19.0.2",
            "proxy": "172.19.0.3",
        },
        ("172.18.0.2/db", "127.0.0.1/db"),
        {
            "MYSQL_ROOT_PASSWORD": "",
            "MYSQL_DATABASE": "nextcloud",
            "MYSQL_USER": "nextcloud",
            "MYSQL_PASSWORD": "cloud secret",
        },
        publish={80: "172.19.0.3:80", 443: "172.19.0.3:443"},
        hosts={"web": ("172.18.0.5", "172.19.0.2")},
        options={
            "loose_transaction_isolation": "READ-COMMITTED",
            "loose_log_bin": "binlog",
            "loose_binlog_format": "ROW",
        },
        image="mariadb:10.11",
    ),
    "gitea": Expected(
        {"global": "172.18.0.1", "server": "172.18.0.2", "db": "172.18.0.3"},
        ("172.18.0.3/db", "127.0.0.1/db"),
        {
            "MYSQL_DATABASE": "gitea",
            "MYSQL_USER": "gitea",
            "MYSQL_PASSWORD": "gitea",
            "MYSQL_ROOT_PASSWORD": "gitea",
        },
        publish={3000: "172.18.0.2:3000", 222: "172.18.0.2:22"},
        hosts={"gitea": ("172.18.0.2",), "server": ("172.18.0.2",)},
        image="docker.io/library/mysql:8",
    ),
    "ghost": Expected(
        {"global": "172.18.0.1", "caddy": "172.18.0.2", "ghost": "172.18.0.3", "db": "172.18.0.4"},
        ("172.18.0.4/db", "127.0.0.1/db"),
        {
            "MYSQL_DATABASE": "ghost",
            "MYSQL_USER": "ghost",
            "MYSQL_PASSWORD": "ghostpassword",
            "MYSQL_ROOT_PASSWORD": "reallysecurerootpassword",
        },
        publish={80: "172.18.0.2:80", 443: "172.18.0.2:443"},
        image=f"mysql:8.0.44@sha256:{'0' * 64}",
        notes=("activitypub was left out: its profile activitypub is not in COMPOSE_PROFILES",),
    ),
    "matomo": Expected(
        {"global": "172.18.0.1", "db": "172.18.0.2", "app": "172.18.0.3"},
        ("172.18.0.2/db", "127.0.0.1/db"),
        {
            "MYSQL_ROOT_PASSWORD": "",
            "MYSQL_DATABASE": "matomo",
            "MYSQL_USER": "matomo",
            "MYSQL_PASSWORD": "mato$mo",
        },
        publish={8080: "172.18.0.3:80"},
        hosts={"mariadb": ("172.18.0.2",)},
        options={"loose_max_allowed_packet": "64MB"},
        image="mariadb:10.11",
    ),
    "mediawiki": Expected(
        {"global": "172.18.0.1", "mediawiki": "172.18.0.2", "database": "172.18.0.3"},
        ("172.18.0.3/database", "127.0.0.1/database"),
        {
            "MYSQL_DATABASE": "my_wiki",
            "MYSQL_USER": "wikiuser",
            "MYSQL_PASSWORD": "example",
            "MYSQL_RANDOM_ROOT_PASSWORD": "yes",
        },
        publish={8080: "172.18.0.2:80"},
        image="mariadb",
    ),
    "bookstack": Expected(
        {"global": "172.30.0.254", "mysql": "172.30.0.1", "bookstack": "172.30.0.2"},
        ("172.30.0.1/mysql", "127.0.0.1/mysql"),
        {
            "MYSQL_DATABASE": "bookstack",
            "MYSQL_USER": "bookstack",
            "MYSQL_PASSWORD": "secret",
            "MYSQL_ROOT_PASSWORD": "secret",
        },
        publish={8080: "172.30.0.2:8080"},
        image="mysql:8.3",
    ),
    "snipeit": Expected(
        {"global": "172.18.0.1", "app": "172.18.0.2", "db": "172.18.0.3"},
        ("172.18.0.3/db", "127.0.0.1/db"),
        {
            "MYSQL_DATABASE": "snipeit",
            "MYSQL_USER": "snipeit",
            "MYSQL_PASSWORD_FILE": "snipeit-password.txt",
            "MYSQL_ROOT_PASSWORD": "of the environment",
        },
        publish={8000: "172.18.0.2:80"},
        image="mariadb:11.4.7",
    ),
    "zabbix": Expected(
        {
            "global": "172.16.238.1 172.16.239.1 172.18.0.1",
            "zabbix-server": "172.16.239.10 172.18.0.2 172.16.238.2",
            "zabbix-web": "172.18.0.3 172.16.238.3",
            "mysql-server": "172.18.0.4",
        },
        ("172.18.0.4/mysql-server", "127.0.0.1/mysql-server"),
        {
            "MYSQL_DATABASE": "zabbix",
            "MYSQL_USER": "zabbix",
            "MYSQL_PASSWORD": "zabbix_pwd",
            "MYSQL_ROOT_PASSWORD": "root_pwd",
        },
        publish={10051: "172.16.238.2:10051"},
        hosts={"mysql-database": ("172.18.0.4",), "zabbix-server-mysql": ("172.18.0.2",)},
        options={
            "loose_mysqlx": False,
            "loose_character_set_server": "utf8mb4",
            "loose_log_bin_trust_function_creators": 1,
        },
        image="mysql:8.4-oracle",
    ),
    "airflow": Expected(
        {
            "global": "172.18.0.1",
            "mysql": "172.18.0.2",
            "webserver": "172.18.0.3",
            "worker-1": "172.18.0.4",
            "worker-2": "172.18.0.5",
        },
        ("172.18.0.2/mysql", "127.0.0.1/mysql"),
        {
            "MYSQL_DATABASE": "airflow",
            "MYSQL_USER": "airflow",
            "MYSQL_PASSWORD": "airflow",
            "MYSQL_ROOT_PASSWORD": "of the environment",
        },
        publish={32768: "172.18.0.2:3306", 8080: "172.18.0.3:8080"},
        hosts={"worker": ("172.18.0.4", "172.18.0.5"), "projects-worker-2": ("172.18.0.5",)},
        image="bitnami/mysql:8.4",
        notes=("flower was left out: its profile flower is not in COMPOSE_PROFILES",),
    ),
    "keycloak": Expected(
        {"global": "172.18.0.1", "mysql": "172.18.0.2", "keycloak": "172.18.0.3", "phpmyadmin": "172.18.0.4"},
        ("172.18.0.2/mysql", "127.0.0.1/mysql"),
        {
            "MYSQL_DATABASE": "keycloak",
            "MYSQL_USER": "keycloak",
            "MYSQL_PASSWORD": "password",
            "MYSQL_ROOT_PASSWORD": "root",
        },
        publish={8080: "172.18.0.3:8080"},
        hosts={"keycloak-db.test": ("172.18.0.2",), "host.docker.internal": ("172.18.0.1",)},
        image="mysql/mysql-server:8.0",
    ),
}


def test_each_file_has_what_it_is_read_as() -> None:
    assert {file.stem for file in PROJECTS.glob("*.yaml")} == EXPECTED.keys()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment in which the files are read."""
    for name in ("COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "DATABASE_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_ROOT", "of the environment")
    monkeypatch.setenv("SNIPEIT_ROOT", "of the environment")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_of_a_public_project_is_read(name: str) -> None:
    expected = EXPECTED[name]
    assert read_as(load(str(PROJECTS / f"{name}.yaml")), expected.hosts) == expected


@pytest.mark.parametrize("name", EXPECTED)
def test_what_it_was_read_as_is_a_topology_of_its_own(name: str) -> None:
    topology = load(str(PROJECTS / f"{name}.yaml"))
    again = load(dump(topology))
    assert (again.plan, again.mysqld) == (topology.plan, topology.mysqld)


def test_an_internal_network_has_no_way_out() -> None:
    plan = load(str(PROJECTS / "zabbix.yaml")).plan
    routes = {route.namespace: str(route.gateway) for route in plan.routes}
    assert routes == {"zabbix-server": "172.16.238.1", "zabbix-web": "172.16.238.1"}
    assert plan.forwarding == ()  # what is on several networks leads from none to another
    assert [bridge.interface for bridge in plan.bridges] == ["br-frontend", "br-backend", "zbx-db"]


def test_what_is_not_used_is_named_with_the_services_that_have_it() -> None:
    assert load(str(PROJECTS / "ghost.yaml")).notes[-3:] == (
        "not used: MYSQL_MULTIPLE_DATABASES (db)",
        "not used: healthcheck (db)",
        "not used: volumes (db)",
    )
