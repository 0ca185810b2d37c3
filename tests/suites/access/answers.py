"""What decides beside the host: each explanation against the server's answer to a real login."""

import re
import socket
import time

import mysql.connector
import pytest
from rawlogin import RefusedError, login, login_by_socket

from pytest_netns_mysql import Endpoint, Origin, factories
from pytest_netns_mysql.mysql.access.explain import explain_login_from

resolving = factories.mysqld(options={"skip_name_resolve": False, "max_connect_errors": 3, "port": 3307})
limited = factories.mysqld(options={"loose_max_user_connections": 1, "port": 3308})
ADDRESSES = {"red": "192.0.2.1", "blue": "198.51.100.1", "global": "127.0.0.1"}


@pytest.fixture
def is_mariadb(netns_mysqld):
    return netns_mysqld._spec.kind.flavor == "mariadb"


def answer(server, user="app", namespace="red", address=None, port=None):
    """Return the account of a login without a password, or the number of the server's error."""
    port = server.endpoints[0].port if port is None else port
    address = ADDRESSES[namespace] if address is None else address
    before = connections(server)
    try:
        account = login(server.network[namespace], address, user, port=port)
    except RefusedError as error:
        return error.errno
    # Until the server has noticed its end, the connection counts against the limits of its account.
    end = time.monotonic() + 10
    while not connections(server) <= before:
        assert time.monotonic() < end
        time.sleep(0.01)
    return "'{}'@'{}'".format(*account.rsplit("@", 1))


def connections(server):
    return {row[0] for row in server.execute("SHOW PROCESSLIST")}


def explained(login):
    assert login.allowed == (login.error is None)
    return login.account if login.allowed else login.error


def agree(server, user="app", *, reason, namespace="red", endpoint=None):
    """Assert that a login is explained as the server answers, with a reason; return the explanation."""
    found = server.explain_login(user, namespace, endpoint)
    assert explained(found) == answer(server, user, namespace)
    assert reason in found.reason
    assert bool(found.remedies) == (not found.allowed)
    return found


@pytest.mark.parametrize(
    ("account", "reason", "numbers"),
    [
        ("IDENTIFIED BY ''", "192.0.2.% matches 192.0.2.2", None),
        ("ACCOUNT LOCK", "'app'@'192.0.2.%' is locked", (3118, 4151)),
        ("PASSWORD EXPIRE", "the password of 'app'@'192.0.2.%' has expired", (1862, 1862)),
        ("PASSWORD EXPIRE ACCOUNT LOCK", "is locked", (3118, 4151)),
    ],
)
def test_accounts_that_are_locked_or_expired(netns_mysqld, is_mariadb, account, reason, numbers):
    if is_mariadb:
        netns_mysqld.execute("SET GLOBAL disconnect_on_expired_password = ON")
    netns_mysqld.execute(f"CREATE USER app@'192.0.2.%' IDENTIFIED BY '' {account if numbers else ''}")
    found = agree(netns_mysqld, reason=reason)
    assert found.error == (numbers and numbers[is_mariadb])


def test_a_password_that_has_aged(netns_mysqld, is_mariadb):
    netns_mysqld.execute("CREATE USER app@'%' PASSWORD EXPIRE INTERVAL 2 DAY")
    agree(netns_mysqld, reason="% matches every host")
    if is_mariadb:
        netns_mysqld.execute("SET GLOBAL disconnect_on_expired_password = ON")
        netns_mysqld.execute("UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.password_last_changed', 5)")
    else:
        netns_mysqld.execute("UPDATE mysql.user SET password_last_changed = NOW() - INTERVAL 3 DAY WHERE User = 'app'")
    netns_mysqld.execute("FLUSH PRIVILEGES")
    assert agree(netns_mysqld, reason="has expired").error == 1862


def test_an_expired_password_that_may_be_changed(netns_mysqld, is_mariadb, netns_connect):
    if not is_mariadb:
        pytest.skip("MySQL sets this when it starts")
    netns_mysqld.execute("CREATE USER app@'%' PASSWORD EXPIRE")
    found = netns_mysqld.explain_login("app", "red")
    assert found.allowed
    assert found.requires == ("a new password first",)
    with pytest.raises(mysql.connector.Error, match="1820"):
        netns_connect("red", user="app").cursor().execute("SELECT 1")


