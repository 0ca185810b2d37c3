"""Over tests/topology/compose/projects/zabbix.yaml: networks of which some are internal."""

import pymysql
import pytest


def origin(host, **options):
    options = {"user": "zabbix", "password": "zabbix_pwd", "database": "zabbix", "connect_timeout": 1, **options}
    with pymysql.connect(host=host, **options) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()[0]


@pytest.mark.netns("zabbix-server")
def test_the_server_of_an_internal_network_is_reached_by_its_members(netns_mysqld):
    assert origin("mysql-server") == origin("mysql-database") == "zabbix@172.18.0.2"


@pytest.mark.netns("global")
def test_the_host_reaches_it_too(netns_mysqld):
    assert origin("172.18.0.4") == "zabbix@172.18.0.1"


@pytest.mark.netns("mysql-server")
def test_an_internal_network_has_no_way_out(netns_mysqld, netns):
    routes = netns["mysql-server"].run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in routes.splitlines()] == ["172.18.0.0/16"]
