"""Features that a kind of server lacks, asked for by a server's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_netns_mysql import Endpoint, ServerVersionError
from pytest_netns_mysql.mysql.kinds.external import External
from pytest_netns_mysql.mysql.kinds.local import Distribution
from pytest_netns_mysql.mysql.kinds.mariadb import MariaDB
from pytest_netns_mysql.mysql.mysqld.features import Feature, Request, of_configuration, of_factory
from pytest_netns_mysql.mysql.mysqld.kind import check_features

MYSQL = Distribution(Path("/usr/sbin/mysqld"), (8, 4, 3), "mysqld  Ver 8.4.3", "mysql")
MARIADB = MariaDB(Path("/usr/sbin/mariadbd"), (11, 4, 2), "mariadbd  Ver 11.4.2-MariaDB")
EXTERNAL = External(Endpoint("192.0.2.9"), (8, 4, 3), "mysqld  Ver 8.4.3", "mysql", "root", "secret")


def test_a_configuration_asks_for_what_it_sets() -> None:
    requests = of_configuration(
        admin_address="192.0.2.2/red",
        options={"gtid-mode": "ON", "mysqlx_port": 1, "port": 2, "loose_admin": 3, "administration": 4},
        check_endpoints=False,
    )
    assert [(request.feature, request.source) for request in requests] == [
        (Feature.ADMIN_ADDRESS, "admin_address"),
        (Feature.OPTIONS, "options"),
        (Feature.GTIDS, "the option gtid-mode"),
        (Feature.X_PROTOCOL, "the option mysqlx_port"),
        (Feature.NETWORK_NAMESPACES, "check_endpoints=False"),
    ]


def test_an_empty_configuration_asks_for_no_feature() -> None:
    assert list(of_configuration()) == []


def test_factories_of_clients_ask_for_no_feature() -> None:
    assert [list(of_factory(name)) for name in ("client", "proxy", "router")] == [[], [], []]


@pytest.mark.parametrize("feature", Feature)
def test_mysql_lacks_no_feature(feature: Feature) -> None:
    check_features(MYSQL, [Request(feature, "a test")], "here")


def test_the_error_names_server_feature_and_request() -> None:
    with pytest.raises(ServerVersionError) as error:
        check_features(MARIADB, of_factory("group"), "here")
    assert str(error.value).splitlines() == [
        "MariaDB 11.4.2 has no Group Replication, which factories.group needs",
        "  where: here",
        "  tried: /usr/sbin/mariadbd",
        '  do: mark the test @pytest.mark.netns_mysqld(flavor="mysql"): it is then not applicable on MariaDB',
        "  do: or have it run on a MySQL: netns_mysqld = auto",
    ]


def test_a_server_that_others_run_takes_no_options() -> None:
    with pytest.raises(ServerVersionError) as error:
        check_features(EXTERNAL, of_configuration(options={"port": 1}), "here")
    assert str(error.value).splitlines() == [
        "external:192.0.2.9:3306 is run by others, so that options cannot be used",
        "  where: here",
        "  do: leave out options",
        "  do: choose a server that this plugin starts: netns_mysqld = auto",
    ]