def test_a_role(netns_mysqld, is_mariadb):
    netns_mysqld.execute("CREATE USER x@'%'")
    netns_mysqld.execute("CREATE ROLE writer")
    netns_mysqld.execute("GRANT writer TO x@'%'")
    found = agree(netns_mysqld, "writer", reason="is a role")
    assert found.error == (1045 if is_mariadb else 3118)
    assert found.remedies == ("grant the role to an account",)
    assert "writer" not in netns_mysqld.access_matrix().users


def test_a_role_that_nobody_has(netns_mysqld, is_mariadb):
    for statement in ("CREATE USER x@'%'", "CREATE ROLE writer", "CREATE ROLE reader"):
        netns_mysqld.execute(statement)
    if is_mariadb:
        assert netns_mysqld.access_matrix().users == ("x",)
        return
    found = agree(netns_mysqld, "writer", reason="'writer'@'%' is locked, perhaps a role that nobody has")
    assert (found.error, found.summary) == (3118, "locked, perhaps a role")
    netns_mysqld.execute("SET GLOBAL mandatory_roles = '`writer`@`%`, reader'")
    agree(netns_mysqld, "writer", reason="is a role")
    assert netns_mysqld.access_matrix().users == ("x",)


def test_a_plugin_that_is_gone(netns_mysqld, is_mariadb):
    netns_mysqld.execute("CREATE USER app@'%'")
    if is_mariadb:
        netns_mysqld.execute(
            "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.plugin', 'ed25519') WHERE User = 'app'"
        )
    else:
        netns_mysqld.execute("UPDATE mysql.user SET plugin = 'authentication_pam' WHERE User = 'app'")
    netns_mysqld.execute("FLUSH PRIVILEGES")
    assert agree(netns_mysqld, reason="which the server has not loaded").error == 1524


def test_an_account_that_nobody_logs_in_as(netns_mysqld, is_mariadb):
    if is_mariadb:
        pytest.skip("MariaDB has no such plugin here")
    netns_mysqld.execute("INSTALL PLUGIN mysql_no_login SONAME 'mysql_no_login.so'")
    netns_mysqld.execute("CREATE USER app@'%' IDENTIFIED WITH mysql_no_login")
    found = agree(netns_mysqld, reason="'app'@'%' has the plugin mysql_no_login: nobody logs in as this account")
    assert found.error == 1045
    matrix = netns_mysqld.access_matrix().as_text()
    assert matrix.endswith("  1045 'app'@'%': nobody logs in as this account")
    netns_mysqld.execute("DROP USER app@'%'")
    netns_mysqld.execute("UNINSTALL PLUGIN mysql_no_login")


def test_a_password_of_an_alternative(netns_mysqld, is_mariadb):
    if not is_mariadb:
        pytest.skip("accounts of MySQL have no alternatives")
    netns_mysqld.execute("INSTALL SONAME 'auth_ed25519'")
    ways = "mysql_native_password USING '' OR ed25519 USING PASSWORD('secret')"
    netns_mysqld.execute(f"CREATE USER app@'%' IDENTIFIED VIA {ways}")
    assert agree(netns_mysqld, reason="% matches every host").has_password is True
    netns_mysqld.execute("DROP USER app@'%'")
    netns_mysqld.execute("UNINSTALL SONAME 'auth_ed25519'")


def test_a_plugin_for_the_socket_file(netns_mysqld, is_mariadb):
    if is_mariadb:
        netns_mysqld.execute("CREATE USER app@'%' IDENTIFIED VIA unix_socket")
        netns_mysqld.execute("CREATE USER `both`@'%' IDENTIFIED VIA unix_socket OR mysql_native_password USING ''")
        agree(netns_mysqld, "both", reason="% matches every host")
    else:
        netns_mysqld.execute("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'")
        netns_mysqld.execute("CREATE USER app@'%' IDENTIFIED WITH auth_socket")
    found = agree(netns_mysqld, reason="accepts clients of the socket file only")
    assert found.error == 1698
    assert found.requires == ("the plugin unix_socket" if is_mariadb else "the plugin auth_socket",)
    if not is_mariadb:
        netns_mysqld.execute("DROP USER app@'%'")
        netns_mysqld.execute("UNINSTALL PLUGIN auth_socket")


