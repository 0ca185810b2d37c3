import mysql.connector
import pytest


@pytest.mark.netns("red")
def test_wrong_password(netns_mysqld, netns_account, netns_connect):
    netns_account("app", host="192.0.2.%", password="right")
    netns_connect("red", user="app", password="wrong")


@pytest.mark.netns("blue")
def test_statements(netns_mysqld, netns_mysql):
    netns_mysqld.execute("SET GLOBAL log_error_verbosity = 3")
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id INT)")
        cursor.execute("SELECT * FROM missing")


@pytest.mark.netns("red")
def test_closed_connection(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE t (\n    id INT\n)")
    netns_mysql.close()
    raise ValueError("of the test")


@pytest.mark.netns("red")
def test_server_that_is_gone(netns_mysqld, netns_mysql):
    netns_mysqld.kill()
    with pytest.raises(mysql.connector.Error), netns_mysql.cursor() as cursor:
        cursor.execute("SELECT 1")
    raise ValueError("the server is gone")


@pytest.fixture
def application(netns_connect):
    return netns_connect("red", user="nobody")


@pytest.mark.netns("red")
def test_fixture(application):
    pass


def test_of_another_kind():
    raise ValueError("no netns test")


@pytest.mark.netns("red")
def test_cause_without_a_traceback(netns_mysql):
    raise ValueError("of another process") from KeyError("there")


def test_plain_cause_without_a_traceback():
    raise ValueError("of another process") from KeyError("there")


@pytest.mark.netns("red")
def test_control_characters(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT '\x1b[2Jcleared'")
        cursor.fetchall()
        raise ValueError("of the test")


@pytest.mark.netns("red")
def test_password_in_a_statement(netns_mysqld, netns_mysql):
    netns_mysqld.execute("GRANT CREATE USER ON *.* TO 'red_user'@'192.0.2.2'")
    netns_mysql.reconnect()
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE USER other IDENTIFIED BY 'very secret'")
        cursor.execute("ALTER USER missing IDENTIFIED BY 'very secret'")
