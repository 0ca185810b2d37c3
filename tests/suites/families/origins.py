import re

import pytest

from pytest_netns_mysql import EndpointError, factories

mapped = factories.mysqld(bind_address="::ffff:192.0.2.1", options={"port": 3310})
in_red = factories.mysqld(bind_address=["::ffff:192.0.2.2/red", "2001:db8:1::2/red"], options={"port": 3311})
every_ipv4 = factories.mysqld(bind_address="::ffff:0.0.0.0", options={"port": 3312})
local = factories.mysqld(bind_address="localhost", options={"port": 3313})
named = factories.mysqld(bind_address="db.test", options={"port": 3314})
every = factories.mysqld(bind_address="*", options={"port": 3315})
colons = factories.mysqld(bind_address="::", options={"port": 3316})


def user(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()[0]


@pytest.mark.netns("red", "blue", "four", "global")
def test_the_default_server_listens_on_ipv4(netns, netns_mysql):
    hosts = {"red": "192.0.2.2", "blue": "198.51.100.2", "four": "203.0.113.2", "global": "127.0.0.1"}
    assert user(netns_mysql) == f"{netns.here.name}_user@{hosts[netns.here.name]}"


@pytest.mark.netns("six")
def test_who_has_no_ipv4(netns_mysqld, netns_connect):
    with pytest.raises(EndpointError) as error:
        netns_connect()
    assert str(error.value).splitlines() == [
        "a client of six cannot reach the server: six has only IPv6 addresses, but bind_address = '0.0.0.0' takes IPv4",
        "  where: bind_address of server mysqld",
        "  do: write bind_address = '*' for both families",
        "  do: add an address of six to bind_address",
        "  do: give six an IPv4 address, too",
    ]


def test_each_goes_to_the_address_that_is_nearest(netns_mysqld, every):
    assert netns_mysqld.endpoint_for("red").address == "192.0.2.1"
    assert netns_mysqld.endpoint_for("blue").address == "198.51.100.1"
    assert netns_mysqld.origin("blue", netns_mysqld.endpoint_for("blue")) == "198.51.100.2"
    assert every.endpoint_for("six").address == "2001:db8:2::1"
    assert every.endpoint_for("four").address == "203.0.113.1"


@pytest.mark.parametrize("host", ["192.0.2.1", "::ffff:192.0.2.1"])
def test_a_mapped_address_in_either_spelling(mapped, netns_account, netns_connect, host):
    app = netns_account("app", host="192.0.2.2", server=mapped)
    assert user(netns_connect("red", server=mapped, account=app, host=host)) == "app@192.0.2.2"


def test_accounts_for_a_mapped_address(mapped, in_red, netns_connect):
    assert mapped.endpoint("global").address == "::ffff:192.0.2.1"
    for server in (mapped, in_red):
        assert user(netns_connect("red", server=server)) == "red_user@192.0.2.2"
        assert user(netns_connect("four", server=server)) == "four_user@203.0.113.2"
    assert user(netns_connect("red", server=in_red, endpoint="red", driver="pymysql")) == "red_user@192.0.2.2"
    assert user(netns_connect("six", server=in_red)) == "six_user@2001:db8:2::2"
    with pytest.raises(EndpointError, match=r"six has only IPv6 addresses, but bind_address = '::ffff:192.0.2.1' "):
        netns_connect("six", server=mapped)


def test_every_ipv4_address(every_ipv4, netns_connect):
    for name, host in {"red": "192.0.2.2", "blue": "198.51.100.2", "global": "127.0.0.1"}.items():
        assert user(netns_connect(name, server=every_ipv4)) == f"{name}_user@{host}"
    with pytest.raises(EndpointError, match=r"bind_address = '::ffff:0.0.0.0' takes IPv4"):
        netns_connect("six", server=every_ipv4)


def test_both_families(every, colons, netns_connect, netns_account):
    for server in (every, colons):
        assert user(netns_connect("six", server=server)) == "six_user@2001:db8:2::2"
        assert user(netns_connect("four", server=server)) == "four_user@203.0.113.2"
        app = netns_account("app", host="192.0.2.2", server=server)
        assert user(netns_connect("red", server=server, account=app, host="192.0.2.1")) == "app@192.0.2.2"


def test_host_names(local, named, netns_connect):
    assert user(netns_connect("global", server=local)) == "global_user@127.0.0.1"
    with pytest.raises(EndpointError, match=r"the server has no mysql endpoint in red\n.*\n.*on localhost"):
        netns_connect("red", server=local)
    assert user(netns_connect("red", server=named)) == "red_user@192.0.2.2"
    with pytest.raises(EndpointError, match=r"six has only IPv6 addresses, but bind_address = 'db.test' "):
        netns_connect("six", server=named)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("::ffff:192.0.2.9/red", "namespace red has no address ::ffff:192.0.2.9"),
        (
            "::ffff:192.0.2.2",
            "namespace global has no address ::ffff:192.0.2.2\n"
            "  where: server netns_start_mysqld\n  tried: global has ",
        ),
        ("192.0.2.2/red,::ffff:192.0.2.2/red", "192.0.2.2/red, also spelt ::ffff:192.0.2.2/red, is listed twice"),
    ],
)
def test_what_is_not_there(netns_start_mysqld, wrong, told):
    with pytest.raises(EndpointError, match=re.escape(told)):
        netns_start_mysqld(bind_address=wrong, options={"port": 3320})


def test_a_port_that_is_taken(mapped, netns_start_mysqld):
    with pytest.raises(EndpointError, match=r"bind_address = '192.0.2.1': port 3310 is taken there"):
        netns_start_mysqld(bind_address="192.0.2.1", options={"port": 3310})
    with pytest.raises(EndpointError, match=r"bind_address = '::ffff:192.0.2.1': port 3310 is taken there"):
        netns_start_mysqld(bind_address="::ffff:192.0.2.1", options={"port": 3310})