def test_the_socket_file(netns, netns_mysqld):
    netns_mysqld.execute("CREATE USER app@localhost")
    netns_mysqld.execute("CREATE USER app@'127.%'")
    found = explain_login_from(netns_mysqld, "app", Origin("localhost"))
    assert found.endpoint == "the socket file"
    with netns["global"]:
        assert login_by_socket(netns_mysqld.socket, "app") == "app@localhost"
    assert found.account == "'app'@'localhost'"
    assert agree(netns_mysqld, namespace="global", reason="127.% matches 127.0.0.1").allowed is True


@pytest.mark.parametrize("requirement", ["SSL", "X509", "SUBJECT '/CN=app' AND ISSUER '/CN=ca' AND CIPHER 'AES'"])
def test_tls_of_an_account(netns_mysqld, is_mariadb, requirement):
    netns_mysqld.execute(f"CREATE USER app@'%' REQUIRE {requirement}")
    without = explain_login_from(netns_mysqld, "app", Origin("192.0.2.2"), uses_tls=False)
    assert explained(without) == answer(netns_mysqld) == 1045
    found = netns_mysqld.explain_login("app", "red")
    assert found.requires[0] == "TLS"
    if is_mariadb:
        assert found.error == 1045
        assert found.reason == "'app'@'%' requires TLS, and the server cannot do TLS"
        return
    assert found.allowed
    certificate = {
        "SSL": (),
        "X509": ("a certificate that the server's CA signed",),
    }.get(
        requirement,
        ("a certificate of the issuer '/CN=ca'", "a certificate with the subject '/CN=app'", "the TLS cipher AES"),
    )
    assert found.requires == ("TLS", *certificate)
    if requirement == "SSL":
        netns_mysqld.connect(namespace="red", user="app", ssl_disabled=False).close()


def test_require_secure_transport(netns_mysqld, is_mariadb):
    netns_mysqld.execute("CREATE USER app@'%'")
    netns_mysqld.execute("SET GLOBAL require_secure_transport = ON")
    without = explain_login_from(netns_mysqld, "app", Origin("192.0.2.2"), uses_tls=False)
    assert explained(without) == answer(netns_mysqld) == (1045 if is_mariadb else 3159)
    assert "require_secure_transport is on" in without.reason
    if not is_mariadb:
        found = netns_mysqld.explain_login("app", "red")
        assert (found.allowed, found.requires) == (True, ("TLS",))
        netns_mysqld.connect(namespace="red", user="app", ssl_disabled=False).close()


def test_several_obstacles_are_reported_in_the_order_of_the_server(netns_mysqld, is_mariadb):
    if is_mariadb:
        pytest.skip("MariaDB has no offline mode")
    netns_mysqld.execute("SET GLOBAL offline_mode = ON")
    netns_mysqld.execute("CREATE USER app@'%' PASSWORD EXPIRE ACCOUNT LOCK")
    assert agree(netns_mysqld, reason="the server is in offline mode").error == 3032
    netns_mysqld.execute("GRANT CONNECTION_ADMIN ON *.* TO app@'%'")
    assert agree(netns_mysqld, reason="is locked").error == 3118
    netns_mysqld.execute("ALTER USER app@'%' ACCOUNT UNLOCK")
    assert agree(netns_mysqld, reason="has expired").error == 1862


def test_a_limit_of_the_account(netns_mysqld, netns_connect):
    netns_mysqld.execute("CREATE USER app@'%' WITH MAX_USER_CONNECTIONS 2 MAX_QUERIES_PER_HOUR 500")
    found = agree(netns_mysqld, reason="% matches every host")
    assert found.limits == ("at most 2 connections at a time", "at most 500 statements an hour")
    open_connections = [netns_connect("red", user="app"), netns_connect("blue", user="app")]
    found = agree(netns_mysqld, reason="as many connections as it may have (max_user_connections is 2)")
    assert found.error == 1226
    open_connections[0].close()


def test_a_limit_for_every_user(netns_mysqld, is_mariadb, netns_connect):
    if is_mariadb:
        pytest.skip("MariaDB refuses to change max_user_connections from 0")
    netns_mysqld.execute("CREATE USER app@'%'")
    netns_mysqld.execute("SET GLOBAL max_user_connections = 1")
    netns_connect("red", user="app")
    assert agree(netns_mysqld, reason="(max_user_connections is 1)").error == 1203


