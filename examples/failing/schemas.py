"""Tests that build on what an earlier test left, and tests that lock each other out."""

import threading

import pytest

pytestmark = [pytest.mark.netns("red"), pytest.mark.netns_mysqld(flavor="mysql")]


def test_first_makes_the_schema(netns_mysqld):
    """This one passes; its schema is put away when it ends."""
    netns_mysqld.execute("CREATE SCHEMA stock")


def test_second_wants_the_schema(netns_mysqld):
    netns_mysqld.execute("CREATE TABLE stock.items (id INT)")


def test_table_with_a_typing_error(shop, netns_mysqld):
    netns_mysqld.execute(f"SELECT * FROM {shop}.order")


@pytest.fixture
def two(netns_connect):
    """Two open transactions: each has changed a row that the other will want, and the first has changed more rows."""
    first, second = netns_connect("red"), netns_connect("red")
    with first.cursor() as one, second.cursor() as two:
        one.execute("CREATE TABLE t (id INT PRIMARY KEY, n INT)")
        one.execute("INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)")
        first.commit()
        one.execute("UPDATE t SET n = 1 WHERE id IN (1, 3)")
        two.execute("UPDATE t SET n = 2 WHERE id = 2")
        waiting = threading.Thread(target=one.execute, args=["UPDATE t SET n = 1 WHERE id = 2"])
        waiting.start()
        yield two
        second.rollback()
        waiting.join()


def test_deadlock(two):
    """Each transaction waits for a row of the other; the server ends the one that changed less."""
    two.execute("UPDATE t SET n = 2 WHERE id = 1")


def test_lock_wait_timeout(netns_connect):
    first, second = netns_connect("red"), netns_connect("red")
    with first.cursor() as one, second.cursor() as two:
        one.execute("CREATE TABLE t (id INT PRIMARY KEY)")
        one.execute("INSERT INTO t VALUES (1)")
        two.execute("SET innodb_lock_wait_timeout = 1")
        two.execute("INSERT INTO t VALUES (1)")
