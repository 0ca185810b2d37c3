"""Explanations of refused logins: which account was picked, and what it required."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, Network, StartFactory
from tests.report.conftest import Explained, run

pytestmark = pytest.mark.live

DRIVERS = ("mysql.connector", "pymysql", "mysqlx")


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest, netns_mysqlx: object) -> str:
    """The name of a driver; the server has X Plugin because a session is asked for."""
    return str(request.param)


def test_a_wrong_password(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, driver: str
) -> None:
    netns_account("app", host="192.0.2.%", password="right")
    found = explained(lambda: netns_connect("red", user="app", password="wrong", driver=driver))
    picked = "which the server picked for app from 192.0.2.2 (namespace red)"
    assert found.what == f"wrong password for 'app'@'192.0.2.%', {picked}"
    assert found.details == ("the host matches, the account is not locked and requires nothing more",)
    assert found.remedies == (
        'app = netns_account("app", host="192.0.2.%", ...); netns_connect("red", account=app)',
        "or change the password of the account: ALTER USER 'app'@'192.0.2.%' IDENTIFIED BY '...'",
    )


def test_a_wrong_password_of_the_more_specific_account(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    netns_account("app", host="%", password="everywhere")
    netns_account("app", host="192.0.2.%", password="red")
    found = explained(lambda: netns_connect("red", user="app", password="everywhere"))
    assert found.what == "the server picked 'app'@'192.0.2.%', not 'app'@'%', and the password is wrong for it"
    assert found.details[0] == "'app'@'192.0.2.%' goes first because its host is more specific"
    assert found.remedies[1] == "or let 'app'@'%' be picked: DROP USER 'app'@'192.0.2.%'"


def test_a_wrong_password_of_a_locked_account(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%", password="right")
    netns_mysqld.execute(f"ALTER USER {app} ACCOUNT LOCK")
    found = explained(lambda: netns_connect("red", user="app", password="wrong"))
    assert found.details == ("with the right password it would be refused, too: 'app'@'192.0.2.%' is locked",)


def test_no_password(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, driver: str
) -> None:
    netns_account("app", host="192.0.2.%", password="right")
    found = explained(lambda: netns_connect("red", user="app", password="", driver=driver))
    assert found.what == "the client gave no password, and the account 'app'@'192.0.2.%' has one"
    assert found.details == ()


def test_a_password_for_an_account_without_one(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    netns_account("app", host="192.0.2.%")
    found = explained(lambda: netns_connect("red", user="app", password="any"))
    assert found.what == "the client gave a password, and the account 'app'@'192.0.2.%' has none"


def test_an_unknown_user(explained: Explained, netns_connect: ConnectFactory, driver: str) -> None:
    found = explained(lambda: netns_connect("red", user="nobody", driver=driver))
    assert found.what == "there is no account for the user nobody, from 192.0.2.2 (namespace red) or elsewhere"
    assert found.remedies == ("netns_account(\"nobody\", host=\"192.0.2.2\"), or CREATE USER 'nobody'@'192.0.2.2'",)


def test_an_account_of_another_host(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, driver: str
) -> None:
    netns_account("app", host="192.0.2.%")
    found = explained(lambda: netns_connect("blue", user="app", driver=driver))
    assert found.what == "app has no account that matches 198.51.100.2 (namespace blue)"
    assert found.details == ("'app'@'192.0.2.%': 192.0.2.% does not match 198.51.100.2",)
    assert found.remedies == (
        "netns_account(\"app\", host=\"198.51.100.2\"), or CREATE USER 'app'@'198.51.100.2'",
        'or connect from a host that an account has: netns_connect("red", account=app)',
    )


def test_an_anonymous_account_in_the_way(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    netns_account("app", host="%", password="right")
    netns_mysqld.execute("CREATE USER ''@'192.0.2.2'")
    found = explained(lambda: netns_connect("red", user="app", password="right"))
    assert found.what == "the server picked the anonymous account ''@'192.0.2.2' for app from 192.0.2.2 (namespace red)"
    assert found.details == ("'app'@'%' matches too, but a more specific host goes first",)
    assert found.remedies[0] == "DROP USER ''@'192.0.2.2'"


def test_tls_required_by_the_account(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, driver: str
) -> None:
    netns_account("app", host="192.0.2.%", require="SSL")
    found = explained(lambda: netns_connect("red", user="app", password="", ssl_disabled=True, driver=driver))
    assert found.what == "the account 'app'@'192.0.2.%' requires TLS, and the connection did not use TLS"
    assert found.remedies == (
        "remove ssl_disabled=True from the call of netns_connect",
        "or drop the requirement: ALTER USER 'app'@'192.0.2.%' REQUIRE NONE",
    )


@pytest.mark.parametrize("uses_tls", [False, True])
def test_a_certificate_required_by_the_account(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, *, uses_tls: bool
) -> None:
    netns_account("app", host="192.0.2.%", require="X509")
    found = explained(lambda: netns_connect("red", user="app", ssl_disabled=not uses_tls))
    assert found.what == (
        "the account 'app'@'192.0.2.%' requires a client certificate (REQUIRE X509), and the client presented none"
    )
    assert found.remedies[0] == 'netns_connect("red", ..., **netns_mysqld.tls.issue("app").options)'


@pytest.mark.parametrize(("password", "doubt"), [("", ""), ("right", ", or the password is wrong")])
def test_a_certificate_of_another_subject(
    explained: Explained,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    netns_mysqld: MySQLServer,
    password: str,
    doubt: str,
) -> None:
    netns_account("app", host="192.0.2.%", password=password, require="SUBJECT '/CN=boss'")
    other = netns_mysqld.tls.issue("app")
    found = explained(lambda: netns_connect("red", user="app", password=password, **other.options))
    assert found.what == (
        "the account 'app'@'192.0.2.%' requires a certificate with the subject '/CN=boss', and the client presented "
        f"another{doubt}"
    )


def test_a_wrong_password_with_a_certificate(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    netns_account("app", host="192.0.2.%", password="right", require="X509")
    own = netns_mysqld.tls.issue("app")
    found = explained(lambda: netns_connect("red", user="app", password="wrong", **own.options))
    assert found.what.startswith("wrong password for 'app'@'192.0.2.%', which the server picked for app from ")
    assert found.details == (
        "the host matches, and the account is not locked; besides the password it requires TLS, a certificate that the "
        "server's CA signed",
    )


def test_a_wrong_password_where_the_server_requires_tls(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    netns_account("app", host="192.0.2.%", password="right")
    netns_mysqld.execute("SET GLOBAL require_secure_transport = ON")
    found = explained(lambda: netns_connect("red", user="app", password="wrong"))
    assert found.what.startswith("wrong password for 'app'@'192.0.2.%', which the server picked for app from ")
    found = explained(lambda: netns_connect("red", user="app", password="wrong", driver="pymysql", ssl_disabled=True))
    assert found.what.startswith("wrong password for 'app'@'192.0.2.%', which the server picked for app from ")
    assert found.details == (
        "with the right password it would be refused, too: require_secure_transport is on, and the client does not use "
        "TLS",
    )


def test_the_address_that_the_server_saw(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns: Network
) -> None:
    netns_account("app", host="192.0.2.%", password="right")

    def connect() -> None:
        try:
            netns_connect("red", endpoint="blue", user="app", password="wrong")
        finally:
            netns["red"].run(["ip", "address", "add", "192.0.2.9/24", "dev", "vpeer-red"], check=True)
            default = ["default", "via", "192.0.2.1", "src", "192.0.2.9"]
            netns["red"].run(["ip", "route", "replace", *default], check=True)

    found = explained(connect)
    assert found.what.endswith(" which the server picked for app from 192.0.2.2 (namespace red)")


def test_a_user_in_other_letters(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    netns_account("App", host="192.0.2.%")
    found = explained(lambda: netns_connect("red", user="app"))
    assert found.what == "there is no account for the user app, from 192.0.2.2 (namespace red) or elsewhere"
    assert found.details[0] == "user names are case-sensitive, and there is App"
    assert found.remedies[0] == "log in as App"
    assert found.remedies[1].startswith('or netns_account("app", host="192.0.2.2")')


def test_a_host_that_names_an_address_in_a_network(
    explained: Explained, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    netns_mysqld.execute("CREATE USER app@'192.0.2.9/255.255.255.0'")
    found = explained(lambda: netns_connect("red", user="app"))
    assert found.remedies[0] == "RENAME USER 'app'@'192.0.2.9/255.255.255.0' TO 'app'@'192.0.2.0/255.255.255.0'"


def test_a_role(explained: Explained, netns_connect: ConnectFactory, netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("CREATE ROLE seller")
    netns_mysqld.execute("GRANT seller TO root@localhost")
    found = explained(lambda: netns_connect("red", user="seller"))
    assert found.what == "'seller'@'%' is a role: its account is locked"
    assert found.remedies == ("grant the role to an account",)


def test_tls_required_by_the_server(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%")
    netns_mysqld.execute("SET GLOBAL require_secure_transport = ON")
    found = explained(lambda: netns_connect("red", account=app, ssl_disabled=True))
    assert found.what == (
        "the server requires TLS (require_secure_transport = ON), and the connection from red does not use it"
    )


def test_a_locked_account(
    explained: Explained,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    netns_mysqld: MySQLServer,
    driver: str,
) -> None:
    app = netns_account("app", host="192.0.2.%")
    netns_mysqld.execute(f"ALTER USER {app} ACCOUNT LOCK")
    found = explained(lambda: netns_connect("red", account=app, driver=driver))
    assert found.what == "the account 'app'@'192.0.2.%' is locked"
    assert found.details == ()
    assert found.remedies == ("ALTER USER 'app'@'192.0.2.%' ACCOUNT UNLOCK",)


def test_an_account_locked_for_a_time(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%", password="right")
    netns_mysqld.execute(f"ALTER USER {app} FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 1")
    explained(lambda: netns_connect("red", user="app", password="wrong"))
    found = explained(lambda: netns_connect("red", account=app))
    assert found.what == (
        "the account 'app'@'192.0.2.%' is locked for a time, after too many wrong passwords (FAILED_LOGIN_ATTEMPTS)"
    )
    assert found.remedies == ("ALTER USER 'app'@'192.0.2.%' ACCOUNT UNLOCK",)


def test_an_expired_password(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%")
    netns_mysqld.execute(f"ALTER USER {app} PASSWORD EXPIRE")
    found = explained(lambda: run(netns_connect("red", account=app), "SELECT 1"))
    assert found.what == "the password of the account 'app'@'192.0.2.%' has expired, so the server refuses the login"
    assert found.details[0].startswith("disconnect_on_expired_password = ON: ")
    assert found.remedies == (
        "ALTER USER 'app'@'192.0.2.%' IDENTIFIED BY '...', with the password that the test sends",
    )
    can_handle_it = 1 << 22  # CLIENT_CAN_HANDLE_EXPIRED_PASSWORDS
    found = explained(lambda: netns_connect("red", account=app, driver="pymysql", client_flag=can_handle_it))
    assert found.what.endswith("has expired, so the server runs nothing but a change of the password")


def test_a_plugin_that_the_client_lacks(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    app = netns_account("app", host="192.0.2.%", password="right")
    found = explained(lambda: netns_connect("red", account=app, auth_plugin="client_of_mine"))
    assert found.what == (
        "mysql.connector does not have the authentication plugin client_of_mine, by which this login is to be made"
    )


def test_an_account_of_the_socket_file(explained: Explained, netns_start_mysqld: StartFactory) -> None:
    server = netns_start_mysqld(
        bind_address="192.0.2.2/red", options={"port": 3399, "plugin_load_add": "auth_socket=auth_socket.so"}
    )
    server.execute("CREATE USER app@'192.0.2.2' IDENTIFIED WITH auth_socket")
    found = explained(lambda: server.connect("red", user="app"), servers=[server])
    assert found.what == "'app'@'192.0.2.2' logs in by auth_socket, which accepts connections by the Unix socket alone"
    assert found.remedies[0] == (
        "for logins over the network: ALTER USER 'app'@'192.0.2.2' IDENTIFIED WITH caching_sha2_password BY '...'"
    )