def test_who_the_limit_for_every_user_does_not_count_for(limited, is_mariadb):
    if not is_mariadb:
        pytest.skip("on MySQL the limit counts for everybody")
    for privilege in ("SUPER", "CONNECTION ADMIN"):
        limited.execute("CREATE USER app@'%'")
        with limited.connect(namespace="red", user="app"):
            assert agree(limited, reason="(max_user_connections is 1)").error == 1203
            limited.execute(f"GRANT {privilege} ON *.* TO app@'%'")
            assert agree(limited, reason="% matches every host").limits == ()
            limited.execute("ALTER USER app@'%' WITH MAX_USER_CONNECTIONS 1")
            assert agree(limited, reason="(max_user_connections is 1)").error == 1226
        limited.execute("DROP USER app@'%'")


def test_a_limit_that_lets_nobody_in(limited, is_mariadb):
    if not is_mariadb:
        pytest.skip("MySQL takes no negative limit")
    limited.execute("SET GLOBAL max_user_connections = -1")
    limited.execute("CREATE USER app@'%'")
    found = agree(limited, reason="'app'@'%' may have no connection (max_user_connections is -1)")
    assert (found.error, found.limits) == (1203, ())
    limited.execute(found.remedies[0])
    assert agree(limited, reason="% matches every host").limits == ("at most 1 connections at a time",)
    limited.execute("ALTER USER app@'%' WITH MAX_USER_CONNECTIONS -1")
    found = agree(limited, reason="'app'@'%' may have no connection (max_user_connections is -1)")
    assert found.error == 1226
    limited.execute("ALTER USER app@'%' WITH MAX_USER_CONNECTIONS 0")
    limited.execute("GRANT CONNECTION ADMIN ON *.* TO app@'%'")
    agree(limited, reason="% matches every host")


def test_a_full_server(netns_mysqld, is_mariadb, netns_connect):
    netns_mysqld.execute("CREATE USER app@'%'")
    netns_mysqld.execute("SET GLOBAL max_connections = 10")
    agree(netns_mysqld, reason="% matches every host")
    while netns_mysqld.explain_login("app", "red").allowed:
        netns_connect("red", user="app")
    assert agree(netns_mysqld, reason="(max_connections is 10)").error == 1040
    privilege = "CONNECTION ADMIN" if is_mariadb else "CONNECTION_ADMIN"
    netns_mysqld.execute(f"GRANT {privilege} ON *.* TO app@'%'")
    agree(netns_mysqld, reason="% matches every host")  # one more, for those who may help


def test_failed_logins(netns_mysqld, is_mariadb):
    if is_mariadb:
        pytest.skip("MariaDB does not show whom it blocks")
    if not netns_mysqld.execute("SHOW TABLES FROM performance_schema LIKE 'temporary_account_locks'"):
        pytest.skip("this version does not show whom it blocks")
    netns_mysqld.execute("CREATE USER app@'%' FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 1")
    with pytest.raises(mysql.connector.Error, match="3955"):
        netns_mysqld.connect(namespace="red", user="app", password="wrong", ssl_disabled=False)
    assert agree(netns_mysqld, reason="is locked after failed logins").error == 3955


def test_a_proxy_user(netns_mysqld, is_mariadb):
    if is_mariadb:
        pytest.skip("MariaDB has no plugin here that maps users")
    for statement in (
        "SET GLOBAL check_proxy_users = ON",
        "SET GLOBAL sha256_password_proxy_users = ON",
        "CREATE USER boss@'%' IDENTIFIED WITH sha256_password BY ''",
        "CREATE USER dev@'198.51.100.%'",
        "CREATE USER dev@'192.0.2.%' ACCOUNT LOCK",
        "GRANT PROXY ON dev@'198.51.100.%' TO boss@'%'",
        "GRANT PROXY ON dev@'192.0.2.%' TO boss@'%'",
    ):
        netns_mysqld.execute(statement)
    found = agree(netns_mysqld, "boss", reason="'boss'@'%' is a proxy user of 'dev'@'192.0.2.%'")
    assert (found.account, found.authenticated_as) == ("'dev'@'192.0.2.%'", "'boss'@'%'")
    assert answer(netns_mysqld, "boss", "blue") == "'dev'@'198.51.100.%'"
    assert netns_mysqld.explain_login("boss", "blue").account == "'dev'@'198.51.100.%'"
    netns_mysqld.execute("SET GLOBAL check_proxy_users = OFF")
    assert agree(netns_mysqld, "boss", reason="% matches every host").account == "'boss'@'%'"


