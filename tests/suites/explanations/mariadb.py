"""Errors of MariaDB, each in a test that fails with it."""

import pytest


def run(connection, *statements):
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()
    cursor.close()


@pytest.fixture
def shop(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.goods (name VARCHAR(9), price INT)")
    netns_mysqld.execute("CREATE PROCEDURE shop.sell() SELECT 1")


@pytest.fixture
def app(shop, netns_account):
    return netns_account("app", host="192.0.2.%", password="right", grants="SELECT (name) ON shop.goods")


def test_wrong_password(app, netns_connect):
    netns_connect("red", user="app", password="wrong")


def test_no_password(app, netns_connect):
    netns_connect("red", user="app", password="")


def test_other_host(app, netns_connect):
    netns_connect("blue", user="app", password="right")


def test_unknown_user(app, netns_account, netns_connect):
    netns_account("other", host="192.0.2.%")
    netns_connect("red", user="nobody")


def test_locked(app, netns_connect, netns_mysqld):
    netns_mysqld.execute(f"ALTER USER {app} ACCOUNT LOCK")
    netns_connect("red", account=app)


def test_expired(app, netns_connect, netns_mysqld):
    netns_mysqld.execute(f"ALTER USER {app} PASSWORD EXPIRE")
    netns_mysqld.execute("SET GLOBAL disconnect_on_expired_password = ON")
    netns_connect("red", account=app)


def test_socket_account(netns_connect, netns_mysqld):
    netns_mysqld.execute("CREATE USER sock@'192.0.2.2' IDENTIFIED VIA unix_socket")
    netns_connect("red", user="sock")


def test_table(app, netns_connect):
    run(netns_connect("red", account=app), "INSERT INTO shop.goods VALUES ('pen', 1)")


def test_column(app, netns_connect):
    run(netns_connect("red", account=app), "SELECT price FROM shop.goods")


def test_schema(app, netns_connect):
    run(netns_connect("red", account=app), "USE mysql")


def test_routine(app, netns_connect):
    run(netns_connect("red", account=app), "CALL shop.sell()")


def test_server(app, netns_connect):
    run(netns_connect("red", account=app), "SET GLOBAL max_connections = 9")


def test_role(app, netns_connect, netns_mysqld):
    for statement in ("CREATE ROLE seller", "GRANT INSERT ON shop.* TO seller", "GRANT seller TO app@'192.0.2.%'"):
        netns_mysqld.execute(statement)
    run(netns_connect("red", account=app), "INSERT INTO shop.goods VALUES ('pen', 1)")


def test_unknown_schema(netns_mysqld):
    netns_mysqld.execute("USE nowhere")


def test_unknown_table(shop, netns_mysqld):
    netns_mysqld.execute("SELECT * FROM shop.good")


def test_connections(netns_connect, netns_mysqld):
    netns_mysqld.execute("SET GLOBAL max_connections = 10")
    for _ in range(11):
        netns_connect("red")


def test_connections_of_the_account(app, netns_connect, netns_mysqld):
    netns_mysqld.execute(f"ALTER USER {app} WITH MAX_USER_CONNECTIONS 1")
    for _ in range(2):
        netns_connect("red", account=app)


def test_lock(netns_connect):
    first, second = netns_connect("red"), netns_connect("red", driver="pymysql")
    run(first, "CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "COMMIT", "BEGIN", "DELETE FROM t")
    run(second, "SET innodb_lock_wait_timeout = 1", "DELETE FROM t")


def test_statement_time(netns_connect):
    first, second = netns_connect("red"), netns_connect("red", driver="pymysql")
    run(first, "CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "COMMIT", "BEGIN", "DELETE FROM t")
    run(second, "SET max_statement_time = 1", "DELETE FROM t")


def test_killed(netns_connect, netns_mysqld):
    connection = netns_connect("red", driver="pymysql")
    netns_mysqld.execute("KILL %s", connection.thread_id())
    run(connection, "SELECT 1")


def test_tls_required_by_the_server(app, netns_connect, netns_mysqld):
    netns_mysqld.execute("SET GLOBAL require_secure_transport = ON")
    netns_connect("red", account=app, ssl_disabled=True)


def test_create_user(app, netns_mysqld):
    netns_mysqld.execute(f"CREATE USER {app}")


def test_read_only(netns_connect, netns_mysqld):
    connection = netns_connect("red")
    netns_mysqld.execute("SET GLOBAL read_only = ON")
    run(connection, "CREATE TABLE t (a INT)")


def test_plugin(netns_mysqld):
    netns_mysqld.execute("CREATE USER p IDENTIFIED WITH caching_sha2_password")
