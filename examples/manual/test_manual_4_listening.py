"""The manual, "MySQL Configuration": a server that listens in several namespaces."""

import mysql.connector
import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer, Namespace, Network, factories

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses

# The manual's own option file, with its two slips put right: see test_manual_5_refusals.py.
every_option = factories.mysqld(
    bind_address="127.0.1.1,192.0.2.2/red,198.51.100.2/blue",
    admin_address="192.0.2.2/red",
    mysqlx_bind_address="192.0.2.2/red,198.51.100.2/blue",
    options={"port": 3307, "mysqlx_socket": "mysqlx.sock"},
    scope="module",
)
# The plugin would refuse the address, and a server whose X Plugin did not come up.
no_x_protocol = factories.mysqld(
    bind_address="127.0.0.1",
    mysqlx_bind_address="102.0.2.2/red",
    options={"port": 3308, "mysqlx_socket": ""},
    check_endpoints=False,
    require_mysqlx=False,
)


def listening(namespace: Namespace) -> set[str]:
    text = namespace.run(["ss", "--listening", "--tcp", "--numeric"], check=True, capture_output=True, text=True).stdout
    print(f"[{namespace.name}] {text}")
    return {line.split()[3] for line in text.splitlines()[1:]}


@pytest.mark.netns_mysqld(flavor="mysql")
def test_bind_address_lists_addresses_with_and_without_a_namespace(netns_mysqld: MySQLServer) -> None:
    """One value may hold addresses of the global namespace and, with /ns behind them, of named ones."""
    ((value,),) = netns_mysqld.execute("SELECT @@bind_address")
    print(f"bind_address = {value}")
    in_a_container = "/global"  # where the sandbox's own namespace is another than the server's, and has this name
    assert value.replace(in_a_container, "") == "127.0.0.1,192.0.2.2/red,198.51.100.2/blue"


@pytest.mark.parametrize(
    ("name", "socket"), [("global", "127.0.0.1:3306"), ("red", "192.0.2.2:3306"), ("blue", "198.51.100.2:3306")]
)
def test_the_server_listens_in_three_places(netns: Network, netns_mysqld: MySQLServer, name: str, socket: str) -> None:
    """An address without a namespace is in the global one; the others are each in theirs, and nowhere else."""
    assert str(netns_mysqld.endpoint(name)) in ("127.0.0.1", "192.0.2.2/red", "198.51.100.2/blue")
    assert {place for place in listening(netns[name]) if place.endswith(":3306")} == {socket}


@pytest.mark.parametrize("name", ["global", "red", "blue"])
def test_each_place_answers(netns_connect: ConnectFactory, name: str) -> None:
    """A client connects to the server in each of the three namespaces."""
    with netns_connect(name, endpoint=name).cursor() as cursor:
        cursor.execute("SELECT USER()")
        (user,) = cursor.fetchone()
    print(f"{name}: {user}")
    assert user.startswith(f"{name}_user@")


@pytest.mark.netns_mysqld(flavor="mysql")
def test_the_loopback_address_is_the_one_that_is_written(every_option: MySQLServer) -> None:
    """The manual writes 127.0.1.1 and then connects to 127.0.0.1: nothing listens there."""
    with pytest.raises(mysql.connector.Error) as refused:
        every_option.connect("global", user="nobody", host="127.0.0.1")
    print(f"127.0.0.1: {refused.value}")
    assert refused.value.errno == 2003

    with pytest.raises(mysql.connector.Error) as answered:
        every_option.connect("global", user="nobody", host="127.0.1.1")
    print(f"127.0.1.1: {answered.value}")
    assert answered.value.errno == 1130  # the server's own word: there is no account for this origin


@pytest.mark.netns_mysqld(flavor="mysql")
def test_admin_address_takes_one_address_in_a_namespace(every_option: MySQLServer, netns: Network) -> None:
    """admin_address takes /ns too, for one address: an administrator connects in red, and only there."""
    every_option.execute("CREATE USER IF NOT EXISTS admin@'192.0.2.2'")
    every_option.execute("GRANT SERVICE_CONNECTION_ADMIN ON *.* TO admin@'192.0.2.2'")
    assert every_option.execute("SELECT @@admin_address") == [("192.0.2.2/red",)]
    assert "192.0.2.2:33062" in listening(netns["red"])
    assert "192.0.2.2:33062" not in listening(netns["global"])
    connection = every_option.connect("red", user="admin", endpoint=every_option.endpoint("red", "admin"))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("admin@192.0.2.2",)


@pytest.mark.netns_mysqld(flavor="mysql")
def test_mysqlx_bind_address_takes_a_list(every_option: MySQLServer, netns: Network) -> None:
    """X Plugin listens in namespaces as well, and its variable takes several addresses."""
    assert every_option.execute("SELECT @@mysqlx_bind_address") == [("192.0.2.2/red,198.51.100.2/blue",)]
    assert "192.0.2.2:33060" in listening(netns["red"])
    assert "198.51.100.2:33060" in listening(netns["blue"])


@pytest.mark.netns_mysqld(flavor="mysql")
def test_x_plugin_without_an_address_does_not_stop_the_server(no_x_protocol: MySQLServer) -> None:
    """Where X Plugin can bind nothing the server runs without it; 9.7 still lists the plugin as ACTIVE."""
    print(*(line for line in no_x_protocol.error_log.splitlines() if "[ERROR]" in line), sep="\n")
    assert "[MY-011300]" in no_x_protocol.error_log  # Cannot assign requested address
    assert "[MY-011292]" in no_x_protocol.error_log  # X Protocol won't be accessible
    assert no_x_protocol.execute("SHOW STATUS LIKE 'Mysqlx_address'") == [("Mysqlx_address", "UNDEFINED")]
    plugins = no_x_protocol.execute("SELECT plugin_status FROM information_schema.plugins WHERE plugin_name = 'mysqlx'")
    assert plugins == [("ACTIVE",)]