def test_accounts_that_the_server_has_not_loaded(netns_mysqld, is_mariadb):
    netns_mysqld.execute("CREATE USER other@'%'")
    if is_mariadb:
        netns_mysqld.execute("INSERT INTO mysql.global_priv VALUES ('%', 'app', '{}')")
    else:
        netns_mysqld.execute(
            "INSERT INTO mysql.user (Host, User, plugin, authentication_string, ssl_cipher, x509_issuer, x509_subject) "
            "VALUES ('%', 'app', 'caching_sha2_password', '', '', '', '')"
        )
    found = agree(netns_mysqld, reason="no account of 'app' matches 192.0.2.2")
    assert found.candidates[0].reason.endswith("into the table without FLUSH PRIVILEGES")
    netns_mysqld.execute("FLUSH PRIVILEGES")
    agree(netns_mysqld, reason="% matches every host")


def test_an_anonymous_account_before_an_account(netns_mysqld):
    for account in ("app@'%'", "''@'192.0.2.2'"):
        netns_mysqld.execute(f"CREATE USER {account}")
    found = agree(netns_mysqld, reason="an anonymous account: 192.0.2.2 is the client's address")
    assert found.account == "''@'192.0.2.2'"
    assert [hidden.account for hidden in found.hidden] == ["'app'@'%'"]


def hidden(server, own, others):
    """Return what 'app'@'%' has and the picked account has not, each with these grants; assert that it has no more."""
    for schema in ("shop", "shopper"):
        server.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        server.execute(f"CREATE TABLE IF NOT EXISTS {schema}.t (a INT, b INT)")
        server.execute(f"CREATE TABLE IF NOT EXISTS {schema}.u (a INT, b INT)")
    for account, grants in (("app@'192.0.2.2'", own), ("app@'%'", others)):
        server.execute(f"DROP USER IF EXISTS {account}")
        server.execute(f"CREATE USER {account}")
        for grant in grants:
            server.execute(grant.format(account) if "{" in grant else f"GRANT {grant} TO {account}")
    return sorted(clause for account in server.explain_login("app", "red").hidden for clause in account.privileges)


def test_grants_on_tables_behind_grants_on_the_same_tables(netns_mysqld, netns_connect):
    own = ["SELECT ON shop.*", "SELECT ON shop.t", "UPDATE (b) ON shop.u"]
    others = ["SELECT, INSERT ON shop.t", "SELECT (a), UPDATE (a, b) ON shop.u"]
    assert hidden(netns_mysqld, own, others) == ["INSERT ON `shop`.`t`", "UPDATE (`a`) ON `shop`.`u`"]
    cursor = netns_connect("red", user="app").cursor()
    cursor.execute("UPDATE shop.u SET b = 1")
    for statement in ("INSERT INTO shop.t VALUES (1, 1)", "UPDATE shop.u SET a = 1"):
        with pytest.raises(mysql.connector.Error, match="command denied"):
            cursor.execute(statement)
    assert hidden(netns_mysqld, ["SELECT (a) ON shop.t"], ["SELECT ON shop.t"]) == ["SELECT ON `shop`.`t`"]
    assert hidden(netns_mysqld, ["SELECT ON shop.*"], ["INSERT ON shop.*"]) == ["INSERT ON `shop`.*"]


def test_grants_of_a_hidden_account_that_count_all_the_same(netns_mysqld, netns_connect):
    others = ["INSERT ON shop.t", "SELECT ON shopper.*", "FILE ON *.*"]
    assert hidden(netns_mysqld, ["SELECT ON shop.*"], others) == ["FILE ON *.*"]
    cursor = netns_connect("red", user="app").cursor()
    cursor.execute("INSERT INTO shop.t VALUES (1, 1)")
    cursor.execute("SELECT * FROM shopper.t")
    cursor.fetchall()
    netns_mysqld.execute("CREATE USER ''@'192.0.2.%'")
    netns_mysqld.execute("GRANT INSERT ON shopper.* TO ''@'192.0.2.%'")
    netns_mysqld.execute("GRANT INSERT ON shop.u TO ''@'192.0.2.%'")
    anonymous, named = netns_mysqld.explain_login("app", "red").hidden
    assert anonymous.privileges == ("INSERT ON `shop`.`u`",)
    assert sorted(named.privileges) == ["FILE ON *.*", "SELECT ON `shopper`.*"]
    cursor = netns_connect("red", user="app").cursor()
    cursor.execute("INSERT INTO shopper.t VALUES (1, 1)")
    for statement in ("INSERT INTO shop.u VALUES (1, 1)", "SELECT * FROM shopper.t"):
        with pytest.raises(mysql.connector.Error, match="command denied"):
            cursor.execute(statement)


