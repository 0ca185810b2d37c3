import subprocess
import warnings

import mysql.connector
import pymysql
import pytest

from pytest_netns_mysql import ClientError


def ask(connection, query):
    cursor = connection.cursor()
    cursor.execute(query)
    (found,) = cursor.fetchone()
    cursor.close()
    return found


@pytest.mark.netns("blue")
@pytest.mark.parametrize("program", [["mysqladmin", "ping"], ["mysqldump", "shop"], ["mysqlshow"]])
def test_programs(netns_mysqld, netns_argv, netns_account, program):
    netns_mysqld.execute("CREATE SCHEMA shop")
    app = netns_account("app", host="%", password="p", grants="ALL ON *.*")
    netns_mysqld.execute("SET GLOBAL log_output = 'TABLE'")
    netns_mysqld.execute("SET GLOBAL general_log = ON")
    subprocess.run(netns_argv(*program, namespace="red", account=app), check=True, capture_output=True)
    users = netns_mysqld.execute("SELECT user_host FROM mysql.general_log WHERE user_host LIKE '%%app%%'")
    assert users
    assert all("192.0.2.2" in user for (user,) in users)


@pytest.mark.netns("blue")
@pytest.mark.parametrize("driver", [None, "pymysql", pymysql.connect, mysql.connector.connect])
def test_reconnect(netns_mysqld, netns_connect, netns_account, driver):
    options = {"collation": "utf8mb4_general_ci"} if driver is mysql.connector.connect else {}
    app = netns_account("app", host="%", password="p\u00e4\\'")
    connection = netns_connect("red", driver=driver, account=app, **options)
    netns_mysqld.execute(f"KILL {ask(connection, 'SELECT CONNECTION_ID()')}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        connection.ping(reconnect=True)
    assert ask(connection, "SELECT USER()") == "app@192.0.2.2"


@pytest.mark.netns("red")
@pytest.mark.parametrize("schema", ["a\\b", "a_b", "a%b", "\u00e5 `b"])
def test_names(netns_connect, netns_account, netns_argv, schema):
    user = ("\u00e4'\\" + schema) * 10
    app = netns_account(user, host="192.0.2.2", password=schema, schema=schema)
    connection = netns_connect(account=app)
    assert ask(connection, "SELECT CURRENT_USER()") == f"{user}@192.0.2.2"
    assert ask(connection, "SELECT DATABASE()") == schema
    argv = netns_argv("mysql", "--execute=CREATE TABLE t (n INT)", account=app)
    subprocess.run(argv, check=True, env={"LC_ALL": "C"})


def test_refused(netns_account):
    with pytest.raises(ClientError, match="user must not be longer than 128 characters"):
        netns_account("a" * 129)
