import os

import pymysql
import pytest

HOST = int(os.environ["HOST_NETWORK"])


def place():
    return os.stat("/proc/thread-self/ns/net").st_ino


def ask(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER(), @@socket")
        return cursor.fetchone()


def test_on_the_server_of_pytest_mysql(mysql, mysql_proc):
    assert place() == HOST
    assert ask(mysql) == ("root@localhost", mysql_proc.unixsocket)


@pytest.mark.netns("red")
def test_on_ours(netns_mysql):
    assert ask(netns_mysql)[0] == "red_user@192.0.2.2"


@pytest.mark.netns("blue")
def test_on_both(netns_mysql, netns_mysqld, mysql, mysql_proc):
    assert ask(netns_mysql) == ("blue_user@198.51.100.2", netns_mysqld.execute("SELECT @@socket")[0][0])
    assert ask(mysql) == ("root@localhost", mysql_proc.unixsocket)  # a socket file is in reach from everywhere


@pytest.mark.netns("red")
def test_its_port_is_not_in_reach(mysql_proc):
    with pytest.raises(pymysql.OperationalError, match="Connection refused"):
        pymysql.connect(host="127.0.0.1", port=mysql_proc.port, user="root")