def test_an_active_role_and_grants_of_a_hidden_account(netns_mysqld, is_mariadb, netns_connect):
    netns_mysqld.execute("CREATE ROLE reader")
    hidden(netns_mysqld, [], [])  # for the schema
    netns_mysqld.execute("GRANT INSERT ON shop.* TO reader")
    assert hidden(netns_mysqld, ["reader"], ["SELECT ON shop.*"]) == []
    with netns_mysqld.connect(namespace="red", user="app") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM shop.t")
        cursor.fetchall()
    to = "FOR" if is_mariadb else "TO"
    netns_mysqld.execute(f"SET DEFAULT ROLE reader {to} app@'192.0.2.2'")
    found = [clause for account in netns_mysqld.explain_login("app", "red").hidden for clause in account.privileges]
    cursor = netns_connect("red", user="app").cursor()
    if is_mariadb:
        cursor.execute("SELECT * FROM shop.t")
        cursor.fetchall()
        assert found == []
    else:
        with pytest.raises(mysql.connector.Error, match="1142"):
            cursor.execute("SELECT * FROM shop.t")
        assert found == ["SELECT ON `shop`.*"]


def test_grants_behind_a_pattern_and_behind_all_privileges(netns_mysqld, is_mariadb):
    others = ["SELECT ON shop.t", "ALL ON shopper.*", "ALL ON `sh%`.*", "ALL ON `shop_`.*", r"DROP ON `shop\_`.*"]
    assert hidden(netns_mysqld, ["ALL ON `shop%`.*"], others) == ["ALL PRIVILEGES ON `sh%`.*"]
    assert hidden(netns_mysqld, ["ALL ON `shop_`.*"], ["DROP ON `shop%`.*"]) == ["DROP ON `shop%`.*"]
    assert hidden(netns_mysqld, [r"ALL ON `shop\_`.*"], ["DROP ON `shop_`.*"]) == ["DROP ON `shop_`.*"]
    assert hidden(netns_mysqld, ["ALL ON *.*"], [*others, "ALL ON shop.t", "FILE ON *.*"]) == []
    every = "SELECT, INSERT, UPDATE, DELETE, CREATE, REFERENCES, INDEX, ALTER, CREATE VIEW, SHOW VIEW, TRIGGER"
    others = ["ALL ON shop.t"]
    last = ", DELETE HISTORY" if is_mariadb else ""
    assert hidden(netns_mysqld, [f"{every}{last} ON *.*", "SELECT ON shop.t"], others) == ["DROP ON `shop`.`t`"]


def test_grants_of_roles(netns_mysqld):
    for role, grant in (("reader", "SELECT ON shop.*"), ("writer", "reader"), ("keeper", "INSERT ON shop.t")):
        netns_mysqld.execute(f"CREATE ROLE {role}")
        if "shop" in grant:
            hidden(netns_mysqld, [], [])  # for the tables
        netns_mysqld.execute(f"GRANT {grant} TO {role}")
    assert hidden(netns_mysqld, ["writer"], ["SELECT ON shop.t", "keeper"]) == ["INSERT ON `shop`.`t`"]
    assert hidden(netns_mysqld, ["INSERT ON shop.*"], ["writer", "keeper"]) == ["SELECT ON `shop`.*"]


