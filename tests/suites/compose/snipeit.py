"""Over tests/topology/compose/projects/snipeit.yaml: MariaDB, with a password in a file."""

import pymysql
import pytest


@pytest.mark.netns("app")
def test_the_password_is_that_of_the_file(netns_mysqld):
    login = {"user": "snipeit", "password": "it's secret", "database": "snipeit"}
    with pymysql.connect(host="db", **login) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER(), VERSION()")
        origin, version = cursor.fetchone()
    assert origin == "snipeit@172.18.0.2"
    assert "MariaDB" in version
