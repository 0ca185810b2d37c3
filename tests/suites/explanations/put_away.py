import pytest


@pytest.fixture
def shop(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA shop")


@pytest.mark.netns("red")
def test_it_leaves_a_schema(shop, netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE goods (a INT)")


def test_the_schema_is_gone(netns_mysqld):
    netns_mysqld.execute("USE shop")


@pytest.mark.netns("red")
def test_the_table_is_gone(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT * FROM goods")


def test_it_kills_the_server(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA bakery")
    netns_mysqld.kill()


def test_the_server_is_another(netns_mysqld):
    netns_mysqld.execute("USE bakery")