def test_what_is_revoked_from_a_grant_on_everything(netns_mysqld, is_mariadb, netns_connect):
    if is_mariadb:
        pytest.skip("MariaDB has no partial revokes")
    netns_mysqld.execute("SET GLOBAL partial_revokes = ON")
    own = ["SELECT, INSERT ON *.*", "REVOKE SELECT ON shop.* FROM {}"]
    assert hidden(netns_mysqld, own, ["SELECT ON *.*"]) == ["SELECT ON `shop`.*"]
    with pytest.raises(mysql.connector.Error, match="SELECT command denied"):
        netns_connect("red", user="app").cursor().execute("SELECT * FROM shop.t")
    assert hidden(netns_mysqld, own, ["SELECT ON shopper.t", "SELECT ON shop.t"]) == []
    assert hidden(netns_mysqld, [*own, "INSERT ON shop.t"], ["SELECT ON shop.t"]) == ["SELECT ON `shop`.`t`"]
    assert hidden(netns_mysqld, own, ["SELECT ON *.*", "REVOKE SELECT ON shop.* FROM {}"]) == []


def test_an_address_with_a_wildcard_behind(netns_mysqld):
    netns_mysqld.execute("CREATE USER app@'192.0.2.2%'")
    assert agree(netns_mysqld, reason="192.0.2.2% matches 192.0.2.2").allowed


def test_a_user_in_another_case(netns_mysqld):
    netns_mysqld.execute("CREATE USER App@'%'")
    found = agree(netns_mysqld, reason="there is no user 'app': user names are case-sensitive, and there is App")
    assert found.remedies[0] == "log in as App"
    assert found.candidates[0].reason == "user names are case-sensitive: App is not app"


def test_no_account_admits_the_host(netns_mysqld):
    netns_mysqld.execute("FLUSH PRIVILEGES")
    found = agree(netns_mysqld, reason="no account of any user matches 192.0.2.2")
    assert found.error == 1130
    assert found.remedies == ("CREATE USER 'app'@'192.0.2.2', or one with a pattern that matches",)


def test_the_network_of_one_address(netns_mysqld, is_mariadb):
    netns_mysqld.execute("CREATE USER app@'192.0.2.2/255.255.255.255'")
    netns_mysqld.execute("FLUSH PRIVILEGES")
    found = netns_mysqld.explain_login("app", "red")
    assert explained(found) == answer(netns_mysqld)
    if not is_mariadb:
        assert found.remedies[0].endswith("RENAME USER 'app'@'192.0.2.2/255.255.255.255' TO 'app'@'192.0.2.2'")


def test_networks_that_are_not_written_as_they_are_meant(netns_mysqld, is_mariadb):
    for host in ("192.0.2.1/24", "192.0.2.9/255.255.0.0", "10.0.0.1/8", "0.0.0.0/0", "192.0.2.0/33"):
        netns_mysqld.execute(f"CREATE USER app@'{host}'")
    netns_mysqld.execute("CREATE USER x@'%'")
    found = agree(netns_mysqld, reason="no account of 'app' matches 192.0.2.2")
    reasons = {candidate.host: candidate.reason for candidate in found.candidates}
    assert reasons["192.0.2.9/255.255.0.0"] == (
        "192.0.2.9/255.255.0.0 matches no client: it has bits outside of its mask, write 192.0.0.0/255.255.0.0"
    )
    assert reasons["0.0.0.0/0"] == "0.0.0.0/0 matches no client: every host is %"
    assert reasons["192.0.2.0/33"] == "192.0.2.0/33 is no network: the server compares it as text"
    meant = "192.0.2.0/255.255.255.0" if is_mariadb else "192.0.2.0/24"
    assert meant in reasons["192.0.2.1/24"]
    assert sorted(found.remedies[:-1]) == [
        f"RENAME USER 'app'@'192.0.2.1/24' TO 'app'@'{meant}'",
        "RENAME USER 'app'@'192.0.2.9/255.255.0.0' TO 'app'@'192.0.0.0/255.255.0.0'",
    ]
    netns_mysqld.execute(found.remedies[0])
    assert agree(netns_mysqld, reason="192.0.2.2 is in 192.0").allowed


def test_a_server_on_every_address_has_a_column_for_each_family(netns_mysqld):
    netns_mysqld.execute("CREATE USER app@'%'")
    matrix = netns_mysqld.access_matrix()
    assert [(column.label, column.origin.address, str(column.endpoint)) for column in matrix.columns] == [
        ("global IPv4", "127.0.0.1", "127.0.0.1"),
        ("global IPv6", "::1", "::1"),
        ("red IPv4", "192.0.2.2", "192.0.2.1"),
        ("red IPv6", "2001:db8:1::2", "2001:db8:1::1"),
        ("blue", "198.51.100.2", "198.51.100.1"),
    ]
    assert {login.account for login in matrix.values()} == {"'app'@'%'"}


