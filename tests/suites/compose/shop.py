"""Over tests/suites/compose/shop.yaml: what the server sees of clients on each network."""

import pymysql
import pytest

from pytest_netns_mysql.endpoint import Endpoint


def asked(query, **options):
    options = {"user": "app", "password": "app secret", "connect_timeout": 5, **options}
    with pymysql.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.netns("app")
@pytest.mark.parametrize("host", ["db", "mysql", "shop-db-1", "10.9.0.10", "2001:db8:9::10"])
def test_the_application_is_seen_by_its_address_on_the_network_of_the_server(netns_mysqld, host):
    """By a name that has both families the client takes IPv6, as in a container."""
    origin = "10.9.0.11" if host == "10.9.0.10" else "2001:db8:9::11"
    assert asked("SELECT USER(), CURRENT_USER(), DATABASE()", host=host) == ((f"app@{origin}", "app@%", None),)


@pytest.mark.netns("global")
@pytest.mark.parametrize("host", ["127.0.0.1", "10.9.0.1", "172.18.0.1"])
def test_the_host_comes_by_the_published_port_and_is_seen_as_the_gateway(netns_mysqld, host):
    assert asked("SELECT USER()", host=host, port=3307) == (("app@10.9.0.1",),)


def test_the_plugin_knows_the_origin_behind_a_published_port(netns_connect):
    with netns_connect(endpoint=Endpoint("127.0.0.1", port=3307)).cursor() as cursor:
        cursor.execute("SELECT USER(), CURRENT_USER()")
        assert cursor.fetchone() == ("global_user@10.9.0.1", "global_user@10.9.0.1")


@pytest.mark.netns("db")
def test_the_server_itself_connects_by_its_loopback(netns_mysqld):
    assert asked("SELECT USER()", host="127.0.0.1") in ((("app@localhost",),), (("app@127.0.0.1",),))


@pytest.mark.netns("stranger")
@pytest.mark.parametrize(("host", "port"), [("10.9.0.10", 3306), ("172.18.0.1", 3307)])
def test_a_service_of_another_network_cannot_reach_the_server(netns_mysqld, host, port):
    with pytest.raises(pymysql.OperationalError):
        asked("SELECT 1", host=host, port=port, connect_timeout=1)


@pytest.mark.netns("app")
def test_the_init_folder_was_loaded_into_the_schema(netns_mysqld):
    assert asked("SELECT name FROM stock ORDER BY name", host="db", database="shop_1") == (("milk",), ("tea",))


@pytest.mark.netns("app")
def test_the_account_has_its_schema_and_nothing_else(netns_mysqld):
    grants = [line for (line,) in asked("SHOW GRANTS", host="db")]
    assert [line.replace("\\\\", "\\") for line in grants[1:]] == [
        "GRANT ALL PRIVILEGES ON `shop\\_1`.* TO `app`@`%`",
    ]
    with pytest.raises(pymysql.OperationalError, match="1044"):
        asked("CREATE SCHEMA shop21", host="db")


@pytest.mark.netns("app")
def test_root_has_its_password_over_the_network(netns_mysqld):
    assert asked("SELECT CURRENT_USER()", host="db", user="root", password="it's root") == (("root@%",),)


@pytest.mark.netns("app", "stranger", "db", "global")
def test_accounts_of_tests_are_made_as_everywhere(netns_mysqld, netns, request):
    assert netns_mysqld.endpoint_for("app").address == "10.9.0.10"
    assert netns_mysqld.execute("SELECT @@max_connections") == [(33,)]
