import pytest

from pytest_netns_mysql import factories

shop = factories.mysqld(load="schema.sql")
PIDS = []


@pytest.fixture(scope="module")
def eve(shop):
    shop.execute("INSERT INTO shop.customers VALUES (5, 'Eve')")


def names(shop):
    return [name for (name,) in shop.execute("SELECT name FROM shop.customers WHERE id <> 2 ORDER BY id")]


def test_one(shop, eve):
    shop.execute("DELETE FROM shop.orders")
    assert names(shop) == ["Ann", "Eve"]


def test_two(shop, eve):
    assert names(shop) == ["Ann", "Eve"]
    assert shop.execute("SELECT COUNT(*) FROM shop.orders") == [(1,)]
    shop.execute("UPDATE shop.customers SET name = 'Eve' WHERE id = 5")  # written, and not changed
    PIDS.append(shop.pid)


def test_three(shop, eve):
    assert [shop.pid] == PIDS
    shop.execute("DELETE FROM shop.customers WHERE id = 5")


def test_four(shop, eve):
    assert names(shop) == ["Ann", "Eve"]
    assert [shop.pid] != PIDS
