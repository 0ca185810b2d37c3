"""Over tests/topology/compose/projects/wordpress.yaml: the default network."""

import pymysql
import pytest


@pytest.mark.netns("wordpress")
def test_the_application_connects_as_its_file_says(netns_mysqld):
    login = {"user": "exampleuser", "password": "examplepass", "database": "exampledb"}
    with pymysql.connect(host="db", **login) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER(), DATABASE()")
        assert cursor.fetchone() == ("exampleuser@172.18.0.2", "exampledb")


@pytest.mark.netns("wordpress")
def test_nobody_knows_the_random_password_of_root(netns_mysqld):
    with pytest.raises(pymysql.OperationalError, match=r"1045|1130"):
        pymysql.connect(host="db", user="root", password="")


@pytest.mark.netns("wordpress", "db", "global")
def test_accounts_of_tests(netns_mysql, netns):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone()[0].partition("@")[2] in ("172.18.0.1", "172.18.0.2", "172.18.0.3")
