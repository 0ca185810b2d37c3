import json
import os

import pytest


@pytest.fixture(scope="session")
def pool(netns_mysqld):
    netns_mysqld.execute("CREATE USER pool@'127.0.0.1'")
    netns_mysqld.execute("GRANT ALL ON *.* TO pool@'127.0.0.1'")
    connection = netns_mysqld.connect("global", user="pool", password="")
    yield connection
    connection.close()


def run(connection, *statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()


def test_it(pool, netns_mysql):
    run(netns_mysql, "CREATE TABLE t (a INT)")
    run(pool, *json.loads(os.environ["STATEMENTS"]))


def test_next(pool, netns_mysql, netns_mysqld):
    run(netns_mysql, "CREATE TABLE t (a INT)")
    assert pool.is_connected()