def test_names(resolving):
    for host in ("red.test", "%.db.test", "localhost"):
        resolving.execute(f"CREATE USER app@'{host}'")
    assert resolving.explain_login("app", "red").origin == Origin("192.0.2.2", "red.test")
    assert agree(resolving, reason="red.test is the name of 192.0.2.2").account == "'app'@'red.test'"
    found = resolving.explain_login("app", "blue")
    assert found.reason == "%.db.test matches blue.db.test, the name of 198.51.100.2"
    assert found.account == answer(resolving, namespace="blue")
    found = resolving.explain_login("app")
    assert (found.origin, found.account) == (Origin("127.0.0.1", "localhost"), "'app'@'localhost'")
    assert found.account == answer(resolving, namespace="global")
    assert explain_login_from(resolving, "app", Origin("red.test")).account == "'app'@'red.test'"


@pytest.mark.netns("blue")
def test_a_test_inside_a_namespace(resolving):
    for account in ("app@'red.test'", "other@'%'"):
        resolving.execute(f"CREATE USER {account}")
    assert agree(resolving, reason="red.test is the name of 192.0.2.2").allowed
    found = agree(resolving, namespace="blue", reason="no account of 'app' matches 198.51.100.2 or blue.db.test")
    assert found.error == 1045


def test_names_that_the_server_does_not_look_up(netns_mysqld):
    for host in ("red.test", "localhost"):
        netns_mysqld.execute(f"CREATE USER app@'{host}'")
    netns_mysqld.execute("CREATE USER other@'%'")
    found = agree(netns_mysqld, reason="no account of 'app' matches 192.0.2.2")
    assert sorted(candidate.reason for candidate in found.candidates) == [
        "localhost is a name, and the server does not look up names: skip_name_resolve is on",
        "red.test is a name, and the server does not look up names: skip_name_resolve is on",
    ]
    found = netns_mysqld.explain_login("app", "global")
    reasons = [candidate.reason for candidate in found.candidates if candidate.host == "localhost"]
    assert reasons == ["localhost is the socket file: with skip_name_resolve the server sees 127.0.0.1"]
    assert "connect by the socket file, if 'app'@'localhost' is meant" in found.remedies
    assert explained(found) == answer(netns_mysqld, namespace="global")


def test_a_blocked_host(resolving, is_mariadb):
    if is_mariadb:
        pytest.skip("MariaDB shows its host cache only with the performance schema")
    resolving.execute("CREATE USER app@'%'")
    answer(resolving)
    for _ in range(3):
        with resolving.network["red"]:
            client = socket.create_connection((ADDRESSES["red"], 3307))
        client.recv(100)
        client.close()
    query = "SELECT SUM_CONNECT_ERRORS FROM performance_schema.host_cache WHERE IP = '192.0.2.2'"
    while resolving.execute(query) != [(3,)]:
        time.sleep(0.01)
    found = resolving.explain_login("app", "red")
    assert found.error == answer(resolving) == 1129
    assert found.reason == "the server blocks 192.0.2.2 after 3 interrupted logins (max_connect_errors is 3)"


def test_an_administrative_endpoint(netns_mysqld, is_mariadb, netns_start_mysqld):
    if is_mariadb:
        pytest.skip("MariaDB has no administrative endpoint")
    server = netns_start_mysqld(bind_address="*", admin_address="192.0.2.2/red", options={"port": 3309})
    server.execute("CREATE USER app@'%'")
    admin = server.endpoint("red", "admin")
    found = server.explain_login("app", "red", admin)
    assert found.error == answer(server, address="192.0.2.2", port=admin.port) == 1227
    assert found.remedies[0] == "GRANT SERVICE_CONNECTION_ADMIN ON *.* TO 'app'@'%'"
    server.execute("GRANT SERVICE_CONNECTION_ADMIN ON *.* TO app@'%'")
    assert explained(server.explain_login("app", "red", admin)) == answer(server, address="192.0.2.2", port=admin.port)


def test_a_client_that_cannot_reach_the_server(netns_mysqld):
    found = netns_mysqld.explain_login("app", "blue", Endpoint("2001:db8::9"))
    assert (found.error, found.account, found.origin) == (2003, None, Origin(""))
    assert re.match(r"blue cannot reach 2001:db8::9: .*unreachable", found.reason)
